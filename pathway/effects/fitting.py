"""Learns effects and factors from what is left when the features of other people have foretold what they can."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from pathway.effects import factors, lasting, outcomes, ridge
from pathway.effects.factors import Factors, Part
from pathway.effects.kinds import Kinds
from pathway.effects.lasting import NOTHING, Seen
from pathway.effects.layout import FEWEST_OUTCOMES, Layout
from pathway.effects.learned import Learned
from pathway.effects.outcomes import Effects, Split
from pathway.effects.shrinkage import Blocks

if TYPE_CHECKING:
    import lightgbm

Array = npt.NDArray[np.float64]
Folds = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]


def folds_of(clients: npt.NDArray[np.intp], n_folds: int, random_state: int) -> Folds:
    """Part the rows, clients kept whole, into as many folds as asked for or as there are clients.

    Raises
    ------
    ValueError
        There is one client only.
    """
    n_folds = min(n_folds, len(np.unique(clients)))
    if n_folds < 2:
        raise ValueError("groups: at least two clients are needed to learn from one and check on another")
    splitter = GroupKFold(n_folds, shuffle=True, random_state=random_state)
    return list(splitter.split(np.zeros(len(clients)), groups=clients))


def residuals(controls: Array, amounts: Array, changes: Array, folds: Folds, weights: Array) -> tuple[Array, Array]:
    """Take away from amounts (L, n, a) and changes (n, J) what controls (n, c) of other clients foretell of them."""
    targets = np.column_stack([*amounts, changes])
    foretold = np.zeros_like(targets)
    for train, test in folds:
        slopes, levels = ridge.fit(controls[train], targets[train], weights[train])
        foretold[test] = controls[test] @ slopes + levels
    residual, left = np.split(targets - foretold, [-changes.shape[1]], axis=1)
    return np.stack(np.split(residual, len(amounts), axis=1)), left


def gains(
    kinds: Kinds,
    modifiers: Array,
    levels: Array,
    amounts: Array,
    residual: Array,
    left: Array,
    folds: Folds,
    weights: Array,
) -> tuple[Learned, Array]:
    """Fit effects, what lasts of them, and factors.

    Parameters
    ----------
    modifiers, levels
        Standardised, shapes (n, q) and (n, J).
    amounts, residual
        Amounts, as `Kinds.amounts` gives them, and what is left of them, with those of earlier intervals where they are
        known (`lasting.with_earlier`), shape (1 or 3, n, 2 K + 1 + T).
    left
        What is left of the changes, in steps, NaN where not measured, shape (n, J).

    Returns
    -------
    what was learned, and the gains that others' effects foretell of people held out, shape (n, K, J)
    """
    # whom insatser help, factors tell from many outcomes at once; slopes then take up what is chance
    n_outcomes, n_modifiers = left.shape[1], modifiers.shape[1]
    layout, units = kinds.layout(n_modifiers if n_outcomes < FEWEST_OUTCOMES else 0), _spread(left)
    left, blocks = left / units, layout.blocks
    nothing = Factors.none(layout.n_insatser, layout.n_types, n_modifiers)
    everyone, split = np.ones((len(left), layout.n_insatser)), Split.of(left)

    def by_others(given: Array, over_time: Array) -> list[_ByOthers]:
        """Give what effects, learned with factors of 1 from what was given to others, make of amounts of each fold."""
        designs, told = _designs(kinds, layout, given, everyone, modifiers), []
        for effects, test in _without_each(designs, split, folds, weights, blocks):
            believed = Learned.of(kinds, layout, units, effects, nothing)
            late = designs[0, test][:, layout.late] @ believed.coefficients[:, layout.late].T
            steps = np.stack([believed.in_all(amount[test]) for amount in over_time])
            told.append(_ByOthers(test, believed, Seen(steps, left[test] - late, effects.noise(), weights[test])))
        return told

    lasts = NOTHING
    if len(residual) > 1:
        lasts = lasting.learn(one.seen for one in by_others(residual[:1], residual))
    own, amounts, residual = residual[:1], lasts.in_effect(amounts), lasts.in_effect(residual)
    told = by_others(residual, residual)
    parts, foretold = [], np.zeros((len(left), layout.n_insatser, n_outcomes))
    for one in told:
        test, believed = one.test, one.believed
        foretold[test] = believed.alone_and_interplay(modifiers[test], levels[test])[0] + believed.gap()
        parts.append(
            Part(
                amounts=outcomes.joined(np.stack([believed.at_stake(one[test]) for one in residual])),
                now=np.einsum("nkj,kt->ntj", believed.at_stake(own[0, test]), kinds.by_type),
                whole=outcomes.joined(np.stack([believed.at_stake(one[test]) for one in amounts])),
                modifiers=modifiers[test],
                levels=levels[test],
                left=one.seen.left - outcomes.joined(one.seen.steps),
                noise=one.seen.noise,
                weights=weights[test],
            )
        )
    learned = factors.fit(parts, kinds.type_of, layout.n_types)
    modifiers = learned.steps.on(modifiers)
    factor = learned.on(modifiers, levels.mean(axis=1), kinds.type_of)
    effects = outcomes.fit(_designs(kinds, layout, residual, factor, modifiers), split, weights, blocks)
    found = Learned.of(kinds, layout, units, effects, learned, lasts)
    if lasts == NOTHING:
        return found, foretold
    # that what lasts is the same share of every effect is our belief: intervals are no narrower for it
    alone = outcomes.fit(_designs(kinds, layout, own, factor, modifiers), split, weights, blocks, like=effects)
    return found.as_sure_as(alone), foretold


@dataclass(frozen=True)
class _ByOthers:
    """People of one fold, by number of row, what was learned from the others, and what that makes of their amounts."""

    test: npt.NDArray[np.intp]
    believed: Learned
    seen: Seen


def _without_each(
    designs: Array, split: Split, folds: Folds, weights: Array, blocks: Blocks
) -> Iterator[tuple[Effects, npt.NDArray[np.intp]]]:
    """Fit effects without each fold's people, with the variances that all people show; give them with their rows."""
    everybody = outcomes.fit(designs, split, weights, blocks)
    for train, test in folds:
        others = Split(split.mean[train], split.deviation[train])
        yield outcomes.fit(designs[:, train], others, weights[train], blocks, like=everybody), test


