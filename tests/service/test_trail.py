"""The trail: whatever is done to it is found, and nothing happens without it."""

# ruff: noqa: S608 - tables are named by the test itself

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service import trail
from service.errors import BrokenTrail
from service.store import connect, migration
from service.trail import chain, verify
from tests.service.conftest import NUMBER, UNIT, House, case, open_on, people

VERIFIER = Path(verify.__file__)
ANSWER = {"answer": "rejected", "reason_code": "other", "reason": "Klienten har fått arbete."}


def faults(house: House, **more: Any) -> list[str]:
    installation = house.installation
    with installation.store.reading() as connection:
        return trail.check(connection, installation.signer, installation.vault, **more).faults


def tamper(house: House, *statements: str) -> None:
    """Do what only somebody with the database file in hand can do."""
    house.installation.store.close()
    path = house.installation.store.engine.url.database
    assert path
    with sqlite3.connect(path) as connection:
        for trigger in ("trail_no_update", "trail_no_delete", "checkpoint_no_update", "checkpoint_no_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.fixture
def busy(furnish: Callable[..., House]) -> House:
    """A house where a few things have happened, and a checkpoint was made."""
    house = furnish(checkpoint_every=5)
    for _ in range(4):
        house.call("handläggare", "GET", f"/cases/{NUMBER}")
    id = house.suggestion["suggestion_id"]
    once = {"Idempotency-Key": "k"}
    assert house.call("handläggare", "POST", f"/suggestions/{id}/decision", ANSWER, headers=once).status_code == 201
    return house


def test_a_trail_that_nobody_touched_holds(busy: House) -> None:
    assert len(busy.trail()) >= 7
    assert faults(busy) == []


@pytest.mark.parametrize(
    ("done", "statements"),
    [
        ("an altered body", ["UPDATE trail SET body = replace(body, 'handläggare', 'auditor') WHERE seq = 3"]),
        ("a body that is no JSON", ["UPDATE trail SET body = '{' WHERE seq = 3"]),
        ("an altered hash", ["UPDATE trail SET hash = previous || '0' WHERE seq = 3"]),
        ("a deleted entry", ["DELETE FROM trail WHERE seq = 3"]),
        ("a deleted first entry", ["DELETE FROM trail WHERE seq = 1"]),
        ("a deleted last entry", ["DELETE FROM trail WHERE seq = (SELECT max(seq) FROM trail)"]),
        (
            "two entries in each other's place",
            [
                "UPDATE trail SET seq = -3 WHERE seq = 3",
                "UPDATE trail SET seq = 3 WHERE seq = 4",
                "UPDATE trail SET seq = 4 WHERE seq = -3",
            ],
        ),
        ("an entry filed elsewhere", ["UPDATE trail SET suggestion_id = 'f-other' WHERE suggestion_id IS NOT NULL"]),
        ("an altered checkpoint", ["UPDATE checkpoint SET at = '2000-01-01T00:00:00.000000Z'"]),
        ("an altered end", ["UPDATE trail_head SET seq = seq + 1"]),
        ("altered content", ["UPDATE content SET salt = '00'"]),
        ("another answer", ["UPDATE decision SET answer = 'accepted'"]),
        ("another reason", ["UPDATE decision SET reason_code = 'health'"]),
        (
            "a decision in another's name",
            ["UPDATE decision SET decided_by = (SELECT id FROM account WHERE role = 'auditor')"],
        ),
        ("a decision that is gone", ["DELETE FROM decision"]),
        ("a suggestion that abstains now", ["UPDATE suggestion SET status = 'abstained'"]),
        (
            "a suggestion that another unit sees",
            ["INSERT INTO unit (id, created_at) VALUES ('other', '')", "UPDATE suggestion SET unit_id = 'other'"],
        ),
        ("a suggestion of another case", ["UPDATE suggestion SET pseudonym = 'k-other'"]),
        ("a suggestion with other content", ["UPDATE suggestion SET output_sha256 = input_sha256"]),
        ("content in another's place", ["UPDATE content SET sealed = (SELECT sealed FROM content LIMIT 1)"]),
    ],
)
def test_tampering_is_found(done: str, statements: list[str], busy: House) -> None:
    tamper(busy, *statements)
    assert faults(busy), done


def test_content_that_was_deleted_without_a_word_is_found(busy: House) -> None:
    tamper(busy, "DELETE FROM decision", "DELETE FROM suggestion", "DELETE FROM content")
    assert any("what was shown is gone" in fault for fault in faults(busy))


def test_a_trail_rewritten_from_an_entry_on_is_found_by_its_signatures(busy: House) -> None:
    tamper(busy)
    with busy.installation.store.writing() as connection:
        rows = [dict(row) for row in connection.execute(sa.text("SELECT * FROM trail ORDER BY seq")).mappings()]
        previous = verify.START
        for row in rows:
            entry = json.loads(row["body"])
            entry["actor"] = {"account": "somebody else"}
            body = verify.canonical(entry)
            link = verify.link(previous, body)
            connection.execute(
                sa.text("UPDATE trail SET body = :b, hash = :h, previous = :p WHERE seq = :s"),
                {"b": body, "h": link, "p": previous, "s": row["seq"]},
            )
            previous = link
        connection.execute(sa.text("UPDATE trail_head SET hash = :h"), {"h": previous})
    assert {fault.split(":")[0].split()[0] for fault in faults(busy)} == {
        "head", "checkpoint", "suggestion", "decision",
    }  # fmt: skip


def test_entries_cut_off_with_the_end_put_back_are_found_by_a_checkpoint(busy: House) -> None:
    early = "(SELECT min(seq) FROM checkpoint)"
    put_back = (
        f"UPDATE trail_head SET (seq, hash, at, signature) = "
        f"(SELECT seq, hash, at, signature FROM checkpoint WHERE seq = {early})"
    )
    assert busy.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    for _ in range(4):
        busy.call("handläggare", "GET", f"/cases/{NUMBER}")
    with busy.installation.store.reading() as connection:
        from service.store import trail as rows

        kept = rows.checkpoints(connection)
    assert len(kept) >= 2
    tamper(busy, put_back, f"DELETE FROM trail WHERE seq > {early}")
    assert any("cut off" in fault for fault in faults(busy))

    with sqlite3.connect(str(busy.installation.store.engine.url.database)) as connection_:
        connection_.execute(f"DELETE FROM checkpoint WHERE seq > {early}")
    connection_.close()
    with busy.installation.store.reading() as connection:
        signer = busy.installation.signer
        assert not any("cut off" in fault for fault in trail.check(connection, signer).faults)
        assert any("kept checkpoint" in fault for fault in trail.check(connection, signer, kept=kept).faults)


def test_nothing_is_built_upon_an_end_that_was_changed(busy: House) -> None:
    tamper(
        busy,
        "DELETE FROM trail WHERE seq > 3",
        "UPDATE trail_head SET seq = 3, hash = (SELECT hash FROM trail WHERE seq = 3)",
    )
    answer = busy.call("handläggare", "GET", f"/cases/{NUMBER}")
    assert answer.status_code == 503
    assert NUMBER not in answer.text
    assert busy.call(None, "GET", "/ready").json()["parts"]["trail"] != "ok"


def test_the_database_itself_refuses_to_change_the_trail(busy: House) -> None:
    path = busy.installation.store.engine.url.database
    with sqlite3.connect(str(path)) as connection:
        for statement in ("DELETE FROM trail", "UPDATE trail SET hash = ''", "DELETE FROM checkpoint"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                connection.execute(statement)
    connection.close()


def test_without_the_trail_there_is_no_decision(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = busy.suggest()
    path = f"/suggestions/{made['suggestion_id']}/decision"

    def fail(*_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    with monkeypatch.context() as broken:
        broken.setattr(chain.rows, "append", fail)
        assert busy.call("handläggare", "POST", path, ANSWER).status_code == 503
    assert busy.call("handläggare", "GET", path).status_code == 404
    assert busy.call("handläggare", "POST", path, ANSWER).status_code == 201
    assert faults(busy) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/cases/{NUMBER}", None),
        ("GET", f"/cases/{NUMBER}/export", None),
        ("POST", "/cases", case("fall-3")),
        ("POST", "/suggestions", {"case_number": NUMBER}),
        ("GET", "/suggestions", None),
    ],
)
def test_without_the_trail_nothing_is_shown_or_written(
    method: str, path: str, body: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(house.trail())

    def fail(*_: Any, **__: Any) -> None:
        raise BrokenTrail("gone")

    with monkeypatch.context() as broken:
        broken.setattr(chain.rows, "append", fail)
        answer = house.call("handläggare", method, path, body)
    assert answer.status_code == 503
    assert "profile" not in answer.text
    assert len(house.trail()) == before
    assert house.call("handläggare", "GET", "/cases/fall-3").status_code == 404


def test_the_trail_names_nobody(busy: House) -> None:
    told = json.dumps(busy.trail(), ensure_ascii=False)
    assert NUMBER not in told
    assert ANSWER["reason"] not in told
    assert not [value for value in ("F43", "försörjningsstöd") if value in told]


def test_a_decision_in_the_trail_tells_what_was_shown_with_which_versions(busy: House) -> None:
    made, decided = busy.trail("suggestion.made")[0], busy.trail("decision.made")[0]
    assert set(made["versions"]) == {"model", "catalogue", "catalogue_sha256", "instrument", "software"}
    assert decided["contents"]["output"] == made["contents"]["output"]
    assert decided["facts"]["answer"] == "rejected"


def test_erasure_leaves_a_trail_that_holds_and_nothing_of_the_client(busy: House) -> None:
    consent = {"recipient": "Söder", "purpose": "planering", "ends_on": "2999-01-01"}
    busy.call("handläggare", "POST", f"/cases/{NUMBER}/consents", consent, headers={"Idempotency-Key": "k2"})
    assert busy.call("enhetschef", "DELETE", f"/cases/{NUMBER}").json()["n_erased"] == 3
    assert faults(busy) == []
    assert busy.trail("case.erased")[0]["erased"]
    id = busy.suggestion["suggestion_id"]
    for path in (f"/cases/{NUMBER}", f"/suggestions/{id}", f"/suggestions/{id}/decision"):
        assert busy.call("handläggare", "GET", path).status_code == 404
    with busy.installation.store.reading() as connection:
        for table in ("client_case", "measurement", "content", "suggestion", "decision", "consent", "idempotency"):
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_erasure_leaves_nothing_sealed_in_the_files_of_the_database(busy: House) -> None:
    store = busy.installation.store
    with store.reading() as connection:
        rows = [bytes(row[0]) for row in connection.execute(sa.text("SELECT sealed FROM content"))]
    file = Path(str(store.engine.url.database))

    def left() -> int:
        files = [path.read_bytes() for path in (file, file.with_name(f"{file.name}-wal"))]
        return sum(row[:64] in content for row in rows for content in files)

    assert left() >= len(rows) == 3
    with store.reading() as reader:  # keeps what it reads until it ends
        reader.execute(sa.text("SELECT count(*) FROM content")).scalar_one()
        busy.call("enhetschef", "DELETE", f"/cases/{NUMBER}")
    busy.call("handläggare", "POST", "/cases", case("fall-99"))  # the next to write tries again
    assert left() == 0


def test_cases_that_nobody_used_for_long_are_erased_and_the_trail_holds(busy: House) -> None:
    from service import rights
    from service.access.callers import OPERATOR

    with busy.installation.visit(OPERATOR, "0" * 32) as visit:
        assert rights.expire(visit, "2000-01-01") == 0
        assert rights.expire(visit, "2999-01-01") == 1
    assert faults(busy) == []
    assert busy.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 404


@pytest.mark.parametrize("with_contents", [True, False])
def test_the_stand_alone_verifier_says_the_same(with_contents: bool, busy: House, tmp_path: Path) -> None:
    installation = busy.installation
    exported, key = tmp_path / "trail.jsonl", installation.signer.public_key
    with installation.store.reading() as connection:
        records = list(trail.export(connection, installation.vault if with_contents else None))

    def verified(lines: list[dict[str, Any]]) -> tuple[int, str]:
        exported.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", VERIFIER, exported, key], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    assert verified(records) == (0, "the trail holds\n")
    assert verified(records[1:])[0] == 1


def test_the_stand_alone_verifier_is_short_and_needs_one_library() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    imported = {line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_checkpoints_are_also_kept_where_the_settings_say(furnish: Callable[..., House], tmp_path: Path) -> None:
    house = furnish(checkpoint_every=1, checkpoint_file=tmp_path / "kept.jsonl")
    house.call("handläggare", "GET", f"/cases/{NUMBER}")
    kept = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [point["seq"] for point in kept] == [len(house.trail())]
    assert faults(house, kept=kept) == []


@pytest.fixture
def on_postgresql(postgresql: str, planning: Any) -> House:
    store = connect(postgresql)
    migration.move(store)
    house = House(open_on(store, planning), {})
    house.tokens = people(house.installation)
    return house


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_many_at_once_make_one_chain(kind: str, request: pytest.FixtureRequest) -> None:
    house: House = request.getfixturevalue("house" if kind == "sqlite" else "on_postgresql")
    house.call("handläggare", "POST", "/cases", case())
    # A second installation on the same database stands for a second process.
    store = connect(house.installation.store.engine.url.render_as_string(hide_password=False))
    second = House(open_on(store, house.installation.planning), house.tokens)
    before = len(house.trail())

    def read(number: int) -> int:
        return (house, second)[number % 2].call("handläggare", "GET", f"/cases/{NUMBER}").status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(read, range(30))) == {200}
    assert len(house.trail()) == before + 30
    assert faults(house) == []
    store.close()
    house.installation.store.close()


def test_on_postgresql_the_whole_way_is_the_same(on_postgresql: House) -> None:
    house = on_postgresql
    assert house.call("handläggare", "POST", "/cases", case()).status_code == 201
    made = house.suggest()
    id = made["suggestion_id"]
    assert house.call("handläggare", "GET", f"/suggestions/{id}").json() == made
    assert house.call("handläggare Söder", "GET", f"/suggestions/{id}").status_code == 404
    assert house.call("handläggare", "POST", f"/suggestions/{id}/decision", ANSWER).status_code == 201
    assert house.call("handläggare", "POST", f"/suggestions/{id}/decision", ANSWER).status_code == 409
    with house.installation.store.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match="never"):
        connection.execute(sa.text("DELETE FROM trail"))
    assert house.call("enhetschef", "DELETE", f"/cases/{NUMBER}").status_code == 200
    assert faults(house) == []
    assert house.trail("case.created")[0]["actor"]["unit"] == UNIT
    house.installation.store.close()
