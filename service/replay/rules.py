"""Holds the plans of a stored suggestion against the rules, and against what a suggestion adds to them.

Three rules cannot be looked at in a finished plan: that no better one exists (`BEST`, which working it out anew tells),
that an activity was worth its while when it was chosen (`WORTH`), and that a job starts early *where one can*.
"""

from collections.abc import Container, Iterator, Sequence
from itertools import combinations

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.plan import Plan
from pathway.planner import Rule
from pathway.planner.objective import weights_of
from service import rules

OBJECTIVE = 2e-3  # weighted steps per unit of weight by which an objective may miss the levels it is made of


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
        told = [(one.rule, one.insats_id) for one in rules.broken(rules.placed(plan), case, catalogue)]
        for rule, insats_id in [*told, *_suggested(case, catalogue, speakable, plan)]:
            found.append(f"plan {plan.rank}: {rule}" + (f" ({insats_id})" if insats_id else ""))
        worth = _objective(case, plan, ends)
        if abs(worth - plan.objective) > OBJECTIVE * max(1.0, sum(case.goal.weights.values())):
            found.append(f"plan {plan.rank}: objective is {plan.objective:.6f}, its levels make {worth:.6f}")
    return found + [f"plans {one.rank} and {other.rank}: {Rule.DIFFERENCE}" for one, other in _alike(plans)]


def _suggested(case: Case, catalogue: Catalogue, speakable: Container[str], plan: Plan) -> Iterator[tuple[Rule, str]]:
    """Name the rules that bind what is suggested, but not what a caseworker chooses."""
    locked = {(one.insats_id, one.start_on, one.end_on) for one in case.locked}
    for one in plan.activities:
        if (one.insats_id, one.start_on, one.end_on) in locked:
            continue
        if one.insats_id in case.wishes.avoid:
            yield Rule.AVOIDED, one.insats_id
        if one.insats_id not in speakable:
            yield Rule.COMPARABLE, one.insats_id
        insats = catalogue.by_id.get(one.insats_id)
        if insats is not None and insats.intake.mode == "löpande" and one.start_on.weekday() != 0:
            yield Rule.INTAKE_DATES, one.insats_id
    for wished in case.wishes.require:
        if wished not in {one.insats_id for one in plan.activities}:
            yield Rule.REQUIRED_WISH, wished


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
