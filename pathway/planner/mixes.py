"""Mixes of hours: which activities may run in the same week, and the rows that prices make of it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pathway.planner.objective import Array
from pathway.planner.problem import Bools
from pathway.planner.weeks import Ints

MOST_MIXES = 120  # per cell; where limits leave more, plain sums of hours and places are told instead
PARTS = 10_000  # of the highest price in a cell: rows have whole numbers


@dataclass(frozen=True, eq=False)
class Pack:
    """Σ `size` × option ≤ `most`, in whole numbers. n options, size (n,)."""

    size: Ints
    most: int

    def where(self, keep: Bools) -> "Pack":
        """Keep only some options."""
        return Pack(self.size[keep], self.most)


@dataclass(frozen=True, eq=False)
class Packing:
    """What fits into one cell. H different hours, M mixes.

    Attributes
    ----------
    row
        The relaxation's row of the fewest hours; those of more hours follow.
    level
        (n,) which of the hours each option has; -1: it is not active in the cell.
    mixes
        (H, M) activities of each of the hours.
    """

    row: int
    level: Ints
    mixes: Array

    def priced(self, prices: Array) -> Pack | None:
        """Give the row that adds up activities at (H,) prices of a place, which the dearest mix bounds.

        Of all such rows, the relaxation's prices give the one that bounds its plan: the solver has it at hand without
        the mixes. ``None`` where places cost nothing.
        """
        rising = np.maximum.accumulate(np.maximum(prices, 0.0))  # mixes that have room for heavier ones were left out
        if rising[-1] <= 0:
            return None
        whole = np.floor(rising * (PARTS / rising[-1])).astype(np.int64)
        size = np.where(self.level >= 0, whole[self.level], 0)
        return Pack(size, int((whole @ self.mixes.astype(np.int64)).max()))


@lru_cache(maxsize=256)
def mixes_of(hours: tuple[int, ...], places: int, limit: int) -> Array | None:
    """(H, M) activities of each of the hours in each mix that limits allow; ``None`` if there are too many.

    Mixes in which another has room are left out.
    """
    found: list[tuple[int, ...]] = []

    def extend(mix: tuple[int, ...], left: int) -> None:
        fitting = [h for h in hours if h <= left] if len(mix) < places else []
        if not fitting:
            found.append(mix)
        for h in fitting:
            if (not mix or h >= mix[-1]) and len(found) <= 20 * MOST_MIXES:
                extend((*mix, h), left - h)

    extend((), limit)
    if len(found) > 20 * MOST_MIXES:
        return None
    counts = np.array([[sum(1 for one in mix if one >= h) for mix in found] for h in hours], dtype=np.float64)
    counts = np.unique(counts.reshape(len(hours), len(found)), axis=1)
    below: Bools = np.all(counts[:, :, None] <= counts[:, None, :], axis=0)
    np.fill_diagonal(below, False)
    counts = counts[:, ~np.any(below, axis=1)]
    return -np.diff(counts, axis=0, append=0) if counts.shape[1] <= MOST_MIXES else None
