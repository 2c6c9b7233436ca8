"""The rules of a plan as rows of a CP-SAT model: everything but what a plan is worth."""

import numpy as np

from pathway.planner.problem import Gate, Problem, fullest
from pathway.planner.rules import Rule
from pathway.planner.weeks import Ints

ENDLESS = 2**62
Term = tuple[list[int], list[int]]
"""Columns of the model, and their sizes in a row."""

STEPS_UNIT = 1_000_000  # a step of the heaviest indicator, or towards a required level, in the model's whole numbers


class Rows:
    """Columns and rows of the model: one literal per option, and the rules between them, each as one or a few rows.

    Rows are written as numbers straight into the model that CP-SAT reads: as expressions in Python they would take
    several times as long. Columns are told by position; the options are the first.

    Parameters
    ----------
    without
        Rules that are left out: to find those that stand in the way of one another.
    """

    def __init__(self, problem: Problem, without: frozenset[Rule]) -> None:
        from ortools.sat.python import cp_model

        self.cp = cp_model
        self.problem = problem
        self.options = problem.options
        self.model = cp_model.CpModel()
        self.n_columns = 0
        for _ in range(len(self.options)):
            self._new(0, 1)
        self.without = without
        self._keep_once_and_few()
        self._keep_within_weeks_and_budget()
        if Rule.REQUIRED_INSATS not in without:
            self._keep_order()
        if Rule.EXCLUSION not in without:
            self._keep_apart()
        if Rule.REQUIRED_LEVEL not in without:
            self._keep_levels()
        self._keep_good_practice()

    # -- columns and rows

    def _new(self, least: int, most: int) -> int:
        """Add a column of whole numbers; hand back its position."""
        self.model.proto.variables.add().domain.extend([least, most])
        self.n_columns += 1
        return self.n_columns - 1

    def _keep(self, *terms: Term, least: int = -ENDLESS, most: int = ENDLESS) -> None:
        """Keep Σ size × column within limits. Each term is some columns and their sizes."""
        row = self.model.proto.constraints.add().linear
        for columns, sizes in terms:
            row.vars.extend(columns)
            row.coeffs.extend(sizes)
        row.domain.extend([least, most])

    def _keep_one_at_most(self, which: Ints) -> None:
        self.model.proto.constraints.add().at_most_one.literals.extend(which.tolist())

    def _own(self, k: int) -> Ints:
        own = self.problem.options_of(k)
        return np.arange(own.start, own.stop)

    # -- rules

    def _keep_once_and_few(self) -> None:
        problem = self.problem
        for k in problem.alive:
            insats, own = problem.candidates[k], self._own(k)
            if insats.id in problem.required and Rule.REQUIRED_WISH not in self.without:
                self.model.proto.constraints.add().exactly_one.literals.extend(own.tolist())
            else:
                self._keep(each(own), most=1)
        if Rule.GROUP not in self.without:
            for variants in problem.variant_sets:
                self._keep_one_at_most(np.concatenate([self._own(k) for k in variants]))
        if Rule.MAX_ACTIVITIES not in self.without:
            self._keep(each(np.arange(len(self.options))), most=problem.most_activities)

    def _keep_within_weeks_and_budget(self) -> None:
        """Limit hours and parallel insatser in the cells in which most is active."""
        problem, options = self.problem, self.options
        for cell, active_there in fullest(problem):
            active = np.flatnonzero(active_there)
            if Rule.PARALLEL not in self.without:
                self._keep(each(active), most=int(problem.cells.places_left[cell]))
            if Rule.WEEKLY_LOAD not in self.without:
                self._keep(each(active, options.hours[active]), most=int(problem.cells.hours_left[cell]))
        if problem.budget is not None and Rule.BUDGET not in self.without:
            self._keep(each(np.arange(len(options)), options.cost), most=problem.budget)

    def _keep_order(self) -> None:
        """Start by a day only if what must come first has ended by then."""
        start, end = self.options.start, self.options.end
        for k in self.problem.alive:
            own = self._own(k)
            for first in self.problem.needs[k]:
                theirs = self._own(first)
                for day in np.unique(start[own]).tolist():
                    self._keep(each(own[start[own] <= day]), each(theirs[end[theirs] <= day], -1), most=0)

    def _keep_apart(self) -> None:
        start, end = self.options.start, self.options.end
        for a, b in sorted(self.problem.apart):
            both = np.concatenate([self._own(a), self._own(b)])
            if a > b or not len(self._own(a)) or not len(self._own(b)):
                continue
            for day in np.unique(start[both]).tolist():
                self._keep_one_at_most(both[(start[both] <= day) & (day < end[both])])

    def _keep_levels(self) -> None:
        for k in self.problem.alive:
            for gate in self.problem.gates[k]:
                self._keep_level(self._own(k), gate)

    def _keep_level(self, own: Ints, gate: Gate) -> None:
        """Count gains that have ended by the start, and every loss that has begun, against the steps needed."""
        options = self.options
        steps = np.floor(options.gate_gain[:, gate.j] * STEPS_UNIT).astype(np.int64)
        others = np.ones(len(options), dtype=bool)
        others[own] = False
        for day in np.unique(options.start[own]).tolist():
            counts = np.flatnonzero(
                others & np.where(steps > 0, options.end <= day, (options.start < day) & (steps < 0))
            )
            worst = int(-np.sort(steps[counts])[: self.problem.most_activities].clip(max=0).sum())
            given = sum(
                float(lift[gate.j]) * (ends <= day if lift[gate.j] > 0 else begins < day)
                for begins, ends, lift in self.problem.standing.steps
            )
            short = float(gate.needed(np.array([day]))[0]) - given
            if short <= 0 and worst == 0:
                continue
            needed = int(np.ceil(short * STEPS_UNIT)) + worst
            starting = own[options.start[own] == day]
            self._keep(each(counts, steps[counts]), each(starting, -needed), least=-worst)

    def _keep_good_practice(self) -> None:
        """Let a job-oriented insats start early, and no gap be too long, where these rules are on."""
        problem, options = self.problem, self.options
        if problem.early_jobs is not None and Rule.JOB_EARLY not in self.without:
            self._keep_some_of(np.flatnonzero(problem.early_jobs), np.arange(len(options)))
        if problem.practice.longest_gap_weeks is None or Rule.GAP in self.without:
            return
        longest = 7 * problem.practice.longest_gap_weeks
        for day in np.unique(options.start[options.start > longest]).tolist():
            if any(run.start < day <= run.end + longest for run in problem.running):
                continue
            before = np.flatnonzero((options.start < day) & (options.end >= day - longest))
            self._keep_some_of(before, np.flatnonzero(options.start == day))

    def _keep_some_of(self, these: Ints, where: Ints) -> None:
        """Let none of some options be without one of these."""
        sizes = np.zeros(len(self.options), dtype=np.int64)
        sizes[where] += 1
        sizes[these] -= self.problem.most_activities
        self._keep(nonzero(np.arange(len(sizes)), sizes), most=0)


def each(which: Ints, sizes: Ints | int = 1) -> Term:
    """Give the term of some columns: each times its size, or all times one."""
    return which.tolist(), [sizes] * len(which) if isinstance(sizes, int) else sizes.tolist()


def nonzero(which: Ints, sizes: Ints) -> Term:
    """Give the term of those columns that have a size."""
    return each(which[sizes != 0], sizes[sizes != 0])
