"""Questions about a suggestion are answered with the desk's own planner, and nothing is answered that was not asked."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from suggestion_builders import an_activity

from pathway import case as cases
from pathway import casefile, catalogue, questions, shipped
from pathway.case import Answer, Goal
from pathway.errors import FaultyCase, Mismatch, PathwayError
from pathway.plan import Expected, Interval, Plan, Proof
from pathway.questions import difference
from pathway.questions.basis import Basis
from pathway.questions.moved import moved
from pathway.questions.turning import AnswerChange, answers, with_answers
from pathway.questions.what_if import CHANGEABLE, changed_case, with_level
from pathway.suggestion import Desk
from pathway.wording import spoken
from tests import checker
from tests.worlds import NOW

N_INSATSER = 14
OUTSIDE = "personnummer 19121212-1212"


@pytest.fixture(scope="module")
def small_desk(shipped_model, small_catalogue):
    """Desk with a few insatser, so that it answers at once; two of them gated, one by a level and one by another."""
    kept = {insats.id for insats in small_catalogue.insatser if not insats.requires.insatser}
    known = [i for i in small_catalogue.insatser if i.id in kept and i.id in shipped_model.insatser.types]
    ids = {insats.id for insats in known[:N_INSATSER]}
    insatser = [
        replace(insats, excludes=tuple(id for id in insats.excludes if id in ids)) for insats in known[:N_INSATSER]
    ]
    return Desk(shipped_model, replace(small_catalogue, insatser=tuple(insatser)))


@pytest.fixture(scope="module")
def asked(small_desk):
    """A shipped case with few weeks, and the desk's suggestion for it."""
    for _, case in casefile.read(shipped.cases(), small_desk.model.instrument):
        short = replace(case, limits=replace(case.limits, horizon_weeks=30, budget=None), goal=Goal())
        suggestion = small_desk.suggest(short, NOW)
        if suggestion.plans and any(one.loss is not None for one in suggestion.not_chosen):
            return short, suggestion
    raise AssertionError("no shipped case gets a plan")


def rules_broken(case, desk, suggestion):
    raw = json.loads(json.dumps(questions.plain(suggestion)))
    ranking = desk.model.instrument.ranking
    offered = json.loads(json.dumps(questions.plain(desk.catalogue)))
    return checker.broken_rules(json.loads(json.dumps(questions.plain(case))), offered, raw, ranking)


def test_why_not_gives_the_code_of_the_suggestion_and_a_plan_that_holds_the_insats(small_desk, asked):
    case, suggestion = asked
    forced = next(one for one in suggestion.not_chosen if one.loss is not None)
    answer = questions.why_not(small_desk, case, suggestion, forced.insats_id)
    assert answer.code == forced.code
    assert forced.insats_id in {activity.insats_id for activity in answer.plan.activities}
    assert answer.loss == pytest.approx(max(0.0, suggestion.plans[0].objective - answer.plan.objective))
    assert forced.insats_id in {one.insats_id for one in answer.difference.added}
    assert json.dumps(questions.plain(answer))


def test_what_can_be_in_no_plan_has_a_rule_and_no_loss(small_desk, asked):
    case, suggestion = asked
    barred = next(one for one in suggestion.not_chosen if one.loss is None)
    answer = questions.why_not(small_desk, case, suggestion, barred.insats_id)
    assert (answer.loss, answer.plan, answer.difference) == (None, None, None)
    assert answer.text.endswith("Ingen plan inom reglerna rymmer den.")


def test_a_level_in_the_way_is_named_with_what_is_needed_what_is_and_what_will_be(small_desk, asked):
    case, before = asked
    indicator, level = next(iter(case.levels().items()))
    gated = small_desk.catalogue.by_id[before.plans[0].activities[0].insats_id]
    insatser = tuple(
        replace(i, requires=replace(i.requires, levels={indicator: 5.0})) if i.id == gated.id else i
        for i in small_desk.catalogue.insatser
    )
    desk = Desk(small_desk.model, replace(small_desk.catalogue, insatser=insatser))
    suggestion = desk.suggest(case, NOW)
    answer = questions.why_not(desk, case, suggestion, gated.id)
    (need,) = answer.requires
    assert (need.indicator, need.needed, need.now) == (indicator, 5.0, level)
    words = spoken("sv")
    assert f"kräver 5,0 på {words.in_sentence(words.indicator(desk.model.instrument, indicator))}" in answer.text
    assert f"nu {words.number(level, 1)}, väntas nå" in answer.text
    assert words.number(need.level, 1) in answer.text


