"""Makes mock cases for the desk: people who are not among the mock clients, and every case shows something else."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from pathway.catalogue import Catalogue, Insats
from pathway.instrument import Instrument
from pathway.mock import world
from pathway.mock.answers import NOT_ASKED
from pathway.mock.choice import suits
from pathway.mock.effects import Shape
from pathway.mock.history import RUNNING
from pathway.mock.parameters import Parameters
from pathway.mock.world import World

Case = dict[str, Any]
POPULATION = 1  # clients are population 0
DAYS_BEFORE = 3  # nothing is known of the last days before the suggestion


def make(seed: int, shape: Shape, catalogue: Catalogue, instrument: Instrument, p: Parameters) -> list[Case]:
    """Make twelve cases.

    In order: a full one; only what a case must have; wishes; few hours; a budget; goal weights and targets; a running
    insats; some indicators never measured; nearly nothing known; one measurement only; one insats at a time and a
    longer horizon; answers of the caseworker alone.
    """
    until = p.desk.as_of - timedelta(days=DAYS_BEFORE)
    people = world.make(p.desk.drawn, seed, shape, catalogue, instrument, p, lambda *_: None, until, POPULATION)
    everybody = [_case(people, client, p.desk.as_of) for client in _present(people)]
    known = [case for case in everybody if len(_days(case)) >= 2 and case["participations"]]
    in_turn = _by_turns(known or everybody)
    running = next((case for case in in_turn if _runs(case)), in_turn[0])
    others = [case for case in in_turn if case is not running] or [running]
    chosen = [others[number % len(others)] for number in range(len(_VARIATIONS) - 1)]
    chosen.insert(_VARIATIONS.index(_with_a_running_one), running)
    return [
        vary(case | {"case_id": f"fall-{number + 1:04d}"}, catalogue, instrument)
        for number, (case, vary) in enumerate(zip(chosen, _VARIATIONS, strict=True))
    ]


def _runs(case: Case) -> bool:
    return any(part["ended_as"] == RUNNING for part in case["participations"])


def _present(people: World) -> list[int]:
    last = people.calendar.last_day
    measured = set(people.history.waves.client[people.history.waves.day > last - 120].tolist())
    return [
        client
        for client in range(len(people.clients))
        if people.history.left_day[client] < 0 and not people.clients.early[client] and client in measured
    ]


def _by_turns(cases: list[Case]) -> list[Case]:
    """Reorder so that municipalities take turns."""
    by_municipality: dict[str, list[Case]] = {}
    for case in cases:
        by_municipality.setdefault(case["profile"]["municipality"], []).append(case)
    queues = [by_municipality[code] for code in sorted(by_municipality)]
    rounds = max((len(queue) for queue in queues), default=0)
    return [queue[turn] for turn in range(rounds) for queue in queues if turn < len(queue)]


def _case(people: World, client: int, as_of: date) -> Case:
    clients = people.clients
    codes = clients.health_codes[client]
    return {
        "case_id": "",
        "as_of": as_of.isoformat(),
        "case_phase": "aktuell",
        "profile": {
            "birth_year": int(clients.birth_year[client]),
            "gender": clients.gender[client],
            "municipality": clients.municipality[client],
            "education": clients.education[client],
            "income_source": clients.income_source[client],
            "months_without_work": int(clients.months_without_work[client]),
            "swedish_level": clients.swedish_level[client],
            "children_at_home": bool(clients.children_at_home[client]),
            "health_codes": codes.split("|") if codes else [],
        },
        "measurements": list(_measurements(people, client)),
        "participations": list(_participations(people, client)),
        "wishes": {"prefer": [], "avoid": [], "require": []},
        "limits": {"hours_per_week": 20, "parallel": 3, "horizon_weeks": 52, "budget": None},
    }


def _measurements(people: World, client: int) -> Iterator[Case]:
    rows = np.nonzero(people.history.waves.client == client)[0]
    scale = people.instrument.scale
    for row, day in zip(rows, people.calendar.texts(people.history.waves.day[rows]), strict=True):
        for (respondent, indicator), value in zip(people.sheets.questions, people.sheets.values[row], strict=True):
            if value != NOT_ASKED:
                given = int(value) + scale.min if value >= 0 else None
                yield {"measured_on": day, "respondent": respondent, "indicator": indicator, "value": given}


def _participations(people: World, client: int) -> Iterator[Case]:
    periods = people.history.periods
    rows = np.nonzero(periods.client == client)[0]
    starts, ends = (people.calendar.texts(days[rows]) for days in (periods.start_day, periods.end_day))
    for row, start, end in zip(rows, starts, ends, strict=True):
        yield {
            "insats_id": people.catalogue.ids[periods.insats[row]],
            "started_on": start,
            "ended_on": end if periods.end_day[row] >= 0 else None,
            "hours_per_week": float(periods.hours[row]),
            "ended_as": periods.ended_as[row],
        }


def _days(case: Case) -> list[str]:
    return sorted({answer["measured_on"] for answer in case["measurements"]})


def _suitable(case: Case, catalogue: Catalogue) -> list[Insats]:
    """Insatser that the person can get, and is not in."""
    profile = case["profile"]
    age = int(case["as_of"][:4]) - profile["birth_year"]
    had = {part["insats_id"] for part in case["participations"]}
    return [
        insats
        for insats in catalogue.insatser
        if insats.id not in had
        and suits(insats, profile["municipality"], age, profile["income_source"], profile["swedish_level"])
    ]


def _as_it_is(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    return case


def _with_a_running_one(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    return case


def _least(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    return {part: case[part] for part in ("case_id", "as_of", "measurements")}


def _wishes(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    open_ones = [
        insats
        for insats in _suitable(case, catalogue)
        if insats.intake.mode == "löpande"
        and not (insats.requires.levels or insats.requires.insatser)
        and insats.hours_per_week.min <= 8
        and insats.weeks.min + insats.queue_weeks <= 30
    ]
    others = [insats for insats in _suitable(case, catalogue) if insats not in open_ones[:1]]
    wishes = {
        "prefer": [insats.id for insats in others[:1]],
        "avoid": [insats.id for insats in others[1:2]],
        "require": [insats.id for insats in open_ones[:1]],
    }
    return case | {"wishes": wishes}


def _few_hours(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    return case | {"limits": case["limits"] | {"hours_per_week": 8}}


def _budget(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    costs = sorted(insats.cost_per_week * insats.weeks.typical for insats in catalogue.insatser)
    return case | {"limits": case["limits"] | {"budget": round(2 * costs[len(costs) // 2], -3) or 20_000}}


def _goal(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    first = instrument.ranking[:3]
    middle = (instrument.scale.min + 3 * instrument.scale.max) / 4
    weights = dict(zip(first, (3.0, 2.0, 1.0), strict=False))
    return case | {"goal": {"weights": weights, "targets": dict.fromkeys(first[:2], middle)}}


def _some_unmeasured(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    unmeasured = set(instrument.ranking[1::3])
    return case | {"measurements": [row for row in case["measurements"] if row["indicator"] not in unmeasured]}


def _nearly_nothing(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    profile = {"municipality": case["profile"]["municipality"]}
    return {"case_id": case["case_id"], "as_of": case["as_of"], "profile": profile, "measurements": []}


def _measured_once(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    last = _days(case)[-1]
    return case | {"measurements": [row for row in case["measurements"] if row["measured_on"] == last]}


def _one_at_a_time(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    return case | {"limits": case["limits"] | {"parallel": 1, "horizon_weeks": 78}}


def _caseworker_alone(case: Case, catalogue: Catalogue, instrument: Instrument) -> Case:
    return case | {"measurements": [row for row in case["measurements"] if row["respondent"] == "handläggare"]}


_VARIATIONS = (
    _as_it_is, _least, _wishes, _few_hours, _budget, _goal, _with_a_running_one, _some_unmeasured, _nearly_nothing,
    _measured_once, _one_at_a_time, _caseworker_alone,
)  # fmt: skip
