"""Holds a plan against the catalogue's rules and the case's limits, one by one; only tells. No search, and no model.

For plans that were stored (`service.replay`) and for those that a caseworker changes (`service.pages.answer`): both are
held against the same rules. They are those of `pathway.planner`, written a second time so that one can check the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.plan import Plan
from pathway.planner import Rule
from pathway.planner.choices import age_unmet, not_eligible, running_of
from pathway.planner.legal import longest_weeks
from pathway.planner.practice import shipped as good_practice
from pathway.planner.weeks import Weeks

_SLACK = 1e-6
_ROUNDED = 0.01  # hours are counted in hundredths, upwards
Facts = dict[str, Any]


@dataclass(frozen=True)
class Placed:
    """One insats that was placed in time, from `start_on` up to and not including `end_on`.

    Attributes
    ----------
    gains
        Steps that it is expected to add, by indicator; empty where no model was asked.
    """

    insats_id: str
    start_on: date
    end_on: date
    hours_per_week: float
    gains: Mapping[str, float] = field(default_factory=dict)

    @property
    def weeks(self) -> float:
        """Its length."""
        return (self.end_on - self.start_on).days / 7

    def touches(self, start: date, end: date) -> bool:
        """Tell whether any of its days is from `start` up to and not including `end`."""
        return self.start_on < end and start < self.end_on


def placed(plan: Plan) -> list[Placed]:
    """Give the activities of a plan that was suggested, with what is expected of them."""
    return [
        Placed(
            one.insats_id, one.start_on, one.end_on, one.hours_per_week,
            {indicator: gain.mean for indicator, gain in one.gain.items()},
        )
        for one in plan.activities
    ]  # fmt: skip


def with_gains(chosen: Sequence[Placed], plans: Sequence[Plan]) -> list[Placed]:
    """Give what stays as it was suggested the gains that are expected of it: what comes later may need them."""
    suggested = [one for plan in plans for one in placed(plan)]
    return [next((one for one in suggested if replace(one, gains={}) == own), own) for own in chosen]


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: its name, the insats it concerns (``None``: the whole plan), and the facts."""

    rule: str
    insats_id: str | None = None
    facts: Facts = field(default_factory=dict)


def broken(plan: Sequence[Placed], case: Case, catalogue: Catalogue) -> list[Broken]:
    """List what does not hold, each insats's own rules first; nothing is asked of activities that are locked."""
    locked = {(one.insats_id, one.start_on, one.end_on) for one in case.locked}
    own = [one for one in plan if (one.insats_id, one.start_on, one.end_on) not in locked]
    found: list[Broken] = []
    for one in own:
        insats = catalogue.by_id.get(one.insats_id)
        if insats is None:
            found.append(Broken("validity", one.insats_id))
            continue
        for rules in (_eligible(insats, one, case), _in_time(insats, one, case), _ordered(insats, one, plan, case)):
            found += [Broken(rule, one.insats_id, facts) for rule, facts in rules]
    return [
        *found,
        *_together(plan, own, case, catalogue),
        *_whole(plan, case, catalogue),
        *_loads(plan, own, case, catalogue),
    ]


def running(case: Case, catalogue: Catalogue) -> list[Placed]:
    """Give what runs already, until the day that the planner takes it to end; locked activities are in the plan."""
    weeks = Weeks(case.as_of, 7 * case.limits.horizon_weeks)
    return [
        Placed(one.insats_id, weeks.date(one.start), weeks.date(one.end), one.hours / 100)
        for one in running_of(case, catalogue, weeks, good_practice())
        if not one.locked
    ]


def _eligible(insats: Insats, one: Placed, case: Case) -> Iterator[tuple[str, Facts]]:
    unmet = not_eligible(insats, case) or age_unmet(insats, case, one.start_on)
    if unmet is not None:
        told: dict[Rule, Facts] = {Rule.AGE: {"found": unmet.found}, Rule.SWEDISH_LEVEL: {"needed": unmet.needed}}
        yield str(unmet.rule), told.get(unmet.rule, {})
    if insats.places == 0:
        yield "places", {}


def _in_time(insats: Insats, one: Placed, case: Case) -> Iterator[tuple[str, Facts]]:
    first = case.as_of + timedelta(weeks=insats.queue_weeks)
    if one.start_on < first:
        yield "queue", {"on": first}
    if insats.intake.mode == "datum" and one.start_on not in insats.intake.dates:
        yield "intake_dates", {}
    last = one.end_on - timedelta(days=1)
    if (insats.valid_from and one.start_on < insats.valid_from) or (insats.valid_to and last > insats.valid_to):
        yield "validity", {}
    horizon = case.as_of + timedelta(weeks=case.limits.horizon_weeks)
    if one.end_on > horizon:
        yield "horizon", {"on": horizon}
    if not insats.weeks.min - _SLACK <= one.weeks <= insats.weeks.max + _SLACK:
        yield "weeks", {"low": insats.weeks.min, "high": insats.weeks.max, "found": one.weeks}
    elif one.weeks > longest_weeks(insats):
        yield "legal_length", {"high": longest_weeks(insats), "found": one.weeks}
    hours = insats.hours_per_week
    if not hours.min - _SLACK <= one.hours_per_week <= hours.max + _SLACK:
        yield "hours", {"low": hours.min, "high": hours.max, "found": one.hours_per_week}


