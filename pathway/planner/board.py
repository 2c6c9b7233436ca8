"""A board to place options on: tells, for all options at once, which may be added to a plan and what that is worth."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pathway.catalogue import Insats
from pathway.planner.objective import Array, value
from pathway.planner.problem import Bools, Options, Problem
from pathway.planner.weeks import Ints

NEVER = -np.inf
Picked = tuple[int, ...]
"""A plan as positions of options, ascending."""


class Board:
    """Weighs plans of one problem. A plan is a tuple of option positions; what is locked is in every plan."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        options, n_cells = problem.options, len(problem.cells)
        spans, self._span_of = np.unique(options.first * (n_cells + 1) + options.beyond, return_inverse=True)
        self._first, self._beyond = np.divmod(spans, n_cells + 1)
        self._power = np.frexp(self._beyond - self._first)[1] - 1
        self._tail = self._beyond - 2**self._power
        self._from = np.maximum(options.start[:, None], problem.quarters[:-1])
        self._to = np.maximum(np.minimum(options.end[:, None], problem.quarters[1:]), self._from)
        self._worth = options.gain @ problem.weights
        self._extra_worth = options.extra @ problem.weights
        self._job = problem.jobs[options.owner] if len(options) else np.empty(0, dtype=bool)
        self._exempt = np.array([insats.id in problem.required for insats in problem.candidates], dtype=bool)

    @property
    def options(self) -> Options:
        """All options of the problem."""
        return self.problem.options

    def objective(self, picked: Sequence[int]) -> float:
        """Objective of a plan, as the contract defines it."""
        return float(value(self.added(picked), self.problem.prospects, self.problem.weights, self.problem.targets))

    def worth(self, picked: Sequence[int]) -> float:
        """Objective of a plan, bonus for preferred insatser, less prices: what plans are compared by."""
        return self.objective(picked) + float(self.problem.merit[list(picked)].sum() if len(picked) else 0.0)

    def added(self, picked: Sequence[int]) -> Array:
        """(J,) steps that a plan adds."""
        total: Array = self.problem.standing.gain + self._job_runs(picked) @ self._by_day(picked)
        return total + self.options.gain[list(picked)].sum(axis=0) if len(picked) else total

    def keeps_rules(self, picked: Picked) -> bool:
        """Tell whether a plan keeps every rule; options by themselves keep those that concern one insats."""
        owners = [int(k) for k in self.options.owner[list(picked)]] if picked else []
        groups = [group for k in owners if (group := self.problem.candidates[k].group) is not None]
        return (
            len(set(owners)) == len(owners) <= self.problem.most_activities
            and self.required.issubset(owners)
            and len(set(groups)) == len(groups)
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
        which = np.array(picked)
        own = self._own_worth(picked, which)
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

    def allowed(self, picked: Sequence[int], pool: Ints) -> Bools:
        """Tell which options of the pool may be added to a plan, whatever they do to the worth of the rest."""
        ok = self.with_room(picked, pool)
        if ok.any():
            here = pool[ok]
            ok[ok] = self._between(picked, here) & self._worth_while(picked, here)
        return ok

    def weigh(self, picked: Sequence[int], pool: Ints) -> Array:
        """Worth of the plan with each option of the pool added; `NEVER` where that may not be."""
        result = np.full(len(pool), NEVER)
        ok = self.allowed(picked, pool)
        if ok.any():
            result[ok] = self._worth_with(picked, pool[ok])
        return result

    def with_room(self, picked: Sequence[int], pool: Ints) -> Bools:
        """Tell which options of the pool fit the weeks, the budget and the number of activities beside a plan."""
        problem, options = self.problem, self.options
        if len(picked) >= problem.most_activities:
            return np.zeros(len(pool), dtype=bool)
        hours, places = problem.cells.hours_left.copy(), problem.cells.places_left.copy()
        for o in picked:
            cells = slice(options.first[o], options.beyond[o])
            hours[cells] -= options.hours[o]
            places[cells] -= 1
        hours[places < 1] = -1
        span = self._span_of[pool]
        ok: Bools = self._least_in_spans(hours)[span] >= options.hours[pool]
        ok &= ~self._shut(picked)[options.owner[pool]]
        if problem.budget is not None:
            ok &= options.cost[pool] <= problem.budget - sum(int(options.cost[o]) for o in picked)
        return ok

    def _least_in_spans(self, values: Ints) -> Ints:
        table = [values]
        for p in range(int(self._power.max(initial=0))):
            padded = np.concatenate([table[-1][2**p :], table[-1][-1:].repeat(2**p)])[: len(values)]
            table.append(np.minimum(table[-1], padded))
        stacked = np.array(table)
        least: Ints = np.minimum(stacked[self._power, self._first], stacked[self._power, self._tail])
        return least

    def _shut(self, picked: Sequence[int]) -> Bools:
        """(K,) candidates that cannot be added at any time: there already, a variant of one there, or lacking one."""
        problem = self.problem
        owners = {int(self.options.owner[o]) for o in picked}
        groups = {problem.candidates[k].group for k in owners} - {None}
        shut = np.zeros(len(problem.candidates), dtype=bool)
        shut[list(owners)] = True
        for k, insats in self._special:
            shut[k] |= insats.group in groups or not owners.issuperset(problem.needs[k])
        return shut

    @cached_property
    def _special(self) -> tuple[tuple[int, Insats], ...]:
        """Candidates with variants, or that something must come before."""
        candidates = enumerate(self.problem.candidates)
        return tuple((k, insats) for k, insats in candidates if insats.group is not None or self.problem.needs[k])

    def _between(self, picked: Sequence[int], pool: Ints) -> Bools:
        """Tell which options keep the rules about order, exclusion and levels with what is in the plan."""
        options, problem = self.options, self.problem
        ok = np.ones(len(pool), dtype=bool)
        owner, start, end = options.owner[pool], options.start[pool], options.end[pool]
        for o in picked:
            k = int(options.owner[o])
            if self._apart_from[k]:
                ok &= ~(self.apart[k][owner] & (start < options.end[o]) & (options.start[o] < end))
            if self._leads[k]:
                ok &= ~(self._comes_after[k][owner] & (start < options.end[o]))
            for first in problem.needs[k]:
                ok &= (owner != first) | (end <= options.start[o])
        return ok & self._at_level(picked, pool)

    @cached_property
    def apart(self) -> Bools:
        """(K, K) pairs that may not overlap."""
        n = len(self.problem.candidates)
        result = np.zeros((n, n), dtype=bool)
        for a, b in self.problem.apart:
            result[a, b] = True
        return result

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

    def _at_level(self, picked: Sequence[int], pool: Ints) -> Bools:
        options, problem = self.options, self.problem
        ok = np.ones(len(pool), dtype=bool)
        if not self._gated:
            return ok
        owner = options.owner[pool]
        for k in self._gated:
            own = owner == k
            if own.any():
                start = options.start[pool[own]]
                for gate in problem.gates[k]:
                    ok[own] &= self._gained(picked, gate.j, start) >= gate.needed(start)
        for o in picked:
            rest = [other for other in picked if other != o]
            for gate in problem.gates[int(options.owner[o])]:
                spare = self._gained(rest, gate.j, options.start[[o]])[0] - gate.needed(options.start[[o]])[0]
                gain = options.gate_gain[pool, gate.j]
                counts = np.where(
                    gain > 0, options.end[pool] <= options.start[o], options.start[pool] < options.start[o]
                )
                ok &= spare + gain * counts >= 0
        return ok

    @cached_property
    def _gated(self) -> tuple[int, ...]:
        return tuple(k for k in self.problem.alive if self.problem.gates[k])

    def _gained(self, picked: Sequence[int], j: int, start: Ints) -> Array:
        """Sum what a plan has added to an indicator by each start: gains when they have ended, losses at once."""
        gained = np.zeros(len(start))
        options = self.options
        for o in picked:
            gain = options.gate_gain[o, j]
            gained += gain * (options.end[o] <= start if gain > 0 else options.start[o] < start)
        for begins, ends, steps in self.problem.standing.steps:
            gained += steps[j] * (ends <= start if steps[j] > 0 else begins < start)
        return gained

    def _worth_while(self, picked: Sequence[int], pool: Ints) -> Bools:
        own = self._own_worth(picked, pool)
        result: Bools = (own >= self.problem.least_worth - 1e-9) | self._exempt[self.options.owner[pool]]
        return result

    def _own_worth(self, picked: Sequence[int], pool: Ints) -> Array:
        """Weighted steps that options of the pool add by themselves, beside the job-oriented activities of the plan."""
        beside = self._days_beside(self._job_runs(picked), pool) * self._extra_worth[pool]
        own: Array = self._worth[pool] + beside.sum(axis=1)
        return own

    def _job_runs(self, picked: Sequence[int]) -> Bools:
        """(D,) days on which a job-oriented activity runs."""
        runs = self.problem.standing.job_runs.copy()
        for o in picked:
            if self._job[o]:
                runs[self.options.start[o] : self.options.end[o]] = True
        return runs

    def _by_day(self, picked: Sequence[int]) -> Array:
        """(D, J) steps that the plan's activities add more on each day on which a job-oriented one runs."""
        steps = self.problem.standing.extra.copy()
        for o in picked:
            if not self._job[o]:
                for q in range(len(self.problem.quarters) - 1):
                    steps[self._from[o, q] : self._to[o, q]] += self.options.extra[o, q]
        return steps

    def days_beside(self, picked: Sequence[int], pool: Ints) -> Ints:
        """(m, Q) days of each option, by quarter, on which a job-oriented activity of the plan runs; 0 for those."""
        return self._days_beside(self._job_runs(picked), pool)

    def _days_beside(self, runs: Bools, pool: Ints) -> Ints:
        """(m, Q) days of each option, by quarter, on which `runs` says that a job-oriented activity runs."""
        summed = np.concatenate([[0], np.cumsum(runs)])
        days: Ints = summed[self._to[pool]] - summed[self._from[pool]]
        days[self._job[pool]] = 0
        return days

    def _worth_with(self, picked: Sequence[int], pool: Ints) -> Array:
        options, problem = self.options, self.problem
        runs = self._job_runs(picked)
        added = options.gain[pool] + self.added(picked)
        if runs.any():
            added += np.einsum("nq,nqj->nj", self._days_beside(runs, pool), options.extra[pool])
        job = self._job[pool]
        if job.any():
            bare = np.concatenate(
                [np.zeros((1, added.shape[1])), np.cumsum(self._by_day(picked) * ~runs[:, None], axis=0)]
            )
            added[job] += bare[options.end[pool[job]]] - bare[options.start[pool[job]]]
        worth = value(added, problem.prospects, problem.weights, problem.targets)
        total: Array = worth + problem.merit[pool]
        return total + float(problem.merit[list(picked)].sum() if len(picked) else 0.0)
