"""Why not this insats: the rule and the fact that break it, or what is lost when it is forced in, and the plan then."""

from dataclasses import dataclass, replace

from pathway.case import Case
from pathway.explanation.order import Reached, reach
from pathway.plan import NotChosen, NotChosenCode, Plan, Suggestion
from pathway.questions.basis import Basis, FaultyQuestion
from pathway.questions.moved import Moved, moved
from pathway.suggestion import Desk
from pathway.wording.places import level_text
from pathway.wording.reasons import STEP_DECIMALS, direction
from pathway.wording.words import Words


@dataclass(frozen=True)
class WhyNot:
    """Why an insats is not in the first plan.

    Attributes
    ----------
    code
        As in the suggestion.
    requires
        Levels that it requires and that the person is not at, with the plan that results where there is one.
    loss
        Weighted steps that the plan loses when the insats is forced in, 0 where it gains; ``None`` if it can be in no
        plan.
    plan, difference
        The plan that results, and what moved; ``None`` if there is none.
    text
        One sentence a line.
    """

    insats_id: str
    code: NotChosenCode
    requires: tuple[Reached, ...]
    loss: float | None
    plan: Plan | None
    difference: Moved | None
    text: str


def why_not(desk: Desk, case: Case, suggestion: Suggestion, insats_id: str, words: Words | None = None) -> WhyNot:
    """Tell why an insats is not in the first plan.

    The plan that results is made by the desk's planner from the first plan's insatser, this one and what must come
    before it; if those do not make a plan, from all insatser.

    Raises
    ------
    FaultyQuestion
        The catalogue does not have the insats, or it is in the first plan.
    Mismatch
        The suggestion is not of this case and this desk.
    """
    basis = Basis.of(desk, case, suggestion, words)
    basis.check_insats(insats_id, "insats")
    omitted = next((one for one in suggestion.not_chosen if one.insats_id == insats_id), None)
    if omitted is None:
        raise FaultyQuestion("insats: it is in the first plan; ask about one that is not")
    plan = _forced(basis, insats_id) if _can_be(basis, omitted) else None
    gained = None if plan is None else plan.objective - (basis.plan.objective if basis.plan else 0.0)
    held = plan or basis.plan
    requires = reach(basis.catalogue.by_id[insats_id], held, basis.case, basis.instrument.scale) if held else ()
    difference = moved(basis, plan) if plan else None
    of_levels = [level_text(one, basis.instrument, basis.words) for one in requires if one.level is not None]
    lines = of_levels if omitted.code == "prerequisite" and of_levels else [omitted.text, *of_levels]
    if gained is not None:
        size = basis.words.amount(abs(gained), "step", STEP_DECIMALS)
        lines.append(basis.words.text(f"why_not.loss_{direction(gained)}", size=size))
        if direction(gained) == "up" and _searched_for(basis, omitted):
            lines.append(basis.words.text("why_not.overlooked"))
    else:
        key = "never" if omitted.certain else "not_found"
        lines.append(basis.words.text(f"why_not.{key}"))
    loss = None if gained is None else max(0.0, -gained)
    return WhyNot(insats_id, omitted.code, requires, loss, plan, difference, "\n".join(lines))


def _can_be(basis: Basis, omitted: NotChosen) -> bool:
    """Tell whether to try: what only a wish keeps out, or what was not found in the time for all, may be put in yet."""
    return basis.plan is not None and (not omitted.certain or omitted.code == "avoided")


def _searched_for(basis: Basis, omitted: NotChosen) -> bool:
    """Tell whether the search had a plan with the insats to find, and nothing but expected steps to judge it by."""
    bare = not basis.case.goal.caution and not basis.case.wishes.prefer and basis.desk.prices is None
    return bare and omitted.code != "avoided"


def _forced(basis: Basis, insats_id: str) -> Plan | None:
    """Plan with the insats required; ``None`` if no plan holds it."""
    case = basis.case
    wishes = replace(
        case.wishes,
        require=tuple(dict.fromkeys((*case.wishes.require, insats_id))),
        avoid=tuple(id for id in case.wishes.avoid if id != insats_id),
    )
    required = replace(case, wishes=wishes)
    planned = {activity.insats_id for activity in basis.plan.activities} if basis.plan else set()
    for asked in (basis.confined(required, planned | basis.with_what_it_needs(insats_id)), required):
        plan = basis.best(asked)
        if plan is not None:
            return plan
    return None
