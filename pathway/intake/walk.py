"""Takes a data package into a register: reads, pseudonymises, checks, stores and reports, or leaves all as it was."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from pathway import catalogue as catalogues
from pathway import register
from pathway.catalogue import Catalogue
from pathway.errors import FaultyTable, PathwayError, UnreadableFile
from pathway.instrument import Instrument
from pathway.intake import checking, export, quality
from pathway.intake.checking import Checked
from pathway.intake.export import Export
from pathway.intake.faults import CODES, FAULTS
from pathway.intake.report import Report, TableReport
from pathway.intake.staging import staging
from pathway.pseudonym import Key, letters
from pathway.reading import json_of
from pathway.register import Change, Import, Writer
from pathway.tables import TABLES, Table, columns

REPORT, QUARANTINE = "report.json", "quarantine.csv"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class TakenIn:
    """What came of an import: the report, and the folder that it and the quarantine were written to."""

    report: Report
    folder: Path


@dataclass(frozen=True, repr=False)
class Package:
    """A data package as it was exported, pseudonymised.

    Attributes
    ----------
    hash
        Of all its files as they stood, in letters.
    catalogue
        ``None``: the package has none.
    mock
        Whether its people do not exist.
    """

    hash: str
    exports: Mapping[Table, Export]
    catalogue: Catalogue | None
    mock: bool


@dataclass(frozen=True)
class _Setting:
    """What all steps of one import share."""

    key: Key
    instrument: Instrument
    today: date
    tell: Tell


def take_in(
    source: Path,
    register_at: str | Path,
    key: Key,
    instrument: Instrument,
    today: date,
    report_to: Path | None = None,
    tell: Tell = lambda step: None,
) -> TakenIn:
    """Take a data package into a register.

    Parameters
    ----------
    source
        The package's folder (contract, section 1).
    register_at
        The register's folder or database URL; it is made if there is none.
    today
        The day of the import: later dates are faults.
    report_to
        Folder for the report and the quarantine; by default one of the package's own under the register's ``imports``,
        or, where the register is on a database server, under ``pathway-imports`` in the current folder.
    tell
        Is told of each step as it begins.

    Raises
    ------
    UnreadableFile, FaultyTable, FaultyCatalogue, Mismatch, RegisterUnavailable
        Nothing has changed then.
    """
    setting = _Setting(key, instrument, today, tell)
    try:
        package = _read(source, setting)
        folder = report_to or _own_folder(register_at, package.hash)
        with staging(folder) as files, register.writing(register_at, key.id, instrument) as writer:
            before = writer.birth_years()
            checked = _check(package, before, setting)
            changes, earlier = _store(package, checked, writer, setting)
            report = _report(package, checked, before, setting, changes, earlier)
            files.write(QUARANTINE, _quarantine(checked))
            files.write(REPORT, report.json())
        return TakenIn(report, folder)
    except (PathwayError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise _mistake(error) from None


def _read(source: Path, setting: _Setting) -> Package:
    """Read a package and swap identities for pseudonyms."""
    digest = hashlib.sha256()
    found = export.find(source, "catalogue.json")
    catalogue = None
    if found is not None:
        catalogue = catalogues.read(found)
        catalogue.check_against(setting.instrument)
        digest.update(hashlib.sha256(found.read_bytes()).digest())
    exports: dict[Table, Export] = {}
    for table in TABLES:
        setting.tell(f"reading {table}.csv")
        raw = export.content(source, f"{table}.csv")
        digest.update(hashlib.sha256(raw).digest())
        exports[table] = export.read(table, raw, str(source / f"{table}.csv"), setting.key, setting.today)
    if len(exports["clients"]) == 0:
        raise FaultyTable(f"{source / 'clients.csv'}: there is no row below the header; export it again")
    return Package(letters(digest.digest())[:32], exports, catalogue, _is_mock(source))


def _is_mock(source: Path) -> bool:
    """Tell whether the package's own description says so; a package needs none, and a faulty one says nothing."""
    try:
        found = export.find(source, "datapackage.json")
        said = json_of(found) if found else None
    except UnreadableFile:
        return False
    return isinstance(said, dict) and str(said.get("title", "")).startswith("MOCK")


def _check(package: Package, before: "pd.Series[int]", setting: _Setting) -> dict[Table, Checked]:
    """Check all tables, row by row and against each other; ``before`` is the register's clients (year of birth)."""
    checked: dict[Table, Checked] = {}
    for table in TABLES:
        setting.tell(f"checking {table}")
        checked[table] = checking.check(package.exports[table], setting.instrument, package.catalogue, setting.today)
    clients = checked["clients"]
    held_back = checking.held_back(clients)
    for each in checked.values():
        checking.hold_back(each, held_back)
    checking.supersede(clients)
    _refuse_if_all_faulty(clients)
    known = _birth_years(clients, before)
    for table in TABLES[1:]:
        checking.attach(checked[table], known)
        checking.supersede(checked[table])
    return checked


