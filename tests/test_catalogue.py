"""Claims about the catalogue: what the shipped mock one offers, and how a faulty one is refused."""

import json
import re
from dataclasses import fields as fields_of
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pathway import catalogue, instrument
from pathway.catalogue import Catalogue, Insats
from pathway.errors import FaultyCatalogue, UnreadableFile

SHIPPED = Path(catalogue.__file__).parent / "mock" / "catalogue.json"
LINKOPING, NORRKOPING, KINDA, ATVIDABERG = MUNICIPALITIES = ("0580", "0581", "0513", "0561")
MARKED = {"weeks", "hours_per_week", "entry", "intake", "queue_weeks", "places", "cost_per_week", "evidence"}
# Longest times in law (SFS 2007:414 10 and 11 §§) and in the procured service, in weeks.
LEGAL_MAX_WEEKS = {"AT-01": 26, "AT-02": 52, "AT-03": 52, "BRI-01": 104, "INT-01": 26, "INT-02": 52, "INT-04": 12}
# The ICF codes that the project has a source for.
ICF = {
    *("b126", "b1301", "b130", "b134", "b152", "b164", "b280", "b455"),
    *("d155", "d177", "d230", "d240", "d570", "d710", "d720", "d740", "d750", "d825", "d840", "d845"),
    *("d850", "d855", "d870", "e310", "e320", "e330", "e580", "e590"),
}


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return catalogue.read(SHIPPED)


@pytest.fixture(scope="module")
def raw_insatser() -> list[dict[str, Any]]:
    insatser: list[dict[str, Any]] = json.loads(SHIPPED.read_text(encoding="utf-8"))["insatser"]
    return insatser


def open_to(shipped: Catalogue, municipality: str, income_source: str) -> list[Insats]:
    """Insatser open to somebody of 40 who speaks good Swedish, before prerequisites."""
    return [
        insats
        for insats in shipped.insatser
        if municipality in insats.municipalities
        and (insats.age_min or 0) <= 40 <= (insats.age_max or 200)
        and (not insats.income_sources or income_source in insats.income_sources)
    ]


def test_the_shipped_catalogue_fits_the_shipped_instrument(shipped: Catalogue) -> None:
    shipped.check_against(instrument.read())
    assert shipped.version == "mock-2026-11"


def test_it_offers_at_least_42_insatser_in_four_municipalities(shipped: Catalogue) -> None:
    assert len(shipped.insatser) >= 42
    assert {place for insats in shipped.insatser for place in insats.municipalities} == set(MUNICIPALITIES)
    assert {insats.type for insats in shipped.insatser} == set(catalogue.KINDS)


def test_every_number_is_marked_as_assumed_or_sourced(raw_insatser: list[dict[str, Any]]) -> None:
    for insats in raw_insatser:
        assert set(insats["basis"]) == MARKED, insats["id"]
        for field, basis in insats["basis"].items():
            assert re.fullmatch(r"assumed(: .+)?|sourced: .+", basis), (insats["id"], field)


def test_what_is_said_to_have_an_effect_has_a_source_and_the_rest_has_none(
    raw_insatser: list[dict[str, Any]],
) -> None:
    for insats in raw_insatser:
        evidence = insats["evidence"]
        assert evidence["level"] in {"hög", "måttlig", "låg", "okänd"}
        assert (evidence["level"] == "okänd") == (not evidence["sources"]), insats["id"]
        assert insats["basis"]["evidence"].startswith("sourced: ") == bool(evidence["sources"]), insats["id"]


def test_lengths_keep_within_the_law(shipped: Catalogue, raw_insatser: list[dict[str, Any]]) -> None:
    for id, weeks in LEGAL_MAX_WEEKS.items():
        assert shipped.by_id[id].weeks.max == weeks, id
    by_law = {insats["id"] for insats in raw_insatser if "SFS 2007:414" in insats["basis"]["weeks"]}
    assert by_law == {"AT-01", "AT-02", "AT-03", "BRI-01"}