def test_fewer_hours_give_a_plan_within_them_and_say_what_moved(small_desk, asked):
    case, suggestion = asked
    answer = questions.what_if(small_desk, case, suggestion, {"limits": {"hours_per_week": 5}})
    narrow = replace(case, limits=replace(case.limits, hours_per_week=5.0))
    assert rules_broken(narrow, small_desk, answer.suggestion) == []
    before = {a.insats_id: a for a in suggestion.plans[0].activities}
    after = {a.insats_id: a for p in answer.suggestion.plans[:1] for a in p.activities}
    told = answer.difference
    assert {one.insats_id for one in (*told.added, *told.removed, *told.moved)} == {
        id
        for id in {*before, *after}
        if id not in before or id not in after
        or (before[id].start_on, before[id].end_on, before[id].hours_per_week)
        != (after[id].start_on, after[id].end_on, after[id].hours_per_week)
    }  # fmt: skip
    assert answer.difference.objective.after == answer.suggestion.plans[0].objective


def test_room_for_more_makes_no_plan_worse(shipped_model):
    desk = Desk(shipped_model, catalogue.read(shipped.catalogue()))
    _, case = list(casefile.read(shipped.cases(), shipped_model.instrument))[2]
    suggestion = desk.suggest(case, NOW)  # asked afresh with eight activities, another plan is found that is worth less
    answer = questions.what_if(desk, case, suggestion, {"limits": {"activities": 8}})
    roomy = replace(case, limits=replace(case.limits, activities=8))
    assert rules_broken(roomy, desk, answer.suggestion) == []
    assert answer.difference.objective.after >= 0.999 * answer.difference.objective.before
    unasked = Basis.of(desk, roomy, answer.suggestion).best(roomy)  # nor does a question without any change
    assert unasked.objective >= 0.999 * answer.suggestion.plans[0].objective


def test_an_insats_can_be_forbidden_and_required(small_desk, asked):
    case, suggestion = asked
    out = suggestion.plans[0].activities[0].insats_id
    into = next(one.insats_id for one in suggestion.not_chosen if one.loss is not None)
    answer = questions.what_if(small_desk, case, suggestion, {"forbid": [out], "require": [into]})
    planned = {activity.insats_id for plan in answer.suggestion.plans for activity in plan.activities}
    assert out not in planned
    assert into in {activity.insats_id for activity in answer.suggestion.plans[0].activities}
    assert "faller bort" in answer.text
    assert "kommer till" in answer.text


def test_an_unchanged_case_moves_nothing(small_desk, asked):
    case, suggestion = asked
    answer = questions.what_if(small_desk, case, suggestion, {})
    assert (answer.difference.added, answer.difference.removed, answer.difference.moved) == ((), (), ())
    assert answer.difference.expected == {}
    assert answer.text.startswith("Planen blir densamma.")


def test_a_changed_level_is_the_level_of_the_changed_case(small_desk, asked):
    case, suggestion = asked
    basis = Basis.of(small_desk, case, suggestion)
    for offer in questions.offers(small_desk, case):
        if offer.name.startswith("levels."):
            indicator = offer.name.removeprefix("levels.")
            for level in (offer.low, offer.high, min(offer.now + offer.step, offer.high)):
                changed = with_level(basis, case, indicator, level)
                assert changed.levels() == case.levels() | {indicator: level}
                assert len(changed.measurements) == len(case.measurements)


