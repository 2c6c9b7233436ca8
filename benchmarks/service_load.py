"""Measures the service beside its floor, in one run: suggestions, reads, memory, and the time from start to ready.

    OMP_NUM_THREADS=1 python -m benchmarks.service_load --requests 20000

The service runs in a process of its own and is asked over HTTP by this one. The floor of a suggestion is the same desk
(model and solver) in another process, asked through a pipe; the floor of a read is an application that answers the same
bytes over HTTP from memory. Service and floor take turns, so that whatever else the machine does falls on both. Times
are wall times; processor times of both processes stand beside them, because a shared machine disturbs the former.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.service_crash import furnish, started
from pathway import case as cases
from pathway import catalogue, modelfolder, plan, shipped
from pathway.suggestion import Desk
from service import serving
from service.planning import Planning

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_RUN = "import sys; from pathway.cli import main; sys.exit(main())"


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used, with all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def megabytes(process: int) -> float:
    """Memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE / 1e6


class Caller:
    """Calls over one connection."""

    def __init__(self, port: int, bearer: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._used = 0.0
        self._headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """Call; the answer's bytes."""
        if time.monotonic() - self._used > 2:  # the server lets go of connections that are not used
            self._connection.close()
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, self._headers)
        answer = self._connection.getresponse()
        told = answer.read()
        self._used = time.monotonic()
        if answer.status not in (200, 201):
            raise ValueError(f"{method} {path}: {answer.status}")
        return told


@contextmanager
def floor_of_suggestions(desk: Desk) -> Iterator[tuple[int, Callable[[Any], None]]]:
    """Run the desk in a process of its own; its id, and a way to ask it."""
    here, there = multiprocessing.Pipe()
    process = os.fork()
    if not process:
        while True:
            raw = there.recv()
            made = desk.suggest(cases.shape(raw, desk.model.instrument), datetime.now(UTC))
            there.send(json.dumps(plan.plain(made)))

    def ask(raw: Any) -> None:
        here.send(raw)
        here.recv()

    try:
        yield process, ask
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


@contextmanager
def floor_of_reads(answers: dict[str, bytes]) -> Iterator[int]:
    """Serve bytes from memory in a process of its own; its port."""
    listening, _ = serving.listen("127.0.0.1", 0)
    listening.listen(16)
    process = os.fork()
    if not process:
        import uvicorn

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return
            body = answers[scope["path"]]
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        config = uvicorn.Config(answer, log_config=None, access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])
        os._exit(0)
    port = int(listening.getsockname()[1])
    listening.close()
    try:
        yield port
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds that something takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def row(name: str, milliseconds: list[float], cpu: float) -> str:
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99])
    rate = 1000 * len(milliseconds) / sum(milliseconds)
    return f"| {name} | {rate:.2f} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {1000 * cpu / len(milliseconds):.1f} |"


HEAD = "| what | a second | p50 ms | p95 ms | p99 ms | processor ms |\n|---|---|---|---|---|---|"


def measure_suggestions(caller: Caller, service: int, floor: Any, raws: list[Any], rounds: int) -> None:
    floor_process, ask = floor
    for raw in raws[:1]:  # both are warm before anything is measured
        ask(raw)
        caller.ask("POST", "/api/v1/suggestions", {"case_number": raw["case_id"]})
    taken: dict[str, list[float]] = {"service": [], "floor": []}
    before = cpu_seconds(service), cpu_seconds(floor_process)
    for n in range(rounds):
        for raw in raws:
            number = raw["case_id"]

            def by_service(number: str = number) -> bytes:
                return caller.ask("POST", "/api/v1/suggestions", {"case_number": number})

            def by_floor(raw: Any = raw) -> None:
                ask(raw)

            pair = [("service", by_service), ("floor", by_floor)]
            for name, work in pair if n % 2 else reversed(pair):
                taken[name].append(timed(work))
    cpu = cpu_seconds(service) - before[0], cpu_seconds(floor_process) - before[1]
    print(f"\nSuggestions: {len(taken['service'])} of {len(raws)} mock cases, one caller\n\n{HEAD}")
    print(row("service", taken["service"], cpu[0]))
    print(row("floor: model and solver alone", taken["floor"], cpu[1]))
    wall = sum(taken["service"]) / sum(taken["floor"]) - 1
    print(f"\nOverhead: {wall:.1%} wall, {cpu[0] / cpu[1] - 1:.1%} processor (at most 25 %)")


