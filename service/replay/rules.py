"""Holds a stored plan against the planner's rules one by one, without the planner's search.

Three rules cannot be looked at in a finished plan: that no better one exists (`BEST`, which working it out anew tells),
that an activity was worth its while when it was chosen (`WORTH`), and that a job starts early *where one can*.
"""

from collections.abc import Container, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations

from pathway.case import Case
from pathway.catalogue import Catalogue, Insats
from pathway.plan import Activity, Plan
from pathway.planner import Rule
from pathway.planner.choices import age_unmet, not_eligible, running_of
from pathway.planner.legal import longest_weeks
from pathway.planner.objective import weights_of
from pathway.planner.practice import shipped as good_practice
from pathway.planner.weeks import Weeks

_SLACK = 1e-6
OBJECTIVE = 2e-3  # weighted steps per unit of weight by which an objective may miss the levels it is made of
Run = tuple[str, date, date, float]


def broken(
    case: Case, catalogue: Catalogue, speakable: Container[str], plans: Sequence[Plan], ends: tuple[float, float]
) -> list[str]:
    """List the rules that plans break, each with the plan and the insats that it concerns.

    Parameters
    ----------
    case
        With the weights that it was planned with.
    speakable
        Insatser with enough comparable people.
    ends
        Lowest and highest level of the scale.
    """
    found = []
    for plan in plans:
        locked = {(one.insats_id, one.start_on, one.end_on) for one in case.locked}
        own = [one for one in plan.activities if (one.insats_id, one.start_on, one.end_on) not in locked]
        for rule, insats_id in _of_plan(case, catalogue, speakable, plan, own):
            found.append(f"plan {plan.rank}: {rule}" + (f" ({insats_id})" if insats_id else ""))
        worth = _objective(case, plan, ends)
        if abs(worth - plan.objective) > OBJECTIVE * max(1.0, sum(case.goal.weights.values())):
            found.append(f"plan {plan.rank}: objective is {plan.objective:.6f}, its levels make {worth:.6f}")
    return found + [f"plans {one.rank} and {other.rank}: {Rule.DIFFERENCE}" for one, other in _alike(plans)]


def _of_plan(
    case: Case, catalogue: Catalogue, speakable: Container[str], plan: Plan, own: Sequence[Activity]
) -> Iterator[tuple[Rule, str]]:
    for activity in own:
        insats = catalogue.by_id.get(activity.insats_id)
        if insats is None:
            yield Rule.VALIDITY, activity.insats_id
            continue
        rules = [*_eligible(case, insats, activity, speakable), *_placed(case, insats, activity)]
        rules += [*_ordered(case, insats, activity, plan), *_beside(case, catalogue, insats, activity, plan)]
        yield from ((rule, insats.id) for rule in rules)
    yield from _whole(case, catalogue, plan)
    yield from ((rule, "") for rule in _loads(case, catalogue, plan, own))


def _eligible(case: Case, insats: Insats, activity: Activity, speakable: Container[str]) -> Iterator[Rule]:
    unmet = not_eligible(insats, case) or age_unmet(insats, case, activity.start_on)
    if unmet is not None:
        yield unmet.rule
    if insats.id in case.wishes.avoid:
        yield Rule.AVOIDED
    if insats.id not in speakable:
        yield Rule.COMPARABLE


def _placed(case: Case, insats: Insats, activity: Activity) -> Iterator[Rule]:
    start, end, hours = activity.start_on, activity.end_on, activity.hours_per_week
    if insats.places == 0:
        yield Rule.PLACES
    if (insats.valid_from and start < insats.valid_from) or (
        insats.valid_to and end > insats.valid_to + timedelta(days=1)
    ):
        yield Rule.VALIDITY
    on_date = start in insats.intake.dates if insats.intake.mode == "datum" else start.weekday() == 0
    if not on_date or start < case.as_of + timedelta(weeks=insats.queue_weeks):
        yield Rule.INTAKE_DATES
    weeks = (end - start).days / 7
    horizon = case.as_of + timedelta(weeks=case.limits.horizon_weeks)
    if not insats.weeks.min <= weeks <= insats.weeks.max or end > horizon:
        yield Rule.HORIZON
    if weeks > longest_weeks(insats):
        yield Rule.LEGAL_LENGTH
    most = min(insats.hours_per_week.max, case.limits.hours_per_week)
    if not insats.hours_per_week.min - _SLACK <= hours <= most + _SLACK:
        yield Rule.HOURS_LIMIT


def _ordered(case: Case, insats: Insats, activity: Activity, plan: Plan) -> Iterator[Rule]:
    before = [one for one in plan.activities if one.end_on <= activity.start_on]
    done = {one.insats_id for one in before} | {
        one.insats_id
        for one in case.participations
        if one.ended_as == "fullföljd" and one.ended_on is not None and one.ended_on <= activity.start_on
    }
    if not set(insats.requires.insatser) <= done:
        yield Rule.REQUIRED_INSATS
    levels = case.levels()
    for indicator, needed in insats.requires.levels.items():
        now = levels.get(indicator)
        gained = sum(one.gain[indicator].mean for one in before if indicator in one.gain)
        if now is None or (now < needed and now + gained < needed - _SLACK):
            yield Rule.REQUIRED_LEVEL


