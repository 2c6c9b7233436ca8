"""A figure with its interval: ratios of sums over clients, since one client's rows are never independent."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway.effects.gain_model import NORMAL_90

Array = npt.NDArray[np.float64]
CERTAIN = 0.01  # chance that a whole family of looks at sound data finds anything


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 90 % interval, and the clients that it rests on."""

    mean: float
    low: float
    high: float
    n_clients: int

    @property
    def se(self) -> float:
        """Standard error."""
        return (self.high - self.low) / (2 * NORMAL_90)

    def below(self, limit: float, n_looks: int = 1) -> bool:
        """Tell whether the figure is certainly below a limit, where as many looks are taken (`CERTAIN`)."""
        return self.mean + _certain(n_looks) * self.se < limit

    def above(self, limit: float, n_looks: int = 1) -> bool:
        """Tell whether the figure is certainly above a limit, where as many looks are taken (`CERTAIN`)."""
        return self.mean - _certain(n_looks) * self.se > limit


@dataclass(frozen=True)
class LeftOut:
    """What was not computed, and why, in one Swedish sentence."""

    why: str


def around(mean: float, se: float, n_clients: int) -> Estimate:
    """Make an estimate of a mean and its standard error."""
    half = NORMAL_90 * se
    return Estimate(float(mean), float(mean - half), float(mean + half), int(n_clients))


def ratio(above: Array, below: Array, clients: npt.NDArray[Any]) -> Estimate | None:
    """Give the ratio of two sums over rows, shapes (n,), with whole clients as what varies.

    The interval is linearised, which is what resampling clients gives where there are more than a few dozen; None where
    `below` sums to nothing or there are fewer than two clients.
    """
    codes, names = pd.factorize(clients)
    total = below.sum()
    if len(names) < 2 or not total > 0:
        return None
    sums = [np.bincount(codes, part, len(names)) for part in (above, below)]
    mean = float(sums[0].sum() / total)
    influence = (sums[0] - mean * sums[1]) / total
    se = float(np.sqrt(len(names) / (len(names) - 1) * (influence**2).sum()))
    return around(mean, se, int((sums[1] > 0).sum()))


def or_nothing(estimate: Estimate | None) -> Estimate:
    """Give an estimate, or a 0 that rests on nobody where there is none."""
    return estimate if estimate is not None else Estimate(0.0, 0.0, 0.0, 0)


def between(one: Estimate, other: Estimate) -> Estimate:
    """Give the difference between two figures of different clients."""
    se = float(np.hypot(one.se, other.se))
    return around(one.mean - other.mean, se, min(one.n_clients, other.n_clients))


@dataclass(frozen=True)
class Spread:
    """How much parts (caseworkers, raters) differ beyond what chance makes them differ.

    Attributes
    ----------
    sd
        Standard deviation between the true values of parts, by moments (DerSimonian & Laird 1986); never below 0.
    chance
        How often parts that are all alike would differ as much (Cochran's Q).
    mean
        Of the parts, weighed by how well each is known.
    """

    sd: float
    chance: float
    mean: Estimate
    n_parts: int


def spread(means: Array, ses: Array) -> Spread | None:
    """Say how much parts differ, given the mean and standard error of each, shapes (G,); None with fewer than three."""
    from scipy.stats import chi2

    if len(means) < 3:
        return None
    weights = 1 / ses**2
    pooled = float((weights * means).sum() / weights.sum())
    q, freedom = float((weights * (means - pooled) ** 2).sum()), len(means) - 1
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    variance = max(q - freedom, 0.0) / scale
    own = 1 / (ses**2 + variance)
    mean, se = float((own * means).sum() / own.sum()), float(np.sqrt(1 / own.sum()))
    return Spread(float(np.sqrt(variance)), float(chi2.sf(q, freedom)), around(mean, se, len(means)), len(means))


def _certain(n_looks: int) -> float:
    return NormalDist().inv_cdf(1 - CERTAIN / (2 * max(n_looks, 1)))
