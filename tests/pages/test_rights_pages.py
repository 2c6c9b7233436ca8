"""What a person has a right to, done in a browser: sharing by consent, the extract, a correction, and erasing."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from scripts.screenshots import DemoServer, ask
from service import clock, demo, trail
from service.access import sessions
from service.store import accounts
from service.store import cases as stored_cases
from tests.pages.browsing import click
from tests.pages.test_every_page import faults_of

CASE = "/cases/fall-0005"


@contextmanager
def in_the_other_unit(served: DemoServer) -> Iterator[None]:
    """Let the demo's handläggare work in the neighbour's unit for a while."""
    store = served.installation.store
    with store.writing() as connection:
        row = accounts.account_of(connection, "demo", "handläggare")
        assert row is not None
        accounts.change_account(connection, row["id"], unit_id=demo.OTHER_UNIT)
    try:
        yield
    finally:
        with store.writing() as connection:
            accounts.change_account(connection, row["id"], unit_id=demo.UNIT)


def status_of(page: Page, path: str) -> int:
    answer = page.goto(path)
    assert answer is not None
    return answer.status


@pytest.mark.parametrize("script", [True, False])
def test_a_case_is_shared_by_consent_read_by_the_other_unit_and_taken_back(
    script: bool, opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare", script=script)
    suggestion = served.made["suggestion"]
    page.goto("/cases/fall-0004")
    click(page, "text=Dela ärendet med en annan enhet")
    click(page, "button:has-text('Dela ärendet')")
    assert page.locator("#errors li").count() == 4
    for name in ("recipient", "purpose", "ends_on", "agreed"):
        assert page.get_attribute(f"#{name}", "aria-describedby") is not None
        assert page.locator(f"#{name}-fault").is_visible()
    page.select_option("#recipient", demo.OTHER_UNIT)
    page.fill("#purpose", "Planera tillsammans")
    page.fill("#ends_on", "2020-01-01")
    click(page, "button:has-text('Dela ärendet')")
    assert "redan varit" in page.inner_text("#errors")
    assert (page.input_value("#purpose"), page.input_value("#recipient")) == ("Planera tillsammans", demo.OTHER_UNIT)
    assert not script or faults_of(page) == []  # axe itself needs it
    page.fill("#ends_on", (clock.day(served.installation.now()) + timedelta(days=30)).isoformat())
    click(page, 'label[for="agreed"]')
    click(page, "button:has-text('Dela ärendet')")
    page.wait_for_url("**/sharing?done=given")
    assert page.locator("tbody tr", has_text="Gäller").count() == 1
    assert not script or faults_of(page) == []  # axe itself needs it
    with in_the_other_unit(served):
        page.goto("/cases?q=fall-0004")
        click(page, "main .message a")
        assert "med personens samtycke" in page.inner_text("main")
        assert page.locator("form[action$='/suggestions'], a[href$='/measurement'], a[href$='/rights']").count() == 0
        assert status_of(page, suggestion) == 200
        assert page.locator("a[href$='/answer'], form[action*='what-if']").count() == 0
        assert status_of(page, "/cases/fall-0004/sharing") == 403
    page.goto("/cases/fall-0004/sharing")
    click(page, "button:has-text('Återkalla')")
    page.wait_for_url("**/sharing?done=revoked")
    assert page.locator("button:has-text('Återkalla')").count() == 0
    with in_the_other_unit(served):
        assert status_of(page, "/cases/fall-0004") == 404
        assert status_of(page, suggestion) == 404


def test_a_consent_that_is_sent_twice_is_recorded_once(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    page.goto("/cases/fall-0003/sharing")
    form = {"once": page.input_value('input[name="once"]'), "recipient": demo.OTHER_UNIT, "purpose": "En gång",
            "ends_on": "2099-01-01", "agreed": "1"}  # fmt: skip
    for _ in "12":
        page.request.post("/cases/fall-0003/sharing", form=form)
    page.goto("/cases/fall-0003/sharing")
    assert page.locator("tbody tr").count() == 1


def test_all_that_is_stored_is_given_out_to_be_read_and_as_a_file(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare")
    page.goto("/cases/fall-0004")
    click(page, "text=Ge ut, rätta eller radera uppgifter")
    with page.expect_download() as loaded:
        click(page, "text=Hämta som fil")
    assert loaded.value.suggested_filename == "fall-0004.json"
    told = json.loads(loaded.value.path().read_text(encoding="utf-8"))
    assert told["case_number"] == "fall-0004"
    assert len(told["suggestions"]) >= 1
    with page.expect_popup() as other:
        click(page, "text=Läs eller skriv ut")
    read = other.value
    read.wait_for_load_state()
    assert "Det som är sparat om dig" in read.inner_text("h1")
    assert read.evaluate("getComputedStyle(document.body).maxWidth") == "960px"  # its own styles apply, no others
    assert faults_of(read) == []


def test_a_measurement_is_corrected_and_what_rested_on_it_is_overtaken(opened: Callable[..., Page]) -> None:
    page = opened("handläggare", script=False)
    page.goto(f"{CASE}/rights")
    click(page, "text=Rätta mätningen >> nth=0")
    day = page.input_value("#measured_on")
    field = 'select[name="klient.malinriktning"]'
    assert page.input_value(field) != ""
    other = "5" if page.input_value(field) != "5" else "1"
    page.select_option(field, other)
    page.fill("#measured_on", "2099-01-01")
    click(page, "text=Spara rättelsen")
    assert "inte varit än" in page.inner_text("#errors")
    assert page.input_value(field) == other
    page.fill("#measured_on", day)
    click(page, "text=Spara rättelsen")
    page.wait_for_url("**?done=corrected")
    page.goto(f"{CASE}/measurements/{day}")
    assert page.input_value(field) == other


def test_a_corrected_measurement_cannot_take_another_ones_day_and_can_be_taken_away(
    opened: Callable[..., Page],
) -> None:
    page = opened("handläggare")
    page.goto(f"{CASE}/rights")
    days = [one.rpartition("/")[2] for one in page.eval_on_selector_all(
        "a[href*='/measurements/']", "all => all.map(one => one.getAttribute('href'))")]  # fmt: skip
    page.goto(f"{CASE}/measurements/{days[0]}")
    page.fill("#measured_on", days[1])
    click(page, "text=Spara rättelsen")
    assert "redan besvarat" in page.inner_text("#errors")
    page.fill("#measured_on", days[0])
    click(page, 'label[for="remove"]')
    click(page, "text=Spara rättelsen")
    page.wait_for_url("**?done=corrected")
    assert status_of(page, f"{CASE}/measurements/{days[0]}") == 404
    assert status_of(page, f"{CASE}/measurements/{days[1]}") == 200


def test_a_correction_survives_a_session_that_ran_out(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    page.goto("/cases/fall-0012/rights")
    click(page, "text=Rätta mätningen >> nth=0")
    field = 'select[name="handläggare.natverk"]'
    page.select_option(field, "-")
    secret = next(one["value"] for one in page.context.cookies() if one["name"] == sessions.COOKIE)
    with served.installation.store.writing() as connection:
        sessions.end(connection, secret)
    click(page, "text=Spara rättelsen")
    assert page.input_value('input[name="handläggare.natverk"]') == "-"
    again = page.context.new_page()
    again.goto("/")
    click(again, 'form:has(input[value="handläggare"]) button')
    click(page, "button:has-text('Skicka igen')")
    page.wait_for_url("**/cases/fall-0012?done=corrected")


def test_only_the_unit_lead_erases_and_only_after_writing_the_number(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare")
    suggestion = ask(page, served, "fall-0007")
    assert status_of(page, "/cases/fall-0007/erasure") == 403
    assert page.request.post("/cases/fall-0007/erasure", form={"confirmed": "fall-0007"}).status == 403
    lead = opened("enhetschef")
    lead.fill("#number", "fall-9999")
    click(lead, "button:has-text('Öppna')")
    assert lead.locator("#number-fault").is_visible()
    lead.fill("#number", "fall-0007")
    click(lead, "button:has-text('Öppna')")
    lead.wait_for_url("**/cases/fall-0007/rights#main")
    click(lead, "text=Gå vidare till radering")
    lead.fill("#confirmed", "fall-0008")
    click(lead, "text=Radera för gott")
    assert "stämmer inte" in lead.inner_text("#errors")
    assert lead.input_value("#confirmed") == "fall-0008"
    form = {"once": lead.input_value('input[name="once"]'), "confirmed": "fall-0007"}
    lead.fill("#confirmed", "fall-0007")
    click(lead, "text=Radera för gott")
    lead.wait_for_url("**/caseload?done=erased")
    twice = lead.request.post("/cases/fall-0007/erasure", form=form, max_redirects=0)
    assert (twice.status, twice.headers["location"]) == (303, "/caseload?done=erased")
    for path in ("/cases/fall-0007", "/cases/fall-0007/rights", suggestion):
        assert status_of(lead, path) == 404
    installation = served.installation
    with installation.store.reading() as connection:
        assert trail.check(connection, installation.signer, installation.vault).faults == []
        assert stored_cases.in_unit(connection, demo.UNIT, installation.vault.lookups("fall-0007")) is None


def test_who_may_not_see_a_case_gets_no_page_about_the_persons_rights(opened: Callable[..., Page]) -> None:
    for role in ("auditor", "data_scientist"):
        page = opened(role)
        for path in ("rights", "export.json", "export.html", "sharing", "erasure", "measurements/2026-09-25"):
            assert status_of(page, f"/cases/fall-0004/{path}") == 403
    lead = opened("enhetschef")
    assert re.search("handläggare på enheten", lead.content() if lead.goto("/cases/fall-0004/rights") else "")
    for path in ("sharing", "measurements/2026-09-25"):
        assert status_of(lead, f"/cases/fall-0004/{path}") == 403
