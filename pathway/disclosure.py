"""What may leave the house: small cells hidden, with as many more as it takes that none can be worked out again.

A cell that counts at least one person and fewer than `SMALLEST` is hidden (primary). Since tables tell sums, others are
hidden with it (complementary), until whoever knows all shown cells, all sums and that counts are never below zero
cannot say of any hidden cell within fewer than `SMALLEST` what it counts. That is checked, not hoped for: by linear
programs over the sums (`ranges`), after Fischetti & Salazar (2001). The cells are found by a simple greedy rule, so
there may be more of them than the fewest possible. Zeros are shown. Nothing here guards against somebody who holds the
tables of two dates beside each other, or who knows others in the same cell: publish on fixed dates, the same tables.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

SMALLEST = 5  # customary in Swedish statistics; SCB's handbook of disclosure control leaves the number to the publisher
Key = Hashable
_PROBES = 12  # solutions that are tried before cells are taken one by one
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sum:
    """A total and the parts that make it up; all of them are keys of counts."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def cells(self) -> tuple[Key, ...]:
        """Parts first, then the total."""
        return (*self.parts, self.total)


@dataclass(frozen=True)
class Anonymity:
    """How well people in rows that leave the house are hidden among others.

    Attributes
    ----------
    k
        People in the smallest class: those alike in all that somebody may know (k-anonymity).
    l
        Different sensitive values in the class that has fewest (l-diversity).
    n_classes, n_people
        Classes, and people in all.
    n_people_below
        People in classes smaller than asked for.
    """

    k: int
    l: int  # noqa: E741 the measure's own name
    n_classes: int
    n_people: int
    n_people_below: int


def hide(counts: Mapping[Key, int], sums: Sequence[Sum], smallest: int = SMALLEST) -> frozenset[Key]:
    """Choose the cells to hide.

    Parameters
    ----------
    counts
        People in each cell, totals included.
    sums
        All that a reader can add up, tables that share a total included.

    Raises
    ------
    ValueError
        A sum does not add up.
    """
    _check(counts, sums)
    hidden = {key for key, n in counts.items() if 0 < n < smallest}
    lines: dict[Key, list[Sum]] = {key: [] for key in counts}
    for one in sums:
        for key in one.cells:
            lines[key].append(one)
    safe: set[Key] = set()  # what is once hidden well stays so, whatever else is hidden
    while True:
        while any(_n_hidden(one, hidden) == 1 and _hide_one_more(one, counts, hidden, lines) for one in sums):
            pass  # what was hidden may stand alone in another line
        known = ranges(counts, sums, hidden, smallest, safe)
        bare = [key for key, (low, high) in known.items() if high - low < smallest - 1e-6]
        safe |= known.keys() - set(bare)
        more = [key for key in bare if any(_hide_one_more(one, counts, hidden, lines) for one in lines[key])]
        if not more:
            return frozenset(hidden)


def hidden_parts(counts: Mapping[str, int], smallest: int = SMALLEST) -> frozenset[str]:
    """Choose the parts of one whole to hide, where the whole is told."""
    total = object()
    cells: dict[Key, int] = dict(counts.items())
    cells[total] = sum(counts.values())
    if 0 < cells[total] < smallest:
        return frozenset(counts)
    return frozenset(key for key in hide(cells, [Sum(total, tuple(counts))], smallest) if isinstance(key, str))


def ranges(
    counts: Mapping[Key, int],
    sums: Sequence[Sum],
    hidden: Iterable[Key],
    enough: float = np.inf,
    apart_from: Iterable[Key] = (),
) -> dict[Key, tuple[float, float]]:
    """Give the least and the most that each hidden cell can count, for all that a reader knows.

    Parameters
    ----------
    enough
        Once a range is known to be as wide, its ends are not sought further.
    apart_from
        Hidden cells that are not asked about.
    """
    found: dict[Key, tuple[float, float]] = {}
    others = set(apart_from)
    for cells, lines in _components(sums, set(hidden)):
        asked = [number for number, key in enumerate(cells) if key not in others]
        if asked:
            system = _System.of(counts, cells, lines)
            low, high = system.ends(asked, enough)
            found |= {cells[number]: (float(low[number]), float(high[number])) for number in asked}
    return found


def anonymity(rows: pd.DataFrame, known: Sequence[str], sensitive: str, smallest: int = SMALLEST) -> Anonymity:
    """Measure k-anonymity and l-diversity of rows of people.

    Parameters
    ----------
    known
        Columns that somebody outside may know of a person.
    sensitive
        Column that nobody should learn of one.
    """
    if rows.empty:
        return Anonymity(0, 0, 0, 0, 0)
    classes = rows.groupby(list(known), observed=True, dropna=False)[sensitive]
    sizes, kinds = classes.size(), classes.nunique(dropna=False)
    below = int(sizes[sizes < smallest].sum())
    return Anonymity(int(sizes.min()), int(kinds.min()), len(sizes), len(rows), below)


