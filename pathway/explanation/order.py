"""Why each activity lies when it does: which rule stops it from starting earlier, and at what level people then are.

Read off the plan that was suggested, the case and the catalogue: an activity is tried at the start before its own,
everything else in the plan staying where it is. Of the planner only the day is asked that something running is taken
to end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.instrument import Scale
from pathway.plan import Activity, Plan

JOB_ORIENTED = "jobb"
_SLACK = 1e-6


@dataclass(frozen=True)
class Binding:
    """What holds the start of an activity where it is.

    Attributes
    ----------
    rule
        ``locked``, ``as_of`` (it starts at once), ``queue``, ``intake_dates``, ``validity``, ``required_insats``,
        ``required_level``, ``exclusion``, ``once`` (it is running already), ``weekly_load``, ``parallel``, ``age``;
        ``beside_job``: an earlier start gives less time beside a job-oriented activity; ``best``: the rules allow one,
        and nothing better was found.
    other
        The insats that it waits for, may not overlap, or has less time beside.
    indicator, needed, now, reached
        The level that it requires, today's, and the one expected when it starts.
    found, limit
        What an earlier start would make of the week's hours or number of insatser, and the limit.
    """

    rule: str
    other: str | None = None
    indicator: str | None = None
    needed: float | None = None
    now: float | None = None
    reached: float | None = None
    found: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Place:
    """How an activity lies among the others of its plan.

    Attributes
    ----------
    bindings
        What stops it from starting earlier, at least one.
    opens
        Insatser later in the plan that need it: completed, or for the level that it raises.
    beside, beside_job
        Insatser that it runs beside for at least a day: all, and those that are job-oriented where it is not.
    """

    insats_id: str
    bindings: tuple[Binding, ...]
    opens: tuple[str, ...]
    beside: tuple[str, ...]
    beside_job: tuple[str, ...]


def places(plan: Plan, case: Case, catalogue: Catalogue, scale: Scale) -> tuple[Place, ...]:
    """Tell of every activity of a plan, in order of start, why it lies where it does."""
    ordered = sorted(plan.activities, key=lambda activity: (activity.start_on, activity.end_on))
    return tuple(_place(activity, plan, case, catalogue, scale) for activity in ordered)


def level_on(day: date, indicator: str, plan: Plan, case: Case, scale: Scale) -> float | None:
    """Give the level expected on a day if the plan is followed, from activities that have ended; ``None``: unmeasured.

    A natural course that goes down counts in proportion to time, one that goes up does not count: as a required level
    is judged.
    """
    now = case.levels().get(indicator)
    if now is None or indicator not in plan.expected:
        return now
    share = min((day - case.as_of).days / (7 * case.limits.horizon_weeks), 1.0)
    drift = min(0.0, plan.expected[indicator].without_plan.mean - now) * share
    gained = sum(a.gain[indicator].mean for a in plan.activities if a.end_on <= day and indicator in a.gain)
    return min(max(now + drift + gained, scale.min), scale.max)


@dataclass(frozen=True)
class Reached:
    """A level that an insats requires, today's, and what a plan is expected to bring it to.

    Attributes
    ----------
    level
        The first level expected at or above the one needed, else the highest that there will be; ``None``: unmeasured.
    on
        From when the level is enough; ``None``: never.
    weeks_left, weeks_needed
        Whole weeks of the plan's time, and of the insats' validity, from the first start after that, 0 where there is
        none; and how many the insats takes at least.
    """

    indicator: str
    needed: float
    now: float | None
    level: float | None
    on: date | None
    weeks_left: int
    weeks_needed: int


def reach(insats: Insats, plan: Plan, case: Case, scale: Scale) -> tuple[Reached, ...]:
    """Tell what a plan brings each level to that an insats requires and that the person is not at."""
    now, found = case.levels(), []
    for indicator, needed in insats.requires.levels.items():
        if indicator not in now or now[indicator] < needed:
            level, on = _highest(insats.id, indicator, needed, plan, case, scale)
            left = 0 if on is None else _weeks_left(on, insats, case)
            found.append(Reached(indicator, needed, now.get(indicator), level, on, left, insats.weeks.min))
    return tuple(found)


def _weeks_left(on: date, insats: Insats, case: Case) -> int:
    first = max(on, _opens_on(insats, case))
    if insats.intake.mode == "datum":
        following = [day for day in insats.intake.dates if day >= first]
        if not following:
            return 0
        first = min(following)
    end = case.as_of + timedelta(weeks=case.limits.horizon_weeks)
    end = min(end, insats.valid_to + timedelta(days=1)) if insats.valid_to else end
    return max((end - first).days // 7, 0)


def _highest(
    insats_id: str, indicator: str, needed: float, plan: Plan, case: Case, scale: Scale
) -> tuple[float | None, date | None]:
    days = sorted({case.as_of, *(one.end_on for one in plan.activities if one.insats_id != insats_id)})
    levels = [(level_on(day, indicator, plan, case, scale), day) for day in days]
    known = [(level, day) for level, day in levels if level is not None]
    enough = next(((level, day) for level, day in known if level >= needed), None)
    return enough or (max((level for level, _ in known), default=None), None)


def _place(activity: Activity, plan: Plan, case: Case, catalogue: Catalogue, scale: Scale) -> Place:
    others = [other for other in plan.activities if other.insats_id != activity.insats_id]
    beside = [other.insats_id for other in others if _days_shared(activity, other)]
    job = catalogue.by_id[activity.insats_id].type == JOB_ORIENTED
    return Place(
        insats_id=activity.insats_id,
        bindings=tuple(_bindings(activity, plan, others, case, catalogue, scale)),
        opens=tuple(other.insats_id for other in others if _opens(activity, other, case, catalogue)),
        beside=tuple(beside),
        beside_job=() if job else tuple(id for id in beside if catalogue.by_id[id].type == JOB_ORIENTED),
    )


def _bindings(
    activity: Activity, plan: Plan, others: Sequence[Activity], case: Case, catalogue: Catalogue, scale: Scale
) -> Iterator[Binding]:
    insats = catalogue.by_id[activity.insats_id]
    if any(locked.insats_id == insats.id for locked in case.locked):
        yield Binding("locked")
        return
    earlier = _start_before(activity.start_on, insats, case)
    if earlier is None:
        yield Binding(_first_start(insats, case))
        return
    moved = _Span(earlier, earlier + (activity.end_on - activity.start_on))
    found = [
        *_order(activity, moved, plan, others, case, insats, scale),
        *_apart(moved, others, case, catalogue, insats),
        *_crowded(activity, moved, others, case, catalogue),
        *_age(moved, case, insats),
    ]
    yield from found or [_gain(activity, moved, others, catalogue)]


@dataclass(frozen=True)
class _Span:
    start_on: date
    end_on: date


def _start_before(start_on: date, insats: Insats, case: Case) -> date | None:
    """Give the last start before this one that queue, intake and validity allow; ``None`` if it is the first."""
    first = _opens_on(insats, case)
    if insats.intake.mode == "datum":
        return max((day for day in insats.intake.dates if first <= day < start_on), default=None)
    monday = start_on - timedelta(days=start_on.weekday() or 7)
    return monday if monday >= first else None


def _opens_on(insats: Insats, case: Case) -> date:
    """Give the first day that queue and validity allow."""
    queued = case.as_of + timedelta(weeks=insats.queue_weeks)
    return max(queued, insats.valid_from) if insats.valid_from else queued


def _first_start(insats: Insats, case: Case) -> str:
    if insats.intake.mode == "datum":
        return "intake_dates"
    if insats.valid_from and insats.valid_from > case.as_of + timedelta(weeks=insats.queue_weeks):
        return "validity"
    return "queue" if insats.queue_weeks else "as_of"


def _order(
    activity: Activity,
    moved: _Span,
    plan: Plan,
    others: Sequence[Activity],
    case: Case,
    insats: Insats,
    scale: Scale,
) -> Iterator[Binding]:
    for other in others:
        if other.insats_id in insats.requires.insatser and moved.start_on < other.end_on:
            yield Binding("required_insats", other=other.insats_id)
    for indicator, needed in insats.requires.levels.items():
        now, before = case.levels().get(indicator), level_on(moved.start_on, indicator, plan, case, scale)
        if now is not None and now < needed and before is not None and before < needed - _SLACK:
            reached = level_on(activity.start_on, indicator, plan, case, scale)
            yield Binding("required_level", indicator=indicator, needed=needed, now=now, reached=reached)


def _apart(
    moved: _Span, others: Sequence[Activity], case: Case, catalogue: Catalogue, insats: Insats
) -> Iterator[Binding]:
    spans = [(other.insats_id, _Span(other.start_on, other.end_on)) for other in others]
    spans += [(id, span) for id, span, _ in _running(case, catalogue)]
    for other_id, span in spans:
        excluded = other_id in insats.excludes or (
            other_id in catalogue.by_id and insats.id in catalogue.by_id[other_id].excludes
        )
        if _days_shared(moved, span) and (excluded or other_id == insats.id):
            yield Binding("once") if other_id == insats.id else Binding("exclusion", other=other_id)


def _crowded(
    activity: Activity, moved: _Span, others: Sequence[Activity], case: Case, catalogue: Catalogue
) -> Iterator[Binding]:
    """Name the limits that the fullest week would break; a week is counted from Monday and from the day of the case."""
    spans = [(_Span(other.start_on, other.end_on), other.hours_per_week) for other in others]
    spans += [(span, hours) for _, span, hours in _running(case, catalogue)]
    above, hours, limit, number = 0.0, 0.0, 0.0, 0
    for week in _weeks(moved, case.as_of):
        there = [load for span, load in spans if _days_shared(week, span)]
        load, most = activity.hours_per_week + sum(there), _most_hours(week, case)
        if load - most > above:
            above, hours, limit = load - most, load, most
        number = max(number, 1 + len(there))
    if above > _SLACK:
        yield Binding("weekly_load", found=hours, limit=limit)
    if number > case.limits.parallel:
        yield Binding("parallel", found=number, limit=case.limits.parallel)


def _running(case: Case, catalogue: Catalogue) -> Iterator[tuple[str, _Span, float]]:
    """Give what runs already, until the day that the planner takes it to end, and its hours; locks are in the plan."""
    from pathway.planner.choices import running_of  # here, so that words alone do not wait for the solver to load
    from pathway.planner.practice import shipped
    from pathway.planner.weeks import Weeks

    weeks = Weeks(case.as_of, 7 * case.limits.horizon_weeks)
    for one in running_of(case, catalogue, weeks, shipped()):
        if not one.locked:
            yield one.insats_id, _Span(weeks.date(one.start), weeks.date(one.end)), one.hours / 100


def _weeks(span: _Span, as_of: date) -> Iterator[_Span]:
    for weekday in {0, as_of.weekday()}:
        first = span.start_on - timedelta(days=(span.start_on.weekday() - weekday) % 7)
        while first < span.end_on:
            yield _Span(first, first + timedelta(weeks=1))
            first += timedelta(weeks=1)


def _most_hours(week: _Span, case: Case) -> float:
    """Give the hours that the limits leave in a week, the ramp's step at its first day included."""
    begun = [
        step.hours_per_week
        for step in case.limits.hours_by_week
        if case.as_of + timedelta(weeks=step.from_week) <= max(week.start_on, case.as_of)
    ]
    return min(case.limits.hours_per_week, *begun[-1:]) if begun else case.limits.hours_per_week


