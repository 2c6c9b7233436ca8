"""How strong an unmeasured cause would have to be to explain what an insats is expected to give.

A cause that decides both who takes part and how people develop, and that no feature holds, moves an effect by at most
``S * sqrt(r_change * r_dose / (1 - r_dose))``: ``r`` is the share of what is left of the change, or of the dose, that
the cause explains, and ``S`` the spread of what is left of the change over that of the dose (Cinelli & Hazlett 2020;
Chernozhukov et al. 2022). The robustness value is the share that, of both, is just enough. What such a share means is
seen from the features that are measured: how strong each would be, were it the one left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.checks.rows import Rows
from pathway.effects import GainModel
from pathway.effects.encoding import Encoding
from pathway.features import EARLIER, LEVEL

Array = npt.NDArray[np.float64]

_MADE_UP = ("level_mean",)  # of other features: leaving it out takes nothing away
_HEALTH, _OF_HEALTH = "n_health_codes", "_health"
_SAID = 3  # measured features that an unmeasured cause is held against, the strongest first
_RIDGE = 1e-6  # per row: for columns that others make up


@dataclass(frozen=True)
class Measured:
    """How strongly the measured features go together with amounts and with changes, all else held equal.

    Attributes
    ----------
    families
        Features that belong together, by one of their names: all that is said of health, and an indicator's levels now
        and before; F of them.
    amounts
        Name of each amount; K.
    of_amounts, of_changes
        Share of what the others leave of an amount (K, F), or of a change (J, F), that a family explains.
    amount_left, change_left
        Variance that all features, and the other amounts, leave of an amount (K,), and of a change (J,).
    """

    families: tuple[str, ...]
    amounts: tuple[str, ...]
    of_amounts: Array
    of_changes: Array
    amount_left: Array
    change_left: Array

    @classmethod
    def of(cls, X: pd.DataFrame, encoding: Encoding, amounts: pd.DataFrame, changes: Array) -> "Measured":
        """Measure amounts (n, K) and changes (n, J), NaN where not known."""
        columns, family_of = _columns(X, encoding)
        families = tuple(dict.fromkeys(family_of))
        places = [np.flatnonzero([one == family for one in family_of]) for family in families]
        n, c = columns.shape
        design = np.hstack([columns, amounts.to_numpy(dtype=np.float64)])
        design = design - design.mean(axis=0)
        precision = np.linalg.inv(design.T @ design + _RIDGE * n * np.eye(design.shape[1]))
        freedom = max(n - design.shape[1] - 1, 1)

        own = c + np.arange(amounts.shape[1])
        amount_rest = 1 / np.diagonal(precision)[own]
        of_amounts = np.zeros((len(own), len(families)))
        for number, k in enumerate(own):
            without = precision - np.outer(precision[:, k], precision[k]) / precision[k, k]
            slopes = -precision[:, k] / precision[k, k]
            of_amounts[number] = _shares(slopes, without, places, amount_rest[number], freedom)

        known = ~np.isnan(changes)
        means = np.where(known, changes, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, changes - means, 0.0)
        slopes = precision @ (design.T @ filled)
        missed = (np.where(known, filled - design @ slopes, 0.0) ** 2).sum(axis=0)
        of_changes = np.array(
            [_shares(slopes[:, j], precision, places, rest, freedom) for j, rest in enumerate(missed)]
        )
        return cls(
            families=families,
            amounts=tuple(map(str, amounts.columns)),
            of_amounts=of_amounts,
            of_changes=of_changes,
            amount_left=amount_rest / n,
            change_left=missed / np.maximum(known.sum(axis=0), 1),
        )

    def stake(self, amount: str, change: int) -> float:
        """Give S for the effect of an amount on a change: the spread of what is left of it over the amount's."""
        left = self.amount_left[self.amounts.index(amount)]
        return float(np.sqrt(self.change_left[change] / left)) if left > 0 else float("inf")

    def strongest(self, amount: str, effect: float, stake: float, change: int = 0) -> dict[str, float]:
        """Say how many times as strong as measured features an unmeasured cause that explains the effect would be.

        Returns
        -------
        times by feature, for the features that are strongest for this amount and change, strongest first; none where
        no feature says anything of both
        """
        of_amount, of_change = self.of_amounts[self.amounts.index(amount)], self.of_changes[change]
        times = [
            (_times(effect, stake, *shares), family)
            for *shares, family in zip(of_amount, of_change, self.families, strict=True)
            if min(shares) > 0
        ]
        return {family: one for one, family in sorted(times)[:_SAID]}


