"""Which traits decide whom insatser help: most hardly matter, a few do, to types and to single insatser alike.

Differences between people hang on few of the traits that are known of them, and a trait that matters to one insats
tends to matter to others. Each trait therefore either hardly matters to any, or it matters, with one of a few sizes for
types and one for what is an insats' own; what the data say of both decides (a spike and slab over groups of
coefficients: George & McCulloch 1993, Journal of the American Statistical Association 88). A variance that is only
fitted stays near what is believed of it where single coefficients are unsure, though many of them together tell.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pathway.effects.shrinkage import Moments, solve

Array = npt.NDArray[np.float64]
MATTERS = 0.07  # share of traits that are believed to matter
HARDLY = 0.02  # standard deviation of factors per standard deviation of a trait that hardly matters
OF_TYPES = (0.03, 0.1, 0.2)  # and of one that matters, between types
OF_INSATSER = (0.08, 0.15, 0.22)  # and between insatser of a type
_START = 0.04  # of every trait, before people have told anything
_SWEEPS = 10


@dataclass(frozen=True)
class Deciding:
    """How much traits matter, shape (q,).

    Attributes
    ----------
    chance
        That a trait matters.
    of_types, of_insatser
        Variances of the factors of types, and of what is an insats' own.
    """

    chance: Array
    of_types: Array
    of_insatser: Array

    @classmethod
    def start(cls, n_traits: int) -> "Deciding":
        """Take all traits to be alike."""
        return cls(np.full(n_traits, MATTERS), np.full(n_traits, _START**2), np.full(n_traits, _START**2))

    def over(self, columns: npt.NDArray[np.intp], rest: Array) -> Array:
        """Give the variance of each of the types' columns: its trait's, or the rest's where it is -1, no trait's."""
        return np.where(columns < 0, rest, np.append(self.of_types, 0.0)[columns])

    def settle(self, types: Moments, columns: npt.NDArray[np.intp], rest: Array, insatser: Moments) -> "Deciding":
        """Judge the traits by what the data say.

        Parameters
        ----------
        types, columns
            Moments of types' factors, and which column is which trait's, -1 for other columns.
        rest
            Variance of each column, looked at where it is no trait's.
        insatser
            Moments of what is each insats' own, a column for each trait.
        """
        found = self
        for _ in range(_SWEEPS):
            of_types = solve(types, found.over(columns, rest))
            of_insatser = solve(insatser, found.of_insatser)
            judged = []
            for trait in range(len(found.of_types)):
                own = np.flatnonzero(columns == trait)
                by_type = _evidence(
                    of_types[0][:, own], of_types[1][:, own[:, None], own], found.of_types[trait], OF_TYPES
                )
                by_insats = _evidence(
                    of_insatser[0][:, [trait]], of_insatser[1][:, [[trait]], [trait]], found.of_insatser[trait],
                    OF_INSATSER,
                )  # fmt: skip
                judged.append(_weighed(by_type, by_insats))
            found = Deciding(*np.array(judged).reshape(-1, 3).T)
        return found


def _evidence(mean: Array, covariance: Array, variance: float, sizes: tuple[float, ...]) -> Array:
    """Give the log evidence for a block that hardly matters, and for each size, against the variance that it has.

    Mean (B, t) and covariance (B, t, t) are posteriors of B blocks of t coefficients each, all of one variance.
    """
    logs = []
    for size in (HARDLY, *sizes):
        more = 1 / size**2 - 1 / variance
        inner = np.eye(mean.shape[1]) + more * covariance
        solved = np.linalg.solve(inner, mean[..., None])[..., 0]
        lost = np.linalg.slogdet(inner)[1].sum() + more * (mean * solved).sum()
        logs.append(-0.5 * (lost + mean.size * np.log(size**2 / variance)))
    return np.array(logs)


def _weighed(by_type: Array, by_insats: Array) -> tuple[float, float, float]:
    """Weigh the sizes by what both say of them: the chance that a trait matters, and geometric means of variances."""
    logs = np.full((len(by_type), len(by_insats)), -np.inf)
    logs[0, 0] = np.log(1 - MATTERS) + by_type[0] + by_insats[0]
    each = MATTERS / (len(OF_TYPES) * len(OF_INSATSER))
    logs[1:, 1:] = np.log(each) + by_type[1:, None] + by_insats[None, 1:]
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    of_types, of_insatser = (2 * np.log(np.array([HARDLY, *sizes])) for sizes in (OF_TYPES, OF_INSATSER))
    variances = np.exp(weights.sum(axis=1) @ of_types), np.exp(weights.sum(axis=0) @ of_insatser)
    return float(1 - weights[0, 0]), float(variances[0]), float(variances[1])
