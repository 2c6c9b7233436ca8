"""An independent checker of suggestions: knows the contract and nothing of our code, and reads plain data only.

`broken_rules` takes a case, a catalogue and a suggestion as the contract's JSON has them and lists every rule that the
suggestion breaks, in English, each with the plan and the insats that it concerns. An empty list is a pass.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

CODES = {
    "not_eligible", "prerequisite", "no_start_date", "hours", "excluded", "avoided", "too_little_data",
    "no_expected_gain", "less_gain",
}  # fmt: skip
SWEDISH = ("ingen", "grund", "medel", "god")
LIMITS = {
    "hours_per_week": 20.0, "parallel": 3, "horizon_weeks": 52, "budget": None, "activities": None, "hours_by_week": (),
}  # fmt: skip
SLACK = 1e-6

Json = Mapping[str, Any]


def broken_rules(
    case: Json,
    catalogue: Json,
    suggestion: Json,
    ranking: Sequence[str],
    scale: tuple[float, float] = (1.0, 5.0),
    rounding: float = 2e-3,
) -> list[str]:
    """List every broken rule.

    Parameters
    ----------
    ranking
        Ids of the indicators that may drive ranking.
    scale
        Lowest and highest level of the instrument.
    rounding
        Steps by which rounded numbers may miss each other, per unit of weight.
    """
    if suggestion["status"] == "abstained":
        return list(_abstention(suggestion, catalogue))
    insatser = {insats["id"]: insats for insats in catalogue["insatser"]}
    faults = [] if suggestion["plans"] else ["a suggestion without plans that does not abstain"]
    for plan in suggestion["plans"]:
        found = list(_plan(case, insatser, plan, ranking, scale, rounding))
        faults += [f"plan {plan['rank']}: {fault}" for fault in found]
    faults += _between_plans(suggestion["plans"])
    faults += _themes(case, insatser, suggestion["plans"])
    faults += _not_chosen(suggestion, catalogue)
    return faults


def broken_placing(case: Json, insatser: Mapping[str, Json], activity: Json) -> list[str]:
    """List what is wrong with when an activity is, beside what the case has running and locked."""
    placing = _placing(case, insatser[activity["insats_id"]], activity)
    return [*placing, *_together(case, insatser, [activity, *(case.get("locked") or [])])]


def _abstention(suggestion: Json, catalogue: Json) -> Iterator[str]:
    if suggestion["plans"]:
        yield "abstains, but has plans"
    if not suggestion["notes"]:
        yield "abstains, but gives no reasons"
    ids = {insats["id"] for insats in catalogue["insatser"]}
    for reason in suggestion["not_chosen"]:
        if reason["code"] not in CODES or reason["insats_id"] not in ids:
            yield f"not_chosen {reason['insats_id']}: unknown code or insats"


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _limit(case: Json, name: str) -> Any:
    given = (case.get("limits") or {}).get(name)
    return LIMITS[name] if given is None else given


def _plan(
    case: Json,
    insatser: Mapping[str, Json],
    plan: Json,
    ranking: Sequence[str],
    scale: tuple[float, float],
    rounding: float,
) -> Iterator[str]:
    activities = plan["activities"]
    if not activities:
        yield "has no activities"
    for activity in activities:
        insats = insatser.get(activity["insats_id"])
        if insats is None:
            yield f"{activity['insats_id']} is not in the catalogue"
            continue
        asked = [] if _is_locked(case, activity) else [
            *_eligibility(case, insats, activity),
            *_placing(case, insats, activity),
            *_order(case, insats, activity, activities),
        ]  # fmt: skip
        for fault in [*asked, *_numbers(activity, ranking)]:
            yield f"{insats['id']}: {fault}"
    yield from _locks(case, insatser, activities)
    if all(activity["insats_id"] in insatser for activity in activities):
        yield from _together(case, insatser, activities)
    yield from _wishes(case, activities)
    yield from _expected(case, plan, ranking, scale, rounding)
    if plan["proof"]["status"] not in ("optimal", "feasible") or plan["proof"]["gap"] < 0:
        yield "proof is neither optimal nor feasible, or its gap is negative"
    if plan["proof"]["status"] == "optimal" and plan["proof"]["gap"] > 1e-9:
        yield "is called optimal, but has a gap"


def _is_locked(case: Json, activity: Json) -> bool:
    """Whether an activity is one of the case's locked ones, as it stands."""
    return any(_same_run(activity, one) for one in case.get("locked") or [])


def _same_run(one: Json, other: Json) -> bool:
    return all(one[name] == other[name] for name in ("insats_id", "start_on", "end_on")) and (
        abs(one["hours_per_week"] - other["hours_per_week"]) <= SLACK
    )


