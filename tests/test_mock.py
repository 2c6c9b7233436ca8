import hashlib
import json
from pathlib import Path
from typing import Any

import frictionless
import numpy as np
import pandas as pd
import pytest

from pathway import case as cases
from pathway import catalogue as catalogues
from pathway import episodes, mock
from pathway import instrument as instruments
from pathway.errors import FaultyCatalogue, UnreadableFile
from pathway.mock import profile
from pathway.mock.truth import Gains, Truth

SHIPPED = Path(__file__).parent.parent / "data" / "mock"

OTHER_INSTRUMENT = """
id = "annat"
version = "7"
scale = { min = 0, max = 10 }
""" + "".join(
    f"""
[[indicators]]
id = "{id}"
label_sv = "{id}"
label_en = "{id}"
respondents = {respondents}
drives_ranking = {drives}
verified = false
source = "påhittat"
"""
    for id, respondents, drives in (
        ("mod", '["klient", "handläggare"]', "true"),
        ("lugn", '["klient"]', "true"),
        ("hopp", '["handläggare"]', "false"),
    )
)


def an_insats(id: str, **given: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": id,
        "type": "jobb",
        "weeks": {"min": 4, "typical": 10, "max": 20},
        "hours_per_week": {"min": 2, "typical": 8, "max": 20},
    } | given


def a_catalogue(folder: Path, *insatser: dict[str, Any]) -> Path:
    path = folder / "offered.json"
    path.write_text(json.dumps({"version": "prov", "insatser": insatser}), encoding="utf-8")
    return path


def files(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def shipped() -> dict[str, pd.DataFrame]:
    return profile.read(SHIPPED)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("mock")
    for shape in mock.SHAPES:
        mock.write(folder / shape, 3000, 11, shape)
    return {shape: folder / shape for shape in mock.SHAPES}


def what_happened(folder: Path) -> tuple[episodes.Episodes, Truth, np.ndarray]:
    """Episodes of a package, its truth, and the type of each insats."""
    tables, catalogue = profile.read(folder), catalogues.read(folder / "catalogue.json")
    cut = episodes.cut(
        tables["measurements"], tables["participations"], episodes.Insatser.of(catalogue), instruments.read()
    )
    return cut, Truth.read(folder / "truth"), np.array([insats.type for insats in catalogue.insatser])


def true_changes(cut: episodes.Episodes, truth: Truth) -> np.ndarray:
    """What the mix of each episode truly gave, shape (n, J)."""
    gains = truth.gains(cut.spans["client_id"].tolist(), cut.spans["started_on"])
    doses, beside = (part[list(truth.insatser)].to_numpy() for part in (cut.doses, cut.beside))
    return np.einsum("nk,nkj->nj", doses, gains.alone) + np.einsum("nk,nkj->nj", beside, gains.beside)


def latent(cut: episodes.Episodes, table: pd.DataFrame, truth: Truth, column: str) -> np.ndarray:
    return truth.at(table, cut.spans["client_id"].tolist(), cut.spans[column])


def gains_of_some(truth: Truth, setpoint: float, n: int = 200) -> Gains:
    rng = np.random.default_rng(1)
    traits = np.stack([rng.integers(18, 65, n), rng.integers(0, 97, n), rng.integers(0, 4, n)], axis=1).astype(float)
    return truth.gains_at(traits, np.full((n, len(truth.indicators)), setpoint))


# --- the package ---


@pytest.mark.parametrize("shape", mock.SHAPES)
def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, shape: mock.Shape) -> None:
    mock.write(tmp_path / "one", 60, 5, shape)
    mock.write(tmp_path / "two", 60, 5, shape)
    mock.write(tmp_path / "three", 60, 6, shape)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert files(tmp_path / "one")["measurements.csv"] != files(tmp_path / "three")["measurements.csv"]


def test_the_shipped_package_is_what_the_command_writes(tmp_path: Path) -> None:
    mock.write(tmp_path / "again", 2000, 2026)
    assert files(tmp_path / "again") == files(SHIPPED)


def test_the_shipped_package_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) < 15e6


def test_a_package_keeps_its_own_schema(tmp_path: Path) -> None:
    mock.write(tmp_path / "out", 60, 5)
    report = frictionless.validate(tmp_path / "out" / "datapackage.json")
    assert report.valid, report.to_summary()


