"""No call is without an end: what takes too long is answered, and is not done afterwards."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from pathway.case import Case
from pathway.plan import Suggestion
from pathway.suggestion import Desk
from service import deadline
from service.errors import Unavailable
from service.planning import Planning
from service.store import connect, migration
from tests.service.conftest import NUMBER, House, case, open_on, people, wait_for


class SlowDesk(Desk):
    """A desk that works for as long as it is told to."""

    go_on: threading.Event
    at_work: threading.Thread

    def suggest(self, case: Case, created_at: datetime) -> Suggestion:
        self.at_work = threading.current_thread()
        self.go_on.wait(30)
        return super().suggest(case, created_at)


@pytest.fixture
def waiting(planning: Planning) -> Planning:
    """Planning that waits until it is told to go on."""
    desk = SlowDesk(planning.model, planning.catalogue)
    desk.go_on = threading.Event()
    return Planning(desk, planning._folder, at_once=2, wait_seconds=20)


@pytest.fixture
def slow(furnish: Callable[..., House], waiting: Planning) -> House:
    """A house whose calls may take a second, and whose planning waits."""
    return furnish(planning=waiting, call_seconds=1)


def test_a_suggestion_that_takes_too_long_is_a_503_and_is_not_kept_afterwards(slow: House) -> None:
    n_told, desk = len(slow.trail()), slow.installation.planning.desk
    answer = slow.call("handläggare", "POST", "/suggestions", {"case_number": NUMBER})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "longer than 1 seconds" in answer.json()["detail"]
    assert slow.call("handläggare", "GET", "/suggestions").status_code == 200  # others are answered meanwhile
    assert isinstance(desk, SlowDesk)
    desk.go_on.set()
    desk.at_work.join(60)  # where the call that nobody waits for any more goes on
    assert not desk.at_work.is_alive()
    assert slow.call("handläggare", "GET", "/suggestions").json()["total"] == 1
    assert [one["action"] for one in slow.trail()[n_told:]] == ["suggestions.listed"] * 2


@pytest.mark.parametrize(
    ("meanwhile", "status"),
    [
        (("DELETE", f"/cases/{NUMBER}", None), 404),
        (("POST", "/stops", {"scope": "unit", "reason": "översyn"}), 409),
    ],
)
def test_a_suggestion_for_a_case_erased_or_a_unit_stopped_meanwhile_is_not_kept(
    furnish: Callable[..., House], waiting: Planning, meanwhile: tuple[str, str, Any], status: int
) -> None:
    house, desk = furnish(planning=waiting), waiting.desk
    assert isinstance(desk, SlowDesk)
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(house.call, "handläggare", "POST", "/suggestions", {"case_number": NUMBER})
        while not hasattr(desk, "at_work"):
            time.sleep(0.01)
        assert house.call("enhetschef", *meanwhile).is_success
        desk.go_on.set()
        assert asked.result().status_code == status
    assert house.call("handläggare", "GET", "/suggestions").json()["total"] == (0 if status == 404 else 1)


def test_what_would_be_written_too_late_is_not_written(house: House) -> None:
    before = len(house.trail())
    caller = house.trail("case.created")[0]["actor"]["account"]
    with deadline.within(0), pytest.raises(Unavailable, match="nothing was written"):
        _write(house, caller)
    assert len(house.trail()) == before
    assert deadline.left() == float("inf")
    _write(house, caller)
    assert len(house.trail()) == before + 1


def _write(house: House, account: str) -> None:
    from service.access.callers import Caller

    with house.installation.visit(Caller(account, "person", "handläggare", "Norr"), "0" * 32) as visit:
        visit.tell("case.read")


def test_a_body_that_never_comes_is_answered(furnish: Callable[..., House]) -> None:
    house = furnish(call_seconds=1)
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/v1/cases", "raw_path": b"/api/v1/cases", "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"10"),
                    (b"authorization", f"Bearer {house.tokens['handläggare']}".encode())],
        "scheme": "http", "http_version": "1.1", "root_path": "", "server": ("service", 80), "client": None,
    }  # fmt: skip
    wait_for(house.app(scope, receive, send))
    assert [message.get("status") for message in sent if message["type"] == "http.response.start"] == [503]


def test_a_database_that_hangs_is_a_503_in_time_and_works_when_it_goes_on(postgresql: str, planning: Planning) -> None:
    store = connect(postgresql, wait_seconds=2)
    migration.move(store)
    house = House(open_on(store, planning, call_seconds=1), {})
    house.tokens = people(house.installation)
    assert house.call("handläggare", "POST", "/cases", case()).status_code == 201
    with store.engine.connect() as connection:
        asleep = int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())
    os.kill(asleep, signal.SIGSTOP)  # the process that serves the one connection of the pool
    try:
        began = time.monotonic()
        answer = house.call("handläggare", "GET", f"/cases/{NUMBER}")
        assert answer.status_code == 503
        assert time.monotonic() - began < 10
    finally:
        os.kill(asleep, signal.SIGCONT)
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert house.call("handläggare", "POST", "/cases", case("fall-7")).status_code == 201
    store.close()
