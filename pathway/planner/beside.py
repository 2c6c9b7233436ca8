"""Bounds the days that activities run beside job-oriented ones, by stretches of the horizon: columns and linear rows.

The relaxation and the solver's model take them up alike. Counted exactly, day by day, they would be many more.
"""

from dataclasses import dataclass

import numpy as np

from pathway.planner.objective import Array
from pathway.planner.problem import Problem
from pathway.planner.weeks import Ints, days_in


@dataclass(frozen=True, eq=False)
class Row:
    """Σ size × column ≤ Σ `days` × option + `given`."""

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    options: Ints
    days: Ints
    given: int


@dataclass(frozen=True, eq=False)
class Besides:
    """Days beside a job-oriented activity, in stretches. m columns of days, J indicators.

    Attributes
    ----------
    most
        (m,) days that a column may be at most.
    owner, hours
        (m,) candidate whose days they are, at so many hours a week; -1: days on which job-oriented activities run.
    start
        (m,) first day of the stretch.
    steps
        (m, J) steps gained on each of the days, nowhere fewer than the truth.
    rows
        What bounds the days.
    """

    most: Ints
    owner: Ints
    hours: Ints
    start: Ints
    steps: Array
    rows: tuple[Row, ...]


def by_grid(problem: Problem) -> Ints:
    """Give the edges of the stretches between the grid's Mondays, cut where gains change."""
    step = 7 * problem.practice.grid(problem.case.limits.horizon_weeks).every_weeks
    mondays = np.arange(problem.weeks.first_monday, problem.weeks.n_days, step)
    return np.unique(np.concatenate([mondays, problem.quarters]))


def count(problem: Problem, candidates: frozenset[int], edges: Ints) -> Besides:
    """Bound the days beside of some candidates, in stretches between edges.

    In each, an activity has no more of them than it has days, and no more than there are days of job-oriented
    activities that leave enough hours for it. All together they keep within the places and the hours that these leave.
    """
    counting = _Counting(problem, edges, candidates)
    for stretch in range(len(edges) - 1):
        counting.count_in(stretch)
    steps = np.array(counting.steps, dtype=np.float64).reshape(len(counting.steps), len(problem.weights))
    most, owner, hours, start = np.array(counting.columns, dtype=np.int64).reshape(-1, 4).T
    return Besides(most, owner, hours, start, steps, tuple(counting.rows))


class _Counting:
    """Columns and rows so far; `days` (n, S) of each option in each stretch, `standing` (S,) of locked job-oriented."""

    def __init__(self, problem: Problem, edges: Ints, candidates: frozenset[int]) -> None:
        self.problem, self.edges = problem, edges
        options = problem.options
        self.days = days_in(options.start, options.end, edges)
        self.standing = np.diff(np.concatenate([[0], np.cumsum(problem.standing.job_runs)])[edges])
        job = problem.jobs[options.owner]
        more = (options.extra[:, :, problem.weights > 0] != 0).any(axis=(1, 2))
        self.jobs = np.flatnonzero(job)
        others = np.flatnonzero(more & ~job & np.isin(options.owner, sorted(candidates)))
        self.others = others[np.lexsort((options.owner[others], options.hours[others]))]
        self.limit = int(problem.cells.hours_left.max(initial=0))
        self.places = int(problem.cells.places_left.max(initial=0))
        self.columns: list[tuple[int, int, int, int]] = []
        self.steps: list[Array] = []
        self.rows: list[Row] = []
        self._nothing = np.zeros(len(problem.weights))

    def count_in(self, stretch: int) -> None:
        """Take up what there is to count in a stretch."""
        options, days, given = self.problem.options, self.days[:, stretch], int(self.standing[stretch])
        jobs, others = self.jobs[days[self.jobs] > 0], self.others[days[self.others] > 0]
        if not len(others) or (not len(jobs) and not given):
            return
        limit, hours_of = self.limit, options.hours[others]
        whole = int(self.edges[stretch + 1] - self.edges[stretch])
        starts = np.flatnonzero(np.diff(hours_of, prepend=-1) | np.diff(options.owner[others], prepend=-1))
        most = np.maximum.reduceat(days[others], starts).tolist()
        steps = self._steps_in(stretch, others[starts])
        counted, hours_before, on_job = [], -1, -1
        for number, own in enumerate(np.split(others, starts[1:])):
            hours = int(options.hours[own[0]])
            if hours != hours_before:
                fitting = jobs[options.hours[jobs] + hours <= limit]
                on_job = self._column(whole, -1, hours, stretch, self._nothing)
                self.rows.append(Row((on_job,), (1,), fitting, days[fitting], given))
                hours_before = hours
            column = self._column(most[number], int(options.owner[own[0]]), hours, stretch, steps[number])
            self.rows.append(Row((column,), (1,), own, days[own], 0))
            self.rows.append(Row((column, on_job), (1, -1), own[:0], own[:0], 0))
            counted.append(column)
        left = np.maximum(limit - options.hours[jobs], 0)
        self.rows.append(
            Row(tuple(counted), (1,) * len(counted), jobs, days[jobs] * (self.places - 1), given * self.places)
        )
        self.rows.append(Row(tuple(counted), tuple(hours_of[starts].tolist()), jobs, days[jobs] * left, given * limit))

    def _steps_in(self, stretch: int, which: Ints) -> Array:
        """(m, J) steps more on each day beside: the most of the quarters that the stretch lies in."""
        bounds = self.problem.quarters
        there = (bounds[:-1] < self.edges[stretch + 1]) & (bounds[1:] > self.edges[stretch])
        steps: Array = self.problem.options.extra[which][:, there].max(axis=1)
        return steps

    def _column(self, most: int, owner: int, hours: int, stretch: int, steps: Array) -> int:
        self.columns.append((most, owner, hours, int(self.edges[stretch])))
        self.steps.append(steps)
        return len(self.columns) - 1
