"""Whether expected gains show for clients held out: R-loss, calibration, and how much of them, insats by insats.

Both what a client had and how he or she changed are freed from what the features foretell, and what is expected of the
rest is held against the rest (the R-loss of Nie & Wager 2021). Unlike the error of a forecast it does not reward a
model for what the features would have foretold anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.checks.rows import Left, Rows
from pathway.effects import GainModel, ridge
from pathway.evaluation import Resampled

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

NO_EFFECT, ONE_NUMBER = "no effect", "one number per insats"
BESIDE = "beside job-oriented insatser"
_TENTHS = 10


@dataclass(frozen=True)
class Fold:
    """A model and the rows, by number, of clients that it learned from and of those that it did not."""

    model: GainModel
    train: Ints
    test: Ints


@dataclass(frozen=True)
class Shown:
    """Expected gains of clients held out, beside what they show.

    Attributes
    ----------
    left
        Amounts and changes less what is foretold.
    expected
        Steps that the amounts left are expected to have given, by a model that had not seen the client, shape (n, J).
    constants
        The same by one number per insats and indicator, learned on the same rows, shape (n, J).
    products, squares
        By insats: what it is expected to have given times what shows when that of the others is taken away, and
        squared, both summed over indicators; the sum of the one over that of the other is how much of each expected
        step shows. Shape (n, K).
    less_expected
        Expected dose as a share of those, among clients that the model learned from who had the insats, that were
        expected to have less, shape (n, K).
    of_parts
        `products` and `squares`, shapes (n,), of what each type is expected to give alone, and of what all are expected
        to add beside the anchor type.
    """

    left: Left
    expected: Array
    constants: Array
    products: Array
    squares: Array
    less_expected: Array
    of_parts: Mapping[str, tuple[Array, Array]]


def show(rows: Rows, folds: Sequence[Fold]) -> Shown:
    """Let each fold's model say what it expects of the clients it has not seen."""
    left = Left.of(rows, folds[0].model.encoding_, [(fold.train, fold.test) for fold in folds])
    expected, constants = np.zeros_like(left.changes), np.zeros_like(left.changes)
    products, squares, less = (np.zeros_like(left.doses) for _ in range(3))
    parts = [*map(str, pd.unique(rows.types)), BESIDE]
    of_parts = {part: (np.zeros(len(rows)), np.zeros(len(rows))) for part in parts}
    for fold in folds:
        own, test = left.at(fold.test), fold.test
        told = own.expected(fold.model, rows, test)
        expected[test] = told.in_all
        # Residuals of others are used with what these clients foretell of them: that can only help the constants.
        slopes, levels = ridge.fit(left.doses[fold.train], left.changes[fold.train], rows.weights[fold.train])
        constants[test] = own.doses @ slopes + levels
        rest = own.changes - expected[test]
        products[test], squares[test] = _borne_out(told.by_insats, rest)
        steps = {part: told.alone[:, rows.types == part].sum(axis=1) for part in parts}
        steps[BESIDE] = told.beside.sum(axis=1)
        for part, given in steps.items():
            of_parts[part][0][test], of_parts[part][1][test] = _borne_out(given, rest)
        less[test] = _less_expected(fold, rows)
    return Shown(left, expected, constants, products, squares, less, of_parts)


def r_loss(shown: Shown, rows: Rows, resampled: Resampled) -> dict[str, Any]:
    """Give the share of the squared change left that the gains take away, over no effect and over constants.

    ``by_insats`` weighs rows so that every insats counts the same, however few had it.
    """
    ours = _squared(shown.left.changes - shown.expected)
    had = rows.doses > 0
    equal = (had / np.maximum(had.sum(axis=0), 1)).sum(axis=1)

    def over(baseline: Array) -> dict[str, Any]:
        loss = _squared(shown.left.changes - baseline)
        return {
            "all": resampled.ratio(loss - ours, loss),
            "by_insats": resampled.ratio(equal * (loss - ours), equal * loss),
        }

    return {NO_EFFECT: over(np.zeros_like(shown.expected)), ONE_NUMBER: over(shown.constants)}


def calibration(shown: Shown, resampled: Resampled) -> dict[str, Any]:
    """Give how much of an expected step shows: in all, of each type alone, beside the anchor type, and by tenths.

    Tenths of the changes go from the least expected to the most.
    """
    known = ~np.isnan(shown.left.changes)
    changes, expected = np.where(known, shown.left.changes, 0.0), np.where(known, shown.expected, 0.0)
    edges = np.quantile(shown.expected[known], np.linspace(0, 1, _TENTHS + 1)[1:-1])
    part_of = np.where(known, np.searchsorted(edges, shown.expected), -1)

    def tenth(part: int) -> dict[str, float]:
        own = part_of == part
        n = own.sum(axis=1).astype(np.float64)
        foreseen = (expected * own).sum() / max(n.sum(), 1.0)
        return {"expected": float(foreseen)} | resampled.ratio((changes * own).sum(axis=1), n)

    return {
        "slope": resampled.ratio((changes * expected).sum(axis=1), (expected**2).sum(axis=1)),
        "of_parts": {part: resampled.ratio(*sums) for part, sums in shown.of_parts.items() if sums[1].any()},
        "tenths": [tenth(part) for part in range(_TENTHS)],
    }


def _borne_out(given: Array, rest: Array) -> tuple[Array, Array]:
    """Give the product of expected steps (m, …, J) with what shows less all other steps, and their square: (m, …).

    `rest` (m, J) is what shows less all steps, NaN where not measured.
    """
    if given.ndim == 3:
        rest = rest[:, None, :]
    square = np.where(np.isnan(rest), 0.0, given**2).sum(axis=-1)
    return np.where(np.isnan(rest), 0.0, given * rest).sum(axis=-1) + square, square


def _squared(missed: Array) -> Array:
    squared: Array = np.nansum(missed**2, axis=1)
    return squared


def _less_expected(fold: Fold, rows: Rows) -> Array:
    had = rows.doses[fold.train] > 0
    learned, asked = (fold.model.predict_dose(rows.X.iloc[at]) for at in (fold.train, fold.test))
    return np.column_stack(
        [
            np.searchsorted(np.sort(learned[had[:, k], k]), asked[:, k]) / max(int(had[:, k].sum()), 1)
            for k in range(had.shape[1])
        ]
    )
