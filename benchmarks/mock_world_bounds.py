"""What bounds methods in mock worlds: learning from the same episodes, told what nobody can know.

`informed` is told the true levels, and in which proportion each insats works on whom: it learns how strong each is on
each indicator, with plain shrinkage. `simulator` is told how the simulator draws strengths and targets, too, and infers
what this world's are by sampling: what is left to it is chance. Neither is a proven bound.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag
from sklearn.model_selection import GroupKFold

from pathway.effects import ridge
from pathway.effects.shrinkage import Blocks, Moments, shrink
from pathway.mock import parameters
from pathway.mock.truth import Gains

if TYPE_CHECKING:
    from benchmarks.mock_worlds import World

Floats = npt.NDArray[np.float64]

_DIFFERENCE = 0.05  # standard deviation that true strengths are believed to have, in steps
_SWEEPS, _FORGOTTEN = 1200, 300
_HARM_SD = 0.03  # steps; the simulator draws harm evenly over half to one and a half of its size


def informed(world: "World") -> tuple[Floats, Floats]:
    """Learn only how strong each insats is on each indicator, knowing in which proportion it works on whom.

    The true proportions (room, person, share alone) are the amounts of which effects are learned, by indicator. A
    strength is the sum of what all insatser do, what the type, the group and the insats itself does, on all indicators
    and on each. Room is that of helpful insatser, for harmful ones too.

    Returns
    -------
    gains alone, and what is added beside a job-oriented insats, shapes (m, K, J)
    """
    amounts, left, asked = _seen(world)
    return _of(_strengths(world, amounts, left), asked)


def simulator(world: "World") -> tuple[Floats, Floats]:
    """Infer strengths and targets by Gibbs sampling, knowing how they are drawn; as `informed` otherwise."""
    amounts, left, asked = _seen(world)
    precision, towards = _by_strength(amounts, left)
    return _of(_sampled(precision, towards, _Drawn.of(world)), asked)


def _of(strength: Floats, asked: Gains) -> tuple[Floats, Floats]:
    return strength * asked.alone, strength * asked.beside


def _seen(world: "World") -> tuple[Floats, Floats, Gains]:
    """Give amounts of full strength, what is left of the changes, and what full strength gives those asked about."""
    effects = world.truth.effects
    knowing = replace(world.truth, effects=replace(effects, full=np.ones_like(effects.full)))
    given, doses, beside = knowing.gains(*world.at(world.train)), world.doses(world.train), world.beside(world.train)
    amounts = doses[:, :, None] * given.alone + beside[:, :, None] * given.beside
    return *_without_controls(world, amounts), knowing.gains(*world.at(world.test))


def _without_controls(world: "World", amounts: Floats) -> tuple[Floats, Floats]:
    """Take away from amounts (n, K, J), to which time with any insats is added, and changes what people foretell.

    That is their features, true levels and set points, and late starts, as other people's episodes tell.
    """
    rows, at, truth, episodes = world.train, world.at(world.train), world.truth, world.river.episodes
    levels, set_points = (truth.at(table, *at) for table in (truth.levels, truth.setpoints))
    late = episodes.late.iloc[rows][list(truth.insatser)].to_numpy() @ _of_type(world)
    controls = np.column_stack([world.model.encoding_.controls(world.X(rows)), levels, set_points, late])
    spared = episodes.covered.to_numpy()[rows, None] * truth.lost_in_gap(set_points)
    amounts = np.concatenate([amounts, spared[:, None]], axis=1)
    targets = np.column_stack([amounts.reshape(len(rows), -1), world.changes(rows)])
    left = np.empty_like(targets)
    for train, test in GroupKFold(5, shuffle=True, random_state=0).split(targets, groups=world.clients(rows)):
        slopes, means = ridge.fit(controls[train], targets[train])
        left[test] = targets[test] - controls[test] @ slopes - means
    n_outcomes = amounts.shape[2]
    return left[:, :-n_outcomes].reshape(amounts.shape), left[:, -n_outcomes:]


def _strengths(world: "World", amounts: Floats, left: Floats) -> Floats:
    """Shrink the strength of each insats on each indicator, shape (K, J); the last of the amounts spares a gap."""
    n_insatser, n_outcomes = amounts.shape[1] - 1, amounts.shape[2]
    each, on_all = np.eye(n_outcomes), np.ones((n_outcomes, 1))
    groups = np.array([insats.group or f"alone {insats.id}" for insats in world.catalogue.insatser])
    kinds = (np.ones((n_insatser, 1)), _of_type(world), _members(groups), np.eye(n_insatser))
    parts = [np.kron(kind, on) for kind in kinds for on in (on_all, each)]
    made_of = block_diag(np.hstack(parts), on_all)  # what each strength is made of
    sizes = (1.0, *(_DIFFERENCE,) * 7, 1.0)  # next to nothing is believed of all insatser, and of gaps

    gram, cross = _least_squares(amounts, left)
    moments = Moments((made_of.T @ gram @ made_of)[None], (made_of.T @ cross)[None], np.zeros(1), np.array([len(left)]))
    blocks = Blocks(np.repeat(np.arange(len(sizes)), [part.shape[1] for part in (*parts, on_all)]), sizes, 3.0)
    strengths: Floats = made_of @ shrink(moments, blocks, noise=1.0).mean[0]
    return strengths.reshape(-1, n_outcomes)[:-1]


def _least_squares(amounts: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Give the normal equations over amounts (K + 1) by indicator; noise hangs together as what is left does."""
    known = ~np.isnan(left)
    left, columns = np.where(known, left, 0.0), np.where(known[:, None], amounts, 0.0)
    weight = np.linalg.inv(left.T @ left / (known.T.astype(float) @ known))
    gram = np.einsum("ij,nki,nlj->kilj", weight, columns, columns, optimize=True)
    cross = np.einsum("ij,nki,nj->ki", weight, columns, left, optimize=True).ravel()
    return gram.reshape(len(cross), -1), cross


