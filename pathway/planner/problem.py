"""One client's planning problem as arrays: the candidates, all choices that each of them leaves, the rules between."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.planner.choices import (
    Blocked,
    Choices,
    Running,
    hours_down,
    hours_up,
)
from pathway.planner.objective import (
    DAYS_PER_QUARTER,
    JOB_ORIENTED,
    Array,
    Placement,
    Prospects,
    targets_of,
    weights_of,
)
from pathway.planner.practice import Practice
from pathway.planner.weeks import Ints, Weeks

Bools = npt.NDArray[np.bool_]

ORE = 100  # costs are counted in öre, rounded so that a budget is never exceeded
LEVEL_MARGIN = (
    1e-3  # a level counts as expected to be reached only this much above it, so that rounding never undoes it
)


@dataclass(frozen=True)
class Gate:
    """A level that an insats requires and that the person is not at today.

    Attributes
    ----------
    j
        Position of the indicator in the prospects; −1: nothing is known to raise it, so that it is never reached.
    short
        Steps that earlier activities must add, were the insats to start today.
    slope
        Steps lost a day on the way there by the natural course (≤ 0).
    """

    indicator: str
    j: int
    level: float
    short: float
    slope: float

    def needed(self, start: Ints) -> Array:
        """Return the steps that earlier activities must add for a start on each day."""
        result: Array = self.short - self.slope * start.astype(np.float64)
        return result


@dataclass(frozen=True, eq=False)
class Options:
    """All choices of all candidates, one position per combination of start, length and hours (n of them).

    Attributes
    ----------
    owner
        (n,) position of the candidate.
    start, end
        (n,) days after the suggestion.
    first, beyond
        (n,) cells occupied: from `first` up to `beyond`.
    hours
        (n,) hundredths of an hour a week.
    hours_per_week
        (n,) the same as the catalogue says it.
    cost
        (n,) in öre.
    gain
        (n, J) steps that the activity adds by itself.
    extra
        (n, J) steps that it adds more per day beside a job-oriented activity.
    """

    owner: Ints
    start: Ints
    end: Ints
    first: Ints
    beyond: Ints
    hours: Ints
    hours_per_week: Array
    cost: Ints
    gain: Array
    extra: Array

    def __len__(self) -> int:
        """Count the options."""
        return len(self.owner)

    def where(self, keep: Bools) -> "Options":
        """Keep only some options."""
        return Options(*(getattr(self, column.name)[keep] for column in fields(self)))

    @cached_property
    def gate_gain(self) -> Array:
        """(n, J) steps towards required levels: those with or without a job-oriented activity, whichever are fewer."""
        days = (self.end - self.start)[:, None]
        return np.minimum(self.gain, self.gain + days * self.extra)


@dataclass(frozen=True, eq=False)
class Problem:
    """A compiled problem. K candidates in the catalogue's order, J indicators, n options.

    Attributes
    ----------
    blocked
        Insatser that cannot be in any plan, whatever else is in it; those that are candidates have no options left.
    unmet
        Per candidate: ids of the insatser that must have ended in the plan before it starts.
    gates
        Per candidate: levels that must be reached first.
    apart
        Pairs of candidates that may not overlap in time, both ways.
    required
        Ids of the insatser that the person requires, and of those that must come before them in the plan.
    """

    case: Case
    catalogue: Catalogue
    prospects: Prospects
    practice: Practice
    weeks: Weeks
    running: tuple[Running, ...]
    candidates: tuple[Insats, ...]
    choices: tuple[Choices, ...]
    options: Options
    blocked: dict[str, Blocked]
    unmet: tuple[tuple[str, ...], ...]
    gates: tuple[tuple[Gate, ...], ...]
    apart: frozenset[tuple[int, int]]
    required: frozenset[str]
    weights: Array = field(init=False)
    targets: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", weights_of(self.case.goal, self.prospects.indicators))
        object.__setattr__(self, "targets", targets_of(self.case.goal, self.prospects))

    @cached_property
    def position(self) -> dict[str, int]:
        """Position of each candidate by id."""
        return {insats.id: k for k, insats in enumerate(self.candidates)}

    @cached_property
    def jobs(self) -> Bools:
        """(K,) whether each candidate is job-oriented."""
        return np.array([insats.type == JOB_ORIENTED for insats in self.candidates], dtype=bool)

    @cached_property
    def heaviest(self) -> float:
        """Weight of the indicator that weighs most: what a weighted step is compared with."""
        return float(self.weights.max(initial=0.0)) or 1.0

    @property
    def least_worth(self) -> float:
        """Least weighted steps that an activity must be expected to add by itself, unless it is required."""
        return self.practice.least_worth_steps * self.heaviest

    @cached_property
    def bonus(self) -> Array:
        """(K,) what a candidate's presence adds when plans are compared: nothing, or the bonus of a preferred one."""
        preferred = np.array([insats.id in self.case.wishes.prefer for insats in self.candidates], dtype=float)
        return preferred * self.practice.prefer_bonus_steps * self.heaviest

    @cached_property
    def hours_limit(self) -> int:
        """Most hours in any week, in hundredths."""
        return hours_down(self.case.limits.hours_per_week)

    @cached_property
    def hours_left(self) -> Ints:
        """(C,) hundredths of an hour that running insatser leave in each cell; never below zero."""
        left = np.full(len(self.weeks), self.hours_limit, dtype=np.int64)
        for run, cells in self._running_cells():
            left[cells] -= run.hours
        return np.maximum(left, 0)

    @cached_property
    def places_left(self) -> Ints:
        """(C,) parallel insatser that running ones leave room for in each cell; never below zero."""
        left = np.full(len(self.weeks), self.case.limits.parallel, dtype=np.int64)
        for _, cells in self._running_cells():
            left[cells] -= 1
        return np.maximum(left, 0)

    @cached_property
    def budget(self) -> int | None:
        """Most that the plan may cost, in öre."""
        budget = self.case.limits.budget
        return None if budget is None else int(np.floor(round(budget * ORE, 6)))

    @cached_property
    def alive(self) -> tuple[int, ...]:
        """Positions of the candidates that have options."""
        return tuple(int(k) for k in np.unique(self.options.owner))

    def options_of(self, k: int) -> slice:
        """Options of one candidate: they stand together, in the order of the candidates."""
        first, beyond = np.searchsorted(self.options.owner, [k, k + 1])
        return slice(int(first), int(beyond))

    @cached_property
    def needs(self) -> tuple[tuple[int, ...], ...]:
        """Per candidate: positions of the candidates that must have ended before it starts."""
        return tuple(tuple(self.position[id] for id in ids if id in self.position) for ids in self.unmet)

    def placements(self, picked: Iterable[int]) -> tuple[Placement, ...]:
        """Turn options into placements, in order of start."""
        ordered = sorted(picked, key=lambda o: (self.options.start[o], self.options.end[o], self.options.owner[o]))
        return tuple(
            Placement(
                self.candidates[self.options.owner[o]].id,
                self.weeks.date(self.options.start[o]),
                self.weeks.date(self.options.end[o]),
                float(self.options.hours_per_week[o]),
            )
            for o in ordered
        )

    def _running_cells(self) -> Iterable[tuple[Running, slice]]:
        for run in self.running:
            first, beyond = self.weeks.touched(run.start, run.end)
            yield run, slice(int(first), int(beyond))


