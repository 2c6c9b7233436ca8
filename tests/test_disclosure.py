"""No hidden cell of a table can be worked out again, by whoever knows all that is shown."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from pathway import disclosure
from pathway.disclosure import Sum

ALL = "all"


def table_of(cells):
    """Give counts and sums of a table with its margins, and the same rows cut another way that shares their totals."""
    counts, sums = {}, []
    names = [f"r{i}" for i in range(len(cells))]
    for j in range(cells.shape[1]):
        counts |= {(name, j): int(cells[i, j]) for i, name in enumerate(names)}
        counts[(ALL, j)] = int(cells[:, j].sum())
        sums.append(Sum((ALL, j), tuple((name, j) for name in names)))
    for i, name in enumerate([*names, ALL]):
        counts[(name, ALL)] = int(cells[i].sum()) if name != ALL else int(cells.sum())
        sums.append(Sum((name, ALL), tuple((name, j) for j in range(cells.shape[1]))))
    sums.append(Sum((ALL, ALL), tuple((name, ALL) for name in names)))
    return counts, sums


def whole_number_range(counts, sums, hidden, cell):
    """Solve, as an attacker would, for the least and the most whole number of people in a hidden cell."""
    keys = sorted(hidden, key=str)
    rows, known = [], []
    for one in sums:
        signs = {**dict.fromkeys(one.parts, 1.0), one.total: -1.0}
        rows.append([signs.get(key, 0.0) for key in keys])
        known.append(-sum(sign * counts[key] for key, sign in signs.items() if key not in hidden))
    ends = []
    for direction in (1.0, -1.0):
        aim = np.array([direction * (key == cell) for key in keys])
        found = milp(aim, constraints=LinearConstraint(np.array(rows), known, known), integrality=np.ones(len(keys)))
        ends.append(np.inf if found.x is None else float(round(found.x[keys.index(cell)])))
    return ends


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 5).flatmap(
        lambda m: st.lists(
            st.lists(st.one_of(st.integers(0, 9), st.integers(0, 60)), min_size=m, max_size=m), min_size=2, max_size=6
        )
    )
)
def test_no_hidden_cell_can_be_derived(cells):
    counts, sums = table_of(np.array(cells))
    hidden = disclosure.hide(counts, sums)
    assert {key for key, n in counts.items() if 0 < n < disclosure.SMALLEST} <= hidden
    for cell in hidden:
        least, most = whole_number_range(counts, sums, hidden, cell)
        assert most - least >= disclosure.SMALLEST - 1, (cell, least, most)


def test_a_small_cell_takes_others_with_it_and_large_tables_stay_as_they_are():
    counts, sums = table_of(np.array([[3, 40, 50], [60, 45, 30], [20, 70, 10]]))
    hidden = disclosure.hide(counts, sums)
    assert len(hidden) == 4
    assert not any(ALL in key for key in hidden)
    counts, sums = table_of(np.array([[13, 40], [60, 0]]))
    assert disclosure.hide(counts, sums) == frozenset()


def test_the_attack_of_the_test_finds_what_is_hidden_alone():
    counts, sums = table_of(np.array([[3, 40], [60, 45]]))
    assert whole_number_range(counts, sums, {("r0", 0)}, ("r0", 0)) == [3.0, 3.0]


def test_one_small_part_of_a_whole_is_never_hidden_alone():
    assert disclosure.hidden_parts({"kvinna": 40, "man": 50, "annat": 2}) == {"annat", "kvinna"}
    assert disclosure.hidden_parts({"kvinna": 40, "man": 50}) == frozenset()
    assert disclosure.hidden_parts({"kvinna": 1, "man": 2}) == {"kvinna", "man"}


def test_a_table_that_does_not_add_up_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="sum of its parts"):
        disclosure.hide({"a": 1, "b": 2, ALL: 4}, [Sum(ALL, ("a", "b"))])


def test_anonymity_counts_those_who_are_alike_and_what_is_learned_of_them():
    rows = pd.DataFrame({"age": ["a"] * 6 + ["b"] * 3, "illness": ["x", "y", "x", "x", "x", "x", "z", "z", "z"]})
    found = disclosure.anonymity(rows, ["age"], "illness")
    assert (found.k, found.l, found.n_classes, found.n_people, found.n_people_below) == (3, 1, 2, 9, 3)
    assert disclosure.anonymity(rows.head(0), ["age"], "illness").k == 0
