"""The right to speak: too few, or nobody like this client, and the model is silent."""

import dataclasses

import pandas as pd
import pytest

from pathway import casefile, features, overlap, shipped
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
    from pathway.training import _River

    river = _River(small_register.tables(), Insatser(**vars(small_model.insatser)), instrument.read())
    expected = pd.DataFrame(small_model.gains.predict_dose(river.X), columns=small_model.gains.insatser_)
    for insats, n in small_model.support.n_clients.items():
        if n >= FEWEST_CLIENTS:
            had = river.episodes.doses[insats] > 0
            like = expected.loc[had, insats] >= small_model.support.least_expected_dose[insats]
            assert 0.9 <= like.mean() <= 1.0