def _ordered(insats: Insats, one: Placed, plan: Sequence[Placed], case: Case) -> Iterator[tuple[str, Facts]]:
    before = [other for other in plan if other.end_on <= one.start_on]
    done = {other.insats_id for other in before} | {
        own.insats_id
        for own in case.participations
        if own.ended_as == "fullföljd" and own.ended_on is not None and own.ended_on <= one.start_on
    }
    for other in insats.requires.insatser:
        if other not in done:
            yield "required_insats", {"other": other}
    for indicator, needed in insats.requires.levels.items():
        level = case.levels().get(indicator)
        gained = sum(other.gains.get(indicator, 0.0) for other in before)
        if level is None or (level < needed and level + gained < needed - _SLACK):
            yield "required_level", {"indicator": indicator, "needed": needed, "found": level}


def _together(plan: Sequence[Placed], own: Sequence[Placed], case: Case, catalogue: Catalogue) -> Iterator[Broken]:
    pairs = [*combinations(plan, 2), *((one, other) for one in own for other in running(case, catalogue))]
    for one, other in pairs:
        at_once = one.touches(other.start_on, other.end_on)
        excluded = catalogue.excluded_by(one.insats_id) if one.insats_id in catalogue.by_id else ()
        if at_once and other.insats_id in excluded:
            yield Broken("exclusion", one.insats_id, {"other": other.insats_id})
        if at_once and one.insats_id == other.insats_id:
            yield Broken("once", one.insats_id)
    for one, other in combinations(plan, 2):
        if other.insats_id in catalogue.variants.get(one.insats_id, ()):
            yield Broken("group", one.insats_id, {"other": other.insats_id})
        if one.insats_id == other.insats_id and not one.touches(other.start_on, other.end_on):
            yield Broken("once", one.insats_id)


def _whole(plan: Sequence[Placed], case: Case, catalogue: Catalogue) -> Iterator[Broken]:
    there = {(one.insats_id, one.start_on, one.end_on, one.hours_per_week) for one in plan}
    for lock in case.locked:
        known = lock.insats_id in catalogue.by_id and lock.end_on > case.as_of
        if known and (lock.insats_id, lock.start_on, lock.end_on, lock.hours_per_week) not in there:
            yield Broken("locked", lock.insats_id)
    priced = [(one.weeks, catalogue.by_id.get(one.insats_id)) for one in plan]
    cost = sum(weeks * insats.cost_per_week for weeks, insats in priced if insats)
    if case.limits.budget is not None and cost > case.limits.budget + _SLACK:
        yield Broken("budget", None, {"found": cost, "limit": case.limits.budget})
    most = max(case.limits.activities or good_practice().max_activities, len(case.locked))
    if len(plan) > most:
        yield Broken("max_activities", None, {"found": len(plan), "limit": most})
    longest = good_practice().longest_gap_weeks
    gap = _longest_gap(plan, case, catalogue)
    if longest is not None and gap > longest:
        yield Broken("gap", None, {"found": gap, "limit": longest})


def _longest_gap(plan: Sequence[Placed], case: Case, catalogue: Catalogue) -> float:
    """Weeks without any insats, at most, from the day of the suggestion to the last start."""
    reached, longest = case.as_of, 0
    for one in sorted([*running(case, catalogue), *plan], key=lambda one: one.start_on):
        longest = max(longest, (one.start_on - reached).days)
        reached = max(reached, one.end_on)
    return longest / 7


def _loads(plan: Sequence[Placed], own: Sequence[Placed], case: Case, catalogue: Catalogue) -> Iterator[Broken]:
    """Name the first week with too many hours, and the first with too much at once, of those that new activities touch.

    Weeks are counted both from the day of the suggestion and from Mondays.
    """
    everything, found = [*plan, *running(case, catalogue)], dict[str, Broken]()
    for first in (case.as_of - timedelta(days=case.as_of.weekday()), case.as_of):
        for week in _weeks(first, max((one.end_on for one in own), default=first)):
            until = week + timedelta(days=7)
            if not any(one.touches(week, until) for one in own):
                continue
            active = [one for one in everything if one.touches(week, until)]
            hours, limit = sum(one.hours_per_week for one in active), _hours_limit(case, week, until)
            if hours > limit + _ROUNDED * len(active):
                facts = {"found": hours, "limit": limit, "on": week}
                found.setdefault("weekly_load", Broken("weekly_load", None, facts))
            if len(active) > case.limits.parallel:
                facts = {"found": len(active), "limit": case.limits.parallel, "on": week}
                found.setdefault("parallel", Broken("parallel", None, facts))
    yield from found.values()


def _weeks(first: date, end: date) -> Iterator[date]:
    for number in range(max(-(-(end - first).days // 7), 0)):
        yield first + timedelta(weeks=number)


def _hours_limit(case: Case, first: date, until: date) -> float:
    """Hours a week that the ramp allows at most in a week: the most of any of its days."""
    allowed = []
    for day in ((first - case.as_of).days, (until - case.as_of).days - 1):
        steps = [one.hours_per_week for one in case.limits.hours_by_week if 7 * one.from_week <= max(day, 0)]
        allowed.append(min(steps[-1], case.limits.hours_per_week) if steps else case.limits.hours_per_week)
    return max(allowed)