def test_nobody_takes_it_for_a_real_offer(shipped: Catalogue) -> None:
    assert all(insats.provider.startswith("Mockanordnare ") for insats in shipped.insatser)
    assert all(insats.url is None for insats in shipped.insatser)


def test_no_code_is_invented(shipped: Catalogue) -> None:
    assert all(not insats.ksi_codes for insats in shipped.insatser)
    assert {code for insats in shipped.insatser for code in insats.icf_codes} <= ICF


def test_summaries_are_one_or_two_short_sentences(shipped: Catalogue) -> None:
    for insats in shipped.insatser:
        sentences = re.findall(r"[^.]+\.", insats.summary)
        assert "".join(sentences) == insats.summary, insats.id
        assert 1 <= len(sentences) <= 2, insats.id
        assert all(len(sentence.split()) <= 20 for sentence in sentences), insats.id


@pytest.mark.parametrize("income_source", ["försörjningsstöd", "sjukpenning"])
def test_a_person_in_linkoping_has_enough_to_choose_among(shipped: Catalogue, income_source: str) -> None:
    assert 18 <= len(open_to(shipped, LINKOPING, income_source)) <= 28


@pytest.mark.parametrize("municipality", MUNICIPALITIES)
@pytest.mark.parametrize("income_source", ["försörjningsstöd", "sjukpenning"])
def test_everywhere_there_are_twelve_insatser_and_a_job_oriented_one_without_prerequisites(
    shipped: Catalogue, municipality: str, income_source: str
) -> None:
    choice = open_to(shipped, municipality, income_source)
    assert len(choice) >= 12
    assert any(i.type == "jobb" and not i.requires.levels and not i.requires.insatser for i in choice)


def test_whoever_may_start_an_insats_can_first_take_what_it_requires(shipped: Catalogue) -> None:
    for insats in shipped.insatser:
        for needed in (shipped.by_id[id] for id in insats.requires.insatser):
            assert set(insats.municipalities) <= set(needed.municipalities), insats.id
            assert not needed.income_sources or set(insats.income_sources) & set(needed.income_sources), insats.id


def test_planning_has_every_kind_of_rule_to_keep(shipped: Catalogue) -> None:
    insatser = shipped.insatser
    assert all(2 <= (insats.places or 0) <= 40 for insats in insatser)
    assert {insats.queue_weeks for insats in insatser} >= {0, 12}
    assert max(insats.queue_weeks for insats in insatser) == 12
    assert sum(bool(insats.requires.levels) for insats in insatser) >= 15
    assert sum(bool(insats.excludes) for insats in insatser) >= 15
    assert any(insats.valid_to for insats in insatser)
    assert any(insats.swedish_level_min for insats in insatser)
    assert any(insats.cost_per_week > 5000 for insats in insatser)


def test_levels_required_are_on_indicators_that_drive_ranking_and_within_reach(shipped: Catalogue) -> None:
    ranking = instrument.read().ranking
    for insats in shipped.insatser:
        for indicator, level in insats.requires.levels.items():
            assert indicator in ranking
            assert level in (1.5, 2.0, 2.5, 3.0)


def test_the_longest_chain_of_insatser_is_three(shipped: Catalogue) -> None:
    def length(id: str) -> int:
        return 1 + max((length(needed) for needed in shipped.by_id[id].requires.insatser), default=0)

    assert max(length(id) for id in shipped.ids) == 3


def test_course_starts_are_ordered_mondays_within_the_time_the_insats_is_offered(shipped: Catalogue) -> None:
    with_dates = [insats for insats in shipped.insatser if insats.intake.mode == "datum"]
    assert len(with_dates) >= 10
    for insats in with_dates:
        dates = insats.intake.dates
        assert all(earlier < later for earlier, later in pairwise(dates)), insats.id
        assert all(day.isoweekday() == 1 for day in dates), insats.id
        assert (insats.valid_from or date.min) <= dates[0], insats.id
        assert dates[-1] <= (insats.valid_to or date(2028, 12, 31)), insats.id
        assert insats.valid_to is not None or {day.year for day in dates} == {2026, 2027, 2028}, insats.id


