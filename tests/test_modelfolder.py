"""A model on disk: whole, checked, readable text, and nothing of anybody in it."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from pathway import modelfolder
from pathway.errors import FaultyModelFolder, UnreadableFile
from pathway.modelfolder.secrecy import FEWEST_TOLD
from pathway.subgroups import FEWEST_CLIENTS


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


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 99}', '{"format": 1}', '{"format": 2}', '{"format": 2, "sha256": {}}']
)
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


def test_trees_keep_only_ranges_that_point_at_nobody(small_model, folder):
    for booster, indicator in zip(small_model.gains.without_, small_model.instrument.ranking, strict=True):
        written = (folder / "course" / f"{indicator}.txt").read_text(encoding="utf-8")
        raw = booster.model_to_string()
        assert re.search(r"^feature_infos=.*\[18:6\d\]", raw, re.MULTILINE)  # what the library would have told
        assert set(re.search(r"^feature_infos=(.*)$", written, re.MULTILINE)[1].split()) == {"none"}
        assert [a for a, b in zip(raw.split("\n"), written.split("\n"), strict=True) if a != b] == [
            line for line in raw.split("\n") if line.startswith("feature_infos=")
        ]


def test_forecasts_are_the_same_to_the_last_bit_without_the_ranges(small_model, folder):
    rng = np.random.default_rng(0)
    values = rng.uniform(-5, 130, (500, small_model.gains.n_features_in_))
    values[rng.random(values.shape) < 0.2] = np.nan
    for before, after in zip(small_model.gains.without_, modelfolder.read(folder).gains.without_, strict=True):
        assert (before.predict(values) == after.predict(values)).all()
        assert (before.predict(values, pred_contrib=True) == after.predict(values, pred_contrib=True)).all()


def test_every_leaf_holds_many_rows(folder):
    for path in (folder / "course").iterdir():
        counts = re.findall(r"^leaf_count=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert counts
        assert min(int(n) for line in counts for n in line.split()) >= 40  # LightGBM counts weighted rows: 50, about


def lists_in(told):
    """Every list in plain data, whatever it lies in."""
    if isinstance(told, list):
        yield told
    for one in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from lists_in(one)


def test_no_list_is_a_row_for_each_person_nor_a_background_for_reasons(small_model, folder):
    training = small_model.training
    lengths = {
        len(one)
        for path in folder.rglob("*.json")
        for one in lists_in(json.loads(path.read_text(encoding="utf-8")))
        if one
    }
    assert max(lengths) > training.n_episodes, "the coefficients' covariance, else the test could not tell"
    assert not [n for n in lengths if n % training.n_episodes == 0 or n % training.n_clients == 0]


def test_insatser_of_very_few_people_are_told_as_had_by_nobody(small_model, small_register):
    had = small_register.tables().participations.groupby("insats_id")["client_id"].nunique()
    few = [id for id, n in had.items() if n < FEWEST_TOLD and id in small_model.support.n_clients]
    assert few  # the package has some
    for id in few:
        assert small_model.support.n_clients[id] == small_model.support.n_participations[id] == 0
        assert small_model.support.least_expected_dose[id] == float("inf")
    assert all(n == 0 or n >= FEWEST_TOLD for n in small_model.support.n_clients.values())


def test_groups_are_large_and_told_in_tens(small_model, small_register):
    groups = small_model.evaluation["subgroups"]
    assert {"gender", "age", "education", "swedish_level", "income_source", "municipality", "health"} >= set(groups)
    assert {"gender", "age", "health"} <= set(groups)
    told = [one for names in groups.values() for one in names.values()]
    assert all(one["n_clients"] >= FEWEST_CLIENTS and one["n_clients"] % 10 == 0 for one in told)
    assert all(one["error"]["low"] <= one["error"]["mean"] <= one["error"]["high"] for one in told)


def test_what_the_desk_loads_never_loads_mlflow_or_altair():
    code = (
        "import sys, pathway.suggestion, pathway.modelfolder, pathway.training, pathway.cli\n"
        "print([name for name in ('mlflow', 'altair', 'optuna', 'opendp', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
