"""What insatser aim at: an insats may do much for a few outcomes and little for the rest, and then that shows.

`pathway.effects.shrinkage` believes effects to be normal about their type's, which is to say nothing of whether an
insats works on everything a little or on a few things much. Here the second is tried: effects at full strength are
either large or about nothing; how large, and how often by type and outcome, is learned. It matters for what an insats
gives in all. Good and bad times move all outcomes together and blur the mean over them, but not which of them stand
out; and if the rest are about nothing, those that stand out tell the sum. A few effects may be as large the other way,
so that harm is not taken for little.

All effects are inferred together, since insatser that people had side by side are told apart from each other only as
far as each is known: expectation propagation (Minka 2001), which for priors of two groups comes close to sampling at a
fraction of its cost (Hernández-Lobato, Hernández-Lobato and Suárez 2015, Machine Learning 99). How the groups spread is
learned on the way, as in EM. How surely effects are spread so rather than evenly is told by the evidence for both, with
BIC's penalty, and is the weight that it has. Uncertainty stays that of the even spread.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.layout import FEWEST_OUTCOMES, Layout
from pathway.effects.outcomes import Effects
from pathway.effects.shrinkage import Moments, Posterior

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
FEWEST_INSATSER = 5  # with fewer, how effects spread is anybody's guess
_HARMFUL = 0.02  # share of effects that may be as large the other way
_SHARES = (0.02, 0.95)  # of large effects, at least and at most
_OF_ALL = 4.0  # insatser that the share of all is worth beside those of a type
_BELIEVED, _WEIGHT = 0.1**2, 3.0  # variance of large effects beforehand, in units, and how many effects that is worth
_LEAST = 1e-4  # variance of a group
_LEVEL = 0.06**2  # variance of what small effects are on average, beforehand: about nothing
_ALONE = (0.15, 0.9)  # share of full strength that insatser of other types than the anchor's give alone
_ITERATIONS, _UNDISTURBED = 60, 3  # at most; and how many with the groups as they are at first
_DAMPING = 0.5
_SETTLED = 1e-3  # change of every effect, in units, that ends the search
_PRECISIONS = (1.0, 1e6)  # of what the spread says of a single effect
_MORE_PARAMETERS = 4  # a mean, two variances, a share and that given alone, instead of a variance


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


def aim(effects: Effects, layout: Layout, is_anchor: npt.NDArray[np.bool_]) -> tuple[Effects, Targets | None]:
    """Move effects towards what follows if each insats aims at a few outcomes, as surely as it does.

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
    made_of, plainly = _made_of(effects, layout, is_anchor if is_anchor.any() else np.ones_like(is_anchor))
    of_mean = _Told.of(effects.common, layout, made_of, np.array([_LEVEL]))
    of_each = _Told.of(effects.own, layout, made_of, np.zeros(0))
    type_of = layout.membership[:, 1 : 1 + layout.n_types].argmax(axis=1)
    expected, spread, evidence = _spread(of_mean, of_each, type_of, plainly)

    n_outcomes = len(expected.T)
    odds = evidence - of_mean.evidence(1.0) - of_each.evidence(1 - 1 / n_outcomes)
    odds -= 0.5 * _MORE_PARAMETERS * np.log(expected.size)
    mean = expected.mean(axis=1)
    level = float(of_mean.rest_beside(mean[:, None])[0, 0])
    weight = float(1 / (1 + np.exp(-np.clip(odds, -50, 50))))
    spread = replace(spread, large=spread.large + level, small=level, weight=weight)
    return Effects(
        _moved(effects.common, of_mean.coefficients(mean[:, None]), spread.weight),
        _moved(effects.own, of_each.coefficients(expected - mean[:, None]), spread.weight),
    ), spread