def test_a_level_can_be_changed_where_two_answers_of_a_day_are_alike(small_desk, asked):
    case, suggestion = asked
    indicator, last = small_desk.model.instrument.ranking[0], case.measurements[-1].measured_on
    alike = [Answer(last, "handläggare", indicator, 4) for _ in range(2)]
    twice = replace(case, measurements=(*(one for one in case.measurements if one.indicator != indicator), *alike))
    changed = with_level(Basis.of(small_desk, twice, suggestion), twice, indicator, 3.5)
    assert changed.levels()[indicator] == 3.5


def test_a_municipality_in_reach_opens_what_is_given_there(small_desk, asked):
    case, _ = asked
    elsewhere = {
        "9999": tuple(replace(insats, municipalities=("9999",)) for insats in small_desk.catalogue.insatser[:1])
    }
    insatser = (*elsewhere["9999"], *small_desk.catalogue.insatser[1:])
    desk = Desk(small_desk.model, replace(small_desk.catalogue, insatser=insatser))
    suggestion = desk.suggest(case, NOW)
    before = {one.insats_id: one.code for one in suggestion.not_chosen}
    answer = questions.what_if(desk, case, suggestion, {"reachable": ["9999"]})
    after = {one.insats_id: one for one in answer.suggestion.not_chosen}
    far = insatser[0].id
    assert before[far] == "not_eligible"
    assert far not in after or "kommun" not in after[far].text
    assert desk.catalogue.by_id[far].municipalities == ("9999",)


def test_another_goal_is_not_compared_with_the_first(small_desk, asked):
    case, suggestion = asked
    indicator = small_desk.model.instrument.ranking[0]
    answer = questions.what_if(small_desk, case, suggestion, {"goal": {"weights": {indicator: 1.0}}})
    assert answer.text.startswith("Målet är ett annat")
    assert "vägda steg" not in answer.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"age": 30}, r"^changes: only these can be changed: limits, reachable, levels"),
        ({OUTSIDE: 1}, r"^changes: only these can be changed"),
        ([], r"^changes: must be an object"),
        ({"limits": {"hours_per_week": 61}}, r"changes\.limits\.hours_per_week: must be above 0, at most 60$"),
        ({"limits": {"hours_per_week": 0}}, r"changes\.limits\.hours_per_week: must be above 0, at most 60$"),
        ({"limits": {"parallel": 1.5}}, r"changes\.limits\.parallel: must be a whole number, at least 1, at most 10$"),
        ({"limits": {"budget": -1}}, r"changes\.limits\.budget: must be at least 0, or null for no limit$"),
        ({"limits": {OUTSIDE: 1}}, r"changes\.limits: only these can be changed: hours_per_week, parallel"),
        ({"limits": {"parallel": "many"}}, r"changes: limits\.parallel"),
        ({"levels": {"tro_pa_jobb": 6}}, r"changes\.levels\.tro_pa_jobb: must be from 1 to 5, in steps of"),
        ({"levels": {"tro_pa_jobb": 2.7}}, r"changes\.levels\.tro_pa_jobb: must be from 1 to 5, in steps of"),
        ({"levels": {OUTSIDE: 2}}, r"changes\.levels\.…: only measured indicators can be changed: tro_pa_jobb"),
        ({"levels": {"handlaggartilltro": 2}}, r"changes\.levels\.handlaggartilltro: only measured indicators"),
        ({"forbid": [OUTSIDE]}, r"changes\.forbid\.0: not in catalogue \S+; use one of"),
        ({"require": [OUTSIDE]}, r"changes\.require\.0: not in catalogue \S+; use one of"),
        ({"forbid": ["AT-01"], "require": ["AT-01"]}, r"both in forbid and in require"),
        ({"reachable": ["0000"]}, r"changes\.reachable: use codes of the catalogue: \d{4}"),
        ({"goal": {"weights": {OUTSIDE: 1}}}, r"changes\.goal\.weights: only indicators that drive ranking"),
        ({"goal": {"targets": {"natverk": 9}}}, r"changes\.goal\.targets: must be from 1 to 5"),
    ],
)
def test_a_change_that_is_not_offered_is_refused_by_name_without_its_content(small_desk, asked, changes, message):
    with pytest.raises(PathwayError, match=message) as refused:
        questions.what_if(small_desk, *asked, changes)
    assert OUTSIDE not in refused.value.message
    assert "\n" not in refused.value.message


