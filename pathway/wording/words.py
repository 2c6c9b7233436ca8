"""Reads a file of words (``words/sv.toml``) and checks all of it at once: nothing is ever half-rendered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from pathway.errors import FaultyWords
from pathway.instrument import Instrument
from pathway.reading import shaped, toml_of
from pathway.wording.contents import FAMILY_PLACEHOLDERS, LISTS, TEMPLATES, UNITS

SHIPPED = Path(__file__).parent.parent / "words" / "sv.toml"
Category = Literal["level", "background", "health", "history", "interplay"]
_TABLES = ("language", "units", "features")  # checked as shapes; all other tables hold templates


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
class Feature:
    """What one known thing about a person is called, and what kind of thing it is.

    Attributes
    ----------
    label
        For headings and tables.
    phrase, negated
        In the middle of a sentence; `negated` when the answer is no, zero or empty.
    unit
        A unit of the file, or empty.
    values
        Words for the answers 0, 1, 2, …, when the answer is not a quantity.
    cap
        The value is counted up to here only.
    can_be_influenced
        Whether it can change while a plan runs.
    protected
        Whether it is a ground of discrimination or sensitive.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    label: str
    phrase: str
    negated: str
    category: Category
    can_be_influenced: bool
    protected: bool
    unit: str = ""
    decimals: Annotated[int, Field(ge=0, le=3)] = 0
    values: tuple[str, ...] = ()
    cap: float | None = None


@dataclass(frozen=True)
class Words:
    """All words of one language. `templates` and `lists` are keyed ``table.name``; `features` as the file has them."""

    language: Language
    units: Mapping[str, tuple[str, str]]
    features: Mapping[str, Feature]
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
        for family, entry in self.features.items():
            prefix = family.removesuffix("*")
            if family != prefix and name.startswith(prefix) and name.removeprefix(prefix) in instrument:
                return self._of_indicator(entry, instrument, name.removeprefix(prefix))
        raise FaultyWords(
            f"the feature {name} has no words; add [features.{name}] to the words file, "
            f"which has {', '.join(self.features)}"
        )

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
        """Write a number with no more decimals than it has, at most one."""
        return self.number(value, _decimals(value))

    def amount(self, value: float, unit: str, decimals: int = 0) -> str:
        """Write a quantity with its unit, in the right number: ``1 vecka``, ``0,62 steg``."""
        one, many = self.units[unit]
        return f"{self.number(value, decimals)} {one if round(value, decimals) == 1 else many}"

    def quantity(self, value: float, unit: str) -> str:
        """Write a quantity as `short` does, with its unit: ``8 timmar``, ``7,5 timmar``."""
        return self.amount(value, unit, _decimals(value))

    def day(self, day: date) -> str:
        """Write a date in words: ``2 mars 2026``."""
        return self.language.date.format(day=day.day, month=self.language.months[day.month - 1], year=day.year)

    def listed(self, parts: Iterable[str], conjunction: str | None = None) -> str:
        """Write one or more things after one another, with a conjunction (by default *and*) before the last."""
        *first, last = parts
        return f"{', '.join(first)} {conjunction or self.language.conjunction} {last}" if first else last

    def _of_indicator(self, entry: Feature, instrument: Instrument, indicator_id: str) -> Feature:
        label = self.indicator(instrument, indicator_id)
        inside = self.in_sentence(label)
        return Feature(
            **{
                **vars(entry),
                "label": entry.label.format(indicator=inside),
                "phrase": entry.phrase.format(indicator=inside),
                "negated": entry.negated.format(indicator=inside),
            }
        )


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

    parts = {name: raw.get(name, {}) for name in _TABLES}
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
    for fault in _faults(words):
        raise refuse(fault)
    return words


@cache
def swedish() -> Words:
    """Give the shipped Swedish words, read once."""
    return read()


def _decimals(value: float) -> int:
    return 0 if float(round(value, 1)).is_integer() else 1


def _faults(words: Words) -> Iterable[str]:
    yield from _name_faults("text", set(words.templates) | set(words.lists), set(TEMPLATES) | set(LISTS))
    yield from _name_faults("unit", set(words.units), set(UNITS))
    for key, text in words.templates.items():
        yield from _text_faults(key, text, TEMPLATES[key])
    for key, texts in words.lists.items():
        for text in texts or ("",):
            yield from _text_faults(key, text, ())
    yield from _text_faults("language.date", words.language.date, ("day", "month", "year"))
    yield from _text_faults("language.or_more", words.language.or_more, ("value",))
    for name, entry in words.features.items():
        allowed = FAMILY_PLACEHOLDERS if name.endswith("*") else ()
        for part in ("label", "phrase", "negated"):
            yield from _text_faults(f"features.{name}.{part}", getattr(entry, part), allowed)
        if entry.unit and entry.unit not in words.units:
            yield f"features.{name}.unit: not a unit; allowed: {', '.join(words.units)}"


def _name_faults(kind: str, found: set[str], needed: set[str]) -> Iterable[str]:
    for name in sorted(needed - found):
        yield f"the {kind} {name} is missing; add it"
    for name in sorted(found - needed):
        yield f"the {kind} {name} is not known; remove it, or mend its name"


def _text_faults(key: str, text: str, allowed: tuple[str, ...]) -> Iterable[str]:
    may = f"allowed there: {', '.join(f'{{{name}}}' for name in allowed) or 'none'}"
    if not text.strip():
        yield f"the text {key} is empty; write it"
    try:
        fields = [parts[1:] for parts in Formatter().parse(text) if parts[1] is not None]
    except ValueError:
        yield f"the text {key} has a brace without its pair; {may}"
        return
    for name, form, conversion in fields:
        if name not in allowed or form or conversion:
            yield f"the text {key} has the placeholder {{{name}}}, which is not known; {may}"
