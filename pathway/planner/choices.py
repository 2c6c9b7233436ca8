"""What one insats could be for one person: allowed starts, lengths and hours, or the rule that leaves none."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from pathway.case import Case, Participation
from pathway.catalogue import SWEDISH_LEVELS, Catalogue, Insats
from pathway.planner.practice import Practice
from pathway.planner.rules import Code, Fact, Rule
from pathway.planner.weeks import Ints, Weeks

HOURS_UNIT = 100  # hours are counted in hundredths, rounded so that a limit is never exceeded


@dataclass(frozen=True)
class Blocked:
    """An insats that cannot be in any plan: why."""

    code: Code
    fact: Fact


@dataclass(frozen=True)
class Running:
    """An insats that occupies days of the plan already, and is never moved. Days after the suggestion; end excluded."""

    insats_id: str
    start: int
    end: int
    hours: int
    """In hundredths of an hour a week, rounded up."""


@dataclass(frozen=True, eq=False)
class Choices:
    """When, for how long and for how many hours an insats could be; any hours go with any of the spans.

    Attributes
    ----------
    start, weeks
        (S,) spans: day after the suggestion and length in weeks, ascending.
    hours
        Hours a week, ascending.
    """

    start: Ints
    weeks: Ints
    hours: tuple[float, ...]


def hours_up(hours: float) -> int:
    """Hours in hundredths, rounded up: what an activity takes."""
    return int(np.ceil(round(hours * HOURS_UNIT, 6)))


def hours_down(hours: float) -> int:
    """Hours in hundredths, rounded down: what a limit leaves."""
    return int(np.floor(round(hours * HOURS_UNIT, 6)))


def running_of(case: Case, catalogue: Catalogue, weeks: Weeks, practice: Practice) -> tuple[Running, ...]:
    """Insatser that run on or after the day of the suggestion, with the end that they are taken to have."""
    found = []
    for participation in case.participations:
        end = _end_of(participation, catalogue, weeks, practice)
        if end > 0:
            start = max(weeks.day(participation.started_on), -7)
            found.append(Running(participation.insats_id, start, end, hours_up(participation.hours_per_week)))
    return tuple(found)


def _end_of(participation: Participation, catalogue: Catalogue, weeks: Weeks, practice: Practice) -> int:
    if participation.ended_on is not None:
        return weeks.day(participation.ended_on)
    if participation.ended_as != "pågår":
        return 0  # it has ended; nobody wrote down when
    insats = catalogue.by_id.get(participation.insats_id)
    if insats is None:
        return weeks.n_days
    started = weeks.day(participation.started_on)
    return max(started + 7 * insats.weeks.typical, max(started, 0) + 7 * practice.running_least_weeks)


def completed_of(case: Case) -> frozenset[str]:
    """Ids of the insatser that the person had completed on the day of the suggestion."""
    return frozenset(
        participation.insats_id
        for participation in case.participations
        if participation.ended_as == "fullföljd"
        and participation.ended_on is not None
        and participation.ended_on <= case.as_of
    )


def not_eligible(insats: Insats, case: Case) -> Fact | None:
    """Tell how the insats is not meant for this person, if so; a fact that is limited on but not known counts as so."""
    profile = case.profile
    if insats.municipalities and profile.municipality not in insats.municipalities:
        return _unmet(Rule.MUNICIPALITY, insats.municipalities, profile.municipality)
    if fact := age_unmet(insats, case, case.as_of):
        return fact
    if insats.income_sources and profile.income_source not in insats.income_sources:
        return _unmet(Rule.INCOME_SOURCE, insats.income_sources, profile.income_source)
    needed = insats.swedish_level_min
    if needed is not None and SWEDISH_LEVELS.index(needed) > 0:
        found = profile.swedish_level
        if found is None or SWEDISH_LEVELS.index(found) < SWEDISH_LEVELS.index(needed):
            return _unmet(Rule.SWEDISH_LEVEL, needed, found)
    return None


def age_unmet(insats: Insats, case: Case, on: date) -> Fact | None:
    """Tell how the person's age (difference of years) does not fit the insats on a date, if so."""
    if insats.age_min is None and insats.age_max is None:
        return None
    limits = (insats.age_min, insats.age_max)
    if case.profile.birth_year is None:
        return _unmet(Rule.AGE, limits, None)
    age = on.year - case.profile.birth_year
    fits = (insats.age_min is None or age >= insats.age_min) and (insats.age_max is None or age <= insats.age_max)
    return None if fits else _unmet(Rule.AGE, limits, age)


def _unmet(rule: Rule, needed: str | tuple[str | int | None, ...], found: float | str | None) -> Fact:
    return Fact(rule, needed=needed, found=found, missing=found is None)


