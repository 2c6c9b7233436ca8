"""A printed suggestion shows every number, hides nothing, and is safe and readable for everybody."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from builders import a_catalogue, an_insats
from suggestion_builders import (
    BIP,
    NAMES,
    a_plan,
    a_suggestion,
    an_abstention,
    an_activity,
    bip_case,
    bip_catalogue,
)

from pathway import printout, wording
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.plan import Expected, Interval, NotChosen, NotChosenCode, Proof, Suggestion
from pathway.plan import Reach as GoalChance
from pathway.printout.sheet import lay_out
from scripts import chromium

CATALOGUE = bip_catalogue()
CASE = bip_case()
SUGGESTION = a_suggestion(CASE, CATALOGUE)
WORDS = wording.swedish()
DECIDES = "Det här är ett förslag. Handläggaren beslutar."
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
VOID = {"meta", "circle", "rect", "path", "line", "use"}
MAY_STAY_OPEN = {"tr", "td", "th", "li", "dt", "dd"}


class Page(HTMLParser):
    """What a page is made of: elements with attributes, text, table rows; refuses elements that do not nest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert [tag for tag in self._open if tag not in MAY_STAY_OPEN] == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self._open[-1] != tag:
            assert self._open[-1] in MAY_STAY_OPEN, f"{self._open[-1]} is not closed before </{tag}>"
            self._open.pop()
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text.append(data)
        if self.rows and {"td", "th"} & set(self._open):
            self.rows[-1][-1] = f"{self.rows[-1][-1]}{data}".strip()

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(
    suggestions: Sequence[Suggestion] = (SUGGESTION,),
    cases: Sequence[Case] = (CASE,),
    catalogue: Catalogue = CATALOGUE,
) -> str:
    return printout.html(suggestions, cases, catalogue, BIP)


def terminal(suggestion: Suggestion = SUGGESTION, case: Case = CASE, catalogue: Catalogue = CATALOGUE) -> str:
    return printout.text(suggestion, case, catalogue, BIP)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_page_is_small_parses_and_fetches_nothing() -> None:
    source = page()
    assert len(source.encode()) < 60_000
    parsed = Page(source)
    assert not re.search(r"https?:|url\(|@import|javascript:", source)
    assert not {tag for tag, _ in parsed.elements} & {"script", "link", "img", "iframe", "object", "embed", "form"}
    for _, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert (attributes.get("href") or "#").startswith("#")


def test_the_page_can_be_read_by_everybody() -> None:
    parsed = Page(page((SUGGESTION, an_abstention(CASE, CATALOGUE)), (CASE, CASE)))
    assert parsed.all("html") == [{"lang": "sv"}]
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in parsed.elements:
        for name in ("aria-labelledby", "href"):
            for target in (attributes.get(name) or "").replace("#", "").split():
                assert target in ids
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attributes.get("scope") for attributes in parsed.all("th"))
    assert len(parsed.all("table")) == sum(tag == "caption" for tag, _ in parsed.elements)
    for picture in parsed.all("svg"):
        assert picture.get("aria-hidden") == "true" or picture.get("role") == "img"
    named = [picture for picture in parsed.all("svg") if picture.get("role") == "img"]
    assert len(named) == len(parsed.all("desc")) == 3


def test_ups_and_downs_are_said_in_words_and_arrows() -> None:
    rows = [cell for row in Page(page()).rows for cell in row]
    for cell in rows:
        assert ("▲" in cell) == bool(re.search(r"höjer|högre|▲ \+", cell)), cell
        assert ("▼" in cell) == bool(re.search(r"sänker|lägre|▼ −", cell)), cell


@pytest.mark.parametrize("show", [terminal, lambda: Page(page()).words])
def test_both_show_every_activity_and_every_expected_level(show: object) -> None:
    shown = squeezed(show())  # type: ignore[operator]
    assert DECIDES in shown
    for activity in SUGGESTION.plans[0].activities:
        assert CATALOGUE.by_id[activity.insats_id].name in shown
        assert squeezed(activity.text) in shown
        assert WORDS.day(activity.start_on) in shown
        assert WORDS.day(activity.end_on - timedelta(days=1)) in shown
    for indicator, expected in SUGGESTION.plans[0].expected.items():
        assert all(word in shown for word in BIP[indicator].label_sv.split())  # a long label is wrapped
        for interval in (expected.without_plan, expected.with_plan):
            mean, low, high = (WORDS.number(value, 1) for value in (interval.mean, interval.low, interval.high))
            assert f"{mean} ({low} till {high})" in shown
    for plan in SUGGESTION.plans:
        for activity in plan.activities:
            assert CATALOGUE.by_id[activity.insats_id].name in shown
    for note in SUGGESTION.notes:
        assert note in shown
    for omitted in SUGGESTION.not_chosen:
        assert CATALOGUE.by_id[omitted.insats_id].name in shown
        assert omitted.text in shown
    for fact in (SUGGESTION.case_id, SUGGESTION.model_version, "2 mars 2026 klockan 15.05", "Mockdata"):
        assert fact in shown
    for text in WORDS.lists["fixed.not_known"]:
        assert text in shown


