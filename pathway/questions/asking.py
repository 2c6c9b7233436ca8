"""Ask about this: which missing answers would move the suggestion most, tried one plausible answer at a time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pathway.case import Answer, Case, Limits, Profile
from pathway.catalogue import Insats
from pathway.plan import Suggestion
from pathway.questions.basis import Basis, FaultyQuestion, Outline
from pathway.questions.turning import weighed_gains
from pathway.reading import shaped, toml_of
from pathway.suggestion import Desk
from pathway.wording.words import Words

_FILE = Path(__file__).with_name("asked.toml")
_GATES = ("municipality", "income_source", "swedish_level", "birth_year")  # what decides whom an insats is for
_PROFILE, _LIMITS = TypeAdapter(Profile), TypeAdapter(Limits)


@dataclass(frozen=True)
class Tried:
    """One plausible answer, and what the desk then suggests.

    Attributes
    ----------
    first
        The first activity; ``None`` if there is no suggestion then.
    share_moved
        Share of insatser in either plan that are not in both.
    """

    answer: str
    first: str | None
    share_moved: float


@dataclass(frozen=True)
class Ask:
    """A missing answer.

    Attributes
    ----------
    name
        Dotted path in the case: ``profile.municipality``, ``levels.natverk``, ``limits.hours_per_week``.
    tried
        Plausible answers (``asked.toml``).
    n_turned
        How many of them give another first activity.
    """

    name: str
    label: str
    tried: tuple[Tried, ...]
    n_turned: int
    text: str


@dataclass(frozen=True)
class _Plausible:
    steps_from_typical: tuple[int, ...]
    most_from_catalogue: int
    profile: dict[str, tuple[Any, ...]]
    limits: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Missing:
    name: str
    label: str
    cases: tuple[tuple[str, Case], ...]  # each plausible answer, and the case with it


def ask_about(
    desk: Desk, case: Case, suggestion: Suggestion, words: Words | None = None, most_tries: int = 16
) -> tuple[Ask, ...]:
    """List missing answers, those first that would move the suggestion most.

    What decides whom insatser are for is tried first, then what moves the model's gains most. Each plausible answer is
    put to the desk's planner; answers that there is no room for within `most_tries` are left out of the list.

    Raises
    ------
    Mismatch
        The suggestion is not of this case and this desk.
    """
    basis = Basis.of(desk, case, suggestion, words)
    asks: list[Ask] = []
    n_tried = 0
    for missing in sorted(_missing(basis), key=lambda one: _promise(basis, one), reverse=True):
        n_tried += len(missing.cases)
        if n_tried > most_tries:
            break
        asks.append(_ask(basis, missing))
    return tuple(sorted(asks, key=_weight, reverse=True))


@cache
def _plausible() -> _Plausible:
    return shaped(TypeAdapter(_Plausible), toml_of(_FILE), lambda message: FaultyQuestion(f"{_FILE.name}: {message}"))


def _missing(basis: Basis) -> Iterator[_Missing]:
    case, words, plausible = basis.case, basis.words, _plausible()
    levels = case.levels()
    day = max((a.measured_on for a in case.measurements if a.measured_on <= case.as_of), default=case.as_of)
    for id in basis.instrument.ranking:
        if id not in levels:
            respondent = basis.instrument[id].respondents[0]
            answers = {_level(basis, id, step) for step in plausible.steps_from_typical}
            new = [Answer(day, respondent, id, value) for value in sorted(answers)]
            cases = tuple((str(a.value), replace(case, measurements=(*case.measurements, a))) for a in new)
            yield _Missing(f"levels.{id}", words.in_sentence(words.indicator(basis.instrument, id)), cases)
    for name, values in _profile_values(basis).items():
        if getattr(case.profile, name) is None and values:
            changed = [(v, _PROFILE.validate_python(vars(case.profile) | {name: v})) for v in values]
            cases = tuple((_told(value), replace(case, profile=profile)) for value, profile in changed)
            yield _Missing(f"profile.{name}", words.text(f"profile.{name}"), cases)
    for name, numbers in plausible.limits.items():
        if {"limits", f"limits.{name}"} & set(case.defaulted):
            limits = [(n, _LIMITS.validate_python(vars(case.limits) | {name: n})) for n in numbers]
            cases = tuple((words.short(number), replace(case, limits=one)) for number, one in limits)
            yield _Missing(f"limits.{name}", words.in_sentence(words.text(f"what_if.{name}")), cases)


def _level(basis: Basis, indicator: str, step: int) -> int:
    scale, typical = basis.instrument.scale, basis.desk.model.typical_levels[indicator]
    return min(max(round(typical) + step, scale.min), scale.max)


def _profile_values(basis: Basis) -> dict[str, tuple[Any, ...]]:
    """Give plausible answers per part of the profile, as the profile has them."""
    plausible, insatser = _plausible(), basis.catalogue.insatser
    values = {name: own for name, own in plausible.profile.items() if name != "age"}
    values["birth_year"] = tuple(basis.case.as_of.year - age for age in plausible.profile.get("age", ()))
    for name, allowed in (
        ("municipality", [one for insats in insatser for one in insats.municipalities]),
        ("income_source", [one for insats in insatser for one in insats.income_sources]),
    ):
        values[name] = tuple(one for one, _ in Counter(allowed).most_common(plausible.most_from_catalogue))
    return values


def _told(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def _promise(basis: Basis, missing: _Missing) -> tuple[int, float]:
    """Guess before planning: how many insatser turn on the answer, and how far apart it sets the model's gains."""
    part = missing.name.removeprefix("profile.")
    n_gated = sum(_asks_for(part, insats) for insats in basis.catalogue.insatser) if part in _GATES else 0
    gains = weighed_gains(basis, [case for _, case in missing.cases])
    spread = max((max(one[id] for one in gains) - min(one[id] for one in gains) for id in gains[0]), default=0.0)
    return n_gated, spread


def _asks_for(part: str, insats: Insats) -> bool:
    return bool(
        {
            "municipality": insats.municipalities,
            "income_source": insats.income_sources,
            "swedish_level": insats.swedish_level_min not in (None, "ingen"),
            "birth_year": insats.age_min is not None or insats.age_max is not None,
        }[part]
    )


def _ask(basis: Basis, missing: _Missing) -> Ask:
    before = basis.outline(basis.plan)
    tried = []
    for told, case in missing.cases:
        after = basis.outline_for(case)
        tried.append(Tried(told, after.first, _share_moved(before, after)))
    n_turned = sum(one.first != before.first for one in tried)
    key = "ask.first" if n_turned else "ask.plan" if any(one.share_moved for one in tried) else "ask.nothing"
    text = basis.words.text(key, part=missing.label, n=str(n_turned), of=str(len(tried)))
    return Ask(missing.name, missing.label, tuple(tried), n_turned, text)


def _share_moved(before: Outline, after: Outline) -> float:
    either = before.insatser | after.insatser
    return len(before.insatser ^ after.insatser) / len(either) if either else 0.0


def _weight(ask: Ask) -> tuple[float, float]:
    return ask.n_turned / len(ask.tried), max(one.share_moved for one in ask.tried)