def test_variants_share_a_group(shipped: Catalogue) -> None:
    municipal = [insats for insats in shipped.insatser if insats.group == "arbetstraning-kommun"]
    assert len(municipal) == 3
    assert len({insats.municipalities for insats in municipal}) == 3


def test_what_comes_before_another_of_its_group_is_no_variant_of_it() -> None:
    def of_group(id: str, *first: str) -> dict[str, Any]:
        return an_insats(id=id, group="g") | {"requires": {"insatser": list(first)}}

    raw = a_catalogue(of_group("A-1"), of_group("A-2", "A-1"), of_group("A-3", "A-2"), of_group("B-1"))
    known = catalogue.shape(raw, "k.json").variants
    assert known == {"A-1": {"B-1"}, "A-2": {"B-1"}, "A-3": {"B-1"}, "B-1": {"A-1", "A-2", "A-3"}}


# Reading any catalogue

FIELDS = {field.name for field in fields_of(Insats)}


def an_insats(id: Any = "A-1", **fields: Any) -> dict[str, Any]:
    """An insats with no limits at all, but for what is given."""
    least = {
        "id": id,
        "name": "Något",
        "type": "jobb",
        "weeks": {"min": 1, "typical": 2, "max": 3},
        "hours_per_week": {"min": 1, "typical": 2.5, "max": 3},
    }
    return least | fields


def a_catalogue(*insatser: Any, **fields: Any) -> dict[str, Any]:
    return {"version": "t-1", "insatser": list(insatser)} | fields


def refusal(raw: Any) -> str:
    """The one line that a catalogue is refused with, after the file's name."""
    with pytest.raises(FaultyCatalogue) as caught:
        catalogue.shape(raw, "k.json")
    message = str(caught.value)
    assert message.startswith("k.json: ")
    assert "\n" not in message
    return message.removeprefix("k.json: ")


def test_what_is_left_out_is_no_limit() -> None:
    insats = catalogue.shape(a_catalogue(an_insats()), "k.json").by_id["A-1"]
    assert insats.municipalities == insats.income_sources == insats.excludes == insats.requires.insatser == ()
    assert insats.requires.levels == {}
    assert {insats.places, insats.age_min, insats.age_max, insats.swedish_level_min, insats.valid_to} == {None}
    assert (insats.intake.mode, insats.queue_weeks, insats.cost_per_week) == ("löpande", 0, 0)


def test_a_null_means_the_same_as_leaving_out() -> None:
    optional = FIELDS - set(an_insats())
    nulls = an_insats(**dict.fromkeys(optional))
    halfway = an_insats(requires={"levels": None, "insatser": None}, intake={"mode": None, "dates": None})
    bare = catalogue.shape(a_catalogue(an_insats()), "k.json")
    assert catalogue.shape(a_catalogue(nulls), "k.json") == bare
    assert catalogue.shape(a_catalogue(halfway), "k.json") == bare


def test_unknown_fields_are_ignored_at_every_depth() -> None:
    weeks = {"min": 1, "typical": 2, "max": 3, "kommentar": "ny"}
    with_more = a_catalogue(an_insats(weeks=weeks, kontakt={"tel": 1}), utgivare="SCÖ")
    assert catalogue.shape(with_more, "k.json") == catalogue.shape(a_catalogue(an_insats()), "k.json")


def test_an_exclusion_holds_whichever_of_the_two_says_so() -> None:
    read = catalogue.shape(a_catalogue(an_insats("A-1", excludes=["B-1"]), an_insats("B-1"), an_insats("C-1")), "k")
    assert read.excluded_by("A-1") == {"B-1"}
    assert read.excluded_by("B-1") == {"A-1"}
    assert read.excluded_by("C-1") == set()


def test_a_long_chain_of_requirements_is_no_circle() -> None:
    chain = [an_insats(f"A-{n}", requires={"insatser": [f"A-{n + 1}"] if n < 3000 else []}) for n in range(3001)]
    assert len(catalogue.shape(a_catalogue(*chain), "k.json").ids) == 3001


