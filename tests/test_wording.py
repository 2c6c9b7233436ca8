"""Words say what the numbers say, in plain Swedish, and every part of the product has its words."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest
from builders import a_case, a_catalogue, an_insats, an_instrument
from hypothesis import given
from hypothesis import strategies as st
from suggestion_builders import BIP, Fact, an_activity, bip_case, bip_catalogue

from pathway import features, wording
from pathway.case import Goal
from pathway.catalogue import KINDS
from pathway.episodes import Insatser
from pathway.errors import FaultyWords, PathwayError
from pathway.plan import Contribution, Explanation, Interval, NotChosenCode
from pathway.planner import Conflict, rules
from pathway.wording.contents import LISTS, TEMPLATES
from pathway.wording.reasons import cases_of_ten, certainty, direction, reason_text, value_text, weigh
from pathway.wording.words import SHIPPED

INSTRUMENT = an_instrument("tro", "ork", "mal")
CATALOGUE = a_catalogue(an_insats("A", name="Kursen"), an_insats("B", name="Gruppen"))
WORDS = wording.swedish()
SHORT = {  # short values, so that the length of a sentence is the template's own
    "insats": "Kursen", "insatser": "Kursen och Gruppen", "other": "Kursen", "start": "2 mars 2026",
    "last": "1 juni 2026", "on": "2 mars 2026", "date": "2 mars 2026", "hours": "8 timmar", "length": "26 veckor",
    "size": "0,62 steg", "indicator": "ork", "indicators": "ork (0,30 steg) och tro (0,20 steg)", "low": "0,31",
    "weights": "ork (1,20) och tro (0,80)", "high": "0,94 steg",
    "n": "5 saker", "reasons": "åldern (42 år) och barn hemma", "needed": "2,0", "found": "1,5",
    "gap": "3,1 procent", "weeks": "52 veckor", "parts": "kommun och ålder", "fields": "a, b och c",
    "reason": "Den har inga platser.", "min": "1", "max": "5", "case": "7", "time": "14.05", "rank": "2",
    "level": "2,0", "rules": "budgeten", "times": "0,5",
    "feature": "tiden utan arbete", "limit": "20 timmar", "now": "1,5", "reached": "2,1", "month": "maj 2026",
    "others": "Kursen och Gruppen", "first": "2,1", "before": "2 mars 2026", "then": "3",
    "changes": "ork hade fått 3 (nu 2)", "part": "kommun", "of": "3", "suggestion": "f-1", "model": "m-1",
    "target": "4,0", "value": "2,5", "values": "nej eller ja",
    "share": "80 procent", "taken": "3", "best": "50 procent", "cost": "12 000 kronor",
}  # fmt: skip
FORBIDDEN = re.compile(r"\b(beror på|på grund av|optimal\w*|risk\w*|poäng\w*|score\w*)\b", re.IGNORECASE)


def shipped_texts() -> Iterator[tuple[str, str]]:
    """Yield every shipped text by name, filled with short values."""
    for key, names in TEMPLATES.items():
        yield key, WORDS.text(key, **{name: SHORT[name] for name in names})
    for key in LISTS:
        yield from ((key, text) for text in WORDS.lists[key])
    for name, entry in WORDS.features.items():
        yield f"features.{name}", f"Det samlade värdet höjs mest av {entry.phrase.format(indicator='ork')}."


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?…])\s+|:\s+", text) if part]


def lix(texts: list[str]) -> float:
    """Läsbarhetsindex (Björnsson 1968): words per sentence plus the percentage of words longer than six letters."""
    words = [word for text in texts for word in re.findall(r"[\w,-]+", text)]
    n_sentences = sum(len(sentences(text)) for text in texts)
    return len(words) / n_sentences + 100 * sum(len(word) > 6 for word in words) / len(words)


def a_text(low: float, mean: float, high: float, **given: object) -> str:
    activity = an_activity("A", gain={"tro": (low, mean, high)}, instrument=INSTRUMENT)
    return wording.activity_text(replace(activity, **given), CATALOGUE, INSTRUMENT, Goal())


def test_lix_is_what_its_definition_says() -> None:
    assert lix(["Det här är en bok.", "Handläggaren läser."]) == pytest.approx(7 / 2 + 100 / 7)


def test_all_shipped_texts_are_easy_to_read() -> None:
    texts = [text for _, text in shipped_texts()]
    assert lix(texts) <= 40
    assert lix([text for text in texts if text.endswith(".")]) <= 40


def test_no_sentence_is_longer_than_20_words() -> None:
    long = [(key, part) for key, text in shipped_texts() for part in sentences(text) if len(part.split()) > 20]
    assert long == []


def test_no_text_claims_a_cause_or_ranks_people() -> None:
    assert [key for key, text in shipped_texts() if FORBIDDEN.search(text)] == []


ENGLISH = wording.spoken("en")


def test_both_languages_have_every_text_and_use_the_same_placeholders() -> None:
    assert set(ENGLISH.templates) == set(WORDS.templates)
    assert set(ENGLISH.features) == set(WORDS.features)
    assert set(ENGLISH.groups) == set(WORDS.groups)
    assert set(ENGLISH.units) == set(WORDS.units)
    for key, text in WORDS.templates.items():
        assert set(re.findall(r"\{\w+\}", ENGLISH.templates[key])) == set(re.findall(r"\{\w+\}", text)), key
    for name, entry in WORDS.features.items():
        assert len(ENGLISH.features[name].values) == len(entry.values)


def test_english_sentences_are_short_and_claim_no_cause() -> None:
    texts = {key: ENGLISH.text(key, **{name: SHORT[name] for name in names}) for key, names in TEMPLATES.items()} | {
        f"{key}.{n}": text for key in LISTS for n, text in enumerate(ENGLISH.lists[key])
    }
    assert [key for key, text in texts.items() for part in sentences(text) if len(part.split()) > 20] == []
    forbidden = re.compile(r"\b(because of|due to|causes?d?|optimal\w*|risks?|scores?|predicts?)\b", re.IGNORECASE)
    assert [key for key, text in texts.items() if forbidden.search(text) and key != "notes.unknown_cause"] == [
        "notes.goal_work"  # says that the link is no sure cause
    ]


def test_a_language_without_words_is_refused_with_those_there_are() -> None:
    with pytest.raises(FaultyWords, match="use one of en, sv") as refused:
        wording.spoken("no")
    assert "no such" not in refused.value.message


def test_the_clients_page_is_easier_than_the_rest() -> None:
    assert lix([text for key, text in shipped_texts() if key.startswith("client")]) <= 25


# What each text with a direction says: more (+), or less (-). A new one must be added here.
DIRECTED = {
    "activity.up": "+", "activity.down": "-", "activity.all_up": "+", "activity.all_down": "-",
    "activity.also_up": "+", "activity.also_down": "-", "activity.also_up_many": "+", "activity.also_down_many": "-",
    "activity.raised_by": "+", "activity.lowered_by": "-", "place.beside_up": "+", "place.beside_down": "-",
    "place.lifts": "+", "against.nothing_up": "+", "against.nothing_down": "-", "against.other_up": "-",
    "against.other_down": "+", "why_not.loss_up": "+", "why_not.loss_down": "-", "moved.worth_up": "+",
    "moved.worth_down": "-", "moved.level_up": "+", "moved.level_down": "-", "page.plan_worth_up": "+",
    "page.plan_worth_down": "-", "page.difference_up": "+", "page.difference_down": "-", "page.effect_up": "+",
    "page.effect_down": "-", "page.sure_all_up": "+", "page.sure_all_down": "-", "page.alternative_up": "+",
    "page.alternative_down": "-", "page.loss_up": "+", "page.loss_down": "-",
}  # fmt: skip
MORE = {"sv": r"\b(ökning|höj\w*|högre|mer|vinner|över)\b", "en": r"\b(rise|raise[sd]?|higher|more|gains|above)\b"}
LESS = {
    "sv": r"\b(minskning|sänk\w*|lägre|mindre|tappar|under)\b",
    "en": r"\b(fall|lower(s|ed)?|lower|less|loses|below)\b",
}


@pytest.mark.parametrize("words", [WORDS, ENGLISH], ids=["sv", "en"])
def test_every_text_with_a_direction_says_that_direction_and_no_other(words: wording.Words) -> None:
    named = {key for key in TEMPLATES if re.search(r"(^|[._])(up|down)(_many)?$", key)}
    assert named <= set(DIRECTED)
    for key, way in DIRECTED.items():
        text, language = words.templates[key], words.language.code
        said = {"+": bool(re.search(MORE[language], text)), "-": bool(re.search(LESS[language], text))}
        assert said == {"+": way == "+", "-": way == "-"}, key


@given(st.tuples(*[st.floats(-2, 2)] * 3).map(sorted))
def test_cases_of_ten_agree_with_the_interval_beside_them(ends: list[float]) -> None:
    low, mean, high = ends
    text = a_text(low, mean, high)
    n = cases_of_ten(Interval(mean, low, high))
    assert ("i nästan 10 fall av 10" in text, "i nästan inget fall av 10" in text) == (n == 10, n == 0)
    assert (f"en ökning i {n} fall av 10" in text) == (0 < n < 10)
    if low > 0:
        assert n >= 9
    if high < 0:
        assert n <= 1
    assert (n >= 5) if mean > 0 else (n <= 5)


def test_an_activity_text_says_what_when_how_much_how_surely_and_why() -> None:
    explanation = Explanation(0.65, (Contribution("age", 42.0, 0.05), Contribution("months_without_work", 31, -0.08)))
    text = a_text(0.31, 0.62, 0.94, explanation={"tro": explanation})
    assert text.splitlines() == [
        "Kursen pågår från 16 mars 2026 till och med 13 september 2026. Den tar 8 timmar i veckan i 26 veckor.",
        "Modellen räknar med en ökning på 0,62 steg för tro. Intervallet är 0,31 till 0,94 steg. "
        "Hela intervallet ligger över noll. Modellen räknar med en ökning i nästan 10 fall av 10. "
        "Underlaget är 212 tidigare deltaganden i insatsen.",
        "Det samlade värdet höjs mest av åldern (42 år). "
        "Det samlade värdet sänks mest av tiden utan arbete (31 månader).",
    ]


@given(st.tuples(*[st.floats(-2, 2)] * 3).map(sorted))
def test_the_words_about_a_gain_agree_with_its_numbers(ends: list[float]) -> None:
    low, mean, high = ends
    text = a_text(low, mean, high)
    shown = [float(number.replace("−", "-").replace(",", ".")) for number in re.findall(r"−?\d+,\d\d", text)]
    way = direction(mean)
    assert ("en ökning på" in text, "en minskning på" in text, "inte med någon ändring" in text) == (
        way == "up",
        way == "down",
        way == "same",
    )
    assert shown == ([] if way == "same" else [abs(round(mean, 2))]) + [round(low, 2) + 0.0, round(high, 2) + 0.0]
    assert ("Hela intervallet ligger över noll" in text) == (shown[-2] > 0)
    assert ("Hela intervallet ligger under noll" in text) == (shown[-1] < 0)
    assert ("både en minskning och en ökning" in text) == (shown[-2] < 0 < shown[-1])


@given(st.floats(-1, 1).filter(lambda value: round(value, 2) != 0))
def test_a_reason_is_said_to_raise_only_what_it_raises(contribution: float) -> None:
    explanation = Explanation(0.5 - contribution, (Contribution("age", 42.0, contribution),))
    text = a_text(0.1, 0.5, 0.9, explanation={"tro": explanation})
    assert ("höjs mest av åldern (42 år)" in text) == (contribution > 0)
    assert ("sänks mest av åldern (42 år)" in text) == (contribution < 0)


def test_a_reason_too_small_to_show_is_not_named() -> None:
    explanation = Explanation(0.499, (Contribution("age", 42.0, 0.001),))
    assert "åldern" not in a_text(0.1, 0.5, 0.9, explanation={"tro": explanation})


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_gains_on_other_indicators_are_counted_in_their_own_direction(means: list[float]) -> None:
    gain = {j: (mean - 0.1, mean, mean + 0.1) for j, mean in zip(("tro", "ork", "mal"), means, strict=True)}
    activity = an_activity("A", gain=gain, instrument=INSTRUMENT)
    text = wording.activity_text(activity, CATALOGUE, INSTRUMENT, Goal())
    named = {
        word: re.findall(r"(\w+) \((\d,\d\d) steg\)", sentence)
        for word in ("ökning", "minskning")
        for sentence in re.findall(rf"En {word} väntas (?:även )?för [^.]*\.", text)
    }
    for word, sign in (("ökning", 1), ("minskning", -1)):
        for indicator, size in named.get(word, []):
            mean = gain[indicator][1]
            assert mean * sign > 0
            assert size == f"{abs(round(mean, 2)):.2f}".replace(".", ",")


@given(st.lists(st.floats(0, 3), min_size=10, max_size=10), st.integers(0, 50))
def test_weighed_reasons_add_up_to_the_weighed_gain(weights: list[float], seed: int) -> None:
    activity = an_activity("SE-01", seed=seed)
    worth = dict(zip(BIP.ranking, weights, strict=True))
    weighed = sum(worth[j] * activity.gain[j].mean for j in BIP.ranking)
    assert weigh(activity, worth).total == pytest.approx(weighed, abs=1e-9)


def test_the_certainty_of_every_interval_has_its_words() -> None:
    edges = (-1.0, -0.004, 0.0, 0.004, 1.0)
    for low in edges:
        for high in (edge for edge in edges if edge >= low):
            key = certainty(Interval(low, low, high))
            assert {f"activity.{key}", f"page.sure_{key}"} <= set(WORDS.templates)


def facts_of_every_rule() -> list[tuple[NotChosenCode, rules.Fact]]:
    """List the facts that the planner's rules can give, by what `rules.Fact` says of each."""
    r, on = rules.Rule, date(2026, 5, 4)
    told: list[tuple[NotChosenCode, rules.Fact]] = [
        ("not_eligible", rules.Fact(r.MUNICIPALITY, ("0581",), "0580")),
        ("not_eligible", rules.Fact(r.MUNICIPALITY, ("0581",), missing=True)),
        ("not_eligible", rules.Fact(r.AGE, (16, 29), 42)),
        ("not_eligible", rules.Fact(r.AGE, (None, 29), 42)),
        ("not_eligible", rules.Fact(r.AGE, (50, None), 42)),
        ("not_eligible", rules.Fact(r.AGE, (50, None), missing=True)),
        ("no_start_date", rules.Fact(r.AGE, (None, 29), 30)),
        ("no_start_date", rules.Fact(r.AGE)),
        ("not_eligible", rules.Fact(r.INCOME_SOURCE, ("sjukpenning", "a-kassa"), "ingen")),
        ("not_eligible", rules.Fact(r.INCOME_SOURCE, ("sjukpenning",), missing=True)),
        ("not_eligible", rules.Fact(r.SWEDISH_LEVEL, "medel", "grund")),
        ("not_eligible", rules.Fact(r.SWEDISH_LEVEL, "medel", missing=True)),
        ("avoided", rules.Fact(r.AVOIDED)),
        ("too_little_data", rules.Fact(r.COMPARABLE)),
        ("no_start_date", rules.Fact(r.PLACES, 1, 0)),
        ("no_start_date", rules.Fact(r.VALIDITY, on=on)),
        ("no_start_date", rules.Fact(r.INTAKE_DATES, on=on)),
        ("no_start_date", rules.Fact(r.INTAKE_DATES)),
        ("no_start_date", rules.Fact(r.HORIZON, 12, 1, on=on)),
        ("no_start_date", rules.Fact(r.HORIZON, 12, 0)),
        ("no_start_date", rules.Fact(r.ONCE, other="A", on=on)),
        ("no_start_date", rules.Fact(r.ONCE, other="A")),
        ("no_start_date", rules.Fact(r.LEGAL_LENGTH, 26, 12)),
        ("excluded", rules.Fact(r.LOCKED)),
        ("excluded", rules.Fact(r.JOB_EARLY)),
        ("excluded", rules.Fact(r.GAP)),
        ("hours", rules.Fact(r.HOURS_LIMIT, 25.0, 20.0)),
        ("hours", rules.Fact(r.WEEKLY_LOAD, 7.5, 5.0)),
        ("hours", rules.Fact(r.PARALLEL, 1, 0, on=on)),
        ("hours", rules.Fact(r.PARALLEL, 1, 0)),
        ("hours", rules.Fact(r.BUDGET, 12000.0, 9500.0)),
        ("hours", rules.Fact(r.MAX_ACTIVITIES, 7, 6)),
        ("prerequisite", rules.Fact(r.REQUIRED_INSATS, other="B")),
        ("prerequisite", rules.Fact(r.REQUIRED_LEVEL, 2.0, 1.5, indicator="ork")),
        ("prerequisite", rules.Fact(r.REQUIRED_LEVEL, 2.0, None, indicator="ork")),
        ("excluded", rules.Fact(r.EXCLUSION, other="B")),
        ("excluded", rules.Fact(r.GROUP, other="B")),
        ("excluded", rules.Fact(r.REQUIRED_WISH, other="B")),
        ("no_expected_gain", rules.Fact(r.WORTH, 0.1, -0.02)),
        ("less_gain", rules.Fact(r.BEST)),
    ]
    return told


