"""Moving, backing up and restoring an installation; and the drill that docs/OPERATIONS.md has."""

import argparse
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pathway.errors import UnreadableFile
from service import command, moving, trail
from service.errors import BrokenTrail, WrongDatabase
from service.settings import Settings
from service.store import connect, migration
from service.store.schema import META
from tests.service.conftest import NUMBER, House, name_in_environment, open_on

PAGE = Path(__file__).parent.parent.parent / "docs" / "OPERATIONS.md"
ANSWER = {"answer": "rejected", "reason_code": "other", "reason": "Klienten har fått arbete."}


def settings_of(house: House, url: str | None = None) -> Settings:
    return replace(house.installation.settings, database_url=url or str(house.installation.store.engine.url))


def rows_of(url: str) -> dict[str, list[Any]]:
    store = connect(url)
    with store.reading() as connection:
        found = {
            table.name: [
                tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in META.sorted_tables
        }
    store.close()
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'other.sqlite'}"
    return str(request.getfixturevalue("postgresql"))


def test_an_installation_moves_there_and_back_and_every_row_is_the_same(
    house: House, other: str, tmp_path: Path
) -> None:
    key = house.call("administrator", "POST", "/keys", {"label": "system", "role": "auditor"}).json()
    token = {"grant_type": "client_credentials", "client_id": key["key_id"], "client_secret": key["bearer"]}
    assert house.call(None, "POST", "/oauth/token", data=token).status_code == 200
    made = house.suggest()
    house.call("handläggare", "POST", f"/suggestions/{made['suggestion_id']}/decision", ANSWER)
    before = rows_of(str(house.installation.store.engine.url))
    moved = moving.copy(settings_of(house), other)
    assert moved.n_rows == {name: len(rows) for name, rows in before.items()}
    after = rows_of(other)
    for name, rows in before.items():
        grown = name in ("trail", "trail_head", "checkpoint")  # the copy itself is told there
        assert after[name][: len(rows)] == rows or (grown and name != "trail")

    store = connect(other)
    there = House(open_on(store, house.installation.planning), house.tokens)
    assert there.call("handläggare", "GET", f"/suggestions/{made['suggestion_id']}").json() == made
    assert there.trail("database.copied")[0]["facts"]["n_entries"] == moved.n_entries
    store.close()
    back = f"sqlite:///{tmp_path / 'back.sqlite'}"
    moving.copy(settings_of(house, other), back)
    assert rows_of(back)["content"] == before["content"]


def test_nothing_is_copied_onto_anything(house: House, furnish: Callable[..., House], tmp_path: Path) -> None:
    taken = str(furnish().installation.store.engine.url)
    before = rows_of(taken)
    with pytest.raises(WrongDatabase, match="not empty"):
        moving.copy(settings_of(house), taken)
    assert rows_of(taken) == before
    with pytest.raises(WrongDatabase, match="nothing in the database"):
        moving.backup(settings_of(house, f"sqlite:///{tmp_path / 'new.sqlite'}"), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    (tmp_path / "there").write_text("something", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="there already"):
        moving.backup(settings_of(house), tmp_path / "there")


def test_a_trail_that_does_not_hold_is_not_copied(house: House, tmp_path: Path) -> None:
    with house.installation.store.writing() as connection:
        connection.execute(sa.text("UPDATE suggestion SET status = 'abstained'"))
    url = f"sqlite:///{tmp_path / 'other.sqlite'}"
    with pytest.raises(BrokenTrail, match="another one than the trail tells of"):
        moving.copy(settings_of(house), url)
    assert rows_of(url)["trail"] == []


def test_a_backup_is_taken_while_others_write_and_is_whole(house: House, other: str, tmp_path: Path) -> None:
    with house.installation.store.writing() as connection:
        connection.execute(sa.text("INSERT INTO unit VALUES ('half', 'way')"))
        moving.backup(settings_of(house), tmp_path / "backup.pathway")
    assert (tmp_path / "backup.pathway").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup.pathway"]
    house.call("handläggare", "GET", f"/cases/{NUMBER}")  # after the backup, so not in it
    content = (tmp_path / "backup.pathway").read_bytes()
    moved = moving.restore(settings_of(house, other), tmp_path / "backup.pathway")
    assert (tmp_path / "backup.pathway").read_bytes() == content
    assert ("half", "way") not in rows_of(other)["unit"]
    assert moved.n_entries == len(house.trail()) - 1
    with pytest.raises(WrongDatabase, match="not empty"):
        moving.restore(settings_of(house, other), tmp_path / "backup.pathway")


def test_a_backup_of_an_older_version_is_brought_up_and_what_is_none_is_refused(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup.pathway"
    moving.backup(settings_of(house), file)
    store = connect(f"sqlite:///{file}")
    migration.move(store, "0001")
    store.close()
    restored = f"sqlite:///{tmp_path / 'restored.sqlite'}"
    moving.restore(settings_of(house, restored), file)
    assert rows_of(restored)["content"] == rows_of(str(house.installation.store.engine.url))["content"]
    (tmp_path / "none").write_bytes(b"")
    with pytest.raises(WrongDatabase, match="no backup"):
        moving.restore(settings_of(house, f"sqlite:///{tmp_path / 'third.sqlite'}"), tmp_path / "none")


def test_the_written_drill_can_be_walked_through(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command between the drill's marks is run, in order, as it stands on the page."""
    page = PAGE.read_text(encoding="utf-8")
    drill = page.partition("<!-- drill -->")[2].partition("<!-- /drill -->")[0]
    steps = [
        line.partition("#")[0].strip()
        for block in re.findall(r"```\n(.*?)```", drill, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len([step for step in steps if step]) >= 5
    monkeypatch.chdir(tmp_path)
    name_in_environment(house, monkeypatch)
    monkeypatch.setenv("SUGGESTION_ID", house.suggestion["suggestion_id"])
    monkeypatch.setattr("service.planning.load", lambda _: house.installation.planning)
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    for step in filter(None, steps):
        words = [word.replace("$SUGGESTION_ID", house.suggestion["suggestion_id"]) for word in shlex.split(step)]
        if words[0] == "export":
            monkeypatch.setenv(*words[1].split("=", 1))
            continue
        assert words[0] == "pathway"
        chosen = parser.parse_args(words[1:])
        chosen.run(chosen)
    told = capsys.readouterr().out
    assert "The trail holds" in told
    assert "The same to the last bit" in told
    store = connect("sqlite:///drill.sqlite")
    with store.reading() as connection:
        assert trail.check(connection, house.installation.signer, house.installation.vault).faults == []
    store.close()
