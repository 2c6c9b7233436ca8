"""What the benchmarks on public data share: checked files, `GainModel` and peers behind the same call, tables.

The files are not part of the project: `--data FOLDER` says where they lie, each benchmark checks that they are the
ones its figures were made with, and says where they come from if they are absent.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from pathway.effects import GainModel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Public files: their names in the data folder, the SHA-256 of all of them in that order, and their origin."""

    names: tuple[str, ...]
    sha256: str
    origin: str

    def read(self, folder: Path) -> dict[str, BytesIO]:
        """Read all files, name to content; ends the program with one line if they are absent or others."""
        missing = [name for name in self.names if not (folder / name).is_file()]
        if missing:
            sys.exit(f"{folder / missing[0]} is absent; take it from {self.origin}")
        contents = {name: (folder / name).read_bytes() for name in self.names}
        digest = hashlib.sha256(b"".join(contents.values())).hexdigest()
        if digest != self.sha256:
            sys.exit(f"{folder / self.names[0]} and what belongs to it are not the files expected; see {self.origin}")
        return {name: BytesIO(content) for name, content in contents.items()}


@dataclass(frozen=True)
class Problem:
    """One treatment in R data sets of the same size: arrays as in `benchmarks.peer_methods.effects`."""

    X: Array
    treated: Array
    Y: Array
    X_new: Array


@dataclass(frozen=True)
class Answer:
    """Estimated effects on the rows fitted on (R, n) and on new ones (R, m); CPU seconds of each fit (R,).

    `interval` holds the ends of the 90 % intervals on the new rows (R, m, 2), where the learner gives any.
    """

    seen: Array
    new: Array
    fit_seconds: Array
    interval: Array | None = None


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Give the command line that all benchmarks on public data understand."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the public files")
    return parser


def ours(problem: Problem, random_state: int = 0) -> Answer:
    """Let `GainModel` answer with its default settings."""
    seen, new, seconds, intervals = [], [], [], []
    for x, treated, y, x_new in zip(problem.X, problem.treated, problem.Y, problem.X_new, strict=True):
        started = time.process_time()
        model = GainModel(random_state=random_state).fit(x, treated, y)
        seconds.append(time.process_time() - started)
        seen.append(model.predict_gain(x)[:, 0, 0])
        if len(x_new):
            new.append(model.predict_gain(x_new)[:, 0, 0])
            intervals.append(model.predict_interval(x_new)[:, 0, 0])
    return Answer(np.array(seen), np.array(new), np.array(seconds), np.array(intervals))


def of_peer(problem: Problem, learner: str, base: str, timeout_s: float) -> Answer:
    """Let a peer answer; raises `peers.PeerError` if it does not."""
    parameters = {"learner": learner, "base": base}
    return Answer(**peers.run("benchmarks.peer_methods", "effects", vars(problem), timeout_s, **parameters))


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a Markdown table: the first column to the left, the others to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
