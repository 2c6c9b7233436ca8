"""The planning problem as a CP-SAT model, which finds better plans or proves that there are none. See docs/PLANNER.md.

One literal per option (an insats with start, length and hours). What runs beside is bounded by stretches, or counted
slot by slot, a slot being days between which no job-oriented activity may start or end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pathway.planner import beside as besides
from pathway.planner.objective import Array
from pathway.planner.plans import Picked
from pathway.planner.problem import Bools, Problem
from pathway.planner.relaxation import Relaxed
from pathway.planner.rows import STEPS_UNIT, Rows, Term, each, nonzero
from pathway.planner.rules import Rule
from pathway.planner.weeks import Ints

TOLERANCE = 50  # what rounding may add up to in the model's objective: 5e-5 steps
FINE = 100  # parts of a whole number in rows that sum days: what rounds off of each of them would add up to more


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

    picked: Picked | None
    bound: float
    complete: bool
    spent: float


def can_be(problem: Problem, effort: Effort, without: frozenset[Rule]) -> bool:
    """Tell whether any plan keeps the rules, but for some; where the effort is spent, it is taken to."""
    found = Model(problem, without=without, valued=False).solve(effort)
    return found.picked is not None or not found.complete


@dataclass(frozen=True, eq=False)
class _Beside:
    """A column that counts days beside a job-oriented activity: whose (-1: of what is locked), (J,) steps for each."""

    column: int
    owner: int
    steps: Array


@dataclass(frozen=True, eq=False)
class _Slots:
    """Days from `first` up to `last` of each slot, and the column that tells whether a new job-oriented one runs."""

    first: Ints
    last: Ints
    runs: Ints


class Model(Rows):
    """A problem written as a model: the rules, what runs beside, and what plans are worth.

    Parameters
    ----------
    exactly
        Candidates whose days beside a job-oriented activity are counted exactly, by default all. Those of the others
        are only bounded by stretches (`pathway.planner.beside`): what a plan is worth is an upper bound then.
    hopeful
        Of the others, candidates that are taken to run beside a job-oriented activity all the time: a looser bound.
    without
        Rules that are left out: to find those that stand in the way of one another.
    valued
        Whether plans are compared by worth, or any that keeps the rules will do.
    relaxed
        What the relaxation says of the problem's options, if known: a row more.
    """

    def __init__(
        self,
        problem: Problem,
        exactly: frozenset[int] | None = None,
        hopeful: frozenset[int] = frozenset(),
        without: frozenset[Rule] = frozenset(),
        valued: bool = True,
        relaxed: Relaxed | None = None,
    ) -> None:
        super().__init__(problem, without)
        self.unit = STEPS_UNIT / problem.heaviest
        self.exactly = frozenset(problem.alive) if exactly is None else exactly
        self.hopeful = hopeful - self.exactly
        taken = np.isin(self.options.owner, sorted(self.hopeful))
        self.alone: Array = np.where(taken[:, None], self.options.most, self.options.gain)
        self.beside: list[_Beside] = []
        if valued:
            self._count_days_beside()
            self._keep_worth_while()
            worths = self._value()
            if relaxed is not None and np.isfinite(relaxed.limit):
                self._keep_below(relaxed, worths)

    # -- what runs beside

    def _count_days_beside(self) -> None:
        """Bound the days that activities run beside a job-oriented one, by stretches, or count them exactly."""
        problem = self.problem
        # Beside activities that are taken to run beside one all the time, a few that are not need no fine stretches.
        edges = problem.quarters if self.hopeful else besides.by_grid(problem)
        found = besides.count(problem, frozenset(problem.alive) - self.hopeful, edges)
        columns = np.array([self._new(0, most) for most in found.most.tolist()], dtype=np.int64)
        for row in found.rows:
            bounded = columns[list(row.columns)], np.array(row.sizes)
            self._keep(each(*bounded), each(row.options, -row.days), most=row.given)
        counted = np.flatnonzero(found.owner >= 0)
        for at in counted.tolist():
            self.beside.append(_Beside(int(columns[at]), int(found.owner[at]), found.steps[at]))
        counted = counted[np.isin(found.owner[counted], sorted(self.exactly))]
        if not len(counted) and not problem.standing.extra.any():
            return
        falls: Bools = np.any(found.steps * problem.weights < 0, axis=1)
        slots = self._slots(bool(falls[counted].any() or (problem.standing.extra < 0).any()))
        quarter = np.searchsorted(problem.quarters, found.start, side="right") - 1
        keys = np.stack([found.owner, found.hours, quarter], axis=1)
        for k, hours, q in np.unique(keys[counted], axis=0).tolist():
            own = counted[(keys[counted] == (k, hours, q)).all(axis=1)]
            self._count_exactly(columns[own], k, hours, q, slots, bool(falls[own].any()))

    def _slots(self, exact: bool) -> "_Slots":
        """Tell apart the days between which no job-oriented activity may start or end, and whether one runs there."""
        problem, options, standing = self.problem, self.options, self.problem.standing
        jobs = np.flatnonzero(problem.jobs[options.owner])
        changes = np.flatnonzero(np.diff(standing.job_runs)) + 1
        edges = np.unique(np.concatenate([options.start[jobs], options.end[jobs], problem.quarters, changes]))
        running = (options.start[jobs, None] <= edges[:-1]) & (edges[1:] <= options.end[jobs, None])
        free = running.any(axis=0) & ~standing.job_runs[edges[:-1]]
        first, last = edges[:-1][free], edges[1:][free]
        runs = [self._any_of(jobs[there], exact) for there in running[:, free].T]
        for column, start, end in zip(runs, first.tolist(), last.tolist(), strict=True):
            steps = standing.extra[start:end].sum(axis=0)
            if steps.any():
                self.beside.append(_Beside(column, -1, steps))
        return _Slots(first, last, np.array(runs, dtype=np.int64))

    def _any_of(self, which: Ints, exact: bool) -> int:
        """Tell whether any of the options is picked; if not exact, no more than that one may be said to be."""
        result = self._new(0, 1)
        self._keep(each(which), ([result], [-1]), least=0)
        for option in which.tolist() if exact else ():
            row = self.model.proto.constraints.add()
            row.enforcement_literal.append(option)
            row.bool_and.literals.append(result)
        return result

    def _count_exactly(self, counted: Ints, k: int, hours: int, quarter: int, slots: "_Slots", exact: bool) -> None:
        """Let columns count no more days of a quarter than an activity, at these hours, runs beside a job-oriented one.

        Whichever of the options is picked: it has no more of them than another one would have, and its days beyond
        those of the other. If exact, no fewer days either.
        """
        options, bounds = self.options, self.problem.quarters[quarter : quarter + 2]
        own = self._own(k)
        own = own[options.hours[own] == hours]
        start, end = np.clip(options.start[own], *bounds), np.clip(options.end[own], *bounds)
        there = (bounds[0] <= slots.first) & (slots.first < bounds[1])
        days = np.minimum(end[:, None], slots.last[there]) - np.maximum(start[:, None], slots.first[there])
        days, runs = np.maximum(days, 0), slots.runs[there]
        before = np.concatenate([[0], np.cumsum(self.problem.standing.job_runs)])
        standing = before[end] - before[start]
        for other in np.unique(np.vstack([days, days.max(axis=0)]), axis=0):
            beyond = np.maximum(days - other, 0).sum(axis=1) + standing
            self._keep(each(counted), nonzero(runs, -other), nonzero(own, -beyond), most=0)
        for o, its, given in zip(own.tolist(), days, standing.tolist(), strict=True) if exact else ():
            most = int(its.sum())
            self._keep(each(counted), nonzero(runs, -its), ([o], [-most - given]), least=-most)

    # -- worth

    def _keep_worth_while(self) -> None:
        """Let an activity be only if it is worth its while, unless it is required.

        Of a job-oriented one, what others gain beside such activities counts as well.
        """
        problem, options = self.problem, self.options
        alone = self.alone @ problem.weights
        extra = options.extra @ problem.weights
        taken = alone - options.gain @ problem.weights  # to be beside a job-oriented activity all the time
        for k in problem.alive:
            own, job = self._own(k), bool(problem.jobs[k])
            doubtful = (alone[own] < problem.least_worth) | (extra[own] < 0).any(axis=1)
            if problem.candidates[k].id in problem.required or not doubtful.any():
                continue
            itself = each(own, self._wholes(alone[own]) - self._whole(problem.least_worth))
            others = nonzero(np.arange(len(options)), self._wholes(np.maximum(taken, 0))) if job else ([], [])
            beside = self._days_beside(problem.weights, None if job else k, gained=job)
            self._keep(itself, others, beside, least=0)

    def _days_beside(self, weights: Array, k: int | None = None, gained: bool = False) -> Term:
        """Give the term of days beside, as many steps each as the weights make of them; of one candidate, or all.

        Parameters
        ----------
        gained
            Whether days count only where something is gained.
        """
        parts = [part for part in self.beside if k is None or part.owner == k]
        steps = np.array([part.steps for part in parts]).reshape(len(parts), len(weights)) @ weights
        steps = np.maximum(steps, 0) if gained else steps
        return nonzero(np.array([part.column for part in parts], dtype=np.int64), self._wholes(steps))

    def _whole(self, weighted_steps: float) -> int:
        return round(float(weighted_steps) * self.unit)

    def _wholes(self, weighted_steps: Array) -> Ints:
        return np.rint(weighted_steps * self.unit).astype(np.int64)

    def _value(self) -> list[int]:
        """Value per indicator: the steps added, counted up to the target and down to the end of the scale.

        Returns
        -------
        The columns that add up to the objective of a plan.
        """
        problem = self.problem
        worths = [self._value_of(j, float(weight)) for j, weight in enumerate(problem.weights) if weight > 0]
        merit = self._wholes(problem.merit)
        counted = np.flatnonzero(merit)
        objective = self.model.proto.objective  # CP-SAT minimises: worth is negated
        objective.vars.extend([*worths, *counted.tolist()])
        objective.coeffs.extend([*[-1] * len(worths), *(-merit[counted]).tolist()])
        objective.scaling_factor = -1.0
        return worths

    def _keep_below(self, relaxed: Relaxed, worths: list[int]) -> None:
        """Keep what the relaxation says: its bound, less what options cost by it, and how weeks and indicators fill."""
        sizes = np.floor(relaxed.cost * self.unit).astype(np.int64) + self._wholes(self.problem.merit)
        bound = int(np.ceil(relaxed.limit * self.unit)) + TOLERANCE
        self._keep((worths, [1] * len(worths)), nonzero(np.arange(len(sizes)), sizes), most=bound)
        column = dict(zip(np.flatnonzero(self.problem.weights > 0).tolist(), worths, strict=True))
        for pack in relaxed.packs:
            self._keep(nonzero(np.arange(len(pack.size)), pack.size), most=pack.most)
        for fill in relaxed.fills:
            sizes = np.ceil(fill.size * self.unit).astype(np.int64)
            most = int(np.ceil(fill.given * self.unit))
            self._keep(([column[fill.j]], [1]), nonzero(np.arange(len(sizes)), -sizes), most=most)

    def _value_of(self, j: int, weight: float) -> int:
        problem = self.problem
        only = FINE * weight * (np.arange(len(problem.weights)) == j)
        standing = problem.standing.gain[j] + problem.standing.extra[problem.standing.job_runs, j].sum()
        without, target = float(problem.prospects.without[j]), float(problem.targets[j])
        low = problem.prospects.scale[0]
        constant = self._whole(FINE * (float(problem.spare[j]) + weight * float(standing)))
        alone = nonzero(np.arange(len(self.options)), self._wholes(-self.alone @ only))
        added = (alone, self._days_beside(-only))
        most = self._whole(weight * (target - min(without, target)))
        least = self._whole(weight * (min(low, target) - min(without, target)))
        worth = self._new(least, most)
        self._keep_whole(worth, most, weight, j)
        beyond = self._whole(float(problem.given_back[j]))
        if beyond <= 0:
            self._keep(([worth], [FINE]), *added, most=constant)
            return worth
        # Steps lost below the end of the scale do not count. Written with sizes, not conditions, so that the linear
        # relaxation keeps the row.
        at_the_floor = self._new(0, 1)
        self._keep(([worth, at_the_floor], [FINE, -FINE * beyond]), *added, most=constant)
        self._keep(([worth, at_the_floor], [1, most - least]), most=most)
        return worth

    def _keep_whole(self, worth: int, most: int, weight: float, j: int) -> None:
        """Count each gain, at its most and up to the target only: nothing new, but closer for the relaxation."""
        problem = self.problem
        sizes = np.minimum(self._wholes(weight * np.maximum(self.options.most[:, j], 0)) + 1, most)
        gained = np.flatnonzero(sizes > 0)
        standing = problem.standing.gain[j] + np.maximum(problem.standing.extra[:, j], 0).sum()
        constant = self._whole(float(problem.spare[j]) + weight * max(0.0, float(standing))) + 1
        self._keep(([worth], [1]), each(gained, -sizes[gained]), most=constant)

    # -- search

    def solve(
        self, effort: Effort, better_than: float | None = None, enough: Callable[[Picked], bool] | None = None
    ) -> Found:
        """Search for the best plan.

        Parameters
        ----------
        better_than
            Only plans worth more than this, in weighted steps with bonuses, are looked for.
        enough
            Is shown every plan that betters those before, and tells whether to stop at it.
        """
        solver = self.solver(effort)
        if better_than is not None:
            beyond = int(np.floor(better_than * self.unit)) + TOLERANCE
            # A cutoff on the objective itself (stored negated) lets the search end as soon as nothing better is left.
            self.model.proto.objective.domain.extend([-(2**60), -beyond])
        status = solver.solve(self.model, None if enough is None else self._shown(enough))
        spent = float(solver.response_proto.deterministic_time)
        if status in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            bound = solver.best_objective_bound / self.unit
            return Found(self._picked(solver.response_proto), bound, status == self.cp.OPTIMAL, spent)
        if status == self.cp.INFEASIBLE:
            return Found(None, -np.inf if better_than is None else better_than, True, spent)
        if status == self.cp.MODEL_INVALID:
            raise ValueError("the planner wrote a model that CP-SAT calls invalid")
        return Found(None, solver.best_objective_bound / self.unit, False, spent)

    def _picked(self, response: Any) -> Picked:
        solution = list(response.solution)[: len(self.options)]
        return tuple(o for o, taken in enumerate(solution) if taken)

    def _shown(self, enough: Callable[[Picked], bool]) -> Any:
        picked_of = self._picked

        class Shown(self.cp.CpSolverSolutionCallback):  # type: ignore[misc, name-defined]
            def on_solution_callback(self) -> None:
                if enough(picked_of(self.response_proto)):
                    self.stop_search()

        return Shown()

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
        parameters.use_sat_inprocessing = False  # the searches are short: a few hundred conflicts
        parameters.new_linear_propagation = False
        parameters.symmetry_level = 0
        parameters.linear_split_size = 1000
        parameters.max_consecutive_inactive_count = 10  # rows that do not bind leave the solver's LP soon
        return solver
