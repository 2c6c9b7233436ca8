"""Whom insatser help more: factors on their effects, in proportion, learned from all outcomes at once.

A person for whom an insats works better is taken to gain more on all that it works on: the effect on every outcome is
multiplied by ``1 + x'c + level * r``. That leaves one number per insats and trait instead of one per outcome too, and
it is the targets of an insats, where there is something to multiply, that tell. The effects that are multiplied come
from other people than those whose differences are looked at; else chance in the effects would look like differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.outcomes import Split
from pathway.effects.shrinkage import Blocks, Moments, shrink

Array = npt.NDArray[np.float64]
UNSEEN = (0.15, 0.15)  # variance of factors that no trait tells, as it is believed to be: mean and standard deviation
SIZE = 0.04  # factors are believed to differ by this much per standard deviation of a trait
ROOM = 0.2  # and by this much per standard deviation of the own level, for all insatser alike
WEIGHT = 4.0  # and that belief is worth so many coefficients


@dataclass(frozen=True)
class Factors:
    """Factors per standard deviation of a modifier.

    Attributes
    ----------
    slopes
        Of each insats, shape (K, q): its type's and its own.
    room
        By the outcome's own level at the start, by type, shape (T,).
    variance
        Posterior variance of a type's slopes and room, shape (T, q + 1, q + 1).
    own_variance
        Posterior variance of what is an insats' own, shape (K, q).
    unseen
        Variance of the factors between people whom no trait tells apart.
    """

    slopes: Array
    room: Array
    variance: Array
    own_variance: Array
    unseen: float

    @classmethod
    def none(cls, n_insatser: int, n_types: int, n_modifiers: int) -> "Factors":
        """Factors of 1 for everybody."""
        return cls(
            np.zeros((n_insatser, n_modifiers)), np.zeros(n_types),
            np.zeros((n_types, n_modifiers + 1, n_modifiers + 1)), np.zeros((n_insatser, n_modifiers)), 0.0,
        )  # fmt: skip

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return {name: np.asarray(value).tolist() for name, value in vars(self).items()}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Factors":
        """Turn plain data back into factors."""
        unseen = float(data["unseen"])
        return cls(**{name: np.array(value) for name, value in data.items() if name != "unseen"}, unseen=unseen)

    def on(self, modifiers: Array, level: Array, type_of: npt.NDArray[np.intp]) -> Array:
        """Give the factor of each insats for people with these modifiers (n, q) and levels (n, …): (n, K, …)."""
        by_trait = 1.0 + modifiers @ self.slopes.T
        extra = by_trait.reshape(*by_trait.shape, *(1,) * (level.ndim - 1))
        room = self.room[type_of].reshape(1, -1, *(1,) * (level.ndim - 1))
        factor: Array = extra + room * level[:, None]
        return factor


@dataclass(frozen=True)
class Part:
    """Some people, and what effects learned from others say of them; outcomes in units of their own spread.

    Attributes
    ----------
    amounts
        What each insats is expected to have given, beyond what the features foretell of it, shape (n, K, J).
    whole
        What each insats is expected to have given in all, shape (n, K, J).
    modifiers, levels
        Shapes (n, q) and (n, J).
    left
        Outcome less all that is expected with a factor of 1, NaN where not measured, shape (n, J).
    noise
        Variance of the noise of the mean over outcomes, and of a deviation.
    weights
        Shape (n,).
    """

    amounts: Array
    whole: Array
    modifiers: Array
    levels: Array
    left: Array
    noise: tuple[float, float]
    weights: Array


def fit(parts: Sequence[Part], type_of: npt.NDArray[np.intp], n_types: int) -> Factors:
    """Learn factors, first of the types and what they share of room, then of each insats from what its type leaves."""
    n_insatser, q = len(type_of), parts[0].modifiers.shape[1]
    of_type = np.eye(n_types)[type_of]
    moments = _sum([_of_types(part, of_type) for part in parts])
    room = np.tile(np.eye(q + 1)[q], n_types)  # of all types alike: every scale has its ends
    spread = np.column_stack([np.eye(len(room)), room])
    numbers = np.r_[np.tile(np.arange(q + 1), n_types), q + 1]  # a variance for each trait: most matter little
    types = shrink(moments.spread(spread), Blocks(numbers, (*(SIZE,) * (q + 1), ROOM), WEIGHT), noise=1.0)
    coefficients = (spread @ types.mean[0]).reshape(n_types, q + 1)
    own_moments = [_of_insatser(part, of_type, coefficients) for part in parts]
    own = shrink(_sum(own_moments), Blocks(np.arange(q), (SIZE,) * q, WEIGHT), noise=1.0)
    covariance = (spread @ types.covariance[0] @ spread.T).reshape(n_types, q + 1, n_types, q + 1)
    learned = Factors(
        slopes=coefficients[type_of, :q] + own.mean,
        room=coefficients[:, q],
        variance=np.array([covariance[t, :, t, :] for t in range(n_types)]),
        own_variance=np.diagonal(own.covariance, axis1=1, axis2=2).reshape(n_insatser, q),
        unseen=0.0,
    )
    return replace(learned, unseen=_unseen(parts, learned, type_of))


def _unseen(parts: Sequence[Part], learned: Factors, type_of: npt.NDArray[np.intp]) -> float:
    """Estimate how much factors vary beyond what traits tell: squared misses grow with the square of what was at stake.

    A least-squares slope, with an error that allows for uneven spread (White 1980), is weighed against `UNSEEN`.
    """
    excess, stake = [], []
    for part in parts:
        extra = learned.on(part.modifiers, part.levels, type_of) - 1.0
        left = Split.of(part.left - (part.amounts * extra).sum(axis=1))
        common = part.whole.mean(axis=2)
        own = ((part.whole - common[:, :, None]) ** 2).sum(axis=1)[:, : left.deviation.shape[1]]
        for missed, at_stake, noise in (
            (left.mean, (common**2).sum(axis=1), part.noise[0]),
            (left.deviation.ravel(), own.ravel(), part.noise[1]),
        ):
            known = ~np.isnan(missed)
            squares, amounts = missed[known] ** 2 / noise, at_stake[known] / noise
            excess.append(squares - squares.mean() if len(squares) else squares)
            stake.append(amounts - amounts.mean() if len(amounts) else amounts)
    y, x = np.concatenate(excess), np.concatenate(stake)
    believed, doubt = UNSEEN
    if not (x @ x) > 0:
        return believed
    slope = (x @ y) / (x @ x)
    error = np.sqrt(x**2 @ (y - slope * x) ** 2) / (x @ x)
    weight = doubt**2 / (doubt**2 + error**2)
    return float(max(weight * slope + (1 - weight) * believed, 0.0))


def _sum(moments: Sequence[Moments]) -> Moments:
    total = moments[0]
    for one in moments[1:]:
        total = total + one
    return total


def _of_types(part: Part, of_type: Array) -> Moments:
    """Moments of the types' factors: columns are amount of the type times modifier, and times own level."""
    by_type = np.einsum("nkj,kt->ntj", part.amounts, of_type)
    n, n_types, n_outcomes = by_type.shape
    q = part.modifiers.shape[1]
    columns = np.empty((n_outcomes, n, n_types, q + 1))
    columns[..., :q] = by_type.transpose(2, 0, 1)[..., None] * part.modifiers[None, :, None, :]
    columns[..., q] = (by_type * part.levels[:, None, :]).transpose(2, 0, 1)
    flat = columns.reshape(n_outcomes, n, -1)
    left, common = Split.of(part.left), flat.mean(axis=0)
    moments = _weighed(common, left.mean, part.weights / part.noise[0])
    for j in range(left.deviation.shape[1]):
        moments = moments + _weighed(flat[j] - common, left.deviation[:, j], part.weights / part.noise[1])
    return moments


