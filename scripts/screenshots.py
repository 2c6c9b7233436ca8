"""Makes a screenshot of every page of the demo, wide and narrow: `.venv/bin/python -m scripts.screenshots [FOLDER]`."""

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts import chromium

WIDTHS = {"wide": 1280, "phone": 320}
BY_ROLE = {
    "": ("/", "/catalogue", "/catalogue/SE-01", "/your-data", "/tour/1", "/tour/5", "/nothing", "/cases"),
    "handläggare": (
        "/cases", "/cases?q=nothing", "/cases/fall-0001", "/cases/fall-0001?view=web", "/cases/fall-0009",
        "/cases/fall-0001/measurement", "{suggestion}", "{suggestion}/answer?answer=changed", "{suggestion}/rationale",
        "{suggestion}/client-page", "{suggestion}/why-not?insats=SE-01", "{abstained}", "/cases/fall-0001/sharing",
        "/cases/fall-0001/rights", "/cases/fall-0001/measurements/2026-09-25", "/cases/fall-0001/export.html",
    ),
    "enhetschef": ("/caseload", "/cases/fall-0001/rights", "/cases/fall-0001/erasure"),
    "auditor": ("/audit", "/audit{suggestion}"),
    "data_scientist": ("/model",),
}  # fmt: skip


@dataclass
class DemoServer:
    """A demo that is served, and what was made in it on the way."""

    address: str
    installation: Any
    made: dict[str, str] = field(default_factory=dict)


@contextmanager
def serve_demo(folder: Path) -> Iterator[DemoServer]:
    """Serve a demo from a folder of its own, on a port that is free, until the block is left."""
    import uvicorn

    from service import app, demo, logs, serving

    listening, address = serving.listen("127.0.0.1", 0)
    installation = demo.open_demo({}, folder, address)
    logs.set_up("error")
    config = uvicorn.Config(app.create(installation), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield DemoServer(address, installation)
    finally:
        server.should_exit = True
        thread.join(10)
        installation.store.close()


def enter(page: Any, address: str, role: str) -> None:
    """Log in as the demo's person of a role."""
    page.context.clear_cookies()
    page.goto(address)
    with page.expect_navigation():
        page.locator(f'form:has(input[value="{role}"]) button').click()


def ask(page: Any, server: DemoServer, number: str) -> str:
    """Ask for a suggestion for a case; its address on the server."""
    page.goto(f"{server.address}/cases/{number}")
    with page.expect_navigation(url="**/suggestions/**"):
        page.locator('form[action$="/suggestions"] button').click()
    return str(page.url).removeprefix(server.address)


def take(folder: Path) -> None:
    """Walk through the demo as each role and take a picture of each page at each width."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as demo, serve_demo(Path(demo)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="sv-SE")
        for role, paths in BY_ROLE.items():
            if role:
                enter(page, server.address, role)
            if role == "handläggare":
                server.made |= {
                    "suggestion": ask(page, server, "fall-0001"),
                    "abstained": ask(page, server, "fall-0009"),
                }
            for path in paths:
                name = path.replace("{suggestion}", "/suggestion").replace("{abstained}", "/abstained")
                name = "".join(c if c.isalnum() else "-" for c in name).strip("-") or "front"
                for width, pixels in WIDTHS.items():
                    page.set_viewport_size({"width": pixels, "height": 900})
                    page.goto(server.address + path.format(**server.made))
                    page.screenshot(path=folder / f"{role or 'anybody'}-{name}-{width}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/pages"), help="default: %(default)s")
    take(parser.parse_args().folder)