def test_the_page_shows_every_gain_and_every_contribution() -> None:
    rows = Page(page()).rows
    for activity in SUGGESTION.plans[0].activities:
        for indicator, gain in activity.gain.items():
            between = f"{WORDS.number(gain.low, 2)} till {WORDS.number(gain.high, 2)}"
            assert any(
                row[:1] == [BIP[indicator].label_sv] and WORDS.signed(gain.mean, 2) in row[1] and row[2] == between
                for row in rows
                if len(row) == 4
            )
        base = [WORDS.signed(explanation.base, 2) for explanation in activity.explanation.values()]
        assert any(row[2:] == base for row in rows if row[0] == "Lika för alla")
        for name in {
            part.feature for explanation in activity.explanation.values() for part in explanation.contributions
        }:
            numbers = [
                WORDS.signed(sum(p.contribution for p in explanation.contributions if p.feature == name), 2)
                for explanation in activity.explanation.values()
            ]
            label = wording.feature(name, BIP).label
            assert any(
                row[0] == label and [cell if cell != "0" else "0,00" for cell in row[2:]] == numbers for row in rows
            ), label


def test_what_is_shown_of_the_reasons_adds_up() -> None:
    for card in lay_out(SUGGESTION, CASE, CATALOGUE, BIP).cards:
        signs = {"up": 1, "down": -1, "same": 0}
        amounts = [
            signs[part.way] * float(part.effect.split()[-1].replace(",", "."))
            for part in card.parts
            if part.way != "same"
        ]
        ends = [float(number.replace("−", "-").replace(",", ".")) for number in (card.base, card.rest, card.total)]
        assert ends[0] + sum(amounts) + ends[1] == pytest.approx(ends[2], abs=0.005 * (len(card.parts) + 3))


def test_the_loss_is_shown_beside_its_insats() -> None:
    rows = {
        row[0]: row for row in Page(page()).rows if len(row) == 3 and row[0] in {i.name for i in CATALOGUE.insatser}
    }
    for omitted in SUGGESTION.not_chosen:
        without = "går inte" if omitted.certain else "ingen plan hittad"
        loss = without if omitted.loss is None else f"tappar högst ungefär {WORDS.number(omitted.loss, 2)} steg"
        assert rows[CATALOGUE.by_id[omitted.insats_id].name][1:] == [omitted.text, loss]


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (0.5, "tappar högst ungefär 0,50 steg"),
        (-0.5, "vinner 0,50 steg"),
        (0.001, "lika mycket"),
        (None, "ingen plan hittad"),
    ],
)
def test_a_loss_says_its_direction(loss: float | None, text: str) -> None:
    suggestion = replace(SUGGESTION, not_chosen=(NotChosen("SO-01", "less_gain", "Andra.", loss),))
    assert lay_out(suggestion, CASE, CATALOGUE, BIP).omissions[0].rows[0].loss == text


def test_every_code_has_its_place_among_the_reasons() -> None:
    rows = tuple(
        NotChosen(insats_id, code, "Därför.", None)
        for insats_id, code in zip(CATALOGUE.ids, get_args(NotChosenCode), strict=False)
    )
    groups = lay_out(replace(SUGGESTION, not_chosen=rows), CASE, CATALOGUE, BIP).omissions
    assert sum(len(group.rows) for group in groups) == len(rows) == 9


