"""Compiles a client's problem: leaves out each choice that fits in no plan; says which rule took an insats's last."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.planner.choices import (
    HOURS_UNIT,
    Blocked,
    Choices,
    choices_of,
    completed_of,
    not_eligible,
    openings_of,
    running_of,
)
from pathway.planner.layout import Prices, assemble
from pathway.planner.objective import Array, Prospects
from pathway.planner.practice import Grid, Practice, shipped
from pathway.planner.problem import ORE, Bools, Problem
from pathway.planner.rules import Fact, Rule
from pathway.planner.weeks import Ints, Weeks


@dataclass(frozen=True, eq=False)
class Passed:
    """Which options pass a rule, and for a candidate that loses its last one, why."""

    keep: Bools
    why: Callable[[int], Blocked]


Stage = Callable[[Problem], Passed]


def compile(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    practice: Practice | None = None,
    *,
    prices: Prices | None = None,
    grid: Grid | None = None,
    only: frozenset[str] | None = None,
) -> Problem:
    """Apply every rule that concerns one insats, and those between insatser as far as they block one for good.

    Parameters
    ----------
    grid
        Which starts, lengths and hours are offered; by default what good practice says of the horizon. The least of
        both is offered too where it may decide whether an insats can be at all.
    only
        Ids of the insatser to lay out; by default all.
    """
    practice = practice or shipped()
    grid = grid or practice.grid(case.limits.horizon_weeks)
    weeks = Weeks(case.as_of, 7 * case.limits.horizon_weeks)
    running = running_of(case, catalogue, weeks, practice)
    openings, completed = openings_of(case, weeks, running), completed_of(case)
    tight = bool(running or case.wishes.require or case.limits.hours_by_week or case.limits.budget is not None)
    leading = {first for insats in catalogue.insatser for first in insats.requires.insatser} - completed
    blocked: dict[str, Blocked] = {}
    screened: list[Insats] = []
    for insats in catalogue.insatser:
        if only is not None and insats.id not in only:
            continue
        if closed := _closed(insats, case, prospects):
            blocked[insats.id] = closed
        else:
            screened.append(insats)
    few = len(screened) <= practice.typical_up_to or case.limits.hours_per_week <= practice.typical_up_to_hours
    grid = replace(grid, typical=grid.typical or few, least=grid.least or few or tight)
    open_to: list[tuple[Insats, Choices]] = []
    for insats in screened:
        own = replace(grid, least=True) if insats.id in leading else grid
        found = choices_of(insats, case, weeks, running, openings, own)
        if isinstance(found, Blocked):
            blocked[insats.id] = found
        else:
            open_to.append((insats, found))
    return sift(
        assemble(case, catalogue, prospects, practice, weeks, running, open_to, blocked, completed, grid, prices)
    )


def _closed(insats: Insats, case: Case, prospects: Prospects) -> Blocked | None:
    if fact := not_eligible(insats, case):
        return Blocked("not_eligible", fact)
    if insats.id in case.wishes.avoid:
        return Blocked("avoided", Fact(Rule.AVOIDED))
    if insats.id not in prospects.speakable:
        return Blocked("too_little_data", Fact(Rule.COMPARABLE))
    return None


def sift(problem: Problem) -> Problem:
    """Take away options that fit in no plan, until nothing more falls."""
    stages: tuple[Stage, ...] = (
        _not_running,
        _with_room,
        _affordable,
        _after_first,
        _at_level,
        _not_excluded,
        _worth_while,
    )
    n_before = -1
    while len(problem.options) != n_before:
        n_before = len(problem.options)
        for stage in stages:
            problem = _apply(problem, stage(problem))
        stages = (_affordable, _after_first, _at_level, _worth_while)  # the others ask nothing of other options
    return problem


def _apply(problem: Problem, passed: Passed) -> Problem:
    if passed.keep.all():
        return problem
    survivors = set(np.unique(problem.options.owner[passed.keep]).tolist())
    fallen = {problem.candidates[k].id: passed.why(k) for k in problem.alive if k not in survivors}
    return replace(problem, options=problem.options.where(passed.keep), blocked=problem.blocked | fallen)


def _all(problem: Problem) -> Bools:
    return np.ones(len(problem.options), dtype=bool)


def _not_running(problem: Problem) -> Passed:
    options, keep = problem.options, _all(problem)
    for run in problem.running:
        if run.insats_id in problem.position:
            same = options.owner == problem.position[run.insats_id]
            keep &= ~(same & (options.start < run.end) & (run.start < options.end))

    def why(k: int) -> Blocked:
        id = problem.candidates[k].id
        until = max(run.end for run in problem.running if run.insats_id == id)
        return Blocked("no_start_date", Fact(Rule.ONCE, other=id, on=problem.weeks.date(until)))

    return Passed(keep, why)


def _with_room(problem: Problem) -> Passed:
    options, cells = problem.options, problem.cells
    if not len(options) or not (problem.running or problem.case.limits.hours_by_week or not problem.most_activities):
        return Passed(_all(problem), _never)
    places = range_min(cells.places_left, options.first, options.beyond)
    hours = range_min(cells.hours_left, options.first, options.beyond)
    keep = (places >= 1) & (hours >= options.hours) & (problem.most_activities > 0)

    def why(k: int) -> Blocked:
        own = problem.options_of(k)
        if problem.most_activities < 1:
            return Blocked("hours", Fact(Rule.MAX_ACTIVITIES, needed=problem.standing.n + 1, found=problem.standing.n))
        if places[own].max() < 1:
            until = problem.weeks.date(max(run.end for run in problem.running))
            return Blocked("hours", Fact(Rule.PARALLEL, needed=1, found=0, on=until))
        least = problem.candidates[k].hours_per_week.min
        most = float(hours[own][places[own] >= 1].max()) / HOURS_UNIT
        return Blocked("hours", Fact(Rule.WEEKLY_LOAD, needed=least, found=most))

    return Passed(keep, why)


def _affordable(problem: Problem) -> Passed:
    """Weigh each option's cost, with the least cost of what the person requires beside it, against the budget."""
    options = problem.options
    if problem.budget is None or not len(options):
        return Passed(_all(problem), _never)
    least = {k: int(options.cost[problem.options_of(k)].min()) for k in problem.alive}
    total = options.cost.copy()
    for k in problem.alive:
        beside = {problem.position[id] for id in problem.required if id in problem.position} | set(
            _first_of(problem, k)
        )
        total[problem.options_of(k)] += sum(least.get(other, 0) for other in beside - {k})

    def why(k: int) -> Blocked:
        least_total = float(total[problem.options_of(k)].min() + problem.standing.cost) / ORE
        return Blocked("hours", Fact(Rule.BUDGET, needed=least_total, found=problem.case.limits.budget))

    return Passed(total <= problem.budget, why)


