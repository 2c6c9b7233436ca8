"""The rights of the person by command: given out to be read, corrected, erased; each told to the trail."""

import argparse
import json
from collections.abc import Callable
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pathway.errors import PathwayError
from service import command, personpage, trail
from service.errors import NotFound
from tests.service.conftest import NUMBER, UNIT, House, case, name_in_environment

ANSWER = {"answer": "rejected", "reason_code": "other", "reason": "<b>Klienten har fått arbete.</b>"}
Go = Callable[..., str]


@pytest.fixture
def go(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Go:
    """Run commands on the house's database, with its keys."""
    name_in_environment(house, monkeypatch)
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())

    def run(*arguments: str) -> str:
        chosen = parser.parse_args(arguments)
        chosen.run(chosen)
        return capsys.readouterr().out

    return run


def holds(house: House) -> bool:
    installation = house.installation
    with installation.store.reading() as connection:
        return trail.check(connection, installation.signer, installation.vault).faults == []


class Readable(HTMLParser):
    """Checks that tags are closed in order, and collects text and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def test_what_is_stored_is_given_out_as_json_and_as_a_page(house: House, go: Go, tmp_path: Path) -> None:
    id = house.suggestion["suggestion_id"]
    house.call("handläggare", "POST", f"/suggestions/{id}/decision", ANSWER)
    house.call("handläggare", "POST", f"/suggestions/{id}/what-if", {"limits": {"hours_per_week": 4}})
    as_json, as_page = tmp_path / "out.json", tmp_path / "out.html"
    for out in (as_json, as_page):
        go("person", "export", NUMBER, "--unit", UNIT, "--out", str(out))
        assert out.stat().st_mode & 0o077 == 0
    told = json.loads(as_json.read_text(encoding="utf-8"))
    assert told["case"] == case()
    assert told["suggestions"][0]["decision"]["reason"] == ANSWER["reason"]
    page = Readable()
    page.feed(as_page.read_text(encoding="utf-8"))
    assert (page.open, page.fetched) == ([], [])
    text = " ".join(page.text)
    assert ANSWER["reason"] in text
    assert "Förslaget följs inte" in text
    planning = house.installation.planning
    first = house.suggestion["plans"][0]["activities"][0]
    assert planning.catalogue.by_id[first["insats_id"]].name in text
    assert first["text"] in text
    last = date.fromisoformat(first["end_on"]) - timedelta(days=1)
    assert f"{first['start_on']}–{last.isoformat()}" in text
    for answer in case()["measurements"]:
        assert answer["measured_on"] in text
    exported = house.trail("case.exported")
    assert [one["actor"] for one in exported] == 2 * [
        {"account": "operator", "kind": "person", "role": "administrator", "unit": UNIT}
    ]


def test_the_page_has_a_word_for_everything_a_profile_can_hold() -> None:
    from dataclasses import fields

    from pathway.case import Goal, Limits, Profile, Wishes

    words = personpage._words()["words"]
    parts = (("wishes.", Wishes), ("limits.", Limits), ("goal.", Goal), ("", Profile))
    assert [
        f"{part}{one.name}" for part, shape in parts for one in fields(shape) if f"{part}{one.name}" not in words
    ] == []


def test_a_page_without_model_or_case_is_written_all_the_same(house: House) -> None:
    from pathway import shipped
    from service.planning import Planning

    told = house.call("handläggare", "GET", f"/cases/{NUMBER}/export").json()
    page = Readable()
    page.feed(personpage.write(told | {"case": None}, Planning(None, shipped.model(), 1, 1, "gone")))
    assert "inte sparat" in " ".join(page.text)


def test_an_export_that_cannot_be_written_is_not_told_as_given_out(house: House, go: Go, tmp_path: Path) -> None:
    with pytest.raises(PathwayError):
        go("person", "export", NUMBER, "--unit", UNIT, "--out", str(tmp_path))
    assert house.trail("case.exported") == []


def test_a_correction_by_command_overtakes_and_is_told(house: House, go: Go, tmp_path: Path) -> None:
    corrected = case() | {"profile": {"birth_year": 1980}}
    (tmp_path / "case.json").write_text(json.dumps(corrected), encoding="utf-8")
    with pytest.raises(PathwayError, match="changed since"):
        go("person", "correct", NUMBER, "--unit", UNIT, "--version", "7", str(tmp_path / "case.json"))
    assert "version 2" in go("person", "correct", NUMBER, "--unit", UNIT, str(tmp_path / "case.json"))
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").json()["profile"] == {"birth_year": 1980}
    id = house.suggestion["suggestion_id"]
    assert house.call("handläggare", "GET", f"/suggestions/{id}/state").json()["overtaken"] is True
    assert house.trail("case.corrected")[0]["actor"]["account"] == "operator"
    assert holds(house)


def test_erasure_by_command_needs_a_yes_and_leaves_the_trail_whole(house: House, go: Go) -> None:
    with pytest.raises(PathwayError, match="--yes"):
        go("person", "erase", NUMBER, "--unit", UNIT)
    with pytest.raises(NotFound, match="--unit"):
        go("person", "erase", NUMBER, "--unit", "Ingenstans", "--yes")
    with pytest.raises(NotFound):
        go("person", "erase", NUMBER, "--unit", "Söder", "--yes")
    assert "Erased" in go("person", "erase", NUMBER, "--unit", UNIT, "--yes")
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 404
    assert go("trail", "verify").startswith("The trail holds")


def test_what_was_not_used_for_long_is_counted_then_erased(house: House, go: Go) -> None:
    assert go("db", "expire", "--before", "2000-01-01").startswith("0 cases would")
    assert go("db", "expire", "--before", "2999-01-01").startswith("1 cases would")
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert go("db", "expire", "--before", "2999-01-01", "--yes").startswith("1 cases were")
    assert house.trail("case.expired")
    assert holds(house)


def test_replay_by_command_says_that_nothing_differs(house: House, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    from service import planning

    monkeypatch.setattr(planning, "load", lambda _: house.installation.planning)
    told = go("replay", house.suggestion["suggestion_id"])
    assert "The same to the last bit" in told
    assert "keep the rules" in told
    assert json.loads(go("replay", house.suggestion["suggestion_id"], "--json"))["holds"] is True
