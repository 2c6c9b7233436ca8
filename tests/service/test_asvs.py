"""docs/ASVS.csv: every requirement of levels 1 and 2 once, each with evidence; every test that it names is there."""

import csv
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STATUSES = {"met", "not met", "does not apply", "operator"}
N_BY_LEVEL = {"1": 70, "2": 183}  # of OWASP ASVS 5.0.0


def rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "ASVS.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_requirement_of_levels_1_and_2_is_there_once() -> None:
    assert Counter(row["level"] for row in rows()) == N_BY_LEVEL
    assert len({row["requirement"] for row in rows()}) == sum(N_BY_LEVEL.values())
    assert all(re.fullmatch(r"V\d+\.\d+\.\d+", row["requirement"]) for row in rows())


def test_every_requirement_says_how_it_stands_and_on_what_that_rests() -> None:
    assert {row["status"] for row in rows()} <= STATUSES
    assert [row["requirement"] for row in rows() if len(row["evidence"]) < 5 or not row["in short"]] == []


def test_every_test_that_is_named_is_there() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", written))
    named = {name for row in rows() for name in re.findall(r"\btest_\w+", row["evidence"])}
    assert len(named) > 40
    assert named - known == set()


def test_every_file_that_is_named_is_there() -> None:
    named = {
        name
        for row in rows()
        for name in re.findall(r"\b(?:docs|ops|service|pathway|benchmarks)/[\w./-]+\w", row["evidence"])
    }
    assert [name for name in named if not list(ROOT.glob(f"{name}*"))] == []
