"""Several outcomes as what they have in common, and what each has of its own.

Indicators move together: good and bad times lift or lower them all, and what helps one tends to help the others. The
mean over the outcomes and the deviations from it are therefore judged apart, each with noise and variances of its own.
That is the joint model of all outcomes where any two of them are alike (compound symmetry), at the price of two.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pathway.effects.shrinkage import Blocks, Moments, Posterior, given, shrink

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """Outcomes in units of their own spread, NaN where not measured.

    Attributes
    ----------
    mean
        Over what was measured, shape (n,).
    deviation
        From the mean, shape (n, J); without columns where there is one outcome only.
    """

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, outcomes: Array) -> "Split":
        """Split outcomes of shape (n, J)."""
        known = ~np.isnan(outcomes)
        with np.errstate(invalid="ignore"):
            mean = np.where(known, outcomes, 0.0).sum(axis=1) / known.sum(axis=1)
        return cls(mean, outcomes - mean[:, None] if outcomes.shape[1] > 1 else outcomes[:, :0])


@dataclass(frozen=True)
class Effects:
    """Posteriors of the coefficients (P) that all outcomes share and of each one's own.

    Attributes
    ----------
    common, own
        `own` is None where there is one outcome only.
    """

    common: Posterior
    own: Posterior | None

    @property
    def coefficients(self) -> Array:
        """Coefficient of each outcome, shape (J, P)."""
        return self.common.mean if self.own is None else self.common.mean + self.own.mean

    def noise(self) -> tuple[float, float]:
        """Variance of the noise of the mean, and of a deviation."""
        return self.common.noise, self.own.noise if self.own is not None else 1.0


def joined(steps: Array) -> Array:
    """Take the mean over outcomes from the first, and deviations from it from the last: (1 or 2, …, J) to (…, J)."""
    of_mean, of_each = steps[0], steps[-1]
    together: Array = of_each + (of_mean - of_each).mean(axis=-1, keepdims=True)
    return together


def fit(designs: Array, split: Split, weights: Array, blocks: Blocks, like: Effects | None = None) -> Effects:
    """Fit linear effects, rows weighted, shape (n,).

    Parameters
    ----------
    designs
        For the mean over the outcomes and for deviations, or one for both: shape (1 or 2, n, P).
    like
        Take the variances from here instead of estimating them.
    """

    def posterior(moments: Moments, model: Posterior | None) -> Posterior:
        return shrink(moments, blocks) if model is None else given(moments, blocks, model.variances, model.noise)

    common = posterior(_moments(designs[0], split.mean[:, None], weights), like.common if like else None)
    if not split.deviation.shape[1]:
        return Effects(common, None)
    return Effects(common, posterior(_moments(designs[-1], split.deviation, weights), like.own if like else None))


def _moments(design: Array, outcomes: Array, weights: Array) -> Moments:
    """Take the moments; outcomes share the rows where any of them is known, as far as most are."""
    known = ~np.isnan(outcomes)
    filled = np.where(known, outcomes, 0.0) * weights[:, None]
    share = known.mean(axis=1) * weights
    n = (known * weights[:, None]).sum(axis=0)
    scale = n.mean() / np.maximum(n, 1e-9)  # an outcome with gaps counts as if it were known as often as the others
    scale = np.where(n > 0, np.minimum(scale, 2.0), 0.0)
    gram = (design * share[:, None]).T @ design
    square = np.where(known, outcomes**2, 0.0).T @ weights * scale
    return Moments(gram[None], (filled * scale).T @ design, square, n * scale)
