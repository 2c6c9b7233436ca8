"""What if: change what can be changed, plan anew, and tell what moved. What cannot be changed is not offered."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from pathway.case import Answer, Case, Goal, Limits
from pathway.catalogue import Municipality
from pathway.plan import Suggestion
from pathway.questions.basis import Basis, FaultyQuestion
from pathway.questions.moved import Moved, moved
from pathway.reading import shaped, without_nulls
from pathway.suggestion import Desk
from pathway.wording.words import Words, swedish

LIMITS = ("hours_per_week", "parallel", "horizon_weeks", "budget", "activities")  # those that are one number


@dataclass(frozen=True)
class Changes:
    """What is asked to be otherwise.

    Attributes
    ----------
    limits
        New limits by name (`case.Limits`); a budget of ``None`` is no limit.
    reachable
        Municipalities that the person can get to beside the own one.
    levels
        New level per indicator that may drive ranking, as the answers of the latest measurement could make it.
    forbid, require
        Insatser that must not, or must, be in the plan.
    goal
        Another goal in place of the case's.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    limits: dict[str, float | None] = field(default_factory=dict)
    reachable: tuple[Municipality, ...] = ()
    levels: dict[str, float] = field(default_factory=dict)
    forbid: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    goal: Goal | None = None


CHANGEABLE = tuple(one.name for one in fields(Changes))
_ADAPTER = TypeAdapter(Changes)
_LIMITS = TypeAdapter(Limits)


@dataclass(frozen=True)
class Offer:
    """Something that can be changed.

    Attributes
    ----------
    name
        Dotted path into `Changes`, such as ``limits.parallel`` or ``levels.natverk``.
    now
        Today's value; ``None``: no limit, or not measured.
    low, high, step
        Range, ends included unless `above_low`; for numbers.
    values
        What may be chosen, where it is not a number: municipalities, insatser.
    """

    name: str
    label: str
    now: float | str | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    above_low: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class WhatIf:
    """The suggestion for the changed case, and what moved from the one before."""

    changes: Changes
    suggestion: Suggestion
    difference: Moved
    text: str


def shape(raw: Any) -> Changes:
    """Check plain data as changes.

    Raises
    ------
    FaultyQuestion
        A field is not one of those that can be changed, or has the wrong form.
    """
    if not isinstance(raw, Mapping):
        raise FaultyQuestion(f"changes: must be an object with some of {', '.join(CHANGEABLE)}")
    if not set(raw) <= set(CHANGEABLE):
        raise FaultyQuestion(f"changes: only these can be changed: {', '.join(CHANGEABLE)}")
    limits = raw.get("limits")
    given = {**without_nulls(dict(raw)), **({"limits": limits} if isinstance(limits, Mapping) else {})}
    return shaped(_ADAPTER, given, lambda message: FaultyQuestion(f"changes: {message}"))


def offers(desk: Desk, case: Case, words: Words | None = None) -> tuple[Offer, ...]:
    """List what can be changed for a case, with today's value and the range. Traits of a person are not among it."""
    words = words or swedish()
    catalogue, instrument = desk.catalogue, desk.model.instrument
    schema = _LIMITS.json_schema()["properties"]
    levels, answered = case.levels(), _latest(case)
    found = [_limit_offer(name, getattr(case.limits, name), schema[name], words) for name in LIMITS]
    found += [
        Offer(
            f"levels.{id}", words.indicator(instrument, id), levels[id],
            instrument.scale.min, instrument.scale.max, 1 / len(answered[id]),
        )
        for id in instrument.ranking
        if id in levels
    ]  # fmt: skip
    places = sorted({one for insats in catalogue.insatser for one in insats.municipalities})
    own = case.profile.municipality
    found.append(
        Offer("reachable", words.text("what_if.reachable"), own, values=tuple(one for one in places if one != own))
    )
    found += [Offer(name, words.text(f"what_if.{name}"), values=catalogue.ids) for name in ("forbid", "require")]
    return tuple(found)


def what_if(
    desk: Desk, case: Case, suggestion: Suggestion, changes: Changes | Mapping[str, Any], words: Words | None = None
) -> WhatIf:
    """Plan anew with some things changed, with the desk's own planner, and tell what moved.

    The plan that was suggested is gone on from where the changed case allows it and nothing found afresh is worth more:
    room for more hours or insatser makes no plan worse, a longer horizon may.

    Raises
    ------
    FaultyQuestion
        A change is not offered or outside its range; the message names it and what is allowed.
    Mismatch
        The suggestion is not of this case and this desk.
    """
    basis = Basis.of(desk, case, suggestion, words)
    asked = changes if isinstance(changes, Changes) else shape(changes)
    changed = changed_case(basis, asked)
    answer = basis.suggest(changed, _reaching(desk, changed, asked.reachable), basis.plan)
    same_goal = changed.goal == basis.case.goal
    difference = moved(basis, answer.plans[0] if answer.plans else None, same_goal)
    told = [] if same_goal else [basis.words.text("what_if.other_goal")]
    return WhatIf(asked, answer, difference, "\n".join([*told, difference.text]))


def changed_case(basis: Basis, changes: Changes) -> Case:
    """Give the case with the changes in it; raises `FaultyQuestion` as `what_if` does."""
    case = basis.case
    for name in ("forbid", "require"):
        for number, insats_id in enumerate(getattr(changes, name)):
            basis.check_insats(insats_id, f"changes.{name}.{number}")
    if set(changes.forbid) & set(changes.require):
        raise FaultyQuestion("changes: an insats is both in forbid and in require; choose one")
    goal = changes.goal or case.goal
    _check_goal(goal, basis)
    for indicator, level in changes.levels.items():
        case = with_level(basis, case, indicator, level)
    wishes = replace(
        case.wishes,
        require=tuple(dict.fromkeys(id for id in (*case.wishes.require, *changes.require) if id not in changes.forbid)),
        avoid=tuple(dict.fromkeys(id for id in (*case.wishes.avoid, *changes.forbid) if id not in changes.require)),
        prefer=tuple(id for id in case.wishes.prefer if id not in changes.forbid),
    )
    return replace(case, limits=_limits(case, changes), wishes=wishes, goal=goal)