def test_traits_of_a_person_are_not_offered(small_desk, asked):
    offers = questions.offers(small_desk, asked[0])
    names = {offer.name.partition(".")[0] for offer in offers}
    assert names == set(CHANGEABLE) - {"goal"}
    profile = set(vars(asked[0].profile))
    assert not {offer.name.rpartition(".")[2] for offer in offers} & profile
    for offer in offers:
        assert offer.label
        assert offer.values or offer.low is not None


def test_what_is_offered_is_taken_and_what_lies_outside_is_not(small_desk, asked):
    case, suggestion = asked
    basis = Basis.of(small_desk, case, suggestion)
    change = changed_case
    for offer in questions.offers(small_desk, case):
        part, _, name = offer.name.partition(".")
        if part == "limits":
            low = offer.low + 1 if offer.above_low else offer.low
            assert getattr(change(basis, questions.shape({part: {name: low}})).limits, name) == low
            with pytest.raises(questions.FaultyQuestion):
                change(basis, questions.shape({part: {name: offer.low - 1}}))


def test_smallest_changes_turn_the_first_activity_when_the_desk_is_asked_again(small_desk, asked):
    case, suggestion = asked
    basis = Basis.of(small_desk, case, suggestion)
    turns = questions.what_would_change(small_desk, case, suggestion, most_tries=2, enough=1)
    assert turns.n_tried <= 2
    assert turns.complete or not turns.found
    for turn in turns.found:
        again = small_desk.suggest(with_answers(case, turn.changes), suggestion.created_at)
        assert basis.outline(again.plans[0]).first == turn.first_after != turn.first_before
        assert basis.outline(basis.plan).first == turn.first_before
        assert again.plans[0] == turn.plan
    assert turns.text


def test_only_the_clients_latest_answers_are_changed(asked):
    case, _ = asked
    own = answers(case)
    assert {answer.respondent for answer in own} == {"klient"}
    assert len({answer.indicator for answer in own}) == len(own)
    change = AnswerChange(own[0].indicator, "klient", own[0].value, own[0].value)
    assert with_answers(case, (change,)) == case
    silent = replace(case, measurements=tuple(a for a in case.measurements if a.respondent != "klient"))
    assert {answer.respondent for answer in answers(silent)} == {"handläggare"}


def test_missing_answers_are_found_tried_and_put_in_order(small_desk, asked):
    case, _ = asked
    left_out = case.measurements[0].indicator
    bare = replace(
        case,
        profile=replace(case.profile, municipality=None, education=None),
        measurements=tuple(a for a in case.measurements if a.indicator != left_out),
    )
    suggestion = small_desk.suggest(bare, NOW)
    asks = questions.ask_about(small_desk, bare, suggestion)
    assert {ask.name for ask in asks} == {"profile.municipality", "profile.education", f"levels.{left_out}"}
    weights = [(ask.n_turned / len(ask.tried), max(one.share_moved for one in ask.tried)) for ask in asks]
    assert weights == sorted(weights, reverse=True)
    for ask in asks:
        assert 0 <= ask.n_turned <= len(ask.tried)
        assert ask.label in ask.text


def test_a_full_case_has_nothing_to_ask_about(small_desk, asked):
    case, suggestion = asked
    whole = replace(
        case,
        profile=cases.Profile(1980, "kvinna", "0580", "gymnasial", "försörjningsstöd", 10, "god", True, ("F41",)),
        measurements=tuple(Answer(case.as_of, "handläggare", id, 2) for id in small_desk.model.instrument.ranking),
        defaulted=(),
    )
    assert questions.ask_about(small_desk, whole, replace(suggestion, case_id=whole.case_id)) == ()


