"""Holds what plans are expected to bring against what they would truly bring, in the mock world where that is known.

    .venv/bin/python -m benchmarks.plan_against_truth --cases 100

The world is another than that of the shipped package (effects hang on the seed): 2,000 of its people are imported and
trained on, and those drawn after them, whom the model has not seen, are planned for. The truth is taken as it is at
the person's last measurement. Beside the suggested plan stands the plan that the same planner makes with the true
gains: the most that anybody could suggest. Suggested plans are worth what is expected along their way, gaps they fill
included; the truth here is at today's state, and leaves gaps out (`benchmarks.foresight` rolls both forward). Last
comes how often the 90 % interval of the gain of an insats, taken alone against a gap, holds the truth, where the model
may speak.
"""

import argparse
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.thousand_plans import people
from pathway import case as cases
from pathway import (
    catalogue,
    features,
    instrument,
    intake,
    mock,
    overlap,
    planner,
    pseudonym,
    register,
    shipped,
    training,
)  # fmt: skip
from pathway.case import Case
from pathway.instrument import Instrument
from pathway.mock.truth import Gains, Truth
from pathway.overlap import Comparable
from pathway.planner import Placement, Prospects
from pathway.suggestion import Desk

Floats = npt.NDArray[np.float64]

CLIENTS = 2000
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def true_prospects(truth: Truth, instrument: Instrument, gains: Gains, now: Floats, without: Floats) -> Prospects:
    """Give the prospects that a planner would have that knew the truth.

    Parameters
    ----------
    gains
        True gains, of which those of the first person count.
    now, without
        Level today, and expected at the end without a plan, shape (J,): nobody's truth, but the same for everybody.
    """
    return Prospects(
        indicators=instrument.ranking,
        scale=(instrument.scale.min, instrument.scale.max),
        now=now,
        without=without,
        alone=dict(zip(truth.insatser, gains.alone[0], strict=True)),
        beside=dict(zip(truth.insatser, gains.beside[0], strict=True)),
        speakable=frozenset(truth.insatser),
    )


def trained(package: Path, folder: Path) -> Desk:
    """Give a desk whose model is trained on the first people of a package."""
    first, kept = folder / "first", set(pd.read_csv(package / "clients.csv", dtype=str)["client_id"].head(CLIENTS))
    first.mkdir()
    for table in ("clients", "measurements", "participations", "outcomes"):
        rows = pd.read_csv(package / f"{table}.csv", dtype=str, keep_default_na=False)
        rows[rows["client_id"].isin(kept)].to_csv(first / f"{table}.csv", index=False)
    for name in ("catalogue.json", "datapackage.json"):
        shutil.copy(package / name, first / name)
    key, bip = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY}), instrument.read()
    intake.take_in(first, str(folder / "register"), key, bip, NOW.date())
    offered = catalogue.read(first / "catalogue.json")
    return Desk(training.train(register.open(str(folder / "register")), offered, bip), offered)


def within_intervals(truth: Truth, client_id: str, case: Case, desk: Desk) -> list[bool]:
    """Tell, per insats with support and indicator, whether the interval of its gain holds the truth."""
    at = [client_id], [max(answer.measured_on for answer in case.measurements)]
    true = truth.gains(*at).alone[0] + truth.lost_in_gap(truth.at(truth.setpoints, *at))
    x = features.of_case(case, desk.model.insatser, desk.model.instrument)
    judged = overlap.judge(desk.model.gains, desk.model.support, x)
    column = {insats: k for k, insats in enumerate(desk.model.gains.insatser_)}
    spoken = [k for k, insats in enumerate(truth.insatser) if isinstance(judged[insats], Comparable)]
    interval = desk.model.gains.predict_interval(x)[0][[column[truth.insatser[k]] for k in spoken]]
    inside: list[bool] = ((interval[..., 0] <= true[spoken]) & (true[spoken] <= interval[..., 1])).ravel().tolist()
    return inside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--world", type=int, default=31)
    chosen = parser.parse_args()
    rows, inside = [], []
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        mock.write(package, CLIENTS + 2 * chosen.cases, chosen.world)
        truth = Truth.read(package / "truth")
        desk = trained(package, Path(folder))
        for client_id, raw in people(package, chosen.cases, chosen.world, skip=CLIENTS):
            case = cases.shape(raw | {"limits": {}, "wishes": {}, "goal": {}}, desk.model.instrument)
            suggestion = desk.suggest(case, NOW)
            inside += within_intervals(truth, client_id, case, desk)
            if not suggestion.plans:
                continue
            ranking, expected = desk.model.instrument.ranking, suggestion.plans[0].expected
            known = true_prospects(
                truth,
                desk.model.instrument,
                truth.gains([client_id], [max(answer.measured_on for answer in case.measurements)]),
                np.array([expected[indicator].now for indicator in ranking]),
                np.array([expected[indicator].without_plan.mean for indicator in ranking]),
            )
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
    print(f"90 % intervals of gains that hold the truth: {np.mean(inside):.0%}")


if __name__ == "__main__":
    main()