def _birth_years(clients: Checked, before: "pd.Series[int]") -> "pd.Series[int]":
    """Return the year of birth of the clients taken in now, and of those from before whose phase is not in doubt."""
    now = clients.rows[clients.accepted]
    accepted = pd.Series(now["birth_year"].to_numpy(), index=now["client_id"].astype(str)).astype("int64")
    settled = before[~before.index.isin(checking.unsettled(clients) | set(accepted.index))]
    return pd.concat([accepted, settled])


def _refuse_if_all_faulty(clients: Checked) -> None:
    if not clients.quarantined.all():
        return
    reasons = pd.Series(clients.faults.reason).value_counts()
    reason = CODES[int(reasons.index[0])]
    column = clients.faults.column[clients.faults.reason == reasons.index[0]][0]
    where = f" in the column {columns('clients')[column]}" if column >= 0 else ""
    raise FaultyTable(
        f"clients.csv: none of its {len(clients.rows)} rows can be taken in, most for {reason}{where} "
        f"({FAULTS[reason]}); correct the export"
    )


def _store(
    package: Package, checked: Mapping[Table, Checked], writer: Writer, setting: _Setting
) -> tuple[dict[str, Change], date | None]:
    """Write the accepted rows, unless this very package was taken in before: then tell when."""
    if earlier := writer.earlier(package.hash):
        unchanged = {str(table): Change(unchanged=int(each.accepted.sum())) for table, each in checked.items()}
        return unchanged, earlier.imported_on
    changes: dict[str, Change] = {}
    for table, each in checked.items():
        setting.tell(f"storing {table}")
        changes[table] = writer.take_in(table, each.rows[each.accepted])
    instrument = setting.instrument.name
    writer.record(Import(package.hash, setting.today, setting.key.id, instrument, package.mock, changes))
    return changes, None


def _report(
    package: Package,
    checked: Mapping[Table, Checked],
    before: "pd.Series[int]",
    setting: _Setting,
    changes: Mapping[str, Change],
    earlier: date | None,
) -> Report:
    setting.tell("describing data quality")
    measurements = checked["measurements"]
    held_back = checking.held_back(checked["clients"])
    return Report(
        package=package.hash,
        imported_on=setting.today,
        already_taken_in_on=earlier,
        key_id=setting.key.id,
        instrument=setting.instrument.name,
        catalogue=package.catalogue.version if package.catalogue else None,
        mock=package.mock,
        tables={table: _told(package.exports[table], checked[table], changes[table]) for table in TABLES},
        people_held_back=len(held_back),
        quality=quality.describe(measurements.rows[measurements.accepted], setting.instrument),
        notes=_notes(package.catalogue, int(before.index.isin(held_back).sum())),
    )


def _notes(catalogue: Catalogue | None, n_known_held_back: int) -> tuple[str, ...]:
    notes = []
    if catalogue is None:
        notes.append("The package has no catalogue.json: insatser are taken in without being checked against one.")
    if n_known_held_back:
        notes.append(f"{n_known_held_back} of the people held back are in the register already; their rows there stay.")
    return tuple(notes)


def _told(exported: Export, checked: Checked, change: Change) -> TableReport:
    reasons = pd.Series(checked.faults.reason[checked.quarantined]).value_counts()
    return TableReport(
        file=exported.file,
        encoding=exported.encoding,
        separator=exported.separator,
        read=len(exported),
        taken_in=int(checked.accepted.sum()),
        change=change,
        repeated=int(checked.repeated.sum()),
        held_back=int(checked.held_back.sum()),
        quarantined=int(checked.quarantined.sum()),
        quarantined_by_reason={CODES[int(str(number))]: int(n_rows) for number, n_rows in reasons.items()},
        ignored_columns=exported.ignored,
    )


def _quarantine(checked: Mapping[Table, Checked]) -> str:
    """List the rows set aside: where they stand and why, never what they say."""
    parts = []
    for table, each in checked.items():
        rows = each.quarantined
        codes = [CODES[number] for number in each.faults.reason[rows]]
        names = ["", *columns(table)]
        parts.append(
            pd.DataFrame(
                {
                    "file": f"{table}.csv",
                    "line": each.lines[rows],
                    "pseudonym": each.rows.loc[rows, "client_id"].astype(object).fillna(""),
                    "column": [names[number + 1] for number in each.faults.column[rows]],
                    "code": codes,
                    "reason": [FAULTS[code] for code in codes],
                }
            )
        )
    return pd.concat(parts).to_csv(index=False, lineterminator="\n")


def _own_folder(register_at: str | Path, package: str) -> Path:
    beside = register.folder(register_at)
    return (beside / "imports" if beside else Path("pathway-imports")) / package[:12]


def _mistake(error: BaseException) -> BaseException:
    """Say where a mistake of ours happened, without the words of the error: they could quote a cell."""
    if isinstance(error, MemoryError):
        return FaultyTable("the package does not fit in memory; split it by period and import the parts in order")
    trace, last = error.__traceback__, None
    while trace is not None:
        name = Path(trace.tb_frame.f_code.co_filename)
        last = f"{name.name}:{trace.tb_lineno}" if "pathway" in name.parts else last
        trace = trace.tb_next
    return ValueError(f"the import went wrong by a mistake in the program ({type(error).__name__} at {last})")