def choices_of(
    insats: Insats, case: Case, weeks: Weeks, running: tuple[Running, ...], practice: Practice
) -> Choices | Blocked:
    """List when, for how long and for how many hours a week the insats could be, or the rule that leaves nothing."""
    if insats.places == 0:
        return Blocked("no_start_date", Fact(Rule.PLACES, needed=1, found=0))
    earliest = 7 * insats.queue_weeks
    if insats.valid_from is not None:
        earliest = max(earliest, weeks.day(insats.valid_from))
    last_end = weeks.n_days
    if insats.valid_to is not None:
        if weeks.day(insats.valid_to) < 0:
            return Blocked("no_start_date", Fact(Rule.VALIDITY, on=insats.valid_to))
        last_end = min(last_end, weeks.day(insats.valid_to) + 1)
    return _choices_between(earliest, last_end, insats, case, weeks, running, practice)


def _choices_between(
    earliest: int,
    last_end: int,
    insats: Insats,
    case: Case,
    weeks: Weeks,
    running: tuple[Running, ...],
    practice: Practice,
) -> Choices | Blocked:
    intakes = _intakes(insats, earliest, last_end, weeks)
    if not len(intakes):
        rule = Rule.INTAKE_DATES if insats.intake.mode == "datum" else Rule.HORIZON
        return Blocked("no_start_date", Fact(rule, needed=insats.weeks.min, found=0, on=weeks.date(earliest)))
    in_time = intakes[intakes + 7 * insats.weeks.min <= last_end]
    if not len(in_time):
        left = (last_end - int(intakes[0])) // 7
        fact = Fact(Rule.HORIZON, needed=insats.weeks.min, found=left, on=weeks.date(int(intakes[0])))
        return Blocked("no_start_date", fact)
    own = [run for run in running if run.insats_id == insats.id]
    free = np.array([start for start in in_time if _is_free(int(start), insats.weeks.min, own)], dtype=np.int64)
    if not len(free):
        until = max(run.end for run in own)
        return Blocked("no_start_date", Fact(Rule.ONCE, other=insats.id, on=weeks.date(until)))
    fitting = np.array([day for day in free if age_unmet(insats, case, weeks.date(int(day))) is None], dtype=np.int64)
    if not len(fitting):
        fact_of_age = age_unmet(insats, case, weeks.date(int(free[0])))
        return Blocked("no_start_date", fact_of_age or Fact(Rule.AGE))
    hours = _hours(insats, case.limits.hours_per_week, practice)
    if not hours:
        fact = Fact(Rule.HOURS_LIMIT, needed=insats.hours_per_week.min, found=case.limits.hours_per_week)
        return Blocked("hours", fact)
    grid = _grid(weeks, last_end, practice)
    starts = fitting if insats.intake.mode == "datum" else _thinned(fitting, grid)
    spans = [(int(start), length) for start in starts for length in _lengths(insats, int(start), grid)]
    start, length = np.array(spans, dtype=np.int64).T
    return Choices(start, length, hours)


def _is_free(start: int, n_weeks: int, own: list[Running]) -> bool:
    return all(run.end <= start or start + 7 * n_weeks <= run.start for run in own)


def _intakes(insats: Insats, earliest: int, last_end: int, weeks: Weeks) -> Ints:
    if insats.intake.mode == "datum":
        days = np.unique(np.array([weeks.day(on) for on in insats.intake.dates], dtype=np.int64))
    else:
        days = np.arange(weeks.first_monday, max(last_end, 0), 7, dtype=np.int64)
    return days[(days >= earliest) & (days < last_end)]


def _grid(weeks: Weeks, last_end: int, practice: Practice) -> Ints:
    """Mondays on which activities start and end if they can; the last day by which one must have ended is there too."""
    step = practice.grid_step(-(-weeks.n_days // 7))
    mondays = np.arange(weeks.first_monday, last_end + 1, 7 * step, dtype=np.int64)
    return np.union1d(mondays, [last_end])


def _thinned(mondays: Ints, grid: Ints) -> Ints:
    """Keep the first possible Monday, and after it those of the grid."""
    keep = np.isin(mondays, grid)
    keep[0] = True
    return mondays[keep]


def _lengths(insats: Insats, start: int, grid: Ints) -> list[int]:
    """Whole weeks up to Mondays of the grid: nearest to the least, typical and most; the typical where none is near."""
    longest = (int(grid[-1]) - start) // 7
    reached = (grid[grid > start] - start) // 7
    fitting = reached[(reached >= insats.weeks.min) & (reached <= min(insats.weeks.max, longest))]
    if not len(fitting):
        return [min(insats.weeks.typical, longest)]
    nearest = int(fitting[np.abs(fitting - insats.weeks.typical).argmin()])
    return sorted({int(fitting[0]), nearest, int(fitting[-1])})


def _hours(insats: Insats, limit: float, practice: Practice) -> tuple[float, ...]:
    span = insats.hours_per_week
    most = min(span.max, limit)
    if most < span.min:
        return ()
    apart = min(span.typical - span.min, most - span.typical) >= practice.hours_apart
    return tuple(sorted({span.min, most} | ({span.typical} if apart else set())))
