"""What the audit learns of how suggestions are used comes out of the service's own trail."""

import json

import pytest

from pathway.audit import use
from pathway.errors import UnreadableFile
from service import clock, trail
from tests.service.conftest import UNIT


def exported(house, path, with_contents):
    """Write the trail as ``pathway trail export`` does."""
    installation = house.installation
    with installation.store.reading() as connection:
        records = list(trail.export(connection, installation.vault if with_contents else None))
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


@pytest.mark.parametrize("with_contents", [True, False])
def test_answers_are_read_from_an_exported_trail(house, tmp_path, with_contents):
    id, plan = house.suggestion["suggestion_id"], house.suggestion["plans"][0]
    given = {"answer": "accepted", "reason_code": "fits_the_client", "reason": "Hemliga ord", "plan_rank": 1}
    assert house.call("handläggare", "POST", f"/suggestions/{id}/decision", given).status_code == 201
    (answer,) = use.read(exported(house, tmp_path / "trail.jsonl", with_contents))
    assert (answer.unit, answer.answer, answer.reason_code) == (UNIT, "accepted", "fits_the_client")
    assert answer.decided_on == clock.day(clock.now())
    assert answer.minutes >= 0
    suggested = tuple(one["insats_id"] for one in plan["activities"]) if with_contents else ()
    assert answer.suggested == answer.chosen == suggested
    assert "Hemliga" not in repr(answer)


def test_a_trail_without_answers_and_a_file_that_is_none_are_refused(house, tmp_path):
    with pytest.raises(UnreadableFile, match="no answers"):
        use.read(exported(house, tmp_path / "trail.jsonl", with_contents=False))
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(UnreadableFile, match="is not a trail"):
        use.read(tmp_path / "other.jsonl")
