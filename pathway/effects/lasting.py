"""What insatser before an interval still give in it.

What features foretell of a change hangs on the levels at the start: whoever is rated unusually high falls back. A
person whom an insats has lifted does not, and so does better than others at the same level for as long as the lift
lasts. Amounts of earlier intervals therefore count too, in two shares that the data decide: of the interval just
before, and of all before that. Without them, what lasts is credited to what runs now, which is often the same insats;
with them, every later measurement tells something of an insats, too. The shares are told by what other people's
effects make of earlier amounts; where nothing lasts, or effects fade, they are 0 or less. The mean over the outcomes
has shares of its own: chance in single ratings is averaged out of it, so that less of it falls back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway.effects.outcomes import Split

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
_DOUBT = 0.2  # standard deviation that shares are believed to have: about 1 in the own interval, about 0 in later ones
_BOUNDS = (-0.5, 1.0)  # of a share
_LEAST = 0.5  # of the own interval: below it effects are too unsure to say what lasts of them


@dataclass(frozen=True)
class Shares:
    """Shares of what amounts give in their own interval that show in later ones, levels at their start held equal.

    Attributes
    ----------
    before
        In the interval right after.
    long_before
        In every one after that.
    """

    before: float = 0.0
    long_before: float = 0.0

    def in_effect(self, amounts: Array) -> Array:
        """Sum amounts of the interval, and its shares of earlier ones: (3, n, a) to (n, a)."""
        effective: Array = np.tensordot([1.0, self.before, self.long_before], amounts, axes=1)
        return effective


@dataclass(frozen=True)
class Lasting:
    """What lasts of the mean over the outcomes, and of each one's deviation from it."""

    of_mean: Shares = field(default_factory=Shares)
    of_each: Shares = field(default_factory=Shares)

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Lasting":
        """Turn plain data back."""
        return cls(**{name: Shares(**shares) for name, shares in data.items()})

    def in_effect(self, amounts: Array) -> Array:
        """Count earlier amounts as far as they last: (1 or 3, n, a) to (1 or 2, n, a).

        Two where earlier ones are known: what counts for the mean over the outcomes, and for each one's deviation.
        """
        if len(amounts) == 1:
            return amounts
        return np.stack([shares.in_effect(amounts) for shares in (self.of_mean, self.of_each)])


NOTHING = Lasting()


def with_earlier(amounts: Array, follows: Ints) -> Array:
    """Put beside amounts (n, a) those of the interval before, and the sum of all before that: shape (3, n, a).

    Parameters
    ----------
    follows
        Row of the interval before, -1 where none is known, shape (n,); no row comes after itself.
    """
    before, long_before = np.zeros_like(amounts), np.zeros_like(amounts)
    for rows in _in_order(follows):
        previous = follows[rows]
        before[rows] = amounts[previous]
        long_before[rows] = before[previous] + long_before[previous]
    return np.stack([amounts, before, long_before])


def _in_order(follows: Ints) -> Iterable[Ints]:
    """Give the rows that follow on another, those first whose chains are shortest.

    Raises
    ------
    ValueError
        A row comes after itself.
    """
    known = follows < 0
    for _ in range(len(follows)):
        rows = np.flatnonzero(~known & known[follows])
        if not len(rows):
            break
        yield rows
        known[rows] = True
    if not known.all():
        raise ValueError(f"follows, row {np.flatnonzero(~known)[0]}: comes after itself")


@dataclass(frozen=True)
class Seen:
    """What effects learned from others make of people's amounts, and how these people changed; in units.

    Attributes
    ----------
    steps
        Of the interval's own amounts and, where they are looked at, those of the one before and of all before that,
        shape (1 or 3, n, J).
    left
        What is left of the change, NaN where not measured, shape (n, J).
    noise
        Variance of the noise of the mean over outcomes, and of a deviation.
    weights
        Shape (n,).
    """

    steps: Array
    left: Array
    noise: tuple[float, float]
    weights: Array


def learn(parts: Iterable[Seen]) -> Lasting:
    """Learn the shares by weighted least squares, shrunk to what is believed, beside how much of own steps shows."""
    of_mean, of_each = _Told(), _Told()
    for part in parts:
        left, steps = Split.of(part.left), [Split.of(one) for one in part.steps]
        of_mean.add(left.mean, [one.mean for one in steps], part.weights / part.noise[0])
        for j in range(left.deviation.shape[1]):
            of_each.add(left.deviation[:, j], [one.deviation[:, j] for one in steps], part.weights / part.noise[1])
    return Lasting(of_mean.shares(), of_each.shares())


class _Told:
    """Normal equations over how much of own steps shows, and of those before and long before."""

    def __init__(self) -> None:
        self.precision = np.eye(3) / _DOUBT**2
        self.towards = self.precision[0].copy()

    def add(self, change: Array, steps: Sequence[Array], weights: Array) -> None:
        known = ~np.isnan(change)
        columns = np.column_stack(steps)[known]
        weighed = columns * weights[known, None]
        self.precision, self.towards = self.precision + weighed.T @ columns, self.towards + weighed.T @ change[known]

    def shares(self) -> Shares:
        own, *shares = np.linalg.solve(self.precision, self.towards)
        before, long_before = np.clip(np.array(shares) / max(own, _LEAST), *_BOUNDS)
        return Shares(float(before), float(long_before))