def _first_of(problem: Problem, k: int) -> frozenset[int]:
    """Candidates that must come before this one in the plan, and before those."""
    found: set[int] = set()
    queue = list(problem.needs[k])
    while queue:
        first = queue.pop()
        if first not in found:
            found.add(first)
            queue += problem.needs[first]
    return frozenset(found)


def _after_first(problem: Problem) -> Passed:
    options, keep = problem.options, _all(problem)
    stands_in_way: dict[int, str] = {}
    alive = set(problem.alive)
    for k in problem.alive:
        if not problem.unmet[k]:
            continue
        own = problem.options_of(k)
        for id in problem.unmet[k]:
            keep[own] &= options.start[own] >= _earliest_end(problem, id, alive)
            if not keep[own].any():
                stands_in_way.setdefault(k, id)

    def why(k: int) -> Blocked:
        return Blocked("prerequisite", Fact(Rule.REQUIRED_INSATS, other=stands_in_way[k]))

    return Passed(keep, why)


def _earliest_end(problem: Problem, insats_id: str, alive: set[int]) -> float:
    ends = [float(run.end) for run in problem.running if run.locked and run.insats_id == insats_id]
    k = problem.position.get(insats_id)
    if k is not None and k in alive:
        ends.append(float(problem.options.end[problem.options_of(k)].min()))
    return min(ends, default=np.inf)


def _at_level(problem: Problem) -> Passed:
    """Keep starts at which a required level could be reached by the best that could come before them."""
    options, keep = problem.options, _all(problem)
    unreached: dict[int, Fact] = {}
    levels = problem.case.levels()
    most: dict[int, _MostBefore] = {}
    for k in problem.alive:
        own = problem.options_of(k)
        for gate in problem.gates[k]:
            if gate.j not in most:
                most[gate.j] = _MostBefore(problem, gate.j)
            keep[own] &= most[gate.j].beside(k) >= gate.needed(options.start[own])
            if not keep[own].any():
                now = levels.get(gate.indicator)
                fact = Fact(Rule.REQUIRED_LEVEL, indicator=gate.indicator, needed=gate.level, found=now)
                unreached.setdefault(k, fact)

    def why(k: int) -> Blocked:
        return Blocked("prerequisite", unreached[k])

    return Passed(keep, why)


