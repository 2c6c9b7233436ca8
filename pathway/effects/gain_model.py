"""The gain model: many insatser at once, residual on residual, shrunk in blocks; and the course without any of them.

Estimand. For client features ``x``, insats ``k`` and outcome ``j``: the extra change over one interval that taking part
at dose 1 is expected to bring, alone and beside other insatser, if the features hold all that decides both who is
offered what and how people develop (no unmeasured confounding; an assumption, not a finding).

Model, after Robinson (1988) and Nie & Wager (2021), with vector treatment::

    Y_j - m_j(h) = sum_k (A_k - e_k(h)) * gain_kj(x) + sum_k (B_k - f_k(h)) * interplay_kj
                   + (C - c(h)) * gap_j + noise
    gain_kj(x)   = type_tj + own_kj + modifiers(x) * slope_tj + level_j(x) * headroom_tj        (t is the type of k)
    interplay_kj = beside_tj + own beside_kj

``m``, ``e``, ``f`` and ``c`` are cross-fitted by client; ``B_k`` is the part of the dose ``A_k`` given beside a
job-oriented insats, ``C`` the time with any insats at all: what having something spares a person of a gap is the same
whatever it is, and is had once, however many insatser run. Every group of coefficients is a block with a variance of
its own (`pathway.effects.shrinkage`). The course without insatser is a LightGBM model per outcome of what remains of
the change when the gains are taken away.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold

from pathway.effects import ridge
from pathway.effects.encoding import Encoding
from pathway.effects.layout import Layout, Term
from pathway.effects.shrinkage import Moments, shrink

if TYPE_CHECKING:
    import lightgbm
    import shap

Array = npt.NDArray[np.float64]
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
        n_folds: int = 5,
        n_trees: int = 100,
        random_state: int = 0,
    ) -> None:
        self.modifiers = modifiers
        self.anchor_type = anchor_type
        self.level_prefix = level_prefix
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
            Attributes, K rows; the column ``type`` is used where there is one.
        beside
            The part of each dose given while an insats of `anchor_type` ran, shape (n, K). Default: as if doses were
            spread evenly over the interval.
        covered
            Time with at least one insats, in intervals, shape (n,). Default: the sum of the doses, at most 1.

        Raises
        ------
        ValueError
            The arrays do not fit each other, doses are negative or infinite, or an outcome or insats has no data.
        """
        frame, doses, changes = self._checked(X, A, Y)
        n = len(frame)
        groups = np.arange(n) if groups is None else np.asarray(groups)
        if len(groups) != n:
            raise ValueError(f"groups has {len(groups)} rows, X has {n}")
        self._name_types(insatser, doses.shape[1])
        self.encoding_ = Encoding.learn(frame, None if self.modifiers is None else tuple(self.modifiers))
        self.n_features_in_ = len(self.encoding_.names)
        self.feature_names_in_ = np.array(self.encoding_.names, dtype=object)
        amounts = self._amounts(doses, beside, covered)

        controls = self.encoding_.controls(frame)
        targets = np.column_stack([amounts, changes])
        residuals = targets - self._cross_fit(controls, targets, self._folds(groups))
        amount_residual, residual = np.split(residuals, [amounts.shape[1]], axis=1)
        self.dose_slopes_, self.dose_levels_ = ridge.fit(controls, doses)

        self.layout_ = Layout(len(self.types_), doses.shape[1], len(self.encoding_.modifiers))
        modifier_values = self.encoding_.modifier_values(frame)
        moments = []
        for j, outcome in enumerate(self.outcomes_):
            rows = ~np.isnan(changes[:, j])
            design = self._design(amount_residual, modifier_values, self._own_level(frame, outcome))
            moments.append(Moments.of(design[rows], residual[rows, j]))
        posterior = shrink(moments, self.layout_.blocks)
        self.coefficients_ = posterior.mean
        self.covariances_ = np.array([_six_digits(cov) for cov in posterior.covariance])
        self.block_variances_, self.noise_ = posterior.block_variances, posterior.noise

        remaining = changes - self._of_amounts(frame, amounts)
        self.without_ = [self._fit_course(frame, remaining[:, j]) for j in range(len(self.outcomes_))]
        return self

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
        gain: Array = self._alone(frame) + self.predict_gap()
        if beside is None:
            return gain
        running = _matrix(beside, "beside", (len(frame), self.layout_.n_insatser))
        anchor, interplay = self._is_anchor(), self.predict_interplay()
        anchored = np.minimum(running[:, anchor].sum(axis=1), 1.0)
        extra = anchored[:, None, None] * interplay[None]
        # one more job-oriented insats lifts what runs beside it, as far as nothing job-oriented did so before
        lifted = (1.0 - anchored)[:, None] * (running @ interplay)
        extra[:, anchor, :] = lifted[:, None, :]
        uncovered = 1.0 - np.minimum(running.sum(axis=1), 1.0)
        total: Array = gain + extra - (1.0 - uncovered)[:, None, None] * self.predict_gap()
        return total

    def predict_interval(self, X: pd.DataFrame, level: float = 0.9) -> Array:
        """Give the interval of each gain, each insats taken alone: shape (n, K, J, 2), lower end first."""
        from scipy.stats import norm

        frame = self._aligned(X)
        mean = self._alone(frame) + self.predict_gap()
        half = norm.ppf(0.5 + level / 2) * self._sd_alone(frame)
        return np.stack([mean - half, mean + half], axis=-1)

    def predict_without(self, X: pd.DataFrame) -> Array:
        """Give the expected change over one interval with no insats, shape (n, J)."""
        values = self.encoding_.tree_values(self._aligned(X))
        return np.column_stack([np.asarray(tree.predict(values, num_threads=1)) for tree in self.without_])

    def predict_mix(self, X: pd.DataFrame, A: Any, beside: Any = None, covered: Any = None) -> Array:
        """Give the expected steps that a whole mix of insatser adds, shape (n, J); amounts as in `fit`."""
        frame = self._aligned(X)
        doses = _matrix(A, "A", (len(frame), self.layout_.n_insatser))
        return self._of_amounts(frame, self._amounts(doses, beside, covered))

    def predict_added(self, X: pd.DataFrame) -> Array:
        """Give the expected steps gained at dose 1 beside something that already fills the gap, shape (n, K, J)."""
        return self._alone(self._aligned(X))

    def predict_gap(self) -> Array:
        """Give the expected steps that an interval with any insats at all spares, against a gap: shape (J,)."""
        gap: Array = self.coefficients_[:, self.layout_.gap][:, 0]
        return gap

    def _amounts(self, doses: Array, beside: Any, covered: Any) -> Array:
        """Put doses, doses beside and time covered side by side, shape (n, 2 K + 1), filling in what is not given."""
        shape = doses.shape
        given_beside = self._beside(doses) if beside is None else _matrix(beside, "beside", shape)
        time = np.minimum(doses.sum(axis=1), 1.0) if covered is None else np.asarray(covered, dtype=np.float64)
        return np.column_stack([doses, given_beside, _matrix(time[:, None], "covered", (shape[0], 1))])

    def _of_amounts(self, frame: pd.DataFrame, amounts: Array) -> Array:
        modifier_values = self.encoding_.modifier_values(frame)
        return np.column_stack(
            [
                self._design(amounts, modifier_values, self._own_level(frame, outcome)) @ self.coefficients_[j]
                for j, outcome in enumerate(self.outcomes_)
            ]
        )

    def predict_interplay(self) -> Array:
        """Extra steps over one interval at dose 1 beside an insats of the anchor type, shape (K, J)."""
        extra = self.coefficients_[:, self.layout_.interplay][:, self.type_of_].T
        extra = extra + self.coefficients_[:, self.layout_.own_interplay].T
        return np.where(self._is_anchor()[:, None], 0.0, extra)

    def predict_dose(self, X: pd.DataFrame) -> Array:
        """Dose that people with these features have had on average, shape (n, K): how comparable history is."""
        controls = self.encoding_.controls(self._aligned(X))
        return controls @ self.dose_slopes_ + self.dose_levels_

    def total_interval(self, x: pd.DataFrame, terms: Sequence[Term]) -> tuple[Array, Array]:
        """Sum the gains of several amounts for one client, beside something that already fills the gap.

        Parameters
        ----------
        x
            One row of features.

        Returns
        -------
        mean and standard deviation, both of shape (J,); the coefficients' joint uncertainty, not a sum of single ones
        """
        frame = self._aligned(x)
        mean, sd = np.zeros(len(self.outcomes_)), np.zeros(len(self.outcomes_))
        amounts = np.zeros((1, 2 * self.layout_.n_insatser + 1))
        for term in terms:
            amounts[0, term.insats] += term.dose
            if not self._is_anchor()[term.insats]:
                amounts[0, self.layout_.n_insatser + term.insats] += term.beside
        modifier_values = self.encoding_.modifier_values(frame)
        for j, outcome in enumerate(self.outcomes_):
            row = self._design(amounts, modifier_values, self._own_level(frame, outcome))[0]
            mean[j] = row @ self.coefficients_[j]
            sd[j] = np.sqrt(max(row @ self.covariances_[j] @ row, 0.0))
        return mean, sd

    def explain_parts(self, X: pd.DataFrame, insats: int) -> tuple[Array, Array]:
        """Split what one insats adds (`predict_added`) into a base and a part per feature.

        The gain is linear in the features, so the parts are exact Shapley values against the mean of the training
        table: base plus parts is the gain.

        Returns
        -------
        base of shape (J,) and parts of shape (n, p, J), in the order of ``feature_names_in_``
        """
        frame = self._aligned(X)
        kind = self.type_of_[insats]
        slopes = self._slopes()
        headroom = self.coefficients_[:, self.layout_.headroom]
        base = self.coefficients_[:, self.layout_.type][:, kind] + self.coefficients_[:, self.layout_.own][:, insats]
        parts = np.zeros((len(frame), self.n_features_in_, len(self.outcomes_)))
        position = {name: number for number, name in enumerate(self.encoding_.names)}
        modifier_values = self.encoding_.modifier_values(frame)
        for number, name in enumerate(self.encoding_.modifiers):
            parts[:, position[name], :] += modifier_values[:, [number]] * slopes[:, kind, number]
        for j, outcome in enumerate(self.outcomes_):
            name = f"{self.level_prefix}{outcome}"
            if name in position:
                parts[:, position[name], j] += self._own_level(frame, outcome) * headroom[j, kind]
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

    def plain(self) -> dict[str, Any]:
        """Turn into plain data for a text file, all but the trees (`without_`), which have their own text."""
        lower = np.tril_indices(self.coefficients_.shape[1])
        return {
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value for name, value in self.get_params().items()
            },
            "encoding": self.encoding_.plain(),
            "outcomes": list(self.outcomes_),
            "insatser": list(self.insatser_),
            "types": list(self.types_),
            "type_of": self.type_of_.tolist(),
            "coefficients": self.coefficients_.tolist(),
            "covariances": [cov[lower].tolist() for cov in self.covariances_],
            "block_variances": self.block_variances_.tolist(),
            "noise": self.noise_.tolist(),
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
        model.layout_ = Layout(len(model.types_), len(model.insatser_), len(model.encoding_.modifiers))
        model.coefficients_ = np.array(data["coefficients"])
        size = model.coefficients_.shape[1]
        lower = np.tril_indices(size)
        model.covariances_ = np.zeros((len(model.outcomes_), size, size))
        for j, flat in enumerate(data["covariances"]):
            model.covariances_[j][lower] = flat
            model.covariances_[j].T[lower] = flat
        model.block_variances_, model.noise_ = np.array(data["block_variances"]), np.array(data["noise"])
        model.dose_slopes_, model.dose_levels_ = np.array(data["dose_slopes"]), np.array(data["dose_levels"])
        model.without_ = [lightgbm.Booster(model_str=text) for text in trees]
        return model

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
        if np.isnan(doses).any() or (doses < 0).any():
            raise ValueError("A: doses must be known and at least 0")
        for j, outcome in enumerate(self.outcomes_):
            if (~np.isnan(changes[:, j])).sum() < 2:
                raise ValueError(f"Y, outcome {outcome}: fewer than two rows are measured; leave the outcome out")
        return frame, doses, changes

    def _aligned(self, X: Any) -> pd.DataFrame:
        return self.encoding_.aligned(_as_frame(X))

    def _name_types(self, insatser: pd.DataFrame | None, n_insatser: int) -> None:
        if insatser is None or "type" not in insatser:
            names = [_ONE_TYPE] * n_insatser
        elif len(insatser) != n_insatser:
            raise ValueError(f"insatser has {len(insatser)} rows, A has {n_insatser} columns")
        else:
            names = [str(name) for name in insatser["type"]]
        self.types_ = tuple(sorted(set(names)))
        self.type_of_ = np.array([self.types_.index(name) for name in names], dtype=np.intp)

    def _of_type(self) -> Array:
        return np.eye(len(self.types_))[self.type_of_]

    def _is_anchor(self) -> npt.NDArray[np.bool_]:
        return np.array([self.types_[kind] == self.anchor_type for kind in self.type_of_], dtype=np.bool_)

    def _beside(self, doses: Array) -> Array:
        anchored = np.minimum(doses[:, self._is_anchor()].sum(axis=1), 1.0)
        return np.where(self._is_anchor()[None, :], 0.0, doses * anchored[:, None])

    def _folds(self, groups: Array) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        n_folds = min(self.n_folds, len(np.unique(groups)))
        if n_folds < 2:
            raise ValueError("groups: at least two clients are needed to learn from one and check on another")
        splitter = GroupKFold(n_folds, shuffle=True, random_state=self.random_state)
        return list(splitter.split(np.zeros(len(groups)), groups=groups))

    def _cross_fit(
        self, controls: Array, targets: Array, folds: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]
    ) -> Array:
        predicted = np.zeros_like(targets)
        for train, test in folds:
            slopes, levels = ridge.fit(controls[train], targets[train])
            predicted[test] = controls[test] @ slopes + levels
        return predicted

    def _own_level(self, frame: pd.DataFrame, outcome: str) -> Array:
        name = f"{self.level_prefix}{outcome}"
        return self.encoding_.number(name).standardised(frame[name]) if name in frame else np.zeros(len(frame))

    def _design(self, amounts: Array, modifier_values: Array, own_level: Array) -> Array:
        """Spread amounts (n, 2 K + 1: doses, doses beside, time covered) over the coefficients: shape (n, P)."""
        n_insatser = self.layout_.n_insatser
        doses, beside, covered = np.split(amounts, [n_insatser, 2 * n_insatser], axis=1)
        of_type = self._of_type()
        by_type = doses @ of_type
        slope = (by_type[:, :, None] * modifier_values[:, None, :]).reshape(len(amounts), -1)
        return np.column_stack([by_type, doses, slope, by_type * own_level[:, None], beside @ of_type, beside, covered])

    def _slopes(self) -> Array:
        flat = self.coefficients_[:, self.layout_.slope]
        return flat.reshape(len(flat), self.layout_.n_types, self.layout_.n_modifiers)

    def _alone(self, frame: pd.DataFrame) -> Array:
        base = (
            self.coefficients_[:, self.layout_.type][:, self.type_of_] + self.coefficients_[:, self.layout_.own]
        )  # (J, K)
        by_type = np.einsum("nq,jtq->ntj", self.encoding_.modifier_values(frame), self._slopes())
        levels = np.column_stack([self._own_level(frame, outcome) for outcome in self.outcomes_])
        by_type += levels[:, None, :] * self.coefficients_[:, self.layout_.headroom].T[None]
        gains: Array = base.T[None] + by_type[:, self.type_of_, :]
        return gains

    def _sd_alone(self, frame: pd.DataFrame) -> Array:
        modifier_values = self.encoding_.modifier_values(frame)
        n, layout = len(frame), self.layout_
        sd = np.zeros((n, layout.n_insatser, len(self.outcomes_)))
        for j, outcome in enumerate(self.outcomes_):
            own_level = self._own_level(frame, outcome)
            row = np.column_stack([np.ones(n), np.ones(n), modifier_values, own_level, np.ones(n)])
            for k, kind in enumerate(self.type_of_):
                first = layout.slope.start + kind * layout.n_modifiers
                at = [
                    kind, layout.own.start + k, *range(first, first + layout.n_modifiers), layout.headroom.start + kind,
                    layout.gap.start,
                ]  # fmt: skip
                cov = self.covariances_[j][np.ix_(at, at)]
                sd[:, k, j] = np.sqrt(np.maximum(np.einsum("np,pq,nq->n", row, cov, row), 0.0))
        return sd

    def _fit_course(self, frame: pd.DataFrame, remaining: Array) -> "lightgbm.Booster":
        import lightgbm

        known = ~np.isnan(remaining)
        parameters = {
            "objective": "regression", "learning_rate": 0.05, "num_leaves": 7, "min_data_in_leaf": 50,
            "max_bin": 63, "lambda_l2": 1.0, "deterministic": True, "force_col_wise": True, "num_threads": 1,
            "seed": self.random_state, "verbosity": -1,
        }  # fmt: skip
        data = lightgbm.Dataset(
            self.encoding_.tree_values(frame)[known], remaining[known], feature_name=list(self.encoding_.names)
        )
        return lightgbm.train(parameters, data, num_boost_round=self.n_trees)


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
        raise ValueError(f"{name}: doses must be finite and at least 0")
    return matrix


def _six_digits(matrix: Array) -> Array:
    """Round to six significant digits, so that the text file is small."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** np.where(matrix == 0, 0.0, 5.0 - np.floor(np.log10(np.abs(matrix))))
    rounded: Array = np.round(matrix * scale) / scale
    return rounded
