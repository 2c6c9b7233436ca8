"""The gain model: many insatser at once, residual on residual, shrunk in blocks; and the course without any of them.

Estimand. For client features ``x``, insats ``k`` and outcome ``j``: the extra change over one interval that taking part
at dose 1 is expected to bring, alone and beside other insatser, if the features hold all that decides both who is
offered what and how people develop (no unmeasured confounding; an assumption, not a finding).

Model, after Robinson (1988) and Nie & Wager (2021), with vector treatment; every amount is a residual, too::

    Y_j - m_j(h) = sum_k D_k * gain_kj(x) + sum_k B_k * interplay_kj(x) + C * gap_j + sum_t U_t * late_tj + noise
    gain_kj(x)      = alone_kj * factor_kj(x) + modifiers(x) * slope_tj                      (t is the type of k)
    interplay_kj(x) = (alone_kj + beside_kj) * factor_kj(x)
    factor_kj(x)    = 1 + modifiers(x) * c_k + level_j(x) * room_t

``D_k`` is the dose, ``B_k`` the part of it given beside a job-oriented insats, and ``C`` the time with any insats:
what having something spares a person of a gap is the same whatever it is, and is had once, however many insatser run.
``U_t`` is the time that had passed when an insats of the type began inside the interval. Who begins what in the middle
of an interval is decided by how it went until then, so the change before is its cause and not its effect.

``alone_k`` and ``beside_k`` are sums of what all insatser do, what the type does, what the group does, and the insats'
own (`pathway.effects.layout`); outcomes are split into what is common and what is not (`pathway.effects.outcomes`).
Every such block has a variance of its own (`pathway.effects.shrinkage`). Factors are learned across outcomes
(`pathway.effects.factors`). The nuisances ``m`` and those of the amounts are cross-fitted by client. The course without
insatser is a LightGBM model per outcome of what remains of the change when the gains are taken away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold

from pathway.effects import factors, outcomes, ridge, surfaces
from pathway.effects.encoding import Encoding
from pathway.effects.factors import Factors, Part
from pathway.effects.layout import Layout, Term
from pathway.effects.outcomes import Effects, Split
from pathway.effects.surfaces import Voice

if TYPE_CHECKING:
    import lightgbm
    import shap

Array = npt.NDArray[np.float64]
Folds = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]
NORMAL_90 = 1.6448536269514722  # half the width of a 90 % interval, in standard deviations
_ONE_TYPE = "insats"  # the type of all insatser where no table of attributes says otherwise


class GainModel(BaseEstimator):  # type: ignore[misc]
    """Expected gains of insatser, with uncertainty, from observed changes.

    Parameters
    ----------
    modifiers
        Columns of `X` that may change a gain; all numeric ones by default. The other columns are controls only: they
        help to compare like with like, but never order insatser.
    anchor_type
        The type beside which the others may gain more.
    level_prefix
        The column ``level_prefix + outcome`` is that outcome's own level at the start, where `X` has it.
    largest_change
        No change can be larger, in steps: the width of the scale. None: there is no such limit.
    n_folds
        Parts of the clients in cross-fitting; fewer where there are fewer clients.
    n_trees
        Trees in each model of the course without insatser.
    random_state
        Decides the folds.
    """

    def __init__(
        self,
        modifiers: Sequence[str] | None = None,
        anchor_type: str = "jobb",
        level_prefix: str = "level_",
        largest_change: float | None = None,
        n_folds: int = 5,
        n_trees: int = 100,
        random_state: int = 0,
    ) -> None:
        self.modifiers = modifiers
        self.anchor_type = anchor_type
        self.level_prefix = level_prefix
        self.largest_change = largest_change
        self.n_folds = n_folds
        self.n_trees = n_trees
        self.random_state = random_state

    def fit(
        self,
        X: pd.DataFrame,
        A: Any,
        Y: Any,
        groups: Any = None,
        insatser: pd.DataFrame | None = None,
        beside: Any = None,
        covered: Any = None,
        late: Any = None,
        weights: Any = None,
    ) -> "GainModel":
        """Learn gains from observed changes.

        Parameters
        ----------
        X
            Features at the start, shape (n, p): numbers and pandas categoricals, NaN allowed.
        A
            Doses, shape (n, K), at least 0; 1 is taking part through the whole interval. Several at once are allowed.
        Y
            Changes in steps, shape (n, J) or (n,); NaN is not measured.
        groups
            Client of each row, shape (n,): a client is never on both sides of a fold. Default: each row its own.
        insatser
            Attributes, K rows; the columns ``type`` and ``group`` are used where there are any.
        beside
            The part of each dose given while an insats of `anchor_type` ran, shape (n, K). Default: as if doses were
            spread evenly over the interval.
        covered
            Time with at least one insats, in intervals, shape (n,). Default: not known, and then no gap is looked for.
        late
            How long the interval had lasted, in intervals, when an insats began inside it, shape (n, K); 0 where it ran
            from the start or never. Default: all ran from the start.
        weights
            Of the rows, shape (n,), at least 0: for instance against people who were not measured again.

        Raises
        ------
        ValueError
            The arrays do not fit each other, doses are negative or infinite, an outcome has no data, nobody had any
            insats, or there is one client only.
        """
        frame, doses, changes = self._checked(X, A, Y)
        n = len(frame)
        groups = np.arange(n) if groups is None else np.asarray(groups)
        if len(groups) != n:
            raise ValueError(f"groups has {len(groups)} rows, X has {n}")
        weights = np.ones(n) if weights is None else _matrix(np.asarray(weights)[:, None], "weights", (n, 1))[:, 0]
        if not weights.sum():
            raise ValueError("weights: all are 0; give some rows a weight")
        weights = weights / weights.mean()
        self._name_kinds(insatser, doses.shape[1])
        self.encoding_ = Encoding.learn(frame, None if self.modifiers is None else tuple(self.modifiers))
        self.n_features_in_ = len(self.encoding_.names)
        self.feature_names_in_ = np.array(self.encoding_.names, dtype=object)
        self.layout_ = self._layout()

        amounts = self._amounts(doses, beside, covered, late)
        folds = self._folds(_merged(groups, frame, doses, changes))
        residual, left = self._residuals(frame, amounts, changes, folds, weights)
        first_voice = self._fit_gains(frame, amounts, residual, left, folds, weights)
        if covered is None:  # no gap was looked for, so there is none, and no doubt about it
            for covariance in (self.covariance_common_, self.covariance_own_):
                covariance[self.layout_.gap], covariance[:, self.layout_.gap] = 0.0, 0.0
        if surfaces.suits(doses):
            self._add_voices(frame, doses[:, 0] == 1, changes, folds, residual[:, 0], left, first_voice)
        self.dose_slopes_, self.dose_levels_ = ridge.fit(self.encoding_.controls(frame), doses, weights)
        remaining = changes - self._of_amounts(frame, amounts)
        self.without_ = [self._fit_course(frame, remaining[:, j], weights) for j in range(len(self.outcomes_))]
        return self

    # What is expected

    def predict_gain(self, X: pd.DataFrame, beside: Any = None) -> Array:
        """Give the expected steps gained over one interval at dose 1.

        Parameters
        ----------
        beside
            Doses already running, shape (n, K). Default: each insats taken alone.

        Returns
        -------
        array of shape (n, K, J)
        """
        frame = self._aligned(X)
        alone, interplay = self._alone_and_interplay(frame)
        gain: Array = alone + self.predict_gap()
        if beside is None:
            return gain
        running = _matrix(beside, "beside", (len(frame), self.layout_.n_insatser))
        anchor = self._is_anchor()
        anchored = np.minimum(running[:, anchor].sum(axis=1), 1.0)
        extra = anchored[:, None, None] * interplay
        # one more job-oriented insats lifts what runs beside it, as far as nothing job-oriented did so before
        lifted = (1.0 - anchored)[:, None] * np.einsum("nk,nkj->nj", running, interplay)
        extra[:, anchor, :] = lifted[:, None, :]
        uncovered = 1.0 - np.minimum(running.sum(axis=1), 1.0)
        total: Array = gain + extra - (1.0 - uncovered)[:, None, None] * self.predict_gap()
        return total

    def predict_interval(self, X: pd.DataFrame, level: float = 0.9) -> Array:
        """Give the interval of each gain, each insats taken alone: shape (n, K, J, 2), lower end first."""
        from scipy.stats import norm

        frame = self._aligned(X)
        mean = self._alone_and_interplay(frame)[0] + self.predict_gap()
        modifiers, levels = self.encoding_.modifier_values(frame), self._levels(frame)
        sd = self._with_voices(frame, self._sd_of(modifiers, levels, self.factors_.unseen))
        half = norm.ppf(0.5 + level / 2) * sd
        return np.stack([mean - half, mean + half], axis=-1)

    def predict_average(self, X: pd.DataFrame, level: float = 0.9, added: bool = False) -> tuple[Array, Array]:
        """Give the mean gain over people, each insats taken alone: for what an insats does, not for whom.

        Parameters
        ----------
        added
            Beside something that already fills the gap, as `predict_added`: the doubt about the gap is left out, too.

        Returns
        -------
        mean of shape (K, J) and its interval of shape (K, J, 2)
        """
        from scipy.stats import norm

        frame = self._aligned(X)
        modifiers, levels = self.encoding_.modifier_values(frame), self._levels(frame)
        mean = self._alone_and_interplay(frame)[0].mean(axis=0) + (0.0 if added else self.predict_gap())
        # gains are linear in modifiers and levels: the mean over people is the gain of a person in their middle
        unseen = self.factors_.unseen / len(frame)
        sd = self._sd_of(modifiers.mean(axis=0)[None], levels.mean(axis=0)[None], unseen, gap=not added)
        sd = self._with_voices(frame, np.repeat(sd, len(frame), axis=0)).mean(axis=0)
        half = norm.ppf(0.5 + level / 2) * sd
        return mean, np.stack([mean - half, mean + half], axis=-1)

    def predict_without(self, X: pd.DataFrame) -> Array:
        """Give the expected change over one interval with no insats, shape (n, J)."""
        values = self.encoding_.tree_values(self._aligned(X))
        return np.column_stack([np.asarray(tree.predict(values, num_threads=1)) for tree in self.without_])

    def predict_mix(self, X: pd.DataFrame, A: Any, beside: Any = None, covered: Any = None) -> Array:
        """Give the expected steps that a whole mix of insatser adds, shape (n, J); amounts as in `fit`.

        Time covered is by default the sum of the doses, at most 1.
        """
        frame = self._aligned(X)
        doses = _matrix(A, "A", (len(frame), self.layout_.n_insatser))
        covered = np.minimum(doses.sum(axis=1), 1.0) if covered is None else covered
        return self._of_amounts(frame, self._amounts(doses, beside, covered, None))

    def predict_added(self, X: pd.DataFrame) -> Array:
        """Give the expected steps gained at dose 1 beside something that already fills the gap, shape (n, K, J)."""
        return self._alone_and_interplay(self._aligned(X))[0]

    def predict_interplay(self, X: pd.DataFrame) -> Array:
        """Give the extra steps at dose 1 beside an insats of the anchor type, shape (n, K, J); 0 for that type."""
        return self._alone_and_interplay(self._aligned(X))[1]

    def predict_gap(self) -> Array:
        """Give the expected steps that an interval with any insats at all spares, against a gap: shape (J,)."""
        gap: Array = self.coefficients_[:, self.layout_.gap][:, 0] * self.units_
        return gap

    def predict_dose(self, X: pd.DataFrame) -> Array:
        """Dose that people with these features have had on average, shape (n, K): how comparable history is."""
        controls = self.encoding_.controls(self._aligned(X))
        return controls @ self.dose_slopes_ + self.dose_levels_

    def total(self, x: pd.DataFrame, terms: Sequence[Term]) -> tuple[Array, Array]:
        """Sum the gains of several amounts for one client, beside something that already fills the gap.

        Parameters
        ----------
        x
            One row of features.

        Returns
        -------
        mean of shape (J,) and covariance of shape (J, J): the uncertainty of all effects together, over outcomes too
        """
        frame, n_insatser = self._aligned(x), self.layout_.n_insatser
        doses, beside = np.zeros(n_insatser), np.zeros(n_insatser)
        for term in terms:
            doses[term.insats] += term.dose
            if not self._is_anchor()[term.insats]:
                beside[term.insats] += term.beside
        alone, interplay = self._alone_and_interplay(frame)
        mean = doses @ alone[0] + beside @ interplay[0]
        modifiers, levels = self.encoding_.modifier_values(frame)[0], self._levels(frame)[0]
        factor = self.factors_.on(modifiers[None], levels[None], self.type_of_)[0]  # (K, J)

        rows = np.zeros((len(self.outcomes_), self.layout_.size))
        member = self.layout_.membership
        rows[:, self.layout_.alone] = ((doses + beside)[:, None] * factor).T @ member
        rows[:, self.layout_.beside] = (beside[:, None] * factor).T @ member
        rows[:, self.layout_.slope] = ((doses @ self._of_type())[:, None] * modifiers[None]).reshape(1, -1)
        covariance = rows @ self.covariance_common_ @ rows.T
        covariance += np.diag(np.einsum("jp,pq,jq->j", rows, self.covariance_own_, rows))

        base, extra = self._bases()
        at_stake = (doses + beside)[:, None] * base + beside[:, None] * extra  # steps that the factors multiply
        traits = np.column_stack([np.tile(modifiers, (len(levels), 1)), levels])  # (J, q + 1)
        by_type = self._of_type().T @ at_stake
        for kind, variance in enumerate(self.factors_.variance):
            covariance += np.outer(by_type[kind], by_type[kind]) * (traits @ variance @ traits.T)
        of_insats = self.factors_.own_variance @ modifiers**2 + self.factors_.unseen
        covariance += (at_stake * of_insats[:, None]).T @ at_stake
        covariance *= np.outer(self.units_, self.units_)
        for j, voice in enumerate(self.voices_):
            second = voice.gain(self.encoding_.smooth_values(frame))[1][0] * doses[0]
            first = np.sqrt(covariance[j, j])
            share = 1.0 + voice.weight * (second / first - 1.0) if first > 0 else 1.0
            covariance[j] *= share
            covariance[:, j] *= share
        return mean, covariance

    def draw_gains(self, x: pd.DataFrame, n_draws: int = 100, seed: int = 0) -> Array:
        """Draw the gains of all insatser for one client jointly, each beside something that already fills the gap.

        The draws hang together over insatser, outcomes and clients: the same seed gives the same draw of the world.

        Returns
        -------
        array of shape (n_draws, K, J)
        """
        frame = self._aligned(x)
        modifiers, levels = self.encoding_.modifier_values(frame)[0], self._levels(frame)[0]
        base, slopes, by_trait, unseen, room = self._draws(n_draws, seed)
        factor = 1.0 + (unseen + by_trait @ modifiers)[:, :, None] + room[:, self.type_of_, None] * levels[None, None]
        drawn: Array = (base * factor + np.einsum("stqj,q->stj", slopes, modifiers)[:, self.type_of_]) * self.units_
        chance = np.random.default_rng([seed, 1]).standard_normal(n_draws)
        for j, voice in enumerate(self.voices_):
            mean, sd = voice.gain(self.encoding_.smooth_values(frame))
            drawn[:, 0, j] += voice.weight * (mean - self.predict_gap()[j] + sd * chance - drawn[:, 0, j])
        return drawn

    # Why

    def explain_parts(self, X: pd.DataFrame, insats: int) -> tuple[Array, Array]:
        """Split what one insats adds at dose 1 (`predict_added`) into a base and a part per feature.

        The gain is linear in the features, so the parts are exact Shapley values against the mean of the training
        table: base plus parts is the gain.

        Returns
        -------
        base of shape (J,) and parts of shape (n, p, J), in the order of ``feature_names_in_``
        """
        slopes, frame = self._slopes()[:, self.type_of_[insats]] * self.units_[:, None], self._aligned(X)
        base, parts = self._parts(frame, insats, self._bases()[0][insats] * self.units_, slopes)
        for j, voice in enumerate(self.voices_):
            middle, shares = voice.shares(self.encoding_.smooth_values(frame))
            by_column = shares @ np.eye(self.n_features_in_)[self.encoding_.smooth_columns]
            base[j] += voice.weight * (middle - self.predict_gap()[j] - base[j])
            parts[:, :, j] += voice.weight * (by_column - parts[:, :, j])
        return base, parts

    def explain_interplay(self, X: pd.DataFrame, insats: int) -> tuple[Array, Array]:
        """Split what is added at dose 1 beside the anchor type (`predict_interplay`), as `explain_parts` does."""
        alone, beside = (part[insats] * self.units_ for part in self._bases())
        base = np.zeros(len(self.outcomes_)) if self._is_anchor()[insats] else alone + beside
        return self._parts(
            self._aligned(X), insats, base, np.zeros((len(self.outcomes_), len(self.encoding_.modifiers)))
        )

    def _parts(self, frame: pd.DataFrame, insats: int, base: Array, slopes: Array) -> tuple[Array, Array]:
        """Split a base (J,) times its factor plus slopes (J, q) on the modifiers."""
        parts = np.zeros((len(frame), self.n_features_in_, len(self.outcomes_)))
        position = {name: number for number, name in enumerate(self.encoding_.names)}
        modifiers, levels = self.encoding_.modifier_values(frame), self._levels(frame)
        for number, name in enumerate(self.encoding_.modifiers):
            rate = base * self.factors_.slopes[insats, number] + slopes[:, number]
            parts[:, position[name], :] += modifiers[:, [number]] * rate
        for j, outcome in enumerate(self.outcomes_):
            name = f"{self.level_prefix}{outcome}"
            if name in position:
                parts[:, position[name], j] += levels[:, j] * base[j] * self.factors_.room[self.type_of_[insats]]
        return base, parts

    def explain(self, X: pd.DataFrame, insats: int | str) -> "shap.Explanation":
        """Explain `predict_gain` as a ``shap.Explanation`` with values of shape (n, p, J), for plots.

        Parameters
        ----------
        insats
            Name of the insats, or its column number.
        """
        import shap

        number = self.insatser_.index(insats) if isinstance(insats, str) else insats
        base, parts = self.explain_parts(X, number)
        return shap.Explanation(
            values=parts,
            base_values=np.tile(base + self.predict_gap(), (len(X), 1)),
            data=self._aligned(X).to_numpy(dtype=object),
            feature_names=list(self.encoding_.names),
            output_names=list(self.outcomes_),
        )

    # Fitting

    def _residuals(
        self, frame: pd.DataFrame, amounts: Array, changes: Array, folds: Folds, weights: Array
    ) -> tuple[Array, Array]:
        """Take away from amounts and changes what the features of other clients foretell of them."""
        targets = np.column_stack([amounts, changes])
        controls, foretold = self.encoding_.controls(frame), np.zeros_like(targets)
        for train, test in folds:
            slopes, levels = ridge.fit(controls[train], targets[train], weights[train])
            foretold[test] = controls[test] @ slopes + levels
        residual, left = np.split(targets - foretold, [amounts.shape[1]], axis=1)
        return residual, left

    def _fit_gains(
        self, frame: pd.DataFrame, amounts: Array, residual: Array, left: Array, folds: Folds, weights: Array
    ) -> Array:
        """Fit effects and factors; give the gains that others' effects foretell of people held out, (n, K, J)."""
        self.voices_: tuple[Voice, ...] = ()
        self.units_ = _spread(left)
        left = left / self.units_
        modifiers, levels = self.encoding_.modifier_values(frame), self._levels(frame)
        blocks = self.layout_.blocks
        nothing = Factors.none(self.layout_.n_insatser, len(self.types_), len(self.encoding_.modifiers))
        everyone = np.ones((len(frame), self.layout_.n_insatser))

        design, split = self._design(residual, everyone, modifiers), Split.of(left)
        first = outcomes.fit(design, split, weights, blocks)
        given = np.r_[
            self.layout_.alone, self.layout_.beside, self.layout_.gap, self.layout_.late
        ]  # factors come first
        parts, foretold = [], np.zeros((*residual[:, : self.layout_.n_insatser].shape, left.shape[1]))
        for train, test in folds:
            others = outcomes.fit(
                design[train], Split(split.mean[train], split.deviation[train]), weights[train], blocks, like=first
            )
            self._take(others, nothing)
            foretold[test] = self._alone_and_interplay(frame.iloc[test])[0] + self.predict_gap()
            parts.append(
                Part(
                    amounts=self._at_stake(residual[test]),
                    whole=self._at_stake(amounts[test]),
                    modifiers=modifiers[test],
                    levels=levels[test],
                    left=left[test] - design[test][:, given] @ others.coefficients[:, given].T,
                    noise=others.noise(),
                    weights=weights[test],
                )
            )
        learned = factors.fit(parts, self.type_of_, len(self.types_))
        factor = learned.on(modifiers, levels.mean(axis=1), self.type_of_)
        self._take(outcomes.fit(self._design(residual, factor, modifiers), split, weights, blocks), learned)
        return foretold

    def _add_voices(
        self,
        frame: pd.DataFrame,
        had: npt.NDArray[np.bool_],
        changes: Array,
        folds: Folds,
        dose_left: Array,
        left: Array,
        first_voice: Array,
    ) -> None:
        """Let a second voice speak of each outcome that is known for everybody."""
        if np.isnan(changes).any():
            return
        values = self.encoding_.smooth_values(frame)
        self.voices_ = tuple(
            surfaces.listen(values, had, changes[:, j], folds, dose_left, left[:, j], first_voice[:, 0, j])
            for j in range(len(self.outcomes_))
        )

    def _take(self, effects: Effects, learned: Factors) -> None:
        self._kept: dict[str, Any] = {}  # worked out from what follows when first asked for
        self.coefficients_, self.factors_ = effects.coefficients, learned
        self.covariance_common_ = _six_digits(effects.common.covariance[0])
        own = effects.own.covariance[0] if effects.own is not None else np.zeros_like(self.covariance_common_)
        self.covariance_own_ = _six_digits(own)
        self.noise_ = np.array(effects.noise())

    def _design(self, amounts: Array, factor: Array, modifiers: Array) -> Array:
        """Spread amounts (n, 2 K + 1 + T) over the coefficients, given each insats' factor (n, K): shape (n, P)."""
        doses, beside, covered, late = self._parted(amounts)
        slope = ((doses @ self._of_type())[:, :, None] * modifiers[:, None, :]).reshape(len(doses), -1)
        member = self.layout_.membership
        return np.hstack([((doses + beside) * factor) @ member, (beside * factor) @ member, slope, covered, late])

    def _at_stake(self, amounts: Array) -> Array:
        """Give the steps that amounts are expected to give with factors of 1: shape (n, K, J), in units."""
        doses, beside, *_ = self._parted(amounts)
        base, extra = self._bases()
        steps: Array = (doses + beside)[:, :, None] * base + beside[:, :, None] * extra
        return steps

    def _fit_course(self, frame: pd.DataFrame, remaining: Array, weights: Array) -> "lightgbm.Booster":
        import lightgbm

        known = ~np.isnan(remaining)
        parameters = {
            "objective": "regression", "learning_rate": 0.05, "num_leaves": 7, "min_data_in_leaf": 50,
            "max_bin": 63, "lambda_l2": 1.0, "deterministic": True, "force_col_wise": True, "num_threads": 1,
            "seed": self.random_state, "verbosity": -1,
        }  # fmt: skip
        data = lightgbm.Dataset(
            self.encoding_.tree_values(frame)[known],
            remaining[known],
            weight=weights[known],
            feature_name=list(self.encoding_.names),
        )
        return lightgbm.train(parameters, data, num_boost_round=self.n_trees)

    # Amounts and coefficients

    def _amounts(self, doses: Array, beside: Any, covered: Any, late: Any) -> Array:
        """Put all amounts side by side, shape (n, 2 K + 1 + T), filling in what is not given.

        Columns: doses and doses beside by insats, time covered, time that had passed by type.
        """
        shape = doses.shape
        given_beside = self._beside(doses) if beside is None else _matrix(beside, "beside", shape)
        time = np.zeros(shape[0]) if covered is None else np.asarray(covered, dtype=np.float64)
        passed = np.zeros(shape) if late is None else _matrix(late, "late", shape)
        covering = _matrix(time[:, None], "covered", (shape[0], 1))
        return np.hstack([doses, given_beside, covering, passed @ self._of_type()])

    def _parted(self, amounts: Array) -> list[Array]:
        n_insatser = self.layout_.n_insatser
        return np.split(amounts, [n_insatser, 2 * n_insatser, 2 * n_insatser + 1], axis=1)

    def _beside(self, doses: Array) -> Array:
        anchored = np.minimum(doses[:, self._is_anchor()].sum(axis=1), 1.0)
        return np.where(self._is_anchor()[None, :], 0.0, doses * anchored[:, None])

    def _of_amounts(self, frame: pd.DataFrame, amounts: Array) -> Array:
        """Give the steps that amounts are expected to have added, shape (n, J); `late` is nobody's doing."""
        doses, beside, covered, _ = self._parted(amounts)
        alone, interplay = self._alone_and_interplay(frame)
        steps: Array = (
            np.einsum("nk,nkj->nj", doses, alone)
            + np.einsum("nk,nkj->nj", beside, interplay)
            + covered * self.predict_gap()
        )
        return steps

    def _alone_and_interplay(self, frame: pd.DataFrame) -> tuple[Array, Array]:
        """Give steps at dose 1 alone, gap not counted, and what is added beside the anchor type: shapes (n, K, J)."""
        modifiers = self.encoding_.modifier_values(frame)
        factor = self.factors_.on(modifiers, self._levels(frame), self.type_of_) * self.units_
        base, extra = self._bases()
        slopes = np.einsum("nq,jtq->ntj", modifiers, self._slopes())[:, self.type_of_] * self.units_
        interplay = np.where(self._is_anchor()[:, None], 0.0, base + extra)
        alone = base * factor + slopes
        for j, voice in enumerate(self.voices_):
            second = voice.gain(self.encoding_.smooth_values(frame))[0] - self.predict_gap()[j]
            alone[:, 0, j] += voice.weight * (second - alone[:, 0, j])
        return alone, interplay * factor

    def _with_voices(self, frame: pd.DataFrame, sd: Array) -> Array:
        """Give the second voice's doubt its share, (n, 1, J), as if both voices were wrong the same way."""
        for j, voice in enumerate(self.voices_):
            second = voice.gain(self.encoding_.smooth_values(frame))[1]
            sd[:, 0, j] += voice.weight * (second - sd[:, 0, j])
        return sd

    def _bases(self) -> tuple[Array, Array]:
        """Give effects with factors of 1 in units, alone and on top of as much again beside the anchor type: (K, J)."""
        alone, beside = self.coefficients_[:, self.layout_.alone], self.coefficients_[:, self.layout_.beside]
        member = self.layout_.membership
        return member @ alone.T, member @ beside.T

    def _slopes(self) -> Array:
        flat = self.coefficients_[:, self.layout_.slope]
        return flat.reshape(len(flat), self.layout_.n_types, self.layout_.n_modifiers)

    def _levels(self, frame: pd.DataFrame) -> Array:
        """Give the standardised level of each outcome, 0 where `X` has none: shape (n, J)."""
        return np.column_stack([self._level(frame, outcome) for outcome in self.outcomes_])

    def _level(self, frame: pd.DataFrame, outcome: str) -> Array:
        name = f"{self.level_prefix}{outcome}"
        return self.encoding_.number(name).standardised(frame[name]) if name in frame else np.zeros(len(frame))

    def _sd_of(self, modifiers: Array, levels: Array, unseen: float, gap: bool = True) -> Array:
        """Give the standard deviation of each gain alone, against a gap or not, at modifiers (n, q), levels (n, J)."""
        factor, base = self.factors_.on(modifiers, levels, self.type_of_), self._bases()[0]
        covariances = self._covariances()
        rest = np.column_stack([modifiers, np.full(len(modifiers), float(gap))])
        variance = factor**2 * covariances.bases[:, None] + 2 * factor * (rest @ covariances.between.T)[:, :, None]
        variance += base**2 * ((modifiers**2 @ self.factors_.own_variance.T)[:, :, None] + unseen)
        for kind, chance in enumerate(self.factors_.variance):
            own = self.type_of_ == kind
            fixed = ((rest @ covariances.rest[kind]) * rest).sum(axis=1)
            of_traits = ((modifiers @ chance[:-1, :-1]) * modifiers).sum(axis=1)[:, None]
            of_traits = of_traits + 2 * levels * (modifiers @ chance[:-1, -1])[:, None] + levels**2 * chance[-1, -1]
            variance[:, own] += fixed[:, None, None] + base[own] ** 2 * of_traits[:, None]
        sd: Array = np.sqrt(np.maximum(variance, 0.0)) * self.units_
        return sd

    def _covariances(self) -> "_Covariances":
        """Give what of the variances of gains alone is the same for everybody; worked out once."""
        if "covariances" not in self._kept:
            layout, joint = self.layout_, self.covariance_common_ + self.covariance_own_
            member, everyone = layout.membership, np.arange(layout.n_insatser)
            of_alone = member @ joint[layout.alone]
            of_slopes = of_alone[:, layout.slope].reshape(layout.n_insatser, layout.n_types, layout.n_modifiers)
            columns = np.arange(layout.slope.start, layout.slope.stop).reshape(layout.n_types, layout.n_modifiers)
            columns = np.hstack([columns, np.full((layout.n_types, 1), layout.gap.start)])
            self._kept["covariances"] = _Covariances(
                bases=(of_alone[:, layout.alone] * member).sum(axis=1),
                between=np.hstack([of_slopes[everyone, self.type_of_], of_alone[:, layout.gap]]),
                rest=np.stack([joint[np.ix_(own, own)] for own in columns]),
            )
        kept: _Covariances = self._kept["covariances"]
        return kept

    def _draws(self, n_draws: int, seed: int) -> tuple[Array, ...]:
        """Draw effects alone (S, K, J), slopes (S, T, q, J), factors seen (S, K, q) and not (S, K), and room (S, T).

        They are the same for every client, so those that were asked for last are kept.
        """
        asked, kept = (n_draws, seed), self._kept.get("draws")
        if kept is None or kept[0] != asked:
            self._kept["draws"] = kept = asked, self._draw(n_draws, seed)
        drawn: tuple[Array, ...] = kept[1]
        return drawn

    def _draw(self, n_draws: int, seed: int) -> tuple[Array, ...]:
        rng, layout = np.random.default_rng(seed), self.layout_
        n_outcomes = len(self.outcomes_)
        shared = rng.standard_normal((n_draws, 1, layout.size)) @ _root(self.covariance_common_).T
        own = rng.standard_normal((n_draws, n_outcomes, layout.size)) @ _root(self.covariance_own_).T
        drawn = self.coefficients_[None] + shared + own  # (S, J, P)
        base = np.ascontiguousarray((drawn[..., layout.alone] @ layout.membership.T).transpose(0, 2, 1))
        slopes = drawn[..., layout.slope].reshape(n_draws, n_outcomes, layout.n_types, layout.n_modifiers)
        of_type = np.stack(
            [rng.standard_normal((n_draws, len(chance))) @ _root(chance).T for chance in self.factors_.variance], axis=1
        )  # (S, T, q + 1)
        of_own = rng.standard_normal((n_draws, *self.factors_.own_variance.shape)) * np.sqrt(self.factors_.own_variance)
        unseen = rng.standard_normal((n_draws, layout.n_insatser)) * np.sqrt(self.factors_.unseen)
        by_trait = self.factors_.slopes + of_type[:, self.type_of_, :-1] + of_own
        return base, slopes.transpose(0, 2, 3, 1), by_trait, unseen, self.factors_.room + of_type[..., -1]

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file, all but the trees (`without_`), which have their own text.

        Raises
        ------
        ValueError
            The model has a second voice (one insats, had or not): that keeps rows, which must not leave the machine.
        """
        if self.voices_:
            raise ValueError(
                "a model of a single insats that people had or not keeps rows, and is not written to a file"
            )
        lower = np.tril_indices(self.layout_.size)
        return {
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value for name, value in self.get_params().items()
            },
            "encoding": self.encoding_.plain(),
            "outcomes": list(self.outcomes_),
            "insatser": list(self.insatser_),
            "types": list(self.types_),
            "type_of": self.type_of_.tolist(),
            "groups": list(self.groups_),
            "group_of": self.group_of_.tolist(),
            "units": self.units_.tolist(),
            "coefficients": self.coefficients_.tolist(),
            "covariance_common": self.covariance_common_[lower].tolist(),
            "covariance_own": self.covariance_own_[lower].tolist(),
            "noise": self.noise_.tolist(),
            "factors": self.factors_.plain(),
            "dose_slopes": self.dose_slopes_.tolist(),
            "dose_levels": self.dose_levels_.tolist(),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any], trees: Sequence[str]) -> "GainModel":
        """Turn plain data and the trees' texts, in the order of the outcomes, back into a model."""
        import lightgbm

        model = cls(**data["parameters"])
        model.encoding_ = Encoding.from_plain(data["encoding"])
        model.n_features_in_ = len(model.encoding_.names)
        model.feature_names_in_ = np.array(model.encoding_.names, dtype=object)
        model.outcomes_, model.insatser_ = tuple(data["outcomes"]), tuple(data["insatser"])
        model.types_, model.type_of_ = tuple(data["types"]), np.array(data["type_of"], dtype=np.intp)
        model.groups_, model.group_of_ = tuple(data["groups"]), np.array(data["group_of"], dtype=np.intp)
        model.layout_ = model._layout()
        model._kept = {}
        model.units_, model.coefficients_ = np.array(data["units"]), np.array(data["coefficients"])
        model.covariance_common_ = _symmetric(data["covariance_common"], model.layout_.size)
        model.covariance_own_ = _symmetric(data["covariance_own"], model.layout_.size)
        model.noise_ = np.array(data["noise"])
        model.factors_ = Factors.from_plain(data["factors"])
        model.voices_ = ()
        model.dose_slopes_, model.dose_levels_ = np.array(data["dose_slopes"]), np.array(data["dose_levels"])
        model.without_ = [lightgbm.Booster(model_str=text) for text in trees]
        return model

    # What is given

    def _checked(self, X: pd.DataFrame, A: Any, Y: Any) -> tuple[pd.DataFrame, Array, Array]:
        frame = _as_frame(X)
        doses = np.asarray(A, dtype=np.float64)
        doses = doses[:, None] if doses.ndim == 1 else doses
        changes = np.asarray(Y, dtype=np.float64)
        changes = changes[:, None] if changes.ndim == 1 else changes
        self.insatser_ = _names(A, doses.shape[1])
        self.outcomes_ = _names(Y, changes.shape[1])
        for name, array in (("A", doses), ("Y", changes)):
            if len(array) != len(frame):
                raise ValueError(f"{name} has {len(array)} rows, X has {len(frame)}")
            if np.isinf(array).any():
                raise ValueError(f"{name}: infinite values; replace them or leave them missing")
        for k, insats in enumerate(self.insatser_):
            if np.isnan(doses[:, k]).any() or (doses[:, k] < 0).any():
                raise ValueError(f"A, insats {insats}: doses must be known and at least 0")
        if not doses.any():
            raise ValueError("A: nobody had any insats; there is nothing to learn an effect from")
        for j, outcome in enumerate(self.outcomes_):
            if (~np.isnan(changes[:, j])).sum() < 2:
                raise ValueError(f"Y, outcome {outcome}: fewer than two rows are measured; leave the outcome out")
            if self.largest_change is not None and np.nanmax(np.abs(changes[:, j])) > self.largest_change:
                raise ValueError(
                    f"Y, outcome {outcome}: a change is larger than {self.largest_change:g}, the width of the scale"
                )
        return frame, doses, changes

    def _aligned(self, X: Any) -> pd.DataFrame:
        return self.encoding_.aligned(_as_frame(X))

    def _name_kinds(self, insatser: pd.DataFrame | None, n_insatser: int) -> None:
        """Give numbers to the types of insatser, and the groups that have more than one insats."""
        if insatser is not None and len(insatser) != n_insatser:
            raise ValueError(f"insatser has {len(insatser)} rows, A has {n_insatser} columns")
        given = pd.DataFrame(index=range(n_insatser)) if insatser is None else insatser
        types = [str(name) for name in given["type"]] if "type" in given else [_ONE_TYPE] * n_insatser
        groups = list(given["group"]) if "group" in given else [None] * n_insatser
        named = pd.Series(groups, dtype=object).dropna().astype(str)
        self.types_ = tuple(sorted(set(types)))
        self.type_of_ = np.array([self.types_.index(name) for name in types], dtype=np.intp)
        counts = named.value_counts()
        self.groups_ = tuple(sorted(counts.index[counts > 1]))
        numbers = {name: number for number, name in enumerate(self.groups_)}
        self.group_of_ = np.array([numbers.get(str(name), -1) for name in groups], dtype=np.intp)

    def _layout(self) -> Layout:
        return Layout.of(
            self.type_of_, len(self.types_), self.group_of_, len(self.groups_), len(self.encoding_.modifiers)
        )

    def _of_type(self) -> Array:
        return np.eye(len(self.types_))[self.type_of_]

    def _is_anchor(self) -> npt.NDArray[np.bool_]:
        return np.array([self.types_[kind] == self.anchor_type for kind in self.type_of_], dtype=np.bool_)

    def _folds(self, groups: npt.NDArray[Any]) -> Folds:
        n_folds = min(self.n_folds, len(np.unique(groups)))
        if n_folds < 2:
            raise ValueError("groups: at least two clients are needed to learn from one and check on another")
        splitter = GroupKFold(n_folds, shuffle=True, random_state=self.random_state)
        return list(splitter.split(np.zeros(len(groups)), groups=groups))


