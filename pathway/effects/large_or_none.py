"""Infers effects that are large or about nothing, all of them together, by expectation propagation.

The data say of effects F of K insatser on J outcomes ``exp(sum(towards * F) - F'precision F / 2)``, where outcomes hang
together by their mean only. Beforehand each effect is large, about nothing, or as large the other way. What follows is
not normal; expectation propagation (Minka 2001) stands in for what the groups say of each effect by what is normal and
gives the same mean and variance, given what the data and all other effects say of it. For priors of two groups that
comes close to sampling at a fraction of its cost (Hernández-Lobato, Hernández-Lobato and Suárez 2015, Machine Learning
99). How the groups spread is learned on the way, as in EM.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
_HARMFUL = 0.02  # share of effects that may be as large the other way
_SHARES = (0.02, 0.95)  # of large effects, at least and at most
_OF_ALL = 4.0  # insatser that the share of all is worth beside those of a type
_BELIEVED, _WEIGHT = 0.1**2, 3.0  # variance of large effects beforehand, in units, and how many effects that is worth
_LEAST = 1e-4  # variance of a group
_ITERATIONS, _UNDISTURBED = 60, 3  # at most; and how many with the groups as they are at first
_DAMPING = 0.5
_SETTLED = 1e-3  # change of every effect, in units, that ends the search
_PRECISIONS = (1.0, 1e6)  # of what the groups say of a single effect


@dataclass(frozen=True)
class Inferred:
    """What is expected of each effect (J, K), the groups that effects are in, and the log evidence for that."""

    expected: Array
    groups: "Groups"
    evidence: float


def infer(of_mean: Array, of_each: Array, towards: Array, groups: "Groups", type_of: Ints | None = None) -> Inferred:
    """Infer effects.

    Parameters
    ----------
    of_mean, of_each
        Precision of the mean over the outcomes, and of a deviation from it, shape (K, K).
    towards
        Shape (J, K).
    groups
        To begin with.
    type_of
        Number of the type of each insats, shape (K,); ``None``: the groups stay as they are.
    """
    sites = _Sites(np.full(towards.shape, 1 / _BELIEVED), np.zeros(towards.shape))
    expected = np.zeros(towards.shape)
    for number in range(_ITERATIONS):
        before, whole = expected, _Whole.of(of_mean, of_each, towards, sites)
        one = _One.of(whole, sites, groups)
        expected = one.expected
        if number > _UNDISTURBED and np.abs(expected - before).max() < _SETTLED:
            break
        sites = sites.towards(one)
        if type_of is not None and number >= _UNDISTURBED:
            groups = groups.by(one, type_of)
    return Inferred(expected, groups, whole.log_integral + float(one.log_sites.sum()))


@dataclass(frozen=True)
class Groups:
    """Mean of large effects, variances of large and small ones, share of large ones by outcome and insats (J, K)."""

    large: float
    variances: tuple[float, float]
    shares: Array

    @classmethod
    def at_first(cls, effects: Array) -> "Groups":
        """Begin with the upper of effects (J, K) as they seem to be."""
        spread = float(effects.var())
        large = max(float(np.quantile(effects, 0.85)), 0.05)
        return cls(large, (max(spread / 4, 0.03**2), max(spread / 10, 0.01**2)), np.full(effects.shape, 0.3))

    def parts(self) -> list[tuple[Array, float, float]]:
        """Give share, mean and variance of large, small, and harmful effects."""
        large_variance, small_variance = self.variances
        return [
            ((1 - _HARMFUL) * self.shares, self.large, large_variance),
            ((1 - _HARMFUL) * (1 - self.shares), 0.0, small_variance),
            (np.full_like(self.shares, _HARMFUL), -self.large, large_variance),
        ]

    def by(self, one: "_One", type_of: Ints) -> "Groups":
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
        return Groups(centre, (max(of_large, _LEAST), max(of_small, _LEAST)), shares)


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
    def of(cls, whole: _Whole, sites: _Sites, groups: Groups) -> "_One":
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