def _locks(case: Json, insatser: Mapping[str, Json], activities: Sequence[Json]) -> Iterator[str]:
    """Locked activities are all there, and the plan has no more activities than the case allows."""
    locked = case.get("locked") or []
    for one in locked:
        if one["insats_id"] in insatser and not any(_same_run(activity, one) for activity in activities):
            yield f"{one['insats_id']} is locked, but not there as it stands"
    new = [activity for activity in activities if not _is_locked(case, activity)]
    most = _limit(case, "activities")
    if new and most is not None and len(new) + len(locked) > most:
        yield "has more activities than the case allows"


def _eligibility(case: Json, insats: Json, activity: Json) -> Iterator[str]:
    profile = case.get("profile") or {}
    for limit, fact in (("municipalities", "municipality"), ("income_sources", "income_source")):
        if insats.get(limit) and profile.get(fact) not in insats[limit]:
            yield f"not eligible: {fact}"
    needed = insats.get("swedish_level_min")
    if needed not in (None, "ingen"):
        found = profile.get("swedish_level")
        if found is None or SWEDISH.index(found) < SWEDISH.index(needed):
            yield "not eligible: swedish_level"
    low, high = insats.get("age_min"), insats.get("age_max")
    if low is not None or high is not None:
        for on in (case["as_of"], activity["start_on"]):
            born = profile.get("birth_year")
            age = None if born is None else _day(on).year - born
            if age is None or (low is not None and age < low) or (high is not None and age > high):
                yield f"not eligible: age on {on}"


def _placing(case: Json, insats: Json, activity: Json) -> Iterator[str]:
    as_of, start, end = _day(case["as_of"]), _day(activity["start_on"]), _day(activity["end_on"])
    if start < as_of + timedelta(weeks=insats.get("queue_weeks") or 0):
        yield "starts before the queue is over"
    intake = insats.get("intake") or {}
    if intake.get("mode") == "datum" and activity["start_on"] not in intake.get("dates", []):
        yield "starts on a day that is not an intake date"
    if insats.get("places") is not None and insats["places"] < 1:
        yield "has no places"
    days = (end - start).days
    if not 7 * insats["weeks"]["min"] <= days <= 7 * insats["weeks"]["max"]:
        yield "its length is outside the insats's weeks"
    hours = activity["hours_per_week"]
    if not insats["hours_per_week"]["min"] - SLACK <= hours <= insats["hours_per_week"]["max"] + SLACK:
        yield "its hours are outside the insats's hours"
    if hours > _limit(case, "hours_per_week") + SLACK:
        yield "its hours exceed the limit"
    if end > as_of + timedelta(weeks=_limit(case, "horizon_weeks")):
        yield "ends after the horizon"
    if insats.get("valid_from") and start < _day(insats["valid_from"]):
        yield "starts before the insats is valid"
    if insats.get("valid_to") and end > _day(insats["valid_to"]) + timedelta(days=1):
        yield "ends after the insats is valid"


def _levels(case: Json) -> dict[str, float]:
    """Mean of those who answered, at each indicator's latest measurement."""
    as_of = _day(case["as_of"])
    answered = [a for a in case["measurements"] if a["value"] is not None and _day(a["measured_on"]) <= as_of]
    latest: dict[str, str] = {}
    for answer in answered:
        latest[answer["indicator"]] = max(latest.get(answer["indicator"], ""), answer["measured_on"])
    values: dict[str, list[float]] = {}
    for answer in answered:
        if answer["measured_on"] == latest[answer["indicator"]]:
            values.setdefault(answer["indicator"], []).append(answer["value"])
    return {indicator: sum(given) / len(given) for indicator, given in values.items()}


def _order(case: Json, insats: Json, activity: Json, activities: Sequence[Json]) -> Iterator[str]:
    requires = insats.get("requires") or {}
    before = [other for other in activities if other["end_on"] <= activity["start_on"]]
    lived = {
        past["insats_id"]
        for past in case.get("participations") or []
        if past["ended_as"] == "fullföljd" and past.get("ended_on") and past["ended_on"] <= activity["start_on"]
    }
    for needed in requires.get("insatser") or []:
        if needed not in lived and needed not in {other["insats_id"] for other in before}:
            yield f"starts before {needed} is completed"
    levels = _levels(case)
    for indicator, level in (requires.get("levels") or {}).items():
        now = levels.get(indicator)
        if now is None:
            yield f"requires a level of {indicator}, which is not measured"
            continue
        gained = sum(other["gain"].get(indicator, {"mean": 0.0})["mean"] for other in before)
        if now < level and now + gained < level - SLACK:
            yield f"requires {indicator} {level}, expected {now + gained:.3f}"


