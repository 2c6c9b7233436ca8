"""Names the rules that keep required insatser from being in a plan: one each, or the smallest set in conflict."""

from dataclasses import dataclass

from pathway.planner import model
from pathway.planner.model import Effort
from pathway.planner.problem import Problem
from pathway.planner.rules import Code, Fact, Rule

BETWEEN = (
    Rule.JOB_EARLY, Rule.GAP, Rule.MAX_ACTIVITIES, Rule.BUDGET, Rule.REQUIRED_LEVEL, Rule.REQUIRED_INSATS,
    Rule.EXCLUSION, Rule.GROUP, Rule.PARALLEL, Rule.WEEKLY_LOAD,
)  # fmt: skip
"""Rules between activities, in the order in which it is tried to do without them: what is named is what is left."""


@dataclass(frozen=True)
class Conflict:
    """Why what the person requires cannot be: a rule, and the insats that it concerns (``None``: several together)."""

    insats_id: str | None
    code: Code | None
    fact: Fact


def blocked(problem: Problem) -> tuple[Conflict, ...]:
    """Name the required insatser that no plan can hold, each with the rule that stands in its way."""
    settled = {one.insats_id for one in problem.case.locked}
    return tuple(
        Conflict(insats_id, found.code, found.fact)
        for insats_id, found in sorted(problem.blocked.items())
        if insats_id in problem.case.wishes.require and insats_id not in settled
    )


def smallest(problem: Problem, effort: Effort) -> tuple[Conflict, ...]:
    """Name a set of rules that cannot all be kept with what is required, of which none can be spared.

    Rules are left out one by one (a deletion filter); one that is not needed for the conflict stays out. Only
    `required_wish` is named where limits on single insatser, and no rule between them, are in the way.
    """
    left_out: frozenset[Rule] = frozenset()
    for rule in BETWEEN:
        if not model.can_be(problem, effort, left_out | {rule}):
            left_out |= {rule}
    required = tuple(problem.case.wishes.require)
    named = [rule for rule in BETWEEN if rule not in left_out] or [Rule.REQUIRED_WISH]
    return tuple(Conflict(None, None, Fact(rule, needed=required)) for rule in sorted(named))
