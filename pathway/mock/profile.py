"""Describes a data package in a few tables of text: ``python -m pathway.mock.profile data/mock``."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

DAYS_IN_QUARTER = 91


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the four tables of a data package in the contract's own format."""
    dates = {
        "clients": ["enrolled_on"],
        "measurements": ["measured_on"],
        "participations": ["started_on", "ended_on"],
        "outcomes": ["observed_on"],
    }
    return {name: pd.read_csv(folder / f"{name}.csv", parse_dates=columns) for name, columns in dates.items()}


def of_answers(measurements: pd.DataFrame) -> pd.DataFrame:
    """Describe each question: its answers, and how they change from one measurement to the next.

    Returns
    -------
    Indexed by respondent and indicator: ``mean`` and ``sd`` of answers, ``retest`` (correlation of consecutive
    answers), ``change`` and ``change_sd`` (mean and standard deviation of the change, in steps), ``unchanged`` (share
    of changes that are 0).
    """
    rows = measurements.sort_values(["client_id", "measured_on"], kind="stable")
    question = ["respondent", "indicator"]
    later = rows.groupby(["client_id", *question], sort=False)["value"].shift(-1)
    rows = rows.assign(later=later, change=later - rows["value"])
    pairs = rows.dropna(subset=["change"])
    by_question = rows.groupby(question, sort=False)["value"]
    by_pair = pairs.groupby(question, sort=False)
    return pd.DataFrame(
        {
            "mean": by_question.mean(),
            "sd": by_question.std(),
            "retest": by_pair.apply(lambda pair: pair["value"].corr(pair["later"])),
            "change": by_pair["change"].mean(),
            "change_sd": by_pair["change"].std(),
            "unchanged": by_pair["change"].agg(lambda change: float((change == 0).mean())),
        }
    )


def of_episodes(measurements: pd.DataFrame, participations: pd.DataFrame) -> pd.DataFrame:
    """List the time between consecutive measurements of a client, one row each.

    Returns
    -------
    ``client_id``, ``started_on``, ``ended_on``, ``days``, and ``n_insatser``: how many insatser ran at some time in it.
    """
    waves = measurements[["client_id", "measured_on"]].drop_duplicates().sort_values(["client_id", "measured_on"])
    spans = waves.assign(ended_on=waves.groupby("client_id")["measured_on"].shift(-1)).dropna()
    spans = spans.rename(columns={"measured_on": "started_on"}).reset_index(drop=True)
    rows = spans.reset_index().merge(participations, on="client_id", suffixes=("", "_insats"))
    still_running = rows["ended_on_insats"].isna() | (rows["ended_on_insats"] > rows["started_on"])
    inside = rows[(rows["started_on_insats"] < rows["ended_on"]) & still_running]
    n = inside["index"].value_counts().reindex(spans.index, fill_value=0)
    return spans.assign(days=(spans["ended_on"] - spans["started_on"]).dt.days, n_insatser=n)


def of_package(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Count and measure what is true of a package as a whole."""
    clients, measurements, outcomes = tables["clients"], tables["measurements"], tables["outcomes"]
    episodes = of_episodes(measurements, tables["participations"])
    waves = measurements[["client_id", "measured_on"]].drop_duplicates()
    last_day = max(table.select_dtypes("datetime").max().max() for table in tables.values())
    left = outcomes.groupby("client_id").first()
    in_care = clients.set_index("client_id")["enrolled_on"]
    until = left["observed_on"].reindex(in_care.index).fillna(last_day)
    quarters = ((until - in_care).dt.days.clip(lower=0) / DAYS_IN_QUARTER).sum()
    early = waves[waves["measured_on"] < last_day - pd.Timedelta(days=140)]
    followed = early.merge(episodes, left_on=["client_id", "measured_on"], right_on=["client_id", "started_on"])
    answers = measurements.pivot_table("value", ["client_id", "measured_on", "indicator"], "respondent")
    counts = tables["participations"]["insats_id"].value_counts()
    return pd.Series(
        {
            "clients": len(clients),
            "measurements per client": len(waves) / len(clients),
            "consecutive pairs": len(episodes),
            "days between measurements, median": episodes["days"].median(),
            "lost per wave": 1 - len(followed) / len(early),
            "into work per quarter": left["status"].isin(["arbete", "subventionerat_arbete"]).sum() / quarters,
            "handläggare below klient, steps": (answers["klient"] - answers["handläggare"]).mean(),
            "answers left empty": measurements["value"].isna().mean(),
            "insatser per episode": episodes["n_insatser"].mean(),
            "episodes without insats": (episodes["n_insatser"] == 0).mean(),
            "episodes with two or more": (episodes["n_insatser"] > 1).mean(),
            "participations per insats, median": counts.median(),
            "participations broken off": (tables["participations"]["ended_as"] == "avbruten").mean(),
            "held back by case phase": clients["case_phase"].isin(["förhandsbedömning", "anmälan"]).mean(),
        },
        dtype=np.float64,
    )


def main(folder: Path) -> None:
    """Print the tables of one package."""
    tables = read(folder)
    print(of_package(tables).to_string(float_format="{:.3g}".format), end="\n\n")
    print(of_answers(tables["measurements"]).to_string(float_format="{:.2f}".format))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