def assemble(
    case: Case,
    catalogue: Catalogue,
    prospects: Prospects,
    practice: Practice,
    weeks: Weeks,
    running: tuple[Running, ...],
    open_to: list[tuple[Insats, Choices]],
    blocked: dict[str, Blocked],
    completed: frozenset[str],
) -> Problem:
    """Lay out all choices of the insatser that are open to the person."""
    candidates = tuple(insats for insats, _ in open_to)
    levels = case.levels()
    return Problem(
        case=case,
        catalogue=catalogue,
        prospects=prospects,
        practice=practice,
        weeks=weeks,
        running=running,
        candidates=candidates,
        choices=tuple(choices for _, choices in open_to),
        options=_options(open_to, weeks, prospects),
        blocked=blocked,
        unmet=tuple(tuple(id for id in insats.requires.insatser if id not in completed) for insats in candidates),
        gates=tuple(_gates(insats, levels, prospects, weeks) for insats in candidates),
        apart=_apart(candidates),
        required=_with_what_comes_first(case.wishes.require, catalogue, completed),
    )


def _with_what_comes_first(ids: Iterable[str], catalogue: Catalogue, completed: frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    queue = [id for id in ids if id in catalogue.by_id]
    while queue:
        id = queue.pop()
        if id not in found:
            found.add(id)
            queue += [first for first in catalogue.by_id[id].requires.insatser if first not in completed]
    return frozenset(found)


def _gates(insats: Insats, levels: dict[str, float], prospects: Prospects, weeks: Weeks) -> tuple[Gate, ...]:
    gates = []
    for indicator, level in insats.requires.levels.items():
        now = levels.get(indicator)
        if now is not None and now >= level:
            continue
        if now is None or indicator not in prospects.indicators:
            gates.append(Gate(indicator, -1, level, np.inf, 0.0))
            continue
        j = prospects.indicators.index(indicator)
        slope = min(0.0, float(prospects.without[j]) - now) / weeks.n_days
        gates.append(Gate(indicator, j, level, level - now + LEVEL_MARGIN, slope))
    return tuple(gates)


def _apart(candidates: tuple[Insats, ...]) -> frozenset[tuple[int, int]]:
    position = {insats.id: k for k, insats in enumerate(candidates)}
    pairs = {
        (k, position[other]) for k, insats in enumerate(candidates) for other in insats.excludes if other in position
    }
    return frozenset(pairs | {(b, a) for a, b in pairs})


def _options(open_to: list[tuple[Insats, Choices]], weeks: Weeks, prospects: Prospects) -> Options:
    n_indicators = len(prospects.indicators)
    columns: list[tuple[Array | Ints, ...]] = []
    for k, (insats, choices) in enumerate(open_to):
        n_hours = len(choices.hours)
        start, length = np.repeat(choices.start, n_hours), np.repeat(choices.weeks, n_hours)
        hour = np.tile(np.arange(n_hours), len(choices.start))
        hours_per_week = np.array(choices.hours)[hour]
        per_day = hours_per_week / insats.hours_per_week.typical / DAYS_PER_QUARTER
        extra = np.zeros(n_indicators) if insats.type == JOB_ORIENTED else prospects.beside.get(insats.id)
        columns.append(
            (
                np.full(len(start), k),
                start,
                start + 7 * length,
                np.array([hours_up(hours) for hours in choices.hours])[hour],
                hours_per_week,
                length * int(np.ceil(round(insats.cost_per_week * ORE, 6))),
                (7 * length * per_day)[:, None] * prospects.alone[insats.id],
                per_day[:, None] * (np.zeros(n_indicators) if extra is None else extra),
            )
        )
    if not columns:
        whole, wide = np.empty(0, dtype=np.int64), np.empty((0, n_indicators))
        return Options(whole, whole, whole, whole, whole, whole, np.empty(0), whole, wide, wide)
    owner, start, end, hours, hours_per_week, cost, gain, extra = (
        np.concatenate(part) for part in zip(*columns, strict=True)
    )
    first, beyond = weeks.touched(start, end)
    return Options(owner, start, end, first, beyond, hours, hours_per_week, cost, gain, extra)


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