def _age(moved: _Span, case: Case, insats: Insats) -> Iterator[Binding]:
    if case.profile.birth_year is not None and insats.age_min is not None:
        age = moved.start_on.year - case.profile.birth_year
        if age < insats.age_min:
            yield Binding("age", found=age, limit=insats.age_min)


def _gain(activity: Activity, moved: _Span, others: Sequence[Activity], catalogue: Catalogue) -> Binding:
    if catalogue.by_id[activity.insats_id].type != JOB_ORIENTED:
        for other in others:
            job = catalogue.by_id[other.insats_id].type == JOB_ORIENTED
            if job and _days_shared(moved, other) < _days_shared(activity, other):
                return Binding("beside_job", other=other.insats_id)
    return Binding("best")


def _opens(activity: Activity, later: Activity, case: Case, catalogue: Catalogue) -> bool:
    if later.start_on < activity.end_on:
        return False
    requires = catalogue.by_id[later.insats_id].requires
    levels = case.levels()
    return activity.insats_id in requires.insatser or any(
        levels.get(indicator, needed) < needed and indicator in activity.gain and activity.gain[indicator].mean > 0
        for indicator, needed in requires.levels.items()
    )


def _days_shared(one: Activity | _Span, other: Activity | _Span) -> int:
    return max(0, (min(one.end_on, other.end_on) - max(one.start_on, other.start_on)).days)
