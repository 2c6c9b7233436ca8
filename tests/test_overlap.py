"""The right to speak: too few, or nobody like this client, and the model is silent."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pathway import casefile, features, modelfolder, overlap, shipped
from pathway.evaluation import Resampled
from pathway.overlap import FEWEST_CLIENTS, Comparable, NoOverlap


@pytest.fixture(scope="module")
def x(small_model):
    _, case = next(casefile.read(shipped.cases(), small_model.instrument))
    return features.of_case(case, small_model.insatser, small_model.instrument)


def test_every_insats_of_the_model_is_judged(small_model, x):
    judged = overlap.judge(small_model.gains, small_model.support, x)
    assert set(judged) == set(small_model.gains.insatser_)


def test_one_person_too_few_is_too_few(small_model, x):
    insats = next(id for id, n in small_model.support.n_clients.items() if n > FEWEST_CLIENTS)

    def had_by(n):
        expected = {**small_model.support.least_expected_dose, insats: float("-inf")}
        support = dataclasses.replace(
            small_model.support,
            n_clients={**small_model.support.n_clients, insats: n},
            least_expected_dose=expected,
        )
        return overlap.judge(small_model.gains, support, x)[insats]

    assert had_by(FEWEST_CLIENTS - 1) == NoOverlap("few", FEWEST_CLIENTS - 1)
    assert isinstance(had_by(FEWEST_CLIENTS), Comparable)


def test_somebody_unlike_all_who_took_part_is_not_spoken_of(small_model, x):
    insats = max(small_model.support.n_clients, key=lambda id: small_model.support.n_clients[id])
    expected = small_model.gains.predict_dose(x)[0, small_model.gains.insatser_.index(insats)]
    for least, verdict in ((expected - 1e-9, Comparable), (expected + 1e-9, NoOverlap)):
        support = dataclasses.replace(
            small_model.support, least_expected_dose={**small_model.support.least_expected_dose, insats: least}
        )
        assert isinstance(overlap.judge(small_model.gains, support, x)[insats], verdict)


def test_nearly_all_who_took_part_are_comparable_to_themselves(small_model, small_register):
    from pathway import instrument
    from pathway.episodes import Insatser
    from pathway.training import River

    river = River(small_register.tables(), Insatser(**vars(small_model.insatser)), instrument.read())
    expected = pd.DataFrame(small_model.gains.predict_dose(river.X), columns=small_model.gains.insatser_)
    for insats, n in small_model.support.n_clients.items():
        if n >= FEWEST_CLIENTS:
            had = river.episodes.doses[insats] > 0
            like = expected.loc[had, insats] >= small_model.support.least_expected_dose[insats]
            assert 0.9 <= like.mean() <= 1.0


def settled(share, n_clients, rows=400, less=0.5):
    """Settle limits where each insats shows a share of what is expected of it, with some chance."""
    rng = np.random.default_rng(0)
    squares = rng.uniform(0.5, 1.0, (rows, len(n_clients)))
    products = squares * (np.asarray(share) + rng.normal(0, 0.3, squares.shape))
    likeness = np.broadcast_to(less, squares.shape)
    return overlap.settle(products, squares, likeness, np.array(n_clients), Resampled.of(np.arange(rows) // 2, 0))


def test_limits_stay_where_gains_show():
    limits = settled([1.0, 0.9, 1.1], [4, 15, 300])
    assert (limits.fewest_clients, limits.unlike_below) == (FEWEST_CLIENTS, overlap.UNLIKE_BELOW)


def test_the_model_falls_silent_about_as_few_people_as_gains_do_not_show_for():
    assert settled([1.0, 0.0, 1.0], [4, 15, 300]).fewest_clients == 20
    assert settled([1.0, 0.0, 0.1, 1.0], [4, 15, 60, 300]).fewest_clients == 80


def test_people_below_the_first_limit_never_move_it():
    assert settled([0.0, 1.0], [4, 300]).fewest_clients == FEWEST_CLIENTS


def test_the_model_falls_silent_about_people_so_unlike_that_gains_do_not_show_for_them():
    unlike = np.arange(400)[:, None] < 200
    share = np.where(unlike, 0.1, 1.0) * np.ones((400, 2))
    limits = settled(share, [100, 300], less=np.where(unlike, 0.04, 0.6))
    assert limits.unlike_below == 0.05
    assert limits.shown["by_likeness"][1]["mean"] == pytest.approx(0.1, abs=0.1)


def test_limits_stay_where_nothing_is_known():
    limits = settled([1.0], [300], less=0.9)
    assert (limits.fewest_clients, limits.unlike_below) == (FEWEST_CLIENTS, overlap.UNLIKE_BELOW)


def test_the_limits_are_kept_with_the_model_and_told_on_the_card(small_model, tmp_path):
    raised = dataclasses.replace(small_model, support=dataclasses.replace(small_model.support, fewest_clients=20))
    modelfolder.write(raised, tmp_path / "model")
    assert modelfolder.read(tmp_path / "model").support == raised.support
    assert "fewer than 20 people" in (tmp_path / "model" / "card.md").read_text(encoding="utf-8")