def test_a_difference_is_the_one_of_the_numbers_shown() -> None:
    plan = replace(
        SUGGESTION.plans[0],
        expected={
            "natverk": Expected(2.0, Interval(2.26, 2, 3), Interval(1.94, 1, 2)),
            "kompetens": Expected(2.0, Interval(1.84, 1, 3), Interval(2.04, 2, 3)),
            "framtoning": Expected(2.0, Interval(2.01, 1, 3), Interval(2.04, 2, 3)),
        },
    )
    levels = lay_out(replace(SUGGESTION, plans=(plan,)), CASE, CATALOGUE, BIP).levels
    assert [(level.arrow, level.difference) for level in levels] == [
        ("▲", "0,4 högre"),
        ("▼", "0,2 lägre"),
        ("=", "lika"),
    ]


def test_a_level_that_was_not_measured_is_shown_as_assumed() -> None:
    levels = {level.label: level.now for level in lay_out(SUGGESTION, CASE, CATALOGUE, BIP).levels}
    assert levels["Framtoning"] == "2,5, antas"
    assert levels["Målinriktning"] == "2,0"


def test_hours_are_those_of_the_activities_that_run_together() -> None:
    activities = [
        an_activity("SE-01", date(2026, 3, 16), weeks=10, hours=8.0),
        an_activity("HA-01", date(2026, 4, 13), weeks=2, hours=4.5),
    ]
    suggestion = replace(SUGGESTION, plans=(a_plan(activities, CASE),))
    loads = lay_out(suggestion, CASE, CATALOGUE, BIP).loads
    assert [(load.start, load.last, load.hours) for load in loads] == [
        ("16 mars 2026", "12 april 2026", "8 timmar"),
        ("13 april 2026", "26 april 2026", "12,5 timmar"),
        ("27 april 2026", "24 maj 2026", "8 timmar"),
    ]
    assert all(0 <= load.height <= 1 for load in loads)


def test_activities_lie_where_their_dates_are() -> None:
    case = bip_case(limits={"horizon_weeks": 50})
    plan = a_plan([an_activity("SE-01", case.as_of + timedelta(weeks=10), weeks=40)], case)
    sheet = lay_out(replace(SUGGESTION, plans=(plan,)), case, CATALOGUE, BIP)
    assert (sheet.bars[0].left, sheet.bars[0].width) == (pytest.approx(0.2), pytest.approx(0.8))


@pytest.mark.parametrize("weeks", [1, 4, 52, 156])
def test_any_horizon_gets_at_most_twelve_months_named(weeks: int) -> None:
    case = bip_case(limits={"horizon_weeks": weeks})
    suggestion = replace(SUGGESTION, plans=(a_plan([an_activity("SE-01", case.as_of, weeks=weeks)], case),))
    assert len(lay_out(suggestion, case, CATALOGUE, BIP).ticks) <= 12
    assert max(map(len, terminal(suggestion, case).splitlines())) <= 100
    Page(page((suggestion,), (case,)))


def test_the_terminal_is_never_wider_than_100_characters() -> None:
    wide = a_catalogue(*(an_insats(id, name="Mycket långt namn " * 9) for id in CATALOGUE.ids))
    case = bip_case("fall-" + "1" * 150)
    for shown in (terminal(), terminal(a_suggestion(case, wide), case, wide)):
        assert max(map(len, shown.splitlines())) <= 100


def test_the_terminal_draws_each_activity_over_its_weeks() -> None:
    drawn = [line for line in terminal().splitlines() if "··" in line]
    assert [line[32:84] for line in drawn] == [
        "··" + "█" * 26 + "·" * 24,
        "······" + "▒" * 12 + "·" * 34,
        "·" * 28 + "▒" * 20 + "·" * 4,
    ]


def test_running_insatser_are_mentioned() -> None:
    participation = {"insats_id": "SO-01", "started_on": "2026-01-12", "hours_per_week": 3}
    case = bip_case(participations=[participation])
    assert "Pågår redan: Mötesplatsen (3 timmar)." in squeezed(terminal(case=case))


def test_an_abstention_says_why_and_what_to_do() -> None:
    abstention = an_abstention(CASE, CATALOGUE, wording.note("no_measurement"))
    for shown in (squeezed(terminal(abstention)), Page(page((abstention,))).words):
        assert wording.note("no_measurement") in shown
        assert "Inget förslag" in shown
        assert "Det här kan du göra" in shown
        assert DECIDES in shown
        assert "Väntade nivåer" not in shown
        assert "Mockdata" not in shown


def test_who_decides_is_not_repeated_among_the_notes_and_the_reason_to_abstain_comes_first() -> None:
    notes = (DECIDES, wording.note("mock"), wording.note("no_measurement"))
    abstention = an_abstention(CASE, CATALOGUE, *notes)
    assert lay_out(abstention, CASE, CATALOGUE, BIP).notes == (notes[2], notes[1])


