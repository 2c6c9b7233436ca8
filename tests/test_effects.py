"""The gain model on arrays with known effects."""

import json

import numpy as np
import pandas as pd
import pytest

from pathway.effects import GainModel
from pathway.effects.layout import Term

N, K, J = 3000, 16, 3
KINDS = np.array(["jobb", "kompetens", "hälsa", "social"])


def world(seed=0, effect=True, n=N):
    """People with needs, insatser given to those in need, effects that differ by type, insats and health."""
    rng = np.random.default_rng(seed)
    types = KINDS[np.arange(K) % 4]
    need = rng.normal(size=n)
    X = pd.DataFrame({"need": need, "health": rng.random(n) < 0.4, "age": rng.integers(20, 60, n).astype(float)})
    X["health"] = X["health"].astype(float)
    for j in range(J):
        X[f"level_{j}"] = np.clip(np.round(2.5 - 0.6 * need + rng.normal(0, 0.7, n)), 1, 5)
    chance = 1 / (1 + np.exp(2.4 - 0.8 * need))
    A = (rng.random((n, K)) < chance[:, None]) * rng.uniform(0.3, 1.0, (n, K))
    kind_effect = np.array([0.35, 0.05, 0.1, 0.0])[np.arange(K) % 4]
    own = kind_effect[:, None] + rng.normal(0, 0.1, (K, J))
    slope = 0.2 * (np.arange(K) % 4 == 0)
    gain = own[None] + (slope[None, :] * (X["health"].to_numpy() - 0.4)[:, None])[:, :, None]
    anchored = np.minimum(A[:, np.arange(K) % 4 == 0].sum(axis=1), 1.0)
    beside = np.where((np.arange(K) % 4 == 0)[None], 0.0, A * anchored[:, None])
    interplay = 0.4
    if not effect:
        gain, interplay = gain * 0, 0.0
    course = 0.5 * (2.8 - X[[f"level_{j}" for j in range(J)]].to_numpy()) - 0.1 * need[:, None]
    Y = course + np.einsum("nk,nkj->nj", A, gain) + interplay * beside.sum(axis=1)[:, None] + rng.normal(0, 0.6, (n, J))
    insatser = pd.DataFrame({"type": types})
    return X, A, Y, np.arange(n) // 2, insatser, gain, interplay


@pytest.fixture(scope="module")
def fitted():
    X, A, Y, groups, insatser, gain, interplay = world()
    return GainModel(random_state=1).fit(X, A, Y, groups=groups, insatser=insatser), X, A, Y, gain, interplay


def test_gains_are_nearer_the_truth_than_the_difference_of_means(fitted):
    model, X, A, Y, gain, _ = fitted
    naive = np.array([Y[A[:, k] > 0].mean(axis=0) - Y[A[:, k] == 0].mean(axis=0) for k in range(K)])
    error = np.sqrt(np.mean((model.predict_gain(X) - gain) ** 2))
    assert error < 0.7 * np.sqrt(np.mean((naive[None] - gain) ** 2))
    assert error < 0.12


def test_the_interplay_with_job_oriented_insatser_is_found(fitted):
    model, X, *_, interplay = fitted
    extra = model.predict_interplay(X)
    assert (extra[:, np.arange(K) % 4 == 0] == 0).all()
    assert np.abs(extra[:, np.arange(K) % 4 != 0].mean() - interplay) < 0.15


def test_intervals_hold_the_truth_about_as_often_as_they_say(fitted):
    model, X, *_, gain, _ = fitted
    interval = model.predict_interval(X.iloc[:300])
    inside = (interval[..., 0] <= gain[:300]) & (gain[:300] <= interval[..., 1])
    assert 0.8 <= inside.mean() <= 0.99


def test_where_no_effect_is_planted_none_is_found():
    X, A, Y, groups, insatser, *_ = world(seed=3, effect=False)
    interval = GainModel().fit(X, A, Y, groups=groups, insatser=insatser).predict_interval(X.iloc[:200])
    found = (interval[..., 0] > 0) | (interval[..., 1] < 0)
    assert found.mean() <= 0.05


