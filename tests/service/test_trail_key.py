"""The trail's key is changed within the trail: the old key signs the new one, and whoever knows either can verify."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pathway import cli
from service import moving, trail
from service.errors import BrokenTrail, Conflict
from service.store import trail as rows
from service.trail import Signer, verify
from tests.service.conftest import NUMBER, House, name_in_environment

OLD, NEW, THIRD, FOREIGN = (f"{name} trail key of the tests-" * 2 for name in ("old", "new", "third", "foreign"))
Record = dict[str, Any]


def with_keys(house: House, *secrets: str) -> House:
    """The same house, started again with other trail keys."""
    return House(replace(house.installation, signer=Signer(secrets)), house.tokens, house.suggestion)


def read(house: House) -> int:
    return house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code


def public(secret: str) -> str:
    return Signer([secret]).public_key


@pytest.fixture
def old(furnish: Callable[..., House]) -> House:
    """A house whose trail is signed with the old key."""
    house = furnish(checkpoint_every=3)
    with_keys(house, OLD, *house.installation.settings.trail_keys).installation.change_trail_key()
    return with_keys(house, OLD)


@pytest.fixture
def records(old: House) -> list[Record]:
    """A trail as it is exported: signed with the old key, then with the new one."""
    assert read(old) == 200
    changing = with_keys(old, NEW, OLD)
    changing.installation.change_trail_key()
    new = with_keys(old, NEW)
    assert [read(new) for _ in range(4)] == [200] * 4
    with new.installation.store.reading() as connection:
        return [dict(one) for one in trail.export(connection)]


def faults(records: list[Record], secret: str) -> list[str]:
    return list(verify.faults(records, public(secret)))


def test_a_key_is_changed_while_others_go_on_and_nothing_is_lost(old: House) -> None:
    other = with_keys(old, NEW, OLD)  # another server, started with both keys: the old one signs until it is changed
    assert read(other) == 200
    with other.installation.store.reading() as connection:
        assert old.installation.signer.key_of(rows.head(connection)) == public(OLD)
    changing = with_keys(old, NEW, OLD)
    changing.installation.change_trail_key()
    assert read(other) == 200
    assert read(old) == 503  # which knows the old key only
    assert old.call(None, "GET", "/ready").json()["parts"]["trail"] != "ok"
    new = with_keys(old, NEW)
    assert read(new) == 200
    assert new.call(None, "GET", "/ready").json()["parts"]["trail"] == "ok"
    told = new.trail(verify.KEY_CHANGED)[-1]
    assert told["facts"] == {"from": public(OLD), "to": public(NEW)}
    with new.installation.store.reading() as connection:
        for signer in (new.installation.signer, changing.installation.signer):
            checked = trail.check(connection, signer, new.installation.vault)
            assert (checked.faults, checked.public_key) == ([], public(NEW))


def test_the_key_is_changed_by_command(
    old: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name_in_environment(old, monkeypatch)
    monkeypatch.setenv("PATHWAY_TRAIL_KEY", f"{NEW}, {OLD}")
    assert cli.main(["trail", "change-key"]) == 0
    assert public(NEW) in capsys.readouterr().out
    assert cli.main(["trail", "change-key"]) == 2
    assert "already" in capsys.readouterr().err
    monkeypatch.setenv("PATHWAY_TRAIL_KEY", NEW)
    assert cli.main(["trail", "verify"]) == 0
    assert public(NEW) in capsys.readouterr().out


def test_a_backup_from_before_the_change_is_restored_with_both_keys(old: House, tmp_path: Path) -> None:
    settings = replace(old.installation.settings, trail_key=OLD, database_url=str(old.installation.store.engine.url))
    moving.backup(settings, tmp_path / "backup.sqlite")
    with_keys(old, NEW, OLD).installation.change_trail_key()
    elsewhere = replace(settings, trail_key=NEW, database_url=f"sqlite:///{tmp_path / 'restored.sqlite'}")
    with pytest.raises(BrokenTrail):
        moving.restore(elsewhere, tmp_path / "backup.sqlite")
    assert moving.restore(replace(elsewhere, trail_key=f"{NEW},{OLD}"), tmp_path / "backup.sqlite").n_entries > 0


def test_the_first_key_cannot_be_changed_to_itself(old: House) -> None:
    n_told = len(old.trail())
    with pytest.raises(Conflict, match="put the new one first"):
        old.installation.change_trail_key()
    assert len(old.trail()) == n_told


def test_whoever_knows_any_of_the_trail_s_keys_can_verify_it(records: list[Record]) -> None:
    assert faults(records, NEW) == []
    assert faults(records, OLD) == []
    assert faults(records, FOREIGN) != []


def test_a_trail_that_ends_with_the_change_holds(old: House) -> None:
    changing = with_keys(old, NEW, OLD)
    changing.installation.change_trail_key()
    with old.installation.store.reading() as connection:
        exported = [dict(one) for one in trail.export(connection)]
    assert [faults(exported, secret) for secret in (OLD, NEW)] == [[], []]


def changed_at(records: list[Record]) -> int:
    """The number of the entry that changes the key from the old to the new one."""
    return max(one["seq"] for one in records if one["kind"] == "entry" and verify.KEY_CHANGED in one["body"])


def without_the_checkpoint(records: list[Record]) -> list[Record]:
    at = changed_at(records)
    return [one for one in records if not (one["kind"] == "checkpoint" and one["seq"] == at)]


def with_the_checkpoint_signed_anew(records: list[Record]) -> list[Record]:
    at, signer = changed_at(records), Signer([NEW])
    return [
        one | {"signature": signer.sign(one, public(NEW))} if one["kind"] == "checkpoint" and one["seq"] == at else one
        for one in records
    ]


def with_the_end_signed_by_the_old_key(records: list[Record]) -> list[Record]:
    signer = Signer([OLD])
    return [one | {"signature": signer.sign(one, public(OLD))} if one["kind"] == "head" else one for one in records]


def with_another_key_named(records: list[Record]) -> list[Record]:
    return rewritten(records, {"from": public(OLD), "to": public(FOREIGN)}, FOREIGN)


def with_keys_that_do_not_meet(records: list[Record]) -> list[Record]:
    return rewritten(records, {"from": public(FOREIGN), "to": public(NEW)}, NEW)


def with_facts_that_are_none(records: list[Record]) -> list[Record]:
    return rewritten(records, ["x"], NEW)


def rewritten(records: list[Record], facts: Any, secret: str) -> list[Record]:
    """Write the last change of key anew, and all that follows, with a right chain; signed with a key of one's own."""
    at, signer, previous, hashes, told = changed_at(records), Signer([secret]), verify.START, [verify.START], []
    for one in (record for record in records if record["kind"] == "entry"):
        body = json.loads(one["body"])
        text = verify.canonical(body | {"facts": facts} if body["seq"] == at else body)
        link = verify.link(previous, text)
        told.append(one | {"body": text, "previous": previous, "hash": link})
        previous = link
        hashes.append(link)
    for one in (record for record in records if record["kind"] != "entry"):
        if one["seq"] >= at:
            one = one | {"hash": hashes[one["seq"]]}
            one = one | {"signature": signer.sign(one, public(secret))}
        told.append(one)
    return told


