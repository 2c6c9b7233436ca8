"""Makes the sentences about an activity and about an insats that was not chosen, from the numbers behind them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Protocol

from pathway.case import Goal
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Activity, Interval, NotChosenCode
from pathway.wording.dictionary import Feature
from pathway.wording.reasons import (
    LEVEL_DECIMALS,
    STEP_DECIMALS,
    cases_of_ten,
    certainty,
    direction,
    group_text,
    grouped,
    name_of,
    weigh,
    weights_of,
)
from pathway.wording.words import Words, swedish

_REASONS_NAMED = 2  # of each direction; more would not fit in a sentence
_ALSO_NAMED = 2


class Obstacle(Protocol):
    """How one rule stands in the way of one insats; the planner's ``Fact`` is one."""

    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def needed(self) -> Any: ...  # noqa: D102
    @property
    def found(self) -> Any: ...  # noqa: D102
    @property
    def missing(self) -> bool: ...  # noqa: D102
    @property
    def other(self) -> str | None: ...  # noqa: D102
    @property
    def indicator(self) -> str | None: ...  # noqa: D102
    @property
    def on(self) -> date | None: ...  # noqa: D102


class Hindrance(Protocol):
    """Why what is required cannot be: a fact, and the insats it is about; without one, several insatser together."""

    @property
    def insats_id(self) -> str | None: ...  # noqa: D102
    @property
    def code(self) -> NotChosenCode | None: ...  # noqa: D102
    @property
    def fact(self) -> Obstacle: ...  # noqa: D102


def feature(name: str, instrument: Instrument) -> Feature:
    """Return the Swedish words for a feature; raises `FaultyWords` if it has none."""
    return swedish().feature(name, instrument)


def chance_text(interval: Interval, words: Words) -> str:
    """Write in how many cases of ten a rise is expected: ``Modellen räknar med en ökning i 7 fall av 10``."""
    n = cases_of_ten(interval)
    return words.text({0: "activity.chance_least", 10: "activity.chance_most"}.get(n, "activity.chance"), n=str(n))


class Spanned(Protocol):
    """What has a first day, and a day that it goes up to; an activity is one."""

    @property
    def start_on(self) -> date: ...  # noqa: D102
    @property
    def end_on(self) -> date: ...  # noqa: D102


