"""A rule that can be said aloud is made from what insatser are worth, and told by what it brings to others."""

import numpy as np
import pandas as pd
import pytest

from pathway import casefile, instrument, shipped, simplerule
from pathway.simplerule import Choices, Leaf, Question, Worth

BIP = instrument.read()


def choices(values, alone, insatser=("A", "B", "C"), name="level_natverk"):
    alone = np.asarray(alone, dtype=float)
    return Choices(pd.DataFrame({name: values}), insatser, alone, alone.max(axis=1))


def learned(given, depth=2, names=("level_natverk",)):
    rows = np.arange(len(given))
    return simplerule.learn(given, rows[::2], rows[1::2], names, depth)


def test_a_question_is_asked_where_different_people_gain_by_different_insatser():
    values = np.tile([1.0, 4.0], 60)
    alone = np.where(values[:, None] < 2.5, [3.0, 1.0, 0.0], [1.0, 3.0, 0.0])
    rows = np.random.default_rng(0).permutation(120)
    rule = simplerule.learn(choices(values, alone), rows[:60], rows[60:], ("level_natverk",), 2)
    assert isinstance(rule, Question)
    assert 1 < rule.below <= 4
    assert (rule.yes.insatser[0], rule.no.insatser[0]) == ("A", "B")


def test_no_question_is_asked_where_the_answer_changes_nothing():
    values = np.tile([1.0, 2.0, 3.0, 4.0], 30)
    assert learned(choices(values, np.tile([3.0, 1.0, 0.0], (120, 1)))) == Leaf(("A", "B"))


def test_what_much_is_at_stake_for_outweighs_what_many_would_choose():
    alone = np.array([[1.0, 1.1, 0.0]] * 90 + [[9.0, 1.0, 0.0]] * 30)
    rule = learned(choices(np.full(120, 2.0), alone))
    assert rule.insatser[0] == "A"


def test_questions_and_lists_come_from_different_cases():
    values = np.tile([1.0, 4.0], 60)
    told = np.where(values[:, None] < 2.5, [3.0, 1.0, 0.0], [1.0, 3.0, 0.0])
    rows = np.arange(120)
    told[60:] = [0.0, 0.0, 2.0]
    rule = simplerule.learn(choices(values, told), rows[:60], rows[60:], ("level_natverk",), 1)
    assert rule == Leaf(("C",))


def test_somebody_of_whom_it_is_not_known_goes_the_other_way():
    rule = Question("level_natverk", 2.5, Leaf(("A",)), Leaf(("B",)))
    for value, leaf in ((2.0, rule.yes), (2.5, rule.no), (np.nan, rule.no)):
        assert simplerule.leaf_for(rule, pd.Series({"level_natverk": value})) == leaf


def test_nothing_that_is_protected_is_ever_asked():
    X = pd.DataFrame({"level_natverk": [1.0], "age": [40.0], "psychiatric_health": [1.0], "education": [1.0]})
    assert simplerule.askable(X, BIP) == ["level_natverk", "education"]


def test_the_rule_is_said_in_short_swedish_sentences(small_catalogue):
    first, second, third = small_catalogue.ids[:3]
    rule = Question(
        "level_natverk",
        2.5,
        Leaf((first, second)),
        Question(
            "education", 1.0, Leaf((second,)), Question("months_without_work", 24.0, Leaf((third,)), Leaf((first,)))
        ),
    )
    lines = simplerule.lines(rule, Worth(40, 0.31, 0.42, 0.7), small_catalogue, BIP)
    text = "\n".join(lines)
    for part in ("är under 2,5", "förgymnasial", "24 månader", "70 procent", "Börja med", "Annars"):
        assert part in text
    assert small_catalogue.by_id[first].name in text
    for sentence in text.replace(":", ".").split("."):
        assert len(sentence.split()) <= 20 + len(small_catalogue.by_id[second].name.split())


def test_a_rule_from_cases_is_worth_a_share_of_their_plans(desk):
    cases = [case for _, case in casefile.read(shipped.cases(), BIP)]
    rule, worth = simplerule.settle(desk, *simplerule.compare(desk, cases[:7]), depth=1)
    assert worth.n_cases == 2
    assert 0 < worth.first <= worth.best_first + 1e-9
    assert worth.first <= worth.followed + 0.05
    assert worth.followed <= 1.05
    assert isinstance(rule, Leaf)  # so few cases never carry a question
    assert set(rule.insatser) <= set(desk.catalogue.ids)


def test_too_few_cases_are_refused(desk):
    with pytest.raises(ValueError, match="at least 6 cases"):
        simplerule.settle(desk, *simplerule.compare(desk, []))
