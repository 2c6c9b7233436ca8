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
    """Weighs plans of one problem. A plan is a tuple of option positions."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        options = problem.options
        spans, self._span_of = np.unique(options.first * (len(problem.weeks) + 1) + options.beyond, return_inverse=True)
        self._first, self._beyond = np.divmod(spans, len(problem.weeks) + 1)
        self._power = np.frexp(self._beyond - self._first)[1] - 1
        self._tail = self._beyond - 2**self._power
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
        """Objective of a plan and the bonus for preferred insatser: what plans are compared by."""
        bonus = float(self.problem.bonus[self.options.owner[list(picked)]].sum()) if len(picked) else 0.0
        return self.objective(picked) + bonus

    def added(self, picked: Sequence[int]) -> Array:
        """(J,) steps that a plan adds."""
        steps = np.zeros(len(self.problem.prospects.indicators))
        if not len(picked):
            return steps
        picked = list(picked)
        beside = self._days_beside(picked, np.array(picked))
        total: Array = (self.options.gain[picked] + beside[:, None] * self.options.extra[picked]).sum(axis=0)
        return total

    def keeps_rules(self, picked: Picked) -> bool:
        """Tell whether a plan keeps every rule; options by themselves keep those that concern one insats."""
        owners = [int(k) for k in self.options.owner[list(picked)]] if picked else []
        groups = [group for k in owners if (group := self.problem.candidates[k].group) is not None]
        return (
            len(set(owners)) == len(owners) <= self.problem.practice.max_activities
            and self.required.issubset(owners)
            and len(set(groups)) == len(groups)
            and self._fits(picked)
            and self._in_order(picked, owners)
            and self._reaches_levels(picked, owners)
            and self._is_worth_while(picked)
        )

    def _fits(self, picked: Picked) -> bool:
        options, problem = self.options, self.problem
        hours, places = problem.hours_left.copy(), problem.places_left.copy()
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
        own = self._worth[which] + self._days_beside(picked, which) * self._extra_worth[which]
        return bool(np.all((own >= self.problem.least_worth - 1e-9) | self._exempt[self.options.owner[which]]))

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
        if len(picked) >= problem.practice.max_activities:
            return np.zeros(len(pool), dtype=bool)
        hours, places = problem.hours_left.copy(), problem.places_left.copy()
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
            padded = np.concatenate([table[-1][2**p :], table[-1][-1:].repeat(2**p)])
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
            if self._comes_after[k].any():
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

    def _at_level(self, picked: Sequence[int], pool: Ints) -> Bools:
        options, problem = self.options, self.problem
        ok = np.ones(len(pool), dtype=bool)
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
        return tuple(k for k, gates in enumerate(self.problem.gates) if gates)

    def _gained(self, picked: Sequence[int], j: int, start: Ints) -> Array:
        """Sum what a plan has added to an indicator by each start: gains when they have ended, losses at once."""
        gained = np.zeros(len(start))
        for o in picked:
            gain = self.options.gate_gain[o, j]
            gained += gain * (self.options.end[o] <= start if gain > 0 else self.options.start[o] < start)
        return gained

    def _worth_while(self, picked: Sequence[int], pool: Ints) -> Bools:
        own = self._worth[pool] + self._days_beside(picked, pool) * self._extra_worth[pool]
        result: Bools = (own >= self.problem.least_worth - 1e-9) | self._exempt[self.options.owner[pool]]
        return result

    def _days_beside(self, picked: Sequence[int], pool: Ints) -> Ints:
        """Days of each option on which a job-oriented activity of the plan runs; 0 for job-oriented options."""
        covered = np.zeros(self.problem.weeks.n_days, dtype=np.int64)
        for o in picked:
            if self._job[o]:
                covered[self.options.start[o] : self.options.end[o]] = 1
        return np.where(self._job[pool], 0, self._sums(covered, pool))

    def _sums(self, days: Ints, pool: Ints) -> Ints:
        running = np.concatenate([[0], np.cumsum(days)])
        total: Ints = running[self.options.end[pool]] - running[self.options.start[pool]]
        return total

    def _worth_with(self, picked: Sequence[int], pool: Ints) -> Array:
        options, problem = self.options, self.problem
        added = options.gain[pool] + self._days_beside(picked, pool)[:, None] * options.extra[pool]
        added += self.added(picked)
        job = self._job[pool]
        if job.any():
            added[job] += self._lifted(picked, pool[job])
        worth = value(added, problem.prospects, problem.weights, problem.targets)
        total: Array = worth + problem.bonus[options.owner[pool]]
        return total + sum(float(problem.bonus[options.owner[o]]) for o in picked)

    def _lifted(self, picked: Sequence[int], pool: Ints) -> Array:
        """(n, J) steps that the plan's other activities add more beside each job-oriented option of the pool."""
        options = self.options
        bare = np.ones(self.problem.weeks.n_days, dtype=np.int64)
        for o in picked:
            if self._job[o]:
                bare[options.start[o] : options.end[o]] = 0
        lifted = np.zeros((len(pool), options.gain.shape[1]))
        for o in picked:
            if not self._job[o]:
                own = np.zeros_like(bare)
                own[options.start[o] : options.end[o]] = bare[options.start[o] : options.end[o]]
                lifted += self._sums(own, pool)[:, None] * options.extra[o]
        return lifted