def test_base_and_parts_add_up_to_the_gain(fitted):
    model, X, *_ = fitted
    added, gains = model.predict_added(X.iloc[:50]), model.predict_gain(X.iloc[:50])
    for k in (0, 1, 7):
        base, parts = model.explain_parts(X.iloc[:50], k)
        np.testing.assert_allclose(base + parts.sum(axis=1), added[:, k], atol=1e-12)
        explained = model.explain(X.iloc[:50], k)
        np.testing.assert_allclose(explained.base_values + explained.values.sum(axis=1), gains[:, k], atol=1e-12)


def test_what_a_gap_costs_is_spared_once_however_many_insatser_run(fitted):
    model, X, *_ = fitted
    row, running = X.iloc[:1], np.zeros((1, K))
    np.testing.assert_allclose(model.predict_gain(row)[0], model.predict_added(row)[0] + model.predict_gap())
    running[0, 4] = 1.0
    extra = model.predict_interplay(row)[0] * (np.arange(K) % 4 != 0)[:, None]
    np.testing.assert_allclose(model.predict_gain(row, beside=running)[0], model.predict_added(row)[0] + extra)


def test_a_cost_of_gaps_is_found_and_not_credited_to_the_insatser():
    X, A, _, groups, insatser, gain, _ = world(seed=5)
    A = A * (np.arange(N) // 2 % 2)[:, None]  # half of the people have nothing at all
    covered = (A.sum(axis=1) > 0).astype(float)
    noise = np.random.default_rng(1).normal(0, 0.6, (N, J))
    Y = np.einsum("nk,nkj->nj", A, gain) + 0.3 * covered[:, None] + noise
    model = GainModel().fit(X, A, Y, groups=groups, insatser=insatser, covered=covered)
    np.testing.assert_allclose(model.predict_gap().mean(), 0.3, atol=0.1)
    np.testing.assert_allclose(model.predict_added(X).mean(), gain.mean(), atol=0.07)


def test_the_shap_library_gives_the_same_parts(fitted):
    shap = pytest.importorskip("shap")
    model, X, *_ = fitted
    rows = X.iloc[:3]
    names = list(X.columns)
    mean = pd.DataFrame([[model.encoding_.number(name).mean for name in names]], columns=names)
    explainer = shap.explainers.Exact(
        lambda values: model.predict_gain(pd.DataFrame(values, columns=names))[:, 5, 1],
        shap.maskers.Independent(mean.to_numpy()),
    )
    theirs = explainer(rows.to_numpy())
    ours = model.explain(rows, 5)
    np.testing.assert_allclose(ours.values[:, :, 1], theirs.values, atol=1e-6)
    np.testing.assert_allclose(ours.base_values[:, 1], theirs.base_values, atol=1e-6)


def test_beside_adds_what_running_insatser_make_possible(fitted):
    model, X, *_ = fitted
    row = X.iloc[:1]
    running = np.zeros((1, K))
    running[0, 0] = 1.0  # job-oriented
    alone, beside = model.predict_gain(row)[0], model.predict_gain(row, beside=running)[0]
    extra = model.predict_interplay(row)[0] * (np.arange(K) % 4 != 0)[:, None]
    np.testing.assert_allclose(beside - alone, extra - model.predict_gap())
    running = np.zeros((1, K))
    running[0, 1] = 0.5  # not job-oriented: one job-oriented insats more lifts it
    lifted = model.predict_gain(row, beside=running)[0] - alone + 0.5 * model.predict_gap()
    np.testing.assert_allclose(lifted[0], 0.5 * model.predict_interplay(row)[0, 1])
    np.testing.assert_allclose(lifted[2], 0.0, atol=1e-12)


def test_the_gain_beside_is_the_difference_between_two_mixes(fitted):
    model, X, *_ = fitted
    row, running, both = X.iloc[:1], np.zeros((1, K)), np.zeros((1, K))
    running[0, 4], both[0, 4], both[0, 5] = 0.7, 0.7, 1.0
    difference = model.predict_mix(row, both) - model.predict_mix(row, running)
    np.testing.assert_allclose(model.predict_gain(row, beside=running)[0, 5], difference[0])


def test_the_sum_of_a_plan_has_the_mean_of_its_parts_and_their_joint_uncertainty(fitted):
    model, X, *_ = fitted
    row = X.iloc[:1]
    mean, covariance = model.total(row, [Term(0, 1.0), Term(1, 1.0, beside=1.0)])
    running = np.zeros((1, K))
    running[0, 0] = 1.0
    expected = model.predict_added(row)[0, 0] + model.predict_gain(row, beside=running)[0, 1]
    np.testing.assert_allclose(mean, expected)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    alone, _ = model.total(row, [Term(0, 1.0)])
    np.testing.assert_allclose(alone, model.predict_added(row)[0, 0])


def test_a_model_reads_back_from_text_bit_for_bit(fitted):
    model, X, *_ = fitted
    text = json.dumps(model.plain())
    again = GainModel.from_plain(json.loads(text), [tree.model_to_string() for tree in model.without_])
    assert np.array_equal(again.predict_gain(X), model.predict_gain(X))
    assert np.array_equal(again.predict_interval(X), model.predict_interval(X))
    assert np.array_equal(again.predict_without(X), model.predict_without(X))
    assert np.array_equal(again.predict_dose(X), model.predict_dose(X))
    assert json.dumps(again.plain()) == text


def test_the_same_seed_gives_the_same_model():
    X, A, Y, groups, insatser, *_ = world(n=600)
    first, second = (GainModel(random_state=4).fit(X, A, Y, groups=groups, insatser=insatser) for _ in range(2))
    assert json.dumps(first.plain()) == json.dumps(second.plain())
    assert [t.model_to_string() for t in first.without_] == [t.model_to_string() for t in second.without_]


def test_columns_may_come_in_another_order_and_hold_gaps(fitted):
    model, X, *_ = fitted
    row = X.iloc[:5]
    assert np.array_equal(model.predict_gain(row[row.columns[::-1]]), model.predict_gain(row))
    holes = row.assign(need=np.nan)
    assert np.isfinite(model.predict_gain(holes)).all()
    assert np.isfinite(model.predict_without(holes)).all()


def test_it_works_with_one_insats_and_no_attributes():
    X, A, Y, *_ = world(n=500)
    model = GainModel().fit(X, A[:, :1], Y[:, 0])
    assert model.predict_gain(X).shape == (500, 1, 1)
    assert model.get_params()["anchor_type"] == "jobb"


def test_plain_arrays_work_as_well_as_tables():
    X, A, Y, *_ = world(n=500)
    table = GainModel().fit(X, A, Y)
    plain = GainModel().fit(X.to_numpy(), A, Y)
    assert plain.predict_gain(X.to_numpy()).shape == table.predict_gain(X).shape
    assert plain.explain_parts(X.to_numpy(), 0)[1].shape == (500, X.shape[1], J)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X, A, Y: (X, -A, Y), "A, insats 0: doses must be known and at least 0"),
        (lambda X, A, Y: (X, A, Y * np.inf), "Y: infinite"),
        (lambda X, A, Y: (X, A[:-1], Y), "A has 499 rows, X has 500"),
        (lambda X, A, Y: (X, A, Y * np.nan), "outcome 0: fewer than two rows"),
        (lambda X, A, Y: (X.assign(need=np.inf), A, Y), "column need: infinite"),
        (lambda X, A, Y: (X.assign(need="text"), A, Y), "column need: must be numbers"),
    ],
)
def test_bad_arrays_are_refused_by_name(spoil, message):
    X, A, Y, *_ = world(n=500)
    with pytest.raises(ValueError, match=message):
        GainModel().fit(*spoil(X, A, Y))


def test_a_missing_column_at_prediction_is_named(fitted):
    model, X, *_ = fitted
    with pytest.raises(ValueError, match="lacks the column age"):
        model.predict_gain(X.drop(columns="age"))


def test_one_client_is_too_few():
    X, A, Y, *_ = world(n=500)
    with pytest.raises(ValueError, match="two clients"):
        GainModel().fit(X, A, Y, groups=np.zeros(500))
