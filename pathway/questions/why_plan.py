"""Why this plan: why each activity lies when it does, what it opens, and the plan against nothing and alternatives."""

from dataclasses import dataclass

from pathway.case import Case
from pathway.explanation.order import Binding, Place, places
from pathway.plan import Activity, Plan, Suggestion
from pathway.questions.basis import Basis
from pathway.suggestion import Desk
from pathway.wording.reasons import LEVEL_DECIMALS, STEP_DECIMALS, direction, name_of, weigh, weights_of
from pathway.wording.words import Words

BESIDE_JOB = "beside_job"
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
    words = basis.words
    weighed = weigh(activity, weights_of(basis.case.goal, basis.instrument))
    beside = sum(part.contribution for part in weighed.contributions if part.feature == BESIDE_JOB)
    sentences = [_binding_text(basis, activity, binding) for binding in place.bindings]
    if place.opens:
        sentences.append(words.text("place.opens", others=_names(basis, place.opens)))
    if place.beside_job:
        sentences.append(words.text("place.beside_job_too", others=_names(basis, place.beside_job)))
        way = direction(beside)
        if way != "same":
            size = words.amount(abs(beside), "step", STEP_DECIMALS)
            sentences.append(words.text(f"place.beside_{way}", size=size))
    elif place.beside:
        sentences.append(words.text("place.beside", others=_names(basis, place.beside)))
    return WhyThere(place, weighed.total, beside, " ".join(sentences))


def _binding_text(basis: Basis, activity: Activity, binding: Binding) -> str:
    words, values = basis.words, {"insats": name_of(activity.insats_id, basis.catalogue)}
    if binding.rule == "queue":
        queue = basis.catalogue.by_id[activity.insats_id].queue_weeks
        values["weeks"] = words.amount(queue, "week")
    if binding.other:
        values["other"] = name_of(binding.other, basis.catalogue)
    if binding.indicator:
        values["indicator"] = words.in_sentence(words.indicator(basis.instrument, binding.indicator))
        for name, level in (("needed", binding.needed), ("now", binding.now), ("reached", binding.reached)):
            values[name] = words.number(level or 0.0, LEVEL_DECIMALS)
        values["month"] = words.month(activity.start_on)
    if binding.found is not None and binding.limit is not None:
        unit = {"weekly_load": "hour", "parallel": "insats", "age": "year"}[binding.rule]
        values["found"], values["limit"] = words.quantity(binding.found, unit), words.quantity(binding.limit, unit)
    return words.text(f"place.{binding.rule}", **values)


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
    hours, cost = _spent(basis, other) if other else (0.0, 0.0)
    against = Against(
        other.rank if other else None,
        tuple(sorted(mine - theirs)), tuple(sorted(theirs - mine)), levels, loss, hours, cost, "",
    )  # fmt: skip
    return Against(**{**vars(against), "text": _against_text(basis, against)})


def _spent(basis: Basis, plan: Plan) -> tuple[float, float]:
    hours = cost = 0.0
    for activity in plan.activities:
        weeks = (activity.end_on - activity.start_on).days / 7
        hours += weeks * activity.hours_per_week
        insats = basis.catalogue.by_id.get(activity.insats_id)
        cost += weeks * insats.cost_per_week if insats else 0.0
    return hours, cost


def _against_text(basis: Basis, against: Against) -> str:
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
    if against.rank is not None:
        hours, cost = words.quantity(against.hours, "hour"), words.amount(against.cost, "krona")
        sentences.append(words.text("against.costs", hours=hours, cost=cost))
    return " ".join(sentences)


def _names(basis: Basis, ids: tuple[str, ...]) -> str:
    return basis.words.listed(name_of(id, basis.catalogue) for id in ids)
