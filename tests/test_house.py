"""What must hold for every file of the project, whoever wrote it."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
IGNORED = {".git", *re.findall(r"^([\w.-]+)/$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE)}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Written so that no pattern matches itself.
NOT_FOR_OTHERS = {
    "the address of a package registry": r"py[p]i\.org|python[h]osted\.org|registry\.[n]pmjs|--(?:extra-)?index[-]url",
    "a path of one machine": r"(?<![\w.:/])/(?:[h]ome|[r]oot|[U]sers|[w]ork|[o]pt)/\w",
    "an unfinished place": r"\b(?:[T]ODO|[F]IXME|[X]XX|[H]ACK)\b",
}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
PICKLING = re.compile(
    r"^\s*(?:import|from)\s+(?:pickle|cloudpickle|dill|shelve|marshal)\b"
    r"|\bjoblib\.(?:dump|load)\b|from joblib import .*\b(?:dump|load)\b"
    r"|\ballow_pickle\s*=\s*True|\.(?:to|read)_pickle\(",
    re.MULTILINE,
)


def walk(*folders: str) -> Iterator[Path]:
    """Yield the project's files in the folders, without what is made anew on each machine."""
    for top in folders:
        for folder, below, names in os.walk(ROOT / top):
            below[:] = [name for name in below if name not in IGNORED]
            yield from (Path(folder, name) for name in names)


def read_texts(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the files that hold text."""
    for path in walk(*folders):
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def read_modules() -> dict[str, str]:
    """Return name and source of every module that is not a test."""
    folders = ("pathway", "service", "scripts", "benchmarks")
    return {name: text for name, text in read_texts(*folders) if name.endswith(".py")}


def read_pins(lock: str) -> dict[str, set[str]]:
    """Return for each library in a lock its lines: versions, conditions and hashes."""
    pins: dict[str, set[str]] = {}
    joined = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in joined.splitlines():
        if line and not line.lstrip().startswith("#"):
            pins.setdefault(line.partition("==")[0], set()).add(" ".join(line.split()))
    return pins


@pytest.mark.parametrize("what", NOT_FOR_OTHERS)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(NOT_FOR_OTHERS[what])
    found = [f"{name}: {match[0]}" for name, text in read_texts(".") if (match := pattern.search(text))]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("the address of a package registry", "https://py" + "pi.org/simple"),
        ("a path of one machine", "open('/ho" + "me/anna/data')"),
        ("an unfinished place", "# TO" + "DO: later"),
    ],
)
def test_what_no_file_may_hold_would_be_found(what: str, text: str) -> None:
    assert re.search(NOT_FOR_OTHERS[what], text)


def test_every_module_has_a_name_that_says_something() -> None:
    names = {name: set(re.split(r"[/_.]", name)) for name in read_modules()}
    assert [name for name, words in names.items() if words & EMPTY_NAMES] == []


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    first = {
        name: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0] for name, text in read_modules().items()
    }
    assert len(first) > 10
    assert [name for name, line in first.items() if len(line.split()) < 3] == []


def test_nothing_is_pickled() -> None:
    assert [name for name, text in read_modules().items() if PICKLING.search(text)] == []
    assert [path for path in walk(".") if path.suffix in {".pkl", ".pickle", ".joblib"}] == []


def test_the_licence_is_the_whole_eupl() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert [int(number) for number in re.findall(r"^(\d+)\.\w", text, re.MULTILINE)] == list(range(1, 16))
    assert "\n‘Compatible Licences’ according to Article 5 EUPL are:\n" in text


def test_both_locks_name_the_same_versions() -> None:
    # what a version is for (which Python, which system) may be said in other words, since more asks for it
    small, large = (
        {name: {(line.split(" ")[0], line.partition("--hash")[2]) for line in lines} for name, lines in pins.items()}
        for pins in (read_pins("requirements.lock"), read_pins("requirements-dev.lock"))
    )
    assert len(small) > 10
    assert {name: lines for name, lines in small.items() if large.get(name) != lines} == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_line_of_a_lock_has_a_version_and_a_hash(lock: str) -> None:
    lines = [line for lines in read_pins(lock).values() for line in lines]
    assert [line for line in lines if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["setup"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_a_lock_fulfils_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    pins = read_pins(lock)
    for requirement in map(Requirement, wanted):
        versions = [re.search(r"==(\S+)", line)[1] for line in pins.get(requirement.name.lower(), ())]
        assert versions, f"{requirement.name} is not in {lock}: make lock"
        assert all(version in requirement.specifier for version in versions), requirement


def test_every_test_that_the_security_page_names_exists() -> None:
    page = (ROOT / "docs" / "SECURITY-PROPERTIES.md").read_text(encoding="utf-8")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 10
    assert {name for name in named if f"def {name}(" not in tests} == set()