def test_every_code_and_every_rule_of_the_planner_has_words() -> None:
    assert {f"codes.{code}" for code in get_args(NotChosenCode)} <= set(WORDS.templates)
    told = facts_of_every_rule()
    assert {code for code, _ in told} == set(get_args(NotChosenCode))
    assert set(rules.Rule) - {fact.rule for _, fact in told} == {rules.Rule.DIFFERENCE}  # between plans only
    for code, fact in told:
        text = wording.not_chosen_text(code, [fact], CATALOGUE, INSTRUMENT)
        assert text.endswith(".")
        assert "None" not in text
        assert len(text.split()) <= 20, text


@pytest.mark.parametrize(
    ("code", "fact", "text"),
    [
        ("prerequisite", Fact("required_level", 2.0, 1.5, indicator="ork"), "Den kräver nivån 2,0 på ork; nu 1,5."),
        ("prerequisite", Fact("required_level", 2.0, 1.96, indicator="ork"), "Den kräver nivån 2,00 på ork; nu 1,96."),
        ("hours", Fact("weekly_load", 7.5, 5), "Den tar minst 8 timmar i veckan; det som redan pågår lämnar 5 timmar."),
        ("no_expected_gain", Fact("worth", 0.1, 0.0981),
         "Modellen räknar med högst 0,098 steg av den; det ska vara minst 0,100 steg."),
        ("not_eligible", Fact("income_source", ("sjukpenning", "a-kassa"), "annan"),
         "Den kräver sjukpenning eller a-kassa; personens försörjning är annan."),
        ("excluded", Fact("exclusion", other="B"), "Den får inte gå samtidigt med Gruppen."),
    ],
)  # fmt: skip
def test_a_reason_not_to_choose_names_the_rule_and_the_fact(code: NotChosenCode, fact: Fact, text: str) -> None:
    assert wording.not_chosen_text(code, [fact], CATALOGUE, INSTRUMENT) == text


