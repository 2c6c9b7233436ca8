"""A board to place options on: tells, for all options at once, which may be added to plans and what that is worth."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pathway.planner.objective import Array, value
from pathway.planner.plans import Picked, Plans, and_nothing
from pathway.planner.problem import Bools, Problem
from pathway.planner.weeks import Ints

NEVER = -np.inf


class Board(Plans):
    """Weighs all options of one problem, in one go, beside each of some plans."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        options, n_cells = problem.options, len(problem.cells)
        spans, self._span_of = np.unique(options.first * (n_cells + 1) + options.beyond, return_inverse=True)
        self._first, last = np.divmod(spans, n_cells + 1)
        self._power = np.frexp(last - self._first)[1] - 1
        self._tail = last - 2**self._power
        self._begins, self._beyond = and_nothing(options.first), and_nothing(options.beyond)
        self._hours = and_nothing(options.hours)

    def weigh(self, picked: Picked, pool: Ints) -> Array:
        """Worth of the plan with each option of the pool added; `NEVER` where that may not be."""
        worth: Array = self.weigh_all((picked,), pool)[0]
        return worth

    def weigh_all(self, plans: Sequence[Picked], pool: Ints, hopes: Array | None = None, most: int = 0) -> Array:
        """(P, m) worth of each plan with each option of the pool added; `NEVER` where that may not be.

        Options that are added need not leave the others of the plan worth their while, and job-oriented ones may become
        so by what is added later. Where there are (P, m) hopes, only so many of the most hopeful are weighed, and the
        others are `NEVER`, too.
        """
        result = np.full((len(plans), len(pool)), NEVER)
        slots = self._slots(plans)
        ok = self._has_room(slots, pool) & self._keeps_apart(slots, pool)
        self._keep_at_level(ok, plans, slots, pool)
        plan, at = np.nonzero(ok)
        if hopes is not None and len(plan) > most:
            best = np.sort(np.argpartition(-hopes[plan, at], most)[:most])
            plan, at = plan[best], at[best]
        runs = self._job_runs(slots)
        days = self._days_beside(runs, pool[at], plan)
        own = self._worth[pool[at]] + (days * self._extra_worth[pool[at]]).sum(axis=1)
        may_be_less = self._exempt[self.options.owner] | self._job[:-1]
        fair = (own >= self.problem.least_worth - 1e-9) | may_be_less[pool[at]]
        plan, at, days = plan[fair], at[fair], days[fair]
        result[plan, at] = self._worth_with(slots, runs, plan, pool[at], days)
        return result

    def with_room(self, picked: Picked, pool: Ints) -> Bools:
        """Tell which options of the pool fit the weeks, the budget and the number of activities beside a plan."""
        room: Bools = self._has_room(self._slots((picked,)), pool)[0]
        return room

    def _has_room(self, slots: Ints, pool: Ints) -> Bools:
        """(P, m) whether options fit the weeks, the budget and the number of activities beside each plan."""
        problem, options = self.problem, self.options
        cell = np.arange(len(problem.cells))
        active = (self._begins[slots][:, :, None] <= cell) & (cell < self._beyond[slots][:, :, None])
        hours = problem.cells.hours_left - (active * self._hours[slots][:, :, None]).sum(axis=1)
        hours[problem.cells.places_left - active.sum(axis=1) < 1] = -1
        n_there = (slots < len(options)).sum(axis=1, keepdims=True)
        ok: Bools = self._least_in_spans(hours)[:, self._span_of[pool]] >= options.hours[pool]
        ok &= n_there < problem.most_activities
        if problem.budget is not None:
            ok &= self._cost[slots].sum(axis=1, keepdims=True) + options.cost[pool] <= problem.budget
        return ok

    def _least_in_spans(self, values: Ints) -> Ints:
        """(P, S) least of (P, C) values in each span of cells that an option may take."""
        table = [values]
        for p in range(int(self._power.max(initial=0))):
            padded = np.concatenate([table[-1][:, 2**p :], table[-1][:, -1:].repeat(2**p, axis=1)], axis=1)
            table.append(np.minimum(table[-1], padded[:, : values.shape[1]]))
        stacked = np.array(table)
        least: Ints = np.minimum(stacked[self._power, :, self._first], stacked[self._power, :, self._tail]).T
        return least

    def _keeps_apart(self, slots: Ints, pool: Ints) -> Bools:
        """(P, m) whether options may be beside those of each plan, and what must come before them is there."""
        there, at = np.unique(slots, return_inverse=True)
        for o in there[~self._is_told[there]].tolist():
            self._clashes[o], self._is_told[o] = self._clashes_of(o), True
        ok: Bools = ~np.any(self._clashes[np.ix_(there, pool)][at.reshape(slots.shape)], axis=1)
        owner = self._owner[slots]
        for k in self._dependent:
            own = self.options.owner[pool] == k
            if own.any():
                lacking = [~(owner == first).any(axis=1) for first in self.problem.needs[k]]
                ok &= ~(np.any(lacking, axis=0)[:, None] & own)
        return ok

    @cached_property
    def _dependent(self) -> tuple[int, ...]:
        """Candidates that something must come before."""
        return tuple(k for k in self.problem.alive if self.problem.needs[k])

    @cached_property
    def _clashes(self) -> Bools:
        """(n + 1, n) whether two options cannot be in one plan; rows are told when they are asked for."""
        return np.zeros((len(self.options) + 1, len(self.options)), dtype=bool)

    @cached_property
    def _is_told(self) -> Bools:
        told: Bools = np.arange(len(self.options) + 1) == len(self.options)
        return told

    def _clashes_of(self, o: int) -> Bools:
        options, problem = self.options, self.problem
        k = int(options.owner[o])
        begins_before_end = options.start < options.end[o]
        clashes: Bools = self.problem.variants[k][options.owner]
        if self._apart_from[k]:
            clashes |= self.apart[k][options.owner] & begins_before_end & (options.start[o] < options.end)
        if self._leads[k]:
            clashes |= self._comes_after[k][options.owner] & begins_before_end
        for first in problem.needs[k]:
            clashes |= (options.owner == first) & (options.end > options.start[o])
        return clashes

    @cached_property
    def _comes_after(self) -> Bools:
        """(K, K) whether the second candidate needs the first."""
        n = len(self.problem.candidates)
        result = np.zeros((n, n), dtype=bool)
        for k, needs in enumerate(self.problem.needs):
            for first in needs:
                result[first, k] = True
        return result

    @cached_property
    def _leads(self) -> list[bool]:
        return [bool(row.any()) for row in self._comes_after]

    def _keep_at_level(self, ok: Bools, plans: Sequence[Picked], slots: Ints, pool: Ints) -> None:
        """Strike out options that are not at the level that they require, or keep those of a plan from it."""
        options, problem = self.options, self.problem
        for k in self._gated:
            own = np.flatnonzero(options.owner[pool] == k)
            if len(own):
                start = options.start[pool[own]]
                for gate in problem.gates[k]:
                    ok[:, own] &= self._gained_all(slots, gate.j, start) >= gate.needed(start)
        for row, picked in zip(ok, plans, strict=True):
            for o in picked:
                for gate in problem.gates[int(options.owner[o])]:
                    rest = [other for other in picked if other != o]
                    spare = self._gained(rest, gate.j, options.start[[o]])[0] - gate.needed(options.start[[o]])[0]
                    gain = options.gate_gain[pool, gate.j]
                    counts = np.where(
                        gain > 0, options.end[pool] <= options.start[o], options.start[pool] < options.start[o]
                    )
                    row &= spare + gain * counts >= 0

    @cached_property
    def _gated(self) -> tuple[int, ...]:
        return tuple(k for k in self.problem.alive if self.problem.gates[k])

    def _worth_with(self, slots: Ints, runs: Bools, plan: Ints, which: Ints, days: Ints) -> Array:
        """(m,) worth of plans, each with one option more, which runs `days` beside a job-oriented activity."""
        options, problem = self.options, self.problem
        added = self._added(slots, runs)[plan] + options.gain[which]
        if runs.any():
            added += np.einsum("nq,nqj->nj", days, self._extra[which])
        job = np.flatnonzero(self._job[which])
        if len(job):
            added[job] += self._lifted(slots, runs, plan[job], which[job])
        worth = value(added, problem.prospects, problem.weights, problem.targets)
        total: Array = worth + self._merit[which] + self._merit[slots].sum(axis=1)[plan]
        return total

    def _lifted(self, slots: Ints, runs: Bools, plan: Ints, which: Ints) -> Array:
        """(m, J) steps that the others of a plan add more beside each job-oriented option, beside none before."""
        first, last = self._begin[which, None], self._end[which, None]
        free = self._days_before(~runs)
        lifted = np.zeros((len(which), len(self.problem.weights)))
        for slot in slots.T:
            there = slot[plan]
            some = np.flatnonzero(~self._job[there])
            at, by = there[some], plan[some, None]
            begin = np.maximum(self._from[at], first[some])
            end = np.maximum(np.minimum(self._to[at], last[some]), begin)
            lifted[some] += np.einsum("nq,nqj->nj", free[by, end] - free[by, begin], self._extra[at])
        if self._standing_extra.any():
            for p in np.unique(plan).tolist():
                bare = np.cumsum(self._standing_extra * ~runs[p, :, None], axis=0)
                bare = np.concatenate([np.zeros((1, lifted.shape[1])), bare])
                lifted[plan == p] += bare[last[plan == p, 0]] - bare[first[plan == p, 0]]
        return lifted