def test_why_plan_explains_every_activity_and_every_alternative(small_desk, asked):
    case, suggestion = asked
    answer = questions.why_plan(small_desk, case, suggestion)
    plan = suggestion.plans[0]
    assert {one.place.insats_id for one in answer.activities} == {a.insats_id for a in plan.activities}
    assert all(one.place.bindings and one.text for one in answer.activities)
    assert [one.rank for one in answer.against] == [None, *(other.rank for other in suggestion.plans[1:])]
    assert answer.against[0].loss == plan.objective
    for one, other in zip(answer.against[1:], suggestion.plans[1:], strict=True):
        assert one.loss == pytest.approx(plan.objective - other.objective)
        assert {level.indicator for level in one.levels} == set(plan.expected)
        hours = sum((a.end_on - a.start_on) / timedelta(weeks=1) * a.hours_per_week for a in other.activities)
        assert one.hours == pytest.approx(hours)
    assert json.dumps(questions.plain(answer))


@pytest.mark.parametrize("changed", ["case_id", "model_version", "catalogue_version"])
def test_a_suggestion_from_elsewhere_is_refused(small_desk, asked, changed):
    case, suggestion = asked
    other = replace(suggestion, **{changed: OUTSIDE})
    insats_id = suggestion.not_chosen[0].insats_id
    for ask in (
        lambda: questions.why_plan(small_desk, case, other),
        lambda: questions.why_not(small_desk, case, other, insats_id),
        lambda: questions.what_if(small_desk, case, other, {}),
        lambda: questions.what_would_change(small_desk, case, other),
        lambda: questions.ask_about(small_desk, case, other),
    ):
        with pytest.raises(Mismatch) as refused:
            ask()
        assert OUTSIDE not in refused.value.message


def test_an_insats_that_does_not_exist_or_is_in_the_plan_is_refused(small_desk, asked):
    case, suggestion = asked
    with pytest.raises(
        questions.FaultyQuestion, match=r"insats: not in catalogue .*; use one of .*14 in all"
    ) as refused:
        questions.why_not(small_desk, case, suggestion, OUTSIDE)
    assert OUTSIDE not in refused.value.message
    with pytest.raises(questions.FaultyQuestion, match="is in the first plan"):
        questions.why_not(small_desk, case, suggestion, suggestion.plans[0].activities[0].insats_id)


def test_an_abstention_has_nothing_to_explain_but_can_be_asked_about(small_desk, asked):
    case, _ = asked
    bare = replace(case, measurements=())
    suggestion = small_desk.suggest(bare, NOW)
    assert suggestion.status == "abstained"
    assert questions.why_plan(small_desk, bare, suggestion) == questions.WhyPlan((), ())
    assert questions.what_would_change(small_desk, bare, suggestion).found == ()
    asks = questions.ask_about(small_desk, bare, suggestion, most_tries=4)
    assert asks
    assert all(ask.name.startswith("levels.") for ask in asks)


def test_questions_are_answered_in_english_too(small_desk, asked):
    english = spoken("en")
    case, suggestion = asked
    texts = [one.text for one in questions.why_plan(small_desk, case, suggestion, english).activities]
    texts.append(questions.what_if(small_desk, case, suggestion, {"limits": {"parallel": 1}}, english).text)
    assert any("start" in text for text in texts)
    assert not any("väntas" in text or "bredvid" in text for text in texts)


@given(st.floats(-3, 3), st.floats(-1, 1))
def test_what_moved_is_said_in_the_direction_of_its_numbers(small_desk, asked, more, lift):
    case, suggestion = asked
    plan = suggestion.plans[0]
    indicator, level = next(iter(plan.expected.items()))
    new = min(max(level.with_plan.mean + lift, 1.0), 5.0)
    expected = plan.expected | {indicator: replace(level, with_plan=Interval(new, new, new))}
    after = replace(plan, objective=plan.objective + more, expected=expected)
    text = moved(Basis.of(small_desk, case, suggestion), after).text
    worth = {1: "steg mer", 0: "lika mycket", -1: "steg mindre"}
    sign = int(np.sign(round((plan.objective + more) - plan.objective, 2)))  # as floats have it
    assert [word for word in worth.values() if word in text] == [worth[sign]]
    shown = round(new, 1) - round(level.with_plan.mean, 1)
    assert ("blir högre" in text, "blir lägre" in text) == (round(shown, 1) > 0, round(shown, 1) < 0)


