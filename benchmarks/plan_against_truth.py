"""Holds what plans are expected to bring against what they would truly bring, in the mock world where that is known.

    .venv/bin/python -m benchmarks.plan_against_truth --cases 100

The people are drawn from the same world as those of the shipped package (effects hang on the seed), but after them: the
model has not seen them. The truth is taken as it is at the person's last measurement. Beside the suggested
plan stands the plan that the same planner makes with the true gains: the most that anybody could suggest. What a gap
costs is left out on all sides.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.thousand_plans import people
from pathway import case as cases
from pathway import catalogue, mock, modelfolder, planner, shipped
from pathway.case import Case
from pathway.mock.truth import Truth
from pathway.plan import Suggestion
from pathway.planner import Placement, Prospects
from pathway.suggestion import Desk

CLIENTS, SEED = 2000, 2026  # of the shipped package
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def true_prospects(truth: Truth, client_id: str, case: Case, suggestion: Suggestion, desk: Desk) -> Prospects:
    """Give the prospects that a planner would have that knew the truth; the course without plan stays the model's."""
    measured_on = max(answer.measured_on for answer in case.measurements)
    gains = truth.gains([client_id], [measured_on])
    expected = suggestion.plans[0].expected
    ranking, scale = desk.model.instrument.ranking, desk.model.instrument.scale
    return Prospects(
        indicators=ranking,
        scale=(scale.min, scale.max),
        now=np.array([expected[indicator].now for indicator in ranking]),
        without=np.array([expected[indicator].without_plan.mean for indicator in ranking]),
        alone=dict(zip(truth.insatser, gains.alone[0], strict=True)),
        beside=dict(zip(truth.insatser, gains.beside[0], strict=True)),
        speakable=frozenset(truth.insatser),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    chosen = parser.parse_args()
    desk = Desk(modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue()))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        mock.write(package, CLIENTS + 2 * chosen.cases, SEED)
        truth = Truth.read(package / "truth")
        for client_id, raw in people(package, chosen.cases, SEED, skip=CLIENTS):
            case = cases.shape(raw | {"limits": {}, "wishes": {}, "goal": {}}, desk.model.instrument)
            suggestion = desk.suggest(case, NOW)
            if not suggestion.plans:
                continue
            known = true_prospects(truth, client_id, case, suggestion, desk)
            placed = [
                Placement(one.insats_id, one.start_on, one.end_on, one.hours_per_week)
                for one in suggestion.plans[0].activities
            ]
            ours = planner.replay(placed, desk.catalogue, known, case.goal).objective
            best = planner.propose(case, desk.catalogue, known).plans
            rows.append((suggestion.plans[0].objective, ours, max(best[0].objective if best else 0.0, ours)))
    promised, brought, attainable = np.mean(rows, axis=0)
    print(f"{len(rows)} people with a plan; steps over a year, summed over the indicators, mean per person")
    print(f"expected of the suggested plan   {promised:6.2f}")
    print(f"what it would truly bring        {brought:6.2f}   ({brought / promised:.0%} of what was expected)")
    print(f"the best plan, knowing the truth {attainable:6.2f}   ({brought / attainable:.0%} of it reached)")


if __name__ == "__main__":
    main()
