"""Bounds what any plan could be worth, and any plan with a given option: a linear relaxation, solved by OR-Tools' GLOP.

What may run at the same time is told by whole mixes of hours rather than by sums of them, so that two halves of
full-time activities do not count as one beside a third. docs/PLANNER.md has the formulation.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from pathway.planner import beside as besides
from pathway.planner.lacking import Lack, Lacking
from pathway.planner.mixes import Pack, Packing, mixes_of
from pathway.planner.objective import Array
from pathway.planner.problem import Bools, Problem, fullest
from pathway.planner.programme import Programme, Row
from pathway.planner.saturation import Fill, Saturation, gains_up_to_target, most_standing
from pathway.planner.weeks import Ints

LITTLE = 0.6  # of an option is asked of all together that are possible and not taken, to find what they cost
TAKEN = 1e-9  # of an option, or less, is nothing


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What the relaxation says. n options.

    Attributes
    ----------
    bound
        No plan is worth more, in weighted steps with bonuses less prices.
    with_option
        (n,) no plan with the option is worth more.
    limit, cost
        No plan is worth more than the limit less what its options, (n,), cost.
    share
        (n,) how much of each option the relaxation takes.
    fills
        Rows about how indicators fill that were needed.
    packs
        Rows about what fits into weeks, by the relaxation's prices.
    """

    bound: float
    with_option: Array
    limit: float
    cost: Array
    share: Array
    fills: tuple[Fill, ...] = ()
    packs: tuple[Pack, ...] = ()

    def where(self, keep: Bools) -> "Relaxed":
        """Keep what is said of some options."""
        fills = tuple(fill.where(keep) for fill in self.fills)
        packs = tuple(pack.where(keep) for pack in self.packs)
        return Relaxed(self.bound, self.with_option[keep], self.limit, self.cost[keep], self.share[keep], fills, packs)


def relax(problem: Problem) -> Relaxed:
    """Bound the worth of plans."""
    return Relaxation(problem).relaxed


class Relaxation:
    """The relaxation of a problem, with what it says in `relaxed`; it can be made closer."""

    def __init__(self, problem: Problem) -> None:
        rows = _Rows(problem)
        rows.keep_once_and_few()
        rows.keep_order()
        rows.keep_levels()
        rows.keep_weeks()
        rows.value()
        self.n, self.n_indicators, self.heaviest = rows.n, rows.n_indicators, problem.heaviest
        self.first_days, self.packings = rows.first_days, rows.packings
        self.saturation, self.steps = Saturation(problem), np.zeros(rows.n_indicators)
        self.lacking, self.days = Lacking(problem, rows.counted), np.zeros(len(rows.counted.most))
        self.programme = Programme(*rows.written())
        self.relaxed = self._solved(problem.room.sum() + np.maximum(problem.merit, 0).sum(), np.zeros(self.n))

    def tighten(self, worth: float) -> None:
        """Rule out more of the options that are in no plan worth more than this.

        Rows about how indicators fill, and about days beside, are added where they are broken. And a little is asked
        of every option that is still possible and not taken: among the many prices that explain the same bound, those
        are found that leave as much as can be between it and the options.
        """
        before = self.relaxed
        asked = (before.with_option > worth) & (before.share <= TAKEN)
        little = asked * (LITTLE / max(1, asked.sum()))
        fills = self.saturation.broken_by(before.share, self.steps)
        lacks = self.lacking.broken_by(before.share, self.days)
        self.programme.change(little, [*map(self._row_of_fill, fills), *map(self._row_of_lack, lacks)])
        now = self._solved(before.bound, little)
        if self.programme.is_solved:
            with_option = np.minimum(now.with_option, before.with_option)
            self.relaxed = replace(now, with_option=with_option, fills=(*before.fills, *fills))

    def packed(self) -> Relaxed:
        """Give what it says, with rows about what fits into weeks."""
        prices = self.programme.prices
        packs = [packing.priced(prices[packing.row :][: len(packing.mixes)]) for packing in self.packings]
        return replace(self.relaxed, packs=tuple(pack for pack in packs if pack is not None))

    def _row_of_fill(self, fill: Fill) -> Row:
        some = np.flatnonzero(fill.size)
        sizes = np.append(-fill.size[some] / self.heaviest, 1.0)
        return np.append(some, self.n + fill.j), sizes, fill.given / self.heaviest

    def _row_of_lack(self, lack: Lack) -> Row:
        some, most = np.flatnonzero(lack.days), float(self.lacking.counted.most[lack.column])
        return (
            np.append(some, self.first_days + lack.column),
            np.append(-lack.days[some] / most, 1.0),
            lack.given / most,
        )

    def _solved(self, bound: float, little: Array) -> Relaxed:
        """Solve, with a little of each option taken at least; where that fails, `bound` is all that is known."""
        n, found = self.n, self.programme.solve()
        if found is None:
            nothing = np.zeros(n)
            bound = -np.inf if self.programme.is_infeasible else bound
            return Relaxed(bound, np.full(n, bound), bound, nothing, nothing)
        worth, values, reduced = found
        cost = -np.minimum(reduced[:n], 0.0) * self.heaviest
        limit = (worth + 1e-7) * self.heaviest + float(cost @ little)
        self.steps = values[n : n + self.n_indicators] * self.heaviest
        self.days = values[self.first_days : self.first_days + len(self.days)] * self.lacking.counted.most
        return Relaxed(min(bound, limit), limit - cost, limit, cost, np.maximum(values[:n] - little, 0.0))


