"""What holds for every page and state: no fault that axe finds, not wider than the screen, light, strict headers."""

import gzip
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from scripts.screenshots import DemoServer
from tests.pages.browsing import click

PAGES = {
    "": (
        "/", "/catalogue", "/catalogue?q=finnsinte", "/catalogue?type=jobb&municipality=0580&intake=datum&free=1",
        "/catalogue/SE-01", "/catalogue/AT-02", "/your-data", "/tour", "/tour/2", "/tour/3", "/tour/4", "/tour/5",
        "/nothing", "/cases",
    ),
    "handläggare": (
        "/cases", "/cases?q=finnsinte", "/cases?all=1", "/cases/fall-0004", "/cases/fall-0004?view=web",
        "/cases/fall-0009", "/cases/fall-0008?done=overtaken", "/cases/fall-0004/measurement", "{suggestion}",
        "{abstained}", "{overtaken}", "{suggestion}/answer?answer=changed", "{abstained}/answer",
        "{suggestion}/rationale", "{suggestion}/numbers", "{suggestion}/client-page",
        "{suggestion}/why-not?insats=IPS-01", "{suggestion}/why-not?insats=nothing", "/audit", "/caseload", "/model",
        "/cases/fall-0008/rights", "/cases/fall-0008/sharing", "/cases/fall-0008/sharing?done=given",
        "/cases/fall-0004/measurements/2026-09-17", "/cases/fall-0004/measurements/1999-01-01",
        "/cases/fall-0008?done=corrected", "/cases/fall-0008/erasure", "/logins",
    ),
    "enhetschef": (
        "/caseload", "/caseload?error=reason", "/caseload?done=erased", "/caseload?number=finnsinte", "{suggestion}",
        "/cases/fall-0008/rights", "/cases/fall-0008/erasure", "/cases/fall-0008/sharing",
    ),
    "auditor": ("/audit", "/audit?q=f-nothing", "/audit{suggestion}", "{suggestion}", "/model"),
    "data_scientist": ("/model", "/model?error=reason"),
    "administrator": ("/logins",),
}  # fmt: skip
LIMIT_BYTES = 60_000
AXE = Axe()


def faults_of(page: Page) -> list[str]:
    """What axe finds, each with the first element that it finds it in."""
    found = AXE.run(page).response["violations"]
    return [f"{page.url} {one['id']}: {one['nodes'][0]['html'][:150]}" for one in found]


@pytest.mark.parametrize("role", PAGES)
def test_every_page_is_free_of_what_axe_finds_and_fits_at_400_percent(
    role: str, opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened(role)
    found = []
    for path in PAGES[role]:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path.format(**served.made))
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found += faults_of(page)
        if page.locator("h1").count() != 1 or page.get_attribute("html", "lang") != "sv":
            found.append(f"{path}: must have one h1, and say that it is in Swedish")
        page.set_viewport_size({"width": 320, "height": 256})  # 1280 by 1024 at 400 %, and a small phone
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if beyond > 0:
            found.append(f"{path}: is {beyond} pixels too wide")
    assert found == []


@pytest.mark.parametrize("role", PAGES)
def test_every_page_is_light_and_strict(role: str, opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened(role)
    known: dict[str, int] = {}
    found = []
    for path in PAGES[role]:
        answer = page.goto(path.format(**served.made))
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        if "unsafe" in policy or "default-src 'none'" not in policy:
            found.append(f"{path}: {policy}")
        if page.evaluate("document.querySelectorAll('[style], [onclick], style, script:not([src])').length"):
            found.append(f"{path}: has inline style or script")
        for address in page.evaluate(
            "[...document.querySelectorAll('link, script')].map((one) => one.href || one.src)"
        ):
            if address not in known:
                known[address] = len(gzip.compress(page.request.get(address).body(), 1))
        weight = len(gzip.compress(answer.body(), 1)) + sum(known.values())
        if weight > LIMIT_BYTES:
            found.append(f"{path}: {weight} bytes")
    assert found == []


def test_every_page_speaks_english_too(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    click(page, "text=In English")
    for path in ("/cases", "/cases/fall-0004", "{suggestion}", "{suggestion}/answer", "/catalogue/SE-01", "/tour/5",
                 "/cases/fall-0004/rights", "/cases/fall-0004/sharing"):  # fmt: skip
        page.goto(path.format(**served.made))
        assert page.get_attribute("html", "lang") == "en"
        assert faults_of(page) == []
    page.goto(served.made["suggestion"])
    assert page.locator('#notes ~ ul span[lang="sv"]').count() > 0
    click(page, "text=På svenska")
    assert page.get_attribute("html", "lang") == "sv"


def test_the_first_tab_stop_skips_to_the_content(opened: Callable[..., Page]) -> None:
    page = opened("handläggare")
    page.goto("/cases")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
