"""Histories are cut into episodes with the right mix, dose by dose."""

import pandas as pd
import pytest

from pathway import instrument
from pathway.episodes import UNLISTED, Insatser, cut

BIP = instrument.read()
INSATSER = Insatser({"J": "jobb", "H": "hälsa"}, {"J": 10.0, "H": 4.0})


def answers(*rows):
    """Rows of (client, date, respondent, indicator, value); every answer of a caseworker is by the same one."""
    table = pd.DataFrame(rows, columns=["client_id", "measured_on", "respondent", "indicator", "value"])
    table["respondent_id"] = table["respondent"].map({"klient": "", "handläggare": "h1"})
    return table.astype({"measured_on": "datetime64[s]", "value": "float64"})


def periods(*rows):
    """Rows of (client, insats, start, end, hours)."""
    table = pd.DataFrame(rows, columns=["client_id", "insats_id", "started_on", "ended_on", "hours_per_week"])
    table["ended_as"] = "fullföljd"
    return table.astype({"started_on": "datetime64[s]", "ended_on": "datetime64[s]", "hours_per_week": "float64"})


TWO = answers(
    ("a", "2025-01-06", "klient", "natverk", 2),
    ("a", "2025-01-06", "handläggare", "natverk", 3),
    ("a", "2025-04-07", "klient", "natverk", 4),
    ("a", "2025-04-07", "handläggare", "natverk", 3),
)  # 91 days apart


def test_an_episode_lies_between_two_measurements_of_one_client():
    more = pd.concat(
        [TWO, TWO.assign(client_id="b"), TWO.assign(client_id="a", measured_on=pd.Timestamp("2025-07-07"))]
    )
    spans = cut(more, periods(), INSATSER, BIP).spans
    assert spans[["client_id", "started_on"]].astype(str).values.tolist() == [
        ["a", "2025-01-06"],
        ["a", "2025-04-07"],
        ["b", "2025-01-06"],
    ]
    assert spans["quarters"].tolist() == [1.0, 1.0, 1.0]


def test_the_change_is_the_mean_over_those_who_answered_at_both_ends():
    assert cut(TWO, periods(), INSATSER, BIP).changes["natverk"].tolist() == [1.0]
    alone = TWO.drop(index=3)  # the handläggare did not answer the second time: only the client's change counts
    assert cut(alone, periods(), INSATSER, BIP).changes["natverk"].tolist() == [2.0]
    nobody = TWO.drop(index=[0, 3])
    assert cut(nobody, periods(), INSATSER, BIP).changes["natverk"].isna().all()


def test_another_caseworkers_answer_is_no_change_of_the_client():
    taken_over = TWO.assign(respondent_id=["", "h1", "", "h2"])
    assert cut(taken_over, periods(), INSATSER, BIP).changes["natverk"].tolist() == [2.0]  # the client's alone
    only_them = taken_over.drop(index=[0, 2])
    elsewhere = TWO.assign(client_id="b")
    changes = cut(pd.concat([only_them, elsewhere]), periods(), INSATSER, BIP).changes["natverk"]
    assert changes.isna().tolist() == [True, False]


def test_where_nobody_ever_answers_twice_another_of_the_same_kind_will_do():
    strangers = TWO.iloc[[1, 3]].assign(respondent_id=["h1", "h2"], value=[3.0, 4.0])
    assert cut(strangers, periods(), INSATSER, BIP).changes["natverk"].tolist() == [1.0]


def test_an_unanswered_question_is_no_measurement():
    unanswered = pd.concat([TWO, answers(("a", "2025-02-20", "klient", "natverk", None))])
    assert len(cut(unanswered, periods(), INSATSER, BIP)) == 1


def test_indicators_that_may_not_drive_ranking_have_no_change():
    assert "handlaggartilltro" not in cut(TWO, periods(), INSATSER, BIP).changes


def test_dose_is_time_in_quarters_times_hours_over_typical():
    half = periods(("a", "J", "2025-02-01", "2025-03-18", 5.0))  # 45 days at half the typical hours
    assert cut(TWO, half, INSATSER, BIP).doses["J"].tolist() == pytest.approx([45 / 91 / 2])


def test_only_the_part_inside_the_episode_counts_and_running_insatser_go_on():
    outside = periods(("a", "H", "2024-01-01", "2025-01-16", 4.0), ("a", "J", "2025-03-28", None, 10.0))
    doses = cut(TWO, outside, INSATSER, BIP).doses
    assert doses.loc[0, ["J", "H"]].tolist() == pytest.approx([10 / 91, 10 / 91])


def test_beside_counts_the_days_next_to_a_job_oriented_insats_once():
    overlapping = periods(
        ("a", "H", "2025-01-06", "2025-04-07", 4.0),
        ("a", "J", "2025-01-06", "2025-02-06", 10.0),
        ("a", "J", "2025-01-27", "2025-02-16", 10.0),  # the two job periods together cover 41 days
    )
    episodes = cut(TWO, overlapping, INSATSER, BIP)
    assert episodes.beside["H"].tolist() == pytest.approx([41 / 91])
    assert episodes.beside["J"].tolist() == [0.0]


def test_covered_is_the_time_with_any_insats_whatever_the_hours():
    some = periods(
        ("a", "H", "2025-01-06", "2025-02-05", 1.0),
        ("a", "J", "2025-01-26", "2025-02-15", 40.0),
        ("a", "X-9", "2025-04-01", None, 3.0),
    )  # 30 and 20 days that share 10, and the last 6
    assert cut(TWO, some, INSATSER, BIP).covered.tolist() == pytest.approx([46 / 91])
    assert cut(TWO, periods(), INSATSER, BIP).covered.tolist() == [0.0]


def test_insatser_outside_the_catalogue_are_one_arm_of_their_own():
    unknown = periods(("a", "X-9", "2025-01-06", "2025-04-07", 7.0))
    assert cut(TWO, unknown, INSATSER, BIP).doses[UNLISTED].tolist() == pytest.approx([1.0])


def test_measurements_too_close_or_too_far_apart_make_no_episode():
    close = TWO.assign(measured_on=TWO["measured_on"].where(TWO.index < 2, pd.Timestamp("2025-01-20")))
    far = TWO.assign(measured_on=TWO["measured_on"].where(TWO.index < 2, pd.Timestamp("2026-06-20")))
    assert len(cut(close, periods(), INSATSER, BIP)) == 0
    assert len(cut(far, periods(), INSATSER, BIP)) == 0


def test_longer_forecasts_skip_measurements_in_between():
    three = pd.concat([TWO, TWO.iloc[2:].assign(measured_on=pd.Timestamp("2025-07-07"), value=5.0)])
    spans = cut(three, periods(), INSATSER, BIP, n_steps=2).spans
    assert spans["quarters"].tolist() == [2.0]


def test_what_had_passed_when_an_insats_began_is_told():
    runs = periods(
        ("a", "J", "2025-01-01", "2025-03-01", 10),  # ran from before the start
        ("a", "H", "2025-02-17", None, 4),  # began after 42 of 91 days
    )
    late = cut(TWO, runs, INSATSER, BIP).late
    assert late[["J", "H", UNLISTED]].round(3).to_numpy().tolist() == [[0.0, round(42 / 91, 3), 0.0]]
