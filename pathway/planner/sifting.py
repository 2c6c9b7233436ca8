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
    Running,
    choices_of,
    completed_of,
    not_eligible,
    running_of,
)
from pathway.planner.objective import Array, Prospects
from pathway.planner.practice import Practice, shipped
from pathway.planner.problem import ORE, Bools, Problem, assemble, range_min
from pathway.planner.rules import Fact, Rule
from pathway.planner.weeks import Weeks


@dataclass(frozen=True, eq=False)
class Passed:
    """Which options pass a rule, and for a candidate that loses its last one, why."""

    keep: Bools
    why: Callable[[int], Blocked]


def compile(case: Case, catalogue: Catalogue, prospects: Prospects, practice: Practice | None = None) -> Problem:
    """Apply every rule that concerns one insats, and those between insatser as far as they block one for good."""
    practice = practice or shipped()
    weeks = Weeks(case.as_of, 7 * case.limits.horizon_weeks)
    running = running_of(case, catalogue, weeks, practice)
    blocked: dict[str, Blocked] = {}
    open_to: list[tuple[Insats, Choices]] = []
    for insats in catalogue.insatser:
        found = _screen(insats, case, weeks, running, prospects, practice)
        if isinstance(found, Blocked):
            blocked[insats.id] = found
        else:
            open_to.append((insats, found))
    completed = completed_of(case)
    return sift(assemble(case, catalogue, prospects, practice, weeks, running, open_to, blocked, completed))


def _screen(
    insats: Insats, case: Case, weeks: Weeks, running: tuple[Running, ...], prospects: Prospects, practice: Practice
) -> Choices | Blocked:
    if fact := not_eligible(insats, case):
        return Blocked("not_eligible", fact)
    if insats.id in case.wishes.avoid:
        return Blocked("avoided", Fact(Rule.AVOIDED))
    if insats.id not in prospects.speakable:
        return Blocked("too_little_data", Fact(Rule.COMPARABLE))
    return choices_of(insats, case, weeks, running, practice)


def sift(problem: Problem) -> Problem:
    """Take away options that fit in no plan, until nothing more falls."""
    n_before = -1
    while len(problem.options) != n_before:
        n_before = len(problem.options)
        for stage in (_not_running, _with_room, _affordable, _after_first, _at_level, _not_excluded, _worth_while):
            problem = _apply(problem, stage(problem))
    return problem


def _apply(problem: Problem, passed: Passed) -> Problem:
    if passed.keep.all():
        return problem
    survivors = set(np.unique(problem.options.owner[passed.keep]))
    fallen = {problem.candidates[k].id: passed.why(k) for k in problem.alive if k not in survivors}
    return replace(problem, options=problem.options.where(passed.keep), blocked=problem.blocked | fallen)


def _not_running(problem: Problem) -> Passed:
    options = problem.options
    keep = np.ones(len(options), dtype=bool)
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
    options = problem.options
    if not problem.running or not len(options):
        return Passed(np.ones(len(options), dtype=bool), _never)
    places = range_min(problem.places_left, options.first, options.beyond)
    hours = range_min(problem.hours_left, options.first, options.beyond)
    keep = (places >= 1) & (hours >= options.hours)

    def why(k: int) -> Blocked:
        own = options.owner == k
        if places[own].max() < 1:
            until = problem.weeks.date(max(run.end for run in problem.running))
            return Blocked("hours", Fact(Rule.PARALLEL, needed=1, found=0, on=until))
        least = problem.candidates[k].hours_per_week.min
        most = float(hours[own & (places >= 1)].max()) / HOURS_UNIT
        return Blocked("hours", Fact(Rule.WEEKLY_LOAD, needed=least, found=most))

    return Passed(keep, why)


def _affordable(problem: Problem) -> Passed:
    """Weigh each option's cost, with the least cost of what the person requires beside it, against the budget."""
    options = problem.options
    if problem.budget is None or not len(options):
        return Passed(np.ones(len(options), dtype=bool), _never)
    least = {k: int(options.cost[problem.options_of(k)].min()) for k in problem.alive}
    total = options.cost.copy()
    for k in problem.alive:
        beside = {problem.position[id] for id in problem.required if id in problem.position} | set(
            _first_of(problem, k)
        )
        total[problem.options_of(k)] += sum(least.get(other, 0) for other in beside - {k})

    def why(k: int) -> Blocked:
        least_total = float(total[problem.options_of(k)].min()) / ORE
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
    options = problem.options
    keep = np.ones(len(options), dtype=bool)
    stands_in_way: dict[int, str] = {}
    alive = set(problem.alive)
    for k in problem.alive:
        own = problem.options_of(k)
        for id in problem.unmet[k]:
            first = problem.position.get(id)
            if first is None or first not in alive:
                keep[own] = False
                stands_in_way.setdefault(k, id)
            else:
                keep[own] &= options.start[own] >= options.end[problem.options_of(first)].min()
                if not keep[own].any():
                    stands_in_way.setdefault(k, id)

    def why(k: int) -> Blocked:
        return Blocked("prerequisite", Fact(Rule.REQUIRED_INSATS, other=stands_in_way[k]))

    return Passed(keep, why)


