"""What was known of a client as of a date: the same function for training rows and for the case at the desk.

Never features: gender, anything like country of birth, the municipality, and indicators that may not drive ranking
(handlaggartilltro). Controls help to compare like with like but never change a gain: language level, source of income,
and the history of ratings. Only `MODIFIERS` and the indicator's own level may make one insats suit one person better
than another.
"""

from typing import Any

import numpy as np
import pandas as pd

from pathway.case import Case
from pathway.catalogue import SWEDISH_LEVELS
from pathway.episodes import Insatser, answered
from pathway.instrument import Instrument

MODIFIERS = (
    "level_mean", "trend", "respondent_gap", "age", "months_without_work", "education", "children_at_home",
    "psychiatric_health", "pain_health", "other_health", "n_health_codes", "n_earlier_insatser",
    "n_earlier_job_insatser",
)  # fmt: skip
LEVEL, EARLIER = "level_", "earlier_"  # prefixes: level now, mean of all levels before
PLANNED_QUARTERS = 1.0  # at the desk an interval is a quarter; in training it is what it was

# Bounds keep extremes, which could point out a person, out of the trees' text.
_AGES, _MONTHS, _COUNT, _QUARTERS = (18, 67), (0, 120), 6, (0.5, 2.0)
_EDUCATION = {"förgymnasial": 0.0, "gymnasial": 1.0, "eftergymnasial": 2.0}
_PAIN_CODES = ("M", "R52", "G43", "G44")


def build(
    points: pd.DataFrame,
    clients: pd.DataFrame,
    measurements: pd.DataFrame,
    participations: pd.DataFrame,
    insatser: Insatser,
    instrument: Instrument,
) -> pd.DataFrame:
    """Build one row of features per point, from what was known on its date.

    Parameters
    ----------
    points
        Columns ``client_id``, ``as_of`` and ``quarters`` (the length of the interval that follows); shape (n, 3).
    clients, measurements, participations
        Tables of the register, or those of one case (`tables_of`). What is dated after a point never matters to it.

    Returns
    -------
    data frame of n rows, in the order of `points`
    """
    keyed = points.assign(row=np.arange(len(points))).astype({"as_of": "datetime64[s]"})
    ratings = _ratings(measurements, instrument).astype({"client_id": keyed["client_id"].dtype})
    known = pd.merge_asof(
        keyed.sort_values("as_of"), ratings, left_on="as_of", right_on="measured_on", by="client_id"
    ).sort_values("row")
    parts = [
        known[ratings.columns.difference(["client_id", "measured_on"], sort=False)].reset_index(drop=True),
        _background(keyed, clients).reset_index(drop=True),
        _history(keyed, participations, insatser).reset_index(drop=True),
        keyed["quarters"].clip(*_QUARTERS).astype(float).reset_index(drop=True),
    ]
    return pd.concat(parts, axis=1)