def test_mock_is_marked_only_when_the_model_is_mock() -> None:
    real = a_suggestion(CASE, CATALOGUE, mock=False)
    assert "ockdata" in terminal()
    assert "ockdata" not in terminal(real) + page((real,))


def test_hostile_text_is_shown_as_text() -> None:
    case = bip_case(HOSTILE + "\x1b[31m\u202e")
    names = {id: HOSTILE if id == "SE-01" else name for id, (name, _) in NAMES.items()}
    catalogue = a_catalogue(*(an_insats(id, name=name) for id, name in names.items()))
    suggestion = a_suggestion(case, catalogue)
    suggestion = replace(suggestion, notes=(HOSTILE,), model_version=HOSTILE)
    parsed = Page(page((suggestion, suggestion), (case, case), catalogue))
    assert not {"script", "img"} & {tag for tag, _ in parsed.elements}
    assert HOSTILE in parsed.words
    shown = terminal(suggestion, case, catalogue)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown + page((suggestion,), (case,), catalogue))


def luminance(colour: str) -> float:
    """Relative luminance of a colour, 0 black to 1 white, as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_colour_has_the_contrast_of_wcag_aa() -> None:
    colours = dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})\b", page()))
    for paper in ("#ffffff", colours["wash"], colours["warn"]):
        for name in ("ink", "soft", "job", "other", "up", "down"):
            light, dark = luminance(paper), luminance(colours[name])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, paper)


def test_several_cases_get_a_list_of_contents_in_the_order_given() -> None:
    cases = [bip_case(f"fall-{number}") for number in (3, 1, 2)]
    suggestions = [a_suggestion(cases[0], CATALOGUE), *(an_abstention(case, CATALOGUE) for case in cases[1:])]
    parsed = Page(page(suggestions, cases))
    assert [row for row in parsed.rows if row[0].startswith("Fall ")] == [
        [
            "Fall fall-3",
            "Förslag finns",
            "Supported employment, Smärtskola med stöd till arbete och Datakunskap för arbetslivet",
        ],
        ["Fall fall-1", "Inget förslag", "–"],
        ["Fall fall-2", "Inget förslag", "–"],
    ]
    assert parsed.words.count(DECIDES) >= 3


def test_no_suggestion_at_all_is_still_a_page() -> None:
    assert DECIDES in Page(page((), ())).words


def test_an_insats_that_left_the_catalogue_is_shown_by_its_id() -> None:
    other = a_catalogue(an_insats("NY-01"))
    assert "SE-01" in terminal(catalogue=other)
    assert "SE-01" in Page(page(catalogue=other)).words


def test_a_suggestion_for_another_case_is_refused() -> None:
    with pytest.raises(ValueError, match="another case"):
        terminal(case=bip_case("fall-0002"))
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        page((SUGGESTION, SUGGESTION), (CASE,))


def test_a_plan_that_is_not_proven_says_so() -> None:
    assert "ingen plan inom reglerna räknas som bättre" in squeezed(terminal())
    feasible = replace(SUGGESTION.plans[1], rank=1)
    assert "upp till 3,1 procent bättre" in squeezed(terminal(replace(SUGGESTION, plans=(feasible,))))
    nearly = replace(feasible, proof=Proof("feasible", 0.0004))
    assert "märkbart bättre" in squeezed(terminal(replace(SUGGESTION, plans=(nearly,))))


# -- the client's own page

WHOLE_PROFILE = {
    "birth_year": 1980, "gender": "kvinna", "municipality": "0580", "education": "gymnasial",
    "income_source": "försörjningsstöd", "months_without_work": 31, "swedish_level": "god", "children_at_home": True,
    "health_codes": ["F41"],
}  # fmt: skip


def client_page(suggestion: Suggestion = SUGGESTION, case: Case = CASE, catalogue: Catalogue = CATALOGUE) -> str:
    return printout.client((suggestion,), (case,), catalogue, BIP)


def test_the_clients_page_says_what_the_law_asks_for() -> None:
    shown = Page(client_page()).words
    for key in ("decides", "purpose", "object", "records", "not_used", "unknown", "data_others"):
        assert WORDS.text(f"client.{key}") in shown
    for activity in SUGGESTION.plans[0].activities:
        assert CATALOGUE.by_id[activity.insats_id].name in shown
        assert WORDS.day(activity.start_on) in shown
    assert SUGGESTION.model_version in shown
    assert SUGGESTION.suggestion_id in shown
    assert "Övning: uppgifterna är påhittade." in shown
    assert "påhittade" not in client_page(a_suggestion(CASE, CATALOGUE, mock=False))


def test_the_clients_page_lists_what_the_case_says_and_nothing_else() -> None:
    whole = Page(client_page(case=bip_case(profile=WHOLE_PROFILE))).words
    bare = Page(client_page(case=bip_case(profile={}))).words
    for name in ("education", "health_codes", "children_at_home", "municipality"):
        told = WORDS.text(f"client_data.{name}")
        assert told in whole
        assert told not in bare
    for shown in (whole, bare):
        assert "F41" not in shown  # what is recorded is named, not shown: the page may lie on a table
        assert "ditt kön" in shown


def test_the_clients_page_says_so_when_there_is_no_suggestion() -> None:
    shown = Page(client_page(an_abstention(CASE, CATALOGUE))).words
    assert WORDS.text("client.none") in shown
    assert "Programmet räknar med" not in shown
    assert WORDS.text("client.decides") in shown


def test_the_clients_page_fetches_nothing_and_shows_hostile_text_as_text() -> None:
    names = {id: HOSTILE if id == "SE-01" else name for id, (name, _) in NAMES.items()}
    catalogue = a_catalogue(*(an_insats(id, name=name) for id, name in names.items()))
    suggestion = replace(a_suggestion(CASE, catalogue), model_version=HOSTILE)
    parsed = Page(client_page(suggestion, CASE, catalogue))
    assert not {tag for tag, _ in parsed.elements} & {"script", "link", "img", "iframe", "form"}
    assert HOSTILE in parsed.words
    assert not re.search(r"https?:|url\(|@import", client_page())


def test_the_clients_page_is_one_a4_page_however_long_the_plan(tmp_path: Path) -> None:
    browser = chromium.find()
    assert browser is not None
    case, suggestions, cases = bip_case(profile=WHOLE_PROFILE), [], []
    catalogue = a_catalogue(*(an_insats(f"L-{n}", name=f"Rehabilitering med stöd {n} " * 3) for n in range(14)))
    for n in (1, 4, 7, 10, 14):
        plan = a_plan([an_activity(f"L-{number}", seed=number) for number in range(n)], case)
        suggestions.append(replace(SUGGESTION, plans=(plan,)))
        cases.append(case)
    (tmp_path / "page.html").write_text(printout.client(suggestions, cases, catalogue, BIP), encoding="utf-8")
    asked = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={tmp_path}"]
    subprocess.run(  # noqa: S603
        [browser, *asked, f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri()],
        check=True,
        capture_output=True,
        timeout=60,
    )
    printed = (tmp_path / "page.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == len(suggestions)


def test_both_pages_speak_english_when_asked() -> None:
    english = wording.spoken("en")
    for source in (
        printout.html((SUGGESTION,), (CASE,), CATALOGUE, BIP, english),
        printout.client((SUGGESTION,), (CASE,), CATALOGUE, BIP, english),
    ):
        parsed = Page(source)
        assert parsed.all("html") == [{"lang": "en"}]
        assert "caseworker decides" in parsed.words
    assert "The caseworker decides." in printout.text(SUGGESTION, CASE, CATALOGUE, BIP, english)


def test_reasons_are_shown_in_groups_that_people_recognise() -> None:
    parts = [part for card in lay_out(SUGGESTION, CASE, CATALOGUE, BIP).cards for part in card.parts]
    health = next(part for part in parts if part.label == "Hälsa: kända hälsokoder")
    assert "Psykisk ohälsa (F-koder): ja" in health.value
    assert "Smärta (M-koder, huvudvärk, värk): nej" in health.value


def test_an_alternative_says_what_it_is_best_at_and_how_often_it_reaches_the_goal() -> None:
    goal = {"natverk": GoalChance(4.0, 0.63)}
    other = replace(SUGGESTION.plans[1], theme="least_cost", reach=goal)
    suggestion = replace(SUGGESTION, plans=(SUGGESTION.plans[0], other))
    for shown in (squeezed(terminal(suggestion)), Page(page((suggestion,))).words):
        assert "kostar mindre" in shown
        assert "når 4,0 i 6 fall av 10" in shown
