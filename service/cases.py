"""Cases by their number: read, created, measured again, corrected. What says something of the client is sealed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pathway import pseudonym
from pathway.case import EARLIEST, LATEST, Answer, Case, Participation, Profile
from service import clock
from service.access.callers import new_id
from service.errors import Changed, Conflict, Faulty, Forbidden, NotFound, Unconditional
from service.store import cases as stored
from service.store import suggestions
from service.store.rows import Row
from service.visits import Visit

NUMBER = r"^[A-Za-z0-9][A-Za-z0-9.~-]{0,63}$"  # what stands in an address as it is
REGISTER_PSEUDONYM = r"^[a-p]{6}-[a-p]{26}$"

_PARTS = {"profile": Profile, "measurements": Answer, "participations": Participation}
_KNOWN = {one.name for one in fields(Case)} - {"defaulted", "ignored"}


@dataclass(frozen=True)
class Found:
    """A case that the caller may see.

    Attributes
    ----------
    plain
        The case as the contract has it.
    own
        Whether it belongs to the caller's unit; another unit's is seen by consent, and not changed.
    consent
        Id of the consent, for a case of another unit.
    """

    id: str
    number: str
    pseudonym: str
    version: int
    plain: dict[str, Any]
    own: bool = True
    consent: str | None = None


@dataclass(frozen=True)
class Measured:
    """What a new measurement did: the case's new version, and the suggestions that it overtook."""

    case_id: str
    version: int
    answers: list[dict[str, Any]]
    overtaken: list[str]


def create(visit: Visit, raw: Mapping[str, Any]) -> Found:
    """Store a case of the caller's unit.

    Parameters
    ----------
    raw
        As the contract's section 4, and optionally `register_pseudonym`, what the register calls the client.

    Raises
    ------
    Faulty
        The case breaks a rule.
    Conflict
        The unit has a case with this number.
    """
    case = checked(visit, raw)
    check_number(visit, case.case_id, stored_number=True)
    row = _in_own_unit(visit, case.case_id)
    if row is not None and row["sealed"] is not None:
        raise Conflict("the unit has a case with this number already; add measurements to it, or correct it")
    case_id = str(row["id"]) if row else anchor(visit, case.case_id)
    version = int(row["version"]) if row else 1
    found = Found(case_id, case.case_id, _pseudonym(visit, case_id), version, known(raw))
    _write(visit, found, str(raw.get("register_pseudonym") or ""))
    visit.tell("case.created", case=found.pseudonym, facts={"version": version})
    return found


def read(visit: Visit, number: str) -> Found:
    """Give a case to whoever may see it, and tell the trail.

    Raises
    ------
    NotFound
        There is none, or none for this unit to see.
    """
    found = find(visit, number)
    facts: dict[str, Any] = {"version": found.version}
    visit.tell("case.read", case=found.pseudonym, facts=facts | ({"consent": found.consent} if found.consent else {}))
    return found


def add_measurements(visit: Visit, number: str, rows: list[Mapping[str, Any]], if_match: str | None) -> Measured:
    """Add what was answered on one date; open suggestions are overtaken by it.

    Raises
    ------
    Faulty
        The answers break a rule or are of several dates.
    Conflict
        The same was answered already on that date.
    Changed
        The case is no longer the version that `if_match` names.
    """
    found = own(visit, number)
    _match(found, if_match)
    answers = [_fields(row, Answer) for row in rows]
    days = {str(answer.get("measured_on")) for answer in answers}
    if len(days) != 1:
        raise Faulty("measurements: must be answers of one date; send one request a date")
    day = days.pop()
    if not str(EARLIEST) <= day <= str(LATEST):
        raise Faulty(f"measurements: measured_on must be from {EARLIEST} to {LATEST}")
    visit.planning.read_case({"case_id": "x", "as_of": day, "measurements": answers})
    before = found.plain["measurements"]
    if {_what(answer) for answer in answers} & {_what(answer) for answer in before}:
        raise Conflict("some of this was answered on that date already; correct the case instead (PUT)")
    plain = found.plain | {"measurements": [*before, *answers], "as_of": max(str(found.plain["as_of"]), day)}
    checked(visit, plain)
    version = found.version + 1
    _add_measurement(visit, found.id, version, answers)
    _seal(visit, found.id, number, plain, register_pseudonym(visit, found.id), version)
    overtaken = [str(row["id"]) for row in suggestions.open_of(visit.connection, found.id)]
    visit.tell(
        "case.measured",
        case=found.pseudonym,
        facts={"version": version, "n_answers": len(answers), "overtaken": overtaken},
    )
    return Measured(found.id, version, answers, overtaken)


