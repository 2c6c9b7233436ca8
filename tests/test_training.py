"""The learning river, walked on a small mock register."""

import dataclasses

import pytest

from pathway import instrument, training
from pathway.episodes import Insatser
from pathway.errors import Mismatch, TooLittleData
from pathway.evaluation import BASELINES, MODEL

BIP = instrument.read()


def test_whole_clients_are_held_out(small_register, small_catalogue):
    river = training.River(small_register.tables(), Insatser.of(small_catalogue), BIP)
    clients = river.episodes.spans["client_id"].to_numpy()
    for train, test in river.folds(seed=0):
        assert not set(clients[train]) & set(clients[test])


def test_the_evaluation_has_all_baselines_and_their_intervals(small_model):
    evaluation = small_model.evaluation
    assert set(evaluation["rmse"]) == {MODEL, *BASELINES}
    for skill in evaluation["skill"].values():
        assert skill["low"] <= skill["mean"] <= skill["high"]


def test_the_model_foretells_change_better_than_every_baseline(small_model):
    assert all(skill["low"] > 0 for skill in small_model.evaluation["skill"].values())


def test_intervals_of_levels_hold_what_they_say_for_held_out_clients(small_model):
    assert 0.86 <= small_model.evaluation["coverage_of_90"] <= 0.94


def test_based_on_counts_participations_the_model_learned_from(small_register, small_model):
    tables = small_register.tables()
    had = tables.participations.groupby("insats_id").size()
    for insats, n in small_model.support.n_participations.items():
        assert n <= had.get(insats, 0)
    assert sum(small_model.support.n_participations.values()) > 0


class Fewer:
    """A register cut down to some of its clients."""

    def __init__(self, register, n_clients):
        self.register, self.n_clients = register, n_clients

    def imports(self):
        return self.register.imports()

    def version(self):
        return "cut"

    mock = True

    def tables(self):
        tables = self.register.tables()
        kept = tables.clients["client_id"].head(self.n_clients)
        return dataclasses.replace(
            tables,
            **{
                field.name: getattr(tables, field.name).pipe(lambda rows: rows[rows["client_id"].isin(kept)])
                for field in dataclasses.fields(tables)
            },
        )


def test_too_few_clients_are_refused_with_the_number_needed(small_register, small_catalogue):
    with pytest.raises(TooLittleData, match="at least 50 are needed"):
        training.train(Fewer(small_register, 20), small_catalogue, BIP)


def test_a_catalogue_of_other_insatser_is_refused(small_register, small_catalogue):
    renamed = tuple(
        dataclasses.replace(one, id=f"X-{one.id}", requires=type(one.requires)(), excludes=())
        for one in small_catalogue.insatser
    )
    with pytest.raises(Mismatch, match="no insats of the register is in the catalogue"):
        training.train(small_register, dataclasses.replace(small_catalogue, insatser=renamed), BIP)


def test_another_instrument_than_the_registers_is_refused(small_register, small_catalogue):
    with pytest.raises(Mismatch, match="was filled with the instrument bip-2026-1"):
        training.train(small_register, small_catalogue, dataclasses.replace(BIP, version="2030-1"))
