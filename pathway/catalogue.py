"""What can be offered: the insatser of a Välfärdsguiden catalogue, to whom, where, when and under which rules."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.errors import FaultyCatalogue
from pathway.instrument import Instrument
from pathway.reading import json_of, shaped, without_nulls

Kind = Literal["jobb", "kompetens", "hälsa", "social"]
KINDS: tuple[Kind, ...] = ("jobb", "kompetens", "hälsa", "social")

IncomeSource = Literal[
    "försörjningsstöd", "sjukpenning", "rehabiliteringspenning", "aktivitetsersättning", "sjukersättning",
    "aktivitetsstöd", "a-kassa", "annan", "ingen",
]  # fmt: skip
SwedishLevel = Literal["ingen", "grund", "medel", "god"]
SWEDISH_LEVELS: tuple[SwedishLevel, ...] = ("ingen", "grund", "medel", "god")  # ordered, lowest first

Municipality = Annotated[str, Field(pattern=r"^\d{4}$")]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Range:
    """Least, usual and most of a quantity, in the unit that the field's name says."""

    min: Share
    typical: Share
    max: Share

    def __post_init__(self) -> None:
        if not self.min <= self.typical <= self.max:
            raise ValueError("min ≤ typical ≤ max must hold")


@dataclass(frozen=True)
class Weeks(Range):
    """A length in whole weeks."""

    min: Annotated[int, Field(ge=1)]
    typical: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Intake:
    """When one can start: any week (``löpande``), or only on the dates listed (``datum``)."""

    mode: Literal["löpande", "datum"] = "löpande"
    dates: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.mode == "löpande" and self.dates:
            raise ValueError("dates may be given only when mode is datum")


@dataclass(frozen=True)
class Requirements:
    """What must hold when the insats starts: levels reached, insatser completed."""

    levels: dict[str, float] = field(default_factory=dict)
    insatser: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """How well the insats is supported by research, and by which sources."""

    level: str = "okänd"
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Insats:
    """One thing that can be offered. Empty lists and nulls mean no limit; the fields are the contract's (section 2).

    Attributes
    ----------
    type
        BIP's own kind of insats; ``jobb`` is job-oriented.
    group
        Insatser with the same group are variants of one another.
    queue_weeks
        Earliest start, in weeks after the day the suggestion is made for.
    cost_per_week
        In Swedish kronor.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore"}

    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    type: Kind
    weeks: Weeks
    hours_per_week: Range
    summary: str = ""
    provider: str = ""
    huvudman: str = ""
    group: str | None = None
    municipalities: tuple[Municipality, ...] = ()
    age_min: Count | None = None
    age_max: Count | None = None
    income_sources: tuple[IncomeSource, ...] = ()
    swedish_level_min: SwedishLevel | None = None
    intake: Intake = Intake()
    queue_weeks: Count = 0
    places: Count | None = None
    cost_per_week: Annotated[float, Field(ge=0)] = 0.0
    requires: Requirements = Requirements()
    excludes: tuple[str, ...] = ()
    referral: str | None = None
    ksi_codes: tuple[str, ...] = ()
    icf_codes: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    valid_from: date | None = None
    valid_to: date | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if self.age_min is not None and self.age_max is not None and self.age_min > self.age_max:
            raise ValueError("age_min must not be above age_max")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from must not be after valid_to")
        if self.id in self.requires.insatser or self.id in self.excludes:
            raise ValueError("an insats cannot require or exclude itself")


@dataclass(frozen=True)
class Catalogue:
    """All insatser of one version of the catalogue."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore"}

    version: Annotated[str, Field(min_length=1)]
    insatser: Annotated[tuple[Insats, ...], Field(min_length=1)]

    def __post_init__(self) -> None:
        ids = [insats.id for insats in self.insatser]
        for insats in self.insatser:
            if ids.count(insats.id) > 1:
                raise ValueError(f"insats {insats.id}, field id: stands twice; ids must be unique")
            for name, others in (("requires.insatser", insats.requires.insatser), ("excludes", insats.excludes)):
                for other in others:
                    if other not in self.by_id:
                        raise ValueError(f"insats {insats.id}, field {name}: {other} is not in the catalogue")
        circle = self._circle()
        if circle:
            raise ValueError(f"insats {circle[0]}, field requires.insatser: goes in a circle ({' → '.join(circle)})")

    @cached_property
    def by_id(self) -> dict[str, Insats]:
        """The insatser by their id."""
        return {insats.id: insats for insats in self.insatser}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all insatser, in the catalogue's order."""
        return tuple(insats.id for insats in self.insatser)

    def excluded_by(self, insats_id: str) -> frozenset[str]:
        """Ids that may not overlap in time with this insats, whichever of the two says so."""
        own = self.by_id[insats_id].excludes
        return frozenset(own) | {other.id for other in self.insatser if insats_id in other.excludes}

    def check_against(self, instrument: Instrument) -> None:
        """Check that every level required is one that the instrument can measure; raises `FaultyCatalogue`."""
        scale = instrument.scale
        for insats in self.insatser:
            for indicator, level in insats.requires.levels.items():
                place = f"catalogue {self.version}: insats {insats.id}, field requires.levels.{indicator}"
                if indicator not in instrument:
                    raise FaultyCatalogue(f"{place}: is not an indicator of the instrument {instrument.name}")
                if not scale.min <= level <= scale.max:
                    raise FaultyCatalogue(f"{place}: {level} is outside the scale {scale.min}–{scale.max}")

    def _circle(self) -> list[str]:
        cleared: set[str] = set()

        def walk(id: str, path: list[str]) -> list[str]:
            if id in path:
                return [*path[path.index(id) :], id]
            if id in cleared:
                return []
            for needed in self.by_id[id].requires.insatser:
                if found := walk(needed, [*path, id]):
                    return found
            cleared.add(id)
            return []

        return next((found for insats in self.insatser if (found := walk(insats.id, []))), [])


_ADAPTER = TypeAdapter(Catalogue)


def read(path: Path) -> Catalogue:
    """Read a catalogue file.

    Raises
    ------
    FaultyCatalogue
        An insats breaks a rule; the message names the insats, the field and the rule.
    UnreadableFile
        The file cannot be read, or is not JSON.
    """
    return shape(json_of(path), str(path))


def shape(raw: Any, source: str) -> Catalogue:
    """Check plain data as a catalogue; `source` names it in errors. Raises `FaultyCatalogue`."""

    def place(location: tuple[int | str, ...]) -> str:
        if len(location) >= 2 and location[0] == "insatser" and isinstance(location[1], int):
            named = raw["insatser"][location[1]]
            name = named.get("id", f"number {location[1] + 1}") if isinstance(named, dict) else location[1] + 1
            return f"insats {name}, field {'.'.join(map(str, location[2:])) or 'all'}"
        return "field " + ".".join(map(str, location)) if location else ""

    return shaped(_ADAPTER, without_nulls(raw), lambda message: FaultyCatalogue(f"{source}: {message}"), place)