def correct(visit: Visit, number: str, raw: Mapping[str, Any], if_match: str | None) -> Found:
    """Put a corrected case in the place of one; open suggestions are overtaken by it.

    Raises
    ------
    Unconditional
        `if_match` is missing: a correction must say what it corrects.
    Changed
        The case is no longer that version.
    Faulty
        The case breaks a rule, or has another number.
    """
    if if_match is None:
        raise Unconditional("send the ETag of the case that you correct as If-Match")
    found = own(visit, number)
    _match(found, if_match)
    if checked(visit, raw).case_id != number:
        raise Faulty("case_id: must be the number in the address")
    corrected = Found(found.id, number, found.pseudonym, found.version + 1, known(raw))
    register = str(raw.get("register_pseudonym") or register_pseudonym(visit, found.id))
    stored.remove_measurements(visit.connection, found.id)
    _write(visit, corrected, register)
    visit.tell("case.corrected", case=found.pseudonym, facts={"version": corrected.version})
    return corrected


def find(visit: Visit, number: str, posted_too: bool = False) -> Found:
    """Find a case that the caller may see, without telling the trail: whoever calls this tells what came of it.

    Parameters
    ----------
    posted_too
        Whether one counts that was never stored, but only came with a request for a suggestion.
    """
    row, own_case = _in_own_unit(visit, number), True
    if row is not None and row["sealed"] is None and posted_too:
        return Found(str(row["id"]), number, str(row["pseudonym"]), int(row["version"]), {})
    if row is None or row["sealed"] is None:
        unit = visit.caller.unit or ""
        row, own_case = stored.shared_with(visit.connection, unit, visit.vault.lookups(number), visit.today), False
    if row is None or row["sealed"] is None:
        raise NotFound("there is no such case in your unit")
    plain = dict(_opened(visit, row)["case"])
    plain["measurements"] = [
        answer
        for measurement in stored.measurements(visit.connection, str(row["id"]))
        for answer in visit.vault.open(measurement["sealed"], f"measurement {measurement['id']}")
    ]
    return Found(
        id=str(row["id"]),
        number=number,
        pseudonym=str(row["pseudonym"]),
        version=int(row["version"]),
        plain=plain,
        own=own_case,
        consent=None if own_case else str(row["consent_id"]),
    )


def own(visit: Visit, number: str, posted_too: bool = False) -> Found:
    """Find a case of the caller's unit to change it, as `find`; raises `Forbidden` for one that is only shared."""
    _in_own_unit(visit, number, lock=True)
    found = find(visit, number, posted_too)
    if not found.own:
        raise Forbidden("only the unit that the case belongs to may do this")
    return found


def anchor(visit: Visit, number: str) -> str:
    """Give the id of the row that all about a number in the caller's unit hangs on; made where there is none."""
    row = _in_own_unit(visit, number)
    if row is not None:
        return str(row["id"])
    case_id = new_id("c")
    stored.add(
        visit.connection,
        id=case_id,
        unit_id=_unit(visit),
        number_lookup=visit.vault.lookups(number)[0],
        pseudonym=new_id("k"),
        version=1,
        sealed=None,
        created_at=visit.at,
        changed_at=visit.at,
    )
    return case_id


def checked(visit: Visit, raw: Mapping[str, Any]) -> Case:
    """Check plain data as a case within this installation's limits; raises `Faulty`."""
    settings = visit.installation.settings
    for part, most in (("measurements", settings.max_answers), ("participations", settings.max_participations)):
        if isinstance(raw.get(part), list) and len(raw[part]) > most:
            raise Faulty(f"{part}: more than {most} are not taken")
    register = raw.get("register_pseudonym")
    if register is not None and not re.match(REGISTER_PSEUDONYM, str(register)):
        raise Faulty("register_pseudonym: is no pseudonym of the register's")
    return visit.planning.read_case(raw)


