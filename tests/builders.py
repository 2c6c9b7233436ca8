"""Small builders of cases, catalogues and prospects, for tests of any room."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from pathway import case as cases
from pathway import catalogue as catalogues
from pathway import instrument as instruments
from pathway.planner import Placement, Proposal, Prospects

AS_OF = date(2026, 3, 2)  # a Monday


def an_instrument(*indicators: str) -> instruments.Instrument:
    """Build an instrument whose indicators all may drive ranking, on the scale 1–5."""
    return instruments.Instrument(
        "test",
        "1",
        instruments.Scale(1, 5),
        tuple(
            instruments.Indicator(id, id, id, ("klient", "handläggare"), True, False, "made up")
            for id in indicators or ("tro", "ork", "mal")
        ),
    )


def an_insats(id: str, **given: Any) -> dict[str, Any]:
    """Build an insats in the contract's JSON, open to everybody: 4, 8 or 12 weeks of 5 to 10 hours."""
    return {
        "id": id,
        "name": f"Insats {id}",
        "type": "hälsa",
        "weeks": {"min": 4, "typical": 8, "max": 12},
        "hours_per_week": {"min": 5, "typical": 5, "max": 10},
        "intake": {"mode": "löpande", "dates": []},
        "queue_weeks": 0,
        "places": 10,
        "cost_per_week": 100,
    } | given


def a_catalogue(*insatser: dict[str, Any]) -> catalogues.Catalogue:
    """Build a catalogue of insatser in the contract's JSON."""
    return catalogues.shape({"version": "test", "insatser": list(insatser)}, "test catalogue")


def a_case_in_json(levels: dict[str, int] | None = None, as_of: date = AS_OF, **given: Any) -> dict[str, Any]:
    """Build a case in the contract's JSON, measured a week before, by the client alone."""
    measured_on = (as_of - timedelta(days=7)).isoformat()
    levels = {"tro": 2, "ork": 2, "mal": 2} if levels is None else levels
    return {
        "case_id": "fall-1",
        "as_of": as_of.isoformat(),
        "profile": {
            "birth_year": as_of.year - 40,
            "municipality": "0580",
            "income_source": "försörjningsstöd",
            "swedish_level": "god",
        },
        "measurements": [
            {"measured_on": measured_on, "respondent": "klient", "indicator": indicator, "value": level}
            for indicator, level in levels.items()
        ],
        "limits": {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 26, "budget": None},
    } | given


def a_case(
    levels: dict[str, int] | None = None,
    as_of: date = AS_OF,
    indicators: Sequence[str] = ("tro", "ork", "mal"),
    **given: Any,
) -> cases.Case:
    """Build a case; see `a_case_in_json`."""
    return cases.shape(a_case_in_json(levels, as_of, **given), an_instrument(*indicators))


def prospects(
    case: cases.Case,
    alone: dict[str, Sequence[float]],
    beside: dict[str, Sequence[float]] | None = None,
    indicators: Sequence[str] = ("tro", "ork", "mal"),
    drift: float = 0.0,
    speakable: Sequence[str] | None = None,
) -> Prospects:
    """Build prospects: levels as measured (the middle of the scale where not), drifting by as many steps."""
    levels = case.levels()
    now = np.array([levels.get(indicator, 3.0) for indicator in indicators], dtype=float)
    return Prospects(
        indicators=tuple(indicators),
        scale=(1.0, 5.0),
        now=now,
        without=np.clip(now + drift, 1.0, 5.0),
        alone={id: np.array(gains, dtype=float) for id, gains in alone.items()},
        beside={id: np.array(gains, dtype=float) for id, gains in (beside or {}).items()},
        speakable=frozenset(alone if speakable is None else speakable),
    )


SPANS = (  # weeks and hours of DOMAIN.md 3.4's kinds of insatser, by type
    ("jobb", (8, 26, 26), (10, 20, 40)), ("jobb", (4, 13, 26), (8, 15, 30)), ("jobb", (26, 39, 78), (2, 6, 10)),
    ("jobb", (13, 26, 52), (1, 2, 5)), ("jobb", (4, 8, 10), (3, 4, 8)), ("jobb", (1, 3, 6), (1, 1, 2)),
    ("kompetens", (12, 20, 40), (10, 20, 40)), ("kompetens", (10, 20, 40), (8, 15, 25)),
    ("kompetens", (13, 13, 13), (20, 25, 30)), ("kompetens", (4, 6, 8), (2, 3, 4)),
    ("hälsa", (12, 12, 12), (9, 9, 12)), ("hälsa", (10, 13, 16), (2, 3, 5)), ("hälsa", (8, 12, 16), (1, 1, 2)),
    ("hälsa", (12, 16, 26), (2, 4, 6)), ("hälsa", (6, 9, 12), (8, 12, 20)), ("hälsa", (8, 12, 26), (1, 2, 3)),
    ("social", (6, 8, 12), (3, 4, 8)), ("social", (26, 39, 52), (1, 2, 4)), ("social", (4, 12, 20), (1, 1, 1)),
    ("social", (4, 26, 52), (2, 6, 20)),
)  # fmt: skip
BIP = ("tro_pa_jobb", "malinriktning", "arbetsmarknadskunskap", "jobbsokning", "samarbete", "halsohantering",
       "vardagsork", "natverk", "kompetens", "framtoning")  # fmt: skip


