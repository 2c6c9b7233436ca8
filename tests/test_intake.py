import csv
import json
import logging
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from builders import an_insats
from package_builders import (
    COORDINATION,
    KEY,
    PERSON,
    TODAY,
    a_client,
    a_participation,
    an_answer,
    an_outcome,
    csv_of,
    rows_of_two,
    take_in,
    write,
)

from pathway import instrument, intake, pseudonym, register, tables
from pathway.errors import FaultyCatalogue, FaultyTable, Mismatch, PathwayError, RegisterUnavailable, UnreadableFile
from pathway.intake import quality
from pathway.intake.faults import FAULTS

OTHER_KEY = pseudonym.Key("another key for tests, as well known")


def quarantined(done):
    with (done.folder / "quarantine.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def everything(folder):
    """Return the content of all files below a folder, by name."""
    return {str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


# --- what case systems really export ---------------------------------------------------------------------------------


def messy(table, rows):
    """Write a table as a case system that has been through Excel would: everything that the contract names at once."""
    columns = [*reversed(tables.columns(table)), "Fritext"]
    text = ";".join(column.upper().replace("_", " ") for column in columns) + "\r\n"
    for row in rows:
        cells = {**row, "Fritext": "ringde; ville inte"}
        for column, cell in row.items():
            if column.endswith("_on") and cell:
                cells[column] = f"{cell} 00:00:00"
            if cell == "true":
                cells[column] = "SANT"
        cells["client_id"] = f"{row['client_id'][2:8]}-{row['client_id'][8:]}"
        cells |= {"municipality": row.get("municipality", "").lstrip("0"), "value": row.get("value", "") and "3,0"}
        cells["value"] = f"{row['value']},0" if row.get("value") else "NULL"
        cells["hours_per_week"] = row.get("hours_per_week", "").replace(".", ",")
        text += ";".join(f'"{cells[column]}"' for column in columns) + "\r\n"
    return (text + ";;;\r\n\r\n").encode("cp1252")


def test_a_messy_export_gives_the_same_register_as_the_clean_package(tmp_path):
    take_in(write(tmp_path / "clean"), tmp_path / "a")
    rows = {table: messy(table, given) for table, given in rows_of_two().items()}
    done = take_in(write(tmp_path / "messy", **rows), tmp_path / "b")
    assert register.open(tmp_path / "a").version() == register.open(tmp_path / "b").version()
    assert quarantined(done) == []
    assert done.report.tables["clients"].ignored_columns == ("FRITEXT",)
    assert done.report.tables["clients"].encoding == "cp1252"


def test_what_is_taken_in_is_what_the_package_says(tmp_path):
    take_in(write(tmp_path / "package"), tmp_path / "reg")
    kept = register.open(tmp_path / "reg").tables()
    person, other = KEY.client(PERSON, TODAY)[0], KEY.client(COORDINATION, TODAY)[0]
    assert set(kept.clients["client_id"]) == {person, other}
    assert kept.clients.set_index("client_id").loc[person, "health_codes"] == "F41|M54.5"
    answers = kept.measurements[kept.measurements["client_id"] == other]
    assert answers["value"].isna().tolist() == [True, False]
    by_caseworker = answers[answers["respondent"] == "handläggare"]
    assert by_caseworker["respondent_id"].tolist() == [KEY.caseworker("hl7", TODAY)[0]]
    running = kept.participations[kept.participations["client_id"] == other].iloc[0]
    assert pd.isna(running["ended_on"])
    assert running["started_on"] == pd.Timestamp("2025-02-10")
    assert kept.participations["hours_per_week"].sum() == 10.5


# --- rows that are set aside -----------------------------------------------------------------------------------------

FAULTY_ROWS = [
    ("clients", a_client("198112189875"), "client_id", "wrong_check_digit"),
    ("clients", a_client("1,98112E+11"), "client_id", "digits_lost"),
    ("clients", a_client("K-1", gender=""), "gender", "missing_value"),
    ("clients", a_client("K-1", unit="811218-9876"), "unit", "identity_in_text"),
    ("clients", a_client("K-1", enrolled_on="2026-03-03"), "enrolled_on", "future_date"),
    ("clients", a_client("K-1", birth_year="2001", enrolled_on="2001-05-05"), "enrolled_on", "before_birth"),
    ("clients", a_client("K-1", swedish_level="flytande"), "swedish_level", "not_allowed"),
    ("measurements", an_answer(indicator="humor"), "indicator", "unknown_indicator"),
    ("measurements", an_answer(value="6"), "value", "out_of_range"),
    ("measurements", an_answer(value="2,5"), "value", "not_an_integer"),
    ("measurements", an_answer(indicator="framtoning"), "respondent", "wrong_respondent"),
    ("measurements", an_answer(respondent_id="hl7"), "respondent_id", "respondent_id_of_client"),
    (
        "measurements",
        an_answer("198112189875", respondent="handläggare", respondent_id="1,98112E+11"),
        "client_id",  # of two faulty identities always the same one is told, whatever order sets have in the process
        "wrong_check_digit",
    ),
    ("measurements", an_answer("K-nobody"), "client_id", "unknown_client"),
    ("measurements", an_answer(""), "client_id", "missing_value"),
    ("measurements", an_answer(COORDINATION, measured_on="1989-12-31"), "measured_on", "implausible_date"),
    ("measurements", an_answer(value="5"), "", "superseded"),
    ("participations", a_participation(ended_on="2025-01-01"), "ended_on", "ends_before_start"),
    ("participations", a_participation(ended_as="pågår"), "ended_as", "end_contradicts"),
    ("participations", a_participation(ended_on=""), "ended_as", "end_contradicts"),
    ("participations", a_participation(insats_id="en lång fri text"), "insats_id", "bad_pattern"),
    ("outcomes", an_outcome(status="pension"), "status", "not_allowed"),
]


@pytest.mark.parametrize(("table", "row", "column", "code"), FAULTY_ROWS)
def test_a_faulty_row_is_set_aside_with_its_place_and_reason_and_the_rest_is_taken_in(
    tmp_path, table, row, column, code
):
    rows = rows_of_two()
    take_in(write(tmp_path / "clean"), tmp_path / "a")
    done = take_in(write(tmp_path / "faulty", {table: [row, *rows[table]]}), tmp_path / "b")
    assert [(r["file"], r["line"], r["column"], r["code"]) for r in quarantined(done)] == [
        (f"{table}.csv", "2", column, code)
    ]
    assert quarantined(done)[0]["reason"] == FAULTS[code]
    assert done.report.tables[table].quarantined_by_reason == {code: 1}
    assert register.open(tmp_path / "a").version() == register.open(tmp_path / "b").version()


def test_the_quarantine_names_people_by_pseudonym(tmp_path):
    done = take_in(write(tmp_path / "p", {"measurements": [an_answer(value="9")]}), tmp_path / "reg")
    assert [row["pseudonym"] for row in quarantined(done)] == [KEY.client(PERSON, TODAY)[0]]


def test_every_row_that_is_read_is_accounted_for(tmp_path):
    rows = {
        "clients": [a_client(), a_client("K-2", case_phase="anmälan"), a_client("K-3", birth_year="x")],
        "measurements": [an_answer(), an_answer(), an_answer("K-2"), an_answer("K-3"), an_answer("K-2", value="9")],
    }
    done = take_in(write(tmp_path / "p", rows), tmp_path / "reg")
    for told in done.report.tables.values():
        assert told.read == told.taken_in + told.repeated + told.held_back + told.quarantined
        assert told.taken_in == told.change.new + told.change.corrected + told.change.unchanged
    assert done.report.tables["measurements"].repeated == 1


def test_of_two_rows_about_the_same_thing_the_later_wins(tmp_path):
    rows = [an_answer(value="1"), an_answer("19811218-9876", value="5")]
    take_in(write(tmp_path / "p", {"measurements": rows}), tmp_path / "reg")
    assert register.open(tmp_path / "reg").tables().measurements["value"].tolist() == [5.0]


@pytest.mark.parametrize("phase", ["förhandsbedömning", "anmälan"])
def test_nothing_is_taken_in_of_people_in_a_phase_before_the_case(tmp_path, phase):
    rows = rows_of_two()
    rows["clients"][0] = a_client("811218-9876", case_phase=phase, gender="x")
    done = take_in(write(tmp_path / "p", rows), tmp_path / "reg")
    person = KEY.client(PERSON, TODAY)[0]
    kept = register.open(tmp_path / "reg").tables()
    assert all(person not in set(getattr(kept, table)["client_id"]) for table in tables.TABLES)
    assert done.report.people_held_back == 1
    assert {table: told.held_back for table, told in done.report.tables.items()} == {
        "clients": 1, "measurements": 3, "participations": 1, "outcomes": 1,
    }  # fmt: skip
    assert not any(person.encode() in content for content in everything(tmp_path / "reg").values())


def test_a_client_who_was_in_the_register_and_is_held_back_now_gets_no_new_rows(tmp_path):
    take_in(write(tmp_path / "first"), tmp_path / "reg")
    before = register.open(tmp_path / "reg").version()
    held = {"clients": [a_client(case_phase="anmälan")], "measurements": [an_answer(measured_on="2026-01-01")]}
    done = take_in(write(tmp_path / "second", held | {"participations": [], "outcomes": []}), tmp_path / "reg")
    assert register.open(tmp_path / "reg").version() == before
    assert "1 of the people held back are in the register already" in done.report.notes[-1]


def test_a_client_whose_phase_cannot_be_read_gets_no_new_rows(tmp_path):
    take_in(write(tmp_path / "first"), tmp_path / "reg")
    rows = {"clients": [a_client(case_phase="?"), a_client("K-9")], "measurements": [an_answer(value="5")]}
    done = take_in(write(tmp_path / "second", rows | {"participations": [], "outcomes": []}), tmp_path / "reg")
    assert [row["code"] for row in quarantined(done)] == ["not_allowed", "unknown_client"]


def test_insatser_are_checked_against_the_packages_own_catalogue(tmp_path):
    package = write(tmp_path / "p", {"participations": [a_participation(), a_participation(insats_id="XX-9")]})
    catalogue = {"version": "2026-11", "insatser": [an_insats("SE-01")]}
    (package / "catalogue.json").write_text(json.dumps(catalogue), encoding="utf-8")
    done = take_in(package, tmp_path / "reg")
    assert [row["code"] for row in quarantined(done)] == ["unknown_insats"]
    assert done.report.catalogue == "2026-11"


# --- errors that stop an import --------------------------------------------------------------------------------------


def break_package(folder, how):
    package = write(folder)
    clients = package / "clients.csv"
    if how == "no file":
        clients.unlink()
    elif how == "empty":
        clients.write_bytes(b"")
    elif how == "bytes":
        clients.write_bytes(bytes(range(256)) * 20)
    elif how == "no rows":
        clients.write_text(csv_of("clients", []))
    elif how == "no column":
        clients.write_text(csv_of("clients", [a_client()]).replace("case_phase", "phase"))
    elif how == "all faulty":
        clients.write_text(csv_of("clients", [a_client(gender="?"), a_client("K-1", gender="?")]))
    elif how == "catalogue":
        (package / "catalogue.json").write_text('{"version": "1", "insatser": [{"id": "a"}]}')
    elif how == "catalogue no json":
        (package / "catalogue.json").write_text("{")
    elif how == "a file":
        return clients
    elif how == "a folder":
        clients.unlink()
        clients.mkdir()
    elif how == "nothing":
        return folder / "nowhere"
    return package


STOPPING = [
    ("no file", UnreadableFile, "no such file"),
    ("empty", UnreadableFile, "empty"),
    ("bytes", FaultyTable, "missing from the header"),
    ("no rows", FaultyTable, "no row below the header"),
    ("no column", FaultyTable, "the column case_phase is missing"),
    ("all faulty", FaultyTable, "none of its 2 rows"),
    ("catalogue", FaultyCatalogue, "insats a"),
    ("catalogue no json", UnreadableFile, "not JSON"),
    ("a file", UnreadableFile, "not a folder"),
    ("a folder", UnreadableFile, "cannot be read"),
    ("nothing", UnreadableFile, "no such folder"),
]


@pytest.mark.parametrize(("how", "kind", "words"), STOPPING)
def test_a_package_that_cannot_be_taken_in_says_why_in_one_line_and_changes_nothing(tmp_path, how, kind, words):
    package = break_package(tmp_path / "package", how)
    take_in(write(tmp_path / "good"), tmp_path / "reg")
    before = everything(tmp_path / "reg")
    for place in (tmp_path / "reg", tmp_path / "fresh" / "reg"):
        with pytest.raises(kind, match=words) as refused:
            take_in(package, place)
        assert "\n" not in refused.value.message
    assert everything(tmp_path / "reg") == before
    assert not (tmp_path / "fresh").exists()


def test_another_key_is_refused_and_changes_nothing(tmp_path):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    before = everything(tmp_path / "reg")
    with pytest.raises(Mismatch, match="another key"):
        take_in(write(tmp_path / "q", {"outcomes": []}), tmp_path / "reg", key=OTHER_KEY)
    assert everything(tmp_path / "reg") == before


def test_another_instrument_is_refused(tmp_path):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    with pytest.raises(Mismatch, match="instrument"):
        take_in(write(tmp_path / "q"), tmp_path / "reg", instrument=replace(instrument.read(), id="other"))


def test_a_register_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(PathwayError):
        take_in(write(tmp_path / "p"), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "x"


# --- all or nothing, twice and later ---------------------------------------------------------------------------------


def test_the_same_package_twice_changes_not_a_byte_of_the_database(tmp_path):
    package = write(tmp_path / "p")
    take_in(package, tmp_path / "reg")
    before = (tmp_path / "reg" / register.FILE).read_bytes()
    again = take_in(package, tmp_path / "reg", today=date(2026, 4, 1))
    assert (tmp_path / "reg" / register.FILE).read_bytes() == before
    assert again.report.already_taken_in_on == TODAY
    assert again.report.tables["clients"].change == register.Change(unchanged=2)
    assert any("nothing has changed" in line for line in again.report.lines())


def test_an_old_package_does_not_undo_a_later_correction(tmp_path):
    old = write(tmp_path / "old")
    take_in(old, tmp_path / "reg")
    take_in(write(tmp_path / "new", {"outcomes": [an_outcome(status="studier")]}), tmp_path / "reg")
    take_in(old, tmp_path / "reg")
    assert register.open(tmp_path / "reg").tables().outcomes["status"].tolist() == ["studier"]


def test_a_later_package_adds_and_corrects(tmp_path):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    rows = {
        "clients": [a_client(months_without_work="33"), a_client("K-3")],
        "measurements": [an_answer(), an_answer(measured_on="2025-08-04", value="5"), an_answer("K-3")],
        "participations": [a_participation(COORDINATION)],
        "outcomes": [],
    }
    done = take_in(write(tmp_path / "q", rows), tmp_path / "reg")
    changes = {table: told.change for table, told in done.report.tables.items()}
    assert changes["clients"] == register.Change(new=1, corrected=1)
    assert changes["measurements"] == register.Change(new=1, corrected=1, unchanged=1)
    assert changes["participations"] == register.Change(corrected=1)
    kept = register.open(tmp_path / "reg").tables()
    assert len(kept.clients) == 3
    assert len(kept.measurements) == 6
    assert sorted(kept.clients["months_without_work"]) == [31, 31, 33]
    assert kept.participations["ended_as"].tolist() == ["fullföljd"] * 2
    assert len(register.open(tmp_path / "reg").imports()) == 2


def test_a_failure_half_way_leaves_no_trace(tmp_path):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    before = everything(tmp_path / "reg")

    def fail(step):
        if step == "storing outcomes":
            raise RuntimeError(f"as if {PERSON} were in a message")

    package = write(tmp_path / "q", {"clients": [a_client(unit="Norr")]})
    for place in (tmp_path / "reg", tmp_path / "fresh"):
        with pytest.raises(ValueError, match="RuntimeError") as failed:
            take_in(package, place, tell=fail)
        assert PERSON not in "".join(traceback.format_exception(failed.value))
    assert everything(tmp_path / "reg") == before
    assert not (tmp_path / "fresh").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from package_builders import take_in
def tell(step):
    if step == "describing data quality":
        {do}
try:
    take_in(Path({package!r}), Path({register!r}), tell=tell)
except Exception as error:
    print(type(error).__name__, error)
"""


def in_another_process(package, place, do, first="pass"):
    code = KILLED.format(tests=str(Path(__file__).parent), package=str(package), register=str(place), do=do)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{first}\n{code}"], capture_output=True, text=True, check=False, env=environment
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Write a package larger than what SQLite keeps in memory before it writes to the file."""
    people = [f"K-{number}" for number in range(5000)]
    rows = {
        "clients": [a_client(id) for id in people],
        "measurements": [an_answer(id, measured_on=f"2025-0{n}-01") for id in people for n in range(1, 9)],
    }
    return write(tmp_path_factory.mktemp("large"), rows | {"participations": [], "outcomes": []})


def test_kill_9_half_way_leaves_the_register_as_it_was(tmp_path, large):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    before = register.open(tmp_path / "reg").version()
    died = in_another_process(large, tmp_path / "reg", "os.kill(os.getpid(), signal.SIGKILL)")
    assert died.returncode == -signal.SIGKILL
    assert register.open(tmp_path / "reg").version() == before
    assert len(list((tmp_path / "reg").rglob("report.json"))) == 1


def test_a_first_import_that_is_killed_leaves_no_register(tmp_path, large):
    in_another_process(large, tmp_path / "reg", "os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(RegisterUnavailable, match="there is no register"):
        register.open(tmp_path / "reg")
    take_in(large, tmp_path / "reg")
    assert len(register.open(tmp_path / "reg").tables().clients) == 5000


def test_a_full_disk_is_told_in_one_line_and_changes_nothing(tmp_path, large):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    before = register.open(tmp_path / "reg").version()
    small = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    small += "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
    told = in_another_process(large, tmp_path / "reg", "pass", first=small)
    assert told.stdout.startswith("RegisterUnavailable")
    assert told.stdout.count("\n") == 1
    assert register.open(tmp_path / "reg").version() == before
    assert sorted(path.name for path in (tmp_path / "reg").rglob("*") if path.is_file()) == [
        "quarantine.csv", register.FILE, "report.json",
    ]  # fmt: skip


# --- a planted personnummer is nowhere -------------------------------------------------------------------------------

FRAGMENTS = [PERSON, "811218", "1218", "9876", "8112189876", "19811218", "811218-9876"]


def plant(column, spelling):
    """Put the number into one column of every table that has it, beside a row that is sound."""
    rows = rows_of_two()
    rows["clients"] = [a_client("K-1"), a_client("K-2")]
    for table, given in rows.items():
        for row in given:
            row["client_id"] = "K-1"
            if column in row:
                row[column] = spelling
        makers = {"clients": a_client, "measurements": an_answer, "participations": a_participation}
        given.append(makers.get(table, an_outcome)("K-2"))
    return rows


ALL_COLUMNS = sorted({column for table in tables.TABLES for column in tables.columns(table)})


@pytest.mark.parametrize("spelling", [PERSON, "811218-9876", "198112189875"])
@pytest.mark.parametrize("column", ALL_COLUMNS)
def test_a_personnummer_in_any_column_is_in_no_file_and_no_message(tmp_path, capfd, caplog, column, spelling):
    caplog.set_level(logging.DEBUG)
    said = ""
    try:
        done = take_in(write(tmp_path / "p", plant(column, spelling)), tmp_path / "reg", report_to=tmp_path / "out")
        said = "\n".join(done.report.lines()) + repr(done) + repr(register.open(tmp_path / "reg"))
    except PathwayError as error:
        said = "".join(traceback.format_exception(error))
    output = capfd.readouterr()
    told = said + output.out + output.err + caplog.text
    files = everything(tmp_path / "reg") | everything(tmp_path / "out")
    assert files
    for fragment in (*FRAGMENTS, "9875"):
        assert fragment not in told.replace(str(tmp_path), "")
        assert not [name for name, content in files.items() if fragment.encode() in content]


def test_a_personnummer_in_headers_and_free_text_is_in_no_file_and_no_message(tmp_path):
    text = csv_of("clients", [a_client() | {PERSON: "x", "Anteckning": f"sonen {PERSON}"}], ";", (PERSON, "Anteckning"))
    done = take_in(write(tmp_path / "p", clients=text), tmp_path / "reg")
    told = "\n".join(done.report.lines())
    for fragment in FRAGMENTS:
        assert fragment not in told
        assert not any(fragment.encode() in content for content in everything(tmp_path / "reg").values())


@pytest.mark.parametrize("raw", [f"{PERSON};arbete\n" * 3, f'client_id,"{PERSON}\n', f"{PERSON}\0\n", PERSON])
def test_a_file_that_is_no_table_does_not_show_what_is_in_it(tmp_path, raw):
    with pytest.raises(PathwayError) as refused:
        take_in(write(tmp_path / "p", clients=raw), tmp_path / "reg")
    told = "".join(traceback.format_exception(refused.value)).replace(str(tmp_path), "")
    assert not [fragment for fragment in FRAGMENTS if fragment in told]


# --- the report ------------------------------------------------------------------------------------------------------


def test_the_report_is_written_as_json_beside_the_quarantine(tmp_path):
    done = take_in(write(tmp_path / "p"), tmp_path / "reg")
    told = json.loads((done.folder / "report.json").read_text(encoding="utf-8"))
    assert told["tables"]["measurements"]["read"] == 5
    assert told["quality"]["missing"]["tro_pa_jobb"] == {"asked": 4, "unanswered": 1, "share_unanswered": 0.25}
    assert told["quality"]["answers"] == {"klient": 2, "handläggare": 2}
    assert told["key_id"] == KEY.id
    assert done.folder.is_relative_to(tmp_path / "reg")


def test_the_report_goes_where_it_is_sent(tmp_path):
    done = take_in(write(tmp_path / "p"), tmp_path / "reg", report_to=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["quarantine.csv", "report.json"]
    assert done.folder == tmp_path / "out"


def described(rows):
    frame = pd.DataFrame(rows).replace("", None)
    frame["measured_on"] = pd.to_datetime(frame["measured_on"])
    frame["value"] = frame["value"].astype(float)
    return quality.describe(frame, instrument.read())


def test_intervals_and_measurements_are_counted_per_client():
    rows = [an_answer(measured_on=day) for day in ("2025-01-01", "2025-01-31", "2025-03-02")]
    told = described([*rows, an_answer("K-2", measured_on="2025-06-01")])
    assert told.interval_days["50%"] == 30.0
    assert told.measurements_per_client["95%"] == pytest.approx(2.9)


def test_a_measurement_with_one_answer_throughout_is_straight_lining():
    ids = [each.id for each in instrument.read().indicators if "klient" in each.respondents]
    same = [an_answer("K-1", indicator=id, value="3") for id in ids]
    varied = [an_answer("K-2", indicator=id, value=str(1 + n % 5)) for n, id in enumerate(ids)]
    few = [an_answer("K-3", indicator=id, value="3") for id in ids[:4]]
    assert described([*same, *varied, *few]).straight_lining["klient"] == quality.StraightLining(2, 1, 0.5)


def rated(caseworker, shift):
    """Let a caseworker rate forty clients on one indicator, 2 and 3 by turns, shifted by some steps."""
    return [
        an_answer(
            f"K-{caseworker}-{n}", respondent="handläggare", respondent_id=caseworker, value=str(2 + n % 2 + shift)
        )
        for n in range(40)
    ]


def test_a_caseworker_far_from_the_others_stands_out_and_the_others_do_not():
    rows = [row for number in range(9) for row in rated(f"hl{number}", 2 if number == 4 else 0)]
    told = described(rows)
    assert told.raters_judged == 9
    assert [rater.caseworker for rater in told.raters_outstanding] == ["hl4"]
    assert 1 < told.raters_outstanding[0].deviation_steps <= 2


def test_caseworkers_who_rate_alike_do_not_stand_out():
    assert described([row for number in range(9) for row in rated(f"hl{number}", 0)]).raters_outstanding == ()


def test_the_doors_of_the_room_are_these():
    assert set(intake.__all__) == {"Report", "TableReport", "TakenIn", "take_in"}
