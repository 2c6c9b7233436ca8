"""What each type of insats did for those who had it, told by another method with other weaknesses.

Augmented inverse probability weighting (Robins, Rotnitzky & Zhao 1994), cross-fitted by client (Chernozhukov et al.
2018), of having had a type at all: right if either the chances of having it or the course without it are right. Whole
mixes are had by too few people for it, single insatser often are; types are not.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import chance
from pathway.checks.robustness import Measured, value
from pathway.checks.rows import Rows, average, mean_of_known
from pathway.effects import GainModel, ridge
from pathway.evaluation import Resampled

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

HAD = 0.25  # quarters at typical hours from which somebody counts as having had a type; those with less are left out
TRIMMED = (0.02, 0.95)  # chances of having it outside which somebody has no like
FEWEST = 50  # clients who had it, and who had not
_STRENGTH = 0.1  # scikit-learn's C for standardised columns


def compare(
    rows: Rows, model: GainModel, folds: Sequence[tuple[Ints, Ints]], measured: Measured, seed: int
) -> dict[str, Any]:
    """Compare the two methods, type by type, in steps over the interval, mean over the indicators.

    Types that fewer than `FEWEST` clients had, or had not, are left out.
    """
    mean = mean_of_known(rows.episodes.changes.to_numpy() - _no_types_doing(rows, model))
    known = ~np.isnan(mean)
    doses = rows.by_type(rows.doses)
    found = {}
    for kind in doses.columns:
        had = (doses[kind] >= HAD).to_numpy()
        asked = known & (had | (doses[kind] == 0).to_numpy())
        if min(len(np.unique(rows.clients[asked & group])) for group in (had, ~had)) >= FEWEST:
            others = doses.drop(columns=kind)
            found[str(kind)] = _of_kind(str(kind), rows, model, folds, measured, (mean, had, asked), others, seed)
    return found


def _of_kind(
    kind: str,
    rows: Rows,
    model: GainModel,
    folds: Sequence[tuple[Ints, Ints]],
    measured: Measured,
    observed: tuple[Array, npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
    others: pd.DataFrame,
    seed: int,
) -> dict[str, Any]:
    change, had, asked = observed
    values = chance.standardised(np.column_stack([chance.in_numbers(rows.X), others]))
    controls = np.column_stack([model.encoding_.controls(rows.X), others])
    likely, without = np.zeros(len(rows)), np.zeros(len(rows))
    for train, test in folds:
        learn = train[asked[train]]
        likely[test] = chance.fit(values[learn], had[learn], _STRENGTH).predict_proba(values[test])[:, 1]
        free = learn[~had[learn]]
        slopes, levels = ridge.fit(controls[free], change[free][:, None], rows.weights[free])
        without[test] = (controls[test] @ slopes + levels)[:, 0]
    kept = np.flatnonzero(asked & (TRIMMED[0] <= likely) & (likely <= TRIMMED[1]))
    had, beyond, odds = had[kept], (change - without)[kept], (likely / (1 - likely))[kept]
    weight = np.where(had, 1.0, -odds)
    resampled = Resampled.of(rows.clients[kept], seed)
    effect = resampled.ratio(weight * beyond, had.astype(np.float64))

    spread = float(np.var(beyond - effect["mean"] * had))
    stake = float(np.sqrt(spread * (weight**2).mean()) / had.mean())  # S of Chernozhukov et al. (2022)
    takers = rows.at(kept[had])
    doses, beside = _mix_of(takers, kind, model.anchor_type)
    return {
        "n_clients": len(np.unique(takers.clients)),
        "n_without": len(np.unique(rows.clients[kept][~had])),
        "kept": float(len(kept) / asked.sum()),
        "doubly_robust": effect,
        "model": average(model, takers.X, doses, beside),
        "robustness": value(effect, stake) | {"times": measured.strongest(kind, effect["mean"], stake)},
    }


def _no_types_doing(rows: Rows, model: GainModel) -> Array:
    """Give the steps ascribed to spared gaps, and to what had passed before late starts: shape (n, J)."""
    passed = rows.by_type(rows.episodes.late.to_numpy())[list(model.types_)].to_numpy()
    late = model.coefficients_[:, model.layout_.late] * model.units_[:, None]
    steps: Array = passed @ late.T + rows.episodes.covered.to_numpy()[:, None] * model.predict_gap()
    return steps


def _mix_of(rows: Rows, kind: str, anchor: str) -> tuple[Array, Array]:
    """Give the doses that are there because of a type: its own, and the lift that the anchor type gives the others."""
    own, beside = rows.types == kind, rows.episodes.beside.to_numpy()
    return rows.doses * own, beside if kind == anchor else beside * own
