"""The same row at training and at the desk, from what was known on the date, and nothing else."""

import dataclasses
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from pathway import case, features, instrument
from pathway.episodes import Insatser

BIP = instrument.read()
INSATSER = Insatser({"J": "jobb", "H": "hälsa"}, {"J": 10.0, "H": 4.0})
AS_OF = date(2026, 3, 2)


def a_case(**changes):
    """A person with two measurements and two earlier insatser."""
    answers = [
        {"measured_on": on, "respondent": who, "indicator": indicator, "value": value + (who == "klient")}
        for on, value in (("2025-11-20", 1), ("2026-02-24", 2))
        for who in ("klient", "handläggare")
        for indicator in BIP.ranking
        if who in BIP[indicator].respondents
    ]
    raw = {
        "case_id": "fall-1",
        "as_of": AS_OF.isoformat(),
        "profile": {
            "birth_year": 1984, "gender": "kvinna", "municipality": "0580", "education": "gymnasial",
            "income_source": "försörjningsstöd", "months_without_work": 31, "swedish_level": "god",
            "children_at_home": True, "health_codes": ["F41", "M54"],
        },
        "measurements": answers,
        "participations": [
            {"insats_id": "J", "started_on": "2025-01-13", "ended_on": "2025-05-30", "hours_per_week": 8,
             "ended_as": "avbruten"},
            {"insats_id": "H", "started_on": "2026-01-12", "hours_per_week": 4},
        ],
    }  # fmt: skip
    return case.shape(raw | changes, BIP)


def row(one):
    return features.of_case(one, INSATSER, BIP).iloc[0]


def test_the_row_holds_what_was_known():
    known = row(a_case())
    assert known["level_natverk"] == 2.5
    assert known["earlier_natverk"] == 1.5
    assert known["level_framtoning"] == 2.0  # only the handläggare answers it
    assert known["trend"] == pytest.approx(1.0)
    assert known["respondent_gap"] == 1.0
    assert known["n_measurements"] == 2
    assert (known["age"], known["months_without_work"], known["education"]) == (42, 31, 1)
    assert (known["psychiatric_health"], known["pain_health"], known["other_health"]) == (1, 1, 0)
    assert (known["n_earlier_insatser"], known["n_earlier_job_insatser"], known["n_broken_off"]) == (2, 1, 1)
    assert known["swedish_level"] == 3


def test_gender_place_and_the_caseworkers_belief_are_no_features():
    names = set(features.of_case(a_case(), INSATSER, BIP))
    assert not {name for name in names if "handlaggartilltro" in name or "gender" in name or "municipality" in name}
    one = a_case()
    other = dataclasses.replace(one, profile=dataclasses.replace(one.profile, gender="man", municipality="0513"))
    pd.testing.assert_series_equal(row(one), row(other))


def test_language_and_income_never_modify_a_gain():
    assert not {"swedish_level", "income_source"} & set(features.MODIFIERS)


def test_nothing_dated_later_matters():
    one = a_case()
    later = dataclasses.replace(
        one,
        measurements=(*one.measurements, case.Answer(AS_OF + timedelta(days=1), "klient", "natverk", 5)),
        participations=(*one.participations, case.Participation("J", AS_OF + timedelta(days=5), 10.0)),
    )
    pd.testing.assert_series_equal(row(one), row(later))


def test_training_and_desk_make_the_same_row():
    one = a_case()
    other = dataclasses.replace(one, case_id="fall-2", participations=())
    tables = [pd.concat(parts) for parts in zip(features.tables_of(one), features.tables_of(other), strict=True)]
    points = pd.DataFrame({"client_id": ["fall-2", "fall-1"], "as_of": [AS_OF, AS_OF], "quarters": 1.0})
    points["as_of"] = points["as_of"].astype("datetime64[s]")
    X = features.build(points, *tables, INSATSER, BIP)
    for position, desk in enumerate((other, one)):
        pd.testing.assert_series_equal(X.iloc[position], row(desk), check_names=False)


def test_a_bare_case_gives_a_row_of_gaps():
    bare = case.shape({"case_id": "x", "as_of": "2026-03-02", "measurements": []}, BIP)
    known = row(bare)
    assert np.isnan(known["level_natverk"])
    assert np.isnan(known["age"])
    assert known["n_earlier_insatser"] == 0


def test_an_interval_later_levels_have_moved_as_expected():
    X = features.of_case(a_case(), INSATSER, BIP)
    changes = np.full((1, len(BIP.ranking)), 0.5)
    later = features.advance(X, changes, BIP).iloc[0]
    assert later["level_natverk"] == 3.0
    assert later["earlier_natverk"] == 2.0  # mean of 1.5 and 2.5
    assert later["trend"] == pytest.approx(0.5)
    assert later["n_measurements"] == 3
    assert (features.advance(X, changes * 20, BIP)[f"level_{BIP.ranking[0]}"] == 5).all()
