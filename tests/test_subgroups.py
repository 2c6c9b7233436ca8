"""Groups of clients: one parting for training and audit, in which everybody has one place in every dimension."""

import pandas as pd

from pathway import subgroups


def people(**changed):
    known = {
        "client_id": list("abcd"), "gender": "man", "education": "okänd", "swedish_level": "god",
        "municipality": "0580", "income_source": "ingen", "birth_year": [2012, 2008, 1971, 1960],
        "health_codes": ["", "F41", "m54|F32", "I10"],
    }  # fmt: skip
    return pd.DataFrame(known | changed)


def test_ages_and_kinds_of_illness_part_everybody():
    table = subgroups.of_clients(people(), 2026)
    assert list(table.columns) == list(subgroups.DIMENSIONS)
    assert table["age"].tolist() == ["–17", "18–29", "55–", "55–"]
    assert table["health"].tolist() == ["none", "psychiatric", "several", "other"]
    assert table.index.tolist() == list("abcd")


def test_ages_are_counted_in_each_clients_own_year_where_one_is_given():
    own = subgroups.of_clients(people(), pd.Series([2042, 2026, 2026, 1990]))
    assert own["age"].tolist() == ["30–44", "18–29", "55–", "30–44"]


def test_training_and_audit_part_people_alike(small_model, small_register):
    clients = small_register.tables().clients
    known = subgroups.of_clients(clients, clients["enrolled_on"].dt.year)
    for grouping, names in small_model.evaluation["subgroups"].items():
        assert set(names) <= set(known[grouping])
