"""The set-up of the environment: what is noted, when it is right, what is shown."""

from pathlib import Path

import pytest

from scripts import chromium, setup


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]")
    (tmp_path / "some.lock").write_text("a==1")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def test_what_is_set_up_is_left_alone(project: Path) -> None:
    setup.write_note(project / ".venv", {"some.lock": setup.fingerprint("some.lock", project)})
    setup.set_up("some.lock", project)
    assert [path.name for path in (project / ".venv").iterdir()] == ["set-up.json"]


def test_a_lock_is_set_up_by_a_larger_one(project: Path) -> None:
    (project / "larger.lock").write_text("a==1\nb==2")
    done = {"larger.lock": setup.fingerprint("larger.lock", project)}
    assert setup.is_covered("some.lock", done, project)
    (project / "some.lock").write_text("a==2")
    assert not setup.is_covered("some.lock", done, project)


@pytest.mark.parametrize("changed", ["some.lock", "pyproject.toml"])
def test_a_changed_file_makes_the_set_up_stale(project: Path, changed: str) -> None:
    done = {"some.lock": setup.fingerprint("some.lock", project)}
    (project / changed).write_text("a==1 # changed")
    assert not setup.is_covered("some.lock", done, project)


def test_a_folder_that_was_moved_is_set_up_anew(project: Path) -> None:
    done = {"some.lock": setup.fingerprint("some.lock", project)}
    moved = project.rename(project.with_name("elsewhere"))
    assert not setup.is_covered("some.lock", done, moved)


@pytest.mark.parametrize("note", ["", "{", "[]"])
def test_a_broken_note_counts_as_no_set_up(project: Path, note: str) -> None:
    (project / ".venv" / "set-up.json").write_text(note)
    assert setup.read_note(project / ".venv") == {}


def test_the_line_on_the_terminal_names_the_library_that_is_fetched() -> None:
    lines = [
        "Collecting absl-py==2.5.1 (from -r some.lock (line 1))",
        "Collecting numpy==2.4.6 (from -r some.lock (line 9))",
    ]
    assert setup.progress(lines, "libraries") == "Fetching libraries: no. 2, numpy==2.4.6"
    assert setup.progress([*lines, "Installing collected packages: numpy"], "libraries") == "Installing libraries"


def test_a_chromium_that_is_not_there_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    assert chromium.main() == 1
    assert "CHROMIUM=/path/to/chromium make test" in capsys.readouterr().err
    monkeypatch.delenv("CHROMIUM")
    assert chromium.main() == 0