def test_what_cannot_be_required_is_named_with_the_rules_in_the_way() -> None:
    impossible = Conflict("A", "hours", rules.Fact(rules.Rule.HOURS_LIMIT, 25.0, 20.0))
    together = [Conflict(None, None, rules.Fact(rule)) for rule in (rules.Rule.WEEKLY_LOAD, rules.Rule.BUDGET)]
    notes = wording.conflict_notes([*together, impossible], CATALOGUE, INSTRUMENT)
    assert notes == (
        "Inget förslag: Kursen ska ingå, men det går inte. Den tar minst 25 timmar i veckan; gränsen är 20 timmar.",
        "Inget förslag: det som måste ingå går inte ihop med gränsen för timmar i veckan och budgeten.",
    )
    assert {f"rule_names.{rule}" for rule in rules.Rule} <= set(WORDS.templates)


def test_without_facts_the_code_speaks_for_itself() -> None:
    assert wording.not_chosen_text("less_gain", [], CATALOGUE, INSTRUMENT) == "Andra insatser väntas ge mer."


def test_every_feature_of_the_model_has_words() -> None:
    columns = features.of_case(bip_case(), Insatser.of(bip_catalogue()), BIP).columns
    assert set(features.MODIFIERS) <= set(columns)
    for name in (*columns, "beside_job"):
        entry = wording.feature(name, BIP)
        assert entry.label
        assert "{" not in entry.phrase + entry.label + entry.negated
        assert f"categories.{entry.category}" in WORDS.templates


