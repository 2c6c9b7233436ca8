"""The service and its database in trouble: killed, full, locked, gone and back. Nothing acknowledged is ever lost."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service import trail
from service.store import connect, migration
from tests.service.conftest import NUMBER, House, case, open_on, people

ROOT = Path(__file__).parent.parent.parent
ANSWER = {"answer": "rejected", "reason_code": "other", "reason": "Klienten har fått arbete."}


def holds(house: House) -> bool:
    installation = house.installation
    with installation.store.reading() as connection:
        return trail.check(connection, installation.signer, installation.vault).faults == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_under_load_it_loses_nothing_that_it_acknowledged(kind: str, request: pytest.FixtureRequest) -> None:
    """A few rounds; ``python -m benchmarks.service_crash --rounds 200`` has more."""
    asked = ["--rounds", "3", "--database", kind, "--seconds", "0.5"]
    asked += ["--url", request.getfixturevalue("postgresql")] if kind == "postgresql" else []
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.service_crash", *asked],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    row = [cell.strip() for cell in done.stdout.splitlines()[-1].split("|")]
    assert row[1:3] == [kind, "3"]
    assert int(row[3]) >= 3


def _is_full(house: House) -> Any:
    """Let the database grow no more, as on a full disk."""

    def refuse_to_grow(connection: Any, _: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    house.installation.store.close()
    sa.event.listen(house.installation.store.engine, "connect", refuse_to_grow)
    return refuse_to_grow


def test_on_a_full_disk_nothing_is_half_done_and_it_recovers_by_itself(house: House) -> None:
    full = _is_full(house)
    one = {"respondent": "klient", "indicator": "tro_pa_jobb", "value": 3}
    days = [f"20{year}-01-{day:02}" for year in range(10, 26) for day in range(1, 29)]
    big = case("fall-stor") | {"measurements": [one | {"measured_on": day} for day in days]}
    told = [house.call("handläggare", "POST", "/cases", big | {"case_id": f"fall-{n}"}) for n in range(6)]
    refused = [answer for answer in told if answer.status_code == 503]
    assert refused
    assert {answer.status_code for answer in told} <= {201, 503}
    assert "no space left" in refused[0].json()["detail"]
    assert refused[0].headers["Retry-After"]
    sa.event.remove(house.installation.store.engine, "connect", full)
    house.installation.store.close()
    for n, answer in enumerate(told):
        known = house.call("handläggare", "GET", f"/cases/fall-{n}").status_code
        assert known == (200 if answer.status_code == 201 else 404)
    assert house.call("handläggare", "POST", "/cases", case("fall-sen")).status_code == 201
    assert holds(house)


def test_a_locked_database_is_named_and_the_decision_can_be_sent_again(house: House) -> None:
    store = connect(str(house.installation.store.engine.url), wait_seconds=1)
    impatient = House(open_on(store, house.installation.planning), house.tokens)
    path = f"/suggestions/{house.suggestion['suggestion_id']}/decision"
    with house.installation.store.writing():
        answer = impatient.call("handläggare", "POST", path, ANSWER)
    assert answer.status_code == 503
    assert "locked" in answer.json()["detail"]
    assert impatient.call("handläggare", "POST", path, ANSWER).status_code == 201
    assert holds(house)
    store.close()


def test_a_database_that_stops_and_starts_again_is_found_again(
    postgresql: str, postgresql_server: Any, planning: Any
) -> None:
    store = connect(postgresql, wait_seconds=2)
    migration.move(store)
    house = House(open_on(store, planning), {})
    house.tokens = people(house.installation)
    assert house.call("handläggare", "POST", "/cases", case()).status_code == 201
    postgresql_server.stop()
    try:
        for method, path, body in (("GET", f"/cases/{NUMBER}", None), ("POST", "/cases", case("fall-7"))):
            answer = house.call("handläggare", method, path, body)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert "nothing was written" in answer.json()["detail"]
        assert house.call(None, "GET", "/health").status_code == 503
        assert "pathway_ready 0.0" in house.call(None, "GET", "/metrics").text
    finally:
        postgresql_server.ensure_postgres_running()
    assert house.call(None, "GET", "/ready").status_code == 200
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert house.call("handläggare", "POST", "/cases", case("fall-7")).status_code == 201
    assert holds(house)
    store.close()


def test_a_session_that_the_database_ends_in_the_middle_undoes_everything(postgresql: str, planning: Any) -> None:
    store = connect(postgresql)
    migration.move(store)
    house = House(open_on(store, planning), {})
    house.tokens = people(house.installation)

    def end_the_session() -> None:
        with house.installation.visit(_operator(), "0" * 32) as visit:
            visit.tell("case.read")
            visit.connection.execute(sa.text("INSERT INTO unit VALUES ('half', 'way')"))
            visit.connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

    from service.errors import Unavailable

    with pytest.raises(Unavailable):
        end_the_session()
    assert house.trail() == []
    assert house.call("handläggare", "POST", "/cases", case()).status_code == 201
    store.close()


def _operator() -> Any:
    from service.access.callers import OPERATOR

    return OPERATOR


def test_what_a_failing_disk_says_is_not_repeated(furnish: Callable[..., House], tmp_path: Path) -> None:
    """A checkpoint file that cannot be written stops nothing; the log has the checkpoint."""
    house = furnish(checkpoint_every=1, checkpoint_file=tmp_path / "no-folder" / "kept.jsonl")
    answer = house.call("handläggare", "GET", f"/cases/{NUMBER}")
    assert answer.status_code == 200
    assert holds(house)
