"""Reads one exported CSV file as case systems really write them, and swaps identities for pseudonyms on the way."""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pathway import pseudonym, tables
from pathway.errors import FaultyTable, UnreadableFile
from pathway.intake.faults import NUMBER

IDENTITIES = ("client_id", "respondent_id")
FREE_TEXT = ("unit", "insats_id")  # an identity could hide here and still pass every check

_CHUNK = 1_000  # rows; with many more, most of the time goes to the garbage collector
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_EMPTY = {"null", "na", "n/a", "#n/a", "nan", "none", "-"}
_QUOTED = re.compile(r"=\"(.*)\"|'(.*)", re.DOTALL)  # how Excel is made to keep a number's zeros
_UNREADABLE = re.compile("[\ufffd\x00-\x08\x0e-\x1b\x7f]")  # what no database or page takes, blanks left out
_SHOWABLE = re.compile(r"(?!.*\d{4})[\w .,:/()#%-]{1,60}")


@dataclass(frozen=True, repr=False)
class Cells:
    """One column: each distinct cell once, and for every row the number of its cell."""

    distinct: list[str]
    codes: npt.NDArray[np.int32]


@dataclass(frozen=True, repr=False)
class Export:
    """One table as it was exported, with pseudonyms in place of identities.

    Attributes
    ----------
    lines
        Line number, from 1, where each row begins.
    cells
        The table's own columns by name.
    faults
        Row → column and reason code, of what was wrong before any cell could be checked.
    ignored
        Names of extra columns; one that could be a datum rather than a name is given by its place.
    encoding, separator
        What the file turned out to be written with.
    """

    table: tables.Table
    file: str
    lines: npt.NDArray[np.int64]
    cells: dict[str, Cells]
    faults: "Faults"
    ignored: tuple[str, ...]
    encoding: str
    separator: str

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Faults:
    """The first fault of each row: its number in `faults.CODES` (0: none) and the number of its column (−1: none)."""

    reason: npt.NDArray[np.int8]
    column: npt.NDArray[np.int8]

    @classmethod
    def none(cls, n_rows: int) -> "Faults":
        """Start without any fault."""
        return cls(np.zeros(n_rows, np.int8), np.full(n_rows, -1, np.int8))

    def add(self, where: npt.NDArray[np.bool_], reason: str, column: int = -1) -> None:
        """Note a fault on rows that have none yet."""
        self.add_each(np.where(where, NUMBER[reason], 0).astype(np.int8), column)

    def add_each(self, reasons: npt.NDArray[np.int8], column: int) -> None:
        """Note each row's own fault (0: none) in a column, on rows that have none yet."""
        fresh = (reasons > 0) & (self.reason == 0)
        self.reason[fresh] = reasons[fresh]
        self.column[fresh] = column

    @property
    def any(self) -> npt.NDArray[np.bool_]:
        """Rows that have a fault."""
        return self.reason > 0


def find(folder: Path, name: str) -> Path | None:
    """Find a file in a folder, whatever the case of its name.

    Raises
    ------
    UnreadableFile
        The folder is missing or cannot be read.
    """
    try:
        found = {path.name.casefold(): path for path in sorted(folder.iterdir())}
    except FileNotFoundError:
        raise UnreadableFile(f"{folder}: there is no such folder; check the path") from None
    except NotADirectoryError:
        raise UnreadableFile(f"{folder}: not a folder; give the folder that holds clients.csv") from None
    except OSError as error:
        raise UnreadableFile(f"{folder}: cannot be read ({error.strerror})") from None
    return found.get(name)


def content(folder: Path, name: str) -> bytes:
    """Read a file of a package as it stands.

    Raises
    ------
    UnreadableFile
        The file is missing, empty, or cannot be read.
    """
    path = find(folder, name)
    if path is None:
        raise UnreadableFile(f"{folder / name}: there is no such file; a data package must have it")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read ({error.strerror})") from None
    if not raw.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise UnreadableFile(f"{path}: the file is empty; export it again")
    return raw


