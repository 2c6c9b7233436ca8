"""Writes the difference between two plans as rows: before and after, for insatser and for levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.wording import Words
from pathway.wording.reasons import name_of

_LEVELS_SHOWN = 10


@dataclass(frozen=True)
class Row:
    """One thing before and after; `way` is ``added``, ``removed``, ``moved``, ``up`` or ``down``."""

    label: str
    before: str
    after: str
    way: str


@dataclass(frozen=True)
class Difference:
    """What is different; `worth` is the change of the plan's worth in steps, ``None`` where a plan is lacking."""

    activities: tuple[Row, ...]
    levels: tuple[Row, ...]
    worth: float | None


def rows(plain: Mapping[str, Any], catalogue: Catalogue, instrument: Instrument, words: Words) -> Difference:
    """Write a difference (`service.difference`) out."""
    activities = [Row(name_of(one["insats_id"], catalogue), "–", _times(one, words), "added") for one in plain["added"]]
    activities += [
        Row(name_of(one["insats_id"], catalogue), _times(one, words), "–", "removed") for one in plain["removed"]
    ]
    activities += [
        Row(name_of(one["insats_id"], catalogue), _times(one["before"], words), _times(one["after"], words), "moved")
        for one in plain["moved"]
    ]
    levels = [
        Row(
            words.indicator(instrument, id),
            words.number(level["before"], 1),
            words.number(level["after"], 1),
            "up" if level["after"] > level["before"] else "down",
        )
        for id, level in sorted(plain["expected"].items(), key=lambda item: -abs(item[1]["after"] - item[1]["before"]))
        if round(level["before"], 1) != round(level["after"], 1)
    ]
    before, after = plain["objective"]["before"], plain["objective"]["after"]
    worth = None if before is None or after is None else after - before
    return Difference(tuple(activities), tuple(levels[:_LEVELS_SHOWN]), worth)


def _times(one: Mapping[str, Any], words: Words) -> str:
    start = words.day(date.fromisoformat(one["start_on"]))
    last = words.day(date.fromisoformat(one["end_on"]) - timedelta(days=1))
    span = words.text("page.between", low=start, high=last)
    return f"{span}, {words.text('page.hours_short', hours=words.short(one['hours_per_week']))}"
