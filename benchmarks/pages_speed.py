"""How much longer the pages take on the server than the API does for the same things.

    .venv/bin/python -m benchmarks.pages_speed

A demo is served as `pathway serve --demo` does, and asked by one caller over one connection: each page as a person who
is logged in, and the operation of the API that gives the same content. Wall time of each answer, whole; the machine
must have nothing else to do. Beside it the server's CPU time per answer, on average, which says something on a busy
machine too (Linux only). "First view" goes round so many suggestions that none is laid out already.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from service.pages.shelf import Shelf

CASE = "fall-0001"
ROUND = Shelf().room + 1  # suggestions that push each other off the shelf
MORE_MS = 20.0  # the bar: p95 within so many milliseconds of the API's


@contextmanager
def serve_demo(folder: str) -> Iterator[tuple[str, dict[str, str], int]]:
    """Serve a demo until the block is left; its address, the token of each role, its process."""
    command = [sys.executable, "-c", "from pathway.cli import main; main()", "serve", "--demo", "--port", "0"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    serving = subprocess.Popen([*command, "--folder", folder], text=True, **quiet)  # type: ignore[call-overload]  # noqa: S603
    try:
        assert serving.stdout is not None
        lines = []
        while not lines or not lines[-1].startswith("administrator"):
            lines.append(serving.stdout.readline())
            assert lines[-1] or serving.poll() is None, "the demo did not start"
        (address, *_) = re.findall(r"http://[\d.]+:\d+", "".join(lines))
        yield address, dict(line.split() for line in lines if " pwg_" in line), serving.pid
    finally:
        serving.terminate()
        serving.wait(30)


def measure(address: str, tokens: dict[str, str], process: int, n: int) -> list[str]:
    """Ask for each page and its operation n times; rows of the table."""
    host = urlsplit(address)
    caller = http.client.HTTPConnection(host.hostname or "", host.port)

    def call(method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        caller.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = caller.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer

    as_system = {"Authorization": f"Bearer {tokens['handläggare']}", "Content_Type": "application/json"}

    def suggest(number: int) -> str:
        asked = json.dumps({"case_number": CASE})
        made = call("POST", "/api/v1/suggestions", asked, Idempotency_Key=f"speed-{number}", **as_system)
        return str(json.loads(made.body)["suggestion_id"])  # type: ignore[attr-defined]

    suggestions = [suggest(number) for number in range(ROUND)]
    suggestion, around = suggestions[0], cycle(suggestions)
    form = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
    entered = call("POST", "/login/demo", urlencode({"role": "handläggare"}), **form)
    as_person = {"Cookie": (entered.getheader("set-cookie") or "").partition(";")[0]}

    rows = []
    for name, page, operation in (
        ("suggestion, first view", lambda: f"/suggestions/{next(around)}", f"/suggestions/{suggestion}"),
        ("suggestion", lambda: f"/suggestions/{suggestion}", f"/suggestions/{suggestion}"),
        ("case", lambda: f"/cases/{CASE}", f"/cases/{CASE}"),
        ("catalogue", lambda: "/catalogue", "/insatser?limit=100"),
    ):
        shown = times(lambda page=page: call("GET", page(), **as_person), process, n)
        given = times(lambda operation=operation: call("GET", f"/api/v1{operation}", **as_system), process, n)
        more = shown[1] - given[1]
        cells = [f"{median:.1f} / {high:.1f}" for median, high, _ in (shown, given)]
        rows.append(f"| {name} | {cells[0]} | {cells[1]} | {more:+.1f} | {'yes' if more <= MORE_MS else '**no**'} |"
                    f" {shown[2]:.1f} / {given[2]:.1f} |")  # fmt: skip
    return rows


def times(ask: Callable[[], http.client.HTTPResponse], process: int, n: int) -> tuple[float, float, float]:
    """Give median, 95th percentile and mean CPU time of n answers, in milliseconds, after three that do not count."""
    taken, used = [], 0.0
    for number in range(n + 3):
        if number == 3:
            used = cpu_of(process)
        began = time.perf_counter()
        status = ask().status
        if number >= 3:
            taken.append(1000 * (time.perf_counter() - began))
        assert status == 200, status
    taken.sort()
    return taken[n // 2], taken[int(0.95 * n)], 1000 * (cpu_of(process) - used) / n


def cpu_of(process: int) -> float:
    """Give the CPU time that a process has used, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve_demo(folder) as (address, tokens, process):
        rows = measure(address, tokens, process, chosen.answers)
    heads = (
        "page",
        "page: p50 / p95 ms",
        "API: p50 / p95 ms",
        "p95 more",
        f"within {MORE_MS:.0f} ms",
        "CPU ms: page / API",
    )
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
