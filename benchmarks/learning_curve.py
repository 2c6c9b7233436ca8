"""How the gain model gets better with the number of clients, in mock worlds where the truth is known.

    .venv/bin/python -m benchmarks.learning_curve                                # three worlds, up to 16,000 clients
    .venv/bin/python -m benchmarks.learning_curve --seeds 71 --clients 16000 50000
    .venv/bin/python -m benchmarks.learning_curve --shape threshold --clients 1000 4000 16000

One package is written for each world and imported as any other. The model learns from the first n clients, as if there
were no others, in the way that ``pathway train`` does; the people asked about come after all of them and are the same
for every n. Gains are in steps summed over the indicators, for a quarter at dose 1: the error (root mean square over
person and insats) alone, and beside a job-oriented insats; Spearman's rank correlation of insatser within a person,
alone and at full strength; the slope of truth on expectation. Then come the share of 90 % intervals that hold the
truth (person × insats that ten people had × indicator), the error of an indicator's level at the next measurement,
beside that of a regression on the level at the start, and the CPU seconds of the fit. Means over worlds ± their
standard error. Two rows bound the errors: knowing nothing, and knowing each insats' true mean over people but not whom
it helps.
"""

import argparse
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks import mock_worlds
from benchmarks.mock_world_methods import METHODS, Answer
from benchmarks.mock_worlds import World
from pathway import evaluation, leaving, mock
from pathway.evaluation import START_LEVEL
from pathway.leaving import Starts

CLIENTS = (250, 500, 1000, 2000, 4000, 8000, 16000)
COLUMNS = {
    "episodes": "episodes",
    "PEHE": "error alone",
    "PEHE beside job": "error beside",
    "rank": "rank",
    "rank at full strength": "rank, full strength",
    "slope": "slope",
    "held": "intervals that hold",
    "level": "error of a level",
    START_LEVEL: "by start level only",
    "fit": "fit, s",
}


@dataclass(frozen=True)
class Nested:
    """A world, and the place of each client in the order in which they came, by pseudonym."""

    world: World
    place: dict[str, int]

    @classmethod
    def draw(cls, shape: mock.Shape, seed: int, n_clients: int, n_test: int) -> "Nested":
        """Draw a world of at most so many clients to learn from."""
        world = mock_worlds.draw(shape, seed, n_clients, n_test)
        return cls(world, {client: number for number, client in enumerate(world.local)})

    def first(self, n_clients: int) -> tuple[World, float]:
        """Learn anew from the first clients; give the world as they left it, and the CPU seconds of the fit."""
        river = self.world.river
        clients = river.episodes.spans["client_id"]
        rows = np.flatnonzero(clients.map(self.place).to_numpy() < n_clients)
        starts = _of(river.starts, river.starts.points["client_id"].map(self.place).to_numpy() < n_clients)
        weights = leaving.weights(starts, river.episodes.spans.iloc[rows].reset_index(drop=True), 0)
        river.weights = pd.Series(1.0, index=clients.index)
        river.weights.iloc[rows] = weights.to_numpy()
        started = process_time()
        model = river.fit(rows, 0)
        return replace(self.world, train=rows, model=model), process_time() - started


def _of(starts: Starts, rows: np.ndarray) -> Starts:
    parts = {name: part for name, part in vars(starts).items() if isinstance(part, pd.DataFrame | pd.Series)}
    return replace(starts, **{name: part[rows].reset_index(drop=True) for name, part in parts.items()})


def measure(world: World) -> dict[str, float]:
    """Give all figures but the seconds of a world whose model is fitted."""
    return (
        {"episodes": len(world.train), "held": mock_worlds.coverage(world)["everybody"]}
        | mock_worlds.measure(world, METHODS["gain-model"].ask(world))
        | _levels(world)
    )


def _levels(world: World) -> dict[str, float]:
    """Error of the level at the end of the episodes of the people asked about."""
    river, test = world.river, world.river.episodes.at(world.test)
    X = world.X(world.test)
    told = world.model.predict_without(X) + world.model.predict_mix(X, test.doses, test.beside, test.covered)
    plain = evaluation.baselines(
        world.X(world.train), river.episodes.at(world.train), X, test, river.instrument.ranking
    )[START_LEVEL]
    observed = test.changes.to_numpy()
    return {name: _rms(one - observed) for name, one in (("level", told), (START_LEVEL, plain))}


def _rms(error: Any) -> float:
    return float(np.sqrt(np.nanmean(error**2)))


def bounds(world: World) -> dict[str, dict[str, float]]:
    """Give the figures of knowing nothing, and of knowing how strong each insats is but not on whom."""
    true = world.true
    means = Answer(*(np.broadcast_to(gains.mean(axis=0), gains.shape) for gains in (true.alone, true.beside)))
    nothing = Answer(np.zeros_like(true.alone), np.zeros_like(true.beside))
    return {"nothing known": mock_worlds.measure(world, nothing), "true means known": mock_worlds.measure(world, means)}


def table(rows: pd.DataFrame) -> str:
    """Write means over worlds, ± standard errors where there are several worlds, as Markdown."""
    lines = [f"| clients | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for clients, of in rows.groupby("clients", sort=False):
        cells = [_cell(name, of[name].dropna()) if name in of else "–" for name in COLUMNS]
        lines.append(f"| {clients} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(name: str, values: "pd.Series[float]") -> str:
    if values.empty:
        return "–"
    if name in ("episodes", "fit"):
        return f"{values.mean():,.{0 if name == 'episodes' else 1}f}"
    scale, digits, unit = (100, 1, " %") if name == "held" else (1, 3, "")
    error = f" ± {scale * values.std(ddof=1) / np.sqrt(len(values)):.{digits}f}" if len(values) > 1 else ""
    return f"{scale * values.mean():.{digits}f}{error}{unit}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[71, 72, 73])
    parser.add_argument("--shape", choices=mock.SHAPES, default="smooth")
    parser.add_argument("--test", type=int, default=300, help="people to ask about")
    chosen = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for seed in chosen.seeds:
            nested = Nested.draw(chosen.shape, seed, max(chosen.clients), chosen.test)
            rows += [{"clients": name} | figures for name, figures in bounds(nested.world).items()]
            for n_clients in sorted(chosen.clients):
                world, seconds = nested.first(n_clients)
                rows.append({"clients": f"{n_clients:,}", "fit": seconds} | measure(world))
    print(f"{chosen.shape} effects, worlds {', '.join(map(str, chosen.seeds))}, {chosen.test} people asked about\n")
    print(table(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()
