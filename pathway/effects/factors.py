"""Whom insatser help more: factors on their effects, in proportion, learned from all outcomes at once.

A person for whom an insats works better is taken to gain more on all that it works on: the effect on every outcome is
multiplied by ``1 + x'c + level * r``. That leaves one number per insats and trait instead of one per outcome too, and
it is the targets of an insats, where there is something to multiply, that tell. The effects that are multiplied come
from other people than those whose differences are looked at; else chance in the effects would look like differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.deciding import Deciding
from pathway.effects.layout import FEWEST_OUTCOMES
from pathway.effects.outcomes import Split
from pathway.effects.shrinkage import Moments, evidence, solve
from pathway.effects.steps import Steps

Array = npt.NDArray[np.float64]
UNSEEN = (0.15, 0.15)  # variance of factors that no trait tells, as it is believed to be: mean and standard deviation
ROOM = 0.2  # factors are believed to differ by this much per standard deviation of the own level, for all types alike
ROOM_OF_TYPE = 0.04  # and so much more or less for a type
CLEARLY = 2.0  # log evidence by which a step must beat what counts by how much: some five values are tried for it
_ARRAYS = ("slopes", "room", "variance", "own_variance", "chance")


@dataclass(frozen=True)
class Factors:
    """Factors per standard deviation of a modifier, once those that count in steps are turned into steps.

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
    steps
        Which modifiers count in steps.
    chance
        That a modifier matters, shape (q,).
    """

    slopes: Array
    room: Array
    variance: Array
    own_variance: Array
    unseen: float
    steps: Steps
    chance: Array

    @classmethod
    def none(cls, n_insatser: int, n_types: int, n_modifiers: int) -> "Factors":
        """Factors of 1 for everybody."""
        return cls(
            np.zeros((n_insatser, n_modifiers)), np.zeros(n_types),
            np.zeros((n_types, n_modifiers + 1, n_modifiers + 1)), np.zeros((n_insatser, n_modifiers)), 0.0,
            Steps.none(n_modifiers), np.zeros(n_modifiers),
        )  # fmt: skip

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        return arrays | {"unseen": self.unseen, "steps": self.steps.plain()}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Factors":
        """Turn plain data back into factors."""
        arrays = {name: np.array(data[name]) for name in _ARRAYS}
        return cls(**arrays, unseen=float(data["unseen"]), steps=Steps.from_plain(data["steps"]))

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
        What each insats is expected to have given, beyond what the features foretell of it, shape (n, K, J); what
        earlier intervals still give is in it.
    now
        Of that, what each type gave in the interval itself, shape (n, T, J): earlier gains had the room of their day.
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
    now: Array
    whole: Array
    modifiers: Array
    levels: Array
    left: Array
    noise: tuple[float, float]
    weights: Array


def fit(parts: Sequence[Part], type_of: npt.NDArray[np.intp], n_types: int) -> Factors:
    """Learn factors, first of the types and what they share of room, then of each insats from what its type leaves."""
    columns = _Columns(type_of, n_types, parts[0].modifiers.shape[1])
    told = _judged(parts, columns)
    steps = _steps(parts, columns, told.deciding)
    if not np.isnan(steps.above).all():
        parts = _stepped(parts, steps)
        told = _judged(parts, columns)
    own, own_covariance = solve(told.of_insatser, told.deciding.of_insatser)
    learned = Factors(
        slopes=told.coefficients[type_of, :-1] + own,
        room=told.coefficients[:, -1],
        variance=told.covariance,
        own_variance=np.diagonal(own_covariance, axis1=1, axis2=2).copy(),
        unseen=0.0,
        steps=steps,
        chance=told.deciding.chance,
    )
    return replace(learned, unseen=_unseen(parts, learned))


@dataclass(frozen=True)
class _Columns:
    """Columns of the types' factors: by type one for each trait and one for room, then the room that types share.

    They share it because every scale has its ends.
    """

    type_of: npt.NDArray[np.intp]
    n_types: int
    n_traits: int

    @cached_property
    def spread(self) -> Array:
        """What a type's factors are sums of, shape (T (q + 1), T (q + 1) + 1)."""
        room = np.eye(self.n_traits + 1)[self.n_traits]
        return np.column_stack([np.eye(self.n_types * len(room)), np.tile(room, self.n_types)])

    @cached_property
    def trait(self) -> npt.NDArray[np.intp]:
        """Trait of each column, -1 for room."""
        return np.append(np.tile(np.append(np.arange(self.n_traits), -1), self.n_types), -1)

    @cached_property
    def room(self) -> Array:
        """Variance of each column, looked at where it is room."""
        return np.append(np.full(self.n_types * (self.n_traits + 1), ROOM_OF_TYPE**2), ROOM**2)

    def variances(self, deciding: Deciding) -> Array:
        """Give the variance that each column is believed to have."""
        return deciding.over(self.trait, self.room)


