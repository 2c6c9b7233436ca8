"""Rows by which fractional plans count no days beside a job-oriented activity where none runs, as far as told."""

from dataclasses import dataclass

import numpy as np

from pathway.planner.beside import Besides, by_grid
from pathway.planner.objective import Array
from pathway.planner.problem import Problem
from pathway.planner.weeks import days_in

NOTICEABLE = 1.0  # days more than there can be of which no row is made
TAKEN = 1e-6  # of an option, or less, is nothing


@dataclass(frozen=True, eq=False)
class Lack:
    """Days of a `column` of `Besides` ≤ Σ `days` × option + `given`. n options, days (n,)."""

    column: int
    days: Array
    given: int


class Lacking:
    """Finds rows that a fractional plan breaks: the days beside that it lacks a job-oriented activity for.

    In each stretch of the grid, an insats has no more of them than it has days, and no more than there are days of
    job-oriented activities that leave enough hours for it: of the two, a row has the fewer.
    """

    def __init__(self, problem: Problem, counted: Besides) -> None:
        self.options, self.counted = problem.options, counted
        self.job = problem.jobs[self.options.owner]
        edges = np.unique(np.concatenate([[0], by_grid(problem), [problem.weeks.n_days]]))
        self.days = days_in(self.options.start, self.options.end, edges)
        self.standing = np.add.reduceat(problem.standing.job_runs, edges[:-1], dtype=np.int64)
        self.limit = int(problem.cells.hours_left.max(initial=0))

    def broken_by(self, share: Array, days: Array) -> list[Lack]:
        """Give a row for each column of which (m,) `days` are more than shares of the options can have."""
        options, taken, found = self.options, np.flatnonzero(share > TAKEN), []
        for column in np.flatnonzero((self.counted.owner >= 0) & (days > NOTICEABLE)).tolist():
            hours = self.counted.hours[column]
            own = (options.owner == self.counted.owner[column]) & (options.hours == hours)
            fitting = self.job & (options.hours + hours <= self.limit)
            there = (share * own)[taken] @ self.days[taken]
            on_job = (share * fitting)[taken] @ self.days[taken] + self.standing
            if days[column] > np.minimum(there, on_job).sum() + NOTICEABLE:
                lacks = there > on_job
                size = own * self.days[:, ~lacks].sum(axis=1) + fitting * self.days[:, lacks].sum(axis=1)
                found.append(Lack(column, size.astype(np.float64), int(self.standing[lacks].sum())))
        return found
