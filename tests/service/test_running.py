"""How the service runs: how fast anybody may call, what a stop does to calls under way, what its log may hold."""

import asyncio
import http.client
import io
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from service import logs, serving
from service.access.pace import Pace
from service.errors import TooMany
from tests.service.conftest import NUMBER, House, case

SAID = "Klienten, Majken Svensson 19811218-9876, orkar inte mer."


def test_a_caller_that_is_too_fast_is_told_when_to_come_back_and_others_are_not(furnish: Callable[..., House]) -> None:
    house = furnish(calls_per_minute=3)
    told = [house.call("handläggare", "GET", "/stops") for _ in range(4)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429]
    problem = told[-1].json()
    assert (problem["status"], problem["type"]) == (429, "urn:pathway:problem:too_many")
    assert 1 <= int(told[-1].headers["Retry-After"]) <= 20
    assert house.call("enhetschef", "GET", "/stops").status_code == 200
    assert house.call(None, "GET", "/ready").status_code == 200


def test_calls_come_back_evenly_and_never_more_than_a_minute_s() -> None:
    now, seconds = 0.0, set[int]()
    pace = Pace(lambda: now)

    def n_let_through() -> int:
        for count in range(1_000):
            try:
                pace.take("a", 60)
            except TooMany as refused:
                seconds.add(refused.seconds)
                return count
        return 1_000

    assert n_let_through() == 60
    now = 10.0
    assert n_let_through() == 10
    now = 10_000.0
    assert n_let_through() == 60
    assert seconds == {1}
    for _ in range(1_000):
        pace.take("a", 0)


def test_a_call_that_is_refused_for_its_pace_leaves_no_trace_in_the_database(furnish: Callable[..., House]) -> None:
    house = furnish(calls_per_minute=1)
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    n_told = len(house.trail())
    assert house.call("handläggare", "POST", "/cases", case("fall-ny")).status_code == 429
    assert len(house.trail()) == n_told


def test_no_small_packet_is_held_back() -> None:
    """An answer is two packets, head and body; asyncio lets the second go at once if the socket says that it is TCP."""
    listening, address = serving.listen("127.0.0.1", 0)
    with listening:
        listening.listen()
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))):
            accepted, _ = listening.accept()
            with accepted:
                asyncio.base_events._set_nodelay(accepted)
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@contextmanager
def process_of(house: House) -> Iterator[tuple[int, int]]:
    """Serve a house in a process of its own; its id and port."""
    listening, _ = serving.listen("127.0.0.1", 0)
    listening.listen(16)
    house.installation.store.close()
    process = os.fork()
    if not process:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            settings = replace(house.installation.settings, log_level="error")
            serving.serve(replace(house.installation, settings=settings), listening)
        finally:
            os._exit(0)
    port = int(listening.getsockname()[1])
    listening.close()
    yield process, port


def test_a_stop_lets_a_suggestion_under_way_be_finished(house: House) -> None:
    """Three callers ask at once; the process is told to stop meanwhile, and still answers all of them."""
    with process_of(house) as (process, port):
        statuses: list[int] = []
        headers = {"Authorization": f"Bearer {house.tokens['handläggare']}", "Content-Type": "application/json"}

        def ask(connection: http.client.HTTPConnection) -> None:
            connection.request("POST", "/api/v1/suggestions", json.dumps({"case_number": NUMBER}), headers)
            statuses.append(connection.getresponse().status)

        connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(3)]
        for connection in connections:  # warm, so that the stop comes while they are worked on
            connection.request("GET", "/api/v1/ready")
            assert connection.getresponse().read()
        threads = [threading.Thread(target=ask, args=(connection,)) for connection in connections]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        os.kill(process, signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert os.waitpid(process, 0)[1] in (0, signal.SIGTERM)  # not killed for waiting too long
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=1)
    assert statuses == [201, 201, 201]
    assert house.call("handläggare", "GET", "/suggestions").json()["total"] == 4


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that the service writes, at its most talkative: its own log, other libraries', and both outputs."""
    written = io.StringIO()
    monkeypatch.setattr(logging.getLogger("httpx2"), "propagate", False)  # the tests' own client
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, written)
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logs.set_up("debug")
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
    logs.set_up("error")


def test_the_log_holds_nothing_that_anybody_said(
    house: House, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way in, with a name and a personnummer in it, well and badly; at the lowest level of all loggers."""
    id, secret = house.suggestion["suggestion_id"], house.tokens["handläggare"]
    said: list[tuple[str | None, str, str, Any]] = [
        ("handläggare", "GET", f"/cases/{NUMBER}", None),
        ("handläggare", "GET", "/cases/19811218-9876", None),
        ("handläggare", "GET", "/cases/Majken%20Svensson", None),
        ("handläggare", "POST", "/cases", case("19811218-9876")),
        ("handläggare", "POST", "/cases", {"case_id": SAID}),
        ("handläggare", "POST", "/cases", case("fall-ny") | {"profile": {"gender": SAID}}),
        ("handläggare", "POST", "/suggestions", {"case_number": NUMBER, "wishes": {"avoid": [SAID]}}),
        ("handläggare", "POST", f"/suggestions/{id}/decision",
         {"answer": "rejected", "reason_code": "other", "reason": SAID}),
        ("handläggare", "POST", f"/cases/{NUMBER}/consents",
         {"recipient": SAID, "purpose": SAID, "ends_on": "2999-01-01"}),
        ("handläggare", "GET", "/insatser?q=Majken", None),
        ("handläggare", "GET", "/suggestions?case_number=Majken", None),
        ("enhetschef", "POST", "/stops", {"scope": "unit", "reason": SAID}),
        (None, "GET", "/Majken", None),
    ]  # fmt: skip
    for who, method, path, body in said:
        house.call(who, method, path, body, headers={"X-Name": "Majken", "Cookie": "name=Majken"})
    house.call(None, "GET", "/cases/x", headers={"Authorization": f"Bearer {secret}x", "User-Agent": "Majken"})
    house.call(None, "POST", "/oauth/token", data={"grant_type": SAID, "client_id": SAID, "client_secret": secret})

    def fail(*_: Any) -> None:
        raise RuntimeError(SAID)

    with monkeypatch.context() as broken:
        broken.setattr("service.cases.find", fail)
        assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 500
    written = log.getvalue()
    calls = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert len([one for one in calls if one["event"] == "call"]) == len(said) + 3
    assert [one["kind"] for one in calls if one["event"] == "mistake"] == ["RuntimeError"]
    for word in ("Majken", "Svensson", "19811218", NUMBER, "försörjningsstöd", secret, secret[-20:]):
        assert word not in written
