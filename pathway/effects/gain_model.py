"""The gain model: many insatser at once, residual on residual, shrunk in blocks; and the course without any of them.

Estimand. For client features ``x``, insats ``k`` and outcome ``j``: the extra change over one interval that taking part
at dose 1 is expected to bring, alone and beside other insatser, if the features hold all that decides both who is
offered what and how people develop (no unmeasured confounding; an assumption, not a finding).

Model, after Robinson (1988) and Nie & Wager (2021), with vector treatment; every amount is a residual, too::

    Y_j - m_j(h) = sum_k D_k * gain_kj(x) + sum_k B_k * interplay_kj(x) + C * gap_j + sum_t U_t * late_tj + noise
    gain_kj(x)      = alone_kj * factor_kj(x) + modifiers(x) * slope_tj                      (t is the type of k)
    interplay_kj(x) = (alone_kj + beside_kj) * factor_kj(x)
    factor_kj(x)    = 1 + modifiers(x) * c_k + level_j(x) * room_t                (`pathway.effects.standing`)

``D_k`` is the dose, ``B_k`` the part of it given beside a job-oriented insats, and ``C`` the time with any insats:
what having something spares a person of a gap is the same whatever it is, and is had once, however many insatser run.
``U_t`` is the time that had passed when an insats of the type began inside the interval. Who begins what in the middle
of an interval is decided by how it went until then, so the change before is its cause and not its effect.

Where it is known what each client had before, ``D``, ``B`` and ``C`` hold shares of earlier amounts, too: what lasts of
them shows in later changes, levels held equal (`pathway.effects.lasting`).

``alone_k`` and ``beside_k`` are sums of what all insatser do, what the type does, what the group does, and the insats'
own (`pathway.effects.layout`); outcomes are split into what is common and what is not (`pathway.effects.outcomes`).
Every such block has a variance of its own (`pathway.effects.shrinkage`), and where insatser do much for a few outcomes
and little for the rest, that is made use of (`pathway.effects.targets`). Factors are learned across outcomes
(`pathway.effects.factors`). The nuisances ``m`` and those of the amounts are cross-fitted by client. The course without
insatser is a LightGBM model per outcome of what remains of the change when the gains are taken away.
"""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval

from pathway.effects import fitting, given, ridge, surfaces
from pathway.effects.answers import LIFTED, NORMAL_90, Answers
from pathway.effects.doubt import Doubt
from pathway.effects.encoding import Encoding
from pathway.effects.kinds import Kinds
from pathway.effects.learned import Learned
from pathway.effects.standing import Standing

Array = npt.NDArray[np.float64]
__all__ = ["NORMAL_90", "GainModel"]


