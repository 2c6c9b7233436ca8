"""Reads outside JSON and TOML into the frozen shapes, and says in one line what is wrong with it."""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pathway.errors import PathwayError, UnreadableFile

Shape = TypeVar("Shape")

# what pydantic says in terms of Python, said in terms of JSON
_OBJECT, _LIST, _DAY = "must be an object", "must be a list", "must be a date, YYYY-MM-DD"
_UNKNOWN = "is no field that is known here; check the spelling"
_PLAINLY = {
    "dataclass_type": _OBJECT,
    "dict_type": _OBJECT,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "unexpected_keyword_argument": _UNKNOWN,
    "extra_forbidden": _UNKNOWN,
}


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the system says of a file that cannot be read into one line that says what to do.

    Raises
    ------
    UnreadableFile
        The file is missing, cannot be read, or is not UTF-8.
    """
    try:
        yield
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: there is no such file; check the path") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{path}: the file is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read ({error.strerror})") from None


def text_of(path: Path) -> str:
    """Read a UTF-8 file, with or without a byte-order mark; raises `UnreadableFile` as `readable` does."""
    with readable(path):
        return path.read_text(encoding="utf-8-sig")


def json_of(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    UnreadableFile
        As `text_of`, or the text is not JSON; the message gives line and column.
    """
    try:
        return json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise UnreadableFile(f"{path}: not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except (RecursionError, ValueError):
        raise UnreadableFile(f"{path}: not JSON that can be read (nested too deeply, or a number too long)") from None


def toml_of(path: Path) -> dict[str, Any]:
    """Read a TOML file; raises `UnreadableFile` as `json_of` does."""
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFile(f"{path}: not TOML ({error})") from None
    except (RecursionError, ValueError):
        raise UnreadableFile(f"{path}: not TOML that can be read (nested too deeply, or a number too long)") from None


def shaped(
    adapter: TypeAdapter[Shape],
    raw: Any,
    refuse: Callable[[str], PathwayError],
    place: Callable[[tuple[int | str, ...]], str] | None = None,
) -> Shape:
    """Turn plain data into a shape.

    Parameters
    ----------
    adapter
        What the data should look like.
    raw
        Plain data, as a JSON or TOML reader gives it.
    refuse
        Makes the error from one line: place, rule, and how many faults there are beyond the first. The content of
        the faulty field is never in it.
    place
        Words the location of a fault (empty: the message names the place itself); by default its keys joined by dots.
    """
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        location = (place or _dotted)(faults[0]["loc"])
        location = f"{location}: " if location else ""
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise refuse(f"{location}{rule(faults[0])}{more}") from None


def rule(fault: Mapping[str, Any]) -> str:
    """Say which rule one of pydantic's faults breaks, in terms of JSON; never what was there."""
    message: str = _PLAINLY.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    message = message.replace("Tuple should", "list should").replace(" after validation", "")
    return message[:1].lower() + message[1:]


def without_nulls(raw: Any) -> Any:
    """Leave out null fields, at every depth, so that the shape's defaults apply; lists keep their length."""
    if isinstance(raw, dict):
        return {key: without_nulls(value) for key, value in raw.items() if value is not None}
    return [without_nulls(part) for part in raw] if isinstance(raw, list) else raw


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
