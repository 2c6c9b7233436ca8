"""What insatser aim at: few outcomes among many, told from the data, and only where the data say so."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from pathway.effects import GainModel, outcomes
from pathway.effects.kinds import Kinds
from pathway.effects.large_or_none import Groups, infer
from pathway.effects.outcomes import Split
from pathway.effects.targets import Targets, aim

N, K, J = 1500, 30, 8


def strengths(seed=0):
    """Each insats does much for one to four outcomes, and next to nothing for the others; shape (K, J)."""
    rng = np.random.default_rng(seed)
    effects = np.full((K, J), 0.03)
    for k in range(K):
        aimed = rng.choice(J, size=rng.integers(1, 5), replace=False)
        effects[k, aimed] = rng.normal(0.6, 0.08, len(aimed))
    return effects


def even(seed=0):
    """Each insats does something for everything."""
    return 0.25 + 0.15 * np.random.default_rng(seed).standard_normal((K, J))


def learn(effects, seed=1, had=0.06, nobody=()):
    """Learn effects from people whose outcomes move together by chance, so that sums over outcomes are blurred."""
    rng = np.random.default_rng(seed)
    kinds = Kinds.of(None, K, "jobb")
    layout = kinds.layout(0)
    doses = (rng.random((N, K)) < had) * rng.uniform(0.4, 1.0, (N, K))
    doses[:, list(nobody)] = 0.0
    y = doses @ effects + 0.8 * rng.standard_normal((N, 1)) + 0.5 * rng.standard_normal((N, effects.shape[1]))
    left = doses - doses.mean(axis=0)
    design = np.hstack([left @ layout.membership, np.zeros((N, layout.size - layout.membership.shape[1]))])
    learned = outcomes.fit(design[None], Split.of(y - y.mean(axis=0)), np.ones(N), layout.blocks)
    return learned, layout, kinds


def told(effects, layout):
    """Effects of insatser alone, shape (K, J)."""
    return layout.membership @ effects.coefficients[:, layout.alone].T


def rms(error):
    return float(np.sqrt(np.mean(error**2)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_insatser_aim_at_few_outcomes_their_sum_is_told_better(seed):
    truth = strengths(seed)
    learned, layout, kinds = learn(truth, seed + 10)
    aimed, targets = aim(learned, layout, kinds.is_anchor)
    plain, better = told(learned, layout), told(aimed, layout)
    assert targets.weight > 0.99
    assert rms((better - truth).sum(axis=1)) < 0.5 * rms((plain - truth).sum(axis=1))
    assert rms(better - truth) < 0.5 * rms(plain - truth)


def test_the_two_groups_are_found_as_they_were_planted():
    learned, layout, kinds = learn(strengths(), had=0.15)
    targets = aim(learned, layout, kinds.is_anchor)[1]
    assert targets.large == pytest.approx(0.6, abs=0.06)
    assert targets.small == pytest.approx(0.03, abs=0.06)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_effects_are_spread_evenly_nothing_is_moved(seed):
    learned, layout, kinds = learn(even(seed), seed + 10)
    aimed, targets = aim(learned, layout, kinds.is_anchor)
    assert targets.weight < 0.05
    assert np.abs(told(aimed, layout) - told(learned, layout)).max() < 0.02


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_nothing_has_an_effect_no_more_is_found(seed):
    learned, layout, kinds = learn(np.zeros((K, J)), seed)
    aimed, _ = aim(learned, layout, kinds.is_anchor)
    plain, told_now = told(learned, layout), told(aimed, layout)
    assert rms(told_now.sum(axis=1)) <= rms(plain.sum(axis=1))
    assert rms(told_now) < 1.1 * rms(plain)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_an_insats_helps_all_outcomes_alike_nothing_is_moved(seed):
    rng = np.random.default_rng(seed)
    learned, layout, kinds = learn(np.tile(0.3 + 0.15 * rng.standard_normal((K, 1)), (1, J)), seed + 10)
    aimed, targets = aim(learned, layout, kinds.is_anchor)
    assert targets.weight < 0.05
    assert np.abs(told(aimed, layout) - told(learned, layout)).max() < 0.02


def test_what_is_inferred_is_what_counting_all_ways_gives():
    """Few enough effects that every way to be large, about nothing or harmful can be weighed exactly."""
    rng = np.random.default_rng(3)
    n_insatser, n_outcomes = 2, 3
    seen = rng.standard_normal((20, n_insatser))
    of_each, of_mean = 4 * seen.T @ seen, 3 * seen.T @ seen  # less sure of the mean than single outcomes would be
    towards = 15 * rng.standard_normal((n_outcomes, n_insatser))
    groups = Groups(0.6, (0.02, 0.003), np.full((n_outcomes, n_insatser), 0.3))
    found = infer(of_mean, of_each, towards, groups)

    size = n_outcomes * n_insatser
    mean_lacks = (n_outcomes * of_each - of_mean) / n_outcomes**2
    precision = np.kron(np.eye(n_outcomes), of_each) - np.kron(np.ones((n_outcomes, n_outcomes)), mean_lacks)
    logs, means = [], []
    for way in product(groups.parts(), repeat=size):
        share, mean, variance = (np.array(part) for part in zip(*[(p[0][0, 0], p[1], p[2]) for p in way], strict=True))
        inner, pull = precision + np.diag(1 / variance), towards.ravel() + mean / variance
        means.append(np.linalg.solve(inner, pull))
        log = np.log(share).sum() - 0.5 * np.log(variance).sum() - 0.5 * (mean**2 / variance).sum()
        logs.append(log - 0.5 * np.linalg.slogdet(inner)[1] + 0.5 * pull @ means[-1])
    weights = np.exp(np.array(logs) - max(logs))
    exactly = (weights[:, None] * np.array(means)).sum(axis=0) / weights.sum()
    np.testing.assert_allclose(found.expected.ravel(), exactly, atol=0.02)
    assert found.evidence == pytest.approx(max(logs) + np.log(weights.sum()), abs=0.3)


def test_harm_is_not_hidden_by_what_others_aim_at():
    truth = strengths()
    truth[4, [1, 3, 5]] = -0.6
    learned, layout, kinds = learn(truth, had=0.12)
    aimed, _ = aim(learned, layout, kinds.is_anchor)
    assert (told(aimed, layout)[4, [1, 3, 5]] < -0.35).all()
    assert told(aimed, layout)[4].sum() < 0.5 * truth[4].sum()


def test_with_one_insats_there_is_nothing_to_compare_with():
    rng = np.random.default_rng(2)
    had = (rng.random((200, 1)) < 0.5) * 1.0
    y = had * np.array([[1.0, 0.0, 0.0, 0.0]]) + rng.standard_normal((200, 4))
    assert GainModel(n_trees=1).fit(rng.standard_normal((200, 2)), had, y).targets_ is None


def test_an_insats_that_nobody_had_is_told_to_do_what_its_type_does():
    learned, layout, kinds = learn(strengths(), nobody=(7,))
    aimed, targets = aim(learned, layout, kinds.is_anchor)
    assert targets.weight > 0.99
    got = told(aimed, layout)
    np.testing.assert_allclose(got[7], np.delete(got, 7, axis=0).mean(axis=0), atol=0.05)


@pytest.mark.parametrize("n_outcomes", [1, 2])
def test_with_fewer_than_three_outcomes_there_is_nothing_to_tell(n_outcomes):
    learned, layout, kinds = learn(strengths()[:, :n_outcomes])
    aimed, targets = aim(learned, layout, kinds.is_anchor)
    assert aimed is learned
    assert targets is None


def test_the_strength_of_the_others_is_what_they_do_beside_a_job_oriented_insats():
    rng = np.random.default_rng(5)
    types = np.where(np.arange(K) % 3 == 0, "jobb", "social")
    is_job = types == "jobb"
    truth = strengths(5)
    doses = (rng.random((N, K)) < 0.06) * rng.uniform(0.4, 1.0, (N, K))
    anchored = np.minimum(doses[:, is_job].sum(axis=1), 1.0)
    beside = np.where(is_job, 0.0, doses * anchored[:, None])
    given = np.where(is_job, doses, 0.35 * doses + 0.65 * beside)
    changes = given @ truth + 0.6 * rng.standard_normal((N, 1)) + 0.4 * rng.standard_normal((N, J))
    model = GainModel(n_trees=1).fit(
        pd.DataFrame({"age": rng.normal(size=N)}),
        doses,
        changes,
        insatser=pd.DataFrame({"type": types}),
        beside=beside,
    )
    x = pd.DataFrame({"age": np.zeros(1)})
    full = (model.predict_added(x) + model.predict_interplay(x))[0]
    assert model.targets_.weight > 0.99
    assert np.corrcoef(full.sum(axis=1), truth.sum(axis=1))[0, 1] > 0.7
    for k in (0, 1):
        base, parts = model.explain_parts(x, k)
        np.testing.assert_allclose(base + parts.sum(axis=1), model.predict_added(x)[:, k], atol=1e-12)
    again = GainModel.from_plain(json.loads(json.dumps(model.plain())), [t.model_to_string() for t in model.without_])
    assert again.targets_ == model.targets_
    np.testing.assert_array_equal(again.predict_gain(x), model.predict_gain(x))


def test_how_effects_spread_comes_back_from_plain_data():
    targets = Targets(0.5, 0.1, 0.02, 0.01, 0.7)
    assert Targets.from_plain(json.loads(json.dumps(targets.plain()))) == targets
