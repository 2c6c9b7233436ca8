"""What checks are made on: the rows that a model learned from, and what features leave of amounts and changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from pathway.effects import GainModel, ridge
from pathway.effects.encoding import Encoding
from pathway.effects.gain_model import NORMAL_90
from pathway.effects.lasting import with_earlier
from pathway.effects.layout import Term
from pathway.effects.outcomes import joined
from pathway.episodes import Episodes

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Rows that a model learns from.

    Attributes
    ----------
    X
        Features at the start, shape (n, p).
    episodes
        Doses and changes, n rows.
    weights
        Shape (n,).
    insatser
        Type and group of each insats, K rows (`pathway.episodes.Insatser.table`).
    """

    X: pd.DataFrame
    episodes: Episodes
    weights: Array
    insatser: pd.DataFrame

    def __len__(self) -> int:
        return len(self.X)

    @property
    def clients(self) -> npt.NDArray[Any]:
        """Client of each row, shape (n,)."""
        return self.episodes.spans["client_id"].to_numpy()

    @property
    def doses(self) -> Array:
        """Dose of each insats, shape (n, K)."""
        return self.episodes.doses.to_numpy()

    @property
    def types(self) -> npt.NDArray[Any]:
        """Type of each insats, shape (K,)."""
        return self.insatser["type"].to_numpy(dtype=object)

    def at(self, rows: Ints | Flags) -> "Rows":
        """Take some of the rows."""
        X = self.X.iloc[rows].reset_index(drop=True)
        return replace(self, X=X, episodes=self.episodes.at(rows), weights=self.weights[rows])

    def by_type(self, amounts: Array) -> pd.DataFrame:
        """Sum amounts of insatser, shape (n, K), by their type."""
        return pd.DataFrame({kind: amounts[:, self.types == kind].sum(axis=1) for kind in pd.unique(self.types)})

    def n_clients(self) -> Ints:
        """Count the clients who had each insats, shape (K,)."""
        had = pd.DataFrame(self.doses > 0).groupby(self.clients).any()
        return np.asarray(had.sum(), dtype=np.intp)

    def fit(self, model: GainModel, earlier: bool = True) -> GainModel:
        """Fit a model with the parameters of `model` on these rows.

        Parameters
        ----------
        earlier
            Whether what lasts of earlier intervals is looked for.
        """
        part = self.episodes
        fitted: GainModel = clone(model).fit(
            self.X, part.doses, part.changes, groups=self.clients, insatser=self.insatser,
            beside=part.beside, covered=part.covered, late=part.late, weights=self.weights,
            follows=part.follows() if earlier else None,
        )  # fmt: skip
        return fitted

    def refit(self, model: GainModel, earlier: bool = True) -> GainModel:
        """Fit gains as `fit` does, of any changes; the course without insatser, which no check asks for, not."""
        return self.fit(clone(model).set_params(n_trees=1, largest_change=None), earlier)


@dataclass(frozen=True)
class Left:
    """Amounts and changes less what the features of other clients foretell of them.

    Attributes
    ----------
    amounts
        Doses, the part of them beside, and time covered: of the interval, of the one before and of all before that,
        shape (3, n, 2 K + 1).
    changes
        NaN where not measured, shape (n, J).
    """

    amounts: Array
    changes: Array

    @classmethod
    def of(cls, rows: Rows, encoding: Encoding, folds: Sequence[tuple[Ints, Ints]]) -> "Left":
        """Take away what is foretold; rows that are in no fold's test part keep zeros.

        Time that had passed when an insats began inside the interval is foretold with, too: what happened in it
        decided the start (`pathway.effects.gain_model`).
        """
        part = rows.episodes
        amounts = with_earlier(np.column_stack([part.doses, part.beside, part.covered]), part.follows())
        controls = np.hstack([encoding.controls(rows.X), rows.by_type(part.late.to_numpy()).to_numpy()])
        targets = np.column_stack([*amounts, part.changes])
        left = np.zeros_like(targets)
        for train, test in folds:
            slopes, levels = ridge.fit(controls[train], targets[train], rows.weights[train])
            left[test] = targets[test] - controls[test] @ slopes - levels
        over_time, changes = np.split(left, [-part.changes.shape[1]], axis=1)
        return cls(np.stack(np.split(over_time, len(amounts), axis=1)), changes)

    @property
    def doses(self) -> Array:
        """Doses of the interval, shape (n, K)."""
        return self.amounts[0, :, : self.amounts.shape[2] // 2]

    def at(self, rows: Ints) -> "Left":
        """Take some of the rows."""
        return Left(self.amounts[:, rows], self.changes[rows])

    def expected(self, model: GainModel, rows: Rows, at: Ints) -> "Expected":
        """Say what amounts left, those of earlier intervals as far as they last, are expected to have given.

        Parameters
        ----------
        at
            Numbers of the m rows that are left here.
        """
        k = self.doses.shape[1]
        doses, beside, covered = np.split(model.lasting_.in_effect(self.amounts)[..., None], [k, 2 * k], axis=2)
        X = rows.X.iloc[at]
        return Expected(
            alone=joined(doses * model.predict_added(X)),
            beside=joined(beside * model.predict_interplay(X)),
            spared=joined(covered[:, :, 0] * model.predict_gap()),
        )


@dataclass(frozen=True)
class Expected:
    """Expected steps: of each insats alone and what is added beside, shapes (m, K, J), and of gaps spared (m, J)."""

    alone: Array
    beside: Array
    spared: Array

    @property
    def by_insats(self) -> Array:
        """Alone and beside together, shape (m, K, J)."""
        return self.alone + self.beside

    @property
    def in_all(self) -> Array:
        """All of them, shape (m, J)."""
        total: Array = self.by_insats.sum(axis=1) + self.spared
        return total


def mean_of_known(values: Array) -> Array:
    """Give the mean of what is known of each row of values (n, J), NaN where nothing is: shape (n,)."""
    known = ~np.isnan(values)
    mean: Array = np.where(known, values, 0.0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    return mean


def average(model: GainModel, X: pd.DataFrame, doses: Array, beside: Array) -> dict[str, float]:
    """Give the steps that mixes are expected to add, mean over people and outcomes, with the model's 90 % interval.

    What is spared of a gap is not counted. The interval is that of the average mix.

    Parameters
    ----------
    doses, beside
        Shape (n, K).
    """
    mean = float(model.predict_mix(X, doses, beside, np.zeros(len(X))).mean())
    terms = [Term(k, *amounts) for k, amounts in enumerate(zip(doses.mean(axis=0), beside.mean(axis=0), strict=True))]
    covariance = model.total(X, [term for term in terms if term.dose or term.beside])[1]
    half = NORMAL_90 * float(np.sqrt(max(covariance.sum(), 0.0))) / len(covariance)
    return {"mean": mean, "low": mean - half, "high": mean + half}
