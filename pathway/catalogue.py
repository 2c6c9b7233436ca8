"""What can be offered: the insatser of a Välfärdsguiden catalogue, to whom, where, when and under which rules."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.errors import FaultyCatalogue
from pathway.instrument import Instrument, named_place
from pathway.reading import json_of, shaped, without_nulls

Kind = Literal["jobb", "kompetens", "hälsa", "social"]
KINDS: tuple[Kind, ...] = ("jobb", "kompetens", "hälsa", "social")

IncomeSource = Literal[
    "försörjningsstöd", "sjukpenning", "rehabiliteringspenning", "aktivitetsersättning", "sjukersättning",
    "aktivitetsstöd", "a-kassa", "annan", "ingen",
]  # fmt: skip
SwedishLevel = Literal["ingen", "grund", "medel", "god"]
SWEDISH_LEVELS: tuple[SwedishLevel, ...] = ("ingen", "grund", "medel", "god")  # ordered, lowest first

Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]  # one line, so that messages stay one line
Municipality = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(gt=0, allow_inf_nan=False)]


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

    levels: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = field(default_factory=dict)
    insatser: tuple[Name, ...] = ()


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
        Insatser with the same group are variants of one another, but for those that come before others of it.
    queue_weeks
        Earliest start, in weeks after the day the suggestion is made for.
    cost_per_week
        In Swedish kronor.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore"}

    id: Name
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
    queue_weeks: Annotated[int, Field(ge=0, le=9999)] = 0
    places: Count | None = None
    cost_per_week: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] = 0.0
    requires: Requirements = Requirements()
    excludes: tuple[Name, ...] = ()
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
        for name, others in (("requires.insatser", self.requires.insatser), ("excludes", self.excludes)):
            if self.id in others:
                raise ValueError(f"{name} must not name the insats itself")


@dataclass(frozen=True)
class Catalogue:
    """All insatser of one version of the catalogue."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore"}

    version: Name
    insatser: Annotated[tuple[Insats, ...], Field(min_length=1)]

    def __post_init__(self) -> None:
        ids = Counter(self.ids)
        for insats in self.insatser:
            if ids[insats.id] > 1:
                raise ValueError(f"insats {insats.id}, field id: stands {ids[insats.id]} times; ids must be unique")
            for name, others in (("requires.insatser", insats.requires.insatser), ("excludes", insats.excludes)):
                for other in others:
                    if other not in ids:
                        raise ValueError(f"insats {insats.id}, field {name}: {other} is not in the catalogue")
        try:
            TopologicalSorter({insats.id: insats.requires.insatser for insats in self.insatser}).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]  # it lists what is required first
            raise ValueError(
                f"insats {circle[0]}, field requires.insatser: goes in a circle ({' → '.join(circle)})"
            ) from None

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

    @cached_property
    def variants(self) -> dict[str, frozenset[str]]:
        """Ids of the variants of each insats that has any: one at most is in a plan.

        Those of its group, but for what it requires and what requires it: these are steps of one way.
        """
        groups: dict[str, set[str]] = {}
        for insats in self.insatser:
            if insats.group is not None:
                groups.setdefault(insats.group, set()).add(insats.id)
        before = {id: self._all_before(id) for members in groups.values() for id in members}
        apart = {
            id: frozenset(other for other in members - {id} - before[id] if id not in before[other])
            for members in groups.values()
            for id in members
        }
        return {id: others for id, others in apart.items() if others}

    def _all_before(self, insats_id: str) -> set[str]:
        first = self.by_id[insats_id].requires.insatser
        return set(first).union(*(self._all_before(id) for id in first))

    def check_against(self, instrument: Instrument) -> None:
        """Check that every level required is one that the instrument can measure and plans may rest on.

        Raises
        ------
        FaultyCatalogue
            A required indicator is unknown or for monitoring only, or its level is outside the scale.
        """
        scale = instrument.scale
        for insats in self.insatser:
            for indicator, level in insats.requires.levels.items():
                place = f"catalogue {self.version}: insats {insats.id}, field requires.levels.{indicator}"
                if indicator not in instrument:
                    raise FaultyCatalogue(f"{place}: is not an indicator of the instrument {instrument.name}")
                if indicator not in instrument.ranking:
                    raise FaultyCatalogue(f"{place}: is for monitoring only and must not decide what can be offered")
                if not scale.min <= level <= scale.max:
                    raise FaultyCatalogue(f"{place}: must be within the scale {scale.min}–{scale.max}")


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
        if location[:1] == ("insatser",) and len(location) > 1:
            return named_place("insats", raw["insatser"], location[1:])
        return "field " + ".".join(map(str, location)) if location else ""

    return shaped(_ADAPTER, without_nulls(raw), lambda message: FaultyCatalogue(f"{source}: {message}"), place)