def test_health_and_age_are_marked_as_protected_and_cannot_be_influenced() -> None:
    for name in ("age", "psychiatric_health", "pain_health", "other_health"):
        entry = wording.feature(name, BIP)
        assert (entry.protected, entry.can_be_influenced) == (True, False)


def test_a_feature_without_words_is_refused_by_name() -> None:
    with pytest.raises(FaultyWords, match="shoe_size has no words") as refused:
        wording.feature("shoe_size", BIP)
    assert isinstance(refused.value, PathwayError)
    with pytest.raises(FaultyWords):
        wording.feature("level_shoe_size", BIP)


@pytest.mark.parametrize(
    ("name", "value", "cell", "phrase"),
    [
        ("months_without_work", 31.0, "31 månader", "tiden utan arbete (31 månader)"),
        ("months_without_work", 1, "1 månad", "tiden utan arbete (1 månad)"),
        ("months_without_work", 0, "0 månader", "ingen tid utan arbete"),
        ("months_without_work", 120, "120 månader eller mer", "tiden utan arbete (120 månader eller mer)"),
        ("months_without_work", None, "uppgift saknas", "tiden utan arbete (uppgift saknas)"),
        ("age", float("nan"), "uppgift saknas", "åldern (uppgift saknas)"),
        ("education", 0.0, "förgymnasial", "utbildningen (förgymnasial)"),
        ("education", "gymnasial", "gymnasial", "utbildningen (gymnasial)"),
        ("children_at_home", True, "ja", "barn hemma"),
        ("children_at_home", 0.0, "nej", "inga barn hemma"),
        ("psychiatric_health", 1.0, "ja", "psykisk ohälsa"),
        ("trend", -0.25, "−0,2 steg", "ändringen sedan förra mätningen (−0,2 steg)"),
        ("level_natverk", 2.5, "2,5", "nivån på stöd från familj och vänner (2,5)"),
        ("income_source", "a-kassa", "a-kassa", "försörjningen (a-kassa)"),
        ("beside_job", ("A", "X"), "Kursen och X", "tiden bredvid en jobbinsats (Kursen och X)"),
        ("beside_job", (), "nej", "ingen jobbinsats bredvid"),
    ],
)
def test_a_value_is_said_as_a_person_would(name: str, value: object, cell: str, phrase: str) -> None:
    entry = wording.feature(name, BIP)
    assert value_text(entry, value, CATALOGUE, WORDS) == cell
    assert reason_text(entry, value, CATALOGUE, WORDS) == phrase


