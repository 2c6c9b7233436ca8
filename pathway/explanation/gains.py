"""Why this gain: the numbers behind each expected gain, which are the very numbers that made the plan."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.effects import GainModel
from pathway.effects.gain_model import NORMAL_90
from pathway.effects.layout import Term
from pathway.plan import Contribution, Explanation, Interval

Array = npt.NDArray[np.float64]
BESIDE_JOB = "beside_job"  # the part of a gain that is there because a job-oriented insats runs beside
NO_GAP = "no_gap"  # the part that is there because the time would else be without any insats
_NOTHING = 1e-12  # smaller parts are rounding


@dataclass(frozen=True)
class Amount:
    """An amount of one insats in a plan, quarter by quarter.

    Attributes
    ----------
    dose, beside
        Quarters at the model's typical hours, and the part of them beside a job-oriented activity, shape (Q,).
    covering
        Its share of the time, in quarters, that would else be without any insats, shape (Q,).
    job_ids
        The job-oriented activities that it runs beside.
    """

    insats_id: str
    dose: Array
    beside: Array
    covering: Array
    job_ids: tuple[str, ...]


def explain(model: GainModel, x: pd.DataFrame, amount: Amount) -> tuple[dict[str, Interval], dict[str, Explanation]]:
    """Give the expected gain of one activity per indicator, and what it is made of.

    Parameters
    ----------
    x
        The client's features at the start of each quarter, Q rows. Values are told as they are in the first.

    Returns
    -------
    gain with its 90 % interval, and base and contributions that add up to its mean, per indicator
    """
    k = model.insatser_.index(amount.insats_id)
    base, parts = model.explain_parts(x, k)
    beside_base, beside_parts = model.explain_interplay(x, k)
    base = base * amount.dose.sum()
    parts = np.tensordot(amount.dose, parts, axes=1) + np.tensordot(amount.beside, beside_parts, axes=1)
    interplay = beside_base * amount.beside.sum()
    spared = model.predict_gap() * amount.covering.sum()
    sd = _total_sd(model, x, [amount])
    values = [_value(raw) for raw in x[list(model.feature_names_in_)].iloc[0]]
    names = [str(name) for name in model.feature_names_in_]
    gains, explanations = {}, {}
    for j, indicator in enumerate(model.outcomes_):
        contributions = [
            Contribution(name, value, float(part))
            for name, value, part in zip(names, values, parts[:, j], strict=True)
            if abs(part) > _NOTHING
        ]
        if abs(interplay[j]) > _NOTHING:
            contributions.append(Contribution(BESIDE_JOB, amount.job_ids, float(interplay[j])))
        if abs(spared[j]) > _NOTHING:
            contributions.append(Contribution(NO_GAP, round(float(amount.covering.sum()), 6), float(spared[j])))
        contributions.sort(key=lambda part: -abs(part.contribution))
        explanation = Explanation(float(base[j]), tuple(contributions))
        half = NORMAL_90 * float(sd[j])
        explanations[indicator] = explanation
        gains[indicator] = Interval(explanation.total, explanation.total - half, explanation.total + half)
    return gains, explanations


def total_sd(model: GainModel, x: pd.DataFrame, amounts: Sequence[Amount]) -> dict[str, float]:
    """Give the joint standard deviation of the sum of a plan's gains, per indicator; `x` as in `explain`."""
    return dict(zip(model.outcomes_, _total_sd(model, x, amounts).tolist(), strict=True))


def _total_sd(model: GainModel, x: pd.DataFrame, amounts: Sequence[Amount]) -> Array:
    """Give joint standard deviations, shape (J,), as they are in the quarter that most is given in."""
    terms = [
        Term(model.insatser_.index(one.insats_id), float(one.dose.sum()), float(one.beside.sum())) for one in amounts
    ]
    most = int(np.argmax(np.sum([one.dose for one in amounts], axis=0)))
    sd: Array = np.sqrt(np.maximum(np.diag(model.total(x.iloc[[most]], terms)[1]), 0.0))
    return sd


def _value(raw: object) -> float | str | None:
    if isinstance(raw, (int, float, np.number)):
        number = float(raw)
        return None if np.isnan(number) else round(number, 6)
    return None if pd.isna(raw) else str(raw)  # type: ignore[call-overload]
