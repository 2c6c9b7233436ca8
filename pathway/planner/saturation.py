"""Rows by which gains of fractions of activities cannot fill an indicator up to its target as whole ones would not.

Two activities that gain 0.8 steps each, where there is room for 1.1, gain 0.8 or 1.1; so do not 0.7 of each.
"""

from dataclasses import dataclass

import numpy as np

from pathway.planner.objective import Array
from pathway.planner.problem import Bools, Problem
from pathway.planner.weeks import Ints

SHARES = (0.3, 0.6, 0.9, np.inf)  # an insats of which the relaxation takes more than so much is taken to be there
LEAST_FRACTION = 0.01  # of a divisor: rows that lean on less are numerically doubtful
NOTICEABLE = 1e-3  # steps of the heaviest indicator by which a fractional plan must break a row
TAKEN = 1e-6  # of an option, or less, is nothing


@dataclass(frozen=True, eq=False)
class Fill:
    """Weighted steps on indicator `j` ≤ `given` + Σ `size` × option. n options, size (n,)."""

    j: int
    size: Array
    given: float

    def where(self, keep: Bools) -> "Fill":
        """Keep only some options."""
        return Fill(self.j, self.size[keep], self.given)


class Saturation:
    """Finds rows that a fractional plan breaks: what each indicator can gain at most, rounded to whole activities."""

    def __init__(self, problem: Problem) -> None:
        self.owner, self.room = problem.options.owner, problem.room
        self.noticeable = NOTICEABLE * problem.heaviest
        self.gain = gains_up_to_target(problem)
        self.short = problem.room - problem.spare - np.maximum(most_standing(problem), 0)

    def broken_by(self, share: Array, steps: Array) -> list[Fill]:
        """Give for each indicator the row that is broken most by shares of the options and (J,) weighted steps."""
        taken = np.flatnonzero(share > TAKEN)
        of_owner: Array = np.bincount(self.owner, weights=share).astype(np.float64)
        likeliest = np.zeros(len(of_owner), dtype=np.int64)
        by_share = taken[np.argsort(share[taken], kind="stable")]
        likeliest[self.owner[by_share]] = by_share
        sets = {tuple(np.flatnonzero(of_owner > least).tolist()): None for least in SHARES}
        found = []
        for j in np.flatnonzero((self.short > self.noticeable) & (steps > self.room / 2)).tolist():
            ways = []
            for there in sets:
                usual = np.zeros(len(of_owner))
                usual[list(there)] = self.gain[likeliest[list(there)], j]
                beyond = self.gain[:, j] - usual[self.owner]
                ways.append(_Rounding(beyond, self.owner, usual, self.short[j] - usual.sum()))
            lacking = [way.choose(share, taken, of_owner, self.noticeable) for way in ways]
            best = int(np.argmax(lacking))
            if lacking[best] > self.room[j] - steps[j] + self.noticeable:
                found.append(ways[best].fill(j, self.room[j]))
        return found


class _Rounding:
    """Mixed-integer rounding of one indicator's row: Σ gain × option + steps short of the target ≥ `short`.

    Parameters
    ----------
    gain
        (n,) what options gain more than the usual of their insatser, which are taken to be there.
    usual
        (K,) what is gained less if an insats is not there after all; 0 for those that are not taken to be.
    """

    def __init__(self, gain: Array, owner: Ints, usual: Array, short: float) -> None:
        self.gain, self.owner, self.usual, self.short = gain, owner, usual, short

    def choose(self, share: Array, taken: Ints, of_owner: Array, least: float) -> float:
        """Choose the divisor by which shares of the options lack most of the steps that they seem to gain; how many."""
        there = np.flatnonzero(self.usual)
        sizes = np.concatenate([self.gain[taken], -self.usual[there]])
        amounts = np.concatenate([share[taken], 1 - of_owner[there]])
        divisors = np.unique(np.round(np.abs(sizes), 9))
        fractions = np.mod(self.short / np.maximum(divisors, least), 1.0)
        usable = (divisors > least) & (fractions > LEAST_FRACTION) & (fractions < 1 - LEAST_FRACTION)
        if not usable.any():
            return 0.0
        divisors, fractions = divisors[usable], fractions[usable]
        whole = _rounded(sizes, divisors[:, None], fractions[:, None]) @ amounts
        lacking = (np.ceil(self.short / divisors) - whole) * divisors * fractions
        self.divisor, self.fraction = divisors[lacking.argmax()], fractions[lacking.argmax()]
        return float(lacking.max())

    def fill(self, j: int, room: float) -> Fill:
        """Give the row, by the divisor chosen."""
        unit = self.divisor * self.fraction
        absent = _rounded(-self.usual, self.divisor, self.fraction)
        size = _rounded(self.gain, self.divisor, self.fraction) - absent[self.owner]
        return Fill(j, unit * size, float(room + unit * (absent.sum() - np.ceil(self.short / self.divisor))))


def _rounded(sizes: Array, divisor: Array | float, fraction: Array | float) -> Array:
    times = sizes / divisor
    whole = np.floor(times + 1e-9)
    rounded: Array = whole + np.minimum(1.0, np.maximum(times - whole, 0.0) / fraction)
    return rounded


def gains_up_to_target(problem: Problem) -> Array:
    """(n, J) weighted steps that each option gains at most, without what it loses and beyond the target."""
    gains: Array = np.clip(problem.options.most * problem.weights, 0.0, problem.room)
    return gains


def most_standing(problem: Problem) -> Array:
    """(J,) weighted steps that locked activities gain at most."""
    standing = problem.standing
    most: Array = (standing.gain + np.maximum(standing.extra, 0).sum(axis=0)) * problem.weights
    return most