RANGE = {"min": 1, "typical": 2, "max": 3}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"weeks": None}, ", field weeks: field required"),
        ({"weeks": "tolv"}, ", field weeks: must be an object"),
        ({"weeks": RANGE | {"min": 3}}, ", field weeks: min ≤ typical ≤ max must hold"),
        ({"weeks": RANGE | {"typical": 9}}, ", field weeks: min ≤ typical ≤ max must hold"),
        ({"weeks": RANGE | {"typical": None}}, ", field weeks.typical: field required"),
        ({"weeks": RANGE | {"min": 0}}, ", field weeks.min: input should be greater than or equal to 1"),
        ({"weeks": RANGE | {"min": 1.5}}, ", field weeks.min: input should be a valid integer"),
        ({"hours_per_week": RANGE | {"min": 0}}, ", field hours_per_week.min: input should be greater than 0"),
        ({"hours_per_week": RANGE | {"max": 1}}, ", field hours_per_week: min ≤ typical ≤ max must hold"),
        ({"hours_per_week": RANGE | {"max": float("inf")}}, ", field hours_per_week.max: input should be a finite"),
        ({"name": ""}, ", field name: string should have at least 1 character"),
        ({"type": "annat"}, ", field type: input should be 'jobb', 'kompetens', 'hälsa' or 'social'"),
        ({"municipalities": ["580"]}, ", field municipalities.0: string should match pattern '^[0-9]{4}$'"),
        ({"municipalities": [580]}, ", field municipalities.0: input should be a valid string"),
        ({"municipalities": ["0580", None]}, ", field municipalities.1: input should be a valid string"),
        ({"municipalities": "0580"}, ", field municipalities: must be a list"),
        ({"age_min": -1}, ", field age_min: input should be greater than or equal to 0"),
        ({"age_min": 40, "age_max": 30}, ": age_min must not be above age_max"),
        ({"income_sources": ["lön"]}, ", field income_sources.0: input should be 'försörjningsstöd'"),
        ({"swedish_level_min": "B1"}, ", field swedish_level_min: input should be 'ingen', 'grund', 'medel' or 'god'"),
        ({"intake": {"mode": "ibland"}}, ", field intake.mode: input should be 'löpande' or 'datum'"),
        ({"intake": {"mode": "löpande", "dates": ["2026-01-12"]}}, ", field intake: dates may be given only when"),
        ({"intake": {"mode": "datum", "dates": ["vecka 3"]}}, ", field intake.dates.0: must be a date, YYYY-MM-DD"),
        ({"queue_weeks": "snart"}, ", field queue_weeks: input should be a valid integer"),
        ({"queue_weeks": 10**6}, ", field queue_weeks: input should be less than or equal to 9999"),
        ({"cost_per_week": 1e300}, ", field cost_per_week: input should be less than or equal to 1000000000"),
        ({"places": -1}, ", field places: input should be greater than or equal to 0"),
        ({"cost_per_week": -1}, ", field cost_per_week: input should be greater than or equal to 0"),
        ({"cost_per_week": float("nan")}, ", field cost_per_week: input should be a finite number"),
        ({"requires": {"levels": {"samarbete": "hög"}}}, ", field requires.levels.samarbete: input should be a valid"),
        ({"requires": {"levels": {"samarbete": float("nan")}}}, ", field requires.levels.samarbete: input should be a"),
        ({"requires": {"insatser": ["Z-9"]}}, ", field requires.insatser: Z-9 is not in the catalogue"),
        ({"requires": {"insatser": ["A-1"]}}, ": requires.insatser must not name the insats itself"),
        ({"excludes": ["Z-9"]}, ", field excludes: Z-9 is not in the catalogue"),
        ({"excludes": ["A-1"]}, ": excludes must not name the insats itself"),
        ({"evidence": {"sources": "en"}}, ", field evidence.sources: must be a list"),
        ({"valid_to": "i vår"}, ", field valid_to: must be a date, YYYY-MM-DD"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, ": valid_from must not be after valid_to"),
    ],
)
def test_a_fault_is_refused_with_its_insats_field_and_rule(fields: dict[str, Any], message: str) -> None:
    assert refusal(a_catalogue(an_insats("B-1"), an_insats(**fields))).startswith("insats A-1" + message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([], "must be an object"),
        ({"insatser": [an_insats()]}, "field version: field required"),
        (a_catalogue(an_insats(), version=""), "field version: string should match"),
        ({"version": "t-1"}, "field insatser: field required"),
        (a_catalogue(), "field insatser: list should have at least 1 item, not 0"),
        (a_catalogue(insatser={"A-1": an_insats()}), "field insatser: must be a list"),
        (a_catalogue(an_insats(), 7), "insats number 2: must be an object"),
        (a_catalogue(an_insats(), None), "insats number 2: must be an object"),
        (a_catalogue(an_insats(), an_insats(id=None)), "insats number 2, field id: field required"),
        (a_catalogue(an_insats(), an_insats("")), "insats number 2, field id: string should match"),
        (a_catalogue(an_insats(), an_insats("A\n2")), "insats number 2, field id: string should match"),
        (a_catalogue(an_insats(), an_insats()), "insats A-1, field id: stands 2 times; ids must be unique"),
    ],
)
def test_a_fault_in_the_catalogues_build_is_refused_with_its_place(raw: Any, message: str) -> None:
    assert refusal(raw).startswith(message)