class GainModel(Answers, BaseEstimator):  # type: ignore[misc]
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

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn's own convention
        "modifiers": ["array-like", None],
        "anchor_type": [str],
        "level_prefix": [str],
        "largest_change": [Interval(Real, 0, None, closed="neither"), None],
        "n_folds": [Interval(Integral, 2, None, closed="left")],  # to learn from one part and check on another
        "n_trees": [Interval(Integral, 1, None, closed="left")],
        "random_state": [Interval(Integral, 0, 2**32 - 1, closed="both")],
    }

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
        follows: Any = None,
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
            Attributes, K rows; the columns ``type`` and ``group`` are used where there are any. Rows go by the names of
            `A`'s columns where the index holds these, else by their order.
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
        follows
            Number of the row that ends where each one starts, the same client's, -1 where there is none, shape (n,).
            Default: not known, and then nothing is looked for that lasts from earlier intervals.

        Raises
        ------
        ValueError
            The arrays do not fit each other, doses are negative or infinite, an outcome has no data, nobody had any
            insats, there is one client only, or a parameter is none of those above.
        """
        self._validate_params()
        frame = given.frame_of(X)
        (doses, self.insatser_), (changes, self.outcomes_) = given.columns_of(A, "A"), given.columns_of(Y, "Y")
        n = len(frame)
        given.check_rows(n, doses, changes)
        given.check_doses(doses, self.insatser_)
        given.check_changes(changes, self.outcomes_, self.largest_change)
        given.check_levels(frame, self._names(self.level_prefix), self._names(LIFTED))
        groups = given.clients(groups, n)
        weights = given.row_weights(weights, n)
        chain = None if follows is None else given.chain(follows, groups)
        kinds = Kinds.of(given.in_order(insatser, self.insatser_), doses.shape[1], self.anchor_type)
        self.encoding_ = Encoding.learn(frame, None if self.modifiers is None else tuple(self.modifiers))
        self._name_features()

        amounts, controls = kinds.amounts(doses, beside, covered, late), self.encoding_.controls(frame)
        over_time = kinds.over_time(amounts, chain)
        folds = fitting.folds_of(given.merged(groups, frame, doses, changes), self.n_folds, self.random_state)
        residual, left = fitting.residuals(controls, over_time, changes, folds, weights)
        self.standing_ = self._learn_standing(frame, doses, changes, weights)
        modifiers, levels = self._rated(frame)
        learned, foretold = fitting.gains(kinds, modifiers, levels, over_time, residual, left, folds, weights)
        self.learned_ = learned if covered is not None else learned.without_doubt_about_gap()
        self.doubt_ = Doubt(self.learned_)
        self.voices_ = ()
        if surfaces.suits(doses) and not np.isnan(changes).any():
            values = self.encoding_.smooth_values(frame)
            self.voices_ = surfaces.listen_to_all(
                values, doses[:, 0] == 1, changes, folds, residual[0][:, 0], left, foretold
            )
        self.dose_slopes_, self.dose_levels_ = ridge.fit(controls, doses, weights)
        remaining = changes - self._of_amounts(frame, amounts)
        values = self.encoding_.tree_values(frame)
        self.without_ = [
            fitting.course(values, one, weights, self.encoding_.names, self.n_trees, self.random_state)
            for one in remaining.T
        ]
        return self

    # On file

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
        return {
            "parameters": {name: _plain(value) for name, value in self.get_params().items()},
            "encoding": self.encoding_.plain(),
            "outcomes": list(self.outcomes_),
            "insatser": list(self.insatser_),
            **self.learned_.kinds.plain(),
            **self.learned_.plain(),
            "standing": self.standing_.plain(),
            "dose_slopes": self.dose_slopes_.tolist(),
            "dose_levels": self.dose_levels_.tolist(),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any], trees: Sequence[str]) -> "GainModel":
        """Turn plain data and the trees' texts, in the order of the outcomes, back into a model."""
        import lightgbm

        model = cls(**data["parameters"])
        model.encoding_ = Encoding.from_plain(data["encoding"])
        model._name_features()
        model.outcomes_, model.insatser_ = tuple(data["outcomes"]), tuple(data["insatser"])
        kinds = Kinds.from_plain(data, model.anchor_type)
        model.learned_ = Learned.from_plain(data, kinds, len(model.encoding_.modifiers))
        model.standing_ = Standing.from_plain(data["standing"])
        model.doubt_, model.voices_ = Doubt(model.learned_), ()
        model.dose_slopes_, model.dose_levels_ = np.array(data["dose_slopes"]), np.array(data["dose_levels"])
        model.without_ = [lightgbm.Booster(model_str=text) for text in trees]
        return model

    def _learn_standing(self, frame: pd.DataFrame, doses: Array, changes: Array, weights: Array) -> Standing:
        levels = frame.reindex(columns=self._names(self.level_prefix)).to_numpy(dtype=np.float64, na_value=np.nan)
        others = self._other_levels(self.encoding_.modifier_values(frame))
        return Standing.learn(self._own_levels(frame), others, levels + changes, doses.sum(axis=1), weights)

    def _name_features(self) -> None:
        self.n_features_in_ = len(self.encoding_.names)
        self.feature_names_in_ = np.array(self.encoding_.names, dtype=object)


def _plain(value: Any) -> Any:
    """Turn a parameter into what a text file can hold."""
    if np.ndim(value):
        return [str(name) for name in value]
    return value.item() if isinstance(value, np.generic) else value
