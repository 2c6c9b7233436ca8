"""Measures how long an import takes and how much memory, beside the least that any import of the same files could do.

The floor reads the same files with ``pandas.read_csv`` as text and writes them row by row into a bare SQLite table: no
pseudonyms, no checks, no keys, no report. Each runs in a process of its own.

    python benchmarks/import_speed.py --rows 1000000
"""

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from stdnum import luhn

from pathway import instrument, intake, pseudonym, tables

TODAY = date(2026, 3, 2)
PER_CLIENT = 100  # rows: five measurements of about eleven indicators by two respondents


def write_package(folder: Path, n_rows: int, seed: int = 0) -> None:
    """Write a package of random clients with personnummer in several spellings."""
    rng = np.random.default_rng(seed)
    n = max(n_rows // PER_CLIENT, 1)
    ids = [_personnummer(number) for number in rng.choice(365 * 40 * 900, n, replace=False)]
    _clients(ids, rng).to_csv(folder / "clients.csv", index=False)
    _measurements(ids, n_rows, rng).to_csv(folder / "measurements.csv", index=False)
    started = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, 3 * n), unit="D")
    participations = {
        "client_id": np.repeat(ids, 3),
        "insats_id": [f"IN-{number}" for number in rng.integers(0, 60, 3 * n)],
        "started_on": started.strftime("%Y-%m-%d"),
        "ended_on": (started + pd.Timedelta(days=90)).strftime("%Y-%m-%d"),
        "hours_per_week": rng.integers(1, 40, 3 * n),
        "ended_as": "fullföljd",
    }
    pd.DataFrame(participations).to_csv(folder / "participations.csv", index=False)
    outcomes = {"client_id": ids, "observed_on": "2025-06-01", "status": "arbetssökande"}
    pd.DataFrame(outcomes).to_csv(folder / "outcomes.csv", index=False)


def _personnummer(number: int) -> str:
    day, serial = divmod(int(number), 900)
    born = date.fromordinal(date(1960, 1, 1).toordinal() + day)
    nine = f"{born:%y%m%d}{serial + 10:03}"
    return f"{born:%Y%m%d}-{nine[6:]}{luhn.calc_check_digit(nine)}"


def _clients(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Fill every column at random from what its field allows."""
    columns: dict[str, object] = {"client_id": ids, "enrolled_on": "2022-11-01", "case_phase": "aktuell"}
    columns |= {"unit": [f"Enhet {number}" for number in rng.integers(1, 20, len(ids))], "municipality": "0580"}
    columns |= {
        "birth_year": [int(id[:4]) for id in ids],
        "health_codes": rng.choice(["", "F41", "M54.5|F32"], len(ids)),
    }
    columns |= {"children_at_home": rng.choice(["true", "false"], len(ids)), "months_without_work": 12}
    for field in tables.fields("clients"):
        if field["name"] not in columns:
            columns[field["name"]] = rng.choice(field["constraints"]["enum"], len(ids))
    return pd.DataFrame(columns)[list(tables.columns("clients"))]


def _measurements(ids: list[str], n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    bip = instrument.read()
    pairs = [(respondent, each.id) for each in bip.indicators for respondent in each.respondents]
    number = np.arange(n_rows)
    respondent, indicator = zip(*(pairs[at] for at in number % PER_CLIENT % len(pairs)), strict=True)
    days = pd.to_timedelta(number % PER_CLIENT // len(pairs) * 90 + number // PER_CLIENT % 90, unit="D")
    by_caseworker = np.array(respondent) == "handläggare"
    caseworker = [f"hl{each:03}" for each in rng.integers(0, 200, n_rows)]
    columns = {
        "client_id": np.array(ids)[np.minimum(number // PER_CLIENT, len(ids) - 1)],
        "measured_on": (pd.Timestamp("2023-01-01") + days).strftime("%Y-%m-%d"),
        "respondent": respondent,
        "respondent_id": np.where(by_caseworker, caseworker, ""),
        "indicator": indicator,
        "value": np.where(rng.random(n_rows) < 0.1, "", rng.integers(1, 6, n_rows).astype(str)),
    }
    return pd.DataFrame(columns)


def run_import(package: Path, work: Path) -> dict[str, object]:
    key = pseudonym.Key("a key for the benchmark, known to all")
    done = intake.take_in(package, work / "register", key, instrument.read(), TODAY)
    told = done.report.tables["measurements"]
    return {"taken in": told.taken_in, "quarantined": told.quarantined}


def run_floor(package: Path, work: Path) -> dict[str, object]:
    connection = sqlite3.connect(work / "bare.sqlite")
    for table in tables.TABLES:
        rows = pd.read_csv(package / f"{table}.csv", dtype=str, keep_default_na=False)
        connection.execute(f"CREATE TABLE {table} ({', '.join(rows.columns)})")
        marks = ", ".join("?" * rows.shape[1])
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows.itertuples(index=False, name=None))  # noqa: S608
    connection.commit()
    return {}


def run_writing(package: Path, work: Path) -> dict[str, object]:
    write_package(package, int((work / "rows").read_text()))
    return {}


def measure(what: str, package: Path, work: Path) -> None:
    """Run one step and print seconds and peak memory as JSON."""
    begun = time.perf_counter()
    told = {"writing": run_writing, "import": run_import, "floor": run_floor}[what](package, work)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": round(seconds, 2), "peak MB": round(peak), **told}))


def compare(n_rows: int) -> None:
    """Write a package, measure both, and print them side by side.

    The writing too is a process of its own: a child's peak memory is never below what its parent had when it began.
    """
    with tempfile.TemporaryDirectory() as folder:
        package, work = Path(folder) / "package", Path(folder) / "work"
        package.mkdir()
        work.mkdir()
        (work / "rows").write_text(str(n_rows))
        found = {}
        for what in ("writing", "floor", "import"):
            command = [sys.executable, __file__, "--measure", what, str(package), str(work)]
            found[what] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
            print(f"{what:<8}{found[what]}")
        print(f"ratio   {found['import']['seconds'] / found['floor']['seconds']:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="measurement rows")
    parser.add_argument("--measure", nargs=3, metavar=("WHAT", "PACKAGE", "WORK"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure[0], Path(given.measure[1]), Path(given.measure[2]))
    else:
        compare(given.rows)
