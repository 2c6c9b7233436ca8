"""Why this gain: the numbers behind each expected gain, which are the very numbers that made the plan."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pathway.effects import GainModel
from pathway.effects.gain_model import NORMAL_90
from pathway.effects.layout import Term
from pathway.plan import Contribution, Explanation, Interval

BESIDE_JOB = "beside_job"  # the part of a gain that is there because a job-oriented insats runs beside
_NOTHING = 1e-12  # smaller parts are rounding


@dataclass(frozen=True)
class Amount:
    """An amount of one insats in a plan.

    Attributes
    ----------
    dose, beside
        Quarters at the model's typical hours, and the part of them beside a job-oriented activity.
    job_ids
        The job-oriented activities that it runs beside.
    """

    insats_id: str
    dose: float
    beside: float
    job_ids: tuple[str, ...]


def explain(model: GainModel, x: pd.DataFrame, amount: Amount) -> tuple[dict[str, Interval], dict[str, Explanation]]:
    """Give the expected gain of one activity per indicator, and what it is made of.

    Parameters
    ----------
    x
        The client's features, one row.

    Returns
    -------
    gain with its 90 % interval, and base and contributions that add up to its mean, per indicator
    """
    k = model.insatser_.index(amount.insats_id)
    base, parts = model.explain_parts(x, k)
    beside_base, beside_parts = model.explain_interplay(x, k)
    base, parts = base * amount.dose, parts * amount.dose + beside_parts * amount.beside
    interplay = beside_base * amount.beside
    _, covariance = model.total(x, [Term(k, amount.dose, amount.beside)])
    sd = np.sqrt(np.diag(covariance))
    gains, explanations = {}, {}
    for j, indicator in enumerate(model.outcomes_):
        contributions = [
            Contribution(str(feature), _value(x[feature].iloc[0]), float(part))
            for feature, part in zip(model.feature_names_in_, parts[0, :, j], strict=True)
            if abs(part) > _NOTHING
        ]
        if abs(interplay[j]) > _NOTHING:
            contributions.append(Contribution(BESIDE_JOB, amount.job_ids, float(interplay[j])))
        contributions.sort(key=lambda part: -abs(part.contribution))
        explanation = Explanation(float(base[j]), tuple(contributions))
        half = NORMAL_90 * float(sd[j])
        explanations[indicator] = explanation
        gains[indicator] = Interval(explanation.total, explanation.total - half, explanation.total + half)
    return gains, explanations


def total_sd(model: GainModel, x: pd.DataFrame, amounts: Sequence[Amount]) -> dict[str, float]:
    """Give the joint standard deviation of the sum of a plan's gains, per indicator."""
    terms = [Term(model.insatser_.index(one.insats_id), one.dose, one.beside) for one in amounts]
    _, covariance = model.total(x, terms)
    return dict(zip(model.outcomes_, np.sqrt(np.diag(covariance)).tolist(), strict=True))


def _value(raw: object) -> float | str | None:
    if isinstance(raw, (int, float, np.number)):
        number = float(raw)
        return None if np.isnan(number) else round(number, 6)
    return None if pd.isna(raw) else str(raw)  # type: ignore[call-overload]