def check_number(visit: Visit, number: str, stored_number: bool = False) -> None:
    """Refuse a case number that could be somebody's personnummer or, where stored, cannot stand in an address."""
    if pseudonym.looks_like_identity(number, visit.moment.date()):
        raise Faulty("case_id: looks like a personnummer; use the number of the case")
    if stored_number and not re.match(NUMBER, number):
        raise Faulty("case_id: must be 1–64 letters a–z, digits, or - . ~ and begin with a letter or digit")


def known(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out fields that are not the contract's, so that nothing is stored that nobody asked for."""
    plain = {name: value for name, value in raw.items() if name in _KNOWN and value is not None}
    for name, shape in _PARTS.items():
        part = plain.get(name)
        if isinstance(part, Mapping):
            plain[name] = _fields(part, shape)
        elif isinstance(part, list):
            plain[name] = [_fields(row, shape) for row in part]
    return plain


def _fields(row: Mapping[str, Any], shape: type) -> dict[str, Any]:
    names = {one.name for one in fields(shape)}
    return {name: value for name, value in row.items() if name in names}


def _what(answer: Mapping[str, Any]) -> tuple[Any, ...]:
    return answer["measured_on"], answer["respondent"], answer["indicator"]


def _unit(visit: Visit) -> str:
    if visit.caller.unit is None:
        raise Forbidden("only somebody who works in a unit can do this")
    return visit.caller.unit


def _in_own_unit(visit: Visit, number: str, lock: bool = False) -> Row | None:
    if visit.caller.unit is None:
        return None
    return stored.in_unit(visit.connection, visit.caller.unit, visit.vault.lookups(number), lock)


def _match(found: Found, if_match: str | None) -> None:
    if if_match is not None and if_match not in ("*", etag(found.version)):
        raise Changed("the case has changed since you read it; read it again")


def etag(version: int) -> str:
    """Write a version as a strong ETag."""
    return f'"{version}"'


def _pseudonym(visit: Visit, case_id: str) -> str:
    row = stored.by_id(visit.connection, case_id)
    if row is None:
        raise ValueError("the case was put in by this transaction")
    return str(row["pseudonym"])


def _write(visit: Visit, found: Found, register: str) -> None:
    """Write a whole case: sealed, with its measurements apart, one row a date."""
    _seal(visit, found.id, found.number, found.plain, register, found.version)
    by_day: dict[str, list[dict[str, Any]]] = {}
    for answer in found.plain.get("measurements", ()):
        by_day.setdefault(str(answer["measured_on"]), []).append(answer)
    for _, answers in sorted(by_day.items()):
        _add_measurement(visit, found.id, found.version, answers)


def _seal(visit: Visit, case_id: str, number: str, plain: Mapping[str, Any], register: str, version: int) -> None:
    inside = {
        "number": number,
        "register_pseudonym": register,
        "case": {name: value for name, value in plain.items() if name != "measurements"},
    }
    stored.change(
        visit.connection,
        case_id,
        sealed=visit.vault.seal(inside, f"case {case_id}"),
        version=version,
        changed_at=clock.text(visit.moment),
    )


def _add_measurement(visit: Visit, case_id: str, version: int, answers: list[dict[str, Any]]) -> None:
    measurement_id = new_id("m")
    stored.add_measurement(
        visit.connection,
        id=measurement_id,
        case_id=case_id,
        case_version=version,
        sealed=visit.vault.seal(answers, f"measurement {measurement_id}"),
        recorded_at=visit.at,
        recorded_by=visit.caller.account,
    )


def _opened(visit: Visit, row: Row) -> dict[str, Any]:
    inside: dict[str, Any] = visit.vault.open(row["sealed"], f"case {row['id']}")
    return inside


def register_pseudonym(visit: Visit, case_id: str) -> str:
    """Give what the register calls the client, if that is known."""
    row = stored.by_id(visit.connection, case_id)
    return str(_opened(visit, row)["register_pseudonym"]) if row and row["sealed"] else ""
