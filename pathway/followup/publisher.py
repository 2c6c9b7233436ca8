"""Reads who publishes, and where the API is if there is one, from a file that the publisher writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter

from pathway.errors import UnreadableFile
from pathway.followup.metadata import Publisher
from pathway.reading import shaped, toml_of


@dataclass(frozen=True)
class Api:
    """Where the open API answers, and where its OpenAPI description is, both below the publisher's site."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    endpoint: str
    openapi: str


@dataclass(frozen=True)
class Published:
    """What a publisher's file says.

    Attributes
    ----------
    api
        None where no API is open to others.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    publisher: Publisher
    api: Api | None = None


def read(path: Path) -> Published:
    """Read a publisher's file: ``[publisher]`` with name, site, contact and email, and ``[api]`` if there is one.

    Raises
    ------
    UnreadableFile
        The file cannot be read or breaks a rule; the message names the field.
    """
    return shaped(TypeAdapter(Published), toml_of(path), lambda fault: UnreadableFile(f"{path}: {fault}"))
