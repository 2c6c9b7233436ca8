"""Whole plans of one problem: what they are worth, and whether they keep the rules."""

from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pathway.planner.objective import Array, value
from pathway.planner.problem import Bools, Options, Problem
from pathway.planner.weeks import Ints

Number = TypeVar("Number", bound=np.generic)
Picked = tuple[int, ...]
"""A plan as positions of options, ascending."""


class Plans:
    """Tells what plans of one problem are worth. A plan is a tuple of option positions; locked ones are in each."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        options = problem.options
        standing, job = problem.standing, problem.jobs[options.owner] if len(options) else np.empty(0, dtype=bool)
        # Days are counted in slots: stretches on which nothing starts or ends, and gains do not change.
        changes = np.flatnonzero(np.diff(standing.job_runs)) + 1
        edges = np.unique(np.concatenate([options.start, options.end, problem.quarters, changes, [0]]))
        self._n_days = np.diff(edges)
        self._begin, self._end = (np.searchsorted(edges, days) for days in (options.start, options.end))
        quarters = np.searchsorted(edges, problem.quarters)
        first = np.maximum(self._begin[:, None], quarters[:-1])
        last = np.maximum(np.minimum(self._end[:, None], quarters[1:]), first)
        self._from, self._to = and_nothing(first), and_nothing(last)
        slot = np.arange(len(self._n_days))
        runs = job[:, None] & (self._begin[:, None] <= slot) & (slot < self._end[:, None])
        self._runs = np.concatenate([runs, np.zeros((1, len(slot)), dtype=bool)]) | standing.job_runs[edges[:-1]]
        self._standing_extra = np.add.reduceat(standing.extra, edges[:-1], axis=0)
        self._standing_worth = self._standing_extra @ problem.weights
        self._gain, self._extra = and_nothing(options.gain), and_nothing(options.extra)
        self._cost, self._merit = and_nothing(options.cost), and_nothing(problem.merit)
        self._owner = and_nothing(options.owner, -1)
        self._job = and_nothing(job, True)
        self._worth = options.gain @ problem.weights
        self._extra_worth = options.extra @ problem.weights
        self._exempt = np.array([insats.id in problem.required for insats in problem.candidates], dtype=bool)
        self._known: dict[Picked, Array] = {}

    @property
    def options(self) -> Options:
        """All options of the problem."""
        return self.problem.options

    def objective(self, picked: Sequence[int]) -> float:
        """Objective of a plan, as the contract defines it."""
        return float(value(self.added(picked), self.problem.prospects, self.problem.weights, self.problem.targets))

    def worth(self, picked: Sequence[int]) -> float:
        """Objective of a plan, bonus for preferred insatser, less prices: what plans are compared by."""
        return self.objective(picked) + float(self._merit[list(picked)].sum())

    def total(self, plans: Sequence[Picked], column: Array) -> Array:
        """(P,) sum of a column, (n,), over the options of each plan."""
        total: Array = and_nothing(column)[self._slots(plans)].sum(axis=1)
        return total

    def added(self, picked: Sequence[int]) -> Array:
        """(J,) steps that a plan adds."""
        plan = tuple(picked)
        if plan not in self._known:
            slots = self._slots((plan,))
            self._known[plan] = self._added(slots, self._job_runs(slots))[0]
        return self._known[plan]

    def _added(self, slots: Ints, runs: Bools) -> Array:
        """(P, J) the same, of each plan."""
        options = slots.ravel()
        days = self._days_beside(runs, options, np.repeat(np.arange(len(slots)), slots.shape[1]))
        each = self._gain[options] + np.einsum("nq,nqj->nj", days, self._extra[options])
        each = each.reshape(*slots.shape, -1).sum(axis=1)
        total: Array = each + self.problem.standing.gain + runs @ self._standing_extra
        return total

    def keeps_rules(self, picked: Picked) -> bool:
        """Tell whether a plan keeps every rule; options by themselves keep those that concern one insats."""
        owners = [int(k) for k in self.options.owner[list(picked)]] if picked else []
        return (
            len(owners) <= self.problem.most_activities
            and self.required.issubset(owners)
            and np.count_nonzero(self.problem.variants[np.ix_(owners, owners)]) == len(owners)
            and self._fits(picked)
            and self._in_order(picked, owners)
            and self._reaches_levels(picked, owners)
            and self._is_worth_while(picked)
            and self._is_good_practice(picked)
        )

    def _fits(self, picked: Picked) -> bool:
        options, problem = self.options, self.problem
        hours, places = problem.cells.hours_left.copy(), problem.cells.places_left.copy()
        for o in picked:
            hours[options.first[o] : options.beyond[o]] -= options.hours[o]
            places[options.first[o] : options.beyond[o]] -= 1
        cost = sum(int(options.cost[o]) for o in picked)
        return bool(hours.min() >= 0 and places.min() >= 0 and (problem.budget is None or cost <= problem.budget))

    def _in_order(self, picked: Picked, owners: Sequence[int]) -> bool:
        start, end = self.options.start, self.options.end
        placed = dict(zip(owners, picked, strict=True))
        for k, o in placed.items():
            if any(first not in placed or end[placed[first]] > start[o] for first in self.problem.needs[k]):
                return False
            for other in self._apart_from[k]:
                if other in placed and start[o] < end[placed[other]] and start[placed[other]] < end[o]:
                    return False
        return True

    @cached_property
    def _apart_from(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(np.flatnonzero(row).tolist()) for row in self.apart)

    def _reaches_levels(self, picked: Picked, owners: Sequence[int]) -> bool:
        for k, o in zip(owners, picked, strict=True):
            for gate in self.problem.gates[k]:
                rest = [other for other in picked if other != o]
                start = self.options.start[[o]]
                if self._gained(rest, gate.j, start)[0] < gate.needed(start)[0]:
                    return False
        return True

    def _is_worth_while(self, picked: Picked) -> bool:
        if not picked:
            return True
        which, runs = np.array(picked), self._job_runs(self._slots((picked,)))
        days, extra = self.days_beside(picked, which), self._extra_worth[which]
        lifted = (days * np.maximum(extra, 0)).sum() + float((runs @ np.maximum(self._standing_worth, 0))[0])
        own = self._worth[which] + np.where(self._job[which], lifted, (days * extra).sum(axis=1))
        return bool(np.all((own >= self.problem.least_worth - 1e-9) | self._exempt[self.options.owner[which]]))

    def _is_good_practice(self, picked: Picked) -> bool:
        if not picked:
            return True
        early, gap = self.problem.early_jobs, self.problem.practice.longest_gap_weeks
        if early is not None and not early[list(picked)].any():
            return False
        if gap is None:
            return True
        reached = 0
        spans = [(run.start, run.end) for run in self.problem.running]
        spans += [(int(self.options.start[o]), int(self.options.end[o])) for o in picked]
        for start, end in sorted(spans):
            if start > reached + 7 * gap:
                return False
            reached = max(reached, end)
        return True

    @cached_property
    def required(self) -> frozenset[int]:
        """Positions of the candidates that every plan must hold."""
        return frozenset(k for k, insats in enumerate(self.problem.candidates) if insats.id in self.problem.required)

    @cached_property
    def apart(self) -> Bools:
        """(K, K) pairs that may not overlap."""
        n = len(self.problem.candidates)
        result = np.zeros((n, n), dtype=bool)
        for a, b in self.problem.apart:
            result[a, b] = True
        return result

    def _slots(self, plans: Sequence[Picked]) -> Ints:
        """(P, W) options of each plan, filled up with one that is nothing: the position after the last."""
        slots = np.full((len(plans), max(1, *map(len, plans))), len(self.options), dtype=np.int64)
        for row, picked in zip(slots, plans, strict=True):
            row[: len(picked)] = picked
        return slots

    def _gained(self, picked: Sequence[int], j: int, start: Ints) -> Array:
        """Sum what a plan has added to an indicator by each start: gains when they have ended, losses at once."""
        gained: Array = self._gained_all(self._slots((tuple(picked),)), j, start)[0]
        return gained

    def _gained_all(self, slots: Ints, j: int, start: Ints) -> Array:
        """(P, m) the same, of each plan."""
        options = self.options
        gain = and_nothing(options.gate_gain[:, j])[slots]
        counts_from = np.where(gain > 0, and_nothing(options.end)[slots], and_nothing(options.start)[slots] + 1)
        gained: Array = (gain[:, :, None] * (counts_from[:, :, None] <= start)).sum(axis=1)
        for begins, ends, steps in self.problem.standing.steps:
            gained += steps[j] * (ends <= start if steps[j] > 0 else begins < start)
        return gained

    def _job_runs(self, slots: Ints) -> Bools:
        """(P, S) slots of days on which a job-oriented activity runs, in each plan."""
        runs: Bools = self._runs[slots].any(axis=1)
        return runs

    def days_beside(self, picked: Sequence[int], pool: Ints) -> Ints:
        """(m, Q) days of each option, by quarter, on which a job-oriented activity of the plan runs; 0 for those."""
        runs = self._job_runs(self._slots((tuple(picked),)))
        return self._days_beside(runs, pool, np.zeros(len(pool), dtype=np.int64))

    def _days_beside(self, runs: Bools, which: Ints, plan: Ints) -> Ints:
        """(m, Q) days of each option on which a job-oriented activity runs, as `runs`, (P, S), says of its plan."""
        before = self._days_before(runs)
        days: Ints = before[plan[:, None], self._to[which]] - before[plan[:, None], self._from[which]]
        days[self._job[which]] = 0
        return days

    def _days_before(self, those: Bools) -> Ints:
        """(P, S + 1) days of those slots before each."""
        before = np.zeros((len(those), those.shape[1] + 1), dtype=np.int64)
        np.cumsum(those * self._n_days, axis=1, out=before[:, 1:])
        return before


def and_nothing(column: npt.NDArray[Number], nothing: int = 0) -> npt.NDArray[Number]:
    """Add a row for the option after the last, which is nothing: plans are filled up with it to the same length."""
    return np.concatenate([column, np.full((1, *column.shape[1:]), nothing, dtype=column.dtype)])
