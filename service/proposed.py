"""Holds activities that a caseworker chose against the catalogue's rules and the case's limits; only tells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from pathway.case import Case
from pathway.catalogue import SWEDISH_LEVELS, Catalogue, Insats

_SLACK = 1e-6


@dataclass(frozen=True)
class Chosen:
    """One insats that was placed in time, from `start_on` up to and not including `end_on`."""

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: float

    @property
    def weeks(self) -> float:
        """Its length."""
        return (self.end_on - self.start_on).days / 7


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: its name, the insats it concerns (``None``: the whole plan), and the facts."""

    rule: str
    insats_id: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def broken_rules(chosen: Sequence[Chosen], case: Case, catalogue: Catalogue) -> list[Broken]:
    """List what does not hold, each insats's own rules first.

    What needs a model is not among it: whether a required level will have been reached is judged by today's level.
    """
    found: list[Broken] = []
    for one in chosen:
        insats = catalogue.by_id[one.insats_id]
        found += [Broken(rule, one.insats_id, facts) for rule, facts in _own(one, insats, chosen, case)]
    found += _together(chosen, case, catalogue)
    return found


def _own(one: Chosen, insats: Insats, chosen: Sequence[Chosen], case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _eligible(insats, case)
    yield from _in_time(one, insats, case)
    if not insats.weeks.min - _SLACK <= one.weeks <= insats.weeks.max + _SLACK:
        yield "weeks", {"low": insats.weeks.min, "high": insats.weeks.max, "found": one.weeks}
    hours = insats.hours_per_week
    if not hours.min - _SLACK <= one.hours_per_week <= hours.max + _SLACK:
        yield "hours", {"low": hours.min, "high": hours.max, "found": one.hours_per_week}
    done = {own.insats_id for own in case.participations if own.ended_as == "fullföljd"}
    for other in insats.requires.insatser:
        if other not in done and not any(c.insats_id == other and c.end_on <= one.start_on for c in chosen):
            yield "required_insats", {"other": other}
    for indicator, needed in insats.requires.levels.items():
        level = case.levels().get(indicator)
        if level is None or level < needed:
            yield "required_level", {"indicator": indicator, "needed": needed, "found": level}


def _eligible(insats: Insats, case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    profile = case.profile
    if insats.municipalities and profile.municipality not in insats.municipalities:
        yield "municipality", {}
    age = None if profile.birth_year is None else case.as_of.year - profile.birth_year
    if age is not None and not (insats.age_min or 0) <= age <= (insats.age_max or 200):
        yield "age", {"found": age}
    if insats.income_sources and profile.income_source not in insats.income_sources:
        yield "income_source", {}
    needed = insats.swedish_level_min
    if needed and (
        profile.swedish_level is None or SWEDISH_LEVELS.index(profile.swedish_level) < SWEDISH_LEVELS.index(needed)
    ):
        yield "swedish_level", {"needed": needed}


def _in_time(one: Chosen, insats: Insats, case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    first = case.as_of + timedelta(weeks=insats.queue_weeks)
    if one.start_on < first:
        yield "queue", {"on": first}
    if insats.intake.mode == "datum" and one.start_on not in insats.intake.dates:
        yield "intake_dates", {}
    if (insats.valid_from and one.start_on < insats.valid_from) or (insats.valid_to and one.end_on > insats.valid_to):
        yield "validity", {}
    horizon = case.as_of + timedelta(weeks=case.limits.horizon_weeks)
    if one.end_on > horizon:
        yield "horizon", {"on": horizon}


def _together(chosen: Sequence[Chosen], case: Case, catalogue: Catalogue) -> Iterator[Broken]:
    for one, other in combinations(chosen, 2):
        overlap = one.start_on < other.end_on and other.start_on < one.end_on
        if overlap and (one.insats_id == other.insats_id or other.insats_id in catalogue.excluded_by(one.insats_id)):
            yield Broken("exclusion", one.insats_id, {"other": other.insats_id})
        group = catalogue.by_id[one.insats_id].group
        if group and one.insats_id != other.insats_id and group == catalogue.by_id[other.insats_id].group:
            yield Broken("group", one.insats_id, {"other": other.insats_id})
    yield from _crowded(chosen, case)
    cost = sum(one.weeks * catalogue.by_id[one.insats_id].cost_per_week for one in chosen)
    if case.limits.budget is not None and cost > case.limits.budget + _SLACK:
        yield Broken("budget", None, {"found": cost, "limit": case.limits.budget})


def _crowded(chosen: Sequence[Chosen], case: Case) -> Iterator[Broken]:
    """Name the fullest week that breaks the limit of hours, and the one that breaks that of insatser at once."""
    running = [own for own in case.participations if own.runs_on(case.as_of)]
    fullest, most = (0.0, case.as_of), (0, case.as_of)
    for day in sorted({one.start_on for one in chosen}):
        week = day - timedelta(days=day.weekday())
        loads = [one.hours_per_week for one in chosen if one.start_on < week + timedelta(7) and week < one.end_on]
        loads += [own.hours_per_week for own in running if own.ended_on is None or own.ended_on > week]
        fullest, most = max(fullest, (sum(loads), week)), max(most, (len(loads), week))
    if fullest[0] > case.limits.hours_per_week + _SLACK:
        yield Broken("weekly_load", None, {"found": fullest[0], "limit": case.limits.hours_per_week, "on": fullest[1]})
    if most[0] > case.limits.parallel:
        yield Broken("parallel", None, {"found": most[0], "limit": case.limits.parallel, "on": most[1]})
