"""The rules of a plan as rows of a CP-SAT model: everything but what a plan is worth."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pathway.planner.problem import Gate, Problem, fullest
from pathway.planner.rules import Rule
from pathway.planner.weeks import Ints

STEPS_UNIT = 1_000_000  # a step of the heaviest indicator, or towards a required level, in the model's whole numbers


class Rows:
    """One literal per option, and the rules between them. Each method that begins with ``_keep`` is one or a few.

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
        self.pick = [self.model.new_bool_var("") for _ in range(len(self.options))]
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

    def _picks(self, which: Ints) -> list[Any]:
        return [self.pick[o] for o in which.tolist()]

    def _sum(self, which: Ints, sizes: Ints | None = None) -> Any:
        if sizes is None:
            return self.cp.LinearExpr.sum(self._picks(which))
        return self.cp.LinearExpr.weighted_sum(self._picks(which), sizes.tolist())

    def _own(self, k: int) -> Ints:
        own = self.problem.options_of(k)
        return np.arange(own.start, own.stop)

    def _keep_once_and_few(self) -> None:
        problem, model = self.problem, self.model
        groups: dict[str, list[Any]] = {}
        for k in problem.alive:
            insats, picks = problem.candidates[k], self._picks(self._own(k))
            if insats.id in problem.required and Rule.REQUIRED_WISH not in self.without:
                model.add_exactly_one(picks)
            else:
                model.add(self.cp.LinearExpr.sum(picks) <= 1)
            if insats.group is not None:
                groups.setdefault(insats.group, []).extend(picks)
        if Rule.GROUP not in self.without:
            for variants in groups.values():
                model.add_at_most_one(variants)
        if Rule.MAX_ACTIVITIES not in self.without:
            model.add(self.cp.LinearExpr.sum(self.pick) <= problem.most_activities)

    def _keep_within_weeks_and_budget(self) -> None:
        """Limit hours and parallel insatser in the cells in which most is active."""
        problem, options = self.problem, self.options
        for cell, active_there in fullest(problem):
            active = np.flatnonzero(active_there)
            limit = int(problem.cells.hours_left[cell])
            if Rule.PARALLEL not in self.without:
                self.model.add(self._sum(active) <= int(problem.cells.places_left[cell]))
            if Rule.WEEKLY_LOAD not in self.without:
                self.model.add(self._sum(active, options.hours[active]) <= limit)
                for sizes, most in _rounded(options.hours[active], limit):
                    self.model.add(self._sum(active, sizes) <= most)
        if problem.budget is not None and Rule.BUDGET not in self.without:
            self.model.add(self._sum(np.arange(len(options)), options.cost) <= problem.budget)

    def _keep_order(self) -> None:
        """Start by a day only if what must come first has ended by then."""
        start, end = self.options.start, self.options.end
        for k in self.problem.alive:
            own = self._own(k)
            for first in self.problem.needs[k]:
                theirs = self._own(first)
                for day in np.unique(start[own]).tolist():
                    by_then = own[start[own] <= day]
                    self.model.add(self._sum(by_then) <= self._sum(theirs[end[theirs] <= day]))

    def _keep_apart(self) -> None:
        start, end = self.options.start, self.options.end
        for a, b in sorted(self.problem.apart):
            both = np.concatenate([self._own(a), self._own(b)])
            if a > b or not len(self._own(a)) or not len(self._own(b)):
                continue
            for day in np.unique(start[both]).tolist():
                self.model.add_at_most_one(self._picks(both[(start[both] <= day) & (day < end[both])]))

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
            self.model.add(self._sum(counts, steps[counts]) + worst >= needed * self._sum(starting))

    def _keep_good_practice(self) -> None:
        """Let a job-oriented insats start early, and no gap be too long, where these rules are on."""
        problem, options = self.problem, self.options
        if problem.early_jobs is not None and Rule.JOB_EARLY not in self.without:
            early = np.flatnonzero(problem.early_jobs)
            self.model.add(self._sum(np.arange(len(options))) <= problem.most_activities * self._sum(early))
        if problem.practice.longest_gap_weeks is None or Rule.GAP in self.without:
            return
        longest = 7 * problem.practice.longest_gap_weeks
        for day in np.unique(options.start[options.start > longest]).tolist():
            if any(run.start < day <= run.end + longest for run in problem.running):
                continue
            starting = np.flatnonzero(options.start == day)
            before = np.flatnonzero((options.start < day) & (options.end >= day - longest))
            self.model.add(self._sum(starting) <= problem.most_activities * self._sum(before))


def _rounded(hours: Ints, limit: int) -> Iterator[tuple[Ints, int]]:
    """Rows that a load row implies for whole activities, by the dual feasible functions of Fekete and Schepers (2001).

    They say such things as "no two activities of more than half the hours": nothing new, but the linear relaxation
    does not see it. For each k: sizes h become k·h where (k + 1)·h divides by the limit, else limit·⌊(k + 1)·h/limit⌋.
    """
    for k in (1, 2, 3):
        multiples, rest = np.divmod((k + 1) * hours, max(limit, 1))
        sizes = np.where(rest == 0, k * hours, multiples * limit)
        if np.any(sizes > k * hours):
            yield sizes, k * limit
