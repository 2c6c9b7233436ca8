"""A synthetic twin: like the register in what it may be like, and telling of nobody more than its epsilon says."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pathway import catalogue, cli, instrument, shipped
from pathway.mock import like, marginals, parameters, profile

BIP = instrument.read()
SURE = 1e6  # an epsilon with hardly any noise, to see what is fitted


@pytest.fixture(scope="module")
def tables(small_register):
    return vars(small_register.tables())


@pytest.fixture(scope="module")
def asked(small_catalogue):
    return marginals.known(small_catalogue, BIP, parameters.read())


@pytest.fixture(scope="module")
def twin(small_register, tmp_path_factory):
    folder = tmp_path_factory.mktemp("twin") / "package"
    looked = like.write(folder, small_register, 2.0, None, seed=7)
    return folder, looked


def only(tables, clients):
    return {name: rows[rows["client_id"].isin(clients)] for name, rows in tables.items()}


# Private


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
def test_all_looks_together_cost_no_more_than_was_given(tables, asked, epsilon):
    looked = like.look(tables, asked, BIP, epsilon)
    assert len(looked.queries) == len(asked)
    assert 0.999 * epsilon < looked.epsilon <= epsilon


def test_nobody_moves_a_histogram_by_more_than_the_noise_is_made_for(tables, asked):
    """One person less changes each histogram by at most as many rows as the noise was scaled for."""
    everybody = tables["clients"]["client_id"]
    whole = like._counted(tables, asked, BIP)
    for left_out in everybody.sample(25, random_state=1):
        without = like._counted(only(tables, everybody[everybody != left_out]), asked, BIP)
        for one in asked:
            assert sum(abs(whole[one.name][bin] - without[one.name][bin]) for bin in one.bins) <= one.rows


def test_somebody_with_a_hundred_insatser_counts_no_more_than_others(tables, asked, small_catalogue):
    someone = str(tables["clients"]["client_id"].iloc[0])
    odd = pd.concat([tables["participations"].head(1)] * 100, ignore_index=True)
    odd = odd.assign(
        client_id=someone, insats_id=[small_catalogue.ids[n % len(small_catalogue.ids)] for n in range(100)]
    )
    own = like._counted(tables | {"participations": odd}, asked, BIP)
    assert sum(own["insatser"].values()) == 3


def test_bins_hang_on_catalogue_and_instrument_and_on_nobodys_values(small_catalogue, asked):
    assert marginals.known(small_catalogue, BIP, parameters.read()) == asked
    assert all(len(one.bins) == len(set(one.bins)) > 1 for one in asked)


def test_noise_is_new_each_time_and_as_large_as_is_told(tables, asked):
    first, second = (like.look(tables, asked, BIP, 0.5) for _ in range(2))
    assert first.counts != second.counts
    gender = next(query for query in first.queries if query.name == "gender")
    some = only(tables, tables["clients"]["client_id"].head(20))
    truth = like._counted(some, asked, BIP)["gender"]
    looks = [like.look(some, asked[:1], BIP, gender.epsilon).counts["gender"] for _ in range(60)]
    off = np.mean([abs(one[bin] - truth[bin]) for one in looks for bin in truth])
    assert off == pytest.approx(gender.off_by, rel=0.35)


@pytest.mark.parametrize("epsilon", [0, -1, float("nan")])
def test_an_epsilon_that_promises_nothing_is_a_mistake(tables, asked, epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        like.look(tables, asked, BIP, epsilon)


def test_no_pseudonym_is_in_a_twin(twin, tables):
    folder, _ = twin
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    assert [id for id in tables["clients"]["client_id"] if id in text] == []


# Like


def test_a_twin_is_a_mock_package_with_a_report_of_privacy_and_likeness(twin):
    folder, looked = twin
    told = json.loads((folder / "twin.json").read_text(encoding="utf-8"))
    assert told["epsilon"] == looked.epsilon <= 2.0
    assert {one["name"] for one in told["queries"]} == set(told["unlike"]) == set(looked.counts)
    assert (folder / "twin.md").read_text(encoding="utf-8").startswith("# MOCK")
    assert json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["name"] == "pathway-mock"
    assert len(profile.read(folder)["clients"]) == pytest.approx(500, abs=150)


def test_a_twin_follows_the_register_where_the_mock_world_is_another(tables, asked, small_register, tmp_path):
    """Everybody a woman over 55 with a low level of health: the twin is so, too."""
    chosen = tables["clients"].assign(gender="kvinna", birth_year=1965)
    answers = tables["measurements"]
    answers = answers.assign(value=answers["value"].where(answers["indicator"] != "halsohantering", 1.0))
    odd = tables | {"clients": chosen, "measurements": answers}

    class Odd:
        """The register as it would be, had it these rows."""

        imports = small_register.imports

        def tables(self):
            return SimpleNamespace(**odd)

    like.write(tmp_path / "odd", Odd(), SURE, 300, seed=1)
    made = profile.read(tmp_path / "odd")
    assert (made["clients"]["gender"] == "kvinna").mean() > 0.97
    age = made["clients"]["enrolled_on"].dt.year - made["clients"]["birth_year"]
    assert age.median() >= 53
    means = made["measurements"].groupby("indicator")["value"].mean()
    assert means["halsohantering"] < means.drop("halsohantering").min() - 0.3


def test_with_hardly_any_noise_a_twin_of_a_mock_register_is_much_like_it(small_register, tmp_path):
    like.write(tmp_path / "near", small_register, SURE, 500, seed=3)
    unlike = json.loads((tmp_path / "near" / "twin.json").read_text(encoding="utf-8"))["unlike"]
    near = [unlike[name] for name in ("gender", "age", "swedish_level", "months", "became", "measurements")]
    assert max(near) < 0.15
    assert np.mean([one for name, one in unlike.items() if name.startswith("level")]) < 0.12


def test_another_catalogue_makes_its_own_histograms(tables, tmp_path):
    raw = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
    few = [one | {"municipalities": [], "requires": {}, "excludes": [], "group": None} for one in raw["insatser"][:4]]
    (tmp_path / "few.json").write_text(json.dumps(raw | {"insatser": few}), encoding="utf-8")
    asked = marginals.known(catalogue.read(tmp_path / "few.json"), BIP, parameters.read())
    bins = next(one.bins for one in asked if one.name == "insatser")
    assert bins == tuple(one["id"] for one in few)
    assert like.look(tables, asked, BIP, 1.0).epsilon <= 1.0


# By command


def test_a_twin_is_made_by_command_and_needs_both_words(small_package, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATHWAY_KEY", shipped.MOCK_KEY)
    assert cli.main(["import", str(small_package), "--register", str(tmp_path / "reg")]) == 0
    assert cli.main(["mock", str(tmp_path / "twin"), "--like", str(tmp_path / "reg")]) == 2
    assert "--epsilon E" in capsys.readouterr().err
    words = ["--like", str(tmp_path / "reg"), "--epsilon", "1", "--clients", "50"]
    assert cli.main(["mock", str(tmp_path / "twin"), *words]) == 0
    assert re.search(r"epsilon 1 spent", capsys.readouterr().out)
    assert len(profile.read(tmp_path / "twin")["clients"]) == 50
