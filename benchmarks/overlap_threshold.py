"""Where should the model fall silent? The error of gains by how many people had an insats, and by how alike they were.

    .venv/bin/python -m benchmarks.overlap_threshold --clients 2000 --seeds 61 62 63 --shapes smooth threshold

In mock worlds the truth is known, so what `pathway.overlap` settles without it can be held against it. For the people
asked about (`benchmarks.mock_worlds`) and every insats, gains alone are summed over the indicators. By people who had
the insats, and by the share of those who had it who were expected to have less of it than the person asked about, come
the root mean squared error of the gain; of silence, that is of saying no gain; how much of an expected step is true;
how often 90 % intervals of single indicators hold the truth; and how much of an expected step clients held out show,
which is all that can be measured without the truth. `unlike types`: all but the job-oriented insatser have their types
shuffled before the model learns, so that what little is known of a rare insats leans on others that it has nothing to
do with.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from benchmarks.mock_worlds import World, draw
from pathway import checks, overlap
from pathway.effects import GainModel
from pathway.episodes import Insatser
from pathway.evaluation import Resampled

Floats = npt.NDArray[np.float64]
PEOPLE = 400  # asked about in each world
CLIENTS = (0, 1, 5, 10, 20, 40, 80, 160, np.inf)
LESS_EXPECTED = (0.0, 1e-9, 0.02, 0.05, 0.1, 0.2, 0.5, np.inf)


@dataclass(frozen=True)
class Told:
    """Gains in one world, person by insats, and what clients held out show of them, row by insats."""

    n_clients: Floats
    less_expected: Floats
    expected: Floats
    true: Floats
    inside: Floats
    shown_less_expected: Floats
    products: Floats
    squares: Floats
    limits: overlap.Limits


def ask(world: World, seed: int) -> Told:
    """Ask the model about people, and settle the limits as every training does."""
    model, x = world.model, world.asked()
    of = [model.insatser_.index(insats) for insats in world.truth.insatser]
    rows = checks.Rows(
        world.river.X, world.river.episodes, world.river.weights.to_numpy(), world.river.insatser.table()
    )
    rows = rows.at(world.train)
    parts = GroupKFold(5, shuffle=True, random_state=seed).split(rows.clients, groups=rows.clients)
    shown = checks.show(
        rows, [checks.Fold(world.river.fit(world.train[train], seed), train, test) for train, test in parts]
    )
    limits = overlap.settle(
        shown.products, shown.squares, shown.less_expected, rows.n_clients(), Resampled.of(rows.clients, seed)
    )
    low, high = np.moveaxis(model.predict_interval(x)[:, of], -1, 0)
    against_gap = world.true.alone + world.lost[:, None]
    shape = (len(x), len(of))
    return Told(
        n_clients=np.broadcast_to(world.n_clients, shape).astype(float),
        less_expected=_less_expected(model, world, of),
        expected=model.predict_added(x)[:, of].sum(axis=2),
        true=world.true.alone.sum(axis=2),
        inside=((low <= against_gap) & (against_gap <= high)).mean(axis=2),
        shown_less_expected=shown.less_expected[:, of],
        products=shown.products[:, of],
        squares=shown.squares[:, of],
        limits=limits,
    )


def _less_expected(model: GainModel, world: World, of: list[int]) -> Floats:
    had = world.doses(world.train) > 0
    learned, asked = (model.predict_dose(X)[:, of] for X in (world.X(world.train), world.asked()))
    return np.column_stack(
        [np.searchsorted(np.sort(learned[own, k]), asked[:, k]) / max(own.sum(), 1) for k, own in enumerate(had.T)]
    )


def unlike_types(world: World, seed: int) -> World:
    """Shuffle the types and drop the groups of all but the job-oriented insatser, and learn again."""
    river = world.river
    others = [id for id, kind in river.insatser.types.items() if kind != "jobb"]
    dealt = np.random.default_rng(seed).permutation([river.insatser.types[id] for id in others])
    types = dict(river.insatser.types) | dict(zip(others, dealt.tolist(), strict=True))
    river.insatser = Insatser(types, river.insatser.typical_hours)
    return replace(world, model=river.fit(world.train, 0))


def band(worlds: list[Told], asked: Callable[[Told], Any], measured: Callable[[Told], Any]) -> str:
    """Sum up the cells of all worlds that lie in a band, as those asked about and as those held out."""
    cells = [np.broadcast_to(asked(told), told.true.shape) for told in worlds]
    true, expected, inside = (
        np.concatenate([getattr(told, name)[own] for told, own in zip(worlds, cells, strict=True)])
        for name in ("true", "expected", "inside")
    )
    if not len(true):
        return ""
    own = [np.broadcast_to(measured(told), told.squares.shape) for told in worlds]
    products, squares = (
        sum(float(getattr(told, name)[mine].sum()) for told, mine in zip(worlds, own, strict=True))
        for name in ("products", "squares")
    )
    error, silence = np.sqrt(np.mean((expected - true) ** 2)), np.sqrt(np.mean(true**2))
    really = (true * expected).sum() / (expected**2).sum()
    return (
        f"{len(true):7,d}  {error:10.2f}  {silence:10.2f}  {really:10.2f}  {inside.mean():9.1%}  "
        f"{products / squares if squares else np.nan:10.2f}"
    )


def report(what: str, worlds: list[Told]) -> None:
    """Print one table by people who had the insats, one by likeness, and what silence does."""
    head = "  cells  error gain  of silence  true/step   inside 90  shown/step"
    print(f"\n{what}\n{'people who had it':24s}{head}")
    for low, high in pairwise(CLIENTS):
        line = band(
            worlds,
            lambda told, low=low, high=high: (told.n_clients >= low) & (told.n_clients < high),
            lambda told, low=low, high=high: (told.n_clients[0] >= low) & (told.n_clients[0] < high),
        )
        if line:
            print(f"{f'{low} to {high - 1:.0f}' if np.isfinite(high) else f'{low} or more':24s}{line}")
    print(f"{'expected to have less':24s}{head}")
    for low, high in pairwise(LESS_EXPECTED):
        line = band(
            worlds,
            lambda t, a=low, b=high: (t.n_clients >= 10) & (t.less_expected >= a) & (t.less_expected < b),
            lambda t, a=low, b=high: (
                (t.n_clients[0] >= 10) & (t.shown_less_expected >= a) & (t.shown_less_expected < b)
            ),
        )
        print(f"{f'{low:.0%} to {high:.0%}' if np.isfinite(high) else f'{low:.0%} or more':24s}{line}")
    spoken = [
        (told.n_clients >= told.limits.fewest_clients) & (told.less_expected >= told.limits.unlike_below)
        for told in worlds
    ]
    missed = [(told.expected - told.true) ** 2 for told in worlds]
    kept = np.concatenate([one[own] for one, own in zip(missed, spoken, strict=True)])
    everything = np.concatenate([one.ravel() for one in missed])
    settled = ", ".join(f"{told.limits.fewest_clients} people and {told.limits.unlike_below:.0%}" for told in worlds)
    print(
        f"settled without the truth: {settled}; silent about {1 - len(kept) / len(everything):.0%}; "
        f"error where it speaks {np.sqrt(kept.mean()):.2f}, everywhere {np.sqrt(everything.mean()):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[61, 62, 63])
    parser.add_argument("--shapes", nargs="+", default=["smooth", "threshold"])
    chosen = parser.parse_args()
    with threadpool_limits(1):
        for shape in chosen.shapes:
            worlds = {seed: draw(shape, seed, chosen.clients, PEOPLE) for seed in chosen.seeds}
            report(shape, [ask(world, 0) for world in worlds.values()])
            report(f"{shape}, unlike types", [ask(unlike_types(world, seed), 0) for seed, world in worlds.items()])


if __name__ == "__main__":
    main()
