"""Why this plan: why each activity lies when it does, what it opens, and the plan against nothing and alternatives."""

from dataclasses import dataclass

from pathway.case import Case
from pathway.explanation.order import Place, places
from pathway.plan import Activity, Plan, Suggestion
from pathway.questions.basis import Basis
from pathway.suggestion import Desk
from pathway.wording.against import costs_text, spent
from pathway.wording.places import beside_text, lifted_text, place_text, worth_beside
from pathway.wording.reasons import LEVEL_DECIMALS, STEP_DECIMALS, direction, weigh, weights_of
from pathway.wording.words import Words

_LEVELS_NAMED = 3


@dataclass(frozen=True)
class WhyThere:
    """Why an activity lies where it does: the facts, what is there only because it runs beside a job, the words.

    Attributes
    ----------
    worth, worth_beside
        Weighted steps that the activity is expected to add, and the part that is the same for everybody for running
        beside a job-oriented activity.
    """

    place: Place
    worth: float
    worth_beside: float
    text: str


@dataclass(frozen=True)
class LevelAgainst:
    """The level of an indicator expected at the end with the first plan, and with what it is held against."""

    indicator: str
    first: float
    other: float


@dataclass(frozen=True)
class Against:
    """The first plan against another, or against no plan (`rank` is ``None``).

    Attributes
    ----------
    only_first, only_other
        Insatser in one of them only.
    loss
        Weighted steps that the other is expected to give less.
    hours, cost
        Of the other plan in all: hours, and kronor by the catalogue.
    """

    rank: int | None
    only_first: tuple[str, ...]
    only_other: tuple[str, ...]
    levels: tuple[LevelAgainst, ...]
    loss: float
    hours: float
    cost: float
    text: str


@dataclass(frozen=True)
class WhyPlan:
    """The first plan explained; both are empty where the suggestion abstains."""

    activities: tuple[WhyThere, ...]
    against: tuple[Against, ...]


def why_plan(desk: Desk, case: Case, suggestion: Suggestion, words: Words | None = None) -> WhyPlan:
    """Explain the first plan: no new planning, only what the suggestion itself says.

    Raises
    ------
    Mismatch
        The suggestion is not of this case and this desk.
    """
    basis = Basis.of(desk, case, suggestion, words)
    if basis.plan is None:
        return WhyPlan((), ())
    by_id = {activity.insats_id: activity for activity in basis.plan.activities}
    return WhyPlan(
        tuple(
            _why_there(basis, by_id[place.insats_id], place)
            for place in places(basis.plan, basis.case, basis.catalogue, basis.instrument.scale)
        ),
        (_against(basis, basis.plan, None), *(_against(basis, basis.plan, other) for other in suggestion.plans[1:])),
    )


def _why_there(basis: Basis, activity: Activity, place: Place) -> WhyThere:
    goal, instrument = basis.case.goal, basis.instrument
    beside = worth_beside(activity, goal, instrument)
    told = (
        place_text(place, activity, basis.catalogue, instrument, basis.words),
        beside_text(beside, basis.words),
        lifted_text(activity.insats_id, basis.plan, goal, instrument, basis.words) if basis.plan else "",
    )
    return WhyThere(place, weigh(activity, weights_of(goal, instrument)).total, beside, " ".join(filter(None, told)))


def _against(basis: Basis, first: Plan, other: Plan | None) -> Against:
    mine = {activity.insats_id for activity in first.activities}
    theirs = {activity.insats_id for activity in other.activities} if other else set()
    levels = tuple(
        LevelAgainst(
            indicator,
            level.with_plan.mean,
            other.expected[indicator].with_plan.mean if other else level.without_plan.mean,
        )
        for indicator, level in first.expected.items()
    )
    loss = first.objective - (other.objective if other else 0.0)
    hours, cost = spent(other, basis.catalogue) if other else (0.0, 0.0)
    against = Against(
        other.rank if other else None,
        tuple(sorted(mine - theirs)), tuple(sorted(theirs - mine)), levels, loss, hours, cost, "",
    )  # fmt: skip
    return Against(**{**vars(against), "text": _against_text(basis, against, other)})


def _against_text(basis: Basis, against: Against, other: Plan | None) -> str:
    words = basis.words
    size = words.amount(abs(against.loss), "step", STEP_DECIMALS)
    which = "nothing" if against.rank is None else "other"
    sentences = [words.text(f"against.{which}_{direction(against.loss)}", size=size, rank=str(against.rank))]
    for level in sorted(against.levels, key=lambda one: -abs(one.first - one.other))[:_LEVELS_NAMED]:
        shown = [round(number, LEVEL_DECIMALS) for number in (level.first, level.other)]
        if shown[0] == shown[1]:
            continue
        sentences.append(
            words.text(
                "against.level",
                indicator=words.in_sentence(words.indicator(basis.instrument, level.indicator)),
                first=words.number(level.first, LEVEL_DECIMALS),
                other=words.number(level.other, LEVEL_DECIMALS),
            )
        )
    if other is not None:
        sentences.append(costs_text(other, basis.catalogue, words))
    return " ".join(sentences)