def _numbers(activity: Json, ranking: Sequence[str]) -> Iterator[str]:
    if set(activity["gain"]) != set(ranking):
        yield "gain does not cover exactly the indicators that may drive ranking"
    for indicator, gain in activity["gain"].items():
        if not gain["low"] <= gain["mean"] <= gain["high"]:
            yield f"gain of {indicator} is not within its interval"
        parts = activity["explanation"].get(indicator)
        if parts is None:
            yield f"gain of {indicator} is not explained"
            continue
        total = parts["base"] + sum(part["contribution"] for part in parts["contributions"])
        if abs(total - gain["mean"]) > 1e-6:
            yield f"explanation of {indicator} does not add up"


def _runs(activities: Sequence[Json]) -> list[tuple[str, date, date, float]]:
    return [
        (part["insats_id"], _day(part["start_on"]), _day(part["end_on"]), float(part["hours_per_week"]))
        for part in activities
    ]


def _already_running(case: Json, insatser: Mapping[str, Json]) -> list[tuple[str, date, date, float]]:
    """Participations that reach beyond the day of the suggestion, and locks that no catalogue knows, by their dates."""
    as_of = _day(case["as_of"])
    return _runs([one for one in case.get("locked") or [] if one["insats_id"] not in insatser]) + [
        (past["insats_id"], _day(past["started_on"]), _day(past["ended_on"]), float(past["hours_per_week"]))
        for past in case.get("participations") or []
        if past.get("ended_on") and _day(past["ended_on"]) > as_of
    ]


def _together(case: Json, insatser: Mapping[str, Json], activities: Sequence[Json]) -> Iterator[str]:
    new = _runs([activity for activity in activities if not _is_locked(case, activity)])
    locked = _runs([activity for activity in activities if _is_locked(case, activity)])
    running = _already_running(case, insatser) + locked
    ids = [run[0] for run in new]
    for insats_id in sorted({insats_id for insats_id in ids if ids.count(insats_id) > 1}):
        yield f"{insats_id} is there twice"
    for number, (id, start, end, _) in enumerate(new):
        for other, other_start, other_end, _ in new[number + 1 :] + running:
            if start < other_end and other_start < end:
                either = {id: insatser[id], other: insatser.get(other, {})}
                if id == other:
                    yield f"{id} runs at the same time twice"
                if other in (either[id].get("excludes") or []) or id in (either[other].get("excludes") or []):
                    yield f"{id} overlaps {other}, which excludes it"
    cost = sum((end - start).days / 7 * (insatser[id].get("cost_per_week") or 0) for id, start, end, _ in new + locked)
    budget = _limit(case, "budget")
    if new and budget is not None and cost > budget + SLACK:
        yield "costs more than the budget"
    yield from _loads(case, new, running)


def _hours_allowed(case: Json, first: date, beyond: date) -> float:
    """Fewest hours a week that the limit and its ramp allow on any day of a stretch, counted in weeks from as_of."""
    as_of, most = _day(case["as_of"]), _limit(case, "hours_per_week")
    allowed = []
    for number in range((beyond - first).days):
        week = max(0, (first + timedelta(days=number) - as_of).days) // 7
        steps = [step["hours_per_week"] for step in _limit(case, "hours_by_week") if step["from_week"] <= week]
        allowed.append(min(most, steps[-1]) if steps else most)
    return float(min(allowed))


def _loads(case: Json, runs: Sequence[Any], running: Sequence[Any]) -> Iterator[str]:
    """Hours and parallel insatser on every day, in every calendar week, and in every seven days from the suggestion."""
    as_of = _day(case["as_of"])
    last = max([as_of, *(end for _, _, end, _ in runs)])
    monday = as_of - timedelta(days=as_of.weekday())
    for name, first, step in (("day", as_of, 1), ("calendar week", monday, 7), ("week from as_of", as_of, 7)):
        on = first
        while on < last:
            until = on + timedelta(days=step)
            new = [run for run in runs if run[1] < until and on < run[2]]
            old = [run for run in running if run[1] < until and on < run[2]]
            if new and sum(run[3] for run in new + old) > _hours_allowed(case, on, min(until, last)) + SLACK:
                yield f"hours exceed the limit in the {name} of {on}"
            if new and len(new + old) > _limit(case, "parallel"):
                yield f"parallel insatser exceed the limit in the {name} of {on}"
            on = until