def test_a_package_says_that_it_is_mock(tmp_path: Path) -> None:
    mock.write(tmp_path / "out", 5, 5)
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8").startswith("# MOCK")
    assert json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))["title"].startswith("MOCK")
    ids = profile.read(tmp_path / "out")["clients"]["client_id"]
    assert ids.str.fullmatch(r"MOCK-\d{6}").all()


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    mock.write(tmp_path / "deep" / "out", 20, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_an_earlier_package_is_replaced(tmp_path: Path) -> None:
    mock.write(tmp_path / "out", 20, 5)
    mock.write(tmp_path / "out", 30, 5, "none")
    assert len(profile.read(tmp_path / "out")["clients"]) == 30


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    def fill(stage: str, done: int, total: int) -> None:
        if stage == "writing":
            raise OSError(28, "No space left on device")

    mock.write(tmp_path / "out", 20, 5)
    before = files(tmp_path)
    with pytest.raises(UnreadableFile, match="No space left"):
        mock.write(tmp_path / "out", 30, 6, progress=fill)
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["notes.txt", "truth/mine.csv", "measurements.csv"])
def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "out" / "truth").mkdir(parents=True)
    (tmp_path / "out" / name).write_text("mine", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="not a mock package"):
        mock.write(tmp_path / "out", 20, 5)
    assert (tmp_path / "out" / name).read_text(encoding="utf-8") == "mine"


def test_a_package_somebody_added_a_file_to_is_left_alone(tmp_path: Path) -> None:
    mock.write(tmp_path / "out", 20, 5)
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UnreadableFile):
        mock.write(tmp_path / "out", 20, 5)
    assert (tmp_path / "out" / "notes.txt").exists()