def _beside(case: Case, catalogue: Catalogue, insats: Insats, activity: Activity, plan: Plan) -> Iterator[Rule]:
    others = [_run(one) for one in plan.activities if one is not activity]
    excluded = catalogue.excluded_by(insats.id)
    for other, start, end, _ in [*others, *_running(case, catalogue)]:
        at_once = start < activity.end_on and activity.start_on < end
        if at_once and other in excluded:
            yield Rule.EXCLUSION
        if at_once and other == insats.id:
            yield Rule.ONCE
    for other, *_ in others:
        known = catalogue.by_id.get(other)
        if known is not None and other != insats.id and insats.group is not None and known.group == insats.group:
            yield Rule.GROUP
    if sum(other == insats.id for other, *_ in others):
        yield Rule.ONCE


def _whole(case: Case, catalogue: Catalogue, plan: Plan) -> Iterator[tuple[Rule, str]]:
    there = {(one.insats_id, one.start_on, one.end_on, one.hours_per_week) for one in plan.activities}
    for lock in case.locked:
        known = lock.insats_id in catalogue.by_id and lock.end_on > case.as_of
        if known and (lock.insats_id, lock.start_on, lock.end_on, lock.hours_per_week) not in there:
            yield Rule.LOCKED, lock.insats_id
    for wished in case.wishes.require:
        if wished not in {one.insats_id for one in plan.activities}:
            yield Rule.REQUIRED_WISH, wished
    known_costs = [(one, catalogue.by_id.get(one.insats_id)) for one in plan.activities]
    cost = sum((one.end_on - one.start_on).days / 7 * insats.cost_per_week for one, insats in known_costs if insats)
    if case.limits.budget is not None and cost > case.limits.budget + _SLACK:
        yield Rule.BUDGET, ""
    if len(plan.activities) > max(case.limits.activities or good_practice().max_activities, len(case.locked)):
        yield Rule.MAX_ACTIVITIES, ""
    longest = good_practice().longest_gap_weeks
    if longest is not None and _longest_gap(case, catalogue, plan) > longest:
        yield Rule.GAP, ""


def _longest_gap(case: Case, catalogue: Catalogue, plan: Plan) -> float:
    """Weeks without any insats, at most, from the day of the suggestion to the last start."""
    reached, longest = case.as_of, 0
    runs = [*_running(case, catalogue), *map(_run, plan.activities)]
    for _, start, end, _ in sorted(runs, key=lambda run: run[1]):
        longest = max(longest, (start - reached).days)
        reached = max(reached, end)
    return longest / 7


def _loads(case: Case, catalogue: Catalogue, plan: Plan, own: Sequence[Activity]) -> Iterator[Rule]:
    """Look at hours and parallel insatser in every week that a new activity touches, counted in both ways."""
    runs = [*map(_run, plan.activities), *_running(case, catalogue)]
    last = max((one.end_on for one in own), default=case.as_of)
    found = set()
    for first in (case.as_of, case.as_of - timedelta(days=case.as_of.weekday())):
        monday = first
        while monday < last:
            until = monday + timedelta(days=7)
            active = [run for run in runs if run[1] < until and monday < run[2]]
            if any(one.start_on < until and monday < one.end_on for one in own):
                if sum(hours for *_, hours in active) > _hours_limit(case, monday, until) + 0.01 * len(active):
                    found.add(Rule.WEEKLY_LOAD)
                if len(active) > case.limits.parallel:
                    found.add(Rule.PARALLEL)
            monday = until
    yield from sorted(found)


def _hours_limit(case: Case, first: date, until: date) -> float:
    """Hours a week that the ramp allows at most in a week: the most of any of its days."""
    days = [(first - case.as_of).days, (until - case.as_of).days - 1]
    allowed = []
    for day in days:
        steps = [one.hours_per_week for one in case.limits.hours_by_week if 7 * one.from_week <= max(day, 0)]
        allowed.append(min(steps[-1], case.limits.hours_per_week) if steps else case.limits.hours_per_week)
    return max(allowed)


def _running(case: Case, catalogue: Catalogue) -> list[Run]:
    """Give what runs already, until the day that the planner takes it to end; locked activities are in the plan."""
    weeks = Weeks(case.as_of, 7 * case.limits.horizon_weeks)
    return [
        (one.insats_id, weeks.date(one.start), weeks.date(one.end), one.hours / 100)
        for one in running_of(case, catalogue, weeks, good_practice())
        if not one.locked
    ]


def _run(one: Activity) -> Run:
    return one.insats_id, one.start_on, one.end_on, one.hours_per_week


def _objective(case: Case, plan: Plan, ends: tuple[float, float]) -> float:
    """Work out an objective from the levels that are expected with and without the plan."""
    indicators, targets = tuple(plan.expected), case.goal.targets
    weights = dict(zip(indicators, weights_of(case.goal, indicators), strict=True))
    total = 0.0
    for id, one in plan.expected.items():
        target = targets.get(id, ends[1])
        total += weights[id] * (min(one.with_plan.mean, target) - min(one.without_plan.mean, target))
    return float(total)


def _alike(plans: Sequence[Plan]) -> Iterator[tuple[Plan, Plan]]:
    for one, other in combinations(plans, 2):
        mixes = [{activity.insats_id for activity in plan.activities} for plan in (one, other)]
        longer, shorter = sorted(mixes, key=len, reverse=True)
        if 3 * len(longer - shorter) < len(longer):
            yield one, other