def _wishes(case: Json, activities: Sequence[Json]) -> Iterator[str]:
    wishes = case.get("wishes") or {}
    ids = {activity["insats_id"] for activity in activities}
    new = {activity["insats_id"] for activity in activities if not _is_locked(case, activity)}
    for insats_id in wishes.get("avoid") or []:
        if insats_id in new:
            yield f"{insats_id} is to be avoided"
    for insats_id in wishes.get("require") or []:
        if insats_id not in ids:
            yield f"{insats_id} is required, but not there"


def _expected(
    case: Json, plan: Json, ranking: Sequence[str], scale: tuple[float, float], rounding: float
) -> Iterator[str]:
    expected = plan["expected"]
    if set(expected) != set(ranking):
        yield "expected does not cover exactly the indicators that may drive ranking"
    for indicator, levels in expected.items():
        for name in ("with_plan", "without_plan"):
            span = levels[name]
            if not span["low"] <= span["mean"] <= span["high"]:
                yield f"expected {name} of {indicator} is not within its interval"
            if not scale[0] - SLACK <= span["low"] or not span["high"] <= scale[1] + SLACK:
                yield f"expected {name} of {indicator} is outside the scale"
    goal = case.get("goal") or {}
    weights = goal.get("weights") or dict.fromkeys(ranking, 1.0)
    targets = goal.get("targets") or {}
    total = 0.0
    for indicator, weight in weights.items():
        if indicator not in expected:
            continue
        target = targets.get(indicator, scale[1])
        reached, otherwise = (expected[indicator][name]["mean"] for name in ("with_plan", "without_plan"))
        total += weight * (min(reached, target) - min(otherwise, target))
    if abs(total - plan["objective"]) > rounding * max(1.0, sum(weights.values())):
        yield f"objective is {plan['objective']:.4f}, its parts make {total:.4f}"


def _between_plans(plans: Sequence[Json]) -> Iterator[str]:
    if len(plans) > 3:
        yield "more than three plans"
    if [plan["rank"] for plan in plans] != list(range(1, len(plans) + 1)):
        yield "plans are not ranked 1, 2, 3"
    mixes = [{activity["insats_id"] for activity in plan["activities"]} for plan in plans]
    for a in range(len(mixes)):
        for b in range(a + 1, len(mixes)):
            longer, other = sorted((mixes[a], mixes[b]), key=len, reverse=True)
            if 3 * len(longer - other) < len(longer):
                yield f"plans {a + 1} and {b + 1} are too alike"


def _themes(case: Json, insatser: Mapping[str, Json], plans: Sequence[Json]) -> Iterator[str]:
    """Whatever an alternative is said to be better at, it is better at than the first plan."""
    wished = set((case.get("wishes") or {}).get("prefer") or ())

    def spent(plan: Json, what: Callable[[Json], float]) -> float:
        return sum((_day(a["end_on"]) - _day(a["start_on"])).days * what(a) for a in plan["activities"])

    def first_of(plan: Json, kind: str) -> str:
        return min((a["start_on"] for a in plan["activities"] if insatser[a["insats_id"]]["type"] == kind), default="~")

    less: Mapping[str, Callable[[Json], Any]] = {
        "fewest_hours": lambda plan: spent(plan, lambda a: a["hours_per_week"]),
        "least_cost": lambda plan: spent(plan, lambda a: insatser[a["insats_id"]]["cost_per_week"]),
        "earliest_work": lambda plan: first_of(plan, "jobb"),
        "health_first": lambda plan: first_of(plan, "hälsa"),
        "wishes_first": lambda plan: -sum(a["insats_id"] in wished for a in plan["activities"]),
    }
    for plan in plans[1:]:
        theme = plan.get("theme")
        if theme is not None and theme != "best" and not less[theme](plan) < less[theme](plans[0]):
            yield f"plan {plan['rank']} is not better at {theme} than the first"


def _not_chosen(suggestion: Json, catalogue: Json) -> Iterator[str]:
    chosen = {activity["insats_id"] for plan in suggestion["plans"][:1] for activity in plan["activities"]}
    named = [reason["insats_id"] for reason in suggestion["not_chosen"]]
    wanted = [insats["id"] for insats in catalogue["insatser"] if insats["id"] not in chosen]
    if sorted(named) != sorted(wanted):
        yield "not_chosen does not name every insats outside plan 1 exactly once"
    for reason in suggestion["not_chosen"]:
        if reason["code"] not in CODES:
            yield f"not_chosen {reason['insats_id']}: unknown code {reason['code']}"
        if reason["loss"] is not None and reason["loss"] < -SLACK:
            yield f"not_chosen {reason['insats_id']}: negative loss"
        if reason["code"] in ("not_eligible", "avoided", "too_little_data") and reason["loss"] is not None:
            yield f"not_chosen {reason['insats_id']}: has a loss, but cannot be in a plan"