def test_progress_tells_how_much_is_done(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    mock.write(tmp_path / "out", 20, 5, progress=lambda *told: heard.append(told))
    assert {stage for stage, _, _ in heard} == {"living", "writing"}
    assert all(0 < done <= total for _, done, total in heard)


def test_any_instrument_and_catalogue_will_do(tmp_path: Path) -> None:
    instrument = tmp_path / "instrument.toml"
    instrument.write_text(OTHER_INSTRUMENT, encoding="utf-8")
    catalogue = a_catalogue(
        tmp_path,
        an_insats("a, b", municipalities=["1480"], requires={"levels": {"mod": 4}, "insatser": []}),
        an_insats("c", type="social", requires={"levels": {}, "insatser": ["a, b"]}),
    )
    mock.write(tmp_path / "out", 300, 5, catalogue=catalogue, instrument=instrument)
    tables, truth = profile.read(tmp_path / "out"), Truth.read(tmp_path / "out" / "truth")
    answers = tables["measurements"]
    asked = set(zip(answers["respondent"], answers["indicator"], strict=True))
    assert asked == {("klient", "mod"), ("klient", "lugn"), ("handläggare", "mod"), ("handläggare", "hopp")}
    assert answers["value"].min() == 0
    assert answers["value"].max() == 10
    assert truth.indicators == ("mod", "lugn")
    assert set(tables["clients"]["municipality"]) == {1480}
    assert set(tables["participations"]["insats_id"]) == {"a, b", "c"}
    assert frictionless.validate(tmp_path / "out" / "datapackage.json").valid


def test_a_catalogue_for_another_instrument_is_refused(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path, an_insats("a", requires={"levels": {"mod": 4}, "insatser": []}))
    with pytest.raises(FaultyCatalogue, match=r"a, field requires\.levels\.mod"):
        mock.write(tmp_path / "out", 20, 5, catalogue=catalogue)
    assert not (tmp_path / "out").exists()


# --- what the data look like ---


def test_answers_look_like_what_is_known_of_them(shipped: dict[str, pd.DataFrame]) -> None:
    answers = profile.of_answers(shipped["measurements"])
    by_question = answers.drop(index="handlaggartilltro", level="indicator")
    levels = by_question["mean"].groupby("indicator").mean()
    assert levels.between(2.35, 3.25).all()
    assert set(levels.nsmallest(2).index) == {"jobbsokning", "tro_pa_jobb"}
    assert levels.drop("framtoning").idxmax() == "samarbete"
    assert by_question["sd"].between(0.9, 1.1).all()
    assert by_question["retest"].between(0.55, 0.68).all()
    assert 0.05 <= by_question["change"].mean() <= 0.15
    assert by_question["change_sd"].between(0.75, 0.9).all()
    assert by_question["unchanged"].between(0.44, 0.55).all()
    assert ("klient", "framtoning") not in answers.index
    assert ("klient", "handlaggartilltro") not in answers.index


def test_the_flow_of_people_looks_like_what_is_known_of_it(shipped: dict[str, pd.DataFrame]) -> None:
    known = profile.of_package(shipped)
    assert 2.7 <= known["measurements per client"] <= 3.1
    assert known["days between measurements, median"] == pytest.approx(91, abs=3)
    assert 0.25 <= known["lost per wave"] <= 0.30
    assert 0.02 <= known["into work per quarter"] <= 0.04
    assert 0.1 <= known["handläggare below klient, steps"] <= 0.3
    assert 1.3 <= known["insatser per episode"] <= 1.6
    assert 0.20 <= known["episodes without insats"] <= 0.30


def test_people_in_early_phases_have_rows_to_hold_back(shipped: dict[str, pd.DataFrame]) -> None:
    clients = shipped["clients"]
    assert set(clients["case_phase"]) == set(cases.CASE_PHASES)
    early = clients.loc[clients["case_phase"].isin(cases.HELD_BACK), "client_id"]
    assert shipped["measurements"]["client_id"].isin(early).any()


def test_nobody_is_measured_or_active_after_leaving(shipped: dict[str, pd.DataFrame]) -> None:
    left = shipped["outcomes"].groupby("client_id")["observed_on"].min()
    measured = shipped["measurements"].merge(left, on="client_id")
    assert (measured["measured_on"] <= measured["observed_on"]).all()
    active = shipped["participations"].merge(left, on="client_id")
    assert (active["ended_on"] <= active["observed_on"]).all()


def test_participations_keep_the_catalogues_rules(shipped: dict[str, pd.DataFrame]) -> None:
    catalogue = catalogues.read(SHIPPED / "catalogue.json")
    rows = shipped["participations"].merge(shipped["clients"], on="client_id")
    for id, of_insats in rows.groupby("insats_id"):
        insats = catalogue.by_id[id]
        hours = of_insats["hours_per_week"]
        assert hours.between(insats.hours_per_week.min, insats.hours_per_week.max).all()
        if insats.municipalities:
            assert of_insats["municipality"].isin([int(code) for code in insats.municipalities]).all()
        if insats.income_sources:
            assert of_insats["income_source"].isin(insats.income_sources).all()


def test_insatser_that_exclude_each_other_do_not_overlap(shipped: dict[str, pd.DataFrame]) -> None:
    catalogue = catalogues.read(SHIPPED / "catalogue.json")
    rows = shipped["participations"]
    rows = rows.assign(ended_on=rows["ended_on"].fillna(pd.Timestamp("2100-01-01")))
    both = rows.merge(rows, on="client_id", suffixes=("", "_other"))
    both = both[both["started_on"] < both["started_on_other"]]
    over = both[both["started_on_other"] < both["ended_on"]]
    assert len(over) > 500
    assert not any(
        other == id or other in catalogue.excluded_by(id)
        for id, other in zip(over["insats_id"], over["insats_id_other"], strict=True)
    )


# --- the truth ---


def test_without_effects_the_truth_is_zero(folders: dict[str, Path]) -> None:
    truth = Truth.read(folders["none"] / "truth")
    gains = gains_of_some(truth, 2.5)
    assert not gains.alone.any()
    assert not gains.beside.any()
    assert not truth.lost_in_gap(np.full((1, len(truth.indicators)), 2.5)).any()


@pytest.mark.parametrize("shape", ["smooth", "threshold", "same"])
def test_set_points_move_by_what_the_truth_says(folders: dict[str, Path], shape: str) -> None:
    cut, truth, _ = what_happened(folders[shape])
    before, after = (latent(cut, truth.setpoints, truth, column) for column in ("started_on", "ended_on"))
    active = (cut.doses.to_numpy() > 0).any(axis=1)
    expected, moved = true_changes(cut, truth), after - before
    inside = (after > 1.01) & (after < 4.99)
    # Time without any insats is lost ground besides, so an episode moves at most as far as its mix gives.
    lost = truth.lost_in_gap(before) * cut.spans["quarters"].to_numpy()[:, None]
    rows = inside & active[:, None]
    assert ((moved - expected)[rows] < 0.06).mean() > 0.99
    assert ((moved - expected + lost)[rows] > -0.06).mean() > 0.99
    assert moved[inside & ~active[:, None]] == pytest.approx(-lost[inside & ~active[:, None]], abs=0.02)


@pytest.mark.parametrize("shape", ["smooth", "threshold", "same"])
def test_an_oracle_that_sees_levels_recovers_the_truth(folders: dict[str, Path], shape: str) -> None:
    cut, truth, _ = what_happened(folders[shape])
    level, later = (latent(cut, truth.levels, truth, column) for column in ("started_on", "ended_on"))
    off = level - latent(cut, truth.setpoints, truth, "started_on")
    active = (cut.doses.to_numpy() > 0).any(axis=1)
    given = true_changes(cut, truth)
    columns = [given, off, level, np.ones_like(given), np.broadcast_to(active[:, None], given.shape)]
    slope = np.linalg.lstsq(np.stack([c.ravel() for c in columns], axis=1), (later - level).ravel())[0][0]
    assert slope == pytest.approx(1.0, abs=0.15)


def test_the_choice_of_insatser_is_confounded(folders: dict[str, Path]) -> None:
    """Nothing works here, and yet people in job-oriented insatser seem to lose by them, and others to gain."""
    cut, truth, types = what_happened(folders["none"])
    change = cut.changes.mean(axis=1).to_numpy()
    level = latent(cut, truth.levels, truth, "started_on").mean(axis=1)
    doses = cut.doses[list(truth.insatser)].to_numpy()
    in_job, in_health = (doses[:, types == kind].sum(axis=1) > 0 for kind in ("jobb", "hälsa"))
    assert level[in_job].mean() - level[~in_job].mean() > 0.2
    assert level[in_health].mean() - level[~in_health].mean() < -0.2
    assert np.nanmean(change[in_job]) - np.nanmean(change[~in_job]) < -0.015
    assert np.nanmean(change[in_health]) - np.nanmean(change[~in_health]) > 0.01


def test_weeks_without_any_insats_lose_ground(folders: dict[str, Path]) -> None:
    cut, truth, _ = what_happened(folders["smooth"])
    change = latent(cut, truth.levels, truth, "ended_on") - latent(cut, truth.levels, truth, "started_on")
    active = (cut.doses.to_numpy() > 0).any(axis=1)
    assert change[active].mean() - change[~active].mean() > 0.05


def test_other_types_work_mostly_beside_a_job_oriented_one(folders: dict[str, Path]) -> None:
    truth, catalogue = Truth.read(folders["smooth"] / "truth"), catalogues.read(folders["smooth"] / "catalogue.json")
    gains, job = gains_of_some(truth, 2.5), np.array([insats.type == "jobb" for insats in catalogue.insatser])
    assert not gains.beside[:, job].any()
    assert 0.35 * gains.beside[:, ~job] == pytest.approx(0.65 * gains.alone[:, ~job])


@pytest.mark.parametrize("shape", ["smooth", "threshold"])
def test_nothing_is_gained_at_the_ceiling(folders: dict[str, Path], shape: str) -> None:
    truth = Truth.read(folders[shape] / "truth")
    low, high, top = (gains_of_some(truth, setpoint).alone for setpoint in (2.0, 4.0, 5.0))
    helpful = low.sum(axis=(0, 2)) > 0
    assert (top <= 0).all()
    assert (high[:, helpful].mean(axis=0) < low[:, helpful].mean(axis=0)).all()


def test_shapes_differ_in_how_people_differ(folders: dict[str, Path]) -> None:
    smooth, threshold = (gains_of_some(Truth.read(folders[s] / "truth"), 2.5).alone for s in ("smooth", "threshold"))
    kinds = [
        [len(np.unique(np.round(gains[:, k, 0], 9))) for k in range(gains.shape[1])] for gains in (smooth, threshold)
    ]
    assert min(kinds[0]) > 20
    assert set(kinds[1]) == {2}


def test_where_effects_are_the_same_nothing_but_the_ends_of_the_scale_sets_people_apart(
    folders: dict[str, Path],
) -> None:
    truth = Truth.read(folders["same"] / "truth")
    low, high, top = (gains_of_some(truth, setpoint).alone for setpoint in (1.5, 4.9, 5.0))
    assert (low == truth.effects.full * truth.effects.alone_share[:, None]).all()
    assert (high == low).all()
    assert (top == np.minimum(low, 0)).all()


def test_about_one_insats_in_ten_does_slight_harm(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path, *(an_insats(f"i{number}") for number in range(200)))
    mock.write(tmp_path / "out", 1, 3, catalogue=catalogue)
    total = gains_of_some(Truth.read(tmp_path / "out" / "truth"), 2.5).alone.mean(axis=0).sum(axis=1)
    assert 0.05 <= (total < 0).mean() <= 0.16
    assert total.min() > -1


def test_effects_do_not_hang_on_how_many_people_there_are(tmp_path: Path) -> None:
    mock.write(tmp_path / "few", 10, 5)
    mock.write(tmp_path / "more", 40, 5)
    few, more = (Truth.read(tmp_path / name / "truth").effects for name in ("few", "more"))
    assert (few.full == more.full).all()
    assert (few.coefficients == more.coefficients).all()


def test_a_measurement_that_is_not_there_has_no_truth(folders: dict[str, Path]) -> None:
    truth = Truth.read(folders["smooth"] / "truth")
    with pytest.raises(ValueError, match="no such measurement"):
        truth.gains(["MOCK-000001"], ["1999-01-01"])


# --- cases for the desk ---


def shipped_cases() -> list[cases.Case]:
    raw = json.loads((SHIPPED / "cases.json").read_text(encoding="utf-8"))
    return [cases.shape(case, instruments.read()) for case in raw]


def test_cases_show_different_things() -> None:
    some = shipped_cases()
    assert [case.case_id for case in some] == [f"fall-{number:04d}" for number in range(1, 13)]
    assert (some[1].profile, some[1].participations, some[1].limits) == (cases.Profile(), (), cases.Limits())
    assert all((some[2].wishes.prefer, some[2].wishes.avoid, some[2].wishes.require))
    assert some[3].limits.hours_per_week == 8
    assert some[4].limits.budget
    assert some[5].goal.weights
    assert some[5].goal.targets
    assert any(part.runs_on(some[6].as_of) for part in some[6].participations)
    assert 0 < len(some[7].levels()) < len(instruments.read().ranking)
    assert not some[8].measurements
    assert len({answer.measured_on for answer in some[9].measurements}) == 1
    assert len({case.profile.municipality for case in some} - {None}) >= 3


def test_cases_know_nothing_of_the_future() -> None:
    for case in shipped_cases():
        dates = [answer.measured_on for answer in case.measurements]
        dates += [part.ended_on or part.started_on for part in case.participations]
        assert all(day < case.as_of for day in dates)


def test_cases_are_not_among_the_clients(shipped: dict[str, pd.DataFrame]) -> None:
    clients, rows = shipped["clients"], shipped["measurements"]
    firsts = rows.groupby("client_id")["measured_on"].min()
    profiles = set(
        zip(
            clients["birth_year"],
            clients["months_without_work"],
            clients["client_id"].map(firsts).dt.date,
            clients["health_codes"].fillna(""),
            strict=True,
        )
    )
    for case in shipped_cases():
        if case.profile.birth_year and case.measurements:
            who = case.profile
            first = min(answer.measured_on for answer in case.measurements)
            assert (who.birth_year, who.months_without_work, first, "|".join(who.health_codes or ())) not in profiles


def test_cases_are_made_for_any_catalogue(tmp_path: Path) -> None:
    mock.write(tmp_path / "out", 1, 3, catalogue=a_catalogue(tmp_path, an_insats("bara")))
    raw = json.loads((tmp_path / "out" / "cases.json").read_text(encoding="utf-8"))
    assert len([cases.shape(case, instruments.read()) for case in raw]) == 12
