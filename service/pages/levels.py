"""Draws levels: each indicator over time for both respondents, and all of them as a spider's web; numbers beside."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pathway.case import Case
from pathway.instrument import Instrument, Respondent
from pathway.wording import Words

WIDTH, HEIGHT, EDGE = 260.0, 110.0, 14.0  # of one small chart, in its own units
CENTRE, RADIUS = 160.0, 125.0  # of the web
RESPONDENTS: tuple[Respondent, ...] = ("klient", "handläggare")


@dataclass(frozen=True)
class Point:
    """A mark: where it lies, and what it says."""

    x: float
    y: float
    value: int


@dataclass(frozen=True)
class Course:
    """One indicator over time.

    Attributes
    ----------
    lines
        Points by respondent, those who answer it at all.
    cells
        Per day of measurement, each respondent's answer; ``None``: not answered.
    """

    id: str
    label: str
    lines: Mapping[Respondent, tuple[Point, ...]]
    cells: tuple[Mapping[Respondent, int | None], ...]


@dataclass(frozen=True)
class Chart:
    """All indicators over time; `days` are the days of measurement, oldest first."""

    days: tuple[str, ...]
    short_days: tuple[str, ...]
    courses: tuple[Course, ...]
    steps: tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class Web:
    """The spider's web: axes by number, rings, and one outline for each time."""

    axes: tuple[tuple[float, float, float, float, str], ...]
    rings: tuple[tuple[str, str], ...]
    outlines: Mapping[str, str]
    rows: tuple[tuple[str, str, str, str, str], ...]


def chart(case: Case, instrument: Instrument, words: Words) -> Chart:
    """Lay out each indicator over time, with every answer given."""
    days = sorted({one.measured_on for one in case.measurements})
    given = {(one.indicator, one.measured_on, one.respondent): one.value for one in case.measurements}
    first = days[0] if days else case.as_of
    span = max((days[-1] - first).days, 1) if days else 1
    low, high = instrument.scale.min, instrument.scale.max

    def point(day: date, value: int) -> Point:
        x = EDGE + (WIDTH - 2 * EDGE) * ((day - first).days / span if len(days) > 1 else 0.5)
        return Point(round(x, 1), round(_height(value, low, high), 1), value)

    courses = []
    for indicator in instrument.indicators:
        answers = {
            who: {day: given.get((indicator.id, day, who)) for day in days}
            for who in RESPONDENTS
            if who in indicator.respondents
        }
        lines = {
            who: tuple(point(day, value) for day, value in by_day.items() if value is not None)
            for who, by_day in answers.items()
        }
        cells = tuple({who: by_day[day] for who, by_day in answers.items()} for day in days)
        courses.append(Course(indicator.id, words.indicator(instrument, indicator.id), lines, cells))
    steps = tuple((_height(value, low, high), value) for value in range(low, high + 1))
    months = words.language.months_short
    return Chart(
        tuple(words.day(day) for day in days),
        tuple(f"{months[day.month - 1]} {day.year}" for day in days),
        tuple(courses),
        steps,
    )


def _height(value: float, low: float, high: float) -> float:
    return EDGE + (HEIGHT - 2 * EDGE) * (1 - (value - low) / (high - low))


def web(case: Case, expected: Mapping[str, float], instrument: Instrument, words: Words) -> Web:
    """Lay out now, the measurement before, and what is expected with the plan (empty: there is none)."""
    ids = instrument.ranking
    now, before = case.levels(), _before(case).levels()
    turns = [2 * math.pi * n / len(ids) - math.pi / 2 for n in range(len(ids))]
    low, high = instrument.scale.min, instrument.scale.max

    def at(turn: float, level: float, more: float = 0.0) -> tuple[float, float]:
        reach = RADIUS * (level - low + 0.5) / (high - low + 0.5) + more
        return round(CENTRE + reach * math.cos(turn), 1), round(CENTRE + reach * math.sin(turn), 1)

    def outline(levels: Mapping[str, float]) -> str:
        known = [at(turn, levels[id]) for turn, id in zip(turns, ids, strict=True) if id in levels]
        return " ".join(f"{x},{y}" for x, y in known) if len(known) > 2 else ""

    def written(levels: Mapping[str, float], id: str) -> str:
        return words.number(levels[id], 1) if id in levels else "–"

    return Web(
        axes=tuple((*at(turn, high), *at(turn, high, 16), str(n)) for n, turn in enumerate(turns, 1)),
        rings=tuple((outline(dict.fromkeys(ids, float(step))), str(step)) for step in range(low, high + 1)),
        outlines={"before": outline(before), "now": outline(now), "expected": outline(expected)},
        rows=tuple(
            (str(n), words.indicator(instrument, id), written(before, id), written(now, id), written(expected, id))
            for n, id in enumerate(ids, 1)
        ),
    )


def _before(case: Case) -> Case:
    """Give the case as it was the day before the latest measurement."""
    days = sorted(one.measured_on for one in case.measurements if one.measured_on <= case.as_of)
    return replace(case, as_of=days[-1] - timedelta(days=1)) if days else case


def days_of(case: Case) -> Sequence[date]:
    """List the days of measurement, oldest first."""
    return sorted({one.measured_on for one in case.measurements})
