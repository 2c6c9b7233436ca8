"""One client's planning problem as arrays: the candidates, all choices that each of them leaves, the rules between."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.planner.choices import Blocked, Running
from pathway.planner.objective import JOB_ORIENTED, Array, Placement, Prospects, targets_of, weights_of
from pathway.planner.practice import Practice
from pathway.planner.weeks import Cells, Ints, Weeks

Bools = npt.NDArray[np.bool_]

ORE = 100  # costs are counted in öre, rounded so that a budget is never exceeded
DEAREST = 10**12  # kronor: more than any plan costs, and few enough for a whole number of öre


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
    price
        (n,) what the places that it takes would cost, in weighted steps.
    gain
        (n, J) steps that the activity adds by itself.
    days
        (n, Q) days of the activity in each quarter that the prospects tell apart.
    extra
        (n, Q, J) steps that it adds more per day beside a job-oriented activity.
    """

    owner: Ints
    start: Ints
    end: Ints
    first: Ints
    beyond: Ints
    hours: Ints
    hours_per_week: Array
    cost: Ints
    price: Array
    gain: Array
    days: Ints
    extra: Array

    def __len__(self) -> int:
        """Count the options."""
        return len(self.owner)

    def where(self, keep: Bools) -> "Options":
        """Keep only some options."""
        return Options(*(getattr(self, column.name)[keep] for column in fields(self)))

    def beside(self, days: Array | Ints) -> Array:
        """(n, J) steps added by running beside a job-oriented activity on `days`, (n, Q), of each option."""
        steps: Array = np.einsum("nq,nqj->nj", days, self.extra)
        return steps

    @cached_property
    def most(self) -> Array:
        """(n, J) steps added at most: beside a job-oriented activity all the time, where that brings anything."""
        result: Array = self.gain + np.einsum("nq,nqj->nj", self.days, np.maximum(self.extra, 0))
        return result

    @cached_property
    def gate_gain(self) -> Array:
        """(n, J) steps towards required levels: those with or without a job-oriented activity, whichever are fewer."""
        result: Array = self.gain + np.einsum("nq,nqj->nj", self.days, np.minimum(self.extra, 0))
        return result


@dataclass(frozen=True, eq=False)
class Standing:
    """What locked activities bring to every plan. D days from the suggestion to the end of the horizon.

    Attributes
    ----------
    placements
        The activities of insatser that the catalogue knows.
    n
        How many activities they are, unknown ones included.
    cost
        In öre.
    gain
        (J,) steps by themselves.
    job_runs
        (D,) whether a job-oriented one runs.
    extra
        (D, J) steps that the others add more on each day, if a job-oriented activity runs.
    steps
        Per activity: day of start, day of end, and (J,) steps towards required levels.
    """

    placements: tuple[Placement, ...]
    n: int
    cost: int
    gain: Array
    job_runs: Bools
    extra: Array
    steps: tuple[tuple[int, int, Array], ...]