def length_text(one: Spanned, words: Words) -> str:
    """Write how long an activity is, in weeks where they are whole."""
    days = (one.end_on - one.start_on).days
    return words.amount(days, "day") if days % 7 else words.amount(days // 7, "week")


def activity_text(
    activity: Activity, catalogue: Catalogue, instrument: Instrument, goal: Goal, words: Words | None = None
) -> str:
    """Say what an activity is, what the model expects of it and how surely, and which reasons weigh most.

    Parameters
    ----------
    activity
        The activity with its numbers; its `text` is not read, so that it may be made from the result::

            dataclasses.replace(activity, text=activity_text(activity, catalogue, instrument, goal))
    goal
        Its weights decide which indicators and reasons are named first.

    Returns
    -------
    Up to three lines: what and when; what the model expects; which reasons.
    """
    words = words or swedish()
    weights = weights_of(goal, instrument)
    lines = (
        _placed(activity, catalogue, words),
        _expects(activity, instrument, weights, words),
        _reasons(activity, catalogue, instrument, weights, words),
    )
    return "\n".join(" ".join(line) for line in lines if line)


def not_chosen_text(
    code: NotChosenCode,
    facts: Sequence[Obstacle],
    catalogue: Catalogue,
    instrument: Instrument,
    words: Words | None = None,
) -> str:
    """Say why an insats is not in the plan: one sentence per rule that stands in the way, with what it found.

    Without facts, the code's own words.
    """
    words = words or swedish()
    if not facts:
        return words.text(f"codes.{code}") + "."
    sentences = [_obstacle_text(code, fact, catalogue, instrument, words) for fact in facts]
    return " ".join(sentence for sentence, _ in groupby(sentences))


def _placed(activity: Activity, catalogue: Catalogue, words: Words) -> list[str]:
    last = activity.end_on - timedelta(days=1)
    return [
        words.text(
            "activity.when",
            insats=name_of(activity.insats_id, catalogue),
            start=words.day(activity.start_on),
            last=words.day(last),
        ),
        words.text(
            "activity.load",
            hours=words.quantity(activity.hours_per_week, "hour"),
            length=length_text(activity, words),
        ),
    ]


def _expects(activity: Activity, instrument: Instrument, weights: Mapping[str, float], words: Words) -> list[str]:
    def worth(indicator: str) -> tuple[float, float]:
        mean = activity.gain[indicator].mean
        return weights.get(indicator, 0.0) * mean, mean

    by_worth = sorted(activity.gain, key=worth, reverse=True)
    sentences = []
    if by_worth:
        first = activity.gain[by_worth[0]]
        sentences = [
            words.text(
                f"activity.{direction(first.mean)}",
                size=words.amount(abs(first.mean), "step", STEP_DECIMALS),
                indicator=words.in_sentence(words.indicator(instrument, by_worth[0])),
            ),
            words.text(
                "activity.interval",
                low=words.number(first.low, STEP_DECIMALS),
                high=words.amount(first.high, "step", STEP_DECIMALS),
            ),
            words.text(f"activity.{certainty(first)}"),
            chance_text(first, words),
        ]
        for way, others in (("up", by_worth[1:]), ("down", by_worth[:0:-1])):
            moved = [j for j in others if direction(activity.gain[j].mean) == way]
            sentences += _also(way, moved, activity, instrument, words)
    return [*sentences, words.text("activity.based_on", n=words.amount(activity.based_on, "participation"))]


def _also(way: str, moved: list[str], activity: Activity, instrument: Instrument, words: Words) -> list[str]:
    if not moved:
        return []
    named = words.listed(
        f"{words.in_sentence(words.indicator(instrument, j))} "
        f"({words.amount(abs(activity.gain[j].mean), 'step', STEP_DECIMALS)})"
        for j in moved[:_ALSO_NAMED]
    )
    if len(moved) <= _ALSO_NAMED:
        return [words.text(f"activity.also_{way}", indicators=named)]
    return [words.text(f"activity.also_{way}_many", n=words.amount(len(moved), "indicator"), indicators=named)]


def _reasons(
    activity: Activity, catalogue: Catalogue, instrument: Instrument, weights: Mapping[str, float], words: Words
) -> list[str]:
    groups = grouped(weigh(activity, weights), instrument, words)
    sentences = []
    for way, key in (("up", "activity.raised_by"), ("down", "activity.lowered_by")):
        named = [group for group in groups if direction(group.contribution) == way][:_REASONS_NAMED]
        if named:
            reasons = [group_text(group, instrument, catalogue, words) for group in named]
            sentences.append(words.text(key, reasons=words.listed(reasons)))
    return sentences


def _obstacle_text(
    code: NotChosenCode, fact: Obstacle, catalogue: Catalogue, instrument: Instrument, words: Words
) -> str:
    key, values = _obstacle(code, fact, catalogue, instrument, words)
    return words.text(f"rules.{key}", **values)


def _obstacle(
    code: NotChosenCode, fact: Obstacle, catalogue: Catalogue, instrument: Instrument, words: Words
) -> tuple[str, dict[str, str]]:
    """Give the name of a text, and its values."""
    rule = str(fact.rule)
    on = {"on": words.day(fact.on)} if fact.on else {}
    match rule:
        case "age":
            return _age(code, fact, words)
        case "income_source" | "swedish_level":
            needed = (fact.needed,) if isinstance(fact.needed, str) else fact.needed
            allowed = words.listed(map(str, needed), words.language.disjunction)
            return (f"{rule}_missing", {"needed": allowed}) if fact.missing else (
                rule, {"needed": allowed, "found": str(fact.found)}
            )  # fmt: skip
        case "municipality":
            return ("municipality_missing" if fact.missing else rule), {}
        case "intake_dates" | "once":
            return (rule, on) if on else (f"{rule}_none", {})
        case "parallel":
            return ("parallel_until" if on else rule), on
        case "horizon":
            if not on:
                return "horizon_none", {}
            return rule, on | _pair(fact, "week", 0, words)
        case "legal_length":
            return rule, _pair(fact, "week", 0, words)
        case "hours_limit" | "weekly_load":
            return rule, _pair(fact, "hour", 0, words)
        case "budget":
            return rule, _pair(fact, "krona", 0, words)
        case "max_activities":
            return rule, _pair(fact, "insats", 0, words)
        case "worth":
            return rule, _pair(fact, "step", STEP_DECIMALS, words)
        case "required_level":
            return _required_level(fact, instrument, words)
        case "required_insats" | "exclusion" | "group" | "required_wish":
            return rule, {"other": name_of(str(fact.other), catalogue)}
        case _:
            return rule, on


def _age(code: NotChosenCode, fact: Obstacle, words: Words) -> tuple[str, dict[str, str]]:
    if fact.missing:
        return "age_missing", {}
    if code == "no_start_date":
        return "age_at_start", {}
    low, high = fact.needed
    found = words.amount(fact.found, "year")
    if high is None:
        return "age_from", {"low": words.amount(low, "year"), "found": found}
    if low is None:
        return "age_to", {"high": words.amount(high, "year"), "found": found}
    return "age_between", {"low": words.number(low), "high": words.amount(high, "year"), "found": found}


def _required_level(fact: Obstacle, instrument: Instrument, words: Words) -> tuple[str, dict[str, str]]:
    indicator = words.in_sentence(words.indicator(instrument, str(fact.indicator)))
    if fact.found is None:
        needed = words.number(fact.needed, LEVEL_DECIMALS)
        return "required_level_missing", {"indicator": indicator, "needed": needed}
    decimals = _apart(fact.needed, fact.found, LEVEL_DECIMALS)
    return "required_level", {
        "indicator": indicator,
        "needed": words.number(fact.needed, decimals),
        "found": words.number(fact.found, decimals),
    }


def _pair(fact: Obstacle, unit: str, decimals: int, words: Words) -> dict[str, str]:
    decimals = _apart(fact.needed, fact.found, decimals)
    return {
        "needed": words.amount(fact.needed, unit, decimals),
        "found": words.amount(fact.found, unit, decimals),
    }


def _apart(one: float, other: float, decimals: int) -> int:
    """Give so many decimals that two different numbers also look different."""
    while one != other and round(one, decimals) == round(other, decimals) and decimals < 4:
        decimals += 1
    return decimals
