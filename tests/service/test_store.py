"""The database: brought up and down with data in it, on SQLite and PostgreSQL; sealed where it must be."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service import trail
from service.errors import FaultySetting, Unavailable, WrongDatabase
from service.store import connect, migration
from service.store.schema import META
from service.vault import Vault
from tests.service.conftest import NUMBER, House, case, open_on, people


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.sqlite'}"
    return str(request.getfixturevalue("postgresql"))


def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    store = connect(url)
    migration.move(store)
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), META) == []
        assert migration.current(connection) == migration.newest()
    store.close()


def test_down_and_up_again_keeps_cases_suggestions_and_trail(url: str, planning: Any) -> None:
    store = connect(url)
    migration.move(store)
    house = House(open_on(store, planning), {})
    house.tokens = people(house.installation)
    house.call("handläggare", "POST", "/cases", case())
    made = house.suggest()
    migration.move(store, "0001")
    with store.reading() as connection:
        assert migration.current(connection) == "0001"
    assert house.call(None, "GET", "/ready").status_code == 503
    migration.move(store)
    assert house.call("handläggare", "GET", f"/suggestions/{made['suggestion_id']}").json() == made
    with store.reading() as connection:
        assert trail.check(connection, house.installation.signer, house.installation.vault).faults == []
    migration.move(store, "base")
    with store.reading() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    store.close()


def test_a_database_of_a_later_version_is_left_alone(url: str) -> None:
    store = connect(url)
    migration.move(store)
    with store.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongDatabase, match="9999"):
        migration.move(store)
    store.close()


@pytest.mark.parametrize("url_", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_none_is_refused_in_words(url_: str) -> None:
    with pytest.raises(FaultySetting, match="PATHWAY_DATABASE_URL"):
        connect(url_)


def test_nothing_that_a_client_said_can_be_read_in_the_file(house: House) -> None:
    consent = {"recipient": "Söder", "purpose": "samordnad planering", "ends_on": "2999-01-01"}
    house.call("handläggare", "POST", f"/cases/{NUMBER}/consents", consent)
    house.call("handläggare", "POST", "/cases", case("fall-77"), headers={"Idempotency-Key": "en-nyckel"})
    house.installation.store.close()
    path = Path(str(house.installation.store.engine.url.database))
    written = path.read_bytes()
    for text in (NUMBER, "fall-77", "försörjningsstöd", "F43", "tro_pa_jobb", "samordnad planering"):
        assert text.encode() not in written


def test_a_database_that_is_gone_is_told_and_nothing_else_is(house: House) -> None:
    house.installation.store.close()
    path = Path(str(house.installation.store.engine.url.database))
    path.rename(path.with_suffix(".away"))
    path.mkdir()  # so that it cannot be made anew
    answer = house.call("handläggare", "GET", f"/cases/{NUMBER}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert str(path) not in answer.text
    health = house.call(None, "GET", "/health")
    assert (health.status_code, health.json()["status"]) == (503, "failing")
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200


def test_a_locked_database_is_a_503_and_recovers(house: House) -> None:
    store = connect(str(house.installation.store.engine.url), wait_seconds=1)
    impatient = House(open_on(store, house.installation.planning), house.tokens)
    with house.installation.store.writing():
        assert impatient.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 503
    assert impatient.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    store.close()


def test_what_is_sealed_opens_only_in_its_place_and_with_its_key() -> None:
    old, new = Vault(["a" * 32]), Vault(["b" * 32, "a" * 32])
    sealed = old.seal({"number": "1"}, "case c-1")
    assert new.open(sealed, "case c-1") == {"number": "1"}
    for vault, place, what in (
        (old, "case c-2", sealed),
        (Vault(["b" * 32]), "case c-1", sealed),
        (old, "case c-1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (old, "case c-1", b""),
    ):
        with pytest.raises(WrongDatabase):
            vault.open(what, place)
    assert old.lookups("1")[0] in new.lookups("1")


def test_a_failure_half_way_writes_nothing(house: House) -> None:
    def write_half() -> None:
        with house.installation.store.writing() as connection:
            connection.execute(sa.text("INSERT INTO unit VALUES ('half', 'way')"))
            connection.execute(sa.text("SELECT * FROM nowhere"))

    with pytest.raises(Unavailable):
        write_half()
    with house.installation.store.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM unit WHERE id = 'half'")).scalar_one() == 0