def read(table: tables.Table, raw: bytes, place: str, key: pseudonym.Key, on: date) -> Export:
    """Read one table.

    Parameters
    ----------
    raw
        The file's content.
    place
        Names the file in errors.
    on
        The day of the import.

    Raises
    ------
    FaultyTable
        A column is missing or stands twice, or the content is not a table.
    """
    encoding = _encoding(raw)
    lines = list(io.TextIOWrapper(io.BytesIO(raw), encoding, errors="replace", newline=""))
    first = 1 if re.fullmatch(r'"?sep=.?"?\s*', lines[0], re.IGNORECASE) else 0  # a line for Excel alone
    names = tables.columns(table)
    separator, header = _header(lines, first, names)
    places = _places(names, header, place)
    starts, columns, reasons = _rows(lines, first, separator, len(header), list(places.values()))
    del lines
    cells = dict(zip(places, columns, strict=True))
    faults = Faults.none(len(starts))
    faults.add_each(reasons, -1)
    for number, name in enumerate(names):
        unreadable = np.array([bool(_UNREADABLE.search(cell)) for cell in cells[name].distinct], bool)
        faults.add(unreadable[cells[name].codes], "unreadable_character", number)
        if name in FREE_TEXT:
            faults.add(_holds_identity(cells[name], cells["client_id"], on), "identity_in_text", number)
    for name in (name for name in IDENTITIES if name in names):  # after the texts, which were compared with them
        cells[name] = _pseudonymised(name, cells[name], names.index(name), key, on, faults)
    ignored = tuple(_showable(name, at) for at, name in enumerate(header) if at not in places.values() and name.strip())
    read_as = encoding.removesuffix("-sig")
    return Export(table, f"{table}.csv", starts, cells, faults, ignored, read_as, _SEPARATORS[separator])


def plain(cell: str) -> str:
    """Strip a cell of what spreadsheets wrap round it; an empty text where it says that there is nothing."""
    cell = unicodedata.normalize("NFC", cell).strip()
    if quoted := _QUOTED.fullmatch(cell):
        cell = (quoted[1] or quoted[2] or "").strip()
    return "" if cell.casefold() in _EMPTY else cell


def squeezed(text: str) -> str:
    """Reduce a name or a value to its bare letters and digits: no case, accents, blanks or punctuation."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in bare if sign.isalnum())


def _encoding(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    text = raw.decode("utf-8-sig", errors="replace")
    broken = text.count("\ufffd")
    if broken == 0:
        return "utf-8-sig"
    # A UTF-8 file with a damaged row or two still has more letters that are whole than broken.
    whole = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    return "utf-8-sig" if whole > broken else "cp1252"


def _header(lines: Sequence[str], first: int, names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the separator under which the header holds most of the names, and the header."""
    wanted = {squeezed(name) for name in names}
    split = {mark: next(csv.reader(lines[first : first + 1], delimiter=mark), []) for mark in _SEPARATORS}
    best = max(split, key=lambda mark: len(wanted & {squeezed(cell) for cell in split[mark]}))
    return best, split[best]


def _places(names: Sequence[str], header: Sequence[str], place: str) -> dict[str, int]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for at, cell in enumerate(header):
        found[squeezed(cell)].append(at)
    missing = [name for name in names if squeezed(name) not in found]
    if missing:
        what = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
        raise FaultyTable(f"{place}: {what} missing from the header; add what is missing and export again")
    for name in names:
        if len(found[squeezed(name)]) > 1:
            raise FaultyTable(f"{place}: the column {name} stands twice in the header; keep one")
    return {name: found[squeezed(name)][0] for name in names}