def measure_reads(caller: Caller, service: int, paths: list[str], n: int) -> None:
    answers = {path: caller.ask("GET", path) for path in paths}
    with floor_of_reads(answers) as port:
        time.sleep(1)
        bare = Caller(port)
        taken: dict[str, list[float]] = {"service": [], "floor": []}
        before = cpu_seconds(service)
        for number in range(n):
            path = paths[number % len(paths)]
            taken["service"].append(timed(lambda path=path: caller.ask("GET", path)))
            taken["floor"].append(timed(lambda path=path: bare.ask("GET", path)))
        cpu = cpu_seconds(service) - before
    print(f"\nReads: {n} of cases and suggestions, each told to the trail\n\n{HEAD}")
    print(row("service", taken["service"], cpu))
    print(row("floor: the same bytes from memory", taken["floor"], float("nan")))
    over = np.percentile(taken["service"], 95) - np.percentile(taken["floor"], 95)
    print(f"\np95 over the floor: {over:.1f} ms (at most 15 ms)")


def measure_memory(caller: Caller, service: int, paths: list[str], raw: Any, n: int) -> None:
    marks = [0, n // 10, n // 4, n // 2, 3 * n // 4, n]
    print(f"\nMemory over {n} requests (reads; one of 50 stores a case)\n\n| after requests | MB |\n|---|---|")
    print(f"| 0 | {megabytes(service):.1f} |")
    for number in range(1, n + 1):
        if number % 50 == 0:
            caller.ask("POST", "/api/v1/cases", raw | {"case_id": f"minne-{number}"})
        else:
            caller.ask("GET", paths[number % len(paths)])
        if number in marks:
            print(f"| {number} | {megabytes(service):.1f} |", flush=True)


def measure_start(times: int) -> None:
    """Start the demo on a database that is there already, as a process of its own, until it is ready."""
    walls, cpus = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(times + 1):  # the first one makes the database and the byte code
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            began = time.perf_counter()
            command = [sys.executable, "-c", _RUN, "serve", "--demo", "--port", str(port), "--folder", folder]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
            while True:
                try:
                    Caller(port).ask("GET", "/api/v1/ready")
                    break
                except (OSError, ValueError):
                    time.sleep(0.01)
            walls.append(time.perf_counter() - began)
            cpus.append(cpu_seconds(process.pid))
            process.terminate()
            process.wait()
    wall, cpu = np.median(walls[1:]), np.median(cpus[1:])
    print(f"\nStart to ready: median of {times} {wall:.2f} s wall, {cpu:.2f} s processor;")
    print(f"the first time, which makes the demo's database: {walls[0]:.2f} s wall (at most 3 s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="times that every mock case is asked for")
    parser.add_argument("--cases", type=int, default=4, help="of the mock cases, from the first")
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=20_000, help="over which memory is watched; 0: not")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--url", help="a fresh database; default: SQLite")
    chosen = parser.parse_args()
    desk = Desk(modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue()))
    raws = json.loads(shipped.cases().read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        url = chosen.url or f"sqlite:///{Path(folder) / 'load.sqlite'}"
        installation, bearer = furnish(url, Planning(desk, shipped.model(), at_once=2, wait_seconds=60))
        settings = replace(installation.settings, calls_per_minute=0)
        with (
            floor_of_suggestions(desk) as floor,
            started(replace(installation, settings=settings)) as (service, port),
        ):
            time.sleep(1)
            caller = Caller(port, bearer)
            asked = [raw for raw in raws if raw.get("case_phase", "aktuell") == "aktuell"]
            asked = asked[: chosen.cases]
            for raw in asked:
                caller.ask("POST", "/api/v1/cases", raw)
            measure_suggestions(caller, service, floor, asked, chosen.rounds)
            made = [caller.ask("POST", "/api/v1/suggestions", {"case_number": raw["case_id"]}) for raw in asked[:3]]
            paths = [f"/api/v1/cases/{raw['case_id']}" for raw in asked]
            paths += [f"/api/v1/suggestions/{json.loads(one)['suggestion_id']}" for one in made]
            measure_reads(caller, service, paths, chosen.reads)
            if chosen.requests:
                measure_memory(caller, service, paths, asked[0], chosen.requests)
    if chosen.starts:
        measure_start(chosen.starts)


if __name__ == "__main__":
    main()
