"""The planner: every plan keeps every rule, the best is the best, and what is not chosen has its reason."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import builders
import checker
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathway.errors import FaultyCase
from pathway.planner import (
    DESCRIPTIONS,
    Effort,
    Fact,
    NotChosen,
    Placement,
    Proposal,
    Prospects,
    Rule,
    Work,
    propose,
    replay,
    resume,
)
from pathway.planner import model as models
from pathway.planner.board import Board
from pathway.planner.improvement import improve
from pathway.planner.sifting import compile
from pathway.planner.weeks import Weeks

INDICATORS = ("tro", "ork", "mal")
ENOUGH = Work(effort=Effort(deterministic=5.0, wall_seconds=60.0))


def planned(
    *insatser: dict[str, Any],
    alone: dict[str, Any] | None = None,
    beside: dict[str, Any] | None = None,
    speakable: Any = None,
    drift: float = 0.0,
    work: Work = ENOUGH,
    **case: Any,
) -> Proposal:
    """Propose for a small case, let the checker read the plans, and hand the proposal back."""
    raw = builders.a_case_in_json(**case)
    catalogue = builders.a_catalogue(*insatser)
    shaped = builders.a_case(**case)
    gains = {insats["id"]: (0.3, 0.2, 0.1) for insats in insatser} | (alone or {})
    prospects = builders.prospects(shaped, gains, beside, drift=drift, speakable=speakable)
    proposal = propose(shaped, catalogue, prospects, work=work)
    suggestion = builders.a_suggestion_in_json(proposal, prospects)
    assert checker.broken_rules(raw, {"insatser": insatser}, suggestion, INDICATORS) == []
    return proposal


def reason(proposal: Proposal, insats_id: str) -> Any:
    return next(reason for reason in proposal.not_chosen if reason.insats_id == insats_id)


def first_plan(proposal: Proposal) -> dict[str, Placement]:
    return {placement.insats_id: placement for placement in proposal.plans[0].placements}


A = builders.an_insats


# -- the value


def test_an_activity_gains_more_in_the_time_it_runs_beside_a_job_oriented_one():
    catalogue = builders.a_catalogue(A("J", type="jobb"), A("K", type="jobb"), A("H"))
    case = builders.a_case()
    prospects = builders.prospects(case, {"J": (0.1, 0, 0), "K": (0, 0, 0), "H": (0.1, 0, 0)}, {"H": (0.5, 0, 0)})
    day = builders.AS_OF
    weeks = lambda n: day + timedelta(weeks=n)  # noqa: E731
    played = replay(
        [
            Placement("H", day, weeks(13), 10),
            Placement("J", weeks(5), weeks(9), 5),
            Placement("K", weeks(7), weeks(10), 5),
        ],
        catalogue,
        prospects,
        case.goal,
    )
    in_h = played.placements[0]
    assert in_h.quarters == pytest.approx(2.0)  # 13 weeks at twice the typical hours
    assert in_h.quarters_beside == pytest.approx(2 * 5 / 13)  # weeks 5–10: the two jobs' common weeks count once
    assert played.gains[0, 0] == pytest.approx(0.1 * 2 + 0.5 * 2 * 5 / 13)
    assert played.placements[1].quarters_beside == 0


def test_steps_beyond_the_target_or_the_scale_are_worth_nothing():
    case = builders.a_case(
        {"tro": 4, "ork": 2, "mal": 2}, goal={"weights": {"tro": 2, "ork": 1}, "targets": {"ork": 3}}
    )
    catalogue = builders.a_catalogue(A("X"))
    prospects = builders.prospects(case, {"X": (3, 3, 3)})
    played = replay(
        [Placement("X", builders.AS_OF, builders.AS_OF + timedelta(weeks=13), 5)], catalogue, prospects, case.goal
    )
    assert played.with_plan.tolist() == [5, 5, 5]
    assert played.objective == pytest.approx(2 * 1 + 1 * 1)


def test_levels_never_fall_below_the_scale():
    case = builders.a_case({"tro": 1, "ork": 2, "mal": 2})
    prospects = builders.prospects(case, {"X": (-1, 1, 0)})
    catalogue = builders.a_catalogue(A("X", weeks={"min": 13, "typical": 13, "max": 13}))
    played = replay(
        [Placement("X", builders.AS_OF, builders.AS_OF + timedelta(weeks=13), 5)], catalogue, prospects, case.goal
    )
    assert played.objective == pytest.approx(1.0)
    proposal = propose(case, catalogue, prospects, work=ENOUGH)
    assert proposal.plans == ()  # its own worth, −1 + 1 + 0, is nothing
    weighed = builders.a_case({"tro": 1, "ork": 2, "mal": 2}, goal={"weights": {"tro": 0.5, "ork": 1.0}, "targets": {}})
    best = propose(weighed, catalogue, prospects, work=ENOUGH).plans[0]
    assert best.objective == pytest.approx(2.0)
    assert best.status == "optimal"


# -- cells


@given(weekday=st.integers(0, 6), start=st.integers(0, 60), length=st.integers(1, 40))
def test_an_activity_occupies_every_week_it_touches_in_both_countings(weekday: int, start: int, length: int):
    as_of = date(2026, 3, 2) + timedelta(days=weekday)
    weeks = Weeks(as_of, 140)
    first, beyond = weeks.touched(start, start + length)
    touched = {int(weeks.firsts[c]) for c in range(int(first), int(beyond))}
    days = range(start, start + length)
    assert touched == {day // 7 * 7 for day in days} | {day - (as_of + timedelta(days=day)).weekday() for day in days}


# -- each rule, planted


@pytest.mark.parametrize(
    ("limit", "rule"),
    [
        ({"municipalities": ["0581"]}, Rule.MUNICIPALITY),
        ({"age_min": 41}, Rule.AGE),
        ({"age_max": 39}, Rule.AGE),
        ({"income_sources": ["sjukpenning"]}, Rule.INCOME_SOURCE),
    ],
)
def test_an_insats_for_others_is_not_eligible(limit: dict[str, Any], rule: Rule):
    found = reason(planned(A("X", **limit), A("Y")), "X")
    assert (found.code, found.fact.rule, found.fact.missing, found.loss) == ("not_eligible", rule, False, None)


def test_swedish_below_the_level_is_not_eligible():
    profile = {"swedish_level": "grund", "birth_year": 1986}
    found = reason(planned(A("X", swedish_level_min="medel"), profile=profile), "X")
    assert (found.fact.rule, found.fact.needed, found.fact.found) == (Rule.SWEDISH_LEVEL, "medel", "grund")
    assert planned(A("X", swedish_level_min="grund"), profile=profile).plans


@pytest.mark.parametrize(
    "limit",
    [
        {"municipalities": ["0580"]},
        {"age_min": 18},
        {"income_sources": ["sjukpenning"]},
        {"swedish_level_min": "grund"},
    ],
)
def test_a_fact_that_is_limited_on_but_not_known_is_named_as_missing(limit: dict[str, Any]):
    found = reason(planned(A("X", **limit), profile={}), "X")
    assert (found.code, found.fact.missing) == ("not_eligible", True)


def test_a_person_who_turns_too_old_next_year_starts_this_year():
    proposal = planned(A("X", age_max=40, queue_weeks=10), as_of=date(2026, 10, 5))
    assert first_plan(proposal)["X"].start_on.year == 2026
    too_late = planned(A("X", age_max=40, queue_weeks=14), as_of=date(2026, 10, 5))
    assert (reason(too_late, "X").code, reason(too_late, "X").fact.rule) == ("no_start_date", Rule.AGE)


def test_avoided_insatser_and_those_without_data_are_left_out():
    proposal = planned(A("X"), A("Y"), A("Z"), wishes={"avoid": ["X"]}, speakable=("X", "Z"))
    assert reason(proposal, "X").code == "avoided"
    assert reason(proposal, "Y").code == "too_little_data"
    assert set(first_plan(proposal)) == {"Z"}


@pytest.mark.parametrize(
    ("given_", "rule"),
    [
        ({"places": 0}, Rule.PLACES),
        ({"queue_weeks": 26}, Rule.HORIZON),
        ({"weeks": {"min": 27, "typical": 30, "max": 40}}, Rule.HORIZON),
        ({"valid_to": "2026-03-01"}, Rule.VALIDITY),
        ({"valid_to": "2026-03-28"}, Rule.HORIZON),
        ({"intake": {"mode": "datum", "dates": ["2026-03-01"]}}, Rule.INTAKE_DATES),
        ({"intake": {"mode": "datum", "dates": ["2026-03-16"]}, "queue_weeks": 3}, Rule.INTAKE_DATES),
    ],
)
def test_an_insats_that_cannot_start_in_time_has_no_start_date(given_: dict[str, Any], rule: Rule):
    found = reason(planned(A("X", **given_)), "X")
    assert (found.code, found.fact.rule, found.loss) == ("no_start_date", rule, None)


def test_the_last_day_of_validity_is_a_day_to_be_there():
    proposal = planned(A("X", weeks={"min": 4, "typical": 4, "max": 4}, valid_to="2026-03-29"))
    assert first_plan(proposal)["X"].end_on == date(2026, 3, 30)


def test_continuous_intake_starts_on_mondays_after_the_queue():
    insats = A("X", queue_weeks=1, weeks={"min": 5, "typical": 5, "max": 5})
    proposal = planned(insats, as_of=date(2026, 3, 4))
    assert first_plan(proposal)["X"].start_on == date(2026, 3, 16)


def test_dated_intake_starts_on_its_dates():
    dates = ["2026-03-05", "2026-04-08"]
    proposal = planned(A("X", intake={"mode": "datum", "dates": dates}, queue_weeks=1))
    assert first_plan(proposal)["X"].start_on == date(2026, 4, 8)


def test_least_hours_above_the_limit_are_hours():
    found = reason(planned(A("X", hours_per_week={"min": 21, "typical": 30, "max": 40})), "X")
    assert (found.code, found.fact.rule, found.fact.needed, found.fact.found) == ("hours", Rule.HOURS_LIMIT, 21, 20)


def test_a_limit_in_thirds_of_an_hour_is_used_to_the_hundredth():
    limits = {"hours_per_week": 80 / 3, "parallel": 3, "horizon_weeks": 26, "budget": None}
    proposal = planned(
        *(A(f"X{n:02d}", hours_per_week={"min": 5, "typical": 10, "max": 40}) for n in range(41)), limits=limits
    )
    assert max(one.hours_per_week for one in proposal.plans[0].placements) == 26.66


def test_hours_and_places_taken_by_what_is_running_are_not_given_twice():
    running = {
        "insats_id": "R",
        "started_on": "2026-01-05",
        "ended_on": None,
        "hours_per_week": 17,
        "ended_as": "pågår",
    }
    insatser = A("R", weeks={"min": 4, "typical": 52, "max": 60}), A("X")
    found = reason(planned(*insatser, participations=[running]), "X")
    assert (found.code, found.fact.rule, found.fact.needed, found.fact.found) == ("hours", Rule.WEEKLY_LOAD, 5, 3)
    limits = {"hours_per_week": 40, "parallel": 1, "horizon_weeks": 26}
    found = reason(planned(*insatser, participations=[running], limits=limits), "X")
    assert (found.code, found.fact.rule) == ("hours", Rule.PARALLEL)


def test_what_is_running_is_not_started_again_before_it_ends():
    running = {
        "insats_id": "X",
        "started_on": "2026-01-05",
        "ended_on": "2026-05-06",
        "hours_per_week": 5,
        "ended_as": "pågår",
    }
    assert first_plan(planned(A("X"), participations=[running]))["X"].start_on >= date(2026, 5, 6)
    endless = running | {"ended_on": None}
    found = reason(planned(A("X", weeks={"min": 4, "typical": 52, "max": 60}), participations=[endless]), "X")
    assert (found.code, found.fact.rule) == ("no_start_date", Rule.ONCE)


def test_a_running_insats_without_end_goes_on_for_at_least_four_weeks():
    running = {
        "insats_id": "R",
        "started_on": "2024-01-01",
        "ended_on": None,
        "hours_per_week": 20,
        "ended_as": "pågår",
    }
    proposal = planned(A("R"), A("X"), participations=[running], wishes={"avoid": ["R"]})
    assert first_plan(proposal)["X"].start_on == date(2026, 3, 30)


def test_a_running_insats_that_nobody_knows_lasts_to_the_horizon():
    running = {
        "insats_id": "?",
        "started_on": "2024-01-01",
        "ended_on": None,
        "hours_per_week": 20,
        "ended_as": "pågår",
    }
    assert reason(planned(A("X"), participations=[running]), "X").code == "hours"


def test_a_budget_below_the_cheapest_is_named():
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": 399}
    found = reason(planned(A("X"), limits=limits), "X")
    assert (found.code, found.fact.rule, found.fact.needed, found.fact.found) == ("hours", Rule.BUDGET, 400, 399)


def test_a_budget_beyond_all_numbers_is_none():
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26}
    one, other = (planned(A("X"), A("Y"), limits=limits | {"budget": most}).plans[0] for most in (1e300, None))
    assert one.placements == other.placements


def test_the_budget_holds_for_the_whole_plan():
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": 1500}
    proposal = planned(A("X"), A("Y"), A("Z"), limits=limits)
    cost = sum(placement.weeks * 100 for placement in proposal.plans[0].placements)
    assert 1000 < cost <= 1500


def test_what_must_come_first_ends_before_the_next_starts():
    proposal = planned(A("X"), A("Y", requires={"insatser": ["X"]}), alone={"Y": (1, 1, 1)})
    plan = first_plan(proposal)
    assert plan["X"].end_on <= plan["Y"].start_on


def test_what_was_completed_earlier_in_life_need_not_come_again():
    past = {
        "insats_id": "X",
        "started_on": "2025-01-05",
        "ended_on": "2025-05-01",
        "hours_per_week": 5,
        "ended_as": "fullföljd",
    }
    insatser = A("X", municipalities=["0581"]), A("Y", requires={"insatser": ["X"]})
    assert set(first_plan(planned(*insatser, participations=[past]))) == {"Y"}
    found = reason(planned(*insatser, participations=[past | {"ended_as": "avbruten"}]), "Y")
    assert (found.code, found.fact.rule, found.fact.other) == ("prerequisite", Rule.REQUIRED_INSATS, "X")


def test_a_locked_activity_that_has_just_ended_need_not_come_again():
    locked = {"insats_id": "first", "start_on": "2026-01-26", "end_on": "2026-03-02", "hours_per_week": 5}
    proposal = planned(A("first", municipalities=["0180"]), A("X", requires={"insatser": ["first"]}), locked=[locked])
    assert "X" in first_plan(proposal)


def test_a_required_level_is_reached_by_what_has_ended_before():
    insatser = A("X"), A("Y", requires={"levels": {"tro": 2.5}})
    plan = first_plan(planned(*insatser, alone={"X": (0.6, 0, 0), "Y": (0, 1, 1)}))
    assert plan["X"].end_on <= plan["Y"].start_on
    assert plan["X"].quarters * 0.6 >= 0.5


def test_a_required_level_out_of_reach_or_not_measured_is_a_prerequisite():
    insatser = A("X"), A("Y", requires={"levels": {"tro": 5}})
    found = reason(planned(*insatser), "Y")
    assert (found.code, found.fact.rule) == ("prerequisite", Rule.REQUIRED_LEVEL)
    assert (found.fact.indicator, found.fact.needed, found.fact.found) == ("tro", 5, 2)
    unmeasured = reason(planned(A("Y", requires={"levels": {"tro": 2}}), levels={"ork": 2, "mal": 2}), "Y")
    assert (unmeasured.code, unmeasured.fact.found) == ("prerequisite", None)


def test_a_level_that_only_gains_beside_a_job_would_reach_is_not_counted_on():
    insatser = A("J", type="jobb"), A("X"), A("Y", requires={"levels": {"tro": 2.5}})
    proposal = planned(
        *insatser, alone={"J": (0, 0.3, 0), "X": (0.05, 0.3, 0), "Y": (0, 1, 1)}, beside={"X": (3, 0, 0)}
    )
    assert reason(proposal, "Y").code == "prerequisite"


def test_a_level_reached_today_counts_whatever_the_natural_course():
    proposal = planned(A("Y", requires={"levels": {"tro": 2}}), drift=-0.5)
    assert set(first_plan(proposal)) == {"Y"}


def test_excluding_insatser_do_not_overlap_whichever_says_so():
    proposal = planned(A("X"), A("Y", excludes=["X"]), alone={"X": (1, 0, 0), "Y": (0, 1, 0)})
    plan = first_plan(proposal)
    assert plan["X"].end_on <= plan["Y"].start_on or plan["Y"].end_on <= plan["X"].start_on


def test_what_only_an_exclusion_keeps_out_is_excluded():
    whole = {"weeks": {"min": 26, "typical": 26, "max": 26}}
    found = reason(planned(A("X", **whole), A("Y", excludes=["X"], **whole), alone={"X": (0.6, 0.6, 0.6)}), "Y")
    assert (found.code, found.fact.rule, found.fact.other) == ("excluded", Rule.EXCLUSION, "X")
    assert found.loss > 0


def test_the_loss_of_an_insats_is_what_the_plan_around_it_is_worth_less():
    whole = {"hours_per_week": {"min": 20, "typical": 20, "max": 20}, "weeks": {"min": 26, "typical": 26, "max": 26}}
    proposal = planned(A("X", **whole), A("Y", **whole), alone={"X": (0.5, 0, 0), "Y": (0.3, 0, 0)})
    found = reason(proposal, "Y")
    assert (found.code, found.fact.rule) == ("less_gain", Rule.BEST)
    assert found.loss == pytest.approx(2 * (0.5 - 0.3))


def test_what_a_running_insats_excludes_throughout_is_excluded():
    running = {"insats_id": "R", "started_on": "2026-01-05", "ended_on": None, "hours_per_week": 2, "ended_as": "pågår"}
    insatser = A("R", weeks={"min": 4, "typical": 52, "max": 60}, excludes=["X"]), A("X")
    found = reason(planned(*insatser, participations=[running]), "X")
    assert (found.code, found.fact.other, found.loss) == ("excluded", "R", None)


def test_one_variant_of_a_group_is_enough():
    proposal = planned(A("X", group="g"), A("Y", group="g"), alone={"X": (0.4, 0.4, 0.4)})
    assert set(first_plan(proposal)) == {"X"}
    found = reason(proposal, "Y")
    assert (found.code, found.fact.rule, found.fact.other) == ("excluded", Rule.GROUP, "X")
    assert found.loss == pytest.approx(proposal.plans[0].objective - 12 / 13 * 2 * 0.6, abs=1e-6)


def test_steps_of_one_way_are_no_variants_though_they_share_a_group():
    first, then = A("X", group="g"), A("Y", group="g", requires={"insatser": ["X"]})
    proposal = planned(first, then, A("Z", group="g"), alone={"Z": (0.2, 0.2, 0.2)}, limits={"horizon_weeks": 40})
    in_order = sorted(proposal.plans[0].placements, key=lambda one: one.start_on)
    assert [one.insats_id for one in in_order] == ["X", "Y"]
    found = reason(proposal, "Z")
    assert (found.code, found.fact.rule) == ("excluded", Rule.GROUP)


def test_what_is_not_worth_its_while_is_left_out():
    found = reason(planned(A("X"), alone={"X": (0.01, 0, 0)}), "X")
    assert (found.code, found.fact.rule, found.fact.needed) == ("no_expected_gain", Rule.WORTH, 0.1)
    assert found.fact.found == pytest.approx(0.01 * 2 * 12 / 13)


def test_an_insats_that_only_helps_beside_a_job_is_placed_beside_one():
    insatser = A("J", type="jobb", weeks={"min": 4, "typical": 4, "max": 4}, queue_weeks=8), A("X")
    proposal = planned(*insatser, alone={"J": (0.8, 0, 0), "X": (0, 0, 0)}, beside={"X": (0, 1, 0)})
    assert first_plan(proposal)["X"].quarters_beside >= 4 / 13


def test_a_job_oriented_insats_is_worth_what_others_gain_beside_it():
    insatser = A("J", type="jobb"), A("X")
    alone = {"J": (-0.1, 0, 0), "X": (0.3, 0, 0)}
    proposal = planned(*insatser, alone=alone, beside={"X": (0, 1, 0)})
    assert set(first_plan(proposal)) == {"J", "X"}
    assert proposal.plans[0].status == "optimal"
    without = planned(*insatser, alone=alone, beside={"X": (0, 0.02, 0)})
    assert set(first_plan(without)) == {"X"}
    assert reason(without, "J").code == "no_expected_gain"


def test_where_few_are_open_shortest_lengths_make_room_for_what_needs_a_level_first():
    first = A("X", weeks={"min": 24, "typical": 39, "max": 52})
    after = A("J", requires={"levels": {"tro": 2.5}}, weeks={"min": 24, "typical": 26, "max": 26})
    year = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52, "budget": None}
    proposal = planned(first, after, alone={"X": (0.4, 0, 0), "J": (0, 1, 1)}, limits=year)
    assert set(first_plan(proposal)) == {"X", "J"}


def test_indicators_without_weight_do_not_count():
    goal = {"weights": {"ork": 1.0}, "targets": {}}
    proposal = planned(A("X"), A("Y"), alone={"X": (1, 0, 0), "Y": (0, 1, 0)}, goal=goal)
    assert set(first_plan(proposal)) == {"Y"}
    assert reason(proposal, "X").code == "no_expected_gain"


def test_weights_of_any_size_give_the_same_plan():
    insatser = [A("X"), A("Y", type="jobb"), A("Z")]
    plans = [
        planned(*insatser, beside={"Z": (0.2, 0, 0)}, goal={"weights": dict.fromkeys(INDICATORS, size), "targets": {}})
        for size in (0.001, 1.0, 1000.0)
    ]
    assert plans[0].plans[0].placements == plans[1].plans[0].placements == plans[2].plans[0].placements


def test_no_plan_is_longer_than_good_practice():
    insatser = [A(f"X{n}", hours_per_week={"min": 1, "typical": 1, "max": 1}) for n in range(9)]
    limits = {"hours_per_week": 20, "parallel": 9, "horizon_weeks": 26, "budget": None}
    assert len(planned(*insatser, limits=limits).plans[0].placements) == 6


# -- wishes


def test_a_required_insats_is_there_even_if_it_brings_nothing():
    proposal = planned(A("X"), A("Y"), alone={"X": (0, 0, 0)}, wishes={"require": ["X"]})
    assert set(first_plan(proposal)) == {"X", "Y"}


def test_a_required_insats_brings_what_must_come_first():
    insatser = A("X"), A("Y", requires={"insatser": ["X"]})
    plan = first_plan(planned(*insatser, alone={"X": (0, 0, 0), "Y": (0, 0, 0)}, wishes={"require": ["Y"]}))
    assert plan["X"].end_on <= plan["Y"].start_on


def test_a_preferred_insats_wins_over_one_that_is_slightly_better_and_the_objective_says_so():
    whole = {"hours_per_week": {"min": 20, "typical": 20, "max": 20}, "weeks": {"min": 26, "typical": 26, "max": 26}}
    insatser = A("X", **whole), A("Y", **whole)
    gains = {"X": (0.5, 0, 0), "Y": (0.45, 0, 0)}
    assert set(first_plan(planned(*insatser, alone=gains))) == {"X"}
    proposal = planned(*insatser, alone=gains, wishes={"prefer": ["Y"]})
    assert set(first_plan(proposal)) == {"Y"}
    assert proposal.plans[0].objective == pytest.approx(0.9)
    assert reason(proposal, "X").loss == 0


def test_a_required_insats_that_is_blocked_names_its_rule():
    proposal = planned(A("X", municipalities=["0581"]), A("Y"), wishes={"require": ["X"]})
    assert proposal.plans == ()
    assert [(c.insats_id, c.code, c.fact.rule) for c in proposal.infeasible] == [
        ("X", "not_eligible", Rule.MUNICIPALITY)
    ]


ELEVEN = {"min": 11, "typical": 11, "max": 11}


@pytest.mark.parametrize(
    ("insatser", "limits", "rule"),
    [
        ((A("X", hours_per_week=ELEVEN), A("Y", hours_per_week=ELEVEN)), {}, Rule.WEEKLY_LOAD),
        ((A("X"), A("Y")), {"parallel": 1}, Rule.PARALLEL),
        ((A("X"), A("Y", excludes=["X"])), {}, Rule.EXCLUSION),
    ],
)
def test_requirements_that_do_not_fit_together_name_the_rules(insatser: Any, limits: dict[str, Any], rule: Rule):
    insatser = [insats | {"weeks": {"min": 15, "typical": 15, "max": 15}} for insats in insatser]
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": None} | limits
    proposal = planned(*insatser, wishes={"require": ["X", "Y"]}, limits=limits)
    assert proposal.plans == ()
    assert {conflict.fact.rule for conflict in proposal.infeasible} == {rule}
    assert {found.insats_id for found in proposal.not_chosen} == {"X", "Y"}


def test_required_variants_of_one_another_are_in_conflict():
    proposal = planned(A("X", group="g"), A("Y", group="g"), wishes={"require": ["X", "Y"]})
    assert {conflict.fact.rule for conflict in proposal.infeasible} == {Rule.GROUP}


def test_a_requirement_that_no_rule_allows_names_the_rule_and_what_was_found():
    never = A("X", requires={"levels": {"tro": 5}})
    proposal = planned(never, A("Y"), alone={"X": (0, 1, 0), "Y": (0, 1, 0)}, wishes={"require": ["X"]})
    assert proposal.plans == ()
    fact = proposal.infeasible[0].fact
    assert (fact.rule, fact.indicator, fact.needed, fact.found) == (Rule.REQUIRED_LEVEL, "tro", 5, 2)


def test_a_required_insats_dearer_than_the_budget_names_the_budget():
    limits = {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": 250}
    proposal = planned(A("X"), wishes={"require": ["X"]}, limits=limits)
    assert proposal.plans == ()
    fact = proposal.infeasible[0].fact
    assert (fact.rule, fact.needed, fact.found) == (Rule.BUDGET, 400, 250)


def test_a_target_above_the_scale_is_refused_in_one_sentence():
    with pytest.raises(FaultyCase, match=r"targets.*tro.*5") as refused:
        builders.a_case(goal={"weights": {"tro": 1}, "targets": {"tro": 6}})
    assert "\n" not in str(refused.value)


def test_a_wish_for_an_unknown_insats_is_refused():
    with pytest.raises(FaultyCase, match=r"wishes\.require\.0: not in the catalogue"):
        planned(A("X"), wishes={"require": ["nope"]})


# -- the proposal as a whole


def test_nothing_worth_placing_gives_no_plan_and_a_reason_each():
    proposal = planned(A("X"), A("Y"), alone={"X": (0, 0, 0), "Y": (-1, 0, 0)})
    assert (proposal.plans, proposal.infeasible) == ((), ())
    assert [found.code for found in proposal.not_chosen] == ["no_expected_gain"] * 2


def test_nobody_eligible_gives_no_plan():
    proposal = planned(A("X", municipalities=["9999"]))
    assert [found.code for found in proposal.not_chosen] == ["not_eligible"]


def test_a_person_at_the_top_of_every_scale_gets_no_plan():
    proposal = planned(A("X"), levels={"tro": 5, "ork": 5, "mal": 5})
    assert proposal.plans == ()
    assert reason(proposal, "X").code == "no_expected_gain"


def test_the_same_input_gives_the_same_proposal():
    given_ = builders.a_realistic_problem(3, n_insatser=25)
    one, other = propose(*given_), propose(*given_)
    assert [plan.placements for plan in one.plans] == [plan.placements for plan in other.plans]
    assert one.not_chosen == other.not_chosen


def test_when_time_runs_out_there_is_a_plan_with_an_honest_gap():
    given_ = builders.a_realistic_problem(2)
    hurried = propose(*given_, work=Work(width=2, effort=Effort(deterministic=1e-4, wall_seconds=5)))
    patient = propose(*given_, work=Work(effort=Effort(deterministic=2, wall_seconds=60)))
    best, known = hurried.plans[0], patient.plans[0].objective
    assert best.status == "feasible"
    assert best.objective * (1 + best.gap) >= known - 1e-3
    assert best.gap > patient.plans[0].gap


def test_every_rule_has_its_line_in_english():
    assert set(DESCRIPTIONS) == set(Rule)
    assert all(line.endswith(".") for line in DESCRIPTIONS.values())


def test_prospects_of_the_wrong_shape_are_our_mistake():
    with pytest.raises(ValueError, match="finite numbers"):
        Prospects(("a",), (1, 5), np.array([np.nan]), np.array([2.0]), {}, {}, frozenset())


# -- against brute force, and at random


@st.composite
def small_problems(draw: Any) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any], dict[str, Any]]:
    ids = [f"I{n}" for n in range(draw(st.integers(2, 6)))]
    insatser, alone, beside = [], {}, {}
    step = st.sampled_from([-0.1, 0.0, 0.0, 0.2, 0.5, 1.0])
    for n, id in enumerate(ids):
        least, more, most = draw(st.tuples(st.integers(1, 8), st.integers(0, 4), st.integers(0, 8)))
        few, some, many = draw(
            st.tuples(st.sampled_from([1, 4, 7.5, 12]), st.sampled_from([0, 2.5]), st.sampled_from([0, 5]))
        )
        dates = draw(st.lists(st.integers(0, 100), max_size=3))
        earlier = ids[:n]
        insatser.append(
            A(
                id,
                type=draw(st.sampled_from(["jobb", "hälsa", "kompetens"])),
                weeks={"min": least, "typical": least + more, "max": least + more + most},
                hours_per_week={"min": few, "typical": few + some, "max": few + some + many},
                queue_weeks=draw(st.integers(0, 5)),
                intake={"mode": "datum", "dates": [(builders.AS_OF + timedelta(days=d)).isoformat() for d in dates]}
                if dates
                else {"mode": "löpande", "dates": []},
                group=draw(st.sampled_from([None, None, "g"])),
                requires={
                    "insatser": draw(st.lists(st.sampled_from(earlier), max_size=1)) if earlier else [],
                    "levels": draw(st.sampled_from([{}, {}, {"tro": 2}, {"tro": 2.5}])),
                },
                excludes=draw(st.lists(st.sampled_from(earlier), max_size=1)) if earlier else [],
                cost_per_week=draw(st.sampled_from([0, 500, 999.5])),
                valid_to=draw(st.sampled_from([None, None, "2026-05-20"])),
            )
        )
        alone[id] = draw(st.tuples(step, step, step))
        beside[id] = (0, 0, 0) if insatser[-1]["type"] == "jobb" else draw(st.tuples(step, step, step))
    past = {"insats_id": draw(st.sampled_from(ids)), "started_on": "2026-01-12", "hours_per_week": 3.5}
    case = {
        "as_of": builders.AS_OF + timedelta(days=draw(st.integers(0, 6))),
        "limits": {
            "hours_per_week": draw(st.sampled_from([8, 15, 20])),
            "parallel": draw(st.integers(1, 3)),
            "horizon_weeks": draw(st.integers(4, 30)),
            "budget": draw(st.sampled_from([None, None, 9000])),
        },
        "participations": draw(
            st.sampled_from(
                [
                    [],
                    [past | {"ended_on": "2026-02-20", "ended_as": "fullföljd"}],
                    [past | {"ended_on": "2026-04-15", "ended_as": "pågår"}],
                    [past | {"ended_on": None, "ended_as": "pågår"}],
                ]
            )
        ),
        "wishes": draw(st.sampled_from([{}, {"prefer": ids[:1]}, {"avoid": ids[1:]}, {"require": ids[1:2]}])),
        "goal": draw(st.sampled_from([{"weights": {}}, {"weights": {"tro": 2, "ork": 0.5}, "targets": {"tro": 3}}])),
    }
    return insatser, alone, beside, case


def everything_is_accounted_for(insatser: list[dict[str, Any]], proposal: Proposal) -> None:
    """Assert that every insats is in the first plan or has its reason, and that an empty proposal says why."""
    placed = first_plan(proposal) if proposal.plans else {}
    assert sorted({*(r.insats_id for r in proposal.not_chosen), *placed}) == [insats["id"] for insats in insatser]
    if proposal.plans:
        assert all(plan.objective <= proposal.plans[0].objective + 0.5 for plan in proposal.plans)
    else:
        assert proposal.infeasible or all(r.code != "less_gain" for r in proposal.not_chosen)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(problem=small_problems())
def test_every_plan_keeps_every_rule(problem: Any):
    insatser, alone, beside, case = problem
    drift = -0.2 if len(insatser) % 2 else 0.1
    everything_is_accounted_for(insatser, planned(*insatser, alone=alone, beside=beside, drift=drift, **case))


@st.composite
def around_locks(draw: Any) -> dict[str, Any]:
    """Draw what is locked, a ramp, a number of activities, and how gains change between quarters."""
    as_of = builders.AS_OF + timedelta(days=draw(st.integers(0, 6)))
    known, unknown = draw(st.sampled_from(["I0", "I1"])), "not in the catalogue"
    first, weeks = draw(st.integers(-2, 10)), draw(st.integers(1, 16))
    lock = {
        "start_on": (as_of + timedelta(weeks=first)).isoformat(),
        "end_on": (as_of + timedelta(weeks=first + weeks, days=draw(st.integers(1, 6)))).isoformat(),
        "hours_per_week": draw(st.sampled_from([2.5, 10, 25])),
    }
    ids = draw(st.sampled_from([(), (known,), (known,), (unknown,), (known, unknown)]))
    ramp = draw(st.sampled_from([[], [(0, 6), (5, 12)], [(3, 9.5)]]))
    return {
        "as_of": as_of,
        "locked": [{"insats_id": id} | lock for id in ids],
        "ramp": [{"from_week": week, "hours_per_week": hours} for week, hours in ramp],
        "activities": draw(st.sampled_from([None, 1, 2, 4])),
        "quarters": draw(st.sampled_from([(1.0,), (1.0, 0.2), (0.1, 1.5, -0.5)])),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problem=small_problems(), around=around_locks())
def test_plans_around_locks_ramps_and_quarters_keep_every_rule(problem: Any, around: dict[str, Any]):
    insatser, alone, beside, case = problem
    by_quarter = np.array(around["quarters"])[:, None]
    case |= {"as_of": around["as_of"], "locked": around["locked"]}
    case["limits"] |= {"hours_by_week": around["ramp"], "activities": around["activities"]}
    proposal = planned(
        *insatser,
        alone={id: by_quarter * np.array(gains) for id, gains in alone.items()},
        beside={id: by_quarter * np.array(gains) for id, gains in beside.items()},
        **case,
    )
    everything_is_accounted_for(insatser, proposal)


def test_a_plan_known_from_before_is_held_against_the_same_bound_with_bonus_and_prices():
    insatser = [A("A"), A("B"), A("C", type="jobb")]
    shaped = builders.a_case(wishes={"prefer": ["B"]})
    catalogue, prices = builders.a_catalogue(*insatser), {"A": (0.05, 0.05)}
    prospects = builders.prospects(shaped, {"A": (0.5, 0.3, 0.1), "B": (0.2, 0.2, 0.2), "C": (0.4, 0.1, 0.3)})
    (first, *_) = propose(shaped, catalogue, prospects, work=ENOUGH, prices=prices).plans
    assert first.status == "optimal"
    assert first.merit != 0
    again = propose(shaped, catalogue, prospects, work=ENOUGH, prices=prices, start=first).start
    assert (again.objective, again.merit) == (pytest.approx(first.objective), first.merit)
    assert again.gap == pytest.approx(0, abs=1e-3)
    half = tuple(one for one in first.placements if one.insats_id != "C")
    lesser = propose(
        shaped, catalogue, prospects, work=ENOUGH, prices=prices, start=replace(first, placements=half)
    ).start
    assert 0 < lesser.gap < 10
    assert lesser.status == "feasible"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problem=small_problems(), around=around_locks(), other=small_problems())
def test_what_is_taken_up_of_a_plan_for_another_case_keeps_every_rule_of_this_one(
    problem: Any, around: Any, other: Any
):
    insatser, alone, beside, case = problem
    catalogue, gains = builders.a_catalogue(*insatser), {insats["id"]: (0.3, 0.2, 0.1) for insats in insatser} | alone
    case |= {"as_of": around["as_of"], "locked": around["locked"]}
    case["limits"] |= {"hours_by_week": around["ramp"], "activities": around["activities"]}
    shaped, prospects = (own := builders.a_case(**case)), builders.prospects(own, gains, beside)
    like = builders.a_case(**other[-1] | {"wishes": {}})
    for plan in propose(like, catalogue, builders.prospects(like, gains, beside), work=ENOUGH).plans:
        for one in resume(shaped, catalogue, prospects, plan.placements):
            kept = {a.insats_id for a in one.placements}
            others = tuple(NotChosen(id, "less_gain", Fact(Rule.BEST), 0.0) for id in catalogue.ids if id not in kept)
            told = builders.a_suggestion_in_json(Proposal((replace(one, gap=0.0),), others), prospects)
            assert checker.broken_rules(builders.a_case_in_json(**case), {"insatser": insatser}, told, INDICATORS) == []
            assert {a.insats_id for a in one.placements if not a.locked} <= {a.insats_id for a in plan.placements}


def test_a_plan_is_taken_up_as_it_is_and_adjusted_where_that_may_be_and_else_not_at_all():
    insatser = [A("A"), A("B", hours_per_week={"min": 4, "typical": 8, "max": 8}), A("C")]
    catalogue = builders.a_catalogue(*insatser)

    def asked(placements: Any, **case: Any) -> list[set[str]]:
        shaped = builders.a_case(**case)
        prospects = builders.prospects(shaped, {"A": (0.5, 0.3, 0.1), "B": (0.2, 0.2, 0.2), "C": (0.0, 0.0, 0.0)})
        return [{one.insats_id for one in plan.placements} for plan in resume(shaped, catalogue, prospects, placements)]

    shaped = builders.a_case()
    prospects = builders.prospects(shaped, {"A": (0.5, 0.3, 0.1), "B": (0.2, 0.2, 0.2)})
    placements = propose(shaped, catalogue, prospects, work=ENOUGH).plans[0].placements
    assert {one.insats_id for one in placements} == {"A", "B"}
    assert asked(placements) == [{"A", "B"}]  # adjusted already
    shorter = [replace(one, end_on=one.end_on - timedelta(weeks=4)) for one in placements]
    assert asked(shorter) == [{"A", "B"}, {"A", "B"}]
    assert all("B" not in plan for plan in asked(placements, wishes={"avoid": ["B"]}))
    assert asked(placements, wishes={"avoid": ["A", "B"]}) == []
    assert asked(placements, wishes={"require": ["C"]}) == []
    assert asked([]) == []


@st.composite
def gaps(draw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw an insats, and a case with locks and a ramp that may leave it a gap to fit into, or none."""
    as_of = builders.AS_OF + timedelta(days=draw(st.integers(0, 6)))
    dates = [as_of + timedelta(days=day) for day in draw(st.lists(st.integers(0, 140), min_size=1, max_size=4))]
    insats = A(
        "X",
        weeks={"min": (least := draw(st.integers(2, 14))), "typical": least + 1, "max": least + 4},
        hours_per_week={"min": 8, "typical": 12, "max": 16},
        excludes=draw(st.sampled_from([[], ["Y"]])),
        intake=draw(
            st.sampled_from([{"mode": "löpande", "dates": []}, {"mode": "datum", "dates": sorted({*map(str, dates)})}])
        ),
    )
    locked, day = [], draw(st.integers(-7, 40))
    for id in ("Y", "Z"):
        end = day + draw(st.integers(1, 60))
        span = {"start_on": str(as_of + timedelta(days=day)), "end_on": str(as_of + timedelta(days=end))}
        locked.append({"insats_id": id, **span, "hours_per_week": draw(st.sampled_from([4, 14]))})
        day = end + 7 * least + draw(st.integers(-3, 16))
    limits = {"hours_per_week": 20, "parallel": draw(st.integers(1, 2)), "horizon_weeks": 26, "budget": None}
    ramp = draw(st.sampled_from([(), ((0, 4), (9, 20)), ((3, 9), (12, 14))]))
    limits["hours_by_week"] = [{"from_week": week, "hours_per_week": hours} for week, hours in ramp]
    return insats, {"as_of": as_of, "locked": locked, "limits": limits}


