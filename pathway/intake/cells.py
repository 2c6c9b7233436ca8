"""Reads the distinct cells of a column as dates, numbers, truths or words, in all the ways spreadsheets write them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from pathway.intake.export import squeezed
from pathway.tables import HEALTH_CODE, Field

Value = str | int | float | bool | date | None
Read = tuple[Value, str]
"""A value and no reason; or no value and the reason code. An empty cell is neither."""

_TIME = r"(?:[T ]\d{1,2}[:.]\d\d(?:[:.]\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.]?)(\d\d?)\2(\d\d?){_TIME}", re.ASCII)
_DAY_FIRST = re.compile(rf"(\d\d?)\.(\d\d?)\.(\d{{4}}){_TIME}", re.ASCII)
_EITHER_FIRST = re.compile(rf"(\d\d?)([/-])(\d\d?)\2(\d{{4}}){_TIME}", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?", re.ASCII)
_SERIAL_ZERO = date(1899, 12, 30)  # day 0 of a spreadsheet, as it counts from March 1900 on
_INTEGER = re.compile(r"([+-]?\d{1,9})(?:[.,]0*)?", re.ASCII)
_HEALTH_CODE = re.compile(HEALTH_CODE)
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,15})?", re.ASCII)
_TRUE = {"true", "sant", "ja", "1", "yes", "j", "y"}
_FALSE = {"false", "falskt", "nej", "0", "no", "n"}


def read(field: Field, cells: Sequence[str], on: date) -> list[Read]:
    """Read a column's distinct cells as its field says, and check the field's limits.

    Parameters
    ----------
    on
        The day of the import; a later date is a fault.
    """
    limits = field["constraints"]
    read_one = _reader(field, cells)
    return [_within(read_one(cell), limits, on) if cell else _empty(limits) for cell in cells]


def words(cells: Iterable[str], allowed: Iterable[str], reason: str) -> list[Read]:
    """Read cells as some of the words allowed, whatever their case, accents, blanks and punctuation."""
    known = _by_squeezed(allowed)
    return [_word(cell, known, reason) if cell else (None, "missing_value") for cell in cells]


def _reader(field: Field, cells: Sequence[str]) -> Callable[[str], Read]:
    if "enum" in field["constraints"]:
        known = _by_squeezed(field["constraints"]["enum"])
        return lambda cell: _word(cell, known, "not_allowed")
    if field["type"] == "date":
        day_first = _day_comes_first(cells)
        return lambda cell: _date(cell, day_first)
    return {"integer": _integer, "number": _number, "boolean": _boolean}.get(
        field["type"], {"municipality": _kommunkod, "health_codes": _health_codes}.get(field["name"], _text)
    )


def _empty(limits: Mapping[str, object]) -> Read:
    return None, "missing_value" if limits.get("required") else ""


def _within(read: Read, limits: Mapping[str, object], on: date) -> Read:
    value, reason = read
    if reason or value is None:
        return read
    if isinstance(value, date):
        broken = "implausible_date" if value.isoformat() < str(limits["minimum"]) else ""
        broken = broken or ("future_date" if value > on else "")
    elif isinstance(value, str):
        broken = "too_long" if len(value) > _number_of(limits, "maxLength", 10**6) else ""
        broken = broken or ("" if re.search(str(limits.get("pattern", "")), value) else "bad_pattern")
    else:
        within = _number_of(limits, "minimum", value) <= value <= _number_of(limits, "maximum", value)
        broken = "" if within else "out_of_range"
    return (None, broken) if broken else read


def _number_of(limits: Mapping[str, object], limit: str, otherwise: float) -> float:
    found = limits.get(limit, otherwise)
    return found if isinstance(found, int | float) else otherwise


def _by_squeezed(allowed: Iterable[str]) -> dict[str, str]:
    """Index words by their bare letters and digits; two that are alike then are known by their exact text only."""
    allowed = list(allowed)
    bare = [squeezed(word) for word in allowed]
    alike = {key: word for key, word in zip(bare, allowed, strict=True) if bare.count(key) == 1}
    return alike | {word: word for word in allowed}


def _word(cell: str, known: Mapping[str, str], reason: str) -> Read:
    word = known.get(cell) or known.get(squeezed(cell))
    return (word, "") if word is not None else (None, reason)


def _text(cell: str) -> Read:
    return " ".join(cell.split()), ""


def _integer(cell: str) -> Read:
    whole = _INTEGER.fullmatch(cell)
    return (int(whole[1]), "") if whole else (None, "not_an_integer")


def _number(cell: str) -> Read:
    return (float(cell.replace(",", ".")), "") if _NUMBER.fullmatch(cell) else (None, "not_a_number")


def _boolean(cell: str) -> Read:
    word = squeezed(cell)
    return (word in _TRUE, "") if word in _TRUE | _FALSE else (None, "not_a_boolean")


def _kommunkod(cell: str) -> Read:
    whole = _INTEGER.fullmatch(cell)
    return (whole[1].zfill(4) if whole and len(whole[1]) >= 3 else cell), ""


def _health_codes(cell: str) -> Read:
    """Write codes in one way: ICD-10 in capitals, ICF as it stands, no blanks, none twice."""
    codes = [code for piece in re.split(r"[|,;\n]", cell) for code in _codes(piece)]
    return "|".join(dict.fromkeys(codes)), ""


def _codes(piece: str) -> list[str]:
    parts = [part.rstrip("*+†") for part in piece.split()]
    parts = [part if part[:1] in "bsde" and part[1:2].isdigit() else part.upper() for part in parts if part]
    return parts if all(_HEALTH_CODE.fullmatch(part) for part in parts) else ["".join(parts)]


def _date(cell: str, day_first: bool) -> Read:
    if found := _YEAR_FIRST.fullmatch(cell):
        return _day(found[1], found[3], found[4]) if found[2] or len(found[3] + found[4]) == 4 else (None, "not_a_date")
    if found := _DAY_FIRST.fullmatch(cell):
        return _day(found[3], found[2], found[1])
    if found := _EITHER_FIRST.fullmatch(cell):
        first, second = int(found[1]), int(found[3])
        if first <= 12 and second <= 12 and first != second and not day_first:
            return None, "ambiguous_date"
        return _day(found[4], found[3], found[1])
    if found := _SERIAL.fullmatch(cell):
        return _SERIAL_ZERO + timedelta(int(found[1])), ""
    return None, "not_a_date"


def _day(year: str, month: str, day: str) -> Read:
    try:
        return date(int(year), int(month), int(day)), ""
    except ValueError:
        return None, "not_a_date"


def _day_comes_first(cells: Iterable[str]) -> bool:
    """Tell whether some dates of the column can only be read with the day first, and none with the month first."""
    pairs = [(int(found[1]), int(found[3])) for cell in cells if (found := _EITHER_FIRST.fullmatch(cell))]
    return any(first > 12 for first, _ in pairs) and not any(second > 12 for _, second in pairs)