def of_insatser(model: GainModel, rows: Rows, enough: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Tell how robust the mean gain of each insats is, on the indicator that it is expected to lift or lower most.

    Parameters
    ----------
    enough
        Which insatser the model may speak of, shape (K,).
    """
    measured = Measured.of(rows.X, model.encoding_, rows.episodes.doses, rows.episodes.changes.to_numpy())
    means, intervals = model.predict_average(rows.X, added=True)  # a gap is spared once, whatever the insats
    found = {}
    for k in np.flatnonzero(enough):
        insats, j = model.insatser_[k], int(np.argmax(np.abs(means[k])))
        gain = {"mean": float(means[k, j]), "low": float(intervals[k, j, 0]), "high": float(intervals[k, j, 1])}
        stake = measured.stake(insats, j)
        found[insats] = (
            {"indicator": model.outcomes_[j], "gain": gain}
            | value(gain, stake)
            | {"times": measured.strongest(insats, gain["mean"], stake, j)}
        )
    return found


def value(effect: Mapping[str, float], stake: float) -> dict[str, float]:
    """Give the robustness value of an effect, and of what its 90 % interval leaves it at the least.

    Returns
    -------
    ``to_zero`` and ``to_doubt``, between 0 and 1: the share of what is left of both dose and change that an unmeasured
    cause must explain to bring the effect to zero, and its interval to zero; 0 where the interval holds zero already
    """
    least = max(effect["low"], -effect["high"], 0.0)
    return {"to_zero": _enough(abs(effect["mean"]) / stake), "to_doubt": _enough(least / stake)}


def _enough(ratio: float) -> float:
    """Solve ``ratio² = r² / (1 - r)``."""
    return float((np.sqrt(ratio**4 + 4 * ratio**2) - ratio**2) / 2)


def _times(effect: float, stake: float, dose: float, change: float) -> float:
    """Solve ``effect² (1 - k dose) = stake² k dose k change`` for k: the cause is k times as strong in both shares."""
    a, b = stake**2 * dose * change, effect**2 * dose
    return float((np.sqrt(b**2 + 4 * a * effect**2) - b) / (2 * a))


def _shares(
    slopes: Array, precision: Array, places: Sequence[npt.NDArray[np.intp]], rest: float, freedom: int
) -> Array:
    """Give the share of what the others leave that each family explains, less what chance would: shape (F,)."""
    if not rest > 0:
        return np.zeros(len(places))
    added = np.array([slopes[own] @ np.linalg.solve(precision[np.ix_(own, own)], slopes[own]) for own in places])
    by_chance = np.array([len(own) for own in places]) * rest / freedom
    shares: Array = np.maximum(added - by_chance, 0.0) / (rest + added)
    return shares


def _columns(X: pd.DataFrame, encoding: Encoding) -> tuple[Array, list[str]]:
    """Give the design of the controls, and the family of each of its columns."""
    used = [one for one in encoding.columns if one.name not in _MADE_UP]
    parts = [(part, _family(one.name)) for one in used for part in one.controls(X[one.name])]
    columns = np.column_stack([part for part, _ in parts]) if parts else np.zeros((len(X), 0))
    return columns, [family for _, family in parts]


def _family(feature: str) -> str:
    if feature.startswith(EARLIER):
        return LEVEL + feature.removeprefix(EARLIER)
    return _HEALTH if feature.endswith(_OF_HEALTH) else feature
