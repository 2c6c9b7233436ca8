"""Describes how good a package's answers are: what is missing, how often one measures, whose ratings differ."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from pathway.instrument import RESPONDENTS, Instrument

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_FEWEST_ALIKE = 5  # answers of a respondent at a measurement, for it to be judged as straight-lined or not
_FEWEST_ANSWERS = 30  # of a caseworker, to be compared with the others
_SIGNIFICANCE = 0.05  # share of packages in which anybody would stand out by chance (Bonferroni over those compared)


@dataclass(frozen=True)
class Asked:
    """How often something was asked and not answered."""

    asked: int
    unanswered: int
    share_unanswered: float | None


@dataclass(frozen=True)
class StraightLining:
    """Measurements of one respondent with several answers, and how many of them have the same answer throughout."""

    measurements: int
    alike: int
    share_alike: float | None


@dataclass(frozen=True)
class Rater:
    """A caseworker whose ratings lie further from the others' than chance explains.

    Attributes
    ----------
    caseworker
        Pseudonym.
    deviation_steps
        Mean rating against the others', in steps of the scale, drawn towards 0 for what chance explains.
    z
        The same in standard errors, before it is drawn.
    """

    caseworker: str
    answers: int
    clients: int
    deviation_steps: float
    z: float


@dataclass(frozen=True)
class Quality:
    """Data quality of the rows that were taken in from one package.

    Attributes
    ----------
    missing
        Per indicator.
    answers
        Number of answers per respondent.
    answers_without_caseworker
        Answers of handläggare that do not say whose they are.
    interval_days
        Quantiles of the days between two measurements of a client.
    measurements_per_client
        Quantiles, over clients with any.
    raters_judged
        Caseworkers with enough answers to be compared.
    raters_outstanding
        Those who stand out, by pseudonym.
    """

    missing: Mapping[str, Asked]
    answers: Mapping[str, int]
    answers_without_caseworker: int
    interval_days: Mapping[str, float]
    measurements_per_client: Mapping[str, float]
    straight_lining: Mapping[str, StraightLining]
    raters_judged: int
    raters_outstanding: tuple[Rater, ...]


def describe(measurements: pd.DataFrame, instrument: Instrument) -> Quality:
    """Describe a package's measurements, sound rows of the table."""
    answered = measurements[measurements["value"].notna()]
    theirs = {respondent: answered[answered["respondent"].eq(respondent)] for respondent in RESPONDENTS}
    judged, outstanding = _raters(theirs["handläggare"])
    dates = measurements[["client_id", "measured_on"]].drop_duplicates().sort_values(["client_id", "measured_on"])
    same_client = dates["client_id"].eq(dates["client_id"].shift())
    days = dates["measured_on"].diff().dt.days[same_client]
    return Quality(
        missing={indicator.id: _asked(measurements, indicator.id) for indicator in instrument.indicators},
        answers={respondent: len(rows) for respondent, rows in theirs.items()},
        answers_without_caseworker=int(theirs["handläggare"]["respondent_id"].isna().sum()),
        interval_days=_quantiles(days),
        measurements_per_client=_quantiles(dates.groupby("client_id", observed=True).size()),
        straight_lining={respondent: _straight_lining(rows) for respondent, rows in theirs.items()},
        raters_judged=judged,
        raters_outstanding=outstanding,
    )


def _asked(measurements: pd.DataFrame, indicator: str) -> Asked:
    values = measurements.loc[measurements["indicator"].eq(indicator), "value"]
    unanswered = int(values.isna().sum())
    return Asked(len(values), unanswered, _share(unanswered, len(values)))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _quantiles(values: "pd.Series[float] | pd.Series[int]") -> dict[str, float]:
    return {f"{at:.0%}": float(values.quantile(at)) for at in QUANTILES} if len(values) else {}


def _straight_lining(rows: pd.DataFrame) -> StraightLining:
    values = rows.groupby(["client_id", "measured_on"], observed=True)["value"].agg(["size", "min", "max"])
    values = values[values["size"] >= _FEWEST_ALIKE]
    alike = int(values["min"].eq(values["max"]).sum())
    return StraightLining(len(values), alike, _share(alike, len(values)))


def _raters(rows: pd.DataFrame) -> tuple[int, tuple[Rater, ...]]:
    """Compare caseworkers by their clients' mean ratings.

    One client's answers resemble each other, so the client is the unit: the mean over a client's answers, each taken
    from the mean of its indicator. The spread between clients of one caseworker tells what chance explains.
    """
    rows = rows[rows["respondent_id"].notna()]
    above = rows["value"] - rows.groupby("indicator", observed=True)["value"].transform("mean")
    per_client = above.groupby([rows["respondent_id"], rows["client_id"]], observed=True).agg(["mean", "size"])
    per_caseworker = per_client.groupby(level=0, observed=True)
    own = per_caseworker.agg(mean=("mean", "mean"), clients=("mean", "size"), n=("size", "sum"))
    own = own[(own["n"] >= _FEWEST_ANSWERS) & (own["clients"] >= 2)]
    if len(own) < 3:
        return len(own), ()
    within = per_caseworker["mean"].var().reindex(own.index)
    variance = float((within * (own["clients"] - 1)).sum() / (own["clients"] - 1).sum())
    chance = variance / own["clients"]
    deviation = own["mean"] - own["mean"].median()
    z = deviation / np.sqrt(chance.clip(lower=1e-12))
    between = max(float(own["mean"].var() - chance.mean()), 0.0)
    shrunken = deviation * between / (between + chance.clip(lower=1e-12))
    limit = stats.norm.isf(_SIGNIFICANCE / len(own) / 2)
    outstanding = own[z.abs() > limit].sort_index()
    return len(own), tuple(
        Rater(str(id), int(row["n"]), int(row["clients"]), round(float(shrunken[id]), 3), round(float(z[id]), 2))
        for id, row in outstanding.iterrows()
    )