def tables_of(case: Case) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Give clients, measurements and participations of one case, as the register has them."""
    profile = case.profile
    clients = pd.DataFrame(
        [
            {
                "client_id": case.case_id,
                "birth_year": profile.birth_year,
                "education": profile.education,
                "income_source": profile.income_source,
                "months_without_work": profile.months_without_work,
                "swedish_level": profile.swedish_level,
                "children_at_home": profile.children_at_home,
                "health_codes": "|".join(profile.health_codes or ()),
            }
        ]
    )
    measurements = pd.DataFrame(
        [(case.case_id, a.measured_on, a.respondent, a.indicator, a.value) for a in case.measurements],
        columns=["client_id", "measured_on", "respondent", "indicator", "value"],
    )
    participations = pd.DataFrame(
        [
            (case.case_id, p.insats_id, p.started_on, p.ended_on, p.hours_per_week, p.ended_as)
            for p in case.participations
        ],
        columns=["client_id", "insats_id", "started_on", "ended_on", "hours_per_week", "ended_as"],
    )
    for table, names in ((measurements, ["measured_on"]), (participations, ["started_on", "ended_on"])):
        table[names] = table[names].astype("datetime64[s]")
    id_type = clients["client_id"].dtype  # empty tables too: ids of another type would not match
    return (
        clients,
        measurements.astype({"client_id": id_type, "value": "float64"}),
        participations.astype({"client_id": id_type, "hours_per_week": "float64"}),
    )


def of_case(case: Case, insatser: Insatser, instrument: Instrument) -> pd.DataFrame:
    """Build the one row of features of a case, as of its `as_of`."""
    points = pd.DataFrame({"client_id": [case.case_id], "as_of": [case.as_of], "quarters": [PLANNED_QUARTERS]})
    points["as_of"] = points["as_of"].astype("datetime64[s]")
    return build(points, *tables_of(case), insatser, instrument)


def advance(X: pd.DataFrame, changes: Any, instrument: Instrument) -> pd.DataFrame:
    """Give the features one interval later, if levels change as expected and nothing else happens.

    Parameters
    ----------
    changes
        Expected changes in steps, shape (n, J), in the order of ``instrument.ranking``.
    """
    later = X.copy()
    count = X["n_measurements"].fillna(0).to_numpy(dtype=float)
    for j, indicator in enumerate(instrument.ranking):
        level, earlier = X[f"{LEVEL}{indicator}"], X[f"{EARLIER}{indicator}"]
        later[f"{LEVEL}{indicator}"] = (level + changes[:, j]).clip(instrument.scale.min, instrument.scale.max)
        later[f"{EARLIER}{indicator}"] = earlier.fillna(level) + (level - earlier.fillna(level)) / np.maximum(count, 1)
    levels = [f"{LEVEL}{indicator}" for indicator in instrument.ranking]
    later["trend"] = (later[levels] - X[levels]).mean(axis=1)
    later["level_mean"] = later[levels].mean(axis=1)
    later["n_measurements"] = np.minimum(count + 1, _COUNT)
    return later


def _ratings(measurements: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Tell what the ratings say at each date of measurement, per client; sorted by date."""
    ranking = list(instrument.ranking)
    answers = answered(measurements)
    answers = answers[answers["indicator"].isin(ranking)]
    at = ["client_id", "measured_on"]
    measured = (
        answers.groupby([*at, "indicator"], observed=True)["value"].mean().unstack("indicator").reindex(columns=ranking)
    )
    by_client = measured.groupby(level="client_id")
    levels = by_client.ffill()
    n_known = measured.notna().groupby(level="client_id").cumsum() - measured.notna()
    total = measured.fillna(0).groupby(level="client_id").cumsum() - measured.fillna(0)
    previous = levels.groupby(level="client_id").shift(1)
    table = levels.add_prefix(LEVEL).join((total / n_known.where(n_known > 0)).add_prefix(EARLIER))
    table["level_mean"] = levels.mean(axis=1)
    table["trend"] = (levels - previous).mean(axis=1)
    table["n_measurements"] = (by_client.cumcount() + 1).clip(upper=_COUNT).astype(float)
    by_respondent = (
        answers.groupby([*at, "indicator", "respondent"], observed=True)["value"].mean().unstack("respondent")
    )
    by_respondent = by_respondent.reindex(columns=["klient", "handläggare"])
    gap = (by_respondent["klient"] - by_respondent["handläggare"]).groupby(level=at).mean()
    table["respondent_gap"] = gap.reindex(table.index)
    return table.reset_index().sort_values("measured_on", kind="stable").astype({"measured_on": "datetime64[s]"})


def _background(points: pd.DataFrame, clients: pd.DataFrame) -> pd.DataFrame:
    known = points.merge(clients, on="client_id", how="left").sort_values("row")
    codes = known["health_codes"].astype("string").fillna("").str.upper().str.split("|")
    table = pd.DataFrame(index=known.index)
    table["age"] = (known["as_of"].dt.year - _number(known["birth_year"])).clip(*_AGES)
    table["months_without_work"] = _number(known["months_without_work"]).clip(*_MONTHS)
    table["education"] = known["education"].astype("string").map(_EDUCATION).astype(float)
    table["children_at_home"] = _number(known["children_at_home"])
    table["swedish_level"] = (
        known["swedish_level"].astype("string").map({level: float(n) for n, level in enumerate(SWEDISH_LEVELS)})
    ).astype(float)
    table["income_source"] = pd.Categorical(known["income_source"].astype("string"))
    flags = {
        "psychiatric_health": codes.map(lambda own: any(code.startswith("F") for code in own)),
        "pain_health": codes.map(lambda own: any(code.startswith(_PAIN_CODES) for code in own)),
        "other_health": codes.map(
            lambda own: any(code and not code.startswith("F") and not code.startswith(_PAIN_CODES) for code in own)
        ),
    }
    for name, flag in flags.items():
        table[name] = flag.astype(float)
    table["n_health_codes"] = codes.map(lambda own: sum(map(bool, own))).clip(upper=_COUNT).astype(float)
    return table


def _history(points: pd.DataFrame, participations: pd.DataFrame, insatser: Insatser) -> pd.DataFrame:
    rows = points[["row", "client_id", "as_of"]].merge(participations, on="client_id")
    begun = rows[rows["started_on"] < rows["as_of"]]
    job = begun[begun["insats_id"].astype(str).map(dict(insatser.types)).eq("jobb")]
    broken = begun[begun["ended_as"].astype(str).eq("avbruten") & (begun["ended_on"] <= begun["as_of"])]
    counts = {
        "n_earlier_insatser": begun,
        "n_earlier_job_insatser": job,
        "n_broken_off": broken,
    }
    return pd.DataFrame(
        {
            name: chosen.groupby("row").size().reindex(points["row"], fill_value=0).clip(upper=_COUNT).astype(float)
            for name, chosen in counts.items()
        }
    )


def _number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce").astype(float)
