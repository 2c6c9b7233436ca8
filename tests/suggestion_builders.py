"""Builders of suggestions with numbers that hang together, for tests of words and printouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from builders import AS_OF, a_case_in_json, a_catalogue, an_insats

from pathway import case as cases
from pathway import instrument as instruments
from pathway import wording
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import (
    Activity,
    Contribution,
    Expected,
    Explanation,
    Interval,
    NotChosen,
    Plan,
    Proof,
    Suggestion,
)

BIP = instruments.read()
VALUES: dict[str, Any] = {
    "level_mean": 2.3, "trend": -0.2, "respondent_gap": 0.4, "age": 42.0, "months_without_work": 31.0,
    "education": 1.0, "children_at_home": True, "psychiatric_health": 1.0, "pain_health": 0.0, "other_health": 0.0,
    "n_earlier_insatser": 2.0, "n_earlier_job_insatser": 0.0,
}  # fmt: skip
NAMES = {
    "SE-01": ("Supported employment", "jobb"), "HA-01": ("Smärtskola med stöd till arbete", "hälsa"),
    "KO-01": ("Datakunskap för arbetslivet", "kompetens"), "SO-01": ("Mötesplatsen", "social"),
    "JO-02": ("Arbetsträning i socialt företag", "jobb"), "HA-02": ("Stresshantering i grupp", "hälsa"),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A rule that stands in the way, as words need to know it."""

    rule: str
    needed: Any = None
    found: Any = None
    missing: bool = False
    other: str | None = None
    indicator: str | None = None
    on: date | None = None


def bip_catalogue(n_more: int = 36) -> Catalogue:
    """Build a catalogue with the insatser of `NAMES` and as many more as asked for."""
    named = [an_insats(id, name=name, type=kind) for id, (name, kind) in NAMES.items()]
    return a_catalogue(*named, *(an_insats(f"X-{i:02d}", name=f"Insats nummer {i}") for i in range(n_more)))


def bip_case(case_id: str = "fall-0001", **given: Any) -> Case:
    """Build a case with nine indicators of ten measured."""
    levels = {indicator: 1 + n % 4 for n, indicator in enumerate(BIP.ranking[:-1])}
    raw = a_case_in_json(levels, case_id=case_id, limits={"hours_per_week": 20, "horizon_weeks": 52}) | given
    for answer in raw["measurements"]:
        answer["respondent"] = "handläggare"
    return cases.shape(raw, BIP)


def an_explanation(rng: np.random.Generator, indicator: str, base: float = 0.2, scale: float = 0.05) -> Explanation:
    """Draw an explanation over every modifier and the indicator's own level."""
    values = VALUES | {f"level_{indicator}": 2.0, "beside_job": ("SE-01",)}
    return Explanation(
        base, tuple(Contribution(name, value, float(rng.normal(0, scale))) for name, value in values.items())
    )


def an_activity(
    insats_id: str,
    start_on: date = date(2026, 3, 16),
    weeks: int = 26,
    hours: float = 8.0,
    seed: int = 0,
    gain: Mapping[str, tuple[float, float, float]] | None = None,
    based_on: int = 212,
    instrument: Instrument = BIP,
    **given: Any,
) -> Activity:
    """Build an activity; `gain` is low, mean and high per indicator, drawn where not given."""
    rng = np.random.default_rng(seed)
    if gain is None:
        explanation = {j: an_explanation(rng, j, base=float(rng.normal(0.12, 0.12))) for j in instrument.ranking}
        intervals = {j: Interval(e.total, e.total - 0.2, e.total + 0.2) for j, e in explanation.items()}
    else:
        intervals = {j: Interval(mean, low, high) for j, (low, mean, high) in gain.items()}
        explanation = {j: Explanation(mean, ()) for j, (_, mean, _) in gain.items()}
    activity = Activity(
        insats_id, start_on, start_on + timedelta(weeks=weeks), hours, based_on, intervals, explanation, ""
    )
    return replace(activity, **given)