class _MostBefore:
    """Most steps that a few activities could have added to an indicator by each day on which something may start."""

    def __init__(self, problem: Problem, j: int) -> None:
        options = problem.options
        self.problem, self.j = problem, j
        self.days = np.unique(options.start)
        gain = np.maximum(options.gate_gain[:, j], 0) if j >= 0 else np.zeros(len(options))
        useful = np.flatnonzero(gain > 0)
        self.row = {k: row for row, k in enumerate(np.unique(options.owner[useful]).tolist())}
        self.best = np.zeros((len(self.row), len(self.days) + 1))
        at = np.searchsorted(self.days, options.end[useful])
        rows = np.searchsorted(np.unique(options.owner[useful]), options.owner[useful])
        np.maximum.at(self.best, (rows, at), gain[useful])
        self.best = np.maximum.accumulate(self.best[:, :-1], axis=1)
        self.standing = np.zeros(len(self.days))
        for start, end, steps in problem.standing.steps:
            if j >= 0:
                self.standing += steps[j] * (end <= self.days if steps[j] > 0 else start < self.days)

    def beside(self, k: int) -> Array:
        """Give the most for each option of a candidate, which does not count itself."""
        problem = self.problem
        starts = problem.options.start[problem.options_of(k)]
        if self.j < 0:
            return np.full(len(starts), -np.inf)
        others = np.delete(self.best, self.row[k], axis=0) if k in self.row else self.best
        n_before = problem.most_activities - 1
        most = np.sort(others, axis=0)[max(0, len(others) - n_before) :].sum(axis=0) if n_before > 0 else 0.0
        total: Array = (self.standing + most)[np.searchsorted(self.days, starts)]
        return total


def _not_excluded(problem: Problem) -> Passed:
    """Keep options that overlap no running insats that excludes them, and are no variant of one that is settled."""
    options, keep = problem.options, _all(problem)
    stands_in_way: dict[int, Fact] = {}
    settled = problem.required | {run.insats_id for run in problem.running if run.locked}
    given = [insats for insats in problem.catalogue.insatser if insats.id in settled]
    excluders = _excluders(problem)
    for k in problem.alive:
        own, insats = problem.options_of(k), problem.candidates[k]
        for run in problem.running:
            if run.insats_id in excluders.get(insats.id, ()):
                keep[own] &= (options.start[own] >= run.end) | (options.end[own] <= run.start)
                until = problem.weeks.date(run.end)
                stands_in_way.setdefault(k, Fact(Rule.EXCLUSION, other=run.insats_id, on=until))
        for other in given:
            if other.id in problem.catalogue.variants.get(insats.id, ()):
                keep[own] = False
                stands_in_way[k] = Fact(Rule.GROUP, other=other.id)

    def why(k: int) -> Blocked:
        return Blocked("excluded", stands_in_way[k])

    return Passed(keep, why)


def _excluders(problem: Problem) -> dict[str, set[str]]:
    """Name the running insatser that exclude each insats, whichever of the two says so."""
    running = {run.insats_id for run in problem.running}
    found: dict[str, set[str]] = {}
    for insats in problem.catalogue.insatser if running else ():
        for other in insats.excludes:
            if other in running:
                found.setdefault(insats.id, set()).add(other)
            if insats.id in running:
                found.setdefault(other, set()).add(insats.id)
    return found


def _worth_while(problem: Problem) -> Passed:
    options = problem.options
    a_job_elsewhere = problem.standing.job_runs.any() or any(problem.jobs[k] for k in problem.alive)
    most = (options.most if a_job_elsewhere else options.gain) @ problem.weights
    most = most + problem.jobs[options.owner] * _most_beside(problem)
    exempt = np.array([insats.id in problem.required for insats in problem.candidates], dtype=bool)
    keep = (most >= problem.least_worth) & (most > 0)
    if len(options):
        keep |= exempt[options.owner]

    def why(k: int) -> Blocked:
        found = float(most[problem.options_of(k)].max()) / problem.heaviest
        return Blocked("no_expected_gain", Fact(Rule.WORTH, needed=problem.practice.least_worth_steps, found=found))

    return Passed(keep, why)


def _most_beside(problem: Problem) -> float:
    """Give the weighted steps that all there is could gain by running beside job-oriented activities all the time."""
    options = problem.options
    most = (np.maximum(options.extra @ problem.weights, 0) * options.days).sum(axis=1)
    of_each = sum(float(most[problem.options_of(k)].max()) for k in problem.alive)
    return of_each + float(np.maximum(problem.standing.extra @ problem.weights, 0).sum())


def range_min(values: Ints, first: Ints, beyond: Ints) -> Ints:
    """Least of `values` in each range from `first` up to `beyond` (never empty)."""
    table = [values]
    while 2 ** len(table) <= len(values):
        span = 2 ** (len(table) - 1)
        table.append(np.minimum(table[-1][:-span], table[-1][span:]))
    length = beyond - first
    power = np.frexp(length)[1] - 1
    result = np.empty(len(first), dtype=values.dtype)
    for p in np.unique(power):
        here = power == p
        result[here] = np.minimum(table[p][first[here]], table[p][beyond[here] - 2**p])
    return result


def _never(k: int) -> Blocked:
    raise ValueError("a rule that takes no options away was asked why")
