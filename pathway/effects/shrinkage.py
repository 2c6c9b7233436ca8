"""Linear effects in blocks, each shrunk by a variance of its own that the data decide (empirical Bayes).

For every outcome j: ``r_j = D b_j + e_j`` with ``b_j[block] ~ N(0, v_block)`` and ``e_j ~ N(0, s)``. The variances are
shared by all outcomes, so that an outcome with little data borrows how much effects tend to differ. A block that the
data do not support is shrunk towards nothing: where no effect is planted, none is found.

A block of a handful of coefficients says little of its own variance. Each variance therefore has a scaled inverse
chi-squared prior, worth a few coefficients of a stated size, which keeps small blocks from running off or collapsing.

Source: the evidence approximation with MacKay's updates, e.g. Bishop, Pattern Recognition and Machine Learning (2006),
section 3.5; they settle in a tenth of the steps that EM takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_SMALLEST = 1e-10
_SETTLED = 0.01  # relative change of a variance from one step to the next that ends the search
_ITERATIONS = 60


@dataclass(frozen=True)
class Moments:
    """What posteriors need of the data, for J outcomes on one design of P columns.

    Attributes
    ----------
    gram
        ``D'D``, shape (1, P, P) where outcomes share it, else (J, P, P).
    cross, square, n
        ``D'r`` (J, P), ``r'r`` (J,) and the rows (J,).
    """

    gram: Array
    cross: Array
    square: Array
    n: Array

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.gram + other.gram, self.cross + other.cross, self.square + other.square, self.n + other.n)

    def spread(self, over: Array) -> "Moments":
        """Give the moments of coefficients that the P are sums of: `over` of shape (P, Q)."""
        return Moments(over.T @ self.gram @ over, self.cross @ over, self.square, self.n)


@dataclass(frozen=True)
class Blocks:
    """Which coefficient is in which block, and what is believed of a block's effects beforehand.

    Attributes
    ----------
    of
        Number of the block of each coefficient, from 0, shape (P,).
    sizes
        Standard deviation that the effects of each block are believed to have, one per block.
    weight
        How many coefficients that belief is worth.
    """

    of: npt.NDArray[np.intp]
    sizes: Sequence[float]
    weight: float


@dataclass(frozen=True)
class Posterior:
    """Coefficients (J, P), their covariance (1 or J, P, P), variances of the blocks and of the noise, and the data."""

    mean: Array
    covariance: Array
    variances: Array
    noise: float
    moments: Moments


def shrink(moments: Moments, blocks: Blocks, noise: float | None = None) -> Posterior:
    """Find the coefficients, and the variances of blocks and noise, that the data support.

    Parameters
    ----------
    noise
        Variance of the noise where it is known; estimated by default.
    """
    believed = np.square(np.asarray(blocks.sizes, dtype=np.float64))
    variances, members = believed, np.eye(len(believed))[blocks.of]
    known, rows = noise is not None, float(moments.n.sum())
    spread = float(noise if noise is not None else max(moments.square.sum() / max(rows, 1.0), _SMALLEST))
    for _ in range(_ITERATIONS):
        mean, cov = solve(moments, variances[blocks.of], spread)
        # how much of each coefficient the data decide, rather than the prior: 0 to 1
        decided = np.clip(1 - np.diagonal(cov, axis1=1, axis2=2) / variances[blocks.of], 0.0, 1.0)
        decided = np.broadcast_to(decided, mean.shape) * (moments.n > 0)[:, None]
        before = variances
        own = ((mean**2).sum(axis=0) @ members, decided.sum(axis=0) @ members)
        variances = (own[0] + blocks.weight * believed) / (own[1] + blocks.weight)
        if not known:
            spread = max(_left(moments, mean) / max(rows - float(decided.sum()), 1.0), _SMALLEST)
        if np.all(np.abs(variances - before) <= _SETTLED * before):
            break
    return given(moments, blocks, variances, spread)


def given(moments: Moments, blocks: Blocks, variances: Array, noise: float) -> Posterior:
    """Give the posterior where the variances of blocks and noise are known."""
    mean, cov = solve(moments, variances[blocks.of], noise)
    return Posterior(mean, cov, variances, noise, moments)


def evidence(moments: Moments, variances: Array) -> float:
    """Give the log evidence for these variances of the coefficients, (P,), against all of 0; noise of variance 1."""
    root = np.sqrt(variances)
    inner, towards = root[:, None] * moments.gram * root + np.eye(len(root)), moments.cross * root
    explained = (towards * np.linalg.solve(inner, towards[..., None])[..., 0]).sum()
    return float(explained - np.linalg.slogdet(inner)[1].sum()) / 2


def _left(moments: Moments, mean: Array) -> float:
    fitted = np.einsum("jp,jpq,jq->j", mean, np.broadcast_to(moments.gram, (len(mean), *moments.gram.shape[1:])), mean)
    return float((moments.square - 2 * (mean * moments.cross).sum(axis=1) + fitted).sum())


def solve(moments: Moments, prior: Array, noise: float = 1.0) -> tuple[Array, Array]:
    """Give coefficients (J, P) and covariances (1 or J, P, P), for a variance of each beforehand, (P,)."""
    # (G/s + V^-1)^-1 written with V^1/2 on both sides: no division by a block variance that nears zero
    root = np.sqrt(prior)
    inner = root[:, None] * moments.gram * root[None, :] / noise + np.eye(len(prior))
    cov = root[:, None] * np.linalg.inv(inner) * root[None, :]
    cov = (cov + cov.transpose(0, 2, 1)) / 2
    mean: Array = np.einsum("jpq,jq->jp", np.broadcast_to(cov, (len(moments.cross), *cov.shape[1:])), moments.cross)
    return mean / noise, cov