def test_a_held_back_case_is_not_planned_for_by_a_question(small_desk, asked):
    case, suggestion = asked
    with pytest.raises(FaultyCase, match="held back"):
        questions.what_if(small_desk, replace(case, case_phase="anmälan"), suggestion, {})


def test_two_plans_are_compared_activity_by_activity_and_level_by_level():
    def plan(levels, *activities):
        expected = {
            id: Expected(2.0, Interval(level, level, level), Interval(1.5, 1.5, 1.5)) for id, level in levels.items()
        }
        return Plan(1, sum(levels.values()), Proof("optimal", 0.0), tuple(activities), expected)

    def at(insats_id, week, hours=4.0):
        return an_activity(insats_id, date(2026, 3, 2) + timedelta(weeks=week), 4, hours)

    before = plan({"natverk": 2.0, "samarbete": 3.0}, at("A", 0), at("B", 0), at("C", 0), at("C", 9))
    after = plan({"natverk": 2.5, "samarbete": 3.0}, at("A", 0), at("B", 2), at("C", 9), at("D", 1))
    told = difference.between(before, after)
    assert [one.insats_id for one in told.added] == ["D"]
    assert [(one.insats_id, one.before.start_on, one.after.start_on) for one in told.moved] == [
        ("B", date(2026, 3, 2), date(2026, 3, 16)),
        ("C", date(2026, 3, 2), date(2026, 5, 4)),
    ]
    assert [(one.insats_id, one.start_on) for one in told.removed] == [("C", date(2026, 5, 4))]
    assert told.expected == {"natverk": difference.LevelPair(2.0, 2.5)}
    assert difference.between(before, before) == difference.Difference(difference.Pair(5.0, 5.0), (), (), (), {})
    gone = difference.between(before, None)
    assert gone.objective == difference.Pair(5.0, None)
    assert gone.expected == {
        id: difference.LevelPair(level, 1.5) for id, level in (("natverk", 2.0), ("samarbete", 3.0))
    }
    assert [one.insats_id for one in gone.removed] == ["A", "B", "C", "C"]


def test_what_only_a_wish_keeps_out_can_still_be_asked_about(small_desk, asked):
    case, suggestion = asked
    wanted = suggestion.plans[0].activities[0].insats_id
    unwilling = replace(case, wishes=replace(case.wishes, avoid=(wanted,)))
    made = small_desk.suggest(unwilling, NOW)
    answer = questions.why_not(small_desk, unwilling, made, wanted)
    assert answer.code == "avoided"
    assert wanted in {activity.insats_id for activity in answer.plan.activities}
    assert "Ingen plan inom reglerna" not in answer.text
    assert answer.plan.objective > made.plans[0].objective + 0.1  # it was in the plan before
    assert "mer, i vägda steg" in answer.text
    assert "sökningen" not in answer.text
    assert answer.loss == 0


@pytest.mark.parametrize(("changed", "searched_for"), [({}, True), ({"caution": 1.0}, False)])
def test_a_better_plan_that_comes_of_a_question_is_told_as_what_it_is(small_desk, asked, changed, searched_for):
    case, suggestion = asked
    case = replace(case, goal=replace(case.goal, **changed))
    lesser = replace(suggestion.plans[0], objective=0.5 * suggestion.plans[0].objective)
    forced = next(one for one in suggestion.not_chosen if one.loss is not None)
    answer = questions.why_not(small_desk, case, replace(suggestion, plans=(lesser,)), forced.insats_id)
    assert answer.plan.objective > lesser.objective + 0.1
    assert "mer, i vägda steg" in answer.text
    assert ("som sökningen inte fann" in answer.text) == searched_for
