"""Says why an activity lies where it does, what it opens, what it is beside, and what a required level comes to."""

from collections.abc import Sequence

from pathway.case import Goal
from pathway.catalogue import Catalogue
from pathway.explanation.order import Binding, Place, Reached
from pathway.instrument import Instrument
from pathway.plan import Activity, Plan
from pathway.wording.reasons import LEVEL_DECIMALS, STEP_DECIMALS, direction, name_of, weigh, weights_of
from pathway.wording.words import Words, swedish

_BESIDE_JOB = "beside_job"  # the part of a gain that is the same for everybody for running beside a job


def worth_beside(activity: Activity, goal: Goal, instrument: Instrument) -> float:
    """Give the weighted steps that are there only because the activity runs beside a job-oriented one."""
    weighed = weigh(activity, weights_of(goal, instrument))
    return sum(part.contribution for part in weighed.contributions if part.feature == _BESIDE_JOB)


def beside_text(steps: float, words: Words) -> str:
    """Say what running beside a job-oriented activity is worth; nothing where it is worth nothing that shows."""
    way = direction(steps)
    return (
        "" if way == "same" else words.text(f"place.beside_{way}", size=words.amount(abs(steps), "step", STEP_DECIMALS))
    )


def lifted_text(insats_id: str, plan: Plan, goal: Goal, instrument: Instrument, words: Words) -> str:
    """Say what others gain by running beside a job-oriented insats; nothing where that does not raise what they add."""
    weights = weights_of(goal, instrument)
    steps = sum(
        part.contribution
        for other in plan.activities
        for part in weigh(other, weights).contributions
        if part.feature == _BESIDE_JOB and isinstance(part.value, Sequence) and insats_id in part.value
    )
    return words.text("place.lifts") if direction(steps) == "up" else ""


def place_text(place: Place, activity: Activity, catalogue: Catalogue, instrument: Instrument, words: Words) -> str:
    """Say why an activity lies where it does among the others of its plan: one sentence for each thing."""
    sentences = [_binding_text(activity, binding, catalogue, instrument, words) for binding in place.bindings]
    if place.opens:
        sentences.append(words.text("place.opens", others=_names(place.opens, catalogue, words)))
    if place.beside_job:
        sentences.append(words.text("place.beside_job_too", others=_names(place.beside_job, catalogue, words)))
    elif place.beside:
        sentences.append(words.text("place.beside", others=_names(place.beside, catalogue, words)))
    return " ".join(sentences)


def level_text(reached: Reached, instrument: Instrument, words: Words | None = None) -> str:
    """Say which level an insats requires, what it is now, and what the plan is expected to bring it to.

    Raises
    ------
    ValueError
        Nothing is expected of the level, as it is not measured.
    """
    words = words or swedish()
    if reached.now is None or reached.level is None:
        raise ValueError("a level that is not measured is not expected to reach anything")
    text = words.text(
        "why_not.level_reached" if reached.on else "why_not.level_short",
        indicator=words.in_sentence(words.indicator(instrument, reached.indicator)),
        needed=words.number(reached.needed, LEVEL_DECIMALS),
        now=words.number(reached.now, LEVEL_DECIMALS),
        reached=words.number(reached.level, LEVEL_DECIMALS),
        month=words.month(reached.on) if reached.on else "",
    )
    if not is_too_late(reached):
        return text
    needed, found = (words.amount(weeks, "week") for weeks in (reached.weeks_needed, reached.weeks_left))
    return f"{text} {words.text('why_not.no_time', needed=needed, found=found)}"


def is_too_late(reached: Reached) -> bool:
    """Tell whether the level is reached, but the insats does not fit in the plan's time after that."""
    return reached.on is not None and reached.weeks_left < reached.weeks_needed


def _binding_text(
    activity: Activity, binding: Binding, catalogue: Catalogue, instrument: Instrument, words: Words
) -> str:
    values = {"insats": name_of(activity.insats_id, catalogue)}
    if binding.rule == "queue":
        values["weeks"] = words.amount(catalogue.by_id[activity.insats_id].queue_weeks, "week")
    if binding.other:
        values["other"] = name_of(binding.other, catalogue)
    if binding.indicator:
        values["indicator"] = words.in_sentence(words.indicator(instrument, binding.indicator))
        for name, level in (("needed", binding.needed), ("now", binding.now), ("reached", binding.reached)):
            values[name] = words.number(level or 0.0, LEVEL_DECIMALS)
        values["month"] = words.month(activity.start_on)
    if binding.found is not None and binding.limit is not None:
        unit = {"weekly_load": "hour", "parallel": "insats", "age": "year"}[binding.rule]
        values["found"], values["limit"] = words.quantity(binding.found, unit), words.quantity(binding.limit, unit)
    return words.text(f"place.{binding.rule}", **values)


def _names(ids: tuple[str, ...], catalogue: Catalogue, words: Words) -> str:
    return words.listed(name_of(id, catalogue) for id in ids)
