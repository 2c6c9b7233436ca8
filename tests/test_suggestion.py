"""The desk: what is suggested adds up, keeps the rules, and is silent where it must be."""

import dataclasses
import json
from datetime import timedelta

import numpy as np
import pytest

from pathway import case as cases
from pathway import casefile, features, instrument, plan, shipped, wording
from pathway.errors import FaultyCase
from pathway.planner import Placement
from pathway.suggestion import Desk, named
from tests import checker
from tests.worlds import NOW

BIP = instrument.read()
OFFERED = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
RAW = json.loads(shipped.cases().read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def suggested(desk):
    """Some shipped cases, each with its suggestion."""
    read = casefile.read(shipped.cases(), desk.model.instrument)
    return [(raw, case, desk.suggest(case, NOW)) for raw, (_, case) in zip(RAW[:5], read, strict=False)]


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


def test_gains_shown_are_the_models_own_along_the_way(suggested, desk):
    for _, case, suggestion in suggested:
        for one in suggestion.plans:
            (rolled,) = desk.client(case).foresight.roll([placed(one)])
            for activity, gains in zip(one.activities, rolled.gains, strict=True):
                shown = [activity.gain[indicator].mean for indicator in desk.model.gains.outcomes_]
                np.testing.assert_allclose(shown, gains, atol=1e-9)


def test_a_quarter_from_today_gives_what_the_model_says_today(suggested, desk):
    model, case = desk.model.gains, suggested[0][1]
    x = features.of_case(case, desk.model.insatser, desk.model.instrument)
    foresight = desk.client(case).foresight
    for insats_id, k in foresight.columns.items():
        hours = desk.model.insatser.typical_hours[insats_id]
        (rolled,) = foresight.roll([[Placement(insats_id, case.as_of, case.as_of + timedelta(weeks=13), hours)]])
        spared = rolled.amounts.covering.sum() * model.predict_gap()
        np.testing.assert_allclose(rolled.gains[0] - spared, model.predict_added(x)[0, k], atol=1e-9)


def test_expected_levels_are_the_gains_on_top_of_the_course(suggested):
    for *_, suggestion in suggested:
        for one in suggestion.plans:
            for indicator, expected in one.expected.items():
                added = sum(activity.gain[indicator].mean for activity in one.activities)
                assert expected.with_plan.mean == pytest.approx(np.clip(expected.without_plan.mean + added, 1, 5))


def test_the_same_case_at_the_same_time_gives_the_same_suggestion(suggested, desk):
    _, case, suggestion = suggested[0]
    assert desk.suggest(case, NOW) == suggestion


def test_a_suggestion_holds_python_s_own_values_only(suggested):
    def parts(value):
        if dataclasses.is_dataclass(value):
            value = vars(value)
        if isinstance(value, dict | list | tuple):
            inside = [*value, *value.values()] if isinstance(value, dict) else value
            return [part for one in inside for part in parts(one)]
        return [value]

    for *_, suggestion in suggested:
        assert [part for part in parts(suggestion) if isinstance(part, np.generic)] == []


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


def test_what_is_unknown_of_a_person_is_said_with_what_it_keeps_out(desk, suggested):
    _, case, _ = suggested[0]
    known = dataclasses.replace(case.profile, municipality=None)
    suggestion = desk.suggest(dataclasses.replace(case, profile=known), NOW)
    kept_out = sum("kommun är okänd" in one.text for one in suggestion.not_chosen)
    assert kept_out == sum(bool(one.municipalities) for one in desk.catalogue.insatser) > 0
    assert any(note.startswith(f"{kept_out} insatser är inte med") and "kommun." in note for note in suggestion.notes)
    none = next(note for note in suggestion.notes if note.startswith("Inget förslag"))
    assert "Fyll i vad som är okänt om personen (kommun) och fråga igen." in none
    for _, _, one in suggested:
        says_so = any("är inte med för att uppgifter om personen saknas" in note for note in one.notes)
        assert says_so == any(" är okänd" in insats.text for insats in one.not_chosen)


def test_where_nothing_can_start_the_rules_that_hinder_most_are_named(desk, suggested):
    _, case, _ = suggested[0]
    elsewhere = dataclasses.replace(case, profile=dataclasses.replace(case.profile, municipality="2584"))
    suggestion = desk.suggest(elsewhere, NOW)
    kept_out = sum(one.text == "Den ges inte i personens kommun." for one in suggestion.not_chosen)
    assert suggestion.status == "abstained"
    assert any(f"Oftast hindrar kommunen ({kept_out} insatser)" in note for note in suggestion.notes)


def test_no_alternative_is_said_to_lack_less_than_it_lacks_to_the_first_plan(suggested):
    found = [(one.plans[0].objective, other) for _, _, one in suggested for other in one.plans[1:]]
    assert len(found) > 5
    for best, other in found:  # with neither wishes nor caution plans are compared by their objectives
        assert other.proof.gap >= (best - other.objective) / other.objective - 1e-9


def test_alternatives_are_named_after_what_they_are_better_at_whatever_they_were_looked_for(desk, suggested):
    def hours(own):
        return sum(one.hours_per_week * (one.end_on - one.start_on).days for one in own.activities)

    _, case, one = next(one for one in suggested if one[1].case_id == "fall-0001")
    first, *others = (dataclasses.replace(own, theme=None) for own in one.plans)
    assert all(hours(own) < 0.9 * hours(first) for own in others)
    themes = [own.theme for own in named((first, *others), case, desk.catalogue)]
    assert themes[0] == "best"
    assert None not in themes
    assert len(set(themes)) == 3
    wished = dataclasses.replace(others[0], theme="wishes_first")  # which it is not: there are no wishes
    assert named((first, wished), case, desk.catalogue)[1].theme in themes
    assert "fewest_hours" not in [own.theme for own in named((others[0], first), case, desk.catalogue)]


def test_a_budget_below_the_cheapest_is_told_with_both_amounts(desk, suggested):
    case = next(case for _, case, one in suggested if one.plans)
    poor = dataclasses.replace(case, limits=dataclasses.replace(case.limits, budget=1))
    suggestion = desk.suggest(poor, NOW)
    assert suggestion.status == "abstained"
    assert any("budgeten räcker inte" in note and "budgeten är 1 krona" in note for note in suggestion.notes)


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
    _, case, suggestion = next(one for one in suggested if one[2].plans)
    doubled = dataclasses.replace(
        desk.catalogue,
        insatser=tuple(
            dataclasses.replace(
                one, hours_per_week=dataclasses.replace(one.hours_per_week, typical=one.hours_per_week.max)
            )
            for one in desk.catalogue.insatser
        ),
    )
    placements = placed(suggestion.plans[0])
    usual, other = (
        Desk(desk.model, offered).client(case).foresight.roll([placements])[0] for offered in (desk.catalogue, doubled)
    )
    np.testing.assert_allclose(usual.gains, other.gains)


def test_a_job_oriented_insats_says_where_others_gain_beside_it(desk, suggested):
    sentence, said = wording.swedish().text("place.lifts"), set()
    for *_, suggestion in suggested:
        for one in suggestion.plans:
            for activity in one.activities:
                gains = [
                    part.contribution
                    for other in one.activities
                    for told in other.explanation.values()
                    for part in told.contributions
                    if part.feature == "beside_job" and activity.insats_id in part.value
                ]
                assert (sentence in activity.text) == (round(sum(gains), 2) > 0)
                said.add(sentence in activity.text)
    assert said == {True, False}


def test_alternatives_say_what_differs_and_what_they_cost(suggested):
    n_alternatives = 0
    for *_, suggestion in suggested:
        for first, other in zip(suggestion.plans[:1] * 2, suggestion.plans[1:], strict=False):
            ids = [{one.insats_id for one in own.activities} for own in (first, other)]
            assert set(other.differs.only_here) == ids[1] - ids[0]
            assert set(other.differs.only_in_first) == ids[0] - ids[1]
            assert other.costs.objective == pytest.approx(first.objective - other.objective)
            assert other.costs.objective >= -0.01 * first.objective
            lost = sum(other.costs.expected.values())
            assert lost == pytest.approx(
                sum(first.expected[id].with_plan.mean - other.expected[id].with_plan.mean for id in first.expected)
            )
            n_alternatives += 1
        assert all(one.differs is None and one.costs is None for one in suggestion.plans[:1])
    assert n_alternatives > 3


def test_the_chance_of_reaching_is_told_for_targets_and_falls_as_they_rise(desk, suggested):
    case = next(case for _, case, one in suggested if one.plans)
    chances = []
    for target in (3.0, 5.0):
        aimed = dataclasses.replace(case, goal=cases.Goal(targets={"natverk": target}))
        (own,) = desk.suggest(dataclasses.replace(aimed, wishes=cases.Wishes()), NOW).plans[:1]
        assert set(own.reach) == {"natverk"}
        assert own.reach["natverk"].target == target
        chances.append(own.reach["natverk"].chance)
        assert 0 <= chances[-1] <= 1
    assert chances[0] > chances[-1]


def test_caution_chooses_what_is_sure_and_says_so(desk, suggested):
    _, case, suggestion = next(one for one in suggested if one[2].plans)
    careful = desk.suggest(dataclasses.replace(case, goal=dataclasses.replace(case.goal, caution=2.0)), NOW)
    assert any("säker ökning" in note for note in careful.notes)
    assert not any("säker ökning" in note for note in suggestion.notes)
    assert careful.plans[0].objective <= suggestion.plans[0].objective + 0.05 * suggestion.plans[0].objective


def placed(one):
    """Give a plan's activities as the planner's placements."""
    return [Placement(each.insats_id, each.start_on, each.end_on, each.hours_per_week) for each in one.activities]
