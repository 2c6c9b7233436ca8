"""Bounds what any plan could be worth, and any plan with a given option: a linear relaxation, solved by OR-Tools' GLOP.

What may run at the same time is told by whole mixes of hours rather than by sums of them, so that two halves of
full-time activities do not count as one beside a third. docs/PLANNER.md has the formulation.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sparse

from pathway.planner import beside as besides
from pathway.planner.objective import Array
from pathway.planner.problem import Bools, Problem, fullest
from pathway.planner.weeks import Ints

STRETCHES = 2  # of the horizon, in which days beside a job-oriented activity are counted
MOST_MIXES = 120  # per cell; where limits leave more, plain sums of hours and places are told instead


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What the relaxation says. n options.

    Attributes
    ----------
    bound
        No plan is worth more, in weighted steps with bonuses less prices.
    with_option
        (n,) no plan with the option is worth more.
    share
        (n,) how much of each option the relaxation takes.
    """

    bound: float
    with_option: Array
    share: Array

    def where(self, keep: Bools) -> "Relaxed":
        """Keep what is said of some options."""
        return Relaxed(self.bound, self.with_option[keep], self.share[keep])


def relax(problem: Problem) -> Relaxed:
    """Bound the worth of plans."""
    rows = _Rows(problem)
    rows.keep_once_and_few()
    rows.keep_order()
    rows.keep_levels()
    rows.keep_weeks()
    rows.value()
    return rows.solve()


@dataclass(frozen=True, eq=False)
class _Block:
    """Some rows: what the columns take, and what there is."""

    row: Ints
    column: Ints
    size: Array
    most: Array


class _Rows:
    """The relaxation as rows Σ size × column ≤ most. Columns: options, steps per indicator, mixes of each cell."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.options = problem, problem.options
        self.n, self.n_indicators = len(problem.options), len(problem.weights)
        self.n_columns = self.n + self.n_indicators
        self.blocks: list[_Block] = []

    def _add(self, row: Ints, column: Ints, size: Array, most: Array) -> None:
        self.blocks.append(_Block(row, column, size, most))

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
        groups: dict[str, list[int]] = {}
        for k in problem.alive:
            if (group := problem.candidates[k].group) is not None:
                groups.setdefault(group, []).append(k)
        for variants in groups.values():
            if len(variants) > 1:
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
        """Fit what is active in a cell into one mix of hours that its limits allow."""
        cells, options = self.problem.cells, self.options
        hours, level = np.unique(options.hours, return_inverse=True)
        at_least = level[None, :] >= np.arange(len(hours))[:, None]
        for cell, active in fullest(self.problem):
            places, limit = int(cells.places_left[cell]), int(cells.hours_left[cell])
            found = _mixes(tuple(hours.tolist()), places, limit)
            if found is None:
                sizes = [active.astype(np.float64), active * (options.hours / max(limit, 1))]
                self._add_dense(sizes, [float(places), 1.0])
                continue
            n_mixes = found.shape[1]
            row, column = np.nonzero(at_least[:, active])
            mix_row, mix = np.nonzero(found)
            self._add(
                np.concatenate([row, mix_row, np.full(n_mixes, len(hours))]),
                np.concatenate(
                    [np.flatnonzero(active)[column], self.n_columns + mix, self.n_columns + np.arange(n_mixes)]
                ),
                np.concatenate([np.ones(len(row)), -found[mix_row, mix], np.ones(n_mixes)]),
                np.append(np.zeros(len(hours)), 1.0),
            )
            self.n_columns += n_mixes

    def _count_days_beside(self) -> besides.Besides:
        """Bound the days beside a job-oriented activity; a column is the share of the days that it may be at most."""
        problem = self.problem
        found = besides.count(problem, frozenset(problem.alive), besides.coarse(problem, STRETCHES))
        self.first_days = self.n_columns
        self.n_columns += len(found.most)
        if not found.rows:
            return found
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
        return found

    def value(self) -> None:
        """Count no more steps per indicator than the activities add at most, with the days beside that there can be."""
        problem = self.problem
        gain = self.options.most * problem.weights
        found = self._count_days_beside()
        alone = self.options.gain * problem.weights
        extra = found.steps * problem.weights * found.most[:, None]
        standing = (problem.standing.gain + np.maximum(problem.standing.extra, 0).sum(axis=0)) * problem.weights
        option, j = np.nonzero(alone)
        days, at = np.nonzero(extra)
        self._add(
            np.concatenate([j, at, np.arange(self.n_indicators)]),
            np.concatenate([option, self.first_days + days, self.n + np.arange(self.n_indicators)]),
            np.concatenate([-alone[option, j], -extra[days, at], np.ones(self.n_indicators)]),
            standing + problem.spare + problem.given_back,
        )
        # Without what is lost, and each gain up to the target only: weaker in sum, closer for fractions of activities.
        whole = np.minimum(np.maximum(gain, 0), problem.room)
        tight = np.flatnonzero((whole != gain).any(axis=0))
        option, at = np.nonzero(whole[:, tight])
        self._add(
            np.concatenate([at, np.arange(len(tight))]),
            np.concatenate([option, self.n + tight]),
            np.concatenate([-whole[option, tight[at]], np.ones(len(tight))]),
            np.maximum(standing, 0)[tight] + problem.spare[tight],
        )

    def solve(self) -> Relaxed:
        """Hand the rows to GLOP."""
        from ortools.linear_solver.python import model_builder_helper as linear

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
        worth[:n] = problem.merit
        worth[n : n + self.n_indicators] = 1.0
        least, most = np.zeros(self.n_columns), np.full(self.n_columns, np.inf)
        required = [k for k in problem.alive if problem.candidates[k].id in problem.required]
        most[self.first_days :] = 1.0
        least[n : n + self.n_indicators], most[n : n + self.n_indicators] = -np.inf, problem.room
        most[:n] = 1.0
        row_least = np.full(matrix.shape[0], -np.inf)
        row_least[np.searchsorted(np.array(problem.alive), required)] = 1.0  # the first rows are the insatser
        model: Any = linear.ModelBuilderHelper()
        model.fill_model_from_sparse_data(
            least, most, worth, row_least, np.concatenate([block.most for block in self.blocks]), matrix
        )
        model.set_maximize(True)
        solver = linear.ModelSolverHelper("glop")
        solver.set_solver_specific_parameters("use_preprocessing: false use_scaling: false")  # a third faster without
        solver.solve(model)
        if solver.status() == linear.SolveStatus.INFEASIBLE:
            return Relaxed(-np.inf, np.full(n, -np.inf), np.zeros(n))
        if solver.status() != linear.SolveStatus.OPTIMAL:
            bound = float(problem.room.sum() + np.maximum(problem.merit, 0).sum())
            return Relaxed(bound, np.full(n, bound), np.zeros(n))
        bound = solver.objective_value() + 1e-7 * problem.heaviest
        reduced = np.array(solver.reduced_costs())[:n]
        share = np.array(solver.variable_values())[:n]
        return Relaxed(bound, bound + np.minimum(reduced, 0.0), share)


@lru_cache(maxsize=256)
def _mixes(hours: tuple[int, ...], places: int, limit: int) -> Array | None:
    """(H, M) activities of at least each of the hours in each mix that limits allow; ``None`` if there are too many.

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
    return counts if counts.shape[1] <= MOST_MIXES else None
