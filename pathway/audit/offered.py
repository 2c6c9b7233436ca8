"""What the desk itself answers for some of the register's present clients: plans, silence, and whether parts add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
import pandas as pd

from pathway import case as cases
from pathway.audit.estimates import LeftOut
from pathway.audit.material import Material
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.errors import PathwayError
from pathway.plan import Plan
from pathway.suggestion import Desk

_RECENT_DAYS = 183  # since the last measurement, to count as present


@dataclass(frozen=True)
class Offered:
    """What suggestions for some clients look like.

    Attributes
    ----------
    n_asked, n_abstained
        Clients that a suggestion was made for, and those for whom the desk fell silent.
    activities
        Mean number in the first plan.
    kinds
        Share of the activities of first plans, by type.
    gain
        Mean objective of the first plan, weighted steps at the end of the horizon.
    largest_misfit
        How far base and contributions of any activity and indicator were from the gain shown, steps; the contract
        allows 0.000001.
    """

    n_asked: int
    n_abstained: int
    activities: float
    kinds: Mapping[str, float]
    gain: float
    largest_misfit: float


def ask(material: Material, catalogue: Catalogue | None, n_asked: int) -> Offered | LeftOut:
    """Ask the desk for suggestions for clients drawn by chance."""
    if catalogue is None or not n_asked:
        return LeftOut("Inga förslag har gjorts i granskningen: den fick ingen katalog som passar modellen.")
    try:
        desk = Desk(material.model, catalogue)
    except PathwayError:
        return LeftOut("Katalogen passar inte modellen.")
    drawn = _cases(material, n_asked)
    at = datetime.combine(material.last_day.date(), time(12), UTC)
    plans: list[Plan] = []
    for number, one in enumerate(drawn):
        material.tell("asking for suggestions", number, len(drawn))
        plans += desk.suggest(one, at).plans[:1]
    if not plans:
        return Offered(len(drawn), len(drawn), 0.0, {}, 0.0, 0.0)
    kinds = Counter(catalogue.by_id[one.insats_id].type for plan in plans for one in plan.activities)
    n = sum(kinds.values())
    return Offered(
        len(drawn), len(drawn) - len(plans), n / len(plans),
        {str(kind): count / n for kind, count in kinds.most_common()},
        float(np.mean([plan.objective for plan in plans])), max(map(_misfit, plans)),
    )  # fmt: skip


def _misfit(plan: Plan) -> float:
    return max(
        (
            abs(told.base + sum(part.contribution for part in told.contributions) - one.gain[id].mean)
            for one in plan.activities
            for id, told in one.explanation.items()
        ),
        default=0.0,
    )


def _cases(material: Material, n: int) -> list[Case]:
    """Make cases of clients who are still there, as of the register's last day."""
    tables, present = material.tables, material.present
    recent = present.loc[present["as_of"] >= material.last_day - pd.Timedelta(days=_RECENT_DAYS), "client_id"]
    open_cases = tables.clients.loc[tables.clients["case_phase"] == "aktuell", "client_id"]
    ids = np.sort(recent[recent.isin(open_cases)].to_numpy(dtype=str))
    some = np.random.default_rng(material.seed).permutation(ids)[:n]
    return [_case(material, str(id), number) for number, id in enumerate(some, start=1)]


def _case(material: Material, client_id: str, number: int) -> Case:
    tables = material.tables
    client, rated, had = (
        table[table["client_id"] == client_id] for table in (tables.clients, tables.measurements, tables.participations)
    )
    known = client.iloc[0]
    profile = {
        name: known[name].item() if hasattr(known[name], "item") else known[name]
        for name in (
            "birth_year", "gender", "municipality", "education", "income_source", "months_without_work",
            "swedish_level", "children_at_home",
        )
    }  # fmt: skip
    raw = {
        "case_id": f"granskning-{number:03d}",
        "as_of": str(material.last_day.date()),
        "profile": profile | {"health_codes": [code for code in str(known["health_codes"]).split("|") if code]},
        "measurements": [_answer(row) for row in rated.to_dict("records")],
        "participations": [_period(row) for row in had.to_dict("records")],
    }
    return cases.shape(raw, material.instrument, "the register")


def _answer(row: dict[Any, Any]) -> dict[str, Any]:
    value = None if np.isnan(row["value"]) else int(row["value"])
    told = {name: row[name] for name in ("respondent", "indicator")}
    return told | {"measured_on": str(row["measured_on"].date()), "value": value}


def _period(row: dict[Any, Any]) -> dict[str, Any]:
    ended_on = None if pd.isna(row["ended_on"]) else str(row["ended_on"].date())
    told = {name: row[name] for name in ("insats_id", "hours_per_week", "ended_as")}
    return told | {"started_on": str(row["started_on"].date()), "ended_on": ended_on}
