"""Whether to believe the model: how well it foretells change for clients it has not seen, beside three baselines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import Ridge

from pathway.episodes import Episodes
from pathway.features import LEVEL

Array = npt.NDArray[np.float64]
MODEL = "model"
NO_CHANGE, START_LEVEL, INSATS_MEAN = "no change", "start level only", "mean by insats"
BASELINES = (NO_CHANGE, START_LEVEL, INSATS_MEAN)
_DRAWS = 500


@dataclass(frozen=True)
class HeldOut:
    """Predicted and observed changes of clients that were not trained on.

    Attributes
    ----------
    predicted
        By method: predicted change, shape (n, J).
    gains
        The part of the model's prediction that it ascribes to insatser, shape (n, J).
    observed
        Observed change, NaN where not measured, shape (n, J).
    inside
        Whether the observed level lay in its 90 % interval, NaN where not measured, shape (n, J).
    clients
        Client of each row, shape (n,).
    """

    predicted: dict[str, Array]
    gains: Array
    observed: Array
    inside: Array
    clients: npt.NDArray[Any]
    indicators: tuple[str, ...]

    def at(self, rows: npt.NDArray[np.intp]) -> "HeldOut":
        """Take some of the rows."""
        return HeldOut(
            predicted={name: one[rows] for name, one in self.predicted.items()},
            gains=self.gains[rows],
            observed=self.observed[rows],
            inside=self.inside[rows],
            clients=self.clients[rows],
            indicators=self.indicators,
        )


@dataclass(frozen=True)
class Resampled:
    """Clients drawn anew many times, with all their rows: how far a figure would be another with other people.

    Attributes
    ----------
    codes
        Number of each row's client, shape (n,).
    counts
        How often each draw has each client, shape (draws, clients).
    """

    codes: npt.NDArray[np.intp]
    counts: Array

    @classmethod
    def of(cls, clients: npt.NDArray[Any], seed: int) -> "Resampled":
        """Draw the clients of rows, shape (n,)."""
        codes, _ = pd.factorize(clients)
        size = int(codes.max(initial=-1)) + 1
        rng, counts = np.random.default_rng(seed), np.empty((_DRAWS, size))
        for draw in range(_DRAWS):  # one at a time: all draws of many clients at once would not fit in memory
            counts[draw] = np.bincount(rng.integers(0, size, size), minlength=size)
        return cls(codes, counts)

    def ratio(self, above: Array, below: Array) -> dict[str, float]:
        """Give the ratio of two sums over rows, shapes (n,), with a 90 % interval; all 0 where `below` sums to 0."""
        if not below.sum():
            return {"mean": 0.0, "low": 0.0, "high": 0.0}
        a, b = (self.counts @ np.bincount(self.codes, part, self.counts.shape[1]) for part in (above, below))
        draws = a[b != 0] / b[b != 0]
        return {
            "mean": float(above.sum() / below.sum()),
            "low": float(np.quantile(draws, 0.05)),
            "high": float(np.quantile(draws, 0.95)),
        }


def baselines(
    X_train: pd.DataFrame, train: Episodes, X_test: pd.DataFrame, test: Episodes, indicators: Sequence[str]
) -> dict[str, Array]:
    """Predict the change of test rows by each baseline, fitted on the training rows only; each of shape (n, J)."""
    return {
        NO_CHANGE: np.zeros((len(test), len(indicators))),
        START_LEVEL: np.column_stack([_by_start_level(X_train, train, X_test, name) for name in indicators]),
        INSATS_MEAN: np.column_stack([_by_insats(train, test, name) for name in indicators]),
    }


def summarise(held_out: HeldOut, seed: int) -> dict[str, Any]:
    """Sum up as plain data: error per method, skill over each baseline with a 90 % interval, coverage.

    Skill is the share of the baseline's mean squared error that the model takes away; 0 is no better. Its interval
    comes from resampling whole clients, as do those in ``intervals``. ``gain_shown_per_step_expected`` is 1 where
    expected gains are neither too large nor too small, over the insatser that people did have; it says nothing of
    cause.
    """
    errors = {name: (predicted - held_out.observed) ** 2 for name, predicted in held_out.predicted.items()}
    resampled = Resampled.of(held_out.clients, seed)
    return {
        "n_clients": len(np.unique(held_out.clients)),
        "n_episodes": len(held_out.clients),
        "n_changes": int((~np.isnan(held_out.observed)).sum()),
        "rmse": {name: float(np.sqrt(np.nanmean(error))) for name, error in errors.items()},
        "rmse_by_indicator": {
            indicator: {name: float(np.sqrt(np.nanmean(error[:, j]))) for name, error in errors.items()}
            for j, indicator in enumerate(held_out.indicators)
        },
        "skill": {name: _skill(errors[MODEL], errors[name], resampled) for name in BASELINES},
        "gain_shown_per_step_expected": _slope(
            held_out.gains, held_out.observed - (held_out.predicted[MODEL] - held_out.gains), resampled
        ),
        "coverage_of_90": float(np.nanmean(held_out.inside)),
        "coverage_of_90_by_indicator": {
            indicator: float(np.nanmean(held_out.inside[:, j])) for j, indicator in enumerate(held_out.indicators)
        },
        "intervals": _intervals(errors, held_out, resampled),
    }


def lines(evaluation: dict[str, Any]) -> list[str]:
    """Word an evaluation for a terminal or a model card (Markdown)."""
    skill, shown = evaluation["skill"], evaluation["gain_shown_per_step_expected"]
    rows = [
        f"| {name} | {evaluation['rmse'][name]:.3f} | "
        + (
            f"{skill[name]['mean']:+.1%} ({skill[name]['low']:+.1%} to {skill[name]['high']:+.1%}) |"
            if name in skill
            else "– |"
        )
        for name in (MODEL, *BASELINES)
    ]
    return [
        f"Change of level from one measurement to the next, {evaluation['n_episodes']:,} episodes of "
        f"{evaluation['n_clients']:,} clients, each predicted by a model that had not seen the client:",
        "",
        "| method | error (RMSE, steps) | share of its squared error that the model takes away (90 %) |",
        "|---|---|---|",
        *rows,
        "",
        f"Where insatser are expected to add one step, clients held out show {shown['mean']:.2f} "
        f"({shown['low']:.2f} to {shown['high']:.2f}) beyond their expected course. "
        f"Observed levels inside their 90 % interval: {evaluation['coverage_of_90']:.1%}.",
    ]


def _by_start_level(X_train: pd.DataFrame, train: Episodes, X_test: pd.DataFrame, indicator: str) -> Array:
    def basis(X: pd.DataFrame) -> Array:
        level = X[f"{LEVEL}{indicator}"].fillna(X_train[f"{LEVEL}{indicator}"].mean()).to_numpy()
        return np.column_stack([level, level**2])

    change = train.changes[indicator].to_numpy()
    known = ~np.isnan(change)
    predicted: Array = Ridge(alpha=1.0).fit(basis(X_train)[known], change[known]).predict(basis(X_test))
    return predicted


def _by_insats(train: Episodes, test: Episodes, indicator: str) -> Array:
    """Mean change of those who had an insats, averaged over the insatser of the row; the mean of all where none."""
    change = train.changes[indicator].to_numpy()
    known = ~np.isnan(change)
    had = (train.doses.to_numpy() > 0)[known]
    n = had.sum(axis=0)
    overall = change[known].mean()
    means = np.where(n > 0, (had * change[known][:, None]).sum(axis=0) / np.maximum(n, 1), overall)
    has = test.doses.to_numpy() > 0
    predicted: Array = np.where(has.any(axis=1), (has * means).sum(axis=1) / np.maximum(has.sum(axis=1), 1), overall)
    return predicted


def _skill(model: Array, baseline: Array, resampled: Resampled) -> dict[str, float]:
    return resampled.ratio(np.nansum(baseline - model, axis=1), np.nansum(baseline, axis=1))


def _intervals(errors: dict[str, Array], held_out: HeldOut, resampled: Resampled) -> dict[str, Any]:
    """Give errors and coverage with their 90 % intervals; by indicator for the model only."""
    known = ~np.isnan(held_out.observed)

    def mean(values: Array, columns: slice) -> dict[str, float]:
        return resampled.ratio(np.nansum(values[:, columns], axis=1), known[:, columns].sum(axis=1).astype(np.float64))

    def rmse(squared: Array, columns: slice) -> dict[str, float]:
        return {end: float(np.sqrt(value)) for end, value in mean(squared, columns).items()}

    each = {indicator: slice(j, j + 1) for j, indicator in enumerate(held_out.indicators)}
    return {
        "rmse": {name: rmse(error, slice(None)) for name, error in errors.items()},
        "coverage_of_90": mean(held_out.inside, slice(None)),
        "rmse_by_indicator": {indicator: rmse(errors[MODEL], own) for indicator, own in each.items()},
        "coverage_of_90_by_indicator": {indicator: mean(held_out.inside, own) for indicator, own in each.items()},
    }


def _slope(expected: Array, shown: Array, resampled: Resampled) -> dict[str, float]:
    expected = np.where(np.isnan(shown), np.nan, expected)
    return resampled.ratio(np.nansum(expected * shown, axis=1), np.nansum(expected**2, axis=1))
