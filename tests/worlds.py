"""Fixtures of the whole way: a small mock register and the model trained on it, and the same of what is shipped."""

from datetime import UTC, date, datetime

import pytest

from pathway import catalogue, instrument, intake, mock, modelfolder, pseudonym, register, shipped, training
from pathway.suggestion import Desk

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
N_CLIENTS = 500


def registered(package, folder):
    """Import a package with the public key of mock data."""
    key = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY})
    intake.take_in(package, str(folder), key, instrument.read(), TODAY)
    return register.open(str(folder))


@pytest.fixture(scope="session")
def small_catalogue():
    return catalogue.read(shipped.catalogue())


@pytest.fixture(scope="session")
def small_package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mock") / "package"
    mock.write(folder, N_CLIENTS, 11)
    return folder


@pytest.fixture(scope="session")
def small_register(small_package, tmp_path_factory):
    return registered(small_package, tmp_path_factory.mktemp("small") / "register")


@pytest.fixture(scope="session")
def small_model(small_register, small_catalogue):
    return training.train(small_register, small_catalogue, instrument.read(), seed=0)


@pytest.fixture(scope="session")
def shipped_model():
    return modelfolder.read(shipped.model())


@pytest.fixture(scope="session")
def desk(shipped_model, small_catalogue):
    return Desk(shipped_model, small_catalogue)