def test_numbers_and_dates_are_written_in_swedish() -> None:
    assert [WORDS.of_ten(n) for n in (0, 1, 9, 10)] == ["nästan 0", "1", "9", "nästan 10"]
    assert [WORDS.short(hours) for hours in (8, 7.5, 0.25, 0.75, 2.04)] == ["8", "7,5", "0,25", "0,75", "2"]
    assert WORDS.number(-0.5, 1) == "−0,5"
    assert WORDS.number(-0.004, 2) == "0,00"
    assert WORDS.signed(0.004, 2) == "0,00"
    assert WORDS.signed(0.62, 2) == "+0,62"
    assert WORDS.amount(12000, "krona") == "12\N{NO-BREAK SPACE}000 kronor"
    assert (WORDS.quantity(1, "hour"), WORDS.quantity(7.5, "hour")) == ("1 timme", "7,5 timmar")
    assert WORDS.day(date(2026, 3, 2)) == "2 mars 2026"
    assert WORDS.listed(["a", "b", "c"]) == "a, b och c"


def test_a_case_that_leaves_things_out_says_which_defaults_apply() -> None:
    case = a_case(profile={"birth_year": 1980}, limits={"hours_per_week": 15}, shoe_size=43)
    notes = wording.case_notes(case, INSTRUMENT)
    assert "Tidigare insatser saknas i ärendet. Förslaget räknar med att det inte finns några." in notes
    assert "Högsta antal samtidiga insatser saknas i ärendet. Förslaget räknar med 3." in notes
    assert "Planens längd saknas i ärendet. Förslaget räknar med 52 veckor." in notes
    assert "Används inte, för att fältet är okänt här: shoe_size." in notes
    assert any(note.startswith("Okänt om personen: kön, kommun") for note in notes)
    assert not any("timmar saknas" in note for note in notes)