def a_plan(activities: Sequence[Activity], case: Case, rank: int = 1, catalogue: Catalogue | None = None) -> Plan:
    """Build a plan whose expected levels and objective follow from its activities; `catalogue` gives it its texts."""
    levels, expected, objective = case.levels(), {}, 0.0
    for j in BIP.ranking:
        now = levels.get(j, 2.5)
        without = max(now - 0.1, 1.0)
        level = min(max(without + sum(a.gain[j].mean for a in activities if j in a.gain), 1.0), 5.0)
        expected[j] = Expected(
            now,
            with_plan=Interval(level, max(level - 0.5, 1.0), min(level + 0.5, 5.0)),
            without_plan=Interval(without, max(without - 0.4, 1.0), min(without + 0.4, 5.0)),
        )
        objective += level - without
    if catalogue:
        activities = [replace(a, text=wording.activity_text(a, catalogue, BIP, case.goal)) for a in activities]
    proof = Proof("optimal", 0.0) if rank == 1 else Proof("feasible", 0.031)
    return Plan(rank, objective, proof, tuple(activities), expected)


def a_suggestion(case: Case, catalogue: Catalogue, mock: bool = True) -> Suggestion:
    """Build a suggestion with three plans, where all other insatser have a reason not to be in the first."""
    first = [
        an_activity("SE-01", seed=1),
        an_activity("HA-01", date(2026, 4, 13), 12, 4.0, seed=2, based_on=57),
        an_activity("KO-01", date(2026, 9, 14), 20, 7.5, seed=3, based_on=31),
    ]
    second = [an_activity("JO-02", seed=4, hours=15), first[1]]
    third = [first[0], an_activity("HA-02", date(2026, 5, 4), 12, 2.0, seed=5)]
    plans = tuple(
        a_plan(activities, case, rank + 1, catalogue) for rank, activities in enumerate((first, second, third))
    )
    notes = (wording.note("mock"),) if mock else ()
    return Suggestion(
        suggestion_id="0d3c5a7e",
        case_id=case.case_id,
        status="suggested",
        model_version="2026-11-mock-1",
        catalogue_version=catalogue.version,
        created_at=datetime(2026, 3, 2, 14, 5, tzinfo=UTC),
        notes=notes + wording.case_notes(case, BIP),
        plans=plans,
        not_chosen=tuple(_not_chosen(catalogue, {activity.insats_id for activity in first})),
    )


def an_abstention(case: Case, catalogue: Catalogue, *notes: str) -> Suggestion:
    """Build a suggestion that abstains."""
    return replace(
        a_suggestion(case, catalogue),
        status="abstained",
        plans=(),
        notes=notes or (wording.note("mock"), wording.note("too_few_comparable")),
    )


def _not_chosen(catalogue: Catalogue, chosen: set[str]) -> list[NotChosen]:
    reasons: list[tuple[Any, Fact, float | None]] = [
        ("not_eligible", Fact("municipality", ("0581",), "0580"), None),
        ("not_eligible", Fact("age", (16, 29), 42), None),
        ("prerequisite", Fact("required_level", 2.0, 1.5, indicator="halsohantering"), None),
        ("no_start_date", Fact("intake_dates", on=AS_OF), None),
        ("hours", Fact("hours_limit", 25, 20.0), None),
        ("excluded", Fact("exclusion", other="SE-01"), 0.71),
        ("less_gain", Fact("best"), 0.32),
        ("no_expected_gain", Fact("worth", 0.1, 0.02), 0.05),
        ("too_little_data", Fact("comparable"), None),
    ]
    rows = []
    for n, insats_id in enumerate(id for id in catalogue.ids if id not in chosen):
        code, fact, loss = reasons[n % len(reasons)]
        rows.append(NotChosen(insats_id, code, wording.not_chosen_text(code, [fact], catalogue, BIP), loss))
    return rows
