"""Writes all that is stored about one client as a page in plain Swedish, for the client to read."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from service.decisions import reasons
from service.planning import Planning

Plain = Mapping[str, Any]


def write(told: Plain, planning: Planning) -> str:
    """Write the page.

    Parameters
    ----------
    told
        As `service.rights.export` gives it.
    planning
        For the names of indicators and insatser; without a model their ids stand there.
    """
    names = {} if planning.lacking else _names(planning)
    words: dict[str, str] = _words()["words"]
    reasons_sv = {one["code"]: one["sv"] for one in reasons()}
    case = told["case"] or {}
    page = _environment().from_string(files("service").joinpath("data/person.html").read_text(encoding="utf-8"))
    return page.render(
        told=told,
        case=case,
        profile=[(_word(name), _value(value)) for name, value in (case.get("profile") or {}).items()],
        asked=[
            (_word(f"{part}.{name}"), _value(value))
            for part in ("wishes", "limits", "goal")
            for name, value in (case.get(part) or {}).items()
        ],
        name=lambda id: names.get(id, id),
        word=lambda one: words.get(str(one), str(one)),
        value=_value,
        last_day=_last_day,
        reason=lambda code: reasons_sv.get(code, code),
        rest=[(one["at"], list(_lines(one["content"]))) for one in told["also_shown_or_said"]],
    )


def _names(planning: Planning) -> dict[str, str]:
    named = {one.id: one.label_sv for one in planning.instrument.indicators}
    return named | {one.id: one.name for one in planning.catalogue.insatser}


def _word(name: str) -> str:
    words: dict[str, str] = _words()["words"]
    return words.get(name, name)


def _last_day(end_on: str) -> str:
    """Give the last day of an activity, which goes up to its end and not through it."""
    return (date.fromisoformat(end_on) - timedelta(days=1)).isoformat()


def _value(value: Any) -> str:
    if value is None:
        return "inget angivet"
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, Mapping):
        return ", ".join(f"{_word(str(name))}: {_value(one)}" for name, one in value.items()) or "inget angivet"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "inget angivet"
    if isinstance(value, float):
        return f"{value:.10g}".replace(".", ",")
    return _word(str(value))


def _lines(content: Any, place: str = "") -> Any:
    """Give all of something as lines of place and value."""
    if isinstance(content, Mapping) and content:
        for name, value in content.items():
            yield from _lines(value, f"{place} › {_word(str(name))}" if place else _word(str(name)))
    elif isinstance(content, list) and any(isinstance(one, Mapping | list) for one in content):
        for number, value in enumerate(content, start=1):
            yield from _lines(value, f"{place} {number}")
    else:
        yield place, _value(content)


@cache
def _words() -> Any:
    return tomllib.loads(files("service").joinpath("data/person.toml").read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
