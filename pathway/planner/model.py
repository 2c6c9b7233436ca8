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
from pathway.planner.relaxation import Relaxed
from pathway.planner.rows import STEPS_UNIT, Rows, Term, each, nonzero
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
        self.roughly = frozenset(problem.alive) - self.exactly - self.hopeful
        self.alone = self._alone()
        self.beside: list[_Beside] = []
        if valued:
            self._count_days_beside()
            self._keep_worth_while()
            worths = self._value()
            if relaxed is not None and np.isfinite(relaxed.bound):
                self._keep_below(relaxed, worths)

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
                    column, n_days = self._both(active, days[active, slot], job_runs[slot], exact)
                    self.beside.append(_Beside(column, k, n_days * steps))
        if by_day.any():
            for slot in slots:
                steps = by_day[edges[slot] : edges[slot + 1]].sum(axis=0)
                if steps.any():
                    self.beside.append(_Beside(job_runs[slot], -1, steps))

    def _covers(self, which: Ints, edges: Ints) -> Bools:
        """(n, S) whether each option runs all through each slot between two edges."""
        start, end = self.options.start[which, None], self.options.end[which, None]
        covers: Bools = (start <= edges[:-1]) & (edges[1:] <= end)
        return covers

    def _count_roughly(self) -> None:
        """Count no more days beside in a stretch than the activity, and job-oriented ones, have there."""
        found = besides.count(self.problem, self.roughly, besides.by_grid(self.problem))
        first = self.n_columns
        for most in found.most.tolist():
            self._new(0, most)
        for row in found.rows:
            columns = [first + column for column in row.columns]
            self._keep((columns, list(row.sizes)), each(row.options, -row.days), most=row.given)
        for column in np.flatnonzero(found.owner >= 0).tolist():
            self.beside.append(_Beside(first + column, int(found.owner[column]), found.steps[column]))

    def _keep_follows(self, one: int, other: int) -> None:
        """Let the second literal hold where the first does."""
        row = self.model.proto.constraints.add()
        row.enforcement_literal.append(one)
        row.bool_and.literals.append(other)

    def _any_of(self, which: Ints) -> int:
        """Tell whether any of the options is picked."""
        result = self._new(0, 1)
        self._keep(each(which), ([result], [-1]), least=0)
        for option in which.tolist():
            self._keep_follows(option, result)
        return result

    def _both(self, active: Ints, days: Ints, job_runs: int, exact: bool) -> tuple[int, int]:
        """Count the days of the option picked of `active`, one at most, if `job_runs`; at most so many if not exact.

        Returns
        -------
        A column, and how many days one of it stands for.
        """
        most = int(days.max())
        if most == int(days.min()):
            both = self._new(0, 1)
            self._keep_follows(both, job_runs)
            self._keep(([both], [1]), each(active, -1), most=0)
            if exact:
                self._keep(each(active), ([job_runs, both], [1, -1]), most=1)
            return both, most
        result = self._new(0, most)
        self._keep(([result], [1]), each(active, -days), most=0)
        self._keep(([result, job_runs], [1, -most]), most=0)
        if exact:
            self._keep(each(active, days), ([job_runs, result], [most, -1]), most=most)
        return result, 1

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
            least = self._whole(problem.least_worth)
            self._keep(
                each(own, self._wholes(alone[own]) - least),
                self._days_beside(problem.weights, k),
                least=0,
            )

    def _days_beside(self, weights: Array, k: int | None = None) -> Term:
        """Give the term of days beside, as many steps each as the weights make of them; of one candidate, or all."""
        parts = [part for part in self.beside if k is None or part.owner == k]
        steps = np.array([part.steps for part in parts]).reshape(len(parts), len(weights))
        return nonzero(np.array([part.column for part in parts], dtype=np.int64), self._wholes(steps @ weights))

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
        """Let no plan be worth more than the relaxation's bound, less what it says that its options cost."""
        costs = np.floor((relaxed.bound - relaxed.with_option) * self.unit).astype(np.int64)
        sizes = costs + self._wholes(self.problem.merit)
        bound = int(np.ceil(relaxed.bound * self.unit)) + TOLERANCE
        self._keep((worths, [1] * len(worths)), nonzero(np.arange(len(sizes)), sizes), most=bound)

    def _value_of(self, j: int, weight: float) -> int:
        problem = self.problem
        only = weight * (np.arange(len(problem.weights)) == j)
        standing = problem.standing.gain[j] + problem.standing.extra[problem.standing.job_runs, j].sum()
        without, target = float(problem.prospects.without[j]), float(problem.targets[j])
        low = problem.prospects.scale[0]
        constant = self._whole(float(problem.spare[j]) + weight * float(standing))
        alone = nonzero(np.arange(len(self.options)), self._wholes(-self.alone @ only))
        added = (alone, self._days_beside(-only))
        most = self._whole(weight * (target - min(without, target)))
        least = self._whole(weight * (min(low, target) - min(without, target)))
        worth = self._new(least, most)
        self._keep_whole(worth, most, weight, j)
        beyond = self._whole(float(problem.given_back[j]))
        if beyond <= 0:
            self._keep(([worth], [1]), *added, most=constant)
            return worth
        # Steps lost below the end of the scale do not count. Written with sizes, not conditions, so that the linear
        # relaxation keeps the row.
        at_the_floor = self._new(0, 1)
        self._keep(([worth, at_the_floor], [1, -beyond]), *added, most=constant)
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

    def solve(self, effort: Effort, better_than: float | None = None) -> Found:
        """Search for the best plan; only plans worth more than this, in weighted steps with bonuses, are looked for."""
        solver = self.solver(effort)
        if better_than is not None:
            beyond = int(np.floor(better_than * self.unit)) + TOLERANCE
            # A cutoff on the objective itself (stored negated) lets the search end as soon as nothing better is left.
            self.model.proto.objective.domain.extend([-(2**60), -beyond])
        status = solver.solve(self.model)
        spent = float(solver.response_proto.deterministic_time)
        if status in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            solution = list(solver.response_proto.solution)[: len(self.options)]
            picked = tuple(o for o, taken in enumerate(solution) if taken)
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
        parameters.use_sat_inprocessing = False  # the searches are short: a few hundred conflicts
        parameters.new_linear_propagation = False
        parameters.symmetry_level = 0
        parameters.linear_split_size = 1000
        parameters.max_consecutive_inactive_count = 10  # rows that do not bind leave the solver's LP soon
        return solver
