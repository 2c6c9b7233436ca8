"""One demo for all tests of the pages: served by uvicorn from a temporary folder, seen by a real Chromium."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts import chromium
from scripts.screenshots import DemoServer, ask, enter, serve_demo

PATIENCE = 60_000  # milliseconds: other work may keep the machine busy


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """The demo, with a suggestion, one that abstains and one that is overtaken."""
    with serve_demo(tmp_path_factory.mktemp("demo")) as server:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        enter(page, server.address, "handläggare")
        server.made |= {
            "suggestion": ask(page, server, "fall-0004"),
            "abstained": ask(page, server, "fall-0009"),
            "overtaken": ask(page, server, "fall-0008"),
        }
        page.goto(f"{server.address}/cases/fall-0008/measurement")
        page.select_option('select[name="klient.natverk"]', "4")
        page.click("form .button--primary")
        page.wait_for_url("**/cases/fall-0008?done=overtaken")
        page.close()
        yield server


@pytest.fixture
def opened(browser: Browser, served: DemoServer) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody; what Chromium complains about, and every request to elsewhere, fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def begin(role: str = "", width: int = 1280, height: int = 900, script: bool = True, **more: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, base_url=served.address, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith(served.address) else complaints.append(sent.url))
        if role:
            enter(page, served.address, role)
        return page

    yield begin
    for context in contexts:
        context.close()
    assert [told for told in complaints if "Failed to load resource" not in told] == []
