"""Reads which of our columns goes to which field of the follow-up system: a file that may be edited."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.disclosure import SMALLEST
from pathway.errors import UnreadableFile
from pathway.reading import shaped, toml_of

SHIPPED = Path(__file__).parent / "mapping.toml"
Source = Literal["gender", "age", "education", "before", "after", "ended_as", "municipality", "swedish_level"]


@dataclass(frozen=True)
class Mapped:
    """One field.

    Attributes
    ----------
    name
        What the field is called there.
    source
        What it is filled from.
    values
        What each of our values is called there.
    other
        What all others are called.
    bands
        Lowest ages of the bands, for an age.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    name: Annotated[str, Field(min_length=1)]
    source: Source
    other: str
    values: Mapping[str, str] = field(default_factory=dict)
    bands: tuple[int, ...] = ()

    def named(self, value: Any) -> str:
        """Give what one of our values is called there."""
        if self.bands:
            return self._band(value)
        return self.values.get(str(value), self.other)

    def names(self) -> tuple[str, ...]:
        """List all that a value can be called, in the file's order."""
        told = [self._band(start) for start in self.bands] if self.bands else list(self.values.values())
        return tuple(dict.fromkeys([*told, self.other]))

    def _band(self, age: Any) -> str:
        inside = [start for start in self.bands if age is not None and age >= start]
        if not inside:
            return self.other
        later = [start for start in self.bands if start > inside[-1]]
        return f"{inside[-1]}–{later[0] - 1} år" if later else f"{inside[-1]} år eller mer"


@dataclass(frozen=True)
class Fields:
    """All fields of a follow-up system.

    Attributes
    ----------
    verified
        Whether somebody has held the names against the system's own manual.
    smallest
        People below whom a cell is hidden.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    format: Literal[1]
    system: str
    verified: bool
    fields: Annotated[tuple[Mapped, ...], Field(min_length=1)]
    smallest: Annotated[int, Field(ge=2)] = SMALLEST

    def __post_init__(self) -> None:
        names = [one.name for one in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("two fields have the same name")


def read(path: Path = SHIPPED) -> Fields:
    """Read a mapping file.

    Raises
    ------
    UnreadableFile
        The file cannot be read or breaks a rule; the message names the field.
    """
    raw = toml_of(path)
    listed = raw.pop("field", [])
    fields = [{**one, "source": one.get("from")} for one in listed if isinstance(one, dict)]
    for one in fields:
        one.pop("from", None)
    return shaped(TypeAdapter(Fields), raw | {"fields": fields}, lambda fault: UnreadableFile(f"{path}: {fault}"))