def _check(counts: Mapping[Key, int], sums: Sequence[Sum]) -> None:
    for one in sums:
        if counts[one.total] != sum(counts[part] for part in one.parts):
            raise ValueError("a total is not the sum of its parts")


def _n_hidden(one: Sum, hidden: set[Key]) -> int:
    return sum(key in hidden for key in one.cells)


def _hide_one_more(one: Sum, counts: Mapping[Key, int], hidden: set[Key], lines: Mapping[Key, list[Sum]]) -> bool:
    """Hide a part that counts anybody, or the total where none is left; tell whether there was one to hide.

    Best is the part that also stands where another cell is hidden alone, then the smallest.
    """

    def cost(key: Key) -> tuple[int, int, str]:
        return -sum(_n_hidden(other, hidden) == 1 for other in lines[key] if other is not one), counts[key], str(key)

    left = [key for key in one.parts if key not in hidden and counts[key] > 0]
    if not left and counts[one.total] > 0 and one.total not in hidden:
        left = [one.total]
    if left:
        hidden.add(min(left, key=cost))
    return bool(left)


def _components(sums: Sequence[Sum], hidden: set[Key]) -> list[tuple[list[Key], list[Sum]]]:
    """Part the hidden cells into those that sums tie together; each with its sums."""
    leader = {key: key for key in hidden}

    def lead(key: Key) -> Key:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for one in sums:
        tied = [key for key in one.cells if key in hidden]
        for key in tied[1:]:
            leader[lead(key)] = lead(tied[0])
    cells: dict[Key, list[Key]] = {}
    for key in sorted(hidden, key=str):
        cells.setdefault(lead(key), []).append(key)
    lines: dict[Key, list[Sum]] = {top: [] for top in cells}
    for one in sums:
        tied = [key for key in one.cells if key in hidden]
        if tied:
            lines[lead(tied[0])].append(one)
    return [(cells[top], lines[top]) for top in cells]


@dataclass(frozen=True)
class _System:
    """What a reader knows of hidden cells: that sums of them are what the shown cells leave.

    Attributes
    ----------
    equations, known
        Shapes (L, C) and (L,).
    truth
        What the cells count, shape (C,): one of the solutions.
    """

    equations: Any
    known: Array
    truth: Array

    @classmethod
    def of(cls, counts: Mapping[Key, int], cells: Sequence[Key], lines: Sequence[Sum]) -> "_System":
        from scipy.sparse import lil_matrix

        place = {key: number for number, key in enumerate(cells)}
        equations, known = lil_matrix((len(lines), len(cells))), np.zeros(len(lines))
        for row, one in enumerate(lines):
            for sign, keys in ((1.0, one.parts), (-1.0, (one.total,))):
                for key in keys:
                    if key in place:
                        equations[row, place[key]] += sign
                    else:
                        known[row] -= sign * counts[key]
        return cls(equations.tocsr(), known, np.array([float(counts[key]) for key in cells]))

    def ends(self, asked: Sequence[int], enough: float) -> tuple[Array, Array]:
        """Give the least and the most of each cell, at least as far as asked for, shapes (C,)."""
        low, high = self.truth.copy(), self.truth.copy()

        def open_ones() -> list[int]:
            return [number for number in asked if high[number] - low[number] < enough]

        if np.isfinite(enough):  # one solution far from the truth tells of many cells at once
            rng = np.random.default_rng(0)
            for _ in range(_PROBES):
                if not (left := open_ones()):
                    break
                aim = np.zeros(len(low))
                aim[left] = rng.choice([-1.0, 1.0], len(left)) * rng.uniform(0.5, 1.5, len(left))
                found = self._solve(aim, self.truth + 2 * enough)
                if found is not None:
                    low, high = np.minimum(low, found), np.maximum(high, found)
        for number in open_ones():
            for direction in (1.0, -1.0):
                if high[number] - low[number] >= enough:
                    break
                aim = np.zeros(len(low))
                aim[number] = direction
                found = self._solve(aim, None)
                if found is None:
                    high[number] = np.inf
                else:
                    low, high = np.minimum(low, found), np.maximum(high, found)
        return low, high

    def _solve(self, aim: Array, most: Array | None) -> Array | None:
        """Find the least of ``aim @ cells``; None where nothing bounds it."""
        from scipy.optimize import linprog

        bounds: Any = (0, None) if most is None else np.column_stack([np.zeros(len(most)), most])
        solved = linprog(aim, A_eq=self.equations, b_eq=self.known, bounds=bounds, method="highs")
        if solved.status == 3:
            return None
        if solved.x is None:
            raise ValueError("the cells and their sums do not fit")
        return np.asarray(solved.x, dtype=np.float64)
