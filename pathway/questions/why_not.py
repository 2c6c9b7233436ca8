"""Why not this insats: the rule and the fact that break it, or what is lost when it is forced in, and the plan then."""

from dataclasses import dataclass, replace
from datetime import date

from pathway.case import Case
from pathway.explanation.order import level_on
from pathway.plan import NotChosenCode, Plan, Suggestion
from pathway.questions.basis import Basis, FaultyQuestion
from pathway.questions.moved import Moved, moved
from pathway.suggestion import Desk
from pathway.wording.reasons import LEVEL_DECIMALS, STEP_DECIMALS, direction
from pathway.wording.words import Words


@dataclass(frozen=True)
class Required:
    """A level that the insats requires, today's, and the highest that the plan is expected to reach, from when."""

    indicator: str
    needed: float
    now: float | None
    reached: float | None
    reached_on: date | None


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
        Weighted steps that the plan loses when the insats is forced in; ``None`` if it can be in no plan.
    plan, difference
        The plan that results, and what moved; ``None`` if there is none.
    text
        One sentence a line.
    """

    insats_id: str
    code: NotChosenCode
    requires: tuple[Required, ...]
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
    result = _forced(basis, insats_id) if _can_be(basis, omitted.loss) else None
    plan = result.plans[0] if result else None
    loss = None if plan is None else max(0.0, (basis.plan.objective if basis.plan else 0.0) - plan.objective)
    requires = tuple(_requires(basis, insats_id, plan))
    difference = moved(basis, result) if result else None
    of_levels = _level_lines(basis, requires)
    lines = of_levels if omitted.code == "prerequisite" and of_levels else [omitted.text, *of_levels]
    if loss is not None:
        size = basis.words.amount(loss, "step", STEP_DECIMALS)
        lines.append(basis.words.text(f"why_not.loss_{'same' if direction(loss) == 'same' else 'down'}", size=size))
    elif omitted.loss is None:
        lines.append(basis.words.text("why_not.never"))
    return WhyNot(insats_id, omitted.code, requires, loss, plan, difference, "\n".join(lines))


def _can_be(basis: Basis, loss: float | None) -> bool:
    return loss is not None and basis.plan is not None


def _forced(basis: Basis, insats_id: str) -> Suggestion | None:
    """Suggest with the insats required; ``None`` if no plan holds it."""
    case = basis.case
    wishes = replace(
        case.wishes,
        require=tuple(dict.fromkeys((*case.wishes.require, insats_id))),
        avoid=tuple(id for id in case.wishes.avoid if id != insats_id),
    )
    required = replace(case, wishes=wishes)
    planned = {activity.insats_id for activity in basis.plan.activities} if basis.plan else set()
    for asked in (basis.confined(required, planned | basis.with_what_it_needs(insats_id)), required):
        answer = basis.suggest(asked)
        if answer.plans:
            return answer
    return None


def _requires(basis: Basis, insats_id: str, plan: Plan | None) -> list[Required]:
    levels = basis.case.levels()
    return [
        Required(indicator, needed, levels.get(indicator), *_reach(basis, insats_id, indicator, needed, plan))
        for indicator, needed in basis.catalogue.by_id[insats_id].requires.levels.items()
        if levels.get(indicator, needed - 1) < needed
    ]


def _reach(
    basis: Basis, insats_id: str, indicator: str, needed: float, plan: Plan | None
) -> tuple[float | None, date | None]:
    """Give the first level expected at or above the one needed and from when, else the highest there will be."""
    plan = plan or basis.plan
    if plan is None or indicator not in basis.case.levels():
        return None, None
    scale = basis.instrument.scale
    days = sorted({activity.end_on for activity in plan.activities if activity.insats_id != insats_id})
    levels = [(level_on(day, indicator, plan, basis.case, scale), day) for day in days]
    reached = [(level, day) for level, day in levels if level is not None]
    enough = next(((level, day) for level, day in reached if level >= needed), None)
    return enough or (max((level for level, _ in reached), default=None), None)


def _level_lines(basis: Basis, requires: tuple[Required, ...]) -> list[str]:
    words, lines = basis.words, []
    for one in requires:
        if one.now is None or one.reached is None:
            continue
        lines.append(
            words.text(
                "why_not.level_reached" if one.reached_on else "why_not.level_short",
                indicator=words.in_sentence(words.indicator(basis.instrument, one.indicator)),
                needed=words.number(one.needed, LEVEL_DECIMALS),
                now=words.number(one.now, LEVEL_DECIMALS),
                reached=words.number(one.reached, LEVEL_DECIMALS),
                month=words.month(one.reached_on) if one.reached_on else "",
            )
        )
    return lines