def test_a_circle_of_requirements_is_refused_and_drawn() -> None:
    circle = a_catalogue(
        an_insats("A-1", requires={"insatser": ["B-1"]}),
        an_insats("B-1", requires={"insatser": ["C-1"]}),
        an_insats("C-1", requires={"insatser": ["A-1"]}),
    )
    message = refusal(circle)
    assert ", field requires.insatser: goes in a circle (" in message
    assert any(f"{two}" in message for two in ("A-1 → B-1", "B-1 → C-1"))


def test_several_faults_are_counted() -> None:
    assert refusal(a_catalogue(an_insats("B-1"), an_insats(type="x", places=-1))).endswith("(and 1 more)")


@pytest.mark.parametrize("field", sorted(FIELDS - {"id"}))
def test_a_refusal_never_repeats_what_stands_in_the_field(field: str) -> None:
    planted = {
        "requires": {"levels": {"samarbete": "19121212-1212"}},
        "intake": {"mode": "datum", "dates": ["19121212-1212"]},
        "evidence": {"sources": "19121212-1212"},
    }
    value = planted.get(field, {"min": "19121212-1212"})
    assert "1212" not in refusal(a_catalogue(an_insats(**{field: value})))


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"skostorlek": 2}, "insats A-1, field requires.levels.skostorlek: is not an indicator of the instrument bip-"),
        ({"samarbete": 5.5}, "insats A-1, field requires.levels.samarbete: must be within the scale 1–5"),
        ({"samarbete": 0}, "insats A-1, field requires.levels.samarbete: must be within the scale 1–5"),
        ({"handlaggartilltro": 3}, "insats A-1, field requires.levels.handlaggartilltro: is for monitoring only"),
    ],
)
def test_levels_that_the_instrument_cannot_answer_for_are_refused(levels: dict[str, float], message: str) -> None:
    read = catalogue.shape(a_catalogue(an_insats(requires={"levels": levels})), "k.json")
    with pytest.raises(FaultyCatalogue) as caught:
        read.check_against(instrument.read())
    assert str(caught.value).startswith(f"catalogue t-1: {message}")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    path.write_text(json.dumps(a_catalogue(an_insats())), encoding="utf-8-sig")
    assert catalogue.read(path).ids == ("A-1",)


def test_a_fault_in_a_file_is_told_with_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    path.write_text(json.dumps(a_catalogue(an_insats(type="x"))), encoding="utf-8")
    with pytest.raises(FaultyCatalogue, match=rf"^{re.escape(str(path))}: insats A-1, field type: "):
        catalogue.read(path)


@pytest.mark.parametrize("text", ["", '{"version": "t-1",\n "insatser": [}', "\n<html>"])
def test_what_is_not_json_is_refused_with_line_and_column(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"not JSON \(line \d+, column \d+: [^\n]+\)$"):
        catalogue.read(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        catalogue.read(tmp_path / "k.json")
