"""How suggestions are used: how often they are accepted or changed, why, and how fast; as aggregates per unit only.

The input is the trail that the service exports, or a list in JSON or a table in CSV from elsewhere (`Answer`). What is
kept of it names no client, no caseworker and no suggestion: rows are answers, not people.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter

from pathway import disclosure
from pathway.audit import trailanswers
from pathway.audit.estimates import Estimate, around
from pathway.audit.limits import limits
from pathway.errors import UnreadableFile
from pathway.reading import json_of, shaped, text_of

Given = Literal["accepted", "changed", "rejected"]
ALL_UNITS = "alla enheter"


@dataclass(frozen=True)
class Answer:
    """A caseworker's answer to one suggestion, without anybody's name.

    Attributes
    ----------
    unit
        The unit of the case.
    reason_code
        Why, as the service codes it; may be empty.
    minutes
        From when the suggestion was shown until it was answered; None where not known.
    suggested, chosen
        Insatser of the first plan, and those that the answer comes to (ids).
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "ignore"}

    unit: str
    answer: Given
    decided_on: date
    reason_code: str = ""
    minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    suggested: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """How one unit, or all together, answers; figures are None where there are too few answers to be shown.

    Attributes
    ----------
    accepted, changed, rejected
        Shares; `accepted` with its interval.
    median_minutes
        From suggestion to answer.
    kept
        Of the insatser that were suggested, the share that is in what was chosen.
    """

    name: str
    n: int | None
    accepted: Estimate | None
    changed: float | None
    rejected: float | None
    median_minutes: float | None
    kept: float | None


@dataclass(frozen=True)
class Use:
    """How suggestions are used.

    Attributes
    ----------
    units
        All together first.
    reasons
        Answers by reason code, the commonest first; codes with too few answers are left out.
    """

    first_day: str
    last_day: str
    units: tuple[Unit, ...]
    reasons: Mapping[str, int]


def read(path: Path) -> tuple[Answer, ...]:
    """Read answers: an exported trail (``.jsonl``), a table (``.csv``, lists joined by ``|``) or JSON.

    Raises
    ------
    UnreadableFile
        The file cannot be read, or an answer breaks a rule; the message names its place.
    """
    readers: dict[str, Callable[[Path], Any]] = {".csv": _rows_of, ".jsonl": trailanswers.read}
    raw = readers.get(path.suffix, json_of)(path)
    answers = raw.get("decisions") if isinstance(raw, dict) else raw
    if not isinstance(answers, list) or not answers:
        raise UnreadableFile(f"{path}: holds no answers; give a list of them, or an object with the list decisions")

    def place(location: tuple[int | str, ...]) -> str:
        return ".".join(map(str, location))

    return shaped(
        TypeAdapter(tuple[Answer, ...]), answers, lambda fault: UnreadableFile(f"{path}: answer {fault}"), place
    )


def measure(answers: Sequence[Answer]) -> Use:
    """Sum up answers, per unit and in all."""
    smallest = limits()["groups"]["smallest"]
    by_unit: dict[str, list[Answer]] = {}
    for one in answers:
        by_unit.setdefault(one.unit, []).append(one)
    counts = {unit: len(own) for unit, own in sorted(by_unit.items())}
    hidden = disclosure.hidden_parts(counts, smallest)
    codes = Counter(one.reason_code for one in answers if one.reason_code)
    shown = {code: n for code, n in codes.items() if code not in disclosure.hidden_parts(codes, smallest)}
    return Use(
        first_day=str(min(one.decided_on for one in answers)),
        last_day=str(max(one.decided_on for one in answers)),
        units=(
            _unit(ALL_UNITS, answers),
            *(_unit(unit, by_unit[unit] if unit not in hidden else ()) for unit in counts),
        ),
        reasons=dict(sorted(shown.items(), key=lambda item: -item[1])),
    )


def _unit(name: str, answers: Sequence[Answer]) -> Unit:
    n = len(answers)
    if n < limits()["groups"]["smallest"]:
        return Unit(name, None, None, None, None, None, None)
    share = {kind: sum(one.answer == kind for one in answers) / n for kind in ("accepted", "changed", "rejected")}
    minutes = [one.minutes for one in answers if one.minutes is not None]
    return Unit(
        name, n, _share(share["accepted"], n), share["changed"], share["rejected"],
        float(np.median(minutes)) if len(minutes) >= limits()["groups"]["smallest"] else None, _kept(answers),
    )  # fmt: skip


def _share(share: float, n: int) -> Estimate:
    """Give a share with its interval after Agresti & Coull (1998), which holds near 0 and 1, too."""
    z2 = 1.645**2
    middle = (share * n + z2 / 2) / (n + z2)
    held = around(middle, float(np.sqrt(middle * (1 - middle) / (n + z2))), n)
    return Estimate(share, max(min(held.low, share), 0.0), min(max(held.high, share), 1.0), n)


def _kept(answers: Iterable[Answer]) -> float | None:
    pairs = [(set(one.suggested), set(one.chosen)) for one in answers if one.suggested]
    n = sum(len(suggested) for suggested, _ in pairs)
    return sum(len(suggested & chosen) for suggested, chosen in pairs) / n if n else None


def _rows_of(path: Path) -> list[dict[str, Any]]:
    text = text_of(path)
    dialect = ";" if ";" in text.partition("\n")[0] else ","
    rows: list[dict[str, Any]] = []
    for row in csv.DictReader(text.splitlines(), delimiter=dialect):
        plain: dict[str, Any] = {key: value for key, value in row.items() if key and value not in (None, "")}
        for name in ("suggested", "chosen"):
            if name in plain:
                plain[name] = plain[name].split("|")
        if "minutes" in plain:
            plain["minutes"] = _number(plain["minutes"])
        rows.append(plain)
    return rows


def _number(text: str) -> float | str:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text  # refused where it is read, with its place


def example() -> str:
    """Give an example of the JSON that is read, for the documentation."""
    one = Answer("enhet-1", "changed", date(2026, 10, 1), "other_insats", 12.5, ("SE-01",), ("SE-02",))
    return json.dumps({"decisions": [TypeAdapter(Answer).dump_python(one, mode="json")]}, ensure_ascii=False, indent=1)
