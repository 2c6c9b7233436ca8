"""Models kept, compared and released: nothing of anybody goes along, and no gate is passed by mistake."""

import dataclasses
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from pathway import apart, casefile, cli, features, instrument, modelcommands, modelfolder, shipped, training
from pathway.comparison import between, charts, gates, measures, reasons, tuning
from pathway.comparison.looker import Looker
from pathway.comparison.release import release
from pathway.effects import GainModel
from pathway.episodes import Insatser
from pathway.errors import FaultyModelFolder, NoKey, ReleaseRefused, TrackingUnavailable, UnreadableFile
from pathway.evaluation import BASELINES, MODEL, HeldOut
from pathway.modelfolder import signature
from pathway.modelfolder.tracking import Store
from pathway.suggestion import Desk
from tests.worlds import NOW

BIP = instrument.read()


def with_evaluation(model, **changed):
    return dataclasses.replace(model, evaluation=model.evaluation | changed)


def worse(model, by=0.1):
    """Take skill away from a model."""
    skill = {name: {end: value - by for end, value in one.items()} for name, one in model.evaluation["skill"].items()}
    return with_evaluation(model, skill=skill)


def silent_on(model, insatser):
    n_clients = model.support.n_clients | dict.fromkeys(insatser, 0)
    return dataclasses.replace(model, support=dataclasses.replace(model.support, n_clients=n_clients))


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A store with nothing in it: its tables take seconds to make, a copy none."""
    folder = tmp_path_factory.mktemp("empty") / "models"
    assert Store(folder).versions() == ()
    return folder


@pytest.fixture
def new(empty, tmp_path):
    return Path(shutil.copytree(empty, tmp_path / "models"))


@pytest.fixture(scope="module")
def place(empty, small_model, small_register, tmp_path_factory):
    """A store with the small model kept in it as the command does."""
    folder = Path(shutil.copytree(empty, tmp_path_factory.mktemp("kept") / "models"))
    modelcommands.keep(small_model, small_register, "", str(folder))
    return folder


@pytest.fixture
def key(tmp_path):
    signature.make_key(tmp_path / "key.pem")
    return tmp_path / "key.pem"


# Kept


def test_a_training_is_kept_with_parameters_figures_plots_lineage_and_the_model(place, small_model, small_register):
    store = Store(place)
    kept = store.find("@candidate")
    assert (kept.model_version, kept.register_version) == (small_model.version, small_register.version())
    run = store._client.get_run(store._client.get_model_version("pathway-gains", "1").run_id)
    assert run.data.params["n_trees"] == "100"
    assert run.data.params["tuned_on"] == "nobody"
    for figure in ("skill over start level only", "skill over start level only low", "coverage", "coverage high"):
        assert run.data.metrics[figure] == pytest.approx(measures.flat(small_model)[figure])
    assert any(name.startswith("group gender kvinna") for name in run.data.metrics)
    for figure in ("error of model", "error in tro_pa_jobb", "coverage in tro_pa_jobb"):
        low, mean, high = (run.data.metrics[f"{figure}{end}"] for end in (" low", "", " high"))
        assert low < mean < high, figure
    assert json.loads(run.data.tags["lineage"])["packages"][0]["package"] == small_register.imports()[0].package
    assert run.inputs.dataset_inputs[0].dataset.digest == small_register.version()
    names = {path.suffix for path in place.rglob("plots/*")}
    assert names == {".svg", ".png", ".html"}
    assert store.fetch(kept).version == small_model.version


def test_nothing_of_anybody_is_kept_and_nothing_is_a_pickle(place, small_register):
    tables = small_register.tables()
    persons = [id.encode() for id in tables.clients["client_id"]]
    raters = [id.encode() for id in tables.measurements["respondent_id"].unique() if id]
    files = [path for path in place.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".txt", ".md", ".svg", ".png", ".html", ".sqlite"}
    content = b"\n".join(path.read_bytes() for path in files)
    assert [id for id in persons + raters if id in content] == []
    assert not re.search(rb"feature_infos=.*\[", content)
    days = {
        day.decode()
        for path in files
        if path.suffix != ".sqlite"
        for day in re.findall(rb"\b20\d\d-\d\d-\d\d\b", path.read_bytes())
    }
    assert len(days) <= 2  # of the first and the last measurement
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_plots_need_no_network_and_no_script(place):
    page = next(place.rglob("plots/all.html")).read_text(encoding="utf-8")
    assert page.count("<svg") >= 5
    assert not re.search(r"<script|https?://(?!www\.w3\.org/)", page)


def test_the_newest_is_the_candidate_and_the_champion_stays(small_model, new):
    store = Store(new)
    first = store.keep(small_model, {"one": 1.0})
    store.crown(first)
    second = store.keep(small_model, {"one": 2.0})
    assert (first.number, second.number) == (1, 2)
    assert [one.aliases for one in store.versions()] == [("candidate",), ("champion",)]
    assert store.champion().number == 1


def test_a_kept_model_that_was_altered_is_not_read(small_model, new):
    store = Store(new)
    kept = store.keep(small_model, {})
    path = next(new.rglob("gains.json"))
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(FaultyModelFolder, match="altered"):
        store.fetch(kept)


@pytest.mark.parametrize("where", ["http://anna:hemligt@127.0.0.1:9", "nonsense://x:hemligt@y"])
def test_a_place_that_cannot_be_reached_is_named_without_its_password(where):
    with pytest.raises(TrackingUnavailable) as told:
        Store(where).versions()
    assert "hemligt" not in str(told.value)
    assert "check --track" in str(told.value)


# Compared


def test_what_moves_gains_is_told_for_every_modifier_strongest_first(small_model):
    told = reasons.of_model(small_model)
    assert {one.feature for one in told} >= set(features.MODIFIERS) - {"pain_health"}
    assert [one.strength for one in told] == sorted((one.strength for one in told), reverse=True)
    assert all(abs(one.steps) <= one.strength + 1e-12 for one in told)


def test_a_model_beside_itself_shows_no_difference(small_model):
    assert all(one.errors == 0 for one in between.figures(small_model, small_model))
    told = "\n".join(between.lines(small_model, small_model))
    assert small_model.version in told
    assert "FAIL" not in told


def test_a_model_that_cannot_speak_of_a_beginning_begins_otherwise_and_the_cost_is_told(small_model, small_catalogue):
    desk = Desk(small_model, small_catalogue)
    case = next(case for _, case in casefile.read(shipped.cases(), BIP) if desk.suggest(case, NOW).plans)
    own = desk.suggest(case, NOW)
    begins = {one.insats_id for one in between._begins(own)}
    other = Desk(silent_on(small_model, begins), small_catalogue)
    told = between.on_cases(desk, other, [case], NOW)
    assert told.n_cases == 1
    assert set(told.differing[0].first) == begins
    assert not set(told.differing[0].second) & begins
    assert told.differing[0].costs_by_first >= 0
    assert told.differing[0].costs_by_second is None, "the other says nothing of the first's beginning"
    assert told.means[1] <= told.means[0]
    assert case.case_id in "\n".join(between.lines(small_model, other.model, told))
    worst = max((one for one in own.not_chosen if one.loss is not None), key=lambda one: one.loss)
    all_hours = case.limits.hours_per_week
    badly = dataclasses.replace(between._begins(own)[0], insats_id=worst.insats_id, hours_per_week=all_hours)
    assert between._cost(desk, case, own, (badly,), NOW) > 0, "what gives least, all hours long, takes from the plan"
    assert between._cost(desk, case, own, (), NOW) is None


# Gates


def shut(model, champion=None):
    return {gate.name: gate.faults for gate in gates.try_all(model, champion) if not gate.open}


def test_a_sound_model_passes_every_gate_alone_and_beside_itself(shipped_sound):
    assert shut(shipped_sound) == {}
    assert shut(shipped_sound, shipped_sound) == {}


@pytest.fixture
def shipped_sound(small_model):
    """The small model, with what 500 clients are too few for made sound."""
    return with_evaluation(
        small_model,
        coverage_of_90=0.9,
        coverage_of_90_by_indicator=dict.fromkeys(small_model.instrument.ranking, 0.9),
    )


def test_a_model_worse_than_the_champion_beyond_noise_is_stopped(shipped_sound):
    assert list(shut(worse(shipped_sound), shipped_sound)) == ["not worse than the champion"]
    assert shut(worse(shipped_sound, by=0.004), shipped_sound) == {}


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"coverage_of_90": 0.80}, "coverage"),
        ({"coverage_of_90": 0.97}, "coverage"),
        ({"gain_shown_per_step_expected": {"mean": 0.4, "low": 0.3, "high": 0.5}}, "gains not told too large"),
        ({"kept_apart": {"touched": True}}, "test data untouched"),
        ({"kept_apart": {}}, "test data untouched"),
        ({"subgroups": {}}, "no group of people harmed"),
    ],
)
def test_each_fault_shuts_its_own_gate(shipped_sound, changed, gate):
    assert list(shut(with_evaluation(shipped_sound, **changed))) == [gate]


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("coverage_of_90", {"mean": 0.70, "low": 0.68, "high": 0.72}),
        ("beyond", {"mean": -0.30, "low": -0.32, "high": -0.28}),
        ("beyond", {"mean": 0.30, "low": 0.28, "high": 0.32}),
        ("error", {"mean": 0.90, "low": 0.88, "high": 0.92}),
    ],
)
def test_a_group_that_is_harmed_is_named(shipped_sound, figure, value):
    groups = shipped_sound.evaluation["subgroups"]
    harmed = groups | {"gender": groups["gender"] | {"kvinna": groups["gender"]["kvinna"] | {figure: value}}}
    faults = shut(with_evaluation(shipped_sound, subgroups=harmed), shipped_sound)["no group of people harmed"]
    assert len(faults) == 1
    assert faults[0].startswith("gender: kvinna: ")


def test_a_feature_without_an_entry_in_the_dictionary_is_named(shipped_sound):
    plain = shipped_sound.gains.plain()
    encoding = plain["encoding"] | {
        "columns": [
            one | {"name": "shoe_size"} if one["name"] == "quarters" else one for one in plain["encoding"]["columns"]
        ]
    }
    trees = [booster.model_to_string() for booster in shipped_sound.gains.without_]
    odd = dataclasses.replace(shipped_sound, gains=GainModel.from_plain(plain | {"encoding": encoding}, trees))
    assert shut(odd)["every feature readable"][0].startswith("shoe_size ")


def test_parameters_chosen_without_the_clients_kept_apart_are_no_fault_others_are(small_register):
    clients = sorted(small_register.tables().clients["client_id"])
    kept = apart.kept(clients)
    assert 0.18 < kept.mean() < 0.32
    assert (apart.kept(clients[::-1]) == kept[::-1]).all()
    assert apart.learnt_with(clients) == apart.digest([c for c, out in zip(clients, kept, strict=True) if not out])
    assert apart.learnt_with(clients) != apart.digest(clients)


def a_held_out(clients):
    """Build changes that a model foretells well, two rows a client."""
    rows = np.repeat(clients, 2)
    observed = np.random.default_rng(0).normal(size=(len(rows), 2))
    predicted = {name: np.zeros_like(observed) for name in BASELINES} | {MODEL: observed * 0.9}
    return HeldOut(predicted, observed * 0.1, observed, np.ones_like(observed), rows, ("one", "two"))


@pytest.mark.parametrize(
    ("recipe", "touched"),
    [
        (training.Recipe(), False),
        (training.Recipe(n_folds=8), True),  # nobody says on whom it was chosen
        (training.Recipe(n_folds=8, tuned_on="of the others"), False),
        (training.Recipe(tuned_on="of others yet"), True),
    ],
)
def test_training_tells_whether_clients_kept_apart_were_looked_at(recipe, touched):
    clients = np.array([f"person {number}" for number in range(60)])
    if recipe.tuned_on == "of the others":
        recipe = dataclasses.replace(recipe, tuned_on=apart.learnt_with(clients))
    told = training._kept_apart(a_held_out(clients), recipe, seed=0)
    assert told["touched"] is touched
    assert told["n_clients"] == apart.kept(clients).sum()
    assert told["skill"]["no change"]["mean"] > 0.9


def test_a_search_never_looks_at_clients_kept_apart_and_signs_what_it_found(small_register, small_catalogue):
    tuned = tuning.search(small_register, small_catalogue, BIP, n_trials=2, seed=0)
    river = training.River(small_register.tables(), Insatser.of(small_catalogue), BIP)
    river.weigh(0)
    looker = Looker(river, 0)
    clients = river.episodes.spans["client_id"].astype(str).to_numpy()
    assert not apart.kept(clients[np.concatenate([looker.train, looker.test])]).any()
    assert not set(clients[looker.train]) & set(clients[looker.test])
    assert tuned.recipe.tuned_on == apart.learnt_with(clients)
    assert set(tuned.recipe.modifiers) <= set(features.MODIFIERS)
    assert len(tuned.trials) == 2


def test_a_modifier_that_may_never_change_a_gain_is_no_recipe():
    with pytest.raises(ValueError, match="swedish_level"):
        training.Recipe(modifiers=("swedish_level",))


# Released


def test_a_release_is_a_model_folder_signed_and_whole(shipped_sound, key, tmp_path):
    signer = signature.Signer.of_file(key)
    done = release(shipped_sound, None, tmp_path / "out", signer, NOW)
    assert modelfolder.read(tmp_path / "out").version == shipped_sound.version == done.version
    told = signature.verify(tmp_path / "out", signer.public_key)
    assert told["released_at"] == NOW.isoformat()
    assert all(gate["open"] for gate in told["gates"])
    assert repr(signer) == f"Signer({signer.public_key})"


@pytest.mark.parametrize(
    "name", ["release.json", "manifest.json", "gains.json", "signature.json", "course/natverk.txt"]
)
def test_an_altered_release_is_found(shipped_sound, key, tmp_path, name):
    signer = signature.Signer.of_file(key)
    release(shipped_sound, None, tmp_path / "out", signer, NOW)
    path = tmp_path / "out" / name
    path.write_text(path.read_text(encoding="utf-8").replace("0", "1"), encoding="utf-8")
    with pytest.raises(FaultyModelFolder):
        signature.verify(tmp_path / "out", signer.public_key)


def test_a_release_by_another_key_is_refused(shipped_sound, key, tmp_path):
    release(shipped_sound, None, tmp_path / "out", signature.Signer.of_file(key), NOW)
    other = signature.make_key(tmp_path / "other.pem")
    with pytest.raises(FaultyModelFolder, match="not released with this key"):
        signature.verify(tmp_path / "out", other.public_key)


def test_a_refused_release_writes_nothing(shipped_sound, key, tmp_path):
    with pytest.raises(ReleaseRefused, match="not worse than the champion: skill is"):
        release(worse(shipped_sound), shipped_sound, tmp_path / "out", signature.Signer.of_file(key), NOW)
    assert not (tmp_path / "out").exists()


def test_without_a_key_nothing_is_signed_and_no_key_is_overwritten(key, tmp_path, monkeypatch):
    monkeypatch.delenv(signature.KEY_FILE, raising=False)
    with pytest.raises(NoKey, match="pathway model key"):
        signature.Signer.of_file()
    (tmp_path / "text").write_text("no key")
    with pytest.raises(NoKey, match="no Ed25519"):
        signature.Signer.of_file(tmp_path / "text")
    with pytest.raises(UnreadableFile, match="never overwritten"):
        signature.make_key(key)
    assert key.stat().st_mode & 0o077 == 0


# By command


def run(*arguments):
    return cli.main([str(argument) for argument in arguments])


def test_list_compare_release_and_verify_work_by_command(shipped_sound, key, new, tmp_path, capsys):
    store = Store(new)
    store.keep(shipped_sound, measures.flat(shipped_sound))
    assert run("model", "list", "--track", new) == 0
    assert "@candidate" in capsys.readouterr().out
    assert run("model", "release", "candidate", "--out", tmp_path / "out", "--track", new, "--key", key) == 0
    assert store.champion().number == 1
    public_key = re.search(r"--public-key (\w{64})", capsys.readouterr().out)[1]
    assert run("model", "verify", tmp_path / "out", "--public-key", public_key) == 0
    store.keep(worse(shipped_sound), {})
    assert (
        run(
            "model",
            "compare",
            tmp_path / "out",
            "@candidate",
            "--track",
            new,
            "--out",
            tmp_path / "c.json",
        )
        == 0
    )
    assert "FAIL  not worse than the champion" in capsys.readouterr().out
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["first"] == shipped_sound.version
    assert run("model", "release", "candidate", "--out", tmp_path / "new", "--track", new, "--key", key) == 2
    refused = capsys.readouterr().err.strip().splitlines()
    assert len(refused) == 1
    assert "is not released: not worse than the champion" in refused[0]
    assert store.champion().number == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list"], "say where the models are kept"),
        (["compare", "@champion", "@candidate"], "say where the models are kept"),
        (["verify", "nowhere", "--public-key", "00"], "is not a signed model folder"),
        (["compare", "nowhere", "nowhere"], "has no manifest.json"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, said, monkeypatch, capsys):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert run("model", *arguments) == 2
    assert said in capsys.readouterr().err


def test_charts_are_drawn_of_what_there_is(small_model):
    bare = with_evaluation(small_model, subgroups={})
    bare.evaluation.pop("checks")
    assert set(charts.of_model(bare)) == {"skill", "coverage", "reasons"}
    assert charts.svg(charts.of_model(bare)["coverage"]).startswith("<svg")
