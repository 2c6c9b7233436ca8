"""What is rated: the indicators of an instrument, who answers them, and on which scale. Read from a TOML file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.errors import FaultyInstrument
from pathway.reading import shaped, toml_of

Respondent = Literal["klient", "handläggare"]
RESPONDENTS: tuple[Respondent, ...] = ("klient", "handläggare")
SHIPPED = Path(__file__).parent / "instruments" / "bip.toml"

Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


@dataclass(frozen=True)
class Scale:
    """The lowest and the highest answer, both included; one step is 1."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    min: int
    max: int

    def __post_init__(self) -> None:
        if self.min >= self.max:
            raise ValueError(f"the scale's min ({self.min}) must be below its max ({self.max})")


@dataclass(frozen=True)
class Indicator:
    """One thing that is rated.

    Attributes
    ----------
    respondents
        Who answers it.
    drives_ranking
        Whether expected gains on it may order insatser; an indicator that may not is for monitoring only, and never
        an input to a model.
    verified
        Whether a source that was read names the indicator, or it is only recalled; who answers it may be derived.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    id: Id
    label_sv: Text
    label_en: Text
    respondents: Annotated[tuple[Respondent, ...], Field(min_length=1)]
    drives_ranking: bool
    verified: bool
    source: str

    def __post_init__(self) -> None:
        if len(set(self.respondents)) < len(self.respondents):
            raise ValueError("respondents must not name the same respondent twice")


@dataclass(frozen=True)
class Instrument:
    """A set of indicators on one scale."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    id: Id
    version: Text
    scale: Scale
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]

    def __post_init__(self) -> None:
        ids = [indicator.id for indicator in self.indicators]
        for id in ids:
            if ids.count(id) > 1:
                raise ValueError(f"indicator {id}, field id: stands {ids.count(id)} times; ids must be unique")
        if not any(indicator.drives_ranking for indicator in self.indicators):
            raise ValueError("no indicator has drives_ranking = true; at least one must")

    @property
    def name(self) -> str:
        """Id and version in one word, such as ``bip-2026-1``."""
        return f"{self.id}-{self.version}"

    @property
    def ranking(self) -> tuple[str, ...]:
        """Ids of the indicators that may drive ranking, in the instrument's order."""
        return tuple(indicator.id for indicator in self.indicators if indicator.drives_ranking)

    def __getitem__(self, indicator_id: str) -> Indicator:
        """Return the indicator with this id; `KeyError` if there is none."""
        for indicator in self.indicators:
            if indicator.id == indicator_id:
                return indicator
        raise KeyError(indicator_id)

    def __contains__(self, indicator_id: object) -> bool:
        """Tell whether an indicator has this id."""
        return any(indicator.id == indicator_id for indicator in self.indicators)


_ADAPTER = TypeAdapter(Instrument)


def read(path: Path = SHIPPED) -> Instrument:
    """Read an instrument file.

    Raises
    ------
    FaultyInstrument
        The file breaks a rule; the message names indicator, field and rule.
    UnreadableFile
        The file cannot be read, or is not TOML.
    """
    raw = toml_of(path)

    def place(location: tuple[int | str, ...]) -> str:
        if location[:1] == ("indicators",) and len(location) > 1:
            return named_place("indicator", raw["indicators"], location[1:])
        return "field " + ".".join(map(str, location)) if location else ""

    return shaped(_ADAPTER, raw, lambda message: FaultyInstrument(f"{path}: {message}"), place)


def named_place(noun: str, rows: Sequence[Any], location: tuple[int | str, ...]) -> str:
    """Word where in a list of things with ids a fault is: ``indicator samarbete, field respondents``.

    Parameters
    ----------
    noun
        What the list holds one of.
    rows
        The list as it was read; a row may lack an id, or not be a thing at all.
    location
        Position in the list, then the way to the field.
    """
    number, *way = location
    row = rows[int(number)]
    id = row.get("id") if isinstance(row, dict) else None
    name = id if isinstance(id, str) and id.isprintable() and 0 < len(id) <= 60 else f"number {int(number) + 1}"
    return f"{noun} {name}" + (f", field {'.'.join(map(str, way))}" if way else "")
