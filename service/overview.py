"""What a unit has on its table: cases with what waits in each, planned starts against places, answers in sums."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pathway.disclosure import SMALLEST, Sum, hide
from pathway.suggestion import OLD_AFTER_DAYS
from service import clock
from service.store import overview as stored
from service.store.rows import Row
from service.visits import Visit

SOON_DAYS = 30  # a planned start within so many days is something to prepare
ANSWERS = ("accepted", "changed", "rejected")
PRESSING = ("overtaken", "unanswered", "start", "abstained", "measure", "first", "nothing")


@dataclass(frozen=True)
class Waiting:
    """One case as it stands in a list.

    Attributes
    ----------
    waits
        What waits, most pressing first: ``overtaken`` (measured again since the suggestion), ``unanswered``, ``start``
        (a planned insats starts soon), ``abstained`` (nothing could be suggested), ``measure`` (the latest measurement
        is old), ``first`` (no suggestion yet).
    start_on, insats_id
        The next planned start.
    """

    number: str
    as_of: date
    waits: tuple[str, ...]
    suggestion_id: str | None = None
    status: str | None = None
    start_on: date | None = None
    insats_id: str | None = None


@dataclass(frozen=True)
class Starts:
    """Planned starts of one insats by month (``2026-12``), and its places; ``None``: no limit known."""

    insats_id: str
    months: dict[str, int]
    places: int | None

    @property
    def total(self) -> int:
        """Starts in all months."""
        return sum(self.months.values())


@dataclass(frozen=True)
class Load:
    """A unit in sums. In `answers` and `reasons`, ``None`` is a cell that is hidden because it is small."""

    n_cases: int
    waits: dict[str, int]
    starts: tuple[Starts, ...]
    answers: dict[str, int | None] = field(default_factory=dict)
    n_answers: int | None = None
    reasons: dict[tuple[str, str], int | None] = field(default_factory=dict)


def cases(visit: Visit) -> list[Waiting]:
    """List the cases of the caller's unit, those where most presses first, then by number; the trail is told."""
    found = _cases(visit)
    visit.tell("cases.listed", facts={"n_shown": len(found)})
    return found


def load(visit: Visit) -> Load:
    """Sum the caller's unit up: what waits, planned starts against places, answers with their reasons."""
    unit = visit.caller.unit or ""
    found = _cases(visit)
    decisions = stored.decisions_of(visit.connection, unit)
    counts = Counter((row["answer"], row["reason_code"]) for row in decisions)
    answers, total, reasons = _protected(counts)
    visit.tell("unit.summed", facts={"n_cases": len(found), "n_answers": len(decisions)})
    return Load(
        n_cases=len(found),
        waits={one: sum(one in case.waits[:1] for case in found) for one in PRESSING},
        starts=_starts(visit, decisions),
        answers=answers,
        n_answers=total,
        reasons=reasons,
    )


def _cases(visit: Visit) -> list[Waiting]:
    unit = visit.caller.unit or ""
    newest: dict[str, Row] = {}
    for row in stored.suggestions_of(visit.connection, unit):
        newest.setdefault(str(row["case_id"]), row)
    decided = {str(row["case_id"]): row for row in stored.decisions_of(visit.connection, unit)}
    found = [_waiting(visit, row, newest.get(row["id"]), decided.get(row["id"])) for row in _open(visit, unit)]
    return sorted(found, key=lambda one: (PRESSING.index(one.waits[0]), one.number))


def _open(visit: Visit, unit: str) -> list[dict[str, Any]]:
    """Open the sealed part of each case."""
    return [
        {"id": str(row["id"]), **visit.vault.open(row["sealed"], f"case {row['id']}")}
        for row in stored.cases_of(visit.connection, unit)
    ]


def _waiting(visit: Visit, case: dict[str, Any], suggestion: Row | None, decision: Row | None) -> Waiting:
    as_of = date.fromisoformat(str(case["case"]["as_of"]))
    start = _next_start(visit, decision) if decision else None
    today = clock.day(visit.moment)
    waits = []
    if suggestion is not None and suggestion["newest_version"] > suggestion["case_version"]:
        waits.append("overtaken")
    elif suggestion is not None and suggestion["answer"] is None:
        waits.append("unanswered" if suggestion["status"] == "suggested" else "abstained")
    if start is not None and start[0] <= today + timedelta(days=SOON_DAYS):
        waits.append("start")
    if as_of < today - timedelta(days=OLD_AFTER_DAYS):
        waits.append("measure")
    if suggestion is None:
        waits.append("first")
    return Waiting(
        number=str(case["number"]),
        as_of=as_of,
        waits=tuple(waits or ("nothing",)),
        suggestion_id=str(suggestion["id"]) if suggestion else None,
        status=(suggestion["answer"] or suggestion["status"]) if suggestion else None,
        start_on=start[0] if start else None,
        insats_id=start[1] if start else None,
    )


def _next_start(visit: Visit, decision: Row) -> tuple[date, str] | None:
    today = visit.today
    chosen = visit.kept(decision["content_sha256"])["activities"]
    coming = sorted((one["start_on"], one["insats_id"]) for one in chosen if one["start_on"] >= today)
    return (date.fromisoformat(coming[0][0]), coming[0][1]) if coming else None


def _starts(visit: Visit, decisions: Sequence[Row]) -> tuple[Starts, ...]:
    latest = {row["case_id"]: row for row in decisions}  # a newer answer takes an older one's place
    months: dict[str, Counter[str]] = {}
    for row in latest.values():
        for activity in visit.kept(row["content_sha256"])["activities"]:
            if activity["end_on"] >= visit.today:
                months.setdefault(activity["insats_id"], Counter())[activity["start_on"][:7]] += 1
    insatser = visit.planning.catalogue.by_id
    found = [
        Starts(id, dict(sorted(by_month.items())), insatser[id].places if id in insatser else None)
        for id, by_month in months.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.total / (one.places or 10**6), one.total), reverse=True))


def _protected(
    counts: Counter[tuple[str, str]],
) -> tuple[dict[str, int | None], int | None, dict[tuple[str, str], int | None]]:
    """Hide small cells, with as many more as it takes that none can be worked out from the sums."""
    cells: dict[Any, int] = dict(counts)
    by_answer = {answer: [key for key in counts if key[0] == answer] for answer in ANSWERS}
    sums = [Sum(answer, tuple(keys)) for answer, keys in by_answer.items() if keys]
    cells |= {answer: sum(counts[key] for key in keys) for answer, keys in by_answer.items()}
    cells["all"] = sum(counts.values())
    sums.append(Sum("all", ANSWERS))
    hidden = hide(cells, sums, SMALLEST)
    shown = {key: None if key in hidden else n for key, n in cells.items()}
    return {one: shown[one] for one in ANSWERS}, shown["all"], {key: shown[key] for key in sorted(counts)}
