"""How much longer the pages take on the server than the API does for the same things.

    .venv/bin/python -m benchmarks.pages_speed

A demo is served as `pathway serve --demo` does, and asked by one caller over one connection: each page as a person who
is logged in, and the operation of the API that gives the same content. Wall time of each answer, whole; the machine
must have nothing else to do.
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

CASE = "fall-0001"
MORE_MS = 20.0  # the bar: p95 within so many milliseconds of the API's


@contextmanager
def serve_demo(folder: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve a demo until the block is left; its address and the token of each role."""
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
        yield address, dict(line.split() for line in lines if " pwg_" in line)
    finally:
        serving.terminate()
        serving.wait(30)


def measure(address: str, tokens: dict[str, str], n: int) -> list[str]:
    """Ask for each page and its operation n times; rows of the table."""
    host = urlsplit(address)
    caller = http.client.HTTPConnection(host.hostname or "", host.port)

    def call(method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        caller.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = caller.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer

    as_system = {"Authorization": f"Bearer {tokens['handläggare']}", "Content_Type": "application/json"}
    made = call("POST", "/api/v1/suggestions", json.dumps({"case_number": CASE}), Idempotency_Key="speed", **as_system)
    suggestion = json.loads(made.body)["suggestion_id"]  # type: ignore[attr-defined]
    form = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
    entered = call("POST", "/login/demo", urlencode({"role": "handläggare"}), **form)
    as_person = {"Cookie": (entered.getheader("set-cookie") or "").partition(";")[0]}

    rows = []
    for name, page, operation in (
        ("suggestion", f"/suggestions/{suggestion}", f"/suggestions/{suggestion}"),
        ("case", f"/cases/{CASE}", f"/cases/{CASE}"),
        ("catalogue", "/catalogue", "/insatser?limit=100"),
    ):
        shown = times(lambda page=page: call("GET", page, **as_person), n)
        given = times(lambda operation=operation: call("GET", f"/api/v1{operation}", **as_system), n)
        more = shown[1] - given[1]
        cells = [f"{median:.1f} / {high:.1f}" for median, high in (shown, given)]
        rows.append(f"| {name} | {cells[0]} | {cells[1]} | {more:+.1f} | {'yes' if more <= MORE_MS else '**no**'} |")
    return rows


def times(ask: Callable[[], http.client.HTTPResponse], n: int) -> tuple[float, float]:
    """Give the median and the 95th percentile of n answers, in milliseconds, after three that do not count."""
    taken = []
    for number in range(n + 3):
        began = time.perf_counter()
        status = ask().status
        if number >= 3:
            taken.append(1000 * (time.perf_counter() - began))
        assert status == 200, status
    taken.sort()
    return taken[n // 2], taken[int(0.95 * n)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve_demo(folder) as (address, tokens):
        rows = measure(address, tokens, chosen.answers)
    print(
        f"| page | page: p50 / p95 ms | API: p50 / p95 ms | p95 more | within {MORE_MS:.0f} ms |\n|---|---|---|---|---|"
    )
    print("\n".join(rows))


if __name__ == "__main__":
    main()
