"""The planning problem as a CP-SAT model, which finds better plans or proves that there are none. See docs/PLANNER.md.

One literal per option (an insats with start, length and hours). What runs beside is counted slot by slot, a slot being
a stretch of days on which nothing may start or end.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pathway.planner import beside as besides
from pathway.planner.objective import Array
from pathway.planner.problem import Bools, Problem
from pathway.planner.rows import STEPS_UNIT, Rows
from pathway.planner.rules import Rule
from pathway.planner.weeks import Ints

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

    deterministic: float = 1.5
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
    spent
        Work done, as `Effort.deterministic` counts it.
    """

    picked: tuple[int, ...] | None
    bound: float
    complete: bool
    spent: float


def search(problem: Problem, effort: Effort, better_than: float | None = None) -> Found:
    """Search for the best plan of a problem.

    Parameters
    ----------
    better_than
        Only plans worth more than this are looked for, in weighted steps with bonuses.
    """
    return Model(problem).solve(effort, better_than)


def can_be(problem: Problem, effort: Effort, without: frozenset[Rule]) -> bool:
    """Tell whether any plan keeps the rules, but for some; where the effort is spent, it is taken to."""
    found = Model(problem, without=without, valued=False).solve(effort, None)
    return found.picked is not None or not found.complete


class Model(Rows):
    """A problem written as a model: the rules, what runs beside, and what plans are worth.

    Parameters
    ----------
    exactly
        Candidates whose days beside a job-oriented activity are counted exactly, by default all. Those of the others
        are bounded by stretches of the grid (`pathway.planner.beside`): what a plan is worth is an upper bound then.
    hopeful
        Of the others, candidates that are taken to run beside a job-oriented activity all the time: a looser bound.
    without
        Rules that are left out: to find those that stand in the way of one another.
    valued
        Whether plans are compared by worth, or any that keeps the rules will do.
    """

    def __init__(
        self,
        problem: Problem,
        exactly: frozenset[int] | None = None,
        hopeful: frozenset[int] = frozenset(),
        without: frozenset[Rule] = frozenset(),
        valued: bool = True,
    ) -> None:
        super().__init__(problem, without)
        self.unit = STEPS_UNIT / problem.heaviest
        self.exactly = frozenset(problem.alive) if exactly is None else exactly
        self.hopeful = hopeful - self.exactly
        self.roughly = frozenset(problem.alive) - self.exactly - self.hopeful
        self.alone = self._alone()
        self.beside: dict[int, list[tuple[Any, Array]]] = {}  # per candidate: a count of days, steps on each
        self.locked_beside: list[tuple[Any, Array]] = []
        if valued:
            self._count_days_beside()
            self._keep_worth_while()
            self._value()

    def _alone(self) -> Array:
        """(n, J) steps that each option adds whatever else is new: alone, and beside locked job-oriented activities."""
        problem, options = self.problem, self.options
        runs = np.concatenate([[0], np.cumsum(problem.standing.job_runs)])
        first = np.maximum(options.start[:, None], problem.quarters[:-1])
        last = np.maximum(np.minimum(options.end[:, None], problem.quarters[1:]), first)
        alone: Array = options.gain + options.beside(runs[last] - runs[first])
        rough = np.isin(options.owner, sorted(self.roughly))  # theirs are bounded together with those beside new ones
        alone[rough] = options.gain[rough]
        hopeful = np.isin(options.owner, sorted(self.hopeful))
        alone[hopeful] = options.most[hopeful]
        return alone

    # -- what runs beside

    def _count_days_beside(self) -> None:
        """Count the days that each activity runs beside a new job-oriented one, per hours a week that it may have."""
        self._count_roughly()
        problem, options = self.problem, self.options
        counts = problem.weights > 0
        job = problem.jobs[options.owner]
        jobs = np.flatnonzero(job)
        lifted = np.any(options.extra[:, :, counts] != 0, axis=(1, 2))
        lifted = np.flatnonzero(lifted & ~job & np.isin(options.owner, sorted(self.exactly)))
        by_day = problem.standing.extra
        if not len(jobs) or (not len(lifted) and not by_day.any()):
            return
        changes = np.flatnonzero(np.diff(problem.standing.job_runs)) + 1
        edges = np.unique(np.concatenate([options.start[jobs], options.end[jobs], problem.quarters, changes]))
        running = self._covers(jobs, edges)
        running[:, problem.standing.job_runs[edges[:-1]]] = False  # counted as alone
        slots = np.flatnonzero(running.any(axis=0)).tolist()
        quarter = np.searchsorted(problem.quarters, edges[:-1], side="right") - 1
        job_runs = {slot: self._any_of(jobs[running[:, slot]]) for slot in slots}
        days = np.minimum(options.end[:, None], edges[1:]) - np.maximum(options.start[:, None], edges[:-1])
        for k, hours in sorted({(int(options.owner[o]), int(options.hours[o])) for o in lifted}):
            own = self._own(k)
            own = own[options.hours[own] == hours]
            for slot in slots:
                active = own[days[own, slot] > 0]
                if len(active):
                    steps = options.extra[own[0], quarter[slot]]
                    exact = bool(np.any(steps[counts] < 0))
                    both = self._both(active, days[active, slot], job_runs[slot], exact)
                    self.beside.setdefault(k, []).append((both, steps))
        if by_day.any():
            for slot in slots:
                steps = by_day[edges[slot] : edges[slot + 1]].sum(axis=0)
                if steps.any():
                    self.locked_beside.append((job_runs[slot], steps))

    def _covers(self, which: Ints, edges: Ints) -> Bools:
        """(n, S) whether each option runs all through each slot between two edges."""
        start, end = self.options.start[which, None], self.options.end[which, None]
        covers: Bools = (start <= edges[:-1]) & (edges[1:] <= end)
        return covers

    def _count_roughly(self) -> None:
        """Count no more days beside in a stretch of the grid than the activity, and job-oriented ones, have there."""
        found = besides.count(self.problem, self.roughly, besides.by_grid(self.problem))
        days = [self.model.new_int_var(0, most, "") for most in found.most.tolist()]
        for row in found.rows:
            left = self.cp.LinearExpr.weighted_sum([days[column] for column in row.columns], row.sizes)
            self.model.add(left <= self._sum(row.options, row.days) + row.given)
        for column in np.flatnonzero(found.owner >= 0).tolist():
            self.beside.setdefault(int(found.owner[column]), []).append((days[column], found.steps[column]))

    def _any_of(self, which: Ints) -> Any:
        """Tell whether any of the options is picked."""
        result = self.model.new_bool_var("")
        self.model.add(self._sum(which) >= result)
        for pick in self._picks(which):
            self.model.add_implication(pick, result)
        return result

    def _both(self, active: Ints, days: Ints, job_runs: Any, exact: bool) -> Any:
        """Count the days of the option picked of `active`, one at most, if `job_runs`; at most so many if not exact."""
        most = int(days.max())
        picked = self._sum(active, days)
        if most == int(days.min()):
            both = self.model.new_bool_var("")
            self.model.add_implication(both, job_runs)
            self.model.add(both <= self._sum(active))
            if exact:
                self.model.add(both >= self._sum(active) + job_runs - 1)
            return most * both
        result = self.model.new_int_var(0, most, "")
        self.model.add(result <= picked)
        self.model.add(result <= most * job_runs)
        if exact:
            self.model.add(result >= picked - most * (1 - job_runs))
        return result

    # -- worth

    def _keep_worth_while(self) -> None:
        """Let an activity be only if it is worth its while by itself, unless it is required."""
        problem, options = self.problem, self.options
        alone = self.alone @ problem.weights
        extra = options.extra @ problem.weights
        for k in problem.alive:
            own = self._own(k)
            doubtful = (alone[own] < problem.least_worth) | (extra[own] < 0).any(axis=1)
            if problem.candidates[k].id in problem.required or not doubtful.any():
                continue
            beside = [self._whole(float(steps @ problem.weights)) * days for days, steps in self.beside.get(k, [])]
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
        problem = self.problem
        worths = [self._value_of(j, float(weight)) for j, weight in enumerate(problem.weights) if weight > 0]
        merit = self._wholes(problem.merit)
        counted = np.flatnonzero(merit)
        self.model.maximize(self.cp.LinearExpr.sum(worths) + self._sum(counted, merit[counted]))

    def _value_of(self, j: int, weight: float) -> Any:
        problem, model = self.problem, self.model
        sizes = self._wholes(weight * self.alone[:, j])
        counted = np.flatnonzero(sizes)
        parts = [part for of_one in self.beside.values() for part in of_one] + self.locked_beside
        extra = [(days, self._whole(weight * float(steps[j]))) for days, steps in parts]
        beside = [size * days for days, size in extra if size]
        standing = problem.standing.gain[j] + problem.standing.extra[problem.standing.job_runs, j].sum()
        without, target = float(problem.prospects.without[j]), float(problem.targets[j])
        low = problem.prospects.scale[0]
        constant = self._whole(float(problem.spare[j]) + weight * float(standing))
        added = self._sum(counted, sizes[counted]) + self.cp.LinearExpr.sum(beside) + constant
        most = self._whole(weight * (target - min(without, target)))
        least = self._whole(weight * (min(low, target) - min(without, target)))
        worth = model.new_int_var(least, most, "")
        self._keep_whole(worth, most, weight, j)
        beyond = self._whole(float(problem.given_back[j]))
        if beyond <= 0:
            model.add(worth <= added)
            return worth
        # Steps lost below the end of the scale do not count. Written with sizes, not conditions, so that the linear
        # relaxation keeps the row.
        at_the_floor = model.new_bool_var("")
        model.add(worth <= added + beyond * at_the_floor)
        model.add(worth <= most - (most - least) * at_the_floor)
        return worth

    def _keep_whole(self, worth: Any, most: int, weight: float, j: int) -> None:
        """Count each gain, at its most and up to the target only: nothing new, but closer for the relaxation."""
        problem = self.problem
        sizes = np.minimum(self._wholes(weight * np.maximum(self.options.most[:, j], 0)) + 1, most)
        gained = np.flatnonzero(sizes > 0)
        standing = problem.standing.gain[j] + np.maximum(problem.standing.extra[:, j], 0).sum()
        constant = self._whole(float(problem.spare[j]) + weight * max(0.0, float(standing))) + 1
        self.model.add(worth <= self._sum(gained, sizes[gained]) + constant)

    # -- search

    def solve(self, effort: Effort, better_than: float | None) -> Found:
        """Run the search; see `search`."""
        solver = self.solver(effort)
        if better_than is not None:
            beyond = int(np.floor(better_than * self.unit)) + TOLERANCE
            # A cutoff on the objective itself (stored negated) lets the search end as soon as nothing better is left.
            self.model.proto.objective.domain.extend([-(2**60), -beyond])
        status = solver.solve(self.model)
        spent = float(solver.response_proto.deterministic_time)
        if status in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            picked = tuple(o for o, pick in enumerate(self.pick) if solver.boolean_value(pick))
            return Found(picked, solver.best_objective_bound / self.unit, status == self.cp.OPTIMAL, spent)
        if status == self.cp.INFEASIBLE:
            return Found(None, -np.inf if better_than is None else better_than, True, spent)
        if status == self.cp.MODEL_INVALID:
            raise ValueError("the planner wrote a model that CP-SAT calls invalid")
        return Found(None, solver.best_objective_bound / self.unit, False, spent)

    def solver(self, effort: Effort) -> Any:
        """Give a solver with the parameters that were measured to be fastest."""
        solver = self.cp.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 1
        parameters.max_deterministic_time = effort.deterministic
        parameters.max_time_in_seconds = effort.wall_seconds
        parameters.cp_model_presolve = False
        parameters.cut_level = 0
        parameters.linearization_level = 2
        parameters.cp_model_probing_level = 0
        parameters.add_lp_constraints_lazily = False
        return solver
