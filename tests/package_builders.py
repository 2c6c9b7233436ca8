"""Small builders of data packages as case systems export them, for tests of the rooms that take them in."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pathway import instrument, intake, tables
from pathway.pseudonym import Key
from pathway.tables import Table

TODAY = date(2026, 3, 2)
KEY = Key("a key for tests alone, known to everybody")
PERSON = "198112189876"  # Skatteverket's own number for tests
COORDINATION = "197010632391"  # another of theirs: the day of birth plus 60

Row = dict[str, str]


def a_client(id: str = PERSON, **given: str) -> Row:
    """Build a sound row of clients."""
    return {
        "client_id": id,
        "unit": "Enhet Söder",
        "birth_year": "1984",
        "gender": "kvinna",
        "municipality": "0580",
        "education": "förgymnasial",
        "income_source": "försörjningsstöd",
        "months_without_work": "31",
        "swedish_level": "god",
        "children_at_home": "true",
        "health_codes": "F41|M54.5",
        "enrolled_on": "2025-01-07",
        "case_phase": "aktuell",
    } | given


def an_answer(id: str = PERSON, **given: str) -> Row:
    """Build a sound row of measurements: the client's own answer."""
    return {
        "client_id": id,
        "measured_on": "2025-02-03",
        "respondent": "klient",
        "respondent_id": "",
        "indicator": "tro_pa_jobb",
        "value": "3",
    } | given


def a_participation(id: str = PERSON, **given: str) -> Row:
    """Build a sound row of participations, ended."""
    return {
        "client_id": id,
        "insats_id": "SE-01",
        "started_on": "2025-02-10",
        "ended_on": "2025-06-30",
        "hours_per_week": "7.5",
        "ended_as": "fullföljd",
    } | given


def an_outcome(id: str = PERSON, **given: str) -> Row:
    """Build a sound row of outcomes."""
    return {"client_id": id, "observed_on": "2025-09-01", "status": "subventionerat_arbete"} | given


def rows_of_two() -> dict[Table, list[Row]]:
    """Build the rows of a small package: two people, five answers, two participations and an outcome."""
    by_caseworker = {"respondent": "handläggare", "respondent_id": "hl7", "value": "2"}
    return {
        "clients": [a_client(), a_client(COORDINATION, birth_year="1970", gender="man", municipality="0116")],
        "measurements": [
            an_answer(),
            an_answer(**by_caseworker),
            an_answer(measured_on="2025-08-04", value="4"),
            an_answer(COORDINATION, value=""),
            an_answer(COORDINATION, measured_on="2025-03-05", indicator="framtoning", **by_caseworker),
        ],
        "participations": [
            a_participation(),
            a_participation(COORDINATION, ended_on="", ended_as="pågår", hours_per_week="3"),
        ],
        "outcomes": [an_outcome()],
    }


def csv_of(table: Table, rows: Sequence[Row], separator: str = ",", extra: Sequence[str] = ()) -> str:
    """Write rows as a case system would."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*tables.columns(table), *extra], delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write(folder: Path, rows: dict[Table, list[Row]] | None = None, **files: str | bytes) -> Path:
    """Write a package, by default of two people; ``files`` replaces the content of tables."""
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str | bytes] = {
        name: csv_of(name, given) for name, given in (rows_of_two() | (rows or {})).items()
    }
    for name, content in (texts | files).items():
        raw = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(raw)
    return folder


def take_in(package: Path, register_at: str | Path, **given: Any) -> intake.TakenIn:
    """Import a package with the tests' own key and day."""
    setting: dict[str, Any] = {"key": KEY, "instrument": instrument.read(), "today": TODAY} | given
    return intake.take_in(package, register_at, **setting)
