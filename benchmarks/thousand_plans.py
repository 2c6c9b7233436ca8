"""Makes suggestions for many mock people with random wishes and limits, and lets the independent checker read each.

    .venv/bin/python -m benchmarks.thousand_plans --cases 1000 --seed 7

Prints how many plans broke a rule (there must be none), how long a suggestion takes, and how the time divides.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from pathway import case as cases
from pathway import catalogue, mock, modelfolder, plan, shipped
from pathway.suggestion import Desk
from tests import checker

AS_OF = date(2026, 11, 2)


def people(package: Path, n: int, seed: int, skip: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give people of a mock package, after the first few, with cases that have random wishes, limits and goals."""
    tables = {
        name: pd.read_csv(package / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("clients", "measurements", "participations")
    }
    answers = dict(iter(tables["measurements"].groupby("client_id")))
    periods = dict(iter(tables["participations"].groupby("client_id")))
    rng = random.Random(seed)
    ids = catalogue.read(shipped.catalogue()).ids
    held_back = ("förhandsbedömning", "anmälan")
    made = 0
    for client in tables["clients"].iloc[skip:].to_dict("records"):
        if client["case_phase"] in held_back or client["client_id"] not in answers or made == n:
            continue
        made += 1
        as_of = AS_OF + timedelta(days=rng.randrange(14))
        yield (
            client["client_id"],
            {
                "case_id": f"fall-{made:04d}",
                "as_of": as_of.isoformat(),
                "profile": {
                    "birth_year": int(client["birth_year"]),
                    "gender": client["gender"],
                    "municipality": client["municipality"],
                    "education": client["education"],
                    "income_source": client["income_source"],
                    "months_without_work": int(client["months_without_work"]),
                    "swedish_level": client["swedish_level"],
                    "children_at_home": client["children_at_home"] == "true",
                    "health_codes": [code for code in client["health_codes"].split("|") if code],
                },
                "measurements": [
                    {key: row[key] for key in ("measured_on", "respondent", "indicator")}
                    | {"value": int(row["value"]) if row["value"] else None}
                    for row in answers[client["client_id"]].to_dict("records")
                ],
                "participations": [
                    {key: row[key] for key in ("insats_id", "started_on", "ended_as")}
                    | {"ended_on": row["ended_on"] or None, "hours_per_week": float(row["hours_per_week"])}
                    for row in (
                        periods[client["client_id"]].to_dict("records") if client["client_id"] in periods else []
                    )
                ],
                "wishes": {
                    "prefer": rng.sample(ids, rng.choice((0, 0, 2))),
                    "avoid": [],
                    "require": rng.sample(ids, rng.choice((0, 0, 0, 1))),
                },
                "limits": {
                    "hours_per_week": rng.choice((8, 15, 20, 30, 40)),
                    "parallel": rng.choice((1, 2, 3, 4)),
                    "horizon_weeks": rng.choice((13, 26, 52, 78)),
                    "budget": rng.choice((None, None, 20_000, 60_000)),
                },
                "goal": rng.choice(
                    ({}, {"weights": {"tro_pa_jobb": 2, "vardagsork": 1}}, {"targets": {"halsohantering": 3}})
                ),
            },
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    package = Path(tempfile.mkdtemp()) / "package"
    mock.write(package, 2 * chosen.cases, chosen.seed)  # other people than those the model was trained on
    desk = Desk(modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue()))
    offered = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
    ranking = desk.model.instrument.ranking
    seconds, statuses, proofs, broken, n_plans = [], Counter[str](), Counter[str](), [], 0
    for _, raw in people(package, chosen.cases, chosen.seed):
        started = time.perf_counter()
        suggestion = desk.suggest(cases.shape(raw, desk.model.instrument), datetime(2026, 11, 20, tzinfo=UTC))
        seconds.append(time.perf_counter() - started)
        statuses[suggestion.status] += 1
        proofs.update(one.proof.status for one in suggestion.plans)
        n_plans += len(suggestion.plans)
        broken += [
            (raw["case_id"], fault) for fault in checker.broken_rules(raw, offered, plan.plain(suggestion), ranking)
        ]
    seconds.sort()
    print(f"suggestions {len(seconds)}, plans {n_plans}, {dict(statuses)}, proofs {dict(proofs)}")
    print(
        f"seconds a suggestion: median {statistics.median(seconds):.2f}, "
        f"p90 {seconds[int(0.9 * len(seconds))]:.2f}, max {seconds[-1]:.2f}"
    )
    print(f"rules broken: {len(broken)}")
    for case_id, fault in broken[:20]:
        print(f"  {case_id}: {fault}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
