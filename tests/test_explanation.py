"""Reasons are the very numbers that made the plan: exact, complete, grouped without loss, rightly placed in time."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from builders import AS_OF, a_catalogue, an_insats
from suggestion_builders import BIP, a_plan, an_activity, bip_case

from pathway import casefile, features, shipped, wording
from pathway.case import Goal
from pathway.explanation import BESIDE_JOB
from pathway.explanation.order import Place, _start_before, level_on, places, reach
from pathway.plan import ADDITIVITY, Activity, plain, shape
from pathway.wording import grouped, weigh
from pathway.wording.reasons import cases_of_ten, weights_of
from service import rules as checked
from tests.worlds import NOW

WORDS = wording.swedish()


@pytest.fixture(scope="module")
def suggested(desk):
    """Give the first shipped case of half a year that gets a plan, and its suggestion."""
    for _, case in casefile.read(shipped.cases(), desk.model.instrument):
        case = replace(case, limits=replace(case.limits, horizon_weeks=26))
        suggestion = desk.suggest(case, NOW)
        if suggestion.plans:
            return [(case, suggestion)]
    raise AssertionError("no shipped case gets a plan")


def test_groups_add_up_to_every_shown_gain(suggested):
    n_shown = 0
    for _, suggestion in suggested:
        for plan in suggestion.plans:
            for activity in plan.activities:
                for indicator, gain in activity.gain.items():
                    explanation = activity.explanation[indicator]
                    groups = grouped(explanation, BIP, WORDS)
                    total = explanation.base + sum(group.contribution for group in groups)
                    assert total == pytest.approx(gain.mean, abs=ADDITIVITY)
                    for group in groups:
                        parts = sum(part.contribution for part in group.parts)
                        assert group.contribution == pytest.approx(parts, abs=ADDITIVITY)
                    n_shown += 1
    assert n_shown > 50


def test_weighed_groups_add_up_over_indicators(suggested):
    _, suggestion = suggested[0]
    for weights in ({}, {"natverk": 2.0, "samarbete": 0.5}):
        worth = weights_of(Goal(weights=weights), BIP)
        for activity in suggestion.plans[0].activities:
            weighed = weigh(activity, worth)
            shown = sum(worth.get(j, 0.0) * gain.mean for j, gain in activity.gain.items())
            total = weighed.base + sum(group.contribution for group in grouped(weighed, BIP, WORDS))
            assert total == pytest.approx(shown, abs=ADDITIVITY)


def test_the_suggestions_own_groups_hold_every_feature_once_and_add_up(suggested):
    for case, suggestion in suggested:
        raw = plain(suggestion)
        of_feature = {name: group for group, one in raw["groups"].items() for name in one["features"]}
        assert len(of_feature) == sum(len(one["features"]) for one in raw["groups"].values())
        assert all(one["label"] for one in raw["groups"].values())
        worth = weights_of(case.goal, BIP)
        for activity in (activity for plan in raw["plans"] for activity in plan["activities"]):
            sums = dict.fromkeys(activity["reasons"]["groups"], 0.0)
            for indicator, explanation in activity["explanation"].items():
                for part in explanation["contributions"]:
                    sums[of_feature[part["feature"]]] += worth[indicator] * part["contribution"]
            assert activity["reasons"]["groups"] == pytest.approx(sums, abs=ADDITIVITY)
            shown = sum(worth[j] * gain["mean"] for j, gain in activity["gain"].items())
            told = activity["reasons"]["base"] + sum(activity["reasons"]["groups"].values())
            assert told == pytest.approx(shown, abs=ADDITIVITY)


def test_a_suggestion_stored_before_there_were_groups_still_reads(suggested):
    raw = plain(suggested[0][1])
    del raw["groups"]
    for activity in (activity for plan in raw["plans"] for activity in plan["activities"]):
        del activity["reasons"]
    assert shape(raw).plans[0].activities[0].reasons is None


def test_parts_are_those_of_the_shap_library(desk, suggested):
    import shap

    model = desk.model.gains
    case, suggestion = suggested[0]
    x = features.of_case(case, desk.model.insatser, desk.model.instrument)
    mean = x.copy()
    for name in model.encoding_.modifiers:
        mean[name] = model.encoding_.number(name).mean
    for outcome in model.outcomes_:
        mean[f"level_{outcome}"] = model.encoding_.number(f"level_{outcome}").mean
    names = [name for name in x if not x[name].equals(mean[name])]
    k = model.insatser_.index(suggestion.plans[0].activities[0].insats_id)

    def gains(values: np.ndarray) -> np.ndarray:
        rows = x.iloc[np.zeros(len(values), dtype=int)].reset_index(drop=True)
        rows[names] = values
        return model.predict_added(rows)[:, k] + 0.4 * model.predict_interplay(rows)[:, k]

    explainer = shap.explainers.Permutation(gains, mean[names].to_numpy(dtype=float), feature_names=names)
    theirs = explainer(x[names].to_numpy(dtype=float), max_evals=2 * (2 * len(names) + 1), silent=True)
    base, parts = model.explain_parts(x, k)
    beside_base, beside = model.explain_interplay(x, k)
    ours = (parts + 0.4 * beside)[0][[list(model.feature_names_in_).index(name) for name in names]]
    np.testing.assert_allclose(theirs.values[0], ours, atol=1e-9)
    np.testing.assert_allclose(np.ravel(theirs.base_values), base + 0.4 * beside_base, atol=1e-9)


def test_the_desk_needs_neither_shap_nor_numba():
    code = (
        "import sys; from datetime import UTC, datetime; from pathway import casefile, catalogue, modelfolder, "
        "printout, questions, shipped; from pathway.suggestion import Desk; "
        "desk = Desk(modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue())); "
        "case = [case for _, case in casefile.read(shipped.cases(), desk.model.instrument)][1]; "
        "made = desk.suggest(case, datetime.now(UTC)); questions.why_plan(desk, case, made); "
        "printout.client([made], [case], desk.catalogue, desk.model.instrument); "
        "assert not {'shap', 'numba', 'matplotlib'} & set(sys.modules), 'loaded'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_the_models_features_all_have_words_and_a_group(desk):
    WORDS.check_features(desk.model.gains.feature_names_in_, desk.model.instrument)
    wording.spoken("en").check_features(desk.model.gains.feature_names_in_, desk.model.instrument)
    with pytest.raises(wording.words.FaultyWords, match="the feature shoe_size has no words"):
        WORDS.check_features(["age", "shoe_size"], desk.model.instrument)


@pytest.mark.parametrize(
    ("low", "mean", "high", "n"),
    [(-1.0, 0.0, 1.0, 5), (0.31, 0.62, 0.94, 10), (-0.2, 0.1, 0.4, 7), (-0.4, -0.1, 0.2, 3), (0, 0, 0, 0),
     (0.2, 0.2, 0.2, 10), (-0.5, -0.5, -0.5, 0), (-0.9, -0.6, -0.3, 0)],
)  # fmt: skip
def test_a_rise_is_expected_in_as_many_cases_of_ten_as_the_interval_says(low, mean, high, n):
    from pathway.plan import Interval

    assert cases_of_ten(Interval(mean, low, high)) == n


# -- why an activity lies where it does

GAIN: Mapping[str, tuple[float, float, float]] = dict.fromkeys(BIP.ranking, (0.0, 0.1, 0.2))


def placed(*activities: Activity, insatser: Mapping[str, Mapping[str, object]] | None = None, **case: object) -> Place:
    """Tell why the last of the activities lies where it does."""
    catalogue = a_catalogue(*(an_insats(a.insats_id, **(insatser or {}).get(a.insats_id, {})) for a in activities))
    asked = bip_case(**{"limits": {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52}} | case)
    found = places(a_plan(activities, asked), asked, catalogue, BIP.scale)
    return next(place for place in found if place.insats_id == activities[-1].insats_id)


def at(insats_id: str, week: int, weeks: int = 8, hours: float = 5.0, **given: object) -> Activity:
    return an_activity(insats_id, AS_OF + timedelta(weeks=week), weeks, hours, gain=GAIN, **given)


def rules(place: Place) -> list[str]:
    return [binding.rule for binding in place.bindings]


def test_what_starts_at_once_is_held_by_nothing():
    assert rules(placed(at("A", 0))) == ["as_of"]


def test_a_queue_and_a_first_intake_date_hold_a_start():
    assert rules(placed(at("A", 3), insatser={"A": {"queue_weeks": 3}})) == ["queue"]
    dates = [(AS_OF + timedelta(weeks=n)).isoformat() for n in (4, 9)]
    intake = {"A": {"intake": {"mode": "datum", "dates": dates}}}
    assert rules(placed(at("A", 4), insatser=intake)) == ["intake_dates"]
    assert rules(placed(at("A", 9), insatser=intake)) == ["best"]


def test_hours_and_number_at_once_hold_a_start_with_the_weeks_figures():
    (binding,) = placed(at("A", 0, hours=18.0), at("B", 8)).bindings
    assert (binding.rule, binding.found, binding.limit) == ("weekly_load", 23.0, 20)
    crowd = [at(name, 0, hours=1.0) for name in ("A", "B", "C")]
    (binding,) = placed(*crowd, at("D", 8)).bindings
    assert (binding.rule, binding.found, binding.limit) == ("parallel", 4, 3)


def test_a_ramp_of_hours_holds_a_start():
    ramp = [{"from_week": 0, "hours_per_week": 4}, {"from_week": 5, "hours_per_week": 15}]
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52, "hours_by_week": ramp}
    (binding,) = placed(at("A", 5), limits=limits).bindings
    assert (binding.rule, binding.found, binding.limit) == ("weekly_load", 5.0, 4)


def test_what_must_come_first_holds_a_start_and_is_said_to_open_it():
    needs = {"B": {"requires": {"levels": {}, "insatser": ["A"]}}}
    place = placed(at("A", 0), at("B", 8), insatser=needs)
    assert [(binding.rule, binding.other) for binding in place.bindings] == [("required_insats", "A")]
    catalogue = a_catalogue(an_insats("A"), an_insats("B", **needs["B"]))
    plan = a_plan([at("A", 0), at("B", 8)], bip_case())
    assert places(plan, bip_case(), catalogue, BIP.scale)[0].opens == ("B",)


def test_a_required_level_is_told_with_now_and_what_is_reached():
    case = bip_case()
    indicator = next(j for j, level in case.levels().items() if level == 2)
    lift = {j: (0.5, 0.9, 1.3) if j == indicator else (0.0, 0.0, 0.0) for j in BIP.ranking}
    first = an_activity("A", AS_OF, 8, 5.0, gain=lift)
    needs = {"B": {"requires": {"levels": {indicator: 2.5}, "insatser": []}}}
    place = placed(first, at("B", 8), insatser=needs)
    (binding,) = place.bindings
    assert (binding.rule, binding.indicator, binding.needed, binding.now) == ("required_level", indicator, 2.5, 2.0)
    assert 2.5 <= binding.reached <= 2.9


@pytest.mark.parametrize(
    ("validity", "weeks_left"),
    [({}, 44), ({"valid_from": AS_OF + timedelta(weeks=40)}, 12), ({"valid_to": AS_OF + timedelta(weeks=20)}, 12)],
)
def test_the_time_left_once_a_level_is_reached_is_that_in_which_the_insats_is_valid(validity, weeks_left):
    case = bip_case(limits={"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52})
    indicator = next(j for j, level in case.levels().items() if level == 2)
    lift = {j: (0.5, 0.9, 1.3) if j == indicator else (0.0, 0.0, 0.0) for j in BIP.ranking}
    needs = {"requires": {"levels": {indicator: 2.5}, "insatser": []}}
    insats = a_catalogue(an_insats("B", **needs, **{day: on.isoformat() for day, on in validity.items()})).by_id["B"]
    (needed,) = reach(insats, a_plan([an_activity("A", AS_OF, 8, 5.0, gain=lift)], case), case, BIP.scale)
    assert needed.weeks_left == weeks_left


def test_what_excludes_another_holds_its_start():
    place = placed(at("A", 0), at("B", 8), insatser={"A": {"excludes": []}, "B": {"excludes": ["A"]}})
    assert [(binding.rule, binding.other) for binding in place.bindings] == [("exclusion", "A")]


def test_less_time_beside_a_job_holds_a_start_and_the_job_is_named():
    job = {"A": {"type": "jobb"}}
    place = placed(at("A", 6, hours=2.0), at("B", 6), insatser=job)
    assert [(binding.rule, binding.other) for binding in place.bindings] == [("beside_job", "A")]
    assert (place.beside, place.beside_job) == (("A",), ("A",))


def test_where_the_rules_allow_an_earlier_start_no_rule_is_blamed():
    assert rules(placed(at("A", 5))) == ["best"]


def test_the_rule_that_is_named_is_broken_by_the_earlier_start_and_where_none_is_named_none_is(desk, suggested):
    n_held = 0
    for case, suggestion in suggested:
        for plan in suggestion.plans:
            for place in places(plan, case, desk.catalogue, BIP.scale):
                (held,) = (one for one in plan.activities if one.insats_id == place.insats_id)
                earlier = _start_before(held.start_on, desk.catalogue.by_id[held.insats_id], case)
                if earlier is None:
                    assert place.bindings[0].rule in {"queue", "intake_dates", "validity", "as_of"}
                    continue
                moved = replace(held, start_on=earlier, end_on=earlier + (held.end_on - held.start_on))
                activities = [moved if one is held else one for one in plan.activities]
                broken = {
                    one.rule for one in checked.broken([_as_placed(one) for one in activities], case, desk.catalogue)
                }
                named = set(rules(place))
                assert broken <= named if broken else named <= {"best", "beside_job"}
                n_held += bool(broken)
    assert n_held


def _as_placed(one: Activity) -> checked.Placed:
    gains = {indicator: gain.mean for indicator, gain in one.gain.items()}
    return checked.Placed(one.insats_id, one.start_on, one.end_on, one.hours_per_week, gains)


def test_what_runs_without_a_known_end_is_in_the_way_until_the_day_it_is_taken_to_end():
    running = [{"insats_id": "R", "started_on": "2026-02-02", "hours_per_week": 18.0, "ended_as": "pågår"}]
    insatser = {"R": {"weeks": {"min": 4, "typical": 8, "max": 20}}}
    case = bip_case(participations=running, limits={"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52})
    catalogue = a_catalogue(an_insats("A"), an_insats("R", **insatser["R"]))
    starts = {week: places(a_plan([at("A", week)], case), case, catalogue, BIP.scale)[0] for week in (4, 20)}
    assert rules(starts[4]) == ["weekly_load"]
    assert rules(starts[20]) == ["best"]


def test_what_is_running_must_end_before_it_is_begun_again():
    running = [{"insats_id": "A", "started_on": "2026-02-02", "ended_on": "2026-04-06", "hours_per_week": 5.0,
                "ended_as": "pågår"}]  # fmt: skip
    assert rules(placed(at("A", 5), participations=running)) == ["once"]


def test_a_locked_activity_is_held_by_the_lock():
    locked = [{"insats_id": "A", "start_on": "2026-04-06", "end_on": "2026-06-01", "hours_per_week": 5}]
    assert rules(placed(at("A", 5), locked=locked)) == ["locked"]


def test_a_level_on_a_day_counts_what_has_ended_and_stays_within_the_scale():
    case = bip_case()
    indicator = next(iter(case.levels()))
    lift = dict.fromkeys(BIP.ranking, (8.0, 9.0, 10.0))
    plan = a_plan([an_activity("A", AS_OF, 8, 5.0, gain=lift)], case)
    before, after = AS_OF + timedelta(weeks=7), AS_OF + timedelta(weeks=8)
    assert level_on(before, indicator, plan, case, BIP.scale) <= case.levels()[indicator]
    assert level_on(after, indicator, plan, case, BIP.scale) == 5.0
    unmeasured = next(j for j in BIP.ranking if j not in case.levels())
    assert level_on(date(2026, 6, 1), unmeasured, plan, case, BIP.scale) is None


def test_the_part_beside_a_job_is_the_models_own(suggested):
    for _, suggestion in suggested:
        for plan in suggestion.plans:
            for activity in plan.activities:
                named = {part.feature for one in activity.explanation.values() for part in one.contributions}
                beside = {
                    part.value
                    for one in activity.explanation.values()
                    for part in one.contributions
                    if part.feature == BESIDE_JOB
                }
                assert (BESIDE_JOB in named) == bool(beside)
                planned = {other.insats_id for other in plan.activities}
                assert all(set(value) <= planned for value in beside)


def test_an_explanation_that_does_not_add_up_cannot_be_made():
    activity = at("A", 0)
    indicator = BIP.ranking[0]
    broken = replace(activity.explanation[indicator], base=activity.explanation[indicator].base + 1e-4)
    with pytest.raises(ValueError, match="does not add up"):
        replace(activity, explanation=activity.explanation | {indicator: broken})
