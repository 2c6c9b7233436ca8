"""Reads a file of words (``words/sv.toml``) and checks all of it at once: nothing is ever half-rendered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.errors import FaultyWords
from pathway.instrument import Instrument
from pathway.reading import shaped, toml_of
from pathway.wording.contents import LISTS
from pathway.wording.dictionary import Feature, Group, family_of, with_facts
from pathway.wording.faults import faults_of

FOLDER = Path(__file__).parent.parent / "words"
SHIPPED = FOLDER / "sv.toml"
_TABLES = ("language", "units", "features", "groups")  # checked as shapes; all other tables hold templates


@dataclass(frozen=True)
class Language:
    """How numbers, dates and lists are written. `months` are twelve, January first."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    code: str
    decimal: str
    minus: str
    conjunction: str
    disjunction: str
    date: str
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    months_short: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    yes: str
    no: str
    missing: str
    or_more: str


@dataclass(frozen=True)
class Words:
    """All words of one language.

    `templates` and `lists` are keyed ``table.name``; `features` and `groups` as the files have them.
    """

    language: Language
    units: Mapping[str, tuple[str, str]]
    features: Mapping[str, Feature]
    groups: Mapping[str, Group]
    templates: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def text(self, key: str, **values: str) -> str:
        """Write out a template.

        Raises
        ------
        ValueError
            There is no such template, or it names something that was not given: a mistake of the caller.
        """
        try:
            return self.templates[key].format_map(values)
        except KeyError as missing:
            raise ValueError(f"the text {key} cannot be written: {missing} is missing") from None

    def feature(self, name: str, instrument: Instrument) -> Feature:
        """Return the words for a feature; a family's entry (``level_*``) is filled with the indicator's label.

        Raises
        ------
        FaultyWords
            The dictionary has no entry for it.
        """
        if name in self.features:
            return self.features[name]
        found = family_of(name, self.features, (indicator.id for indicator in instrument.indicators))
        if found is None:
            raise FaultyWords(
                f"the feature {name} has no words; add [features.{name}] to the words file, "
                f"which has {', '.join(self.features)}"
            )
        family, indicator_id = found
        label = self.in_sentence(self.indicator(instrument, indicator_id))
        return self.features[family].of_indicator(indicator_id, label)

    def group(self, name: str, instrument: Instrument) -> Group:
        """Return the words for a group of features, as `feature` does; raises `FaultyWords` if it has none."""
        if name in self.groups:
            return self.groups[name]
        found = family_of(name, self.groups, (indicator.id for indicator in instrument.indicators))
        if found is None:
            raise FaultyWords(f"the group {name} has no words; the words file has {', '.join(self.groups)}")
        family, indicator_id = found
        label = self.in_sentence(self.indicator(instrument, indicator_id))
        entry = self.groups[family]
        return Group(entry.label.format(indicator=label), entry.phrase.format(indicator=label))

    def check_features(self, names: Iterable[str], instrument: Instrument) -> None:
        """Check that every feature of a model has words; raises `FaultyWords` naming the first that has none."""
        for name in names:
            self.group(self.feature(name, instrument).group, instrument)

    def indicator(self, instrument: Instrument, indicator_id: str) -> str:
        """Return an indicator's label in this language, as in a heading."""
        indicator = instrument[indicator_id]
        return indicator.label_en if self.language.code == "en" else indicator.label_sv

    def in_sentence(self, label: str) -> str:
        """Write a label as in the middle of a sentence, unless it begins with an abbreviation."""
        return label if label[1:2].isupper() else label[:1].lower() + label[1:]

    def number(self, value: float, decimals: int = 0) -> str:
        """Write a number, rounded; never a minus before zero."""
        rounded = round(value, decimals) + 0.0
        sign = self.language.minus if rounded < 0 else ""
        figures = f"{abs(rounded):,.{decimals}f}".replace(",", "\N{NO-BREAK SPACE}")
        return sign + figures.replace(".", self.language.decimal)

    def signed(self, value: float, decimals: int = 0) -> str:
        """Write a number with its sign; zero has none."""
        return ("+" if round(value, decimals) > 0 else "") + self.number(value, decimals)

    def short(self, value: float) -> str:
        """Write a number with no more decimals than it has, at most one; two for quarters, as hours come in them."""
        return self.number(value, _decimals(value))

    def amount(self, value: float, unit: str, decimals: int = 0) -> str:
        """Write a quantity with its unit, in the right number: ``1 vecka``, ``0,62 steg``."""
        one, many = self.units[unit]
        return f"{self.number(value, decimals)} {one if round(value, decimals) == 1 else many}"

    def quantity(self, value: float, unit: str) -> str:
        """Write a quantity as `short` does, with its unit: ``8 timmar``, ``7,5 timmar``."""
        return self.amount(value, unit, _decimals(value))

    def of_ten(self, n_cases: int) -> str:
        """Write a number of cases of ten; that it is none or all of them is never certain."""
        return self.text("page.almost", n=str(n_cases)) if n_cases in (0, 10) else str(n_cases)

    def day(self, day: date) -> str:
        """Write a date in words: ``2 mars 2026``."""
        return self.language.date.format(day=day.day, month=self.language.months[day.month - 1], year=day.year)

    def month(self, day: date) -> str:
        """Write the month of a date: ``maj 2026``."""
        return f"{self.language.months[day.month - 1]} {day.year}"

    def listed(self, parts: Iterable[str], conjunction: str | None = None) -> str:
        """Write one or more things after one another, with a conjunction (by default *and*) before the last."""
        *first, last = parts
        return f"{', '.join(first)} {conjunction or self.language.conjunction} {last}" if first else last


def read(path: Path = SHIPPED) -> Words:
    """Read a file of words and check every text in it.

    Raises
    ------
    FaultyWords
        A text is missing, unknown or empty, or uses a placeholder that it may not; the message names text and rule.
    UnreadableFile
        The file cannot be read, or is not TOML.
    """
    raw = toml_of(path)

    def refuse(message: str) -> FaultyWords:
        return FaultyWords(f"{path}: {message}")

    parts: dict[str, Any] = {name: raw.get(name, {}) for name in _TABLES}
    parts["features"], faults = with_facts(parts["features"])
    for fault in faults:
        raise refuse(fault)
    texts = {
        f"{table}.{key}": text
        for table, entries in raw.items()
        if table not in _TABLES
        for key, text in (entries.items() if isinstance(entries, dict) else [("", entries)])
    }
    words = shaped(
        TypeAdapter(Words),
        {
            **parts,
            "templates": {key: text for key, text in texts.items() if key not in LISTS},
            "lists": {key: text for key, text in texts.items() if key in LISTS},
        },
        refuse,
    )
    for fault in faults_of(words):
        raise refuse(fault)
    return words


@cache
def spoken(language: str) -> Words:
    """Give the shipped words of a language (``sv``, ``en``), read once; raises `FaultyWords` if there are none."""
    known = sorted(path.stem for path in FOLDER.glob("??.toml"))
    if language not in known:
        raise FaultyWords(f"there are no words in that language; use one of {', '.join(known)}")
    return read(FOLDER / f"{language}.toml")


def swedish() -> Words:
    """Give the shipped Swedish words, read once."""
    return spoken("sv")


def _decimals(value: float) -> int:
    if (value * 4) % 2 == 1:
        return 2
    return 0 if float(round(value, 1)).is_integer() else 1
