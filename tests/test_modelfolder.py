"""A model on disk: whole, checked, readable text, and nothing of anybody in it."""

import json
import re

import pytest

from pathway import modelfolder
from pathway.errors import FaultyModelFolder, UnreadableFile


@pytest.fixture
def folder(small_model, tmp_path):
    modelfolder.write(small_model, tmp_path / "model")
    return tmp_path / "model"


def test_what_is_read_back_says_the_same(small_model, folder, small_register):
    again = modelfolder.read(folder)
    assert again.version == small_model.version
    assert again.training == small_model.training
    assert again.support == small_model.support
    assert again.spread == small_model.spread
    assert again.instrument == small_model.instrument


def test_the_same_model_is_written_to_the_same_bytes(small_model, folder, tmp_path):
    modelfolder.write(small_model, tmp_path / "other")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files
    for name in files:
        assert (folder / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_all_files_are_text_and_none_is_a_pickle(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert path.suffix in {".json", ".txt", ".md"}
            path.read_text(encoding="utf-8")


def test_no_pseudonym_and_no_date_of_a_person_is_in_the_folder(folder, small_register):
    tables = small_register.tables()
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    for id in [*tables.clients["client_id"], *tables.measurements["respondent_id"].unique()]:
        assert not id or id not in text
    days = set(re.findall(r"\d{4}-\d{2}-\d{2}", text))
    assert len(days) <= 2  # first and last measurement only


def test_the_card_says_that_mock_data_are_mock(folder):
    assert "MOCK" in (folder / "card.md").read_text(encoding="utf-8").splitlines()[0]
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"].startswith("mock-")


@pytest.mark.parametrize("name", ["gains.json", "course/natverk.txt", "evaluation.json", "card.md"])
def test_an_altered_file_is_found_by_name(folder, name):
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(FaultyModelFolder, match=f"{name} was altered"):
        modelfolder.read(folder)


def test_a_missing_file_is_found_by_name(folder):
    (folder / "gains.json").unlink()
    with pytest.raises(FaultyModelFolder, match=r"gains\.json is missing"):
        modelfolder.read(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1}', '{"format": 1, "sha256": {}}'])
def test_a_damaged_manifest_is_refused(folder, content):
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(FaultyModelFolder):
        modelfolder.read(folder)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(FaultyModelFolder, match=r"has no manifest\.json"):
        modelfolder.read(tmp_path)


def test_another_folder_is_never_overwritten(small_model, tmp_path):
    (tmp_path / "letters.txt").write_text("keep")
    with pytest.raises(UnreadableFile, match="not a model folder"):
        modelfolder.write(small_model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_a_model_folder_is_replaced_whole(small_model, folder):
    (folder / "left.over").write_text("old")
    modelfolder.write(small_model, folder)
    assert not (folder / "left.over").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_trees_keep_only_ranges_that_point_at_nobody(folder):
    bounds = {"age": (18, 67), "months_without_work": (0, 120), "n_earlier_insatser": (0, 6), "n_measurements": (1, 6)}
    text = (folder / "course" / "natverk.txt").read_text(encoding="utf-8")
    names = next(line for line in text.splitlines() if line.startswith("feature_names=")).split("=")[1].split()
    ranges = next(line for line in text.splitlines() if line.startswith("feature_infos=")).split("=", 1)[1].split()
    found = dict(zip(names, ranges, strict=True))
    for name, (low, high) in bounds.items():
        ends = [float(end) for end in found[name].strip("[]").split(":")]
        assert low <= min(ends)
        assert max(ends) <= high
