"""A plan that a caseworker made is held against the catalogue and the limits; what keeps them all is no news."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from suggestion_builders import a_plan, an_activity

from pathway.case import Answer, Case, HoursFrom, Limits, Locked, Participation, Profile
from pathway.catalogue import Catalogue, Evidence, Insats, Intake, Range, Requirements, Weeks
from service import rules
from service.rules import Placed

MONDAY = date(2026, 11, 2)


def insats(id: str = "A", **more: Any) -> Insats:
    return Insats(id, id, "jobb", Weeks(4, 8, 12), Range(2, 8, 20), evidence=Evidence(), **more)


def chosen(id: str = "A", weeks: int = 8, start: int = 0, hours: float = 8) -> Placed:
    first = MONDAY + timedelta(weeks=start)
    return Placed(id, first, first + timedelta(weeks=weeks), hours)


def case(**more: Any) -> Case:
    profile = Profile(birth_year=1990, municipality="0580", income_source="annan", swedish_level="grund")
    return replace(Case("x", MONDAY, (), profile=profile, limits=Limits(hours_per_week=20, parallel=2)), **more)


def told(plan: list[Placed], *offered: Insats, **more: Any) -> list[str]:
    return [one.rule for one in rules.broken(plan, case(**more), Catalogue("v", offered))]


def test_a_plan_that_keeps_all_rules_is_told_nothing_of() -> None:
    first = insats(municipalities=("0580",), age_min=18, income_sources=("annan",), swedish_level_min="grund")
    assert told([chosen(), chosen("B", start=8)], first, insats("B", requires=Requirements(insatser=("A",)))) == []


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("municipality", {"municipalities": ("0581",)}),
        ("age", {"age_max": 30}),
        ("income_source", {"income_sources": ("sjukpenning",)}),
        ("swedish_level", {"swedish_level_min": "god"}),
        ("queue", {"queue_weeks": 1}),
        ("intake_dates", {"intake": Intake("datum", (date(2026, 11, 9),))}),
        ("validity", {"valid_to": date(2026, 12, 26)}),
        ("places", {"places": 0}),
        ("required_level", {"requires": Requirements(levels={"natverk": 2.0})}),
    ],
)
def test_a_rule_of_an_insats_that_does_not_hold_is_named(rule: str, more: dict[str, Any]) -> None:
    assert told([chosen()], insats(**more)) == [rule]


def test_the_last_day_of_validity_counts() -> None:
    assert told([chosen()], insats(valid_to=date(2026, 12, 27))) == []


def test_a_level_may_be_reached_by_what_came_before() -> None:
    second = insats("B", requires=Requirements(levels={"natverk": 2.0}))
    rated = Answer(MONDAY, "klient", "natverk", 1)
    first = replace(chosen(), gains={"natverk": 1.2})
    assert told([first, chosen("B", start=8)], insats(), second, measurements=(rated,)) == []
    assert told([first, chosen("B", start=7)], insats(), second, measurements=(rated,)) == ["required_level"]


def test_what_stays_as_it_was_suggested_still_brings_the_level_that_comes_after_it() -> None:
    rated = Answer(MONDAY, "klient", "natverk", 1)
    lifting = an_activity("A", MONDAY, weeks=8, hours=8.0, gain={"natverk": (1.0, 1.2, 1.4)})
    plan = a_plan([lifting, an_activity("B", MONDAY + timedelta(weeks=8), weeks=8)], case(measurements=(rated,)))
    offered = insats(), insats("B", requires=Requirements(levels={"natverk": 2.0}))

    def rules_broken(*changed: Placed) -> list[str]:
        return told(rules.with_gains(changed, [plan]), *offered, measurements=(rated,))

    assert rules_broken(chosen(), chosen("B", start=8, hours=4)) == []
    assert rules_broken(chosen(weeks=7), chosen("B", start=8)) == ["required_level"]
    assert rules_broken(chosen("B", start=8)) == ["required_level"]


def test_an_insats_is_there_once_and_what_is_decided_stays() -> None:
    assert told([chosen(), chosen(start=10)], insats()) == ["once"]
    lock = Locked("A", MONDAY, MONDAY + timedelta(weeks=2), 8)
    assert told([chosen("B")], insats(), insats("B"), locked=(lock,)) == ["locked"]
    kept = Placed("A", lock.start_on, lock.end_on, 8)  # shorter than it may be, which nobody asks now
    assert told([kept, chosen("B")], insats(), insats("B"), locked=(lock,)) == []


def test_hours_grow_with_the_ramp_and_activities_have_a_limit() -> None:
    ramp = Limits(hours_per_week=20, hours_by_week=(HoursFrom(0, 6), HoursFrom(8, 20)))
    assert told([chosen()], insats(), limits=ramp) == ["weekly_load"]
    assert told([chosen(start=9)], insats(), limits=ramp) == []
    assert told([chosen(), chosen("B", start=9)], insats(), insats("B"), limits=Limits(activities=1)) == [
        "max_activities"
    ]


def test_length_hours_and_horizon_are_held() -> None:
    assert told([chosen(weeks=3)], insats()) == ["weeks"]
    assert told([chosen(hours=1)], insats()) == ["hours"]
    assert told([chosen(start=50)], insats()) == ["horizon"]


def test_what_must_come_first_must_have_ended() -> None:
    second = insats("B", requires=Requirements(insatser=("A",)))
    assert told([chosen(), chosen("B", start=4)], insats(), second) == ["required_insats"]
    done = Participation("A", date(2025, 1, 1), 8, date(2025, 6, 1), "fullföljd")
    assert told([chosen("B")], insats(), second, participations=(done,)) == []


def test_insatser_are_held_against_each_other() -> None:
    assert told([chosen(), chosen("B", start=7)], insats(), insats("B", excludes=("A",))) == ["exclusion"]
    assert told([chosen(), chosen("B", start=8)], insats(), insats("B", excludes=("A",))) == []
    assert told([chosen(), chosen("B", start=8)], insats(group="g"), insats("B", group="g")) == ["group"]
    then = insats("B", group="g", requires=Requirements(insatser=("A",)))
    assert told([chosen(), chosen("B", start=8)], insats(group="g"), then) == []


def test_every_week_is_held_against_the_limits_with_what_runs_already() -> None:
    three = [chosen(), chosen("B"), chosen("C", hours=4)]
    assert told(three, insats(), insats("B"), insats("C")) == ["parallel"]
    running = Participation("C", date(2026, 10, 1), 8)
    found = rules.broken([chosen(hours=14)], case(participations=(running,)), Catalogue("v", (insats(), insats("C"))))
    assert [(one.rule, one.facts["found"], one.facts["on"]) for one in found] == [("weekly_load", 22, MONDAY)]


def test_the_budget_is_held() -> None:
    limits = Limits(budget=700)
    assert told([chosen()], insats(cost_per_week=100), limits=limits) == ["budget"]
    assert told([chosen()], insats(cost_per_week=80), limits=limits) == []