def _weighed(columns: Array, left: Array, weights: Array) -> Moments:
    known = ~np.isnan(left)
    columns, left, weights = columns[known], left[known], weights[known]
    weighed = columns * weights[:, None]
    return Moments(
        (weighed.T @ columns)[None], (weighed.T @ left)[None], np.array([weights @ left**2]), np.array([len(left)])
    )


def _of_insatser(part: Part, of_type: Array, coefficients: Array) -> Moments:
    """Moments of each insats' own factors, where its type's are taken away; insatser are taken one by one."""
    q = part.modifiers.shape[1]
    by_type = np.einsum("nkj,kt->ntj", part.amounts, of_type)
    explained = np.einsum("ntj,nt->nj", by_type, part.modifiers @ coefficients[:, :q].T)
    explained += np.einsum("ntj,nj,t->nj", by_type, part.levels, coefficients[:, q])
    left = Split.of(part.left - explained)
    known = ~np.isnan(left.mean)
    common = part.amounts.mean(axis=2)
    weight = np.where(known, part.weights, 0.0)[:, None] * common**2 / part.noise[0]
    towards = part.weights[:, None] * common * np.where(known, left.mean, 0.0)[:, None] / part.noise[0]
    if left.deviation.shape[1]:
        deviation = part.amounts - common[:, :, None]
        present = (~np.isnan(left.deviation))[:, None, :] * part.weights[:, None, None] / part.noise[1]
        weight = weight + (deviation**2 * present).sum(axis=2)
        towards = towards + (deviation * present * np.nan_to_num(left.deviation)[:, None, :]).sum(axis=2)
    modifiers = part.modifiers
    gram = np.array([(modifiers * weight[:, [k]]).T @ modifiers for k in range(weight.shape[1])])
    return Moments(gram, towards.T @ modifiers, np.zeros(len(gram)), np.full(len(gram), known.sum(), dtype=float))
