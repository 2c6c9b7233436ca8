"""Writes both lock files anew: `python scripts/lock.py`.

The development lock is solved first and the other is held to it, so that both name the same versions.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALWAYS = (
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--upgrade",
    "--quiet",
)


def lock() -> None:
    """Solve pyproject.toml with a uv of its own and write requirements-dev.lock and requirements.lock."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder) / ("Scripts" if os.name == "nt" else "bin")
        subprocess.run([str(programs / "python"), "-m", "pip", "install", "--quiet", "uv"], check=True)
        solve = [str(programs / "uv"), "pip", "compile", "pyproject.toml", *ALWAYS, "--group", "setup"]
        for rest in (
            ("--group", "dev", "--output-file", "requirements-dev.lock"),
            ("--constraint", "requirements-dev.lock", "--output-file", "requirements.lock"),
        ):
            print(f"Solving {rest[-1]} …", flush=True)
            subprocess.run([*solve, *rest], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    try:
        lock()
    except subprocess.CalledProcessError as error:
        sys.exit(f"The lock files are not complete: {error.cmd[0]} ended with {error.returncode}; see above.")
