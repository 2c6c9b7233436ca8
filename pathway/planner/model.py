"""The planning problem as a CP-SAT model: the only place where OR-Tools is used. docs/PLANNER.md has the formulation.

One literal per option (an insats with start, length and hours). What runs beside is counted slot by slot, a slot being
a stretch of days on which nothing may start or end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pathway.planner.objective import Array
from pathway.planner.problem import Bools, Gate, Problem
from pathway.planner.weeks import Ints

STEPS_UNIT = 1_000_000  # a step of the heaviest indicator, or towards a required level, in the model's whole numbers
TOLERANCE = 50  # what rounding may add up to in the model's objective: 5e-5 steps


@dataclass(frozen=True)
class Effort:
    """How long the solver may work on one model.

    Attributes
    ----------
    deterministic
        Limit in the solver's own units of work (roughly seconds): the same on every machine and at every load.
    wall_seconds
        Safety net: a search that it cuts short may end differently the next time.
    """

    deterministic: float = 2.0
    wall_seconds: float = 10.0


@dataclass(frozen=True)
class Found:
    """What the solver found.

    Attributes
    ----------
    picked
        Options of the best plan found; ``None`` if none was (better than the worth to beat).
    bound
        No plan is worth more than this, in weighted steps with bonuses; infinite if nothing was proven.
    complete
        Whether the search was completed: `picked` is the best there is or, if ``None``, nothing beats the worth given.
    """

    picked: tuple[int, ...] | None
    bound: float
    complete: bool


def search(problem: Problem, effort: Effort, better_than: float | None = None) -> Found:
    """Search for the best plan of a problem.

    Parameters
    ----------
    better_than
        Only plans worth more than this are looked for, in weighted steps with bonuses.
    """
    return _Model(problem).solve(effort, better_than)


class _Model:
    """A problem written as a model. Each method that begins with ``_keep`` is one or a few of the named rules."""

    def __init__(self, problem: Problem) -> None:
        from ortools.sat.python import cp_model

        self.cp = cp_model
        self.problem = problem
        self.options = problem.options
        self.unit = STEPS_UNIT / problem.heaviest
        self.model = cp_model.CpModel()
        self.pick = [self.model.new_bool_var("") for _ in range(len(self.options))]
        self.beside: dict[int, list[tuple[Any, int]]] = {}
        self._keep_once_and_few()
        self._keep_within_weeks_and_budget()
        self._keep_order()
        self._keep_apart()
        self._keep_levels()
        self._count_days_beside()
        self._keep_worth_while()
        self._value()

    def _picks(self, which: Ints) -> list[Any]:
        return [self.pick[o] for o in which.tolist()]

    def _sum(self, which: Ints, sizes: Ints | None = None) -> Any:
        if sizes is None:
            return self.cp.LinearExpr.sum(self._picks(which))
        return self.cp.LinearExpr.weighted_sum(self._picks(which), sizes.tolist())

    def _own(self, k: int) -> Ints:
        own = self.problem.options_of(k)
        return np.arange(own.start, own.stop)

    # -- rules

    def _keep_once_and_few(self) -> None:
        problem, model = self.problem, self.model
        groups: dict[str, list[Any]] = {}
        for k in problem.alive:
            insats, picks = problem.candidates[k], self._picks(self._own(k))
            if insats.id in problem.required:
                model.add_exactly_one(picks)
            else:
                model.add(self.cp.LinearExpr.sum(picks) <= 1)
            if insats.group is not None:
                groups.setdefault(insats.group, []).extend(picks)
        for variants in groups.values():
            model.add_at_most_one(variants)
        model.add(self.cp.LinearExpr.sum(self.pick) <= problem.practice.max_activities)

    def _keep_within_weeks_and_budget(self) -> None:
        """Limit hours and parallel insatser in the cells in which something may start: no cell is fuller than those."""
        problem, options = self.problem, self.options
        for cell in np.unique(options.first).tolist():
            active = np.flatnonzero((options.first <= cell) & (cell < options.beyond))
            self.model.add(self._sum(active, options.hours[active]) <= int(problem.hours_left[cell]))
            self.model.add(self._sum(active) <= int(problem.places_left[cell]))
            for sizes, limit in _rounded(options.hours[active], int(problem.hours_left[cell])):
                self.model.add(self._sum(active, sizes) <= limit)
        if problem.budget is not None:
            everything = np.arange(len(options))
            self.model.add(self._sum(everything, options.cost) <= problem.budget)

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
            worst = int(-np.sort(steps[counts])[: self.problem.practice.max_activities].clip(max=0).sum())
            needed = int(np.ceil(float(gate.needed(np.array([day]))[0]) * STEPS_UNIT)) + worst
            starting = own[options.start[own] == day]
            self.model.add(self._sum(counts, steps[counts]) + worst >= needed * self._sum(starting))

    # -- what runs beside

    def _count_days_beside(self) -> None:
        """Count the days that each activity runs beside a job-oriented one, per hours a week that it may have."""
        problem, options = self.problem, self.options
        job = problem.jobs[options.owner]
        jobs = np.flatnonzero(job)
        lifted = np.flatnonzero(~job & np.any(options.extra[:, problem.weights > 0] != 0, axis=1))
        if not len(jobs) or not len(lifted):
            return
        either = np.concatenate([jobs, lifted])
        edges = np.unique(np.concatenate([options.start[either], options.end[either]]))
        exact = bool(np.any(options.extra < 0))  # else more days are never worth less, and upper bounds will do
        running = self._covers(jobs, edges)
        job_runs: dict[bytes, Any] = {}
        for k, hours in sorted({(int(options.owner[o]), int(options.hours[o])) for o in lifted}):
            own = self._own(k)
            own = own[options.hours[own] == hours]
            for slot, n_days in self._stretches(self._covers(own, edges), running, edges):
                key = running[:, slot].tobytes()
                if key not in job_runs:
                    job_runs[key] = self._any_of(jobs[running[:, slot]], exact)
                active = own[self._covers(own, edges[slot : slot + 2])[:, 0]]
                both = self._both(active, job_runs[key], exact)
                self.beside.setdefault(k, []).append((n_days * both, int(own[0])))

    def _covers(self, which: Ints, edges: Ints) -> Bools:
        """(n, S) whether each option runs all through each slot between two edges."""
        start, end = self.options.start[which, None], self.options.end[which, None]
        covers: Bools = (start <= edges[:-1]) & (edges[1:] <= end)
        return covers

    def _stretches(self, active: Bools, running: Bools, edges: Ints) -> Iterator[tuple[int, int]]:
        """Count days on which the same options and job-oriented ones run, and name one slot of those days."""
        days: dict[bytes, tuple[int, int]] = {}
        for slot in np.flatnonzero(active.any(axis=0) & running.any(axis=0)).tolist():
            key = active[:, slot].tobytes() + running[:, slot].tobytes()
            first, n_days = days.get(key, (slot, 0))
            days[key] = (first, n_days + int(edges[slot + 1] - edges[slot]))
        yield from days.values()

    def _any_of(self, which: Ints, exact: bool) -> Any:
        result = self.model.new_bool_var("")
        self.model.add(self._sum(which) >= result)
        if exact:
            for pick in self._picks(which):
                self.model.add_implication(pick, result)
        return result

    def _both(self, active: Ints, job_runs: Any, exact: bool) -> Any:
        result = self.model.new_bool_var("")
        self.model.add(self._sum(active) >= result)
        self.model.add(result <= job_runs)
        if exact:
            self.model.add(result >= self._sum(active) + job_runs - 1)
        return result

    # -- worth

    def _keep_worth_while(self) -> None:
        """Let an activity be only if it is worth its while by itself, unless it is required."""
        problem, options = self.problem, self.options
        alone = options.gain @ problem.weights
        extra = options.extra @ problem.weights
        for k in problem.alive:
            own = self._own(k)
            doubtful = own[(alone[own] < problem.least_worth) | (extra[own] < 0)]
            if problem.candidates[k].id in problem.required or not len(doubtful):
                continue
            beside = [self._whole(extra[o]) * days for days, o in self.beside.get(k, [])]
            worths = self._wholes(alone[own])
            present = self._sum(own)
            self.model.add(
                self._sum(own, worths) + self.cp.LinearExpr.sum(beside) >= self._whole(problem.least_worth) * present
            )

    def _whole(self, weighted_steps: float) -> int:
        return round(float(weighted_steps) * self.unit)

    def _wholes(self, weighted_steps: Array) -> Ints:
        return np.rint(weighted_steps * self.unit).astype(np.int64)

    def _value(self) -> None:
        """Value per indicator: the steps added, counted up to the target and down to the end of the scale."""
        problem, options = self.problem, self.options
        worths = [self._value_of(j, float(weight)) for j, weight in enumerate(problem.weights) if weight > 0]
        bonus = self._wholes(problem.bonus)[options.owner]
        preferred = np.flatnonzero(bonus)
        self.model.maximize(self.cp.LinearExpr.sum(worths) + self._sum(preferred, bonus[preferred]))

    def _value_of(self, j: int, weight: float) -> Any:
        problem, options, model = self.problem, self.options, self.model
        sizes = self._wholes(weight * options.gain[:, j])
        counted = np.flatnonzero(sizes)
        extra = self._wholes(weight * options.extra[:, j]).tolist()
        beside = [extra[o] * days for parts in self.beside.values() for days, o in parts if extra[o]]
        without, target, low = (
            float(problem.prospects.without[j]),
            float(problem.targets[j]),
            problem.prospects.scale[0],
        )
        spare = self._whole(weight * max(0.0, without - target))
        added = self._sum(counted, sizes[counted]) + self.cp.LinearExpr.sum(beside) + spare
        most = self._whole(weight * (target - min(without, target)))
        least = self._whole(weight * (min(low, target) - min(without, target)))
        worth = model.new_int_var(least, most, "")
        beyond = self._whole(weight * (self._most_lost(j) - max(0.0, without - low)))
        if beyond <= 0:
            model.add(worth <= added)
            return worth
        # Steps lost below the end of the scale do not count. Written with sizes, not conditions, so that the linear
        # relaxation keeps the row.
        at_the_floor = model.new_bool_var("")
        model.add(worth <= added + beyond * at_the_floor)
        model.add(worth <= most - (most - least) * at_the_floor)
        return worth

    def _most_lost(self, j: int) -> float:
        """Sum the steps that the worst plan could take from an indicator (≥ 0)."""
        losses = [max(0.0, -float(self.options.gate_gain[self._own(k), j].min())) for k in self.problem.alive]
        return sum(sorted(losses)[-self.problem.practice.max_activities :])

    # -- search

    def solve(self, effort: Effort, better_than: float | None) -> Found:
        """Run the search; see `search`."""
        solver = self._solver(effort)
        if better_than is not None:
            beyond = int(np.floor(better_than * self.unit)) + TOLERANCE
            # A cutoff on the objective itself (stored negated) lets the search end as soon as nothing better is left.
            self.model.proto.objective.domain.extend([-(2**60), -beyond])
        status = solver.solve(self.model)
        if status in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            picked = tuple(o for o, pick in enumerate(self.pick) if solver.boolean_value(pick))
            return Found(picked, solver.best_objective_bound / self.unit, status == self.cp.OPTIMAL)
        if status == self.cp.INFEASIBLE:
            return Found(None, -np.inf if better_than is None else better_than, True)
        if status == self.cp.MODEL_INVALID:
            raise ValueError("the planner wrote a model that CP-SAT calls invalid")
        return Found(None, solver.best_objective_bound / self.unit, False)

    def _solver(self, effort: Effort) -> Any:
        solver = self.cp.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 1
        parameters.max_deterministic_time = effort.deterministic
        parameters.max_time_in_seconds = effort.wall_seconds
        # Measured in benchmarks/planner_speed.py: each of these halves the time to proof, or better.
        parameters.cp_model_presolve = False
        parameters.cut_level = 0
        parameters.linearization_level = 2
        parameters.cp_model_probing_level = 0
        parameters.add_lp_constraints_lazily = False
        return solver


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