def _made_of(effects: Effects, layout: Layout, anchor: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Give the coefficients that an effect at full strength comes to, (P, K), and effects in the even spread, (K, J).

    Insatser of other types give the same share of it alone, all of it beside an anchor; what they all give alone and
    beside, as the even spread has it, tells the share.
    """
    alone = layout.membership @ effects.coefficients[:, layout.alone].T
    beside = layout.membership @ effects.coefficients[:, layout.beside].T
    others = ~anchor
    at_full = np.where(others[:, None], 2 * alone + beside, alone)
    full = float(at_full[others].sum())
    share = np.ones(layout.n_insatser)
    share[others] = np.clip(alone[others].sum() / full, *_ALONE) if full > 0 else 0.5
    made_of = np.zeros((layout.size, layout.n_insatser))
    made_of[layout.own] = np.diag(share)
    made_of[layout.beside][-layout.n_insatser :] = np.diag(np.where(others, 1 - 2 * share, 0.0))
    return made_of, at_full


@dataclass(frozen=True)
class _Told:
    """What the data tell of effects F at full strength, by ``exp(F'towards - F'precision F / 2)``; the rest left open.

    The rest is what is learned beside effects: what small ones are on average, what is added beside an anchor on top of
    the share, gaps, late starts.

    Attributes
    ----------
    precision, towards
        Shapes (K, K) and (J, K), or (1, K) for the mean over outcomes.
    moments
        Of all coefficients, by units of the noise.
    made_of, rest
        Coefficients of an effect (P, K), and of the rest (P, R).
    prior, evenly
        Variances of the rest (R,), and of all coefficients in the even spread (P,), there with what all insatser do as
        large as it is: it is hardly shrunk, which evidence would take for a bad guess.
    """

    precision: Array
    towards: Array
    moments: Moments
    made_of: Array
    rest: Array
    prior: Array
    evenly: Array

    @classmethod
    def of(cls, posterior: Posterior, layout: Layout, made_of: Array, level: Array) -> "_Told":
        """Take the data's part of a posterior; `level` is the variance of what all effects have in common, or empty."""
        seen, variances = posterior.moments, np.maximum(posterior.variances[layout.blocks.of], 1e-10)
        scaled = Moments(seen.gram / posterior.noise, seen.cross / posterior.noise, seen.square, seen.n)
        rest = np.hstack([made_of.sum(axis=1)[:, None][:, : len(level)], np.eye(layout.size)[:, layout.beside.start :]])
        prior = np.r_[level, variances[layout.beside.start :]]
        of_effects, of_rest = scaled.spread(made_of), scaled.spread(rest)
        between = made_of.T @ scaled.gram[0] @ rest
        known = np.linalg.solve(of_rest.gram[0] + np.diag(1 / prior), between.T)
        return cls(
            precision=of_effects.gram[0] - between @ known,
            towards=of_effects.cross - of_rest.cross @ known,
            moments=scaled,
            made_of=made_of,
            rest=rest,
            prior=prior,
            evenly=np.r_[max(float((posterior.mean[:, 0] ** 2).mean()), _LEAST), variances[1:]],
        )

    def rest_beside(self, effects: Array) -> Array:
        """Give what is expected of the rest beside effects of shape (K, J or 1): shape (J or 1, R)."""
        gram = self.moments.gram[0]
        left = (self.moments.cross - (self.made_of @ effects).T @ gram) @ self.rest
        rest: Array = np.linalg.solve(self.rest.T @ gram @ self.rest + np.diag(1 / self.prior), left.T).T
        return rest

    def coefficients(self, effects: Array) -> Array:
        """Give all coefficients that go with effects of shape (K, J or 1): shape (J or 1, P)."""
        coefficients: Array = (self.made_of @ effects).T + self.rest_beside(effects) @ self.rest.T
        return coefficients

    def evidence(self, share: float) -> float:
        """Give the log evidence of the even spread beyond that of the rest alone.

        Parameters
        ----------
        share
            Of the outcomes, how many a deviation from their mean tells of.
        """
        return self._of(np.eye(len(self.evenly)), self.evenly, share) - self._of(self.rest, self.prior, share)

    def _of(self, columns: Array, prior: Array, share: float) -> float:
        seen, prior = self.moments.spread(columns), prior / share
        inner = np.eye(len(prior)) + prior[:, None] * seen.gram[0]
        explained = (seen.cross.T * np.linalg.solve(inner, prior[:, None] * seen.cross.T)).sum()
        return float(0.5 * explained - 0.5 * share * len(seen.cross) * np.linalg.slogdet(inner)[1])


def _moved(posterior: Posterior, coefficients: Array, weight: float) -> Posterior:
    return replace(posterior, mean=posterior.mean + weight * (coefficients - posterior.mean))


def _spread(of_mean: _Told, of_each: _Told, type_of: Ints, plainly: Array) -> tuple[Array, Targets, float]:
    """Find what is expected of each effect (K, J), how effects spread, and the log evidence for it."""
    towards = of_each.towards - of_each.towards.mean(axis=0) + of_mean.towards / len(of_each.towards)
    sites = _Sites(np.full(towards.shape, 1 / _BELIEVED), np.zeros(towards.shape))
    groups, expected = _at_first(plainly.T), np.zeros(towards.shape)
    for number in range(_ITERATIONS):
        before, whole = expected, _Whole.of(of_mean.precision, of_each.precision, towards, sites)
        one = _One.of(whole, sites, groups)
        expected = one.expected
        if number > _UNDISTURBED and np.abs(expected - before).max() < _SETTLED:
            break
        sites = sites.towards(one)
        if number >= _UNDISTURBED:
            groups = groups.by(one, type_of)
    spread = Targets(groups.large, 0.0, *groups.variances)
    return expected.T, spread, whole.log_integral + float(one.log_sites.sum())


@dataclass(frozen=True)
class _Groups:
    """Mean of large effects, variances of large and small ones, share of large ones by outcome and insats (J, K)."""

    large: float
    variances: tuple[float, float]
    shares: Array

    def parts(self) -> list[tuple[Array, float, float]]:
        """Give share, mean and variance of large, small, and harmful effects."""
        large_variance, small_variance = self.variances
        return [
            ((1 - _HARMFUL) * self.shares, self.large, large_variance),
            ((1 - _HARMFUL) * (1 - self.shares), 0.0, small_variance),
            (np.full_like(self.shares, _HARMFUL), -self.large, large_variance),
        ]

    def by(self, one: "_One", type_of: Ints) -> "_Groups":
        """Give the groups as effects belong to them: the M step of EM, each share leaning on that of all effects."""
        belongs = one.belongs[0]
        shares = np.empty_like(belongs)
        for kind in np.unique(type_of):
            own = belongs[:, type_of == kind]
            share = (own.sum(axis=1) + _OF_ALL * belongs.mean()) / (own.shape[1] + _OF_ALL)
            shares[:, type_of == kind] = np.clip(share, *_SHARES)[:, None]
        (large, small, _), sizes = one.belongs, one.belongs.sum(axis=(1, 2)) + np.finfo(float).tiny
        centre = float((large * one.means[0]).sum() / sizes[0])
        squares = float((large * ((one.means[0] - centre) ** 2 + one.variances[0])).sum())
        of_large = (squares + _WEIGHT * _BELIEVED) / float(sizes[0] + _WEIGHT)
        of_small = float((small * (one.means[1] ** 2 + one.variances[1])).sum() / sizes[1])
        return _Groups(centre, (max(of_large, _LEAST), max(of_small, _LEAST)), shares)


def _at_first(y: Array) -> _Groups:
    """Begin with the upper of the effects (J, K) in the even spread."""
    variances = (max(float(y.var()) / 4, 0.03**2), max(float(y.var()) / 10, 0.01**2))
    return _Groups(max(float(np.quantile(y, 0.85)), 0.05), variances, np.full(y.shape, 0.3))


@dataclass(frozen=True)
class _Sites:
    """What the spread says of each effect, as ``exp(F towards - precision F^2 / 2)``: shapes (J, K)."""

    precision: Array
    pull: Array

    def towards(self, one: "_One") -> "_Sites":
        """Go some way to what says the same of each effect as the groups do."""
        precision = np.clip(1 / one.variance - one.others_precision, *_PRECISIONS)
        pull = one.expected * (precision + one.others_precision) - one.others_pull
        return _Sites(
            self.precision + _DAMPING * (precision - self.precision), self.pull + _DAMPING * (pull - self.pull)
        )


@dataclass(frozen=True)
class _Whole:
    """All effects as normal: their means and variances (J, K), and the log of the integral."""

    mean: Array
    variance: Array
    log_integral: float

    @classmethod
    def of(cls, of_mean: Array, of_each: Array, towards: Array, sites: _Sites) -> "_Whole":
        """Put data and sites together.

        Outcomes hang together by their mean only: each is inverted alone, and the mean follows by Woodbury's identity.
        """
        n_outcomes, n_insatser = towards.shape
        less = (n_outcomes * of_each - of_mean) / n_outcomes**2  # precision that the mean lacks, by pair of outcomes
        alone = of_each + sites.precision[:, :, None] * np.eye(n_insatser)
        inverse = np.linalg.inv(alone)
        inner = np.eye(n_insatser) - less @ inverse.sum(axis=0)
        shared = np.linalg.solve(inner, less)
        pull = towards + sites.pull
        by_itself = np.einsum("jkl,jl->jk", inverse, pull)
        together = by_itself.sum(axis=0)
        mean = by_itself + np.einsum("jkl,l->jk", inverse, shared @ together)
        variance = np.diagonal(inverse, axis1=1, axis2=2) + ((inverse @ shared) * inverse).sum(axis=2)
        size = np.linalg.slogdet(alone)[1].sum() + np.linalg.slogdet(inner)[1]
        integral = 0.5 * ((pull * by_itself).sum() + together @ shared @ together) - 0.5 * size
        return cls(mean, variance, float(integral))


@dataclass(frozen=True)
class _One:
    """Each effect by itself: what the groups make of what the data and all other effects say of it, shapes (J, K).

    Attributes
    ----------
    others_precision, others_pull
        What data and other effects say.
    belongs, means, variances
        Chance of each group, and what is expected if it is that one, shapes (3, J, K).
    expected, variance
        Over the groups.
    log_sites
        Logarithm of the factor by which each site falls short of the groups.
    """

    others_precision: Array
    others_pull: Array
    belongs: Array
    means: Array
    variances: Array
    expected: Array
    variance: Array
    log_sites: Array

    @classmethod
    def of(cls, whole: _Whole, sites: _Sites, groups: _Groups) -> "_One":
        """Take each effect's own site away and put the groups in its place."""
        precision = np.maximum(1 / whole.variance - sites.precision, 1e-6)
        pull = whole.mean / whole.variance - sites.pull
        centre, spread = pull / precision, 1 / precision
        parts = groups.parts()
        logs = np.stack(
            [
                np.log(share) - 0.5 * np.log(variance + spread) - 0.5 * (centre - mean) ** 2 / (variance + spread)
                for share, mean, variance in parts
            ]
        )
        top = logs.max(axis=0)
        total = np.exp(logs - top).sum(axis=0)
        belongs = np.exp(logs - top) / total
        variances = np.stack([1 / (1 / variance + precision) for _, _, variance in parts])
        means = variances * np.stack([mean / variance + pull for _, mean, variance in parts])
        expected = (belongs * means).sum(axis=0)
        of_site = 0.5 * ((pull + sites.pull) ** 2 / (precision + sites.precision) - pull**2 / precision)
        of_site -= 0.5 * np.log1p(sites.precision / precision)
        return cls(
            others_precision=precision,
            others_pull=pull,
            belongs=belongs,
            means=means,
            variances=variances,
            expected=expected,
            variance=np.maximum((belongs * (variances + means**2)).sum(axis=0) - expected**2, 1e-9),
            log_sites=top + np.log(total) - of_site,
        )
