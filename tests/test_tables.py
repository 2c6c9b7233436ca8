from typing import get_args

import pytest
from frictionless import Package
from package_builders import an_answer, csv_of, rows_of_two

from pathway import tables
from pathway.catalogue import IncomeSource


def described(folder, rows):
    for table, given in rows.items():
        (folder / f"{table}.csv").write_text(csv_of(table, given), encoding="utf-8")
    return Package(tables.descriptor("two-people", title="Two people"), basepath=str(folder))


def test_a_sound_package_is_valid_by_the_schemas(tmp_path):
    assert described(tmp_path, rows_of_two()).validate().valid


@pytest.mark.parametrize(
    "fault", [{"value": "tre"}, {"respondent": "chef"}, {"measured_on": "igår"}, {"client_id": ""}]
)
def test_a_faulty_row_is_not_valid_by_the_schemas(tmp_path, fault):
    assert not described(tmp_path, rows_of_two() | {"measurements": [an_answer(**fault)]}).validate().valid


def test_an_answer_of_somebody_else_breaks_the_foreign_key(tmp_path):
    assert not described(tmp_path, rows_of_two() | {"measurements": [an_answer("somebody else")]}).validate().valid


def test_the_schemas_take_their_values_from_the_shared_shapes():
    limits = {field["name"]: field["constraints"] for field in tables.fields("clients")}
    assert tuple(limits["income_source"]["enum"]) == get_args(IncomeSource)
    assert limits["months_without_work"]["minimum"] == 0


def test_every_key_is_made_of_the_tables_own_columns():
    for table in tables.TABLES:
        assert set(tables.KEYS[table]) <= set(tables.columns(table))