@settings(max_examples=150)
@given(drawn=gaps())
def test_a_rule_that_is_said_to_leave_no_room_leaves_none_on_any_day(drawn: Any):
    insats, case = drawn
    catalogue = {"insatser": [insats, A("Y", excludes=[]), A("Z")]}
    found = compile(
        shaped := builders.a_case(**case),
        builders.a_catalogue(*catalogue["insatser"]),
        builders.prospects(shaped, {"X": (0.9, 0.9, 0.9)}),
    )
    raw, insatser = builders.a_case_in_json(**case), {one["id"]: one for one in catalogue["insatser"]}
    days = (case["as_of"] + timedelta(days=day) for day in range(182))
    dated = insats["intake"]["mode"] == "datum"
    fits = [
        on
        for on in days
        if (str(on) in insats["intake"]["dates"] if dated else on.weekday() == 0)
        and not checker.broken_placing(raw, insatser, an_activity("X", on, insats["weeks"]["min"], 8))
    ]
    assert ("X" in found.blocked) == (not fits)


def an_activity(insats_id: str, start: date, weeks: int, hours: float) -> dict[str, Any]:
    end = start + timedelta(weeks=weeks)
    return {"insats_id": insats_id, "start_on": str(start), "end_on": str(end), "hours_per_week": hours}