def a_realistic_problem(
    seed: int, n_insatser: int = 45, eligible: float = 0.5, horizon_weeks: int = 52, **limits: Any
) -> tuple[cases.Case, catalogues.Catalogue, Prospects]:
    """Draw a catalogue in the manner of DOMAIN.md 3.4, a case and its prospects."""
    rng = np.random.default_rng(seed)
    as_of = AS_OF + timedelta(days=int(rng.integers(0, 300)))
    insatser = [_drawn_insats(rng, i, n_insatser, eligible, as_of) for i in range(n_insatser)]
    catalogue = a_catalogue(*insatser)
    levels = {indicator: int(rng.integers(1, 5)) for indicator in BIP}
    raw = a_case_in_json(
        levels,
        as_of,
        limits={"hours_per_week": 20, "parallel": 3, "horizon_weeks": horizon_weeks, "budget": None} | limits,
        goal={"weights": {}, "targets": dict.fromkeys(BIP, 4)},
    )
    case = cases.shape(raw, an_instrument(*BIP))
    alone, beside = {}, {}
    for insats in catalogue.insatser:
        touched = rng.choice(len(BIP), size=3, replace=False)
        noise = rng.normal(0, 0.01, size=len(BIP))
        strength = np.zeros(len(BIP))
        strength[touched] = rng.gamma(3.0, 0.035, size=3)
        share = 1.0 if insats.type == "jobb" else rng.uniform(0.1, 0.6)
        alone[insats.id] = strength * share + noise
        beside[insats.id] = np.zeros(len(BIP)) if insats.type == "jobb" else strength * (1 - share)
    return case, catalogue, prospects(case, alone, beside, BIP, drift=-0.1)


def _drawn_insats(rng: np.random.Generator, i: int, n: int, eligible: float, as_of: date) -> dict[str, Any]:
    kind, weeks, hours = SPANS[int(rng.integers(len(SPANS)))] if i >= len(SPANS) else SPANS[i]
    given: dict[str, Any] = {
        "type": kind,
        "weeks": dict(zip(("min", "typical", "max"), weeks, strict=True)),
        "hours_per_week": dict(zip(("min", "typical", "max"), hours, strict=True)),
        "queue_weeks": int(rng.choice([0, 1, 2, 4, 8])),
        "cost_per_week": float(rng.integers(200, 3000)),
        "municipalities": ["0580"] if rng.random() < eligible else ["0581"],
    }
    if rng.random() < 0.25:
        first = int(rng.integers(0, 60))
        dates = [as_of + timedelta(days=first + 56 * number) for number in range(6)]
        given["intake"] = {"mode": "datum", "dates": [on.isoformat() for on in dates]}
    requires: dict[str, Any] = {"levels": {}, "insatser": []}
    if rng.random() < 0.2:
        requires["levels"] = {BIP[int(rng.integers(len(BIP)))]: int(rng.integers(2, 4))}
    if i and rng.random() < 0.15:
        requires["insatser"] = [f"I{int(rng.integers(i)):03d}"]
    given["requires"] = requires
    if i and rng.random() < 0.15:
        given["excludes"] = [f"I{int(rng.integers(i)):03d}"]
    if rng.random() < 0.2:
        given["group"] = f"g{int(rng.integers(1 + n // 12))}"
    return an_insats(f"I{i:03d}", **given)


def a_suggestion_in_json(proposal: Proposal, prospects: Prospects) -> dict[str, Any]:
    """Write a proposal as the contract's suggestion, with the least it must hold: bare means, empty explanations."""

    def span(mean: float) -> dict[str, float]:
        return {"mean": float(mean), "low": float(mean), "high": float(mean)}

    def activity(placement: Placement, gains: Any) -> dict[str, Any]:
        by_indicator = dict(zip(prospects.indicators, gains.tolist(), strict=True))
        return {
            "insats_id": placement.insats_id,
            "start_on": placement.start_on.isoformat(),
            "end_on": placement.end_on.isoformat(),
            "hours_per_week": placement.hours_per_week,
            "based_on": 100,
            "gain": {indicator: span(gain) for indicator, gain in by_indicator.items()},
            "explanation": {indicator: {"base": gain, "contributions": []} for indicator, gain in by_indicator.items()},
            "text": "",
        }

    levels = zip(prospects.indicators, prospects.now.tolist(), prospects.without.tolist(), strict=True)
    before = [(indicator, now, span(without)) for indicator, now, without in levels]
    return {
        "status": "suggested" if proposal.plans else "abstained",
        "notes": [] if proposal.plans else ["nothing to suggest"],
        "plans": [
            {
                "rank": plan.rank,
                "theme": plan.theme,
                "objective": plan.objective,
                "proof": {"status": plan.status, "gap": plan.gap},
                "activities": [activity(*pair) for pair in zip(plan.placements, plan.gains, strict=True)],
                "expected": {
                    indicator: {"now": now, "with_plan": span(with_plan), "without_plan": without}
                    for (indicator, now, without), with_plan in zip(before, plan.with_plan.tolist(), strict=True)
                },
            }
            for plan in proposal.plans
        ],
        "not_chosen": [
            {"insats_id": reason.insats_id, "code": reason.code, "text": "", "loss": reason.loss}
            for reason in proposal.not_chosen
        ],
    }
