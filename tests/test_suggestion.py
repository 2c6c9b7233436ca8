"""The desk: what is suggested adds up, keeps the rules, and is silent where it must be."""

import dataclasses
import json

import numpy as np
import pytest

from pathway import case as cases
from pathway import casefile, features, instrument, plan, shipped
from pathway.errors import FaultyCase
from pathway.suggestion import Desk
from tests import checker
from tests.worlds import NOW

BIP = instrument.read()
OFFERED = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
RAW = json.loads(shipped.cases().read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def suggested(desk):
    """Every shipped case with its suggestion."""
    read = casefile.read(shipped.cases(), desk.model.instrument)
    return [(raw, case, desk.suggest(case, NOW)) for raw, (_, case) in zip(RAW, read, strict=True)]


def test_the_independent_checker_finds_no_broken_rule(suggested):
    for raw, _, suggestion in suggested:
        assert checker.broken_rules(raw, OFFERED, plan.plain(suggestion), BIP.ranking) == []


def test_the_shipped_cases_show_both_outcomes(suggested):
    assert {one.status for *_, one in suggested} == {"suggested", "abstained"}


def test_reasons_add_up_to_every_shown_gain(suggested):
    n_shown = 0
    for *_, suggestion in suggested:
        for one in suggestion.plans:
            for activity in one.activities:
                for indicator, gain in activity.gain.items():
                    assert activity.explanation[indicator].total == pytest.approx(gain.mean, abs=plan.ADDITIVITY)
                    n_shown += 1
    assert n_shown > 100


def test_gains_shown_are_the_models_own(suggested, desk):
    model = desk.model.gains
    for _, case, suggestion in suggested:
        x = features.of_case(case, desk.model.insatser, desk.model.instrument)
        for one in suggestion.plans:
            for activity in one.activities:
                insats = desk.catalogue.by_id[activity.insats_id]
                k = model.insatser_.index(insats.id)
                weeks = (activity.end_on - activity.start_on).days / 7
                dose = weeks / 13 * activity.hours_per_week / insats.hours_per_week.typical
                if insats.type == "jobb":
                    shown = [activity.gain[indicator].mean for indicator in model.outcomes_]
                    np.testing.assert_allclose(shown, dose * model.predict_added(x)[0, k], atol=1e-9)


def test_expected_levels_are_the_gains_on_top_of_the_course(suggested):
    for *_, suggestion in suggested:
        for one in suggestion.plans:
            for indicator, expected in one.expected.items():
                added = sum(activity.gain[indicator].mean for activity in one.activities)
                assert expected.with_plan.mean == pytest.approx(np.clip(expected.without_plan.mean + added, 1, 5))


def test_the_same_case_at_the_same_time_gives_the_same_suggestion(suggested, desk):
    _, case, suggestion = suggested[0]
    assert desk.suggest(case, NOW) == suggestion


def test_a_suggestion_reads_back_from_json(suggested):
    for *_, suggestion in suggested:
        assert plan.shape(json.loads(json.dumps(plan.plain(suggestion)))) == suggestion


def test_what_is_dated_after_the_day_changes_nothing_but_the_notes(suggested, desk):
    _, case, suggestion = next(one for one in suggested if one[2].plans)
    later = cases.Answer(case.as_of.replace(year=case.as_of.year + 1), "klient", "natverk", 5)
    other = desk.suggest(dataclasses.replace(case, measurements=(*case.measurements, later)), NOW)
    assert other.plans == suggestion.plans


def test_gender_and_the_caseworkers_belief_change_nothing(suggested, desk):
    _, case, suggestion = next(one for one in suggested if one[2].plans)
    changed = dataclasses.replace(
        case,
        profile=dataclasses.replace(case.profile, gender="man" if case.profile.gender == "kvinna" else "kvinna"),
        measurements=tuple(
            dataclasses.replace(one, value=5) if one.indicator == "handlaggartilltro" else one
            for one in case.measurements
        ),
    )
    assert desk.suggest(changed, NOW).plans == suggestion.plans


def test_without_a_measurement_it_abstains_and_says_why(desk):
    bare = cases.shape({"case_id": "x", "as_of": "2026-11-02", "measurements": []}, desk.model.instrument)
    suggestion = desk.suggest(bare, NOW)
    assert suggestion.status == "abstained"
    assert any("ingen mätning" in note for note in suggestion.notes)
    assert {one.insats_id for one in suggestion.not_chosen} == set(desk.catalogue.ids)


def test_where_nobody_comparable_had_anything_it_abstains(desk, suggested):
    few = dataclasses.replace(desk.model.support, n_clients=dict.fromkeys(desk.model.support.n_clients, 3))
    silent = Desk(dataclasses.replace(desk.model, support=few), desk.catalogue)
    suggestion = silent.suggest(next(case for _, case, one in suggested if one.plans), NOW)
    assert suggestion.status == "abstained"
    assert "too_little_data" in {one.code for one in suggestion.not_chosen}
    assert any("för få tidigare deltagare" in note for note in suggestion.notes)


def test_a_required_insats_that_cannot_be_is_named(desk, suggested):
    _, case, suggestion = next(one for one in suggested if one[2].plans)
    barred = next(one.insats_id for one in suggestion.not_chosen if one.code == "not_eligible")
    other = desk.suggest(dataclasses.replace(case, wishes=cases.Wishes(require=(barred,))), NOW)
    assert other.status == "abstained"
    assert any(desk.catalogue.by_id[barred].name in note for note in other.notes)


@pytest.mark.parametrize("phase", ["förhandsbedömning", "anmälan"])
def test_cases_before_there_is_a_case_are_refused(desk, suggested, phase):
    with pytest.raises(FaultyCase, match="must be held back"):
        desk.suggest(dataclasses.replace(suggested[0][1], case_phase=phase), NOW)


def test_it_says_that_the_handläggare_decides_and_that_mock_is_mock(suggested):
    for *_, suggestion in suggested:
        assert "Handläggaren beslutar" in suggestion.notes[0]
        assert any("mockdata" in note for note in suggestion.notes)


def test_other_typical_hours_in_the_catalogue_keep_the_gain_of_an_hour(desk, suggested):
    _, case, _ = next(one for one in suggested if one[2].plans)
    doubled = dataclasses.replace(
        desk.catalogue,
        insatser=tuple(
            dataclasses.replace(
                one, hours_per_week=dataclasses.replace(one.hours_per_week, typical=one.hours_per_week.max)
            )
            for one in desk.catalogue.insatser
        ),
    )
    gains = {}
    for name, offered in (("as it was", desk.catalogue), ("other", doubled)):
        for one in Desk(desk.model, offered).suggest(case, NOW).plans:
            for activity in one.activities:
                if offered.by_id[activity.insats_id].type == "jobb":
                    hours = (activity.end_on - activity.start_on).days / 7 * activity.hours_per_week
                    gains.setdefault(activity.insats_id, {})[name] = activity.gain["tro_pa_jobb"].mean / hours
    compared = [pair for pair in gains.values() if len(pair) == 2]
    assert compared
    for pair in compared:
        assert pair["other"] == pytest.approx(pair["as it was"])