def _are_variants(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Of one group, and neither comes before the other; in these tests nothing that is required requires anything."""
    steps = one["id"] in other["requires"]["insatser"] or other["id"] in one["requires"]["insatser"]
    return bool(one["group"]) and one["group"] == other["group"] and not steps


def best_by_brute_force(problem: Any, raw: dict[str, Any], insatser: dict[str, Any]) -> float:
    """Try every mix of options: what the checker lets through, of distinct groups, and each worth its while."""
    best = 0.0
    by_owner = [[None, *range(own.start, own.stop)] for own in map(problem.options_of, problem.alive)]
    for mix in itertools.product(*by_owner):
        picked = [o for o in mix if o is not None]
        placements = problem.placements(picked)
        if any(_are_variants(*pair) for pair in itertools.combinations([insatser[p.insats_id] for p in placements], 2)):
            continue
        played = replay(placements, problem.catalogue, problem.prospects, problem.case.goal)
        if played.objective <= best or (played.worths < 0.1 - 1e-9).any():
            continue
        activities = [
            {
                "insats_id": p.insats_id,
                "start_on": p.start_on.isoformat(),
                "end_on": p.end_on.isoformat(),
                "hours_per_week": p.hours_per_week,
                "gain": {
                    i: {"mean": p.quarters * g}
                    for i, g in zip(INDICATORS, problem.prospects.alone[p.insats_id], strict=True)
                },
            }
            for p in played.placements
        ]
        faults = list(checker._together(raw, insatser, activities))
        faults += [f for a in activities for f in checker._order(raw, insatser[a["insats_id"]], a, activities)]
        if not faults:
            best = played.objective
    return best


@pytest.mark.parametrize("seed", range(14))
def test_the_best_plan_is_the_best_there_is(seed: int):
    rng = np.random.default_rng(seed)
    ids = ["J", "X", "Y"]
    insatser = [
        A(
            id,
            type="jobb" if id == "J" else "hälsa",
            weeks={"min": 3, "typical": 4, "max": int(rng.integers(4, 9))},
            hours_per_week={"min": 4, "typical": int(rng.integers(5, 8)), "max": int(rng.integers(8, 16))},
            queue_weeks=int(rng.integers(0, 4)),
            requires={
                "levels": {"tro": 2.2} if id == "Y" and seed % 3 == 0 else {},
                "insatser": ["X"] if id == "Y" and seed % 3 == 1 else [],
            },
            excludes=["J"] if id == "X" and seed % 4 == 3 else [],
            group="g" if seed % 5 == 4 and id != "J" else None,
        )
        for id in ids
    ]
    given_ = {
        "as_of": builders.AS_OF + timedelta(days=int(rng.integers(0, 7))),
        "limits": {"hours_per_week": 15, "parallel": 2, "horizon_weeks": 12, "budget": [None, 1500][seed % 2]},
        "goal": {"weights": {}, "targets": {"tro": 2.5}},
    }
    case, raw = builders.a_case(**given_), builders.a_case_in_json(**given_)
    alone = {id: rng.uniform(0, 1.2, size=3).round(2) for id in ids}
    beside = {id: rng.uniform(0, 1.2, size=3).round(2) * (id != "J") for id in ids}
    prospects = builders.prospects(case, alone, beside)
    catalogue = builders.a_catalogue(*insatser)
    practice = coarse_practice()
    proposal = propose(case, catalogue, prospects, practice, ENOUGH)
    assert proposal.plans[0].status == "optimal"
    expected = best_by_brute_force(compile(case, catalogue, prospects, practice), raw, {i["id"]: i for i in insatser})
    assert proposal.plans[0].objective == pytest.approx(expected, abs=2e-4)


def coarse_practice() -> Any:
    """Give the shipped practice on one coarse grid: few enough mixes to try them all."""
    from dataclasses import replace

    from pathway.planner.practice import shipped

    return replace(shipped(), every_weeks=((156, 4),), fine_every_weeks=0)


@pytest.mark.parametrize("seed", range(3))
def test_a_search_from_nothing_and_one_from_a_good_plan_prove_the_same(seed: int):
    case, catalogue, prospects = builders.a_realistic_problem(seed + 40, n_insatser=14)
    problem = compile(case, catalogue, prospects)
    board = Board(problem)
    effort = Effort(deterministic=20, wall_seconds=60)
    bare = models.Model(problem).solve(effort)
    start = improve(board, np.arange(len(problem.options)), rounds=30)
    warm = models.Model(problem).solve(effort, board.worth(start))
    assert bare.complete
    assert warm.complete
    assert board.worth(bare.picked) == pytest.approx(board.worth(warm.picked or start), abs=2e-4)


@pytest.mark.parametrize("seed", range(3))
def test_realistic_plans_keep_every_rule_and_no_forced_insats_makes_a_proven_plan_better(seed: int):
    from pydantic import TypeAdapter

    from pathway.case import Case
    from pathway.catalogue import Catalogue

    case, catalogue, prospects = builders.a_realistic_problem(seed + 102)
    proposal = propose(case, catalogue, prospects)
    suggestion = builders.a_suggestion_in_json(proposal, prospects)
    raw = TypeAdapter(Case).dump_python(case, mode="json")
    raw_catalogue = TypeAdapter(Catalogue).dump_python(catalogue, mode="json")
    assert checker.broken_rules(raw, raw_catalogue, suggestion, prospects.indicators) == []
    assert len(proposal.plans) == 3
    assert all(plan.objective <= proposal.plans[0].objective + 1e-6 for plan in proposal.plans)
    losses = [found.loss for found in proposal.not_chosen if found.code == "less_gain"]
    assert all(loss is not None and loss >= 0 for loss in losses)


def test_the_plans_differ_by_a_third_of_the_longer():
    proposal = propose(*builders.a_realistic_problem(7, n_insatser=30))
    mixes = [{p.insats_id for p in plan.placements} for plan in proposal.plans]
    assert len(mixes) > 1
    for one, other in itertools.combinations(mixes, 2):
        assert 3 * len(one & other) <= 2 * max(len(one), len(other))


def adjusted_on(rng: np.random.Generator, parallel: int) -> tuple[Any, Proposal]:
    """Propose where few hours reach the top of the scale: activities of a plan found are spared once it is adjusted."""
    hours, spans = {"min": 1, "typical": 1}, {"min": 1, "typical": 4}
    insatser = [
        A(
            f"I{n}",
            type=kind,
            weeks=spans | {"max": int(rng.choice([6, 8, 12]))},
            hours_per_week=hours | {"max": int(rng.choice([4, 10]))},
        )
        for n, kind in enumerate(("jobb", "hälsa", "social", "jobb", "hälsa"))
    ]
    limits = {"hours_per_week": 10, "parallel": parallel, "horizon_weeks": 78, "budget": None}
    case = builders.a_case({"tro": 2}, indicators=("tro",), limits=limits)
    gains = {insats["id"]: [round(float(rng.uniform(0.1, 0.8)), 1)] for insats in insatser}
    return insatser, propose(
        case, builders.a_catalogue(*insatser), builders.prospects(case, gains, indicators=("tro",))
    )


@pytest.mark.parametrize("seed", [1, 10, 33])
def test_plans_still_differ_when_adjusting_leaves_activities_out(seed: int):
    _, proposal = adjusted_on(np.random.default_rng(seed), 1 + seed % 3)
    mixes = [{p.insats_id for p in plan.placements} for plan in proposal.plans]
    assert len(mixes) > 1
    assert [plan.rank for plan in proposal.plans] == list(range(1, len(mixes) + 1))
    for one, other in itertools.combinations(mixes, 2):
        assert 3 * len(one & other) <= 2 * max(len(one), len(other))


def test_an_insats_that_adjusting_leaves_out_has_its_reason():
    insatser, proposal = adjusted_on(np.random.default_rng(343), 2)
    everything_is_accounted_for(insatser, proposal)
    assert (reason(proposal, "I3").code, reason(proposal, "I3").loss) == ("less_gain", 0.0)