@dataclass(frozen=True)
class _Told:
    """What people tell, given how much traits are taken to matter.

    Attributes
    ----------
    deciding
        How much they matter, judged by what people tell.
    of_types, of_insatser
        Moments of types' factors, and of what is left to each insats.
    coefficients, covariance
        Of types, shapes (T, q + 1) and (T, q + 1, q + 1).
    """

    deciding: Deciding
    of_types: Moments
    of_insatser: Moments
    coefficients: Array
    covariance: Array

    @classmethod
    def by(cls, parts: Sequence[Part], columns: _Columns, deciding: Deciding) -> "_Told":
        n_types, q = columns.n_types, columns.n_traits
        of_types = _sum([_of_types(part, np.eye(n_types)[columns.type_of]) for part in parts]).spread(columns.spread)
        mean, covariance = solve(of_types, columns.variances(deciding))
        coefficients = (columns.spread @ mean[0]).reshape(n_types, q + 1)
        by_type = (columns.spread @ covariance[0] @ columns.spread.T).reshape(n_types, q + 1, n_types, q + 1)
        slopes, room = coefficients[columns.type_of, :q], coefficients[:, q]
        of_insatser = _sum([_of_insatser(part, slopes, room) for part in parts])
        return cls(
            deciding, of_types, of_insatser, coefficients, np.array([by_type[t, :, t, :] for t in range(n_types)])
        )

    def evidence(self, columns: _Columns) -> float:
        """Give the log evidence."""
        of_types = evidence(self.of_types, columns.variances(self.deciding))
        return of_types + evidence(self.of_insatser, self.deciding.of_insatser)


def _judged(parts: Sequence[Part], columns: _Columns) -> _Told:
    """Judge how much traits matter, by what types' factors tell and by what they leave to insatser, in turns.

    One or two outcomes do not tell effects that are larger for some from controls that leave something out.
    """
    deciding = Deciding.start(columns.n_traits)
    if parts[0].left.shape[1] < FEWEST_OUTCOMES:
        return _Told.by(parts, columns, deciding)
    for _ in range(2):
        told = _Told.by(parts, columns, deciding)
        deciding = deciding.settle(told.of_types, columns.trait, columns.room, told.of_insatser)
    return replace(told, deciding=deciding)


def _steps(parts: Sequence[Part], columns: _Columns, deciding: Deciding) -> Steps:
    """Find which of the traits that matter tell more if they count by being above some value."""
    best, matter = Steps.none(columns.n_traits), np.flatnonzero(deciding.chance > 0.5).tolist()
    before = _Told.by(parts, columns, deciding).evidence(columns) if matter else 0.0
    for trait in matter:
        tried = best.tried(trait, np.concatenate([part.modifiers[:, trait] for part in parts]))
        told = [_Told.by(_stepped(parts, one), columns, deciding).evidence(columns) for one in tried]
        if told and max(told) > before + CLEARLY:
            best, before = tried[int(np.argmax(told))], max(told)
    return best


def _stepped(parts: Sequence[Part], steps: Steps) -> list[Part]:
    return [replace(part, modifiers=steps.on(part.modifiers)) for part in parts]


def _unseen(parts: Sequence[Part], learned: Factors) -> float:
    """Estimate how much factors vary beyond what traits tell: squared misses grow with the square of what was at stake.

    A least-squares slope, with an error that allows for uneven spread (White 1980), is weighed against `UNSEEN`.
    """
    excess, stake = [], []
    for part in parts:
        left = Split.of(part.left - _differences(part, learned.slopes, learned.room))
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


def _differences(part: Part, slopes: Array, room: Array) -> Array:
    """Give what factors by insats (K, q) and room by type (T,) add to amounts with factors of 1: shape (n, J)."""
    by_trait = np.einsum("nkj,nk->nj", part.amounts, part.modifiers @ slopes.T)
    differences: Array = by_trait + np.einsum("ntj,nj,t->nj", part.now, part.levels, room)
    return differences


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
    columns[..., q] = (part.now * part.levels[:, None, :]).transpose(2, 0, 1)
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


def _of_insatser(part: Part, slopes: Array, room: Array) -> Moments:
    """Moments of each insats' own factors, where its type's are taken away; insatser are taken one by one."""
    left = Split.of(part.left - _differences(part, slopes, room))
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
