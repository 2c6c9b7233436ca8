"""How long the gain model takes to fit and to answer, how much memory it needs, and whether it repeats itself.

    .venv/bin/python -m benchmarks.effects_speed

Arrays are drawn with the shape of real ones: 40 features (levels now and before, 13 modifiers, controls with gaps, one
category), insatser of four types and some groups, few of them at a time and several of them half-time, late or beside
each other, changes in whole steps of which one in twenty is missing. Every fit is a process of its own with one thread;
seconds are CPU seconds of the fit alone, memory is the most that the whole process ever held, arrays and libraries
included. Beside each time stand the floor, one Gram matrix of a design of the same shape (every linear method needs at
least one), and a peer in the same process: an S-learner of LightGBM, set as in `benchmarks.sparse_world_report`, which
gives no intervals. Answers at the desk are for one client and all insatser of the catalogue: gains, intervals and 100
joint draws; the median of `--answers` of them, after a first one that is told apart. Needs a system with ``resource``
(not Windows).
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TYPES = ("jobb", "kompetens", "hälsa", "social")
N_FEATURES, N_MODIFIERS, ROWS_PER_CLIENT = 40, 13, 3.7
MODIFIERS = [f"modifier_{number}" for number in range(N_MODIFIERS)]
SMALL, MIDDLE, LARGE, DESK = (11_000, 60, 11), (4_500, 50, 10), (45_000, 50, 10), (11_000, 200, 11)
FIT_S, LARGE_S, LARGE_GB, TENFOLD, ANSWER_MS = 15.0, 90.0, 3.0, 12.0, 10.0  # the bars


@dataclass(frozen=True)
class Arrays:
    """What a gain model is fitted on; names as in `GainModel.fit`."""

    X: pd.DataFrame
    A: np.ndarray
    Y: np.ndarray
    groups: np.ndarray
    insatser: pd.DataFrame
    late: np.ndarray


def draw(n: int, n_insatser: int, n_outcomes: int, seed: int = 0) -> Arrays:
    """Draw arrays of n rows; the same arguments give the same ones."""
    rng = np.random.default_rng(seed)
    general = rng.standard_normal((n, 1))
    levels = np.clip(np.rint(2.7 + 0.5 * general + rng.normal(0, 0.8, (n, n_outcomes))), 1, 5)
    earlier = np.where(rng.random((n, 1)) < 0.4, np.nan, levels + rng.normal(0, 0.5, levels.shape))
    numbers = rng.standard_normal((n, N_MODIFIERS))
    numbers[:, ::2] = numbers[:, ::2] > 0.3
    controls = rng.standard_normal((n, N_FEATURES - 2 * n_outcomes - N_MODIFIERS - 1))
    parts = {"level": levels, "earlier": earlier, "modifier": numbers, "control": controls}
    X = pd.DataFrame({f"{name}_{c}": part[:, c] for name, part in parts.items() for c in range(part.shape[1])})
    X["category"] = pd.Categorical(rng.choice(list("abcdefgh"), n))

    popularity = 1 / (np.arange(n_insatser) + 3.0)
    runs = rng.random((n, n_insatser)) < np.minimum(1.6 * popularity / popularity.sum(), 0.9)
    begins = np.where(rng.random(runs.shape) < 0.4, 0.0, rng.uniform(0, 0.9, runs.shape))
    A = runs * (1 - begins) * rng.choice([0.5, 0.75, 1.0, 1.0, 1.0, 1.25], runs.shape)
    gains = rng.normal(0.1, 0.1, (n_insatser, n_outcomes))
    Y = np.clip(np.rint(A @ gains - 0.4 * (levels - 2.7) + rng.normal(0, 0.6, levels.shape)), -4, 4)
    Y[rng.random(Y.shape) < 0.05] = np.nan
    insatser = pd.DataFrame(
        {
            "type": [TYPES[k % len(TYPES)] for k in range(n_insatser)],
            "group": [f"group {k // 6}" if k % 3 else None for k in range(n_insatser)],
        }
    )
    return Arrays(X, A, Y, np.sort(rng.integers(0, int(n / ROWS_PER_CLIENT), n)), insatser, runs * begins)


def measure(shape: tuple[int, int, int], n_answers: int, with_peer: bool) -> dict[str, Any]:
    """Fit on arrays of a shape, in this process, and give the figures."""
    import resource

    from pathway.effects import GainModel

    given = draw(*shape)
    model = GainModel(modifiers=MODIFIERS)
    told: dict[str, Any] = {"fit_s": _seconds(lambda: model.fit(**vars(given)))}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told["gb"] = most / (1e9 if sys.platform == "darwin" else 1e9 / 1024)
    text = json.dumps(model.plain()) + "".join(tree.model_to_string() for tree in model.without_)
    told["digest"] = hashlib.sha256(text.encode()).hexdigest()
    told["coefficients"] = model.layout_.size

    design = np.random.default_rng(1).standard_normal((shape[0], model.layout_.size))
    told["gram_s"] = min(_seconds(lambda: design.T @ design) for _ in range(3))
    x = given.X.iloc[[0]]
    asked = {
        "gains": lambda: model.predict_gain(x),
        "intervals": lambda: model.predict_interval(x),
        "draws": lambda: model.draw_gains(x),
    }
    told["first_ms"] = {name: 1000 * _seconds(answer) for name, answer in asked.items()}
    told["answer_ms"] = {name: 1000 * _median(answer, n_answers) for name, answer in asked.items()}
    if with_peer:
        told |= _peer(given, n_answers)
    return told


def _peer(given: Arrays, n_answers: int) -> dict[str, float]:
    import lightgbm

    from benchmarks.sparse_world_report import S_LEARNER, S_LEARNER_TREES

    controls = pd.get_dummies(given.X, dtype=float).to_numpy()
    seen, trees = np.column_stack([given.A, controls]), []

    def fit() -> None:
        for changes in given.Y.T:
            known = ~np.isnan(changes)
            data = lightgbm.Dataset(seen[known], changes[known])
            trees.append(lightgbm.train(S_LEARNER, data, S_LEARNER_TREES))

    def answer() -> None:
        n_insatser = given.A.shape[1]
        each = np.vstack([np.eye(n_insatser), np.zeros(n_insatser)])
        rows = np.column_stack([each, np.repeat(controls[:1], n_insatser + 1, axis=0)])
        for tree in trees:
            tree.predict(rows, num_threads=1)

    return {"peer_fit_s": _seconds(fit), "peer_ms": 1000 * _median(answer, max(n_answers // 10, 3))}


def _seconds(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _median(work: Callable[[], Any], times: int) -> float:
    return float(np.median([_seconds(work) for _ in range(times)]))


def ask(shape: tuple[int, int, int], n_answers: int, with_peer: bool = True) -> dict[str, Any]:
    """Let a process of its own measure."""
    called = [sys.executable, "-m", "benchmarks.effects_speed", "--shape", *map(str, shape)]
    called += ["--answers", str(n_answers), *([] if with_peer else ["--no-peer"])]
    done = subprocess.run(called, cwd=ROOT, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=True)  # noqa: S603
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def report(small: dict[str, Any], again: dict[str, Any], parts: dict[str, dict[str, Any]]) -> str:
    """Write all figures as Markdown."""
    large, middle, desk = parts["large"], parts["middle"], parts["desk"]
    answer, first = sum(desk["answer_ms"].values()), sum(desk["first_ms"].values())
    by_part = " + ".join(f"{name} {ms:.1f}" for name, ms in desk["answer_ms"].items())
    rows = [
        (_named(SMALL, "fit"), f"{small['fit_s']:.1f} s", f"≤ {FIT_S:.0f} s", small["fit_s"] <= FIT_S),
        (_named(LARGE, "fit"), f"{large['fit_s']:.1f} s", f"≤ {LARGE_S:.0f} s", large["fit_s"] <= LARGE_S),
        (_named(LARGE, "memory"), f"{large['gb']:.2f} GB", f"≤ {LARGE_GB:.0f} GB", large["gb"] <= LARGE_GB),
        (
            "ten times the clients: time to fit",
            f"× {large['fit_s'] / middle['fit_s']:.1f}",
            f"≤ × {TENFOLD:.0f}",
            large["fit_s"] <= TENFOLD * middle["fit_s"],
        ),
        (
            f"one client × {DESK[1]} insatser: {by_part}",
            f"{answer:.1f} ms",
            f"≤ {ANSWER_MS:.0f} ms",
            answer <= ANSWER_MS,
        ),
        (
            "two processes, same arrays: the same model, bit for bit",
            "yes" if small["digest"] == again["digest"] else "no",
            "yes",
            small["digest"] == again["digest"],
        ),
    ]
    lines = ["| what | measured | bar | kept |", "|---|---|---|---|"]
    lines += [f"| {what} | {value} | {bar} | {'yes' if kept else '**no**'} |" for what, value, bar, kept in rows]
    lines += [
        "",
        "| fit | CPU s | coefficients | Gram matrix ms | fit / Gram | S-LightGBM s | fit / S-LightGBM | memory GB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for shape, told in ((MIDDLE, middle), (SMALL, small), (LARGE, large), (DESK, desk)):
        fit, gram, peer = told["fit_s"], told["gram_s"], told["peer_fit_s"]
        cells = [_named(shape), f"{fit:.1f}", f"{told['coefficients']}", f"{1000 * gram:.0f}", f"× {fit / gram:.0f}"]
        cells += [f"{peer:.1f}", f"× {fit / peer:.2f}", f"{told['gb']:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"At the desk, {DESK[1]} insatser: {answer:.1f} ms; the first answer after a model is read {first:.0f} ms; "
        f"S-LightGBM, gains alone, {desk['peer_ms']:.0f} ms.",
    ]
    return "\n".join(lines)


def _named(shape: tuple[int, int, int], what: str = "") -> str:
    n, n_insatser, n_outcomes = shape
    return f"{n:,} episodes × {n_insatser} insatser × {n_outcomes} indicators{f': {what}' if what else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=50, help="how many answers at the desk are timed")
    parser.add_argument("--shape", type=int, nargs=3, help="measure this shape in this process, and give plain data")
    parser.add_argument("--no-peer", action="store_true")
    chosen = parser.parse_args()
    if chosen.shape:
        print(json.dumps(measure(tuple(chosen.shape), chosen.answers, not chosen.no_peer)))
        return
    small, again = ask(SMALL, chosen.answers), ask(SMALL, 1, with_peer=False)
    others = {"middle": MIDDLE, "large": LARGE, "desk": DESK}
    print(report(small, again, {name: ask(shape, chosen.answers) for name, shape in others.items()}))


if __name__ == "__main__":
    main()