@dataclass(frozen=True, eq=False)
class _Block:
    """Some rows: what the columns take, and what there is."""

    row: Ints
    column: Ints
    size: Array
    most: Array


class _Rows:
    """The relaxation as rows Σ size × column ≤ most. Columns: options, steps per indicator, mixes of each cell.

    Steps are those of the heaviest indicator, so that the solver's tolerances mean the same whatever the weights are.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, self.options = problem, problem.options
        self.n, self.n_indicators = len(problem.options), len(problem.weights)
        self.n_columns = self.n + self.n_indicators
        self.blocks: list[_Block] = []
        self.packings: list[Packing] = []

    def _add(self, row: Ints, column: Ints, size: Array, most: Array) -> None:
        self.blocks.append(_Block(row, column, size, most))

    def _n_rows(self) -> int:
        return sum(len(block.most) for block in self.blocks)

    def _add_dense(self, sizes: list[Array], most: list[float]) -> None:
        if sizes:
            table = np.array(sizes)
            row, column = np.nonzero(table)
            self._add(row, column, table[row, column], np.array(most, dtype=np.float64))

    def keep_once_and_few(self) -> None:
        """Each insats once, one variant of a group, few activities, within the budget."""
        problem, options = self.problem, self.options
        alive = np.array(problem.alive)
        own = np.searchsorted(alive, options.owner)
        self._add(own, np.arange(self.n), np.ones(self.n), np.ones(len(alive)))
        sizes, most = [np.ones(self.n)], [float(problem.most_activities)]
        for variants in problem.variant_sets:
            sizes.append(np.isin(options.owner, variants).astype(np.float64))
            most.append(1.0)
        if problem.budget is not None:
            unit = max(1.0, float(options.cost.max()))
            sizes.append(options.cost / unit)
            most.append(problem.budget / unit)
        self._add_dense(sizes, most)

    def keep_order(self) -> None:
        """No insats without those that must come first."""
        owner = self.options.owner
        pairs = [(k, first) for k in self.problem.alive for first in self.problem.needs[k]]
        sizes = [(owner == k).astype(np.float64) - (owner == first) for k, first in pairs]
        self._add_dense(sizes, [0.0] * len(sizes))

    def keep_levels(self) -> None:
        """No insats that requires a level without activities that can raise the person to it."""
        problem, options = self.problem, self.options
        sizes = []
        for k in problem.alive:
            own = problem.options_of(k)
            for gate in problem.gates[k]:
                given = sum(max(0.0, float(steps[gate.j])) for _, _, steps in problem.standing.steps)
                short = gate.short - given
                if short > 0:
                    size = -np.clip(options.gate_gain[:, gate.j], 0.0, short)
                    size[own] = short
                    sizes.append(size)
        self._add_dense(sizes, [0.0] * len(sizes))

    def keep_weeks(self) -> None:
        """Fit what is active in a cell into one mix of hours that its limits allow.

        A place that is not used by activities of so many hours may be used by those of fewer.
        """
        cells, options = self.problem.cells, self.options
        hours, level = np.unique(options.hours, return_inverse=True)
        n_hours, carried = len(hours), np.arange(1, len(hours))
        for cell, active in fullest(self.problem):
            places, limit = int(cells.places_left[cell]), int(cells.hours_left[cell])
            found = mixes_of(tuple(hours.tolist()), places, limit)
            if found is None:
                sizes = [active.astype(np.float64), active * (options.hours / max(limit, 1))]
                self._add_dense(sizes, [float(places), 1.0])
                continue
            self.packings.append(Packing(self._n_rows(), np.where(active, level, -1), found))
            there = np.flatnonzero(active)
            mix_row, mix = np.nonzero(found)
            mixes, unused = np.split(self.n_columns + np.arange(found.shape[1] + n_hours - 1), [found.shape[1]])
            self._add(
                np.concatenate([level[there], mix_row, carried, carried - 1, np.full(len(mixes), n_hours)]),
                np.concatenate([there, mixes[mix], unused, unused, mixes]),
                np.concatenate(
                    [
                        np.ones(len(there)),
                        -found[mix_row, mix],
                        np.ones(n_hours - 1),
                        -np.ones(n_hours - 1),
                        np.ones(len(mixes)),
                    ]
                ),
                np.append(np.zeros(n_hours), 1.0),
            )
            self.n_columns += len(mixes) + len(unused)

    def _count_days_beside(self) -> None:
        """Bound the days beside a job-oriented activity; a column is the share of the days that it may be at most."""
        problem = self.problem
        found = besides.count(problem, frozenset(problem.alive), np.array([0, problem.weeks.n_days]))
        self.counted, self.first_days = found, self.n_columns
        self.n_columns += len(found.most)
        if not found.rows:
            return
        lengths = np.array([[len(row.columns), len(row.options)] for row in found.rows])
        columns = np.array([column for row in found.rows for column in row.columns])
        sizes = np.array([size for row in found.rows for size in row.sizes]) * found.most[columns]
        at, at_days = (np.repeat(np.arange(len(lengths)), of_each) for of_each in lengths.T)
        unit = np.maximum.reduceat(sizes, np.cumsum(lengths[:, 0]) - lengths[:, 0]).astype(np.float64)
        self._add(
            np.concatenate([at, at_days]),
            np.concatenate([self.first_days + columns, *(row.options for row in found.rows)]),
            np.concatenate([sizes / unit[at], -np.concatenate([row.days for row in found.rows]) / unit[at_days]]),
            np.array([row.given for row in found.rows]) / unit,
        )

    def value(self) -> None:
        """Count no more steps per indicator than the activities add at most, with the days beside that there can be."""
        problem, unit = self.problem, self.problem.heaviest
        gain = self.options.most * problem.weights
        self._count_days_beside()
        found = self.counted
        alone = self.options.gain * problem.weights
        extra = found.steps * problem.weights * found.most[:, None]
        standing = most_standing(problem)
        option, j = np.nonzero(alone)
        days, at = np.nonzero(extra)
        self._add(
            np.concatenate([j, at, np.arange(self.n_indicators)]),
            np.concatenate([option, self.first_days + days, self.n + np.arange(self.n_indicators)]),
            np.concatenate([-alone[option, j] / unit, -extra[days, at] / unit, np.ones(self.n_indicators)]),
            (standing + problem.spare + problem.given_back) / unit,
        )
        # Without what is lost, and each gain up to the target only: weaker in sum, closer for fractions of activities.
        whole = gains_up_to_target(problem)
        tight = np.flatnonzero((whole != gain).any(axis=0))
        option, at = np.nonzero(whole[:, tight])
        self._add(
            np.concatenate([at, np.arange(len(tight))]),
            np.concatenate([option, self.n + tight]),
            np.concatenate([-whole[option, tight[at]] / unit, np.ones(len(tight))]),
            (np.maximum(standing, 0) + problem.spare)[tight] / unit,
        )

    def written(self) -> tuple[Any, Array, Array, Array, Array, Array]:
        """Give the rows and columns as a programme takes them."""
        n, problem = self.n, self.problem
        offsets = np.cumsum([0, *(len(block.most) for block in self.blocks)])
        matrix = sparse.csr_matrix(
            (
                np.concatenate([block.size for block in self.blocks]),
                (
                    np.concatenate([block.row + at for block, at in zip(self.blocks, offsets[:-1], strict=True)]),
                    np.concatenate([block.column for block in self.blocks]),
                ),
            ),
            shape=(int(offsets[-1]), self.n_columns),
        )
        worth = np.zeros(self.n_columns)
        worth[:n] = problem.merit / problem.heaviest
        worth[n : n + self.n_indicators] = 1.0
        least, most = np.zeros(self.n_columns), np.full(self.n_columns, np.inf)
        required = [k for k in problem.alive if problem.candidates[k].id in problem.required]
        most[self.first_days :] = 1.0
        most[:n], steps = 1.0, slice(n, n + self.n_indicators)
        least[steps], most[steps] = -np.inf, problem.room / problem.heaviest
        row_least = np.full(matrix.shape[0], -np.inf)
        row_least[np.searchsorted(np.array(problem.alive), required)] = 1.0  # the first rows are the insatser
        row_most = np.concatenate([block.most for block in self.blocks])
        return matrix, row_least, row_most, worth, least, most
