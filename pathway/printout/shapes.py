"""The shapes of a sheet: every text and number of a suggestion as it is shown, and where bars and marks lie."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

ARROWS = {"up": "▲", "down": "▼", "same": "="}  # always beside words: never by colour or shape alone


def clean(text: str) -> str:
    """Take out what could steer a terminal or hide in a page: control and direction characters; lines stay."""
    if text.replace("\n", "").replace("\N{NO-BREAK SPACE}", "").isprintable():  # the rule, and a quick test
        return text
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it lies, as a share of the axis, and what stands there."""

    at: float
    label: str


@dataclass(frozen=True)
class Bar:
    """An activity placed in time; `left` and `width` are shares of the plan's time."""

    name: str
    kind: str
    job: bool
    hours: str
    hours_short: str
    start: str
    last: str
    length: str
    left: float
    width: float


@dataclass(frozen=True)
class Load:
    """A period with the same hours a week; `height` is a share of the chart's height."""

    start: str
    last: str
    hours: str
    hours_short: str
    left: float
    width: float
    height: float


@dataclass(frozen=True)
class Reach:
    """A level with its interval, as text and as shares of the scale."""

    mean: str
    between: str
    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """One indicator: now, without and with the plan; `way` is up, down or same."""

    label: str
    now: str
    now_at: float
    without_plan: Reach
    with_plan: Reach
    way: str
    arrow: str
    difference: str


@dataclass(frozen=True)
class Part:
    """What a group of known things does to an activity's weighed gain; `share` is its bar against the longest."""

    label: str
    value: str
    way: str
    arrow: str
    effect: str
    share: float


@dataclass(frozen=True)
class Gain:
    """What an activity is expected to change on one indicator."""

    label: str
    arrow: str
    mean: str
    between: str
    sure: str
    chance: str


@dataclass(frozen=True)
class Card:
    """An activity with its reasons.

    Attributes
    ----------
    parts
        The weightiest; `rest` is the sum of the others, and empty if there are none.
    written
        Writes `numbers`: they are many, and not everybody asks for them.
    """

    bar: Bar
    lines: tuple[str, ...]
    base: str
    parts: tuple[Part, ...]
    rest_label: str
    rest: str
    total: str
    gains: tuple[Gain, ...]
    columns: tuple[str, ...]
    written: Callable[[], tuple[tuple[str, ...], ...]] = field(repr=False, compare=False)

    @cached_property
    def numbers(self) -> tuple[tuple[str, ...], ...]:
        """Base, every feature and the sum: a label, then the weighed number and one per indicator of `columns`."""
        return self.written()


@dataclass(frozen=True)
class Alternative:
    """One of the plans to choose between."""

    rank: str
    title: str
    worth: str
    reach: tuple[str, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Omitted:
    """An insats that is not in the plan."""

    name: str
    text: str
    loss: str
    can_be: bool


@dataclass(frozen=True)
class Omissions:
    """Insatser that are not in the plan, for the same kind of reason."""

    heading: str
    rows: tuple[Omitted, ...]


@dataclass(frozen=True)
class Sheet:
    """Everything that a suggestion shows. The lists about a plan are empty when the suggestion abstains."""

    case_id: str
    abstained: bool
    mock: bool
    status: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    worth: str
    proof: str
    running: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    loads: tuple[Load, ...]
    limit: str
    limit_hours: str
    limit_at: float
    ends: str
    scale: tuple[Tick, ...]
    levels: tuple[Level, ...]
    cards: tuple[Card, ...]
    alternatives: tuple[Alternative, ...]
    outlook: tuple[tuple[str, ...], ...]
    omissions: tuple[Omissions, ...]
    steps: str
