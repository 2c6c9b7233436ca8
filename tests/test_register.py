import json
import sqlite3
import traceback

import pytest
from package_builders import (
    KEY,
    PERSON,
    TODAY,
    a_client,
    a_participation,
    an_answer,
    an_outcome,
    rows_of_two,
    take_in,
    write,
)

from pathway import instrument, pseudonym, register, tables
from pathway.errors import Mismatch, RegisterUnavailable


def test_a_register_that_is_not_there_is_not_made_by_opening_it(tmp_path):
    for place in (tmp_path / "none", f"sqlite:///{tmp_path}/none/a.db"):
        with pytest.raises(RegisterUnavailable, match="pathway import"):
            register.open(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 50, b""])
def test_a_file_that_is_no_register_is_refused_in_one_line(tmp_path, content):
    (tmp_path / register.FILE).write_bytes(content)
    with pytest.raises(RegisterUnavailable) as refused:
        register.open(tmp_path)
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "address", ["mysql://a/b", "sqlite://", "postgresql://nobody:secret@127.0.0.1:1/x", "no://", "", " "]
)
def test_an_address_that_leads_nowhere_is_refused_without_its_password(address):
    with pytest.raises(RegisterUnavailable) as refused:
        register.open(address)
    assert "secret" not in refused.value.message
    assert "\n" not in refused.value.message


def test_the_version_depends_on_the_rows_alone_not_on_how_they_came_in(tmp_path):
    rows = rows_of_two()
    take_in(write(tmp_path / "all"), tmp_path / "a")
    halves = [{table: given[half::2] for table, given in rows.items()} for half in (1, 0)]
    halves[0]["clients"] = rows["clients"]
    for number, half in enumerate(halves):
        take_in(write(tmp_path / f"half{number}", half), tmp_path / "b")
    assert register.open(tmp_path / "a").version() == register.open(tmp_path / "b").version()


@pytest.mark.parametrize(
    "change",
    [
        {"clients": [a_client(unit="Norr"), a_client("K-2")]},
        {"measurements": [an_answer(value="")]},
        {"participations": [a_participation(hours_per_week="7.6")]},
        {"outcomes": []},
    ],
)
def test_the_version_changes_when_any_row_does(tmp_path, change):
    rows = rows_of_two() | {"clients": [a_client(), a_client("K-2")]}
    take_in(write(tmp_path / "p", rows), tmp_path / "a")
    take_in(write(tmp_path / "q", rows | change), tmp_path / "b")
    assert register.open(tmp_path / "a").version() != register.open(tmp_path / "b").version()


def test_tables_have_the_contracts_columns_and_types_even_when_empty(tmp_path):
    take_in(write(tmp_path / "full"), tmp_path / "a")
    nothing = {"measurements": [], "participations": [], "outcomes": []}
    take_in(write(tmp_path / "empty", nothing), tmp_path / "b")
    full, empty = register.open(tmp_path / "a").tables(), register.open(tmp_path / "b").tables()
    for table in tables.TABLES:
        assert tuple(getattr(full, table).columns) == tables.columns(table)
        assert getattr(full, table).dtypes.equals(getattr(empty, table).dtypes)
    assert full.measurements.dtypes.astype(str).to_dict() == {
        "client_id": "str", "measured_on": "datetime64[s]", "respondent": "str", "respondent_id": "str",
        "indicator": "str", "value": "float64",
    }  # fmt: skip


def test_tables_are_sorted_by_their_keys(tmp_path):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    kept = register.open(tmp_path / "reg").tables()
    for table in tables.TABLES:
        keys = list(tables.KEYS[table])
        rows = getattr(kept, table)[keys]
        assert rows.equals(rows.sort_values(keys, ignore_index=True))


def test_imports_are_recorded(tmp_path):
    done = take_in(write(tmp_path / "p"), tmp_path / "reg")
    opened = register.open(tmp_path / "reg")
    (recorded,) = opened.imports()
    assert recorded.package == done.report.package
    assert (recorded.imported_on, recorded.key_id, recorded.instrument) == (TODAY, KEY.id, instrument.read().name)
    assert recorded.counts["clients"] == register.Change(new=2)
    assert opened.key_id == KEY.id


def test_a_register_with_people_who_do_not_exist_says_so(tmp_path):
    package = write(tmp_path / "p")
    (package / "datapackage.json").write_text(json.dumps(tables.descriptor("mock", title="MOCK: nobody")))
    assert "MOCK" in next(take_in(package, tmp_path / "reg").report.lines())
    take_in(write(tmp_path / "q", {"outcomes": []}), tmp_path / "reg")
    assert register.open(tmp_path / "reg").mock


