"""What people come for, from end to end in a browser, with and without JavaScript, and with the keyboard alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.screenshots import DemoServer, enter
from service.access import sessions
from service.pages import audit
from service.store import accounts
from service.store import trail as rows
from tests.pages.browsing import click


def suggested(page: Page, number: str) -> str:
    page.goto(f"/cases/{number}")
    click(page, 'form[action$="/suggestions"] button')
    page.wait_for_url(re.compile(r"/suggestions/f-\w+$"))
    return page.url


@pytest.mark.parametrize("script", [True, False])
def test_a_caseworker_goes_from_the_list_to_an_answer(script: bool, opened: Callable[..., Page]) -> None:
    number = "fall-0001" if script else "fall-0006"
    page = opened("handläggare", script=script)
    page.goto("/cases")
    click(page, f"text={number}")
    click(page, 'form[action$="/suggestions"] button')
    page.wait_for_url(re.compile(r"/suggestions/"))
    assert page.inner_text("h1") == f"Förslag för {number}"
    click(page, "text=Ta ställning")
    click(page, "text=Spara ställningstagandet")
    assert page.locator("#errors li").count() == 3
    click(page, "#errors a >> nth=1")
    assert page.url.endswith("#reason_code")
    click(page, 'label[for="answer-accepted"]')
    page.select_option("#reason_code", "client_wishes")
    page.fill("#reason", "Vi talade om det i går.")
    click(page, "text=Spara ställningstagandet")
    page.wait_for_url(re.compile(r"done=answered"))
    assert "Vi talade om det i går." in page.inner_text("main")
    page.goto("/cases?all=1")
    row = page.locator("tr", has_text=number)
    assert "Godtaget" in row.inner_text()
    page.goto(page.locator("tr", has_text=number).locator("td a").get_attribute("href") + "/answer")
    assert page.inner_text("h1") == "Förslaget är redan besvarat"


def test_a_plan_is_changed_with_the_rules_told_as_one_goes(opened: Callable[..., Page]) -> None:
    page = opened("handläggare", script=False)
    page.goto(suggested(page, "fall-0006") + "/answer?answer=changed")
    before = page.locator("fieldset.row-fields").count()
    page.select_option("#add", "AT-02")
    click(page, "text=Lägg till >> nth=-1")
    assert page.locator("fieldset.row-fields").count() == before + 1
    page.fill(f"#hours-{before}", "mycket")
    click(page, "text=Kontrollera mot reglerna")
    assert page.inner_text("#errors").count("timmar i veckan") == 1
    assert page.input_value(f"#hours-{before}") == "mycket"
    page.fill(f"#hours-{before}", "40,5")
    click(page, "text=Kontrollera mot reglerna")
    told = page.inner_text("#checked")
    assert "nu 40,5" in told
    assert "gränsen är" in told
    page.select_option("#reason_code", "better_alternative")
    page.fill("#reason", "Personen har börjat där.")
    click(page, "text=Spara ställningstagandet")
    assert page.locator("#despite").count() == 1
    click(page, 'label[for="despite"]')
    click(page, "text=Spara ställningstagandet")
    page.wait_for_url(re.compile(r"done=answered"))
    assert "40,5" in page.inner_text("main")


def test_the_rules_are_told_while_a_plan_is_being_changed(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    page.goto(f"{served.made['suggestion']}/answer?answer=changed")
    page.fill("#hours-0", "41")
    page.locator("#hours-0").blur()
    page.wait_for_selector("#checked .warning")
    assert "nu 41" in page.inner_text("#checked")
    for row in page.locator('label[for^="remove-"]').all():
        row.click()
    page.locator("#checked", has_not_text="41").wait_for(state="attached")
    assert page.input_value("#hours-0") == "41"


def test_whoever_checks_a_plan_without_choosing_to_change_it_is_told_the_rules_all_the_same(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare", script=False)
    page.goto(f"{served.made['suggestion']}/answer")
    click(page, "#change > summary")
    page.fill("#hours-0", "41")
    click(page, "text=Kontrollera mot reglerna")
    assert "nu 41" in page.inner_text("#checked")
    assert page.is_checked("#answer-changed")


def test_wishes_that_contradict_each_other_are_told_beside_their_field(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare")
    page.goto(served.made["suggestion"])
    for name in ("prefer", "avoid"):
        page.select_option(f"#{name}-0", "AT-02")
    click(page, "text=Räkna om")
    assert "inte både" in page.inner_text("#prefer-0-fault")
    assert [page.input_value(f"#{name}-0") for name in ("prefer", "avoid")] == ["AT-02", "AT-02"]
    click(page, "#errors a")
    assert page.evaluate("document.activeElement.id") == "prefer-0"
    page.select_option("#avoid-0", "")
    click(page, "text=Räkna om")
    page.wait_for_selector("#result")
    assert page.input_value("#prefer-0") == "AT-02"


def test_numbers_in_forms_are_written_as_the_language_writes_them_and_in_full(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare", script=False)
    page.goto(f"{served.made['suggestion']}/answer?answer=changed")
    page.select_option("#add", "SAM-01")
    click(page, "text=Lägg till >> nth=-1")
    added = page.locator("fieldset.row-fields").count() - 1
    assert page.input_value(f"#hours-{added}") == "0,25"
    page.fill(f"#hours-{added}", "0,2")
    click(page, "text=Kontrollera mot reglerna")
    assert "ska ta 0,25 till 0,5 timmar i veckan; nu 0,2." in page.inner_text("#checked")
    page.goto(served.made["suggestion"])
    page.fill("#hours_per_week", "0,1")
    page.fill("#budget", "99999999999")
    click(page, "text=Räkna om")
    assert "från 0,5 till 60." in page.inner_text("#errors")
    assert "från 0 till 10\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000." in page.inner_text("#errors")


def test_every_plan_shown_is_called_mock_and_says_who_decides_on_paper_too(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare")
    page.emulate_media(media="print")
    for path in ("", "/answer", "/why-not?insats=SE-01", "/rationale", "/numbers"):
        page.goto(served.made["suggestion"] + path)
        assert page.locator(".mock").first.is_visible(), path
        assert page.locator(".mock-band").is_hidden(), path
        assert path == "/numbers" or page.locator(".decides").is_visible(), path
    page.goto(served.made["suggestion"])
    page.emulate_media(media="screen")
    click(page, "text=Räkna om")
    page.wait_for_selector("#result")
    page.emulate_media(media="print")
    assert page.locator(".mock").is_visible()
    assert page.locator(".decides").is_visible()
    page.goto("/cases/fall-0004")
    assert page.locator(".mock-band").is_visible()


def test_tables_that_scroll_on_a_phone_keep_whole_words(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare", width=320)
    for path in ("/cases/fall-0004", f"{served.made['suggestion']}/numbers"):
        page.goto(path)
        widths = page.eval_on_selector_all(
            ".scroll tbody tr > :first-child", "all => all.map((one) => one.offsetWidth)"
        )
        assert widths, path
        assert min(widths) > 100, path


def test_the_clients_page_prints_on_one_sheet(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    for path in (suggested(page, "fall-0012"), served.made["abstained"]):
        page.goto(f"{path}/client-page")
        sheet = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "13mm"))
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet)) == 1


def test_whoever_is_new_is_offered_the_tour_until_it_was_begun(opened: Callable[..., Page]) -> None:
    page = opened("handläggare")
    click(page, "main .message >> text=Lär dig läsa ett förslag")
    page.wait_for_url("**/tour")
    page.goto("/cases")
    assert page.locator("main .message >> text=Lär dig läsa ett förslag").count() == 0


@pytest.mark.parametrize("script", [True, False])
def test_what_if_and_why_not_show_the_difference_and_keep_what_was_typed(
    script: bool, opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("handläggare", script=script)
    page.goto(served.made["suggestion"])
    page.fill("#hours_per_week", "många")
    click(page, "text=Räkna om")
    assert page.locator("#hours_per_week-fault").is_visible()
    assert page.input_value("#hours_per_week") == "många"
    page.fill("#hours_per_week", "4")
    click(page, 'label[for="forbid-1"]')
    click(page, "text=Räkna om")
    assert "faller bort" in page.inner_text("section.panel table >> nth=0")
    assert page.input_value("#hours_per_week") == "4"
    click(page, "text=Ta med planen till mitt svar")
    assert page.is_checked("#answer-changed")
    assert page.locator("fieldset.row-fields").count() > 0
    click(page, "text=Till förslaget")
    page.select_option("#why-not-insats", index=0)
    click(page, "button:has-text('Varför inte?')")
    assert page.inner_text("h1").startswith("Varför inte ")
    assert page.inner_text("#reason")


def test_a_new_measurement_may_lack_answers_and_nothing_typed_is_lost(opened: Callable[..., Page]) -> None:
    page = opened("handläggare")
    page.goto("/cases/fall-0011/measurement")
    page.fill("#measured_on", "2099-01-01")
    page.select_option('select[name="klient.natverk"]', "-")
    click(page, "text=Spara mätningen")
    assert "inte varit än" in page.inner_text("#errors")
    assert page.evaluate("document.activeElement.id") == "errors"
    page.fill("#measured_on", "2026-11-20")
    click(page, "text=Spara mätningen")
    assert "Fyll i minst ett" in page.inner_text("#errors")
    page.select_option('select[name="handläggare.natverk"]', "3")
    click(page, "text=Spara mätningen")
    page.wait_for_url("**/cases/fall-0011?done=measured")
    page.goto("/cases/fall-0011/measurement")
    page.fill("#measured_on", "2026-11-20")
    page.select_option('select[name="handläggare.natverk"]', "5")
    click(page, "text=Spara mätningen")
    assert "redan besvarat" in page.inner_text("#errors")
    assert page.input_value('select[name="handläggare.natverk"]') == "5"


def test_a_form_that_is_sent_twice_is_done_once(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    page.goto("/cases/fall-0002")
    form = {"once": page.input_value('form[action$="/suggestions"] input[name="once"]')}
    places = [
        page.request.post("/cases/fall-0002/suggestions", form=form, max_redirects=0).headers["location"] for _ in "12"
    ]
    assert places[0] == places[1]


def test_a_session_that_ran_out_keeps_what_was_typed(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    page.goto(f"{served.made['abstained']}/answer")
    click(page, 'label[for="answer-rejected"]')
    page.select_option("#reason_code", "wrong_basis")
    page.fill("#reason", "Vi väntar på mätningen.")
    secret = next(one["value"] for one in page.context.cookies() if one["name"] == sessions.COOKIE)
    with served.installation.store.writing() as connection:
        sessions.end(connection, secret)
    click(page, "text=Spara ställningstagandet")
    assert "Vi väntar på mätningen." in page.inner_text("main")
    assert page.get_attribute("text=Logga in i en ny flik", "target") == "_blank"
    enter(page.context.new_page(), served.address, "handläggare")
    click(page, "button:has-text('Skicka igen')")
    page.wait_for_url(re.compile(r"done=answered"))
    assert "Vi väntar på mätningen." in page.inner_text("main")


def test_the_keyboard_alone_is_enough_to_ask_for_a_suggestion(opened: Callable[..., Page]) -> None:
    page = opened("handläggare")
    page.goto("/cases/fall-0009")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Be om ett nytt förslag":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/suggestions/"))


def test_the_keyboard_alone_is_enough_to_answer(opened: Callable[..., Page]) -> None:
    page = opened("handläggare")
    page.goto(suggested(page, "fall-0003") + "/answer")

    def tab_to(id: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id || document.activeElement.value") == id:
                return
        raise AssertionError(f"{id} is never reached")

    tab_to("answer-accepted")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.is_checked("#answer-rejected")
    tab_to("reason_code")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#reason_code") != ""
    tab_to("reason")
    page.keyboard.type("Personen vill vänta.")
    tab_to("save")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"done=answered"))
    assert "Personen vill vänta." in page.inner_text("main")


def test_nobody_needs_to_log_in_to_search_the_guide(opened: Callable[..., Page]) -> None:
    page = opened(script=False)
    page.goto("/catalogue")
    page.fill("#q", "arbetsträning")
    page.select_option("#municipality", "0580")
    click(page, "main form button")
    shown = page.locator("main .cards h3").all_inner_texts()
    assert "Arbetsträning" in shown
    assert all("Norrköping" not in name for name in shown)
    click(page, "main .cards a >> nth=0")
    assert "Stöd i forskning" in page.inner_text("main")


def test_small_numbers_of_answers_are_hidden_from_the_unit_lead_who_can_stop_suggestions(
    opened: Callable[..., Page],
) -> None:
    answering = opened("handläggare")
    answering.goto(suggested(answering, "fall-0010") + "/answer")
    click(answering, 'label[for="answer-rejected"]')
    answering.select_option("#reason_code", "wrong_basis")
    answering.fill("#reason", "Vi väntar på mätningen.")
    click(answering, "text=Spara ställningstagandet")
    answering.wait_for_url(re.compile(r"done=answered"))
    page = opened("enhetschef")
    assert "visas inte" in page.inner_text("#answers ~ table >> nth=0")
    click(page, "text=Stoppa förslag nu")
    assert page.locator("#reason-fault").is_visible()
    page.fill("#reason", "Fel i katalogen")
    click(page, "text=Stoppa förslag nu")
    other = opened("handläggare")
    other.goto("/cases/fall-0002")
    assert "Fel i katalogen" in other.inner_text("main")
    assert other.locator('form[action$="/suggestions"]').count() == 0
    refused = other.request.post("/cases/fall-0002/suggestions", headers={"Accept": "text/html"})
    assert refused.status == 409
    assert 'lang="en"' not in refused.text().partition("<main")[2]
    click(page, "text=Slå på förslag igen")
    assert page.locator("text=Förslag är på").count() == 1
    form = {"once": page.input_value('form[action="/stops"] input[name="once"]'), "reason": "Fel i katalogen"}
    for _ in "12":
        page.request.post("/stops", form=form)
    page.reload()
    click(page, "text=Slå på förslag igen")
    assert page.locator("text=Förslag är på").count() == 1


def test_the_model_page_gives_the_audit_report_that_lies_with_the_model(
    opened: Callable[..., Page], served: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened("auditor")
    monkeypatch.setattr(audit, "_folder", lambda guest: tmp_path / "audit")
    page.goto("/model")
    assert page.locator("a[href='/model/report']").count() == 0
    answer = page.goto("/model/report")
    assert answer is not None
    assert answer.status == 404
    (tmp_path / "audit").mkdir()
    report = "<!doctype html><html lang=sv><title>Granskning</title><h1>Granskning av modellen</h1></html>"
    (tmp_path / "audit" / "audit.html").write_text(report, encoding="utf-8")
    page.goto("/model")
    with page.expect_popup() as other:
        click(page, "text=Läs rapporten")
    assert other.value.inner_text("h1") == "Granskning av modellen"


def test_an_auditor_finds_a_suggestion_sees_what_was_shown_and_verifies_the_trail(
    opened: Callable[..., Page], served: DemoServer
) -> None:
    page = opened("auditor")
    id = served.made["suggestion"].rpartition("/")[2]
    page.fill("#q", id)
    click(page, "text=Sök")
    click(page, f"text={id}")
    while page.locator("text=Äldre").count():  # others have read it before
        click(page, "text=Äldre")
    assert "Gjort och visat suggestion.made" in page.inner_text("main")
    click(page, "text=Räkna om och jämför")
    assert "Det som visades stämmer\n" in page.inner_text("main")
    again = page.locator("tr", has_text="suggestion.replayed").first.inner_text()
    assert "Räknat om" in again
    assert "Granskare" in again
    click(page, "text=Se exakt vad som visades")
    assert "fall-0004" not in page.content()
    assert page.locator("text=Ta ställning").count() == 0
    page.goto("/audit")
    click(page, "text=Kontrollera hela spåret")
    assert "Spåret håller" in page.inner_text("main")


def test_the_tour_lets_everybody_catch_a_wrong_suggestion(opened: Callable[..., Page]) -> None:
    page = opened(script=False)
    page.goto("/tour")
    for _ in range(4):
        click(page, "text=Nästa")
    click(page, "text=Svara")
    assert "Välj ett av svaren" in page.inner_text("main")
    click(page, 'label[for="guess-interval"]')
    click(page, "text=Svara")
    assert "Inte riktigt" in page.inner_text("main")
    click(page, 'label[for="guess-basis"]')
    click(page, "text=Svara")
    assert "du hittade felet" in page.inner_text("main")


def test_what_pages_show_is_in_the_trail(opened: Callable[..., Page], served: DemoServer) -> None:
    def told() -> int:
        with served.installation.store.reading() as connection:
            return int(rows.head(connection)["seq"])

    page = opened("handläggare")
    for path in ("/cases", "/cases/fall-0004", served.made["suggestion"], f"{served.made['suggestion']}/client-page"):
        before = told()
        page.goto(path)
        assert told() > before, path


def test_another_site_cannot_make_a_browser_send_our_forms(opened: Callable[..., Page]) -> None:
    page = opened("handläggare")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.test"}):
        for path in ("/cases/fall-0002/suggestions", "/cases/fall-0002/measurement", "/language", "/tour/5"):
            assert page.request.post(path, form={"a": "b"}, headers=headers).status == 403
    cookie = next(one for one in page.context.cookies() if one["name"] == sessions.COOKIE)
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")


def test_a_role_sees_no_page_of_another(opened: Callable[..., Page], served: DemoServer) -> None:
    for role, path in (
        ("auditor", "/cases/fall-0004"), ("handläggare", "/audit"), ("data_scientist", served.made["suggestion"]),
        ("enhetschef", f"{served.made['suggestion']}/answer"),
    ):  # fmt: skip
        answer = opened(role).goto(path)
        assert answer is not None
        assert answer.status == 403


def test_a_person_of_another_unit_finds_no_case(opened: Callable[..., Page], served: DemoServer) -> None:
    page = opened("handläggare")
    with served.installation.store.writing() as connection:
        row = accounts.account_of(connection, "demo", "handläggare")
        assert row is not None
        accounts.change_account(connection, row["id"], unit_id="Grannenheten")
    try:
        page.goto("/cases")
        assert "Enheten har inga ärenden" in page.inner_text("main")
        for path in ("/cases/fall-0004", "/cases/fall-0004/measurement", served.made["suggestion"]):
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 404
    finally:
        with served.installation.store.writing() as connection:
            accounts.change_account(connection, row["id"], unit_id="Demoenheten")