def test_a_case_without_limits_names_all_three() -> None:
    case = replace(a_case(), defaulted=("limits",))
    assert len(wording.case_notes(case, INSTRUMENT)) == 3


def test_an_indicator_without_a_measurement_is_named() -> None:
    notes = wording.case_notes(a_case({"tro": 2, "mal": 3}), INSTRUMENT)
    assert "Saknar mätning: ork. Modellen antar ett värde där." in notes


def test_a_note_writes_dates_shares_and_numbers() -> None:
    assert wording.note("old_measurement", date=date(2025, 3, 2)).startswith("Senaste mätningen är från 2 mars 2025.")
    assert "3,1 procent" in wording.note("not_proven", gap=0.031)
    assert WORDS.text("fixed.mock_mark") in wording.note("mock")


def test_a_note_that_does_not_exist_or_lacks_a_value_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="no_such"):
        wording.note("no_such")
    with pytest.raises(ValueError, match="date"):
        wording.note("old_measurement")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "sv.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{insats} pågår", "{namn} pågår", r"activity\.when has the placeholder \{namn\}.*\{insats\}, \{start\}"),
        ("{insats} pågår", "{insats.id} pågår", r"activity\.when has the placeholder"),
        ("{insats} pågår", "{insats!r} pågår", r"activity\.when has the placeholder"),
        ("{insats} pågår", "{} pågår", r"activity\.when has the placeholder"),
        ("{insats} pågår", "{insats pågår", r"activity\.when has a brace without its pair; allowed there: \{insats\}"),
        ('avoided = "Den står bland det som personen vill slippa."', "", r"text rules\.avoided is missing"),
        ("[codes]", '[codes]\nnew = "Ny"', r"text codes\.new is not known"),
        ('all_up = "Hela intervallet ligger över noll."', 'all_up = ""', r"activity\.all_up is empty"),
        ('label = "Ålder"\nphrase', 'unit = "year"\nlabel = "Ålder"\nphrase', r"age\.unit: not words .*features\.toml"),
        ("[features.trend]", "[features.trends]", r"the feature trend of features\.toml has no words"),
        ("[groups.health]", "[groups.halsa]", r"features\.\w+\.group: not a group; allowed: rating_\*"),
        ('label = "Utbildning"\nphrase', 'label = "{x}"\nphrase', r"label has the placeholder \{x\}"),
        ('label = "Ålder"', 'label = "Ålder {år}"', r"features\.age\.label has the placeholder"),
        ('label = "Ålder"', "", r"features\.age\.label"),
        ("[language]", "[sprak]", r"language"),
    ],
)
def test_a_fault_in_the_words_is_named_when_the_file_is_read(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(FaultyWords, match=message) as refused:
        wording.read(changed(tmp_path, old, new))
    assert "\n" not in refused.value.message


def test_changed_words_are_used(tmp_path: Path) -> None:
    words = wording.read(
        changed(tmp_path, "{insats} pågår från {start} till och med {last}.", "{last} slutar {insats}.")
    )
    activity = an_activity("A", gain={}, instrument=INSTRUMENT)
    text = wording.activity_text(activity, CATALOGUE, INSTRUMENT, Goal(), words)
    assert text.startswith("13 september 2026 slutar Kursen.")


def test_every_kind_of_insats_has_its_word() -> None:
    assert {f"kinds.{kind}" for kind in KINDS} <= set(WORDS.templates)


def test_moments_are_told_by_swedish_clocks_winter_and_summer() -> None:
    winter, summer = (datetime(2026, month, 30, 23, 30, tzinfo=UTC) for month in (1, 6))
    assert f"{wording.swedish_time(winter):%d %H.%M}" == "31 00.30"
    assert f"{wording.swedish_time(summer):%d %H.%M}" == "01 01.30"