@pytest.mark.parametrize("description", ["{", "[]", '{"title": "Export"}'])
def test_any_other_description_of_a_package_does_not_matter(tmp_path, description):
    package = write(tmp_path / "p")
    (package / "datapackage.json").write_text(description)
    take_in(package, tmp_path / "reg")
    assert not register.open(tmp_path / "reg").mock


def test_two_imports_at_once_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(register, "_PATIENCE_SECONDS", 0.1)
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    with (
        register.writing(tmp_path / "reg", KEY.id, instrument.read()),
        pytest.raises(RegisterUnavailable, match="busy"),
    ):
        take_in(write(tmp_path / "q", {"outcomes": []}), tmp_path / "reg")


def test_a_register_of_another_format_is_refused(tmp_path):
    take_in(write(tmp_path / "p"), tmp_path / "reg")
    with sqlite3.connect(tmp_path / "reg" / register.FILE) as connection:
        connection.execute("UPDATE register SET format = 99")
    with pytest.raises(RegisterUnavailable, match="another format"):
        register.open(tmp_path / "reg")


def test_a_database_url_names_an_embedded_register_too(tmp_path):
    url = f"sqlite:///{tmp_path}/deep/down/my.db"
    done = take_in(write(tmp_path / "p"), url)
    assert len(register.open(url).tables().clients) == 2
    assert done.folder.is_relative_to(tmp_path / "deep" / "down")


# --- the same on PostgreSQL ------------------------------------------------------------------------------------------


def import_on(package, url, out, **given):
    return take_in(package, url, report_to=out, **given)


def test_postgresql_and_sqlite_keep_the_same_rows(tmp_path, postgresql):
    package = write(tmp_path / "p")
    take_in(package, tmp_path / "reg")
    import_on(package, postgresql, tmp_path / "out")
    later = write(tmp_path / "q", {"clients": [a_client(unit="Åby"), a_client("K-3")], "outcomes": [an_outcome("K-3")]})
    one = take_in(later, tmp_path / "reg").report
    other = import_on(later, postgresql, tmp_path / "out").report
    assert one == other
    opened = register.open(tmp_path / "reg"), register.open(postgresql)
    assert opened[0].version() == opened[1].version()
    assert opened[0].imports() == opened[1].imports()
    for table in tables.TABLES:
        assert getattr(opened[0].tables(), table).equals(getattr(opened[1].tables(), table))


def test_on_postgresql_an_import_is_all_or_nothing_and_alone(tmp_path, postgresql):
    import_on(write(tmp_path / "p"), postgresql, tmp_path / "out")
    before = register.open(postgresql).version()

    def fail(step):
        if step == "describing data quality":
            raise RuntimeError

    later = write(tmp_path / "q", {"outcomes": [an_outcome(status="arbete")]})
    with pytest.raises(ValueError, match="RuntimeError"):
        import_on(later, postgresql, tmp_path / "late", tell=fail)
    with (
        register.writing(postgresql, KEY.id, instrument.read()),
        pytest.raises(RegisterUnavailable, match="another import is running"),
    ):
        import_on(later, postgresql, tmp_path / "late")
    other = pseudonym.Key("another key for tests, as well known")
    with pytest.raises(Mismatch):
        import_on(later, postgresql, tmp_path / "late", key=other)
    assert register.open(postgresql).version() == before
    assert not (tmp_path / "late").exists()


def test_on_postgresql_the_same_package_twice_changes_nothing(tmp_path, postgresql):
    package = write(tmp_path / "p")
    import_on(package, postgresql, tmp_path / "out")
    again = import_on(package, postgresql, tmp_path / "out")
    assert again.report.already_taken_in_on == TODAY
    assert len(register.open(postgresql).imports()) == 1


def test_an_empty_postgresql_database_holds_no_register(postgresql):
    with pytest.raises(RegisterUnavailable, match="pathway import"):
        register.open(postgresql)


def test_what_was_to_be_written_is_not_in_what_postgresql_refuses(tmp_path, postgresql, monkeypatch):
    monkeypatch.setattr(register, "_records", lambda table, rows: [(PERSON,) * len(tables.columns(table))])
    with pytest.raises(RegisterUnavailable) as refused:
        import_on(write(tmp_path / "p"), postgresql, tmp_path / "out")
    assert PERSON not in "".join(traceback.format_exception(refused.value))
