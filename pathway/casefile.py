"""Reads cases from JSON or JSON Lines and writes what comes of them, one by one, whole files or none."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from pathway import case as cases
from pathway.case import Case
from pathway.errors import FaultyCase, UnreadableFile
from pathway.instrument import Instrument
from pathway.reading import json_of, readable


def read(path: Path, instrument: Instrument) -> Iterator[tuple[str, Case]]:
    """Read cases one by one, each with the words for its place in the file (``case 3``).

    ``.jsonl`` is read as a stream, a case a line; any other file as JSON, one case or a list.

    Raises
    ------
    UnreadableFile
        The file cannot be read or is not JSON.
    FaultyCase
        It holds no case, or one that breaks a rule; the message names the case's place in the file.
    """
    for place, case in read_each(path, instrument):
        if isinstance(case, FaultyCase):
            raise case
        yield place, case


def read_each(path: Path, instrument: Instrument) -> Iterator[tuple[str, Case | FaultyCase]]:
    """Read cases as `read` does, but go on after one that breaks a rule: its fault stands in its place.

    Raises
    ------
    UnreadableFile
        The file cannot be read or is not JSON.
    FaultyCase
        It holds no case.
    """
    for place, raw in _raw(path):
        try:
            yield place, raw if isinstance(raw, FaultyCase) else cases.shape(raw, instrument, f"{path}: {place}")
        except FaultyCase as fault:
            yield place, fault


def sound(
    path: Path, instrument: Instrument, checks: Sequence[Callable[[Case], None]], faults: list[str]
) -> Iterator[Case]:
    """Read cases as `read` does, but leave out those that break a rule: what is wrong with each is added to `faults`.

    Parameters
    ----------
    checks
        Each may raise a `FaultyCase`, too.

    Raises
    ------
    UnreadableFile, FaultyCase
        As `read_each`.
    """
    for place, case in read_each(path, instrument):
        try:
            if isinstance(case, FaultyCase):
                raise case
            for check in checks:
                check(case)
        except FaultyCase as fault:
            faults.append(fault.message if fault is case else f"{path}: {place}: {fault.message}")
        else:
            yield case


def count(path: Path) -> int:
    """Count the cases of a JSON file; 0 for a stream, which is not read ahead."""
    if path.suffix == ".jsonl":
        return 0
    raw = json_of(path)
    return len(raw) if isinstance(raw, list) else 1


def _raw(path: Path) -> Iterator[tuple[str, Any]]:
    if path.suffix != ".jsonl":
        raw = json_of(path)
        listed = raw if isinstance(raw, list) else [raw]
        if not listed:
            raise FaultyCase(f"{path}: holds no case")
        yield from ((f"case {number}", one) for number, one in enumerate(listed, start=1))
        return
    empty = True
    with readable(path), path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                empty = False
                yield f"line {number}", _parsed(path, number, line)
    if empty:
        raise FaultyCase(f"{path}: holds no case")


def _parsed(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return FaultyCase(f"{path}: line {number}: is not JSON; in a .jsonl file every line is one case")


class Sink(Protocol):
    """Takes the results of cases, in order."""

    def __call__(self, result: dict[str, Any]) -> None: ...  # noqa: D102


@contextmanager
def results(path: Path) -> Iterator[Sink]:
    """Write results as they come: a JSON list, or a line each for ``.jsonl``. The file appears whole or not at all.

    Raises
    ------
    UnreadableFile
        The file cannot be written.
    """
    in_lines = path.suffix == ".jsonl"
    with whole(path) as file:
        n_written = 0

        def write(result: dict[str, Any]) -> None:
            nonlocal n_written
            if in_lines:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")
            else:
                file.write((",\n" if n_written else "[\n") + json.dumps(result, ensure_ascii=False))
            n_written += 1

        yield write
        if not in_lines:
            file.write("\n]\n" if n_written else "[]\n")


@contextmanager
def whole(path: Path) -> Iterator[Any]:
    """Open a text file for writing that replaces `path` when all went well, and leaves it alone otherwise."""
    try:
        if path.is_dir():
            raise UnreadableFile(f"{path}: is a folder; give the name of a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be written ({error.strerror}); check space and permissions") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, 0o666 & ~umask)  # as an ordinary new file, not as a private one
        os.replace(draft, path)
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be written ({error.strerror}); check space and permissions") from None
    finally:
        if os.path.exists(draft):
            os.unlink(draft)
