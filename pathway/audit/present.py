"""Cases of the register's present clients, as the desk would be given them."""

from typing import Any

import numpy as np
import pandas as pd

from pathway import case as cases
from pathway.audit.material import Material
from pathway.case import Case

_RECENT_DAYS = 183  # since the last measurement, to count as present


def draw(material: Material, n: int) -> list[Case]:
    """Make cases of as many clients who are still there, drawn by chance, as of the register's last day."""
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
