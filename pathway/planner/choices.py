"""What one insats could be for one person: allowed starts, lengths and hours, or the rule that leaves none."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from pathway.case import Case, Participation, Profile
from pathway.catalogue import SWEDISH_LEVELS, Catalogue, Insats
from pathway.planner.legal import longest_weeks
from pathway.planner.practice import Grid, Practice
from pathway.planner.rules import Code, Fact, Rule
from pathway.planner.weeks import Weeks

HOURS_UNIT = 100  # hours are counted in hundredths, rounded so that a limit is never exceeded


@dataclass(frozen=True)
class Blocked:
    """An insats that cannot be in any plan: why."""

    code: Code
    fact: Fact


@dataclass(frozen=True)
class Running:
    """Days that a running or locked insats takes, and that are never moved. Days after the suggestion; end excluded."""

    insats_id: str
    start: int
    end: int
    hours: int
    """In hundredths of an hour a week, rounded up."""
    locked: bool = False


@dataclass(frozen=True)
class Choices:
    """When, for how long and for how many hours an insats could be; any hours go with any of the spans.

    Attributes
    ----------
    spans
        Day after the suggestion and length in weeks, ascending.
    hours
        Hours a week, ascending.
    """

    spans: tuple[tuple[int, int], ...]
    hours: tuple[float, ...]


def hours_up(hours: float) -> int:
    """Hours in hundredths, rounded up: what an activity takes."""
    return int(np.ceil(round(hours * HOURS_UNIT, 6)))


def hours_down(hours: float) -> int:
    """Hours in hundredths, rounded down: what a limit leaves."""
    return int(np.floor(round(hours * HOURS_UNIT, 6)))


def running_of(case: Case, catalogue: Catalogue, weeks: Weeks, practice: Practice) -> tuple[Running, ...]:
    """Insatser that run on or after the day of the suggestion, with the end that they are taken to have, and locks.

    A participation that is locked as well counts once, as the lock says.
    """
    locks = [
        Running(one.insats_id, weeks.day(one.start_on), weeks.day(one.end_on), hours_up(one.hours_per_week), True)
        for one in case.locked
        if weeks.day(one.end_on) > 0
    ]
    found = []
    for participation in case.participations:
        start, end = weeks.day(participation.started_on), _end_of(participation, catalogue, weeks, practice)
        again = any(one.insats_id == participation.insats_id and one.start < end and start < one.end for one in locks)
        if end > 0 and not again:
            hours = hours_up(participation.hours_per_week)
            found.append(Running(participation.insats_id, max(start, -7), end, hours))
    return (*found, *locks)


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


def openings_of(case: Case, weeks: Weeks, occupied: Iterable[Running]) -> tuple[int, ...]:
    """Give the days on which what runs has ended or more hours are allowed, so that something may start that could not.

    Two days each: what runs may exclude others on its days, but takes hours and a place in whole weeks.
    """
    ends = {one.end for one in occupied if 0 < one.end < weeks.n_days}
    ends |= {7 * step.from_week for step in case.limits.hours_by_week}
    begun = weeks.firsts[
        np.searchsorted(weeks.firsts, sorted(ends)) - 1
    ]  # of the last week that still holds a day before
    return tuple(sorted(ends | set((begun + 7).tolist())))


def completed_of(case: Case) -> frozenset[str]:
    """Ids of the insatser that the person had completed on the day of the suggestion; locks that have ended count."""
    lived = frozenset(
        participation.insats_id
        for participation in case.participations
        if participation.ended_as == "fullföljd"
        and participation.ended_on is not None
        and participation.ended_on <= case.as_of
    )
    return lived | {one.insats_id for one in case.locked if one.end_on <= case.as_of}


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


def unknown_fields(insats: Insats, profile: Profile) -> tuple[str, ...]:
    """Name the fields of the profile that are not known, though the insats is only for some people by them."""
    limited = {
        "municipality": insats.municipalities,
        "birth_year": (insats.age_min, insats.age_max) != (None, None),
        "income_source": insats.income_sources,
        "swedish_level": insats.swedish_level_min not in (None, SWEDISH_LEVELS[0]),
    }
    return tuple(field for field, limits in limited.items() if limits and getattr(profile, field) is None)


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
    insats: Insats, case: Case, weeks: Weeks, occupied: tuple[Running, ...], openings: tuple[int, ...], grid: Grid
) -> Choices | Blocked:
    """List when, for how long and for how many hours a week the insats could be, or the rule that leaves nothing.

    Of the starts between two Mondays of the grid the first is kept, and the first from each of the `openings` on: if
    there is room for the insats at all, then from there.
    """
    if insats.places == 0:
        return Blocked("no_start_date", Fact(Rule.PLACES, needed=1, found=0))
    if any(one.locked and one.insats_id == insats.id for one in occupied):
        until = max(one.end for one in occupied if one.insats_id == insats.id)
        return Blocked("no_start_date", Fact(Rule.ONCE, other=insats.id, on=weeks.date(until)))
    earliest, last_end = 7 * insats.queue_weeks, weeks.n_days
    if insats.valid_from is not None:
        earliest = max(earliest, weeks.day(insats.valid_from))
    if insats.valid_to is not None:
        if weeks.day(insats.valid_to) < 0:
            return Blocked("no_start_date", Fact(Rule.VALIDITY, on=insats.valid_to))
        last_end = min(last_end, weeks.day(insats.valid_to) + 1)
    starts = _starts(insats, case, weeks, occupied, earliest, last_end)
    if isinstance(starts, Blocked):
        return starts
    longest = longest_weeks(insats)
    if longest < insats.weeks.min:
        return Blocked("no_start_date", Fact(Rule.LEGAL_LENGTH, needed=insats.weeks.min, found=longest))
    hours = _hours(insats, case.limits.hours_per_week, grid)
    if not hours:
        fact = Fact(Rule.HOURS_LIMIT, needed=insats.hours_per_week.min, found=case.limits.hours_per_week)
        return Blocked("hours", fact)
    mondays = _mondays(weeks, last_end, grid)
    spans = tuple(
        (start, length)
        for start in _thinned(starts, sorted({*mondays, *openings}))
        for length in _lengths(insats, start, mondays, last_end, longest, grid)
    )
    return Choices(spans, hours)


def _starts(
    insats: Insats, case: Case, weeks: Weeks, occupied: tuple[Running, ...], earliest: int, last_end: int
) -> list[int] | Blocked:
    """List every day on which the insats could start and still be long enough."""
    dated = insats.intake.mode == "datum"
    days = (
        sorted({weeks.day(on) for on in insats.intake.dates})
        if dated
        else list(range(weeks.first_monday, max(last_end, 0), 7))
    )
    intakes = [day for day in days if earliest <= day < last_end]
    if not intakes:
        rule = Rule.INTAKE_DATES if dated else Rule.HORIZON
        return Blocked("no_start_date", Fact(rule, needed=insats.weeks.min, found=0, on=weeks.date(earliest)))
    n_days = 7 * insats.weeks.min
    in_time = [day for day in intakes if day + n_days <= last_end]
    if not in_time:
        left = (last_end - intakes[0]) // 7
        fact = Fact(Rule.HORIZON, needed=insats.weeks.min, found=left, on=weeks.date(intakes[0]))
        return Blocked("no_start_date", fact)
    own = [one for one in occupied if one.insats_id == insats.id]
    free = (
        [day for day in in_time if all(one.end <= day or day + n_days <= one.start for one in own)] if own else in_time
    )
    if not free:
        until = max(one.end for one in own)
        return Blocked("no_start_date", Fact(Rule.ONCE, other=insats.id, on=weeks.date(until)))
    if insats.age_min is None and insats.age_max is None:
        return free
    fitting = [day for day in free if age_unmet(insats, case, weeks.date(day)) is None]
    if not fitting:
        return Blocked("no_start_date", age_unmet(insats, case, weeks.date(free[0])) or Fact(Rule.AGE))
    return fitting


def _mondays(weeks: Weeks, last_end: int, grid: Grid) -> list[int]:
    steps = (grid.every_weeks, grid.and_every_weeks or grid.every_weeks)
    return sorted({day for step in steps for day in range(weeks.first_monday, last_end + 1, 7 * step)})


def _thinned(starts: list[int], edges: list[int]) -> list[int]:
    """Keep the first possible start of each stretch between two edges."""
    kept, at = [], 0
    while at < len(starts):
        kept.append(starts[at])
        following = edges[bisect_right(edges, starts[at]) :][:1]
        at = bisect_left(starts, following[0]) if following else len(starts)
    return kept


def _lengths(insats: Insats, start: int, mondays: list[int], last_end: int, longest: int, grid: Grid) -> list[int]:
    """List whole weeks up to Mondays of the grid or the last day there is; the typical length where none is in range.

    The coarse grid has the longest and, where asked for, the shortest and the one nearest to the typical; the fine
    grid has all.
    """
    typical = insats.weeks.typical
    most = min(insats.weeks.max, longest, (last_end - start) // 7)
    least_end, last = bisect_left(mondays, start + 7 * insats.weeks.min), (last_end - start) // 7
    ends = {(monday - start) // 7 for monday in mondays[least_end : bisect_left(mondays, start + 7 * most + 7)]}
    fitting = sorted(ends | ({last} if insats.weeks.min <= last <= most else set()))
    if not fitting:
        return sorted({max(insats.weeks.min, min(typical, most))} | ({insats.weeks.min} if grid.least else set()))
    least = {insats.weeks.min} if grid.least else set[int]()
    if grid.all_lengths:
        return sorted({*fitting, *least, max(insats.weeks.min, min(typical, most))})
    chosen = {fitting[-1], *least}
    if grid.typical:
        chosen.add(min(fitting, key=lambda length: (abs(length - typical), length)))
    return sorted(chosen)


def _hours(insats: Insats, limit: float, grid: Grid) -> tuple[float, ...]:
    """Give the most hours that fit; typical ones and the least beside them where asked for."""
    span = insats.hours_per_week
    most = min(span.max, hours_down(limit) / HOURS_UNIT)  # what a limit leaves is counted so
    if most < span.min:
        return ()
    offered = {most}
    if grid.typical:
        offered.add(min(span.typical, most))
    if grid.least:
        offered.add(span.min)
    return tuple(sorted(offered))