@dataclass(frozen=True)
class _Covariances:
    """Covariances in units: of bases (K,), of these with slopes and gap (K, q + 1), of the latter (T, q + 1, q + 1)."""

    bases: Array
    between: Array
    rest: Array


def _as_frame(X: Any) -> pd.DataFrame:
    """Give plain arrays the column names 0, 1, …; a data frame keeps its own."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X, dtype=np.float64))
    return frame.rename(columns=str)


def _names(array: Any, size: int) -> tuple[str, ...]:
    if isinstance(array, pd.DataFrame):
        return tuple(str(name) for name in array.columns)
    return tuple(str(number) for number in range(size))


def _matrix(array: Any, name: str, shape: tuple[int, int]) -> Array:
    matrix = np.asarray(array, dtype=np.float64)
    if matrix.shape != shape:
        raise ValueError(f"{name}: has the shape {matrix.shape}, must have {shape}")
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise ValueError(f"{name}: must be finite and at least 0")
    return matrix


def _merged(groups: npt.NDArray[Any], frame: pd.DataFrame, doses: Array, changes: Array) -> npt.NDArray[np.intp]:
    """Give each client a number, and the same one where all rows, two or more, are the same in every cell.

    The same person under two ids would else be on both sides of a fold.
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    cells = pd.concat([frame, pd.DataFrame(doses), pd.DataFrame(changes)], axis=1, ignore_index=True)
    rows = pd.DataFrame({"client": numbers, "row": pd.util.hash_pandas_object(cells, index=False).to_numpy()})
    own = rows.sort_values(["client", "row"]).groupby("client")["row"].agg(tuple)
    first = {signature: client for client, signature in reversed(list(own.items())) if len(signature) > 1}
    merged = np.array([first.get(signature, client) for client, signature in own.items()], dtype=np.intp)
    return merged[numbers]


def _spread(left: Array) -> Array:
    """Give the standard deviation of each outcome, shape (J,); 1 where nothing varies."""
    sd = np.sqrt(np.nanmean(left**2, axis=0))
    return np.where(sd > 1e-12, sd, 1.0)


def _root(covariance: Array) -> Array:
    """Give a matrix whose square is the covariance, also where rounding took it off positive definite."""
    values, vectors = np.linalg.eigh(covariance)
    root: Array = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _symmetric(flat: Sequence[float], size: int) -> Array:
    matrix, lower = np.zeros((size, size)), np.tril_indices(size)
    matrix[lower] = flat
    matrix.T[lower] = flat
    return matrix


def _six_digits(matrix: Array) -> Array:
    """Round to six significant digits, so that the text file is small."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** np.where(matrix == 0, 0.0, 5.0 - np.floor(np.log10(np.abs(matrix))))
    rounded: Array = np.round(matrix * scale) / scale
    return rounded
