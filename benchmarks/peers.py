"""Runs other people's libraries for the benchmarks, in an environment of their own beside the project's.

    .venv/bin/python -m benchmarks.peers setup    # once: makes .venv-peers from benchmarks/peers.txt

A peer method is a function of a module that only the peers' environment imports: it takes arrays and plain parameters
as keywords and gives a dict of arrays. `run` calls it in a process of its own; what goes in and out are .npz files
without pickles.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).with_name("peers.txt")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class PeerError(Exception):
    """A peer gave no answer; the message is one line that says why."""


def set_up() -> None:
    """Make `.venv-peers` anew from `peers.txt`."""
    from scripts import setup

    setup.make_empty(ENVIRONMENT)
    setup.install(ENVIRONMENT, "the peers", "--only-binary=:all:", "-r", str(REQUIREMENTS))
    setup.mend_lightgbm(ENVIRONMENT)


def run(
    module: str, method: str, arrays: dict[str, np.ndarray], timeout_s: float = 3600.0, **parameters: Any
) -> dict[str, np.ndarray]:
    """Let a method of a module answer in the peers' environment, with one thread.

    Parameters
    ----------
    module
        Name of the module, such as ``benchmarks.peer_methods``; it may import what `peers.txt` names.
    method
        Name of its function. It is called with `arrays` and `parameters` as keywords and gives a dict of arrays.
    timeout_s
        Seconds on the clock until the peer is given up.
    parameters
        Whatever JSON can hold.

    Raises
    ------
    PeerError
        The environment is missing, the method fails or takes too long.
    """
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        raise PeerError("the peers are not set up; run `.venv/bin/python -m benchmarks.peers setup` first")
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "given.npz", Path(folder) / "answer.npz"
        np.savez(given, allow_pickle=False, **arrays)
        called = [str(python), "-m", "benchmarks.peers", module, method, json.dumps(parameters)]
        try:
            done = subprocess.run(  # noqa: S603 - our own command, no shell
                [*called, str(given), str(answer)],
                cwd=ROOT,
                env=os.environ | _ONE_THREAD,
                timeout=timeout_s,
                capture_output=True,
                text=True,
            )
        except subprocess.TimeoutExpired:
            raise PeerError(f"{method}: no answer in {timeout_s:.0f} s") from None
        if done.returncode:
            raise PeerError(f"{method}: {done.stderr.strip().rpartition(chr(10))[2]}")
        with np.load(answer, allow_pickle=False) as result:
            return dict(result)


def _answer(module: str, method: str, parameters: str, given: str, answer: str) -> None:
    """Do in the peers' environment what `run` asks for."""
    with np.load(given, allow_pickle=False) as arrays:
        result = getattr(importlib.import_module(module), method)(**arrays, **json.loads(parameters))
    np.savez(answer, allow_pickle=False, **result)


if __name__ == "__main__":
    if sys.argv[1:] == ["setup"]:
        set_up()
    elif len(sys.argv) == 6:
        _answer(*sys.argv[1:])
    else:
        sys.exit("usage: python -m benchmarks.peers setup")