def with_level(basis: Basis, case: Case, indicator: str, level: float) -> Case:
    """Give the case with answers of the latest measurement that make this level; raises `FaultyQuestion` if none do."""
    scale, latest = basis.instrument.scale, _latest(case)
    place = f"changes.levels.{indicator if indicator in basis.instrument else '…'}"
    if indicator not in basis.instrument.ranking or indicator not in latest:
        allowed = [id for id in basis.instrument.ranking if id in latest]
        raise FaultyQuestion(f"{place}: only measured indicators can be changed: {', '.join(allowed)}")
    old = latest[indicator]
    total = level * len(old)
    if not scale.min <= level <= scale.max or abs(total - round(total)) > 1e-9:
        step = 1 / len(old)
        raise FaultyQuestion(f"{place}: must be from {scale.min} to {scale.max}, in steps of {step:.3g}")
    values = _spread_out(round(total), [answer.value or 0 for answer in old])
    new = {id(one): replace(one, value=value) for one, value in zip(old, values, strict=True)}  # two may be alike
    return replace(case, measurements=tuple(new.get(id(answer), answer) for answer in case.measurements))


def _spread_out(total: int, old: list[int]) -> list[int]:
    """Share a sum among as many answers as before, as evenly as can be, those that were highest first."""
    share, rest = divmod(total, len(old))
    by_height = sorted(range(len(old)), key=lambda n: -old[n])
    return [share + (by_height.index(n) < rest) for n in range(len(old))]


def _latest(case: Case) -> dict[str, list[Answer]]:
    """Give the answers of each indicator's latest measurement."""
    answers = [a for a in case.measurements if a.value is not None and a.measured_on <= case.as_of]
    last = {a.indicator: a.measured_on for a in sorted(answers, key=lambda a: a.measured_on)}
    return {id: [a for a in answers if (a.indicator, a.measured_on) == (id, day)] for id, day in last.items()}


def _limits(case: Case, changes: Changes) -> Limits:
    for name in changes.limits:
        if name not in LIMITS:
            raise FaultyQuestion(f"changes.limits: only these can be changed: {', '.join(LIMITS)}")
    limits = case.limits
    for name, value in changes.limits.items():
        refused = FaultyQuestion(f"changes.limits.{name}: must be {_allowed(name)}")
        limits = shaped(_LIMITS, vars(limits) | {name: value}, _always(refused))
    return limits


def _always(error: FaultyQuestion) -> Callable[[str], FaultyQuestion]:
    return lambda _: error


def _allowed(name: str) -> str:
    """Say the range of a limit: ``above 0, at most 60``."""
    schema = _LIMITS.json_schema()["properties"][name]
    low, above_low, high, whole = _range(schema)
    least = f"above {low:g}" if above_low else f"at least {low:g}"
    most = "" if high is None else f", at most {high:g}"
    return f"{'a whole number, ' if whole else ''}{least}{most}{', or null for no limit' if 'anyOf' in schema else ''}"


def _range(schema: dict[str, Any]) -> tuple[float, bool, float | None, bool]:
    """Read a limit's range: its low end, whether it must be above that, its high end, whether it is a whole number."""
    ranges = next(one for one in (schema, *schema.get("anyOf", ())) if one.get("type") in ("number", "integer"))
    low = ranges.get("minimum", ranges.get("exclusiveMinimum", 0))
    return low, "exclusiveMinimum" in ranges, ranges.get("maximum"), ranges.get("type") == "integer"


def _check_goal(goal: Goal, basis: Basis) -> None:
    ranking, scale = basis.instrument.ranking, basis.instrument.scale
    for part in ("weights", "targets"):
        if not set(getattr(goal, part)) <= set(ranking):
            raise FaultyQuestion(f"changes.goal.{part}: only indicators that drive ranking: {', '.join(ranking)}")
    if not all(scale.min <= target <= scale.max for target in goal.targets.values()):
        raise FaultyQuestion(f"changes.goal.targets: must be from {scale.min} to {scale.max}")


def _reaching(desk: Desk, case: Case, reachable: tuple[str, ...]) -> Desk:
    """Give the desk with a catalogue where what is offered in reach is offered where the person lives."""
    if not reachable:
        return desk
    places = {one for insats in desk.catalogue.insatser for one in insats.municipalities}
    if not set(reachable) <= places:
        raise FaultyQuestion(f"changes.reachable: use codes of the catalogue: {', '.join(sorted(places))}")
    own = case.profile.municipality
    if own is None:
        raise FaultyQuestion("changes.reachable: the case has no municipality; give it in the case instead")
    insatser = tuple(
        replace(insats, municipalities=(*insats.municipalities, own))
        if set(insats.municipalities) & set(reachable) and own not in insats.municipalities
        else insats
        for insats in desk.catalogue.insatser
    )
    wider = copy.copy(desk)
    wider.catalogue = replace(desk.catalogue, insatser=insatser)
    return wider


def _limit_offer(name: str, now: float | None, schema: dict[str, Any], words: Words) -> Offer:
    low, above_low, high, whole = _range(schema)
    return Offer(
        name=f"limits.{name}",
        label=words.text(f"what_if.{name}"),
        now=now,
        low=low,
        high=high,
        step=1.0 if whole else None,
        above_low=above_low,
    )