@dataclass(frozen=True, eq=False)
class Problem:
    """A compiled problem. K candidates in the catalogue's order, J indicators, n options.

    Attributes
    ----------
    quarters
        (Q + 1,) days between which prospects are the same.
    cells
        What options occupy, and what is left there.
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
    quarters: Ints
    cells: Cells
    running: tuple[Running, ...]
    standing: Standing
    candidates: tuple[Insats, ...]
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
    def variants(self) -> Bools:
        """(K, K) whether one of two candidates at most may be in a plan: they are the same, or variants."""
        alike, at = np.eye(len(self.candidates), dtype=bool), self.position
        for id in self.catalogue.variants.keys() & at.keys():
            alike[at[id], [at[other] for other in self.catalogue.variants[id] if other in at]] = True
        return alike

    @cached_property
    def variant_sets(self) -> tuple[list[int], ...]:
        """Candidates of which one at most may be in a plan: groups, or pairs of those with steps."""
        groups: dict[str, list[int]] = {}
        for k in self.alive:
            if (group := self.candidates[k].group) is not None:
                groups.setdefault(group, []).append(k)
        sets: list[list[int]] = []
        for members in groups.values():
            whole = self.variants[np.ix_(members, members)].all()
            sets += [members] if whole else [[a, b] for a, b in combinations(members, 2) if self.variants[a, b]]
        return tuple(one for one in sets if len(one) > 1)

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
        """Least weighted steps that an activity must be expected to add, unless it is required; see `Rule.WORTH`."""
        return self.practice.least_worth_steps * self.heaviest

    @cached_property
    def bonus(self) -> Array:
        """(K,) what a candidate's presence adds when plans are compared: nothing, or the bonus of a preferred one."""
        preferred = np.array([insats.id in self.case.wishes.prefer for insats in self.candidates], dtype=float)
        return preferred * self.practice.prefer_bonus_steps * self.heaviest

    @cached_property
    def merit(self) -> Array:
        """(n,) what an option's presence adds when plans are compared, beside the objective: bonus less prices."""
        if not len(self.options):
            return np.zeros(0)
        merit: Array = self.bonus[self.options.owner] - self.options.price
        return merit

    @cached_property
    def budget(self) -> int | None:
        """Most that the plan may cost beside what is locked, in öre."""
        budget = self.case.limits.budget
        return None if budget is None else int(np.floor(round(min(budget, DEAREST) * ORE, 6))) - self.standing.cost

    @cached_property
    def most_activities(self) -> int:
        """Most activities beside the locked ones."""
        asked = self.case.limits.activities
        most = self.practice.max_activities if asked is None else asked
        return max(0, most - self.standing.n)

    @cached_property
    def early_jobs(self) -> Bools | None:
        """(n,) options of which a plan must hold one, by the rule of an early job-oriented insats; ``None``: it is off.

        It is off, too, where such an insats runs already, or none can start early.
        """
        within = self.practice.job_within_weeks
        by_id = self.catalogue.by_id
        runs = any(run.insats_id in by_id and by_id[run.insats_id].type == JOB_ORIENTED for run in self.running)
        if within is None or runs or not len(self.options):
            return None
        early: Bools = self.jobs[self.options.owner] & (self.options.start <= 7 * within)
        return early if early.any() else None

    @cached_property
    def alive(self) -> tuple[int, ...]:
        """Positions of the candidates that have options."""
        return tuple(int(k) for k in np.unique(self.options.owner))

    @cached_property
    def _bounds(self) -> list[int]:
        bounds: list[int] = np.searchsorted(self.options.owner, np.arange(len(self.candidates) + 1)).tolist()
        return bounds

    def options_of(self, k: int) -> slice:
        """Options of one candidate: they stand together, in the order of the candidates."""
        return slice(self._bounds[k], self._bounds[k + 1])

    @cached_property
    def needs(self) -> tuple[tuple[int, ...], ...]:
        """Per candidate: positions of the candidates that must have ended before it starts."""
        return tuple(tuple(self.position[id] for id in ids if id in self.position) for ids in self.unmet)

    @cached_property
    def room(self) -> Array:
        """(J,) weighted steps that count: from what is expected without a plan up to the target."""
        without = self.prospects.without
        room: Array = self.weights * (self.targets - np.minimum(without, self.targets))
        return room

    @cached_property
    def spare(self) -> Array:
        """(J,) weighted steps above the target already: they may be lost without anything lost."""
        spare: Array = self.weights * np.maximum(0.0, self.prospects.without - self.targets)
        return spare

    @cached_property
    def given_back(self) -> Array:
        """(J,) weighted steps that the worst plan could lose below the end of the scale, where they do not count."""
        lost = np.maximum(0.0, -self.standing.gain)
        if len(self.options):
            starts = [self.options_of(k).start for k in self.alive]
            worst = np.maximum(0.0, -np.minimum.reduceat(self.options.gate_gain, starts, axis=0))
            lost = lost + np.sort(worst, axis=0)[-self.most_activities :].sum(axis=0)
        above = np.maximum(0.0, self.prospects.without - self.prospects.scale[0])
        given: Array = self.weights * np.maximum(0.0, lost - above)
        return given

    def placements(self, picked: Iterable[int]) -> tuple[Placement, ...]:
        """Turn options into placements, with what is locked, in order of start."""
        own = [
            Placement(
                self.candidates[self.options.owner[o]].id,
                self.weeks.date(self.options.start[o]),
                self.weeks.date(self.options.end[o]),
                float(self.options.hours_per_week[o]),
            )
            for o in picked
        ]
        ids = {insats_id: number for number, insats_id in enumerate(self.catalogue.ids)}
        return tuple(
            sorted([*own, *self.standing.placements], key=lambda one: (one.start_on, one.end_on, ids[one.insats_id]))
        )

    def locate(self, placements: Sequence[Placement]) -> tuple[int, ...] | None:
        """Find the options that are these placements, as near as may be within their days and hours; ascending.

        ``None`` where one of them has no such option. Locked ones are not looked for.
        """
        found = []
        for one in placements:
            if one.locked or one.insats_id not in self.position:
                if one.locked:
                    continue
                return None
            own = self.options_of(self.position[one.insats_id])
            start, end = self.weeks.day(one.start_on), self.weeks.day(one.end_on)
            options = self.options
            inside = (
                (options.start[own] >= start)
                & (options.end[own] <= end)
                & (options.hours_per_week[own] <= one.hours_per_week + 1e-9)
            )
            if not inside.any():
                return None
            dose = (options.end[own] - options.start[own]) * options.hours_per_week[own]
            found.append(own.start + int(np.where(inside, dose, -1).argmax()))
        return tuple(sorted(found))


def fullest(problem: Problem) -> Iterator[tuple[int, Bools]]:
    """Yield cells with the options active in them, without those where no more is active than in another."""
    options, cells = problem.options, problem.cells
    at = np.arange(len(cells))[:, None]
    active = (options.first <= at) & (at < options.beyond)
    n_active = active.sum(axis=1)
    common = active.astype(np.float32) @ active.T.astype(np.float32)
    within = common == n_active[:, None]  # (a, b): all that is active in a is active in b
    no_more = (cells.hours_left[None, :] <= cells.hours_left[:, None]) & (
        cells.places_left[None, :] <= cells.places_left[:, None]
    )
    covered = within & no_more
    covered &= ~covered.T | (at > at.T)  # of cells that cover each other, the first stays
    np.fill_diagonal(covered, False)
    for cell in np.flatnonzero(~covered.any(axis=1) & (n_active > 0)).tolist():
        yield cell, active[cell]
