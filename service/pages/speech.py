"""Reads the pages' texts (``service/words/pages.toml``), Swedish and English beside each other, and writes them out."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from pathway.errors import FaultyWords

LANGUAGES = ("sv", "en")
PLACE = "words/pages.toml"


@dataclass(frozen=True)
class Texts:
    """All texts of one language, by ``table.name``."""

    language: str
    by_key: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Write out a text.

        Raises
        ------
        ValueError
            There is no such text, or a value is missing: a mistake of the caller.
        """
        try:
            return self.by_key[key].format_map(values)
        except KeyError as missing:
            raise ValueError(f"the text {key} cannot be written: {missing} is missing") from None

    def either(self, key: str, otherwise: str) -> str:
        """Write out a text without values, or what is given where there is none: for codes that others may add."""
        return self.by_key.get(key, otherwise)


def read(raw: Mapping[str, Any], place: str = PLACE) -> dict[str, Texts]:
    """Check plain data as texts of all languages.

    Raises
    ------
    FaultyWords
        A text lacks a language or is empty, or the languages use different placeholders; the message names the text.
    """
    found: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for table, entries in raw.items():
        for name, entry in entries.items():
            key = f"{table}.{name}"
            if not isinstance(entry, Mapping) or set(entry) != set(LANGUAGES):
                raise FaultyWords(f"{place}: the text {key} must have {' and '.join(LANGUAGES)}, and nothing else")
            if not all(isinstance(entry[one], str) and entry[one].strip() for one in LANGUAGES):
                raise FaultyWords(f"{place}: the text {key} is empty; write it")
            if len({_placeholders(entry[one], key, place) for one in LANGUAGES}) > 1:
                raise FaultyWords(f"{place}: the text {key} must have the same placeholders in all languages")
            for language in LANGUAGES:
                found[language][key] = entry[language]
    return {language: Texts(language, texts) for language, texts in found.items()}


def _placeholders(text: str, key: str, place: str) -> frozenset[str]:
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
    except ValueError:
        raise FaultyWords(f"{place}: the text {key} has a brace without its pair") from None


@cache
def _all() -> dict[str, Texts]:
    return read(tomllib.loads(files("service").joinpath(PLACE).read_text(encoding="utf-8")))


def spoken(language: str) -> Texts:
    """Give the texts of a language; of the first one where it is not spoken here."""
    return _all().get(language) or _all()[LANGUAGES[0]]


@cache
def municipalities() -> Mapping[str, str]:
    """Give the names of municipalities that are known, by their codes."""
    text = files("service").joinpath("words/municipalities.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["names"])
