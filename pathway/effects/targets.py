"""What insatser aim at: an insats may do much for a few outcomes and little for the rest, and then that shows.

`pathway.effects.shrinkage` believes effects to be normal about their type's, which is to say nothing of whether an
insats works on everything a little or on a few things much. Here the second is tried: effects at full strength are
either large or small, each normal about a mean of its own; how often large, on each outcome, follows from what the type
does. It matters for what an insats gives in all. Good and bad times move all outcomes together and blur the mean over
them, but not which of them stand out; and if the rest are known to be small, those that stand out tell the sum.

Empirical Bayes with two groups (Efron 2010, Large-Scale Inference, chapters 1 and 2), by EM, the error that all
outcomes share summed over a grid. A few effects may be as large the other way, so that harm is not taken for little.
How surely effects are spread so rather than evenly is told by the likelihoods, with BIC's penalty, and is the weight
that it has. Uncertainty stays that of the even spread.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.layout import Layout
from pathway.effects.outcomes import Effects
from pathway.effects.shrinkage import Posterior

Array = npt.NDArray[np.float64]
FEWEST_OUTCOMES = 3  # with fewer there are no few outcomes among many
FEWEST_INSATSER = 5  # with fewer, how effects spread is anybody's guess
_HARMFUL = 0.02  # share of effects that may be as large the other way
_SHARES = (0.03, 0.9)  # of large effects on an outcome, at least and at most
_LEAST = 1e-5  # variance of a group
_ITERATIONS = 40
_SETTLED = 1e-3  # change of the means, in units, that ends the search
_MORE_PARAMETERS = 3  # two means, two variances and a share, instead of a mean and a variance
_GRID = np.linspace(-3.5, 3.5, 31)  # standard deviations of the error that outcomes share
_GRID_WEIGHTS = np.exp(-0.5 * _GRID**2) / np.exp(-0.5 * _GRID**2).sum()


@dataclass(frozen=True)
class Targets:
    """How effects at full strength spread, in units.

    Attributes
    ----------
    large, small
        Mean of effects on what insatser aim at, and on the rest.
    large_variance, small_variance
        Variances about these means.
    weight
        How surely they spread so, rather than evenly: 0 to 1.
    """

    large: float
    small: float
    large_variance: float
    small_variance: float
    weight: float = 0.0

    @classmethod
    def from_plain(cls, data: dict[str, float]) -> "Targets":
        """Turn plain data back."""
        return cls(**data)

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return asdict(self)


@dataclass(frozen=True)
class _Seen:
    """What the data alone say of effects at full strength, in units.

    Attributes
    ----------
    effects, of_type
        Shape (K, J), and what would be said of any insats of the type.
    shared_error, own_error
        Variance of the error that all outcomes share, and of each one's own, shape (K,).
    shared_prior, own_prior
        Variance that effects were believed to have about their type's: of the mean, and of a deviation, shape (K,).
    """

    effects: Array
    of_type: Array
    shared_error: Array
    own_error: Array
    shared_prior: Array
    own_prior: Array


def aim(effects: Effects, layout: Layout, is_anchor: npt.NDArray[np.bool_]) -> tuple[Effects, Targets | None]:
    """Move the own effects of insatser towards what follows if each aims at a few outcomes, as surely as it does.

    Parameters
    ----------
    is_anchor
        Insatser whose strength is what they do alone, shape (K,). That of the others is what they do beside those.

    Returns
    -------
    effects, and how they spread; unchanged, and None, where there are too few outcomes or insatser to tell
    """
    if effects.own is None or len(effects.own.mean) < FEWEST_OUTCOMES or len(is_anchor) < FEWEST_INSATSER:
        return effects, None
    alone = is_anchor if is_anchor.any() else np.ones(len(is_anchor), dtype=np.bool_)
    whole = _whole(layout, alone)
    seen = _seen(effects, effects.own, layout, whole)
    spread, expected = _spread(seen)
    shift = spread.weight * (expected - effects.coefficients.dot(whole.T).T)
    mean = shift.mean(axis=1, keepdims=True)
    common = _moved(effects.common, layout, whole, alone, mean)
    return Effects(common, _moved(effects.own, layout, whole, alone, shift - mean)), spread


def _whole(layout: Layout, alone: npt.NDArray[np.bool_]) -> Array:
    """Give the coefficients that full strength is made of, shape (K, P): beside, as much again and something more."""
    rows = np.zeros((layout.n_insatser, layout.size))
    rows[:, layout.alone] = layout.membership * np.where(alone, 1.0, 2.0)[:, None]
    rows[:, layout.beside] = layout.membership * np.where(alone, 0.0, 1.0)[:, None]
    return rows


def _seen(effects: Effects, each_outcome: Posterior, layout: Layout, whole: Array) -> _Seen:
    """Take away again what was believed of group and insats; what is believed of all and of types stays."""
    shared, own = np.r_[: 1 + layout.n_types], whole.copy()
    own[:, shared] = own[:, layout.beside.start + shared] = 0.0
    of_type = effects.coefficients.dot((whole - own).T).T
    common, common_error, common_prior = _without_belief(effects.common, layout, own)
    each, each_error, each_prior = _without_belief(each_outcome, layout, own)
    n_outcomes = each.shape[1]
    # deviations from a mean have lost a share of 1 / J of the error of single outcomes, and the mean has it
    own_error = each_error * n_outcomes / (n_outcomes - 1)
    return _Seen(
        effects=of_type + common + each - each.mean(axis=1, keepdims=True),
        of_type=of_type,
        shared_error=np.maximum(common_error - own_error / n_outcomes, 0.01 * common_error),
        own_error=own_error,
        shared_prior=common_prior,
        own_prior=each_prior * n_outcomes / (n_outcomes - 1),
    )


def _without_belief(posterior: Posterior, layout: Layout, rows: Array) -> tuple[Array, Array, Array]:
    """Give sums of coefficients as the data alone have them (K, 1 or J), their error's and their prior's variance."""
    prior = (rows**2 * posterior.variances[layout.blocks.of]).sum(axis=1)
    left = np.einsum("kp,pq,kq->k", rows, posterior.covariance[0], rows)
    left = np.minimum(left, 0.99 * prior)  # nobody had it: known to a hundredth, which is next to nothing
    learned = prior / np.maximum(prior - left, np.finfo(float).tiny)
    return posterior.mean.dot(rows.T).T * learned[:, None], left * learned, prior


def _spread(seen: _Seen) -> tuple[Targets, Array]:
    """Find how effects spread, and what is expected of each then, shape (K, J)."""
    y, variance = seen.effects, float(seen.effects.var())
    spread = Targets(
        float(np.quantile(y, 0.85)), float(np.median(y)) / 2, variance / 4 + _LEAST, variance / 10 + _LEAST
    )
    for _ in range(_ITERATIONS):
        before, (expected, likelihood, spread) = spread, _step(seen, spread)
        if max(abs(spread.large - before.large), abs(spread.small - before.small)) < _SETTLED:
            break
    odds = likelihood - _evenly(seen) - 0.5 * _MORE_PARAMETERS * np.log(len(y))
    return replace(spread, weight=float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))), expected


def _step(seen: _Seen, spread: Targets) -> tuple[Array, float, Targets]:
    """Give what is expected (K, J), its log likelihood, and how effects spread by that: one step of EM."""
    apart = max(spread.large - spread.small, _SETTLED)
    share = np.clip((seen.of_type - spread.small) / apart, *_SHARES)
    # where no share gives what the type does, both groups lie as far off
    off = seen.of_type - share * spread.large - (1 - share) * spread.small
    rest = seen.effects[None] - (_GRID[:, None] * np.sqrt(seen.shared_error))[:, :, None]  # less the shared error
    groups = (
        ((1 - _HARMFUL) * share, spread.large, spread.large_variance),
        ((1 - _HARMFUL) * (1 - share), spread.small, spread.small_variance),
        (_HARMFUL, -spread.large, spread.large_variance),
    )
    error = seen.own_error[None, :, None]
    weighed = np.stack([part * _density(rest - mean - off, variance + error) for part, mean, variance in groups])
    total = weighed.sum(axis=0) + np.finfo(float).tiny
    of_grid = np.log(total).sum(axis=2) + np.log(_GRID_WEIGHTS)[:, None]
    top = of_grid.max(axis=0)
    on_grid = np.exp(of_grid - top)
    likelihood = float((top + np.log(on_grid.sum(axis=0))).sum())
    belongs = weighed / total * (on_grid / on_grid.sum(axis=0))[:, :, None]

    expected, found = np.zeros_like(off), []
    for member, (_, mean, variance) in zip(belongs, groups, strict=True):
        kept = variance / (variance + error)
        told = mean + kept * (rest - mean - off)
        expected += (member * (told + off)).sum(axis=0)
        size = member.sum() + np.finfo(float).tiny
        centre = float((member * told).sum() / size)
        found.append((centre, max(float((member * ((told - centre) ** 2 + kept * error)).sum() / size), _LEAST)))
    (large, large_variance), (small, small_variance), _ = found
    return expected, likelihood, Targets(large, small, large_variance, small_variance)


def _density(distance: Array, variance: Array) -> Array:
    density: Array = np.exp(-0.5 * distance**2 / variance) / np.sqrt(2 * np.pi * variance)
    return density


def _evenly(seen: _Seen) -> float:
    """Give the log likelihood where effects are normal about their type's, as `pathway.effects.shrinkage` has them."""
    off = seen.effects - seen.of_type
    mean, n_outcomes = off.mean(axis=1), off.shape[1]
    squares = ((off - mean[:, None]) ** 2).sum(axis=1)
    of_mean = seen.shared_prior + seen.shared_error + seen.own_error / n_outcomes
    of_each = seen.own_prior + seen.own_error
    logs = np.log(2 * np.pi * of_mean) + mean**2 / of_mean + np.log(n_outcomes)
    logs += (n_outcomes - 1) * np.log(2 * np.pi * of_each) + squares / of_each
    return float(-0.5 * logs.sum())


def _moved(posterior: Posterior, layout: Layout, whole: Array, alone: npt.NDArray[np.bool_], shift: Array) -> Posterior:
    """Move the own coefficients of each insats so that its full strength moves by `shift`, shape (K, 1 or J).

    What it does alone moves along as far as the two hang together, at most so that it stays half of the whole.
    """
    towards = whole @ posterior.covariance[0]
    together = (towards[:, layout.alone] * layout.membership).sum(axis=1)
    rate = together / np.maximum((towards * whole).sum(axis=1), np.finfo(float).tiny)
    rate = np.where(alone, 1.0, np.clip(rate, 0.0, 0.5))
    own, mean = np.arange(-layout.n_insatser, 0), posterior.mean.copy()
    mean[:, layout.alone.stop + own] += (shift * rate[:, None]).T
    mean[:, layout.beside.stop + own] += np.where(alone, 0.0, (shift * (1 - 2 * rate)[:, None]).T)
    return replace(posterior, mean=mean)