def course(
    values: Array, remaining: Array, weights: Array, names: tuple[str, ...], n_trees: int, random_state: int
) -> "lightgbm.Booster":
    """Fit the course of one outcome without insatser: trees on features (n, p) of what remains of its change (n,)."""
    import lightgbm

    known = ~np.isnan(remaining)
    parameters = {
        "objective": "regression", "learning_rate": 0.05, "num_leaves": 7, "min_data_in_leaf": 50,
        "max_bin": 63, "lambda_l2": 1.0, "deterministic": True, "force_col_wise": True, "num_threads": 1,
        "seed": int(random_state), "verbosity": -1,
    }  # fmt: skip
    tellable = all(name.isidentifier() for name in names)  # LightGBM stops at some characters, and at blanks some names
    data = lightgbm.Dataset(
        values[known], remaining[known], weight=weights[known], feature_name=list(names) if tellable else "auto"
    )
    return lightgbm.train(parameters, data, num_boost_round=int(n_trees))


def _designs(kinds: Kinds, layout: Layout, amounts: Array, factor: Array, modifiers: Array) -> Array:
    """Spread amounts (L, n, 2 K + 1 + T) over the coefficients, given each insats' factor (n, K): shape (L, n, P)."""
    doses, beside, covered, late = kinds.parted(amounts)
    slope = (doses @ kinds.by_type)[..., None] * modifiers[:, None, : layout.n_modifiers]
    slopes = slope.reshape(*doses.shape[:2], -1)
    member = layout.membership
    alone, extra = ((doses + beside) * factor) @ member, (beside * factor) @ member
    return np.concatenate([alone, extra, slopes, covered, late], axis=-1)


def _spread(left: Array) -> Array:
    """Give the standard deviation of each outcome, shape (J,); 1 where nothing varies."""
    sd = np.sqrt(np.nanmean(left**2, axis=0))
    return np.where(sd > 1e-12, sd, 1.0)