def _at_level(problem: Problem) -> Passed:
    """Keep starts at which a required level could be reached by the best that could come before them."""
    options = problem.options
    keep = np.ones(len(options), dtype=bool)
    unreached: dict[int, Fact] = {}
    levels = problem.case.levels()
    for k in problem.alive:
        own = problem.options_of(k)
        for gate in problem.gates[k]:
            keep[own] &= _most_before(problem, k, gate.j) >= gate.needed(options.start[own])
            if not keep[own].any():
                now = levels.get(gate.indicator)
                fact = Fact(Rule.REQUIRED_LEVEL, indicator=gate.indicator, needed=gate.level, found=now)
                unreached.setdefault(k, fact)

    def why(k: int) -> Blocked:
        return Blocked("prerequisite", unreached[k])

    return Passed(keep, why)


def _most_before(problem: Problem, k: int, j: int) -> Array:
    """Most steps that a few other activities could have added to an indicator by each start of a candidate."""
    options = problem.options
    starts = options.start[problem.options_of(k)]
    if j < 0:
        return np.full(len(starts), -np.inf)
    days, back = np.unique(starts, return_inverse=True)
    gains = []
    for other in problem.alive:
        own = problem.options_of(other)
        if other != k and options.gate_gain[own, j].max() > 0:
            order = np.argsort(options.end[own], kind="stable")
            best = np.maximum.accumulate(np.maximum(options.gate_gain[own, j][order], 0))
            at = np.searchsorted(options.end[own][order], days, side="right")
            gains.append(np.where(at > 0, best[at - 1], 0.0))
    if not gains:
        return np.zeros(len(starts))
    best_first = -np.sort(-np.array(gains), axis=0)
    most: Array = best_first[: problem.practice.max_activities - 1].sum(axis=0)
    return most[back]


def _not_excluded(problem: Problem) -> Passed:
    """Keep options that overlap no running insats that excludes them, and are no variant of a required one."""
    options = problem.options
    keep = np.ones(len(options), dtype=bool)
    stands_in_way: dict[int, Fact] = {}
    required = [insats for insats in problem.catalogue.insatser if insats.id in problem.required]
    for k in problem.alive:
        own, insats = problem.options_of(k), problem.candidates[k]
        excluders = problem.catalogue.excluded_by(insats.id)
        for run in problem.running:
            if run.insats_id in excluders:
                keep[own] &= (options.start[own] >= run.end) | (options.end[own] <= run.start)
                until = problem.weeks.date(run.end)
                stands_in_way.setdefault(k, Fact(Rule.EXCLUSION, other=run.insats_id, on=until))
        for other in required:
            if other.id != insats.id and insats.group is not None and insats.group == other.group:
                keep[own] = False
                stands_in_way[k] = Fact(Rule.GROUP, other=other.id)

    def why(k: int) -> Blocked:
        return Blocked("excluded", stands_in_way[k])

    return Passed(keep, why)


def _worth_while(problem: Problem) -> Passed:
    options = problem.options
    alone = options.gain @ problem.weights
    beside = (options.end - options.start) * (options.extra @ problem.weights)
    a_job_elsewhere = any(problem.jobs[k] for k in problem.alive)
    most = alone + np.maximum(beside, 0) if a_job_elsewhere else alone
    exempt = np.array([insats.id in problem.required for insats in problem.candidates], dtype=bool)
    keep = (most >= problem.least_worth) & (most > 0)
    if len(options):
        keep |= exempt[options.owner]

    def why(k: int) -> Blocked:
        found = float(most[problem.options_of(k)].max()) / problem.heaviest
        return Blocked("no_expected_gain", Fact(Rule.WORTH, needed=problem.practice.least_worth_steps, found=found))

    return Passed(keep, why)


def _never(k: int) -> Blocked:
    raise ValueError("a rule that takes no options away was asked why")
