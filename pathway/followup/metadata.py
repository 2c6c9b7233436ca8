"""Metadata of what is published, for Sveriges dataportal: DCAT-AP-SE 3.0.1 in Turtle, for data, catalogue and API.

Mandatory in DCAT-AP-SE 3.0.1 (the templates that its publisher, Digg, gives with that version): of a catalogue title,
description, one publisher, one licence and a dataset; of a dataset title, description and one publisher; of a
distribution one access address; of a data service title and endpoint address; of an agent a name and one type; of a
contact point a name and an e-mail address. What is recommended and known is told, too. Only aggregates and the
catalogue of insatser are ever described here, never data of people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from pathway.casefile import whole
from pathway.errors import UnreadableFile

CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
_PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#", "dcterms": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#",
}  # fmt: skip
_SWEDISH = "http://publications.europa.eu/resource/authority/language/SWE"
_PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
_SOCIAL = "http://publications.europa.eu/resource/authority/data-theme/SOCI"
_TYPES = "http://purl.org/adms/publishertype/"
_HTTP = ("http", "https")


@dataclass(frozen=True)
class Publisher:
    """Who publishes.

    Attributes
    ----------
    site
        Address below which everything is published, ending with ``/``; it names what is described, too.
    contact, email
        Who answers questions.
    type
        What kind of publisher it is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    name: Annotated[str, Field(min_length=1)]
    site: str
    contact: Annotated[str, Field(min_length=1)]
    email: str
    type: Literal["LocalAuthority", "RegionalAuthority", "NationalAuthority", "Company"] = "LocalAuthority"

    def __post_init__(self) -> None:
        if urlsplit(self.site).scheme not in _HTTP or not self.site.endswith("/"):
            raise UnreadableFile("the publisher's site must be an address that begins with https:// and ends with /")
        if "@" not in self.email or not _is_plain(self.email):
            raise UnreadableFile("the publisher's email must be an e-mail address")


@dataclass(frozen=True)
class Dataset:
    """Something published.

    Attributes
    ----------
    id
        Its name in addresses.
    file
        Name of the file, below the publisher's site.
    media_type
        Such as ``text/csv``.
    first_day, last_day
        The time that it tells of, if any.
    """

    id: str
    title: str
    description: str
    file: str
    media_type: str
    keywords: tuple[str, ...]
    issued: date
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Service:
    """An API, by its address and the address of its OpenAPI description, below the publisher's site."""

    id: str
    title: str
    description: str
    endpoint: str
    openapi: str


def turtle(publisher: Publisher, title: str, datasets: Iterable[Dataset], services: Iterable[Service] = ()) -> str:
    """Write the metadata in Turtle."""
    datasets, services = tuple(datasets), tuple(services)
    site = publisher.site
    blocks = [f"@prefix {name}: <{address}> ." for name, address in _PREFIXES.items()]
    blocks.append("")
    catalogue = {
        "dcterms:title": _text(title),
        "dcterms:description": _text(f"Öppna data från {publisher.name}. Inga uppgifter om personer."),
        "dcterms:publisher": _iri(f"{site}publisher"),
        "dcterms:license": _iri(CC0),
        "dcterms:language": _iri(_SWEDISH),
        "foaf:homepage": _iri(site),
        "dcat:dataset": ", ".join(_iri(f"{site}{one.id}") for one in datasets),
        "dcat:service": ", ".join(_iri(f"{site}{one.id}") for one in services),
    }
    blocks.append(_block(f"{site}catalogue", "dcat:Catalog", catalogue))
    blocks.append(
        _block(
            f"{site}publisher",
            "foaf:Agent",
            {"foaf:name": _text(publisher.name), "dcterms:type": _iri(_TYPES + publisher.type)},
        )
    )
    contact = {"vcard:fn": _quoted(publisher.contact), "vcard:hasEmail": _iri(f"mailto:{publisher.email}")}
    blocks.append(_block(f"{site}contact", "vcard:Organization", contact))
    blocks += [block for one in datasets for block in _of_dataset(site, one)]
    blocks += [_of_service(site, one) for one in services]
    return "\n".join(blocks)


def write(text: str, path: Path) -> None:
    """Write metadata to a file; it appears whole or not at all."""
    with whole(path) as file:
        file.write(text)


def _of_dataset(site: str, one: Dataset) -> list[str]:
    about = {
        "dcterms:title": _text(one.title),
        "dcterms:description": _text(one.description),
        "dcterms:publisher": _iri(f"{site}publisher"),
        "dcat:contactPoint": _iri(f"{site}contact"),
        "dcat:distribution": _iri(f"{site}{one.id}/file"),
        "dcat:keyword": ", ".join(map(_text, one.keywords)),
        "dcat:theme": _iri(_SOCIAL),
        "dcterms:accessRights": _iri(_PUBLIC),
        "dcterms:language": _iri(_SWEDISH),
        "dcterms:issued": _day(one.issued),
        "dcterms:temporal": _iri(f"{site}{one.id}/period") if one.first_day and one.last_day else "",
    }
    file = {
        "dcat:accessURL": _iri(f"{site}{one.file}"),
        "dcat:downloadURL": _iri(f"{site}{one.file}"),
        "dcterms:license": _iri(CC0),
        "dcterms:format": _quoted(one.media_type),
        "dcterms:title": _text(one.title),
    }
    blocks = [
        _block(f"{site}{one.id}", "dcat:Dataset", about),
        _block(f"{site}{one.id}/file", "dcat:Distribution", file),
    ]
    if one.first_day and one.last_day:
        period = {"dcat:startDate": _day(one.first_day), "dcat:endDate": _day(one.last_day)}
        blocks.append(_block(f"{site}{one.id}/period", "dcterms:PeriodOfTime", period))
    return blocks


def _of_service(site: str, one: Service) -> str:
    about = {
        "dcterms:title": _text(one.title),
        "dcterms:description": _text(one.description),
        "dcterms:publisher": _iri(f"{site}publisher"),
        "dcat:contactPoint": _iri(f"{site}contact"),
        "dcat:endpointURL": _iri(f"{site}{one.endpoint}"),
        "dcat:endpointDescription": _iri(f"{site}{one.openapi}"),
        "dcterms:license": _iri(CC0),
    }
    return _block(f"{site}{one.id}", "dcat:DataService", about)


def _block(subject: str, kind: str, about: Mapping[str, str]) -> str:
    lines = [f"{_iri(subject)} a {kind}", *(f"{name} {value}" for name, value in about.items() if value)]
    return " ;\n    ".join(lines) + " .\n"


def _iri(address: str) -> str:
    if not _is_plain(address):
        raise ValueError("an address holds a character that Turtle does not allow in one")
    return f"<{address}>"


def _is_plain(address: str) -> bool:
    return not any(sign in '<>"{}|^`\\' or sign <= " " for sign in address)


def _text(text: str) -> str:
    return f"{_quoted(text)}@sv"


def _quoted(text: str) -> str:
    signs = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(signs.get(sign, sign) for sign in text) + '"'


def _day(day: date) -> str:
    return f'"{day.isoformat()}"^^xsd:date'