def _rows(
    lines: list[str], header: int, separator: str, width: int, places: list[int]
) -> tuple[npt.NDArray[np.int64], list[Cells], npt.NDArray[np.int8]]:
    """Cut lines into rows, and the rows into the columns wanted; also each row's fault as a whole."""
    coders: list[defaultdict[str, int]] = [_coder() for _ in places]
    codes: list[list[npt.NDArray[np.int32]]] = [[] for _ in places]
    starts: list[int] = []
    reasons: list[int] = []
    records = _records(lines, header + 1, separator, width, places)
    while chunk := list(islice(records, _CHUNK)):
        starts += [line for line, _, _ in chunk]
        reasons += [reason for _, _, reason in chunk]
        columns = list(zip(*(cells for _, cells, _ in chunk), strict=True))
        for number, at in enumerate(places):
            found = map(coders[number].__getitem__, columns[at])
            codes[number].append(np.fromiter(found, np.int32, len(chunk)))
    nothing = [np.empty(0, np.int32)]
    numbers = [np.concatenate(parts or nothing) for parts in codes]
    cells = [Cells([plain(cell) for cell in coder], numbers) for coder, numbers in zip(coders, numbers, strict=True)]
    return np.array(starts, np.int64), cells, np.array(reasons, np.int8)


def _coder() -> defaultdict[str, int]:
    """Make a table that numbers each new cell with the next number, without a step in Python per cell."""
    coder: defaultdict[str, int] = defaultdict()
    coder.default_factory = coder.__len__
    return coder


def _records(
    lines: list[str], begin: int, separator: str, width: int, places: list[int]
) -> Iterator[tuple[int, list[str], int]]:
    """Yield line number, exactly ``width`` cells, and the fault (0: none) of every row that is not blank.

    A row that runs on over several lines and then does not fit had a quotation mark that was never closed: only its
    first line is given up, and reading goes on with the next one.
    """
    blank = [""] * width
    while begin < len(lines):
        reader = csv.reader(islice(lines, begin, None), delimiter=separator, strict=True)
        line = begin
        try:
            for cells in reader:
                start, line = line, begin + reader.line_num
                if line - start > 1 and (len(cells) != width or any("\n" in cells[at] for at in places)):
                    line = start
                    break
                if any(cells[width:]):
                    yield start + 1, blank, NUMBER["wrong_width"]
                elif any(map(str.strip, cells)):
                    # a spreadsheet leaves out, or adds, empty cells at the end
                    yield start + 1, cells if len(cells) == width else (cells + blank)[:width], 0
            else:
                return
        except csv.Error:
            pass  # the row that begins at ``line`` has grown beyond all bounds, or never ends
        yield line + 1, blank, NUMBER["unclosed_quote"]
        begin = line + 1


def _holds_identity(texts: Cells, ids: Cells, on: date) -> npt.NDArray[np.bool_]:
    """Tell for each row whether its text holds anybody's personnummer, or much of the digits of its own client."""
    whole = np.array([pseudonym.looks_like_identity(text, on) for text in texts.distinct], bool)
    found = whole[texts.codes]
    numeric = np.array([sum(map(str.isdigit, text)) >= 6 for text in texts.distinct], bool)
    for row in np.flatnonzero(numeric[texts.codes] & ~found):
        found[row] = pseudonym.gives_away(ids.distinct[ids.codes[row]], texts.distinct[texts.codes[row]])
    return found


def _pseudonymised(name: str, cells: Cells, number: int, key: pseudonym.Key, on: date, faults: Faults) -> Cells:
    give = key.client if name == "client_id" else key.caseworker
    given = [give(text, on) for text in cells.distinct]
    optional = name == "respondent_id"
    reasons = [
        NUMBER[refusal] if refusal and not (optional and refusal == "missing_value") else 0 for _, refusal in given
    ]
    faults.add_each(np.array(reasons, np.int8)[cells.codes], number)
    coder = _coder()
    renumbered = np.array([coder[pseudonym_] for pseudonym_, _ in given], np.int32)
    return Cells(list(coder), renumbered[cells.codes])


def _showable(name: str, at: int) -> str:
    """Name an extra column, unless the file has no header at all and the "name" may be somebody's number."""
    return name.strip() if _SHOWABLE.fullmatch(name.strip()) else f"column {at + 1} (name not shown)"