@dataclass(frozen=True)
class _Drawn:
    """How the simulator draws: strength by insats (K,), and the log odds that an indicator is a target, (K, J)."""

    strength: Floats
    odds: Floats
    sizes: parameters.EffectSizes

    @classmethod
    def of(cls, world: "World") -> "_Drawn":
        sizes = parameters.read().effects
        insatser, indicators = world.catalogue.insatser, world.truth.indicators
        affinity = np.array([[sizes.affinity.get(i.type, {}).get(id, 1.0) for id in indicators] for i in insatser])
        n_targets = (2 + len(sizes.targets)) / 2  # drawn one after the other; taken to be drawn apart
        chance = 1 - (1 - affinity / affinity.sum(axis=1, keepdims=True)) ** (1.2 * n_targets)
        return cls(np.array([sizes.strength[i.type] for i in insatser]), np.log(chance / (1 - chance)), sizes)


def _by_strength(amounts: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Give precision and pull of strengths by insats and indicator, what a gap takes left open."""
    gram, cross = _least_squares(amounts, left)
    n_outcomes = left.shape[1]
    one_gap = np.eye(len(cross))[:, : len(cross) - n_outcomes + 1]
    one_gap[-n_outcomes:, -1] = 1.0
    gram, cross = one_gap.T @ gram @ one_gap, cross @ one_gap
    known = gram[:-1, -1] / gram[-1, -1]
    return gram[:-1, :-1] - np.outer(known, gram[-1, :-1]), cross[:-1] - known * cross[-1]


def _sampled(precision: Floats, towards: Floats, drawn: _Drawn) -> Floats:
    """Give the mean over samples of strengths by insats and indicator, shape (K, J)."""
    rng, (n_insatser, n_outcomes), sizes = np.random.default_rng(0), drawn.odds.shape, drawn.sizes
    on_target = float(np.mean(sizes.targets))
    aims, strength = drawn.odds > 0, drawn.strength.copy()
    effects = (strength[:, None] * np.where(aims, on_target, sizes.spill)).ravel()
    pull, total = towards - precision @ effects, np.zeros(len(towards))
    for sweep in range(_SWEEPS):
        for k in range(n_insatser):
            own = slice(k * n_outcomes, (k + 1) * n_outcomes)
            for j in range(n_outcomes):
                at = own.start + j
                step = strength[k] * (sizes.spill if aims[k, j] else on_target) - effects[at]
                likelier = step * pull[at] - 0.5 * precision[at, at] * step**2
                if np.log(rng.random()) < likelier + (-1 if aims[k, j] else 1) * drawn.odds[k, j]:
                    aims[k, j] = not aims[k, j]
                    pull -= precision[:, at] * step
                    effects[at] += step
            shape = np.where(aims[k], on_target, sizes.spill)
            seen = float(shape @ precision[own, own] @ shape)
            now = _strength(rng, seen, float(shape @ pull[own]) + seen * strength[k], float(drawn.strength[k]), sizes)
            pull -= precision[:, own] @ ((now - strength[k]) * shape)
            effects[own], strength[k] = now * shape, now
        if sweep >= _FORGOTTEN:
            total += effects
    return (total / (_SWEEPS - _FORGOTTEN)).reshape(n_insatser, n_outcomes)


def _strength(
    rng: np.random.Generator, precision: float, towards: float, of_type: float, sizes: parameters.EffectSizes
) -> float:
    """Draw the strength of an insats, helpful or harmful, as what is seen and how it was drawn together have it."""
    means = np.array([of_type, -sizes.harm])
    inverse = np.array([sizes.deviation, _HARM_SD]) ** -2.0
    total, pulled = precision + inverse, towards + means * inverse
    logs = np.log([1 - sizes.harmful, sizes.harmful]) + 0.5 * np.log(inverse / total)
    logs += 0.5 * (pulled**2 / total - means**2 * inverse)
    which = int(np.log(rng.random()) >= -np.logaddexp(0.0, logs[1] - logs[0]))
    return float(pulled[which] / total[which] + rng.standard_normal() / np.sqrt(total[which]))


def _of_type(world: "World") -> Floats:
    return _members(np.array([insats.type for insats in world.catalogue.insatser]))


def _members(kinds: npt.NDArray[np.str_]) -> Floats:
    """Tell who is of which kind: 0 or 1, shape (K, kinds)."""
    return (kinds[:, None] == np.unique(kinds)).astype(float)