@pytest.mark.parametrize("secret", [OLD, NEW])
@pytest.mark.parametrize(
    "tamper",
    [
        without_the_checkpoint,
        with_the_checkpoint_signed_anew,
        with_the_end_signed_by_the_old_key,
        with_another_key_named,
        with_keys_that_do_not_meet,
        with_facts_that_are_none,
    ],
)
def test_tampering_with_the_change_is_found_with_either_key(
    tamper: Callable[[list[Record]], list[Record]], secret: str, records: list[Record]
) -> None:
    assert faults(tamper(records), secret) != []


def test_whoever_steals_the_old_key_cannot_go_on_with_the_trail(records: list[Record]) -> None:
    """Another history from the change on, signed with the old key throughout: whoever has the new key finds it."""
    at, signer = changed_at(records), Signer([OLD])
    kept = [one for one in records if one["kind"] == "entry" and one["seq"] < at]
    end = {"kind": "head", "seq": at - 1, "hash": kept[-1]["hash"], "at": "2026-11-22T08:00:00.000000Z"}
    points = [one for one in records if one["kind"] == "checkpoint" and one["seq"] < at]
    forged = [*kept, *points, end | {"signature": signer.sign(end, public(OLD))}]
    assert faults(forged, NEW) != []
    third = {"from": public(OLD), "to": public(FOREIGN)}
    assert faults(rewritten(records, third, FOREIGN), NEW) != []


def test_the_stand_alone_verifier_follows_the_change(records: list[Record], tmp_path: Path) -> None:
    def verified(lines: list[Record], secret: str, *kept: Record) -> tuple[int, str]:
        for name, written in (("trail", lines), ("kept", kept)):
            text = "".join(json.dumps(line) + "\n" for line in written)
            (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", verify.__file__, tmp_path / "trail.jsonl", public(secret), tmp_path / "kept.jsonl"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    kept = [one for one in records if one["kind"] == "checkpoint"]
    assert {one["seq"] > changed_at(records) for one in kept} == {True, False}
    assert verified(records, NEW, *kept) == (0, "the trail holds\n")
    assert verified(records, OLD)[0] == 0
    assert verified(records, FOREIGN)[0] == 1
    assert verified(without_the_checkpoint(records), NEW)[0] == 1
    cut = [one for one in records if one["kind"] != "checkpoint" or one["seq"] <= changed_at(records)]
    assert verified(cut, NEW, kept[-1] | {"hash": "0" * 64})[0] == 1


def test_a_key_can_be_changed_many_times(records: list[Record], old: House) -> None:
    changing = with_keys(old, THIRD, NEW)
    changing.installation.change_trail_key()
    back = with_keys(old, OLD, THIRD)
    back.installation.change_trail_key()
    assert read(with_keys(old, OLD)) == 200
    with old.installation.store.reading() as connection:
        exported = [dict(one) for one in trail.export(connection)]
    assert [faults(exported, secret) for secret in (OLD, NEW, THIRD)] == [[], [], []]
    assert len(exported) > len(records)
