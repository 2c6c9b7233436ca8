"""What a fitted gain model says: gains and their uncertainty, alone, together, and why."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from pathway.effects import given
from pathway.effects.doubt import Doubt
from pathway.effects.encoding import Encoding
from pathway.effects.factors import Factors
from pathway.effects.lasting import Lasting
from pathway.effects.layout import Layout, Term
from pathway.effects.learned import Learned
from pathway.effects.standing import Standing
from pathway.effects.surfaces import Voice
from pathway.effects.targets import Targets

if TYPE_CHECKING:
    import lightgbm
    import shap

Array = npt.NDArray[np.float64]
NORMAL_90 = 1.6448536269514722  # half the width of a 90 % interval, in standard deviations
LIFTED = "lifted_"  # before an outcome's name: a column that `X` may hold beside those of training, see `Answers`


class Answers:
    """What follows from what was learned, for people with features `X`.

    The column ``"lifted_" + outcome`` of `X`, where it has one, is how many steps insatser have added to that outcome
    since its level was rated: they leave that much less room.

    Attributes
    ----------
    encoding_
        How features are read.
    insatser_, outcomes_
        Names, K and J of them.
    learned_, doubt_
        Effects and factors, and how uncertain they are.
    standing_
        How the level that an outcome is expected to have hangs on ratings.
    voices_
        The second voice on each outcome; empty where there is none.
    dose_slopes_, dose_levels_
        What the features foretell of doses, shapes (c, K) and (K,).
    without_
        The course of each outcome without insatser.
    """

    encoding_: Encoding
    n_features_in_: int
    feature_names_in_: npt.NDArray[np.object_]
    insatser_: tuple[str, ...]
    outcomes_: tuple[str, ...]
    learned_: Learned
    doubt_: Doubt
    standing_: Standing
    voices_: tuple[Voice, ...]
    dose_slopes_: Array
    dose_levels_: Array
    without_: "list[lightgbm.Booster]"
    level_prefix: str

    # What was learned

    @property
    def layout_(self) -> Layout:
        """Which coefficient is what."""
        return self.learned_.layout

    @property
    def coefficients_(self) -> Array:
        """In units, shape (J, P)."""
        return self.learned_.coefficients

    @property
    def units_(self) -> Array:
        """Steps, shape (J,)."""
        return self.learned_.units

    @property
    def factors_(self) -> Factors:
        """Whom insatser help more."""
        return self.learned_.factors

    @property
    def targets_(self) -> Targets | None:
        """How effects spread over the outcomes, and how surely; None where too few tell."""
        return self.learned_.targets

    @property
    def deciding_(self) -> dict[str, tuple[float, float | None]]:
        """How likely each modifier matters to gains, and above which value if it counts in a step; likeliest first."""
        factors, found = self.factors_, {}
        for number in np.argsort(-factors.chance, kind="stable").tolist():
            name = self.encoding_.modifiers[number]
            column, above = self.encoding_.number(name), float(factors.steps.above[number])
            value = None if np.isnan(above) else column.mean + above * column.sd
            found[name] = float(factors.chance[number]), value
        return found

    @property
    def lasting_(self) -> Lasting:
        """What insatser before an interval still give in it."""
        return self.learned_.lasting

    @property
    def types_(self) -> tuple[str, ...]:
        """Types of insatser, in the order of what was learned by type."""
        return self.learned_.kinds.types

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
        running = given.matrix(beside, "beside", (len(frame), self.layout_.n_insatser))
        anchor = self.learned_.kinds.is_anchor
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
        frame = self._aligned(X)
        mean = self._alone_and_interplay(frame)[0] + self.predict_gap()
        sd = self._with_voices(frame, self.doubt_.sd(*self._person(frame), self.factors_.unseen))
        half = given.deviations(level) * sd
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
        frame = self._aligned(X)
        given.check_anybody(frame)
        modifiers, levels = self._person(frame)
        mean = self._alone_and_interplay(frame)[0].mean(axis=0) + (0.0 if added else self.predict_gap())
        # gains are linear in levels and modifiers, steps where these count so: the mean over people is the gain of one
        # in their middle
        unseen = self.factors_.unseen / len(frame)
        sd = self.doubt_.sd(modifiers.mean(axis=0)[None], levels.mean(axis=0)[None], unseen, gap=not added)
        sd = self._with_voices(frame, np.repeat(sd, len(frame), axis=0)).mean(axis=0)
        half = given.deviations(level) * sd
        return mean, np.stack([mean - half, mean + half], axis=-1)

    def predict_without(self, X: pd.DataFrame) -> Array:
        """Give the expected change over one interval with no insats, shape (n, J)."""
        frame = self._aligned(X)
        values = self.encoding_.tree_values(frame)
        return np.column_stack([np.asarray(tree.predict(values, num_threads=1)) for tree in self.without_])

    def predict_mix(self, X: pd.DataFrame, A: Any, beside: Any = None, covered: Any = None) -> Array:
        """Give the expected steps that a whole mix of insatser adds, shape (n, J); amounts as in `fit`.

        Time covered is by default the sum of the doses, at most 1.
        """
        frame = self._aligned(X)
        doses = given.matrix(A, "A", (len(frame), self.layout_.n_insatser))
        covered = np.minimum(doses.sum(axis=1), 1.0) if covered is None else covered
        return self._of_amounts(frame, self.learned_.kinds.amounts(doses, beside, covered, None))

    def predict_added(self, X: pd.DataFrame) -> Array:
        """Give the expected steps gained at dose 1 beside something that already fills the gap, shape (n, K, J)."""
        return self._alone_and_interplay(self._aligned(X))[0]

    def predict_interplay(self, X: pd.DataFrame) -> Array:
        """Give the extra steps at dose 1 beside an insats of the anchor type, shape (n, K, J); 0 for that type."""
        return self._alone_and_interplay(self._aligned(X))[1]

    def predict_gap(self) -> Array:
        """Give the expected steps that an interval with any insats at all spares, against a gap: shape (J,)."""
        return self.learned_.gap()

    def predict_dose(self, X: pd.DataFrame) -> Array:
        """Dose that people with these features have had on average, shape (n, K): how comparable history is."""
        controls = self.encoding_.controls(self._aligned(X))
        return controls @ self.dose_slopes_ + self.dose_levels_

    def total(self, X: pd.DataFrame, terms: Sequence[Term]) -> tuple[Array, Array]:
        """Sum the gains of several amounts, beside something that already fills the gap: for one client.

        Of several clients, the mean over them if all had these amounts.

        Returns
        -------
        mean of shape (J,) and covariance of shape (J, J): the uncertainty of all effects together, over outcomes too
        """
        frame, n_insatser = self._aligned(X), self.layout_.n_insatser
        given.check_anybody(frame)
        doses, beside = np.zeros(n_insatser), np.zeros(n_insatser)
        for term in terms:
            doses[term.insats] += term.dose
            if not self.learned_.kinds.is_anchor[term.insats]:
                beside[term.insats] += term.beside
        alone, interplay = (gains.mean(axis=0) for gains in self._alone_and_interplay(frame))
        mean = doses @ alone + beside @ interplay
        modifiers, levels = (values.mean(axis=0) for values in self._person(frame))  # as in `predict_average`
        covariance = self.doubt_.covariance(modifiers, levels, doses, beside, self.factors_.unseen / len(frame))
        for j, voice in enumerate(self.voices_):
            second = voice.gain(self.encoding_.smooth_values(frame))[1].mean() * doses[0]
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
        given.check_anybody(frame, one=True)
        modifiers, levels = (values[0] for values in self._person(frame))
        drawn = self.doubt_.draw(modifiers, levels, n_draws, seed)
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
        frame, learned = self._aligned(X), self.learned_
        slopes = learned.slopes()[:, learned.kinds.type_of[insats]] * learned.units[:, None]
        base, parts = self._parts(frame, insats, learned.bases()[0][insats] * learned.units, slopes)
        for j, voice in enumerate(self.voices_):
            middle, shares = voice.shares(self.encoding_.smooth_values(frame))
            by_column = shares @ np.eye(self.n_features_in_)[self.encoding_.smooth_columns]
            base[j] += voice.weight * (middle - self.predict_gap()[j] - base[j])
            parts[:, :, j] += voice.weight * (by_column - parts[:, :, j])
        return base, parts

    def explain_interplay(self, X: pd.DataFrame, insats: int) -> tuple[Array, Array]:
        """Split what is added at dose 1 beside the anchor type (`predict_interplay`), as `explain_parts` does."""
        frame, learned = self._aligned(X), self.learned_
        alone, beside = (part[insats] * learned.units for part in learned.bases())
        base = np.zeros(len(self.outcomes_)) if learned.kinds.is_anchor[insats] else alone + beside
        return self._parts(frame, insats, base, np.zeros((len(self.outcomes_), len(self.encoding_.modifiers))))

    def _parts(self, frame: pd.DataFrame, insats: int, base: Array, slopes: Array) -> tuple[Array, Array]:
        """Split a base (J,) times its factor plus slopes (J, q) on the modifiers."""
        parts = np.zeros((len(frame), self.n_features_in_, len(self.outcomes_)))
        position = {name: number for number, name in enumerate(self.encoding_.names)}
        rated, levels = self._rated(frame)
        modifiers, room = self.factors_.steps.on(rated), self.factors_.room[self.learned_.kinds.type_of[insats]]
        for number, name in enumerate(self.encoding_.modifiers):
            rate = base * self.factors_.slopes[insats, number] + slopes[:, number]
            parts[:, position[name], :] += modifiers[:, [number]] * rate
        others = self._other_levels(rated)
        for number, name in enumerate(self._names_of_other_levels()):
            by_other = others[:, [number]] * self.standing_.slopes[:, 1 + number]
            parts[:, position[name], :] += by_other * base * room
            levels = levels - by_other
        for j, name in enumerate(self._names(self.level_prefix)):
            if name in position:
                parts[:, position[name], j] += levels[:, j] * base[j] * room
        return base, parts

    def explain(self, X: pd.DataFrame, insats: int | str) -> "shap.Explanation":
        """Explain `predict_gain` as a ``shap.Explanation`` with values of shape (n, p, J), for plots.

        Parameters
        ----------
        insats
            Name of the insats, or its column number.
        """
        import shap

        if insats not in (*self.insatser_, *range(len(self.insatser_))):
            raise ValueError(f"insats {insats}: the model was trained without it")
        number = self.insatser_.index(insats) if isinstance(insats, str) else insats
        base, parts = self.explain_parts(X, number)
        return shap.Explanation(
            values=parts,
            base_values=np.tile(base + self.predict_gap(), (len(X), 1)),
            data=self.encoding_.aligned(given.frame_of(X)).to_numpy(dtype=object),
            feature_names=list(self.encoding_.names),
            output_names=list(self.outcomes_),
        )

    # Together

    def _of_amounts(self, frame: pd.DataFrame, amounts: Array) -> Array:
        """Give the steps that amounts are expected to have added, shape (n, J); `late` is nobody's doing."""
        doses, beside, covered, _ = self.learned_.kinds.parted(amounts)
        alone, interplay = self._alone_and_interplay(frame)
        steps: Array = (
            np.einsum("nk,nkj->nj", doses, alone)
            + np.einsum("nk,nkj->nj", beside, interplay)
            + covered * self.predict_gap()
        )
        return steps

    def _alone_and_interplay(self, frame: pd.DataFrame) -> tuple[Array, Array]:
        """Give steps at dose 1 alone, gap not counted, and what is added beside the anchor type: shapes (n, K, J)."""
        alone, interplay = self.learned_.alone_and_interplay(*self._person(frame))
        for j, voice in enumerate(self.voices_):
            second = voice.gain(self.encoding_.smooth_values(frame))[0] - self.predict_gap()[j]
            alone[:, 0, j] += voice.weight * (second - alone[:, 0, j])
        return alone, interplay

    def _with_voices(self, frame: pd.DataFrame, sd: Array) -> Array:
        """Give the second voice's doubt its share, (n, 1, J), as if both voices were wrong the same way."""
        for j, voice in enumerate(self.voices_):
            second = voice.gain(self.encoding_.smooth_values(frame))[1]
            sd[:, 0, j] += voice.weight * (second - sd[:, 0, j])
        return sd

    # Features

    def _aligned(self, X: Any) -> pd.DataFrame:
        check_is_fitted(self)
        frame = given.frame_of(X)
        if not isinstance(X, pd.DataFrame) and frame.shape[1] > self.n_features_in_:
            raise ValueError(f"X has {frame.shape[1]} columns, the model was trained with {self.n_features_in_}")
        lifted = [name for name in self._names(LIFTED) if name in frame]
        given.check_lifted(frame, lifted)
        return self.encoding_.aligned(frame, lifted)

    def _names(self, prefix: str) -> list[str]:
        """Name the columns that say something of each outcome."""
        return [f"{prefix}{outcome}" for outcome in self.outcomes_]

    def _person(self, frame: pd.DataFrame) -> tuple[Array, Array]:
        """Give modifiers (n, q), in steps where they count so, and expected levels (n, J), standardised."""
        modifiers, levels = self._rated(frame)
        return self.factors_.steps.on(modifiers), levels

    def _rated(self, frame: pd.DataFrame) -> tuple[Array, Array]:
        """Give modifiers (n, q) and expected levels (n, J), standardised; 0 for an outcome whose level is not known."""
        modifiers, zeros = self.encoding_.modifier_values(frame), np.zeros(len(frame))
        lifted = [frame.get(name, zeros) for name in self._names(LIFTED)]
        others = self._other_levels(modifiers)
        return modifiers, self.standing_.at(self._own_levels(frame), others, np.column_stack(lifted))

    def _own_levels(self, frame: pd.DataFrame) -> Array:
        """Give the rated level of each outcome, standardised, shape (n, J); 0 where `X` has none."""
        names, zeros = self._names(self.level_prefix), np.zeros(len(frame))
        return np.column_stack(
            [self.encoding_.number(name).standardised(frame[name]) if name in frame else zeros for name in names]
        )

    def _other_levels(self, modifiers: Array) -> Array:
        """Give those of the modifiers (n, q) that are levels, too."""
        names = self._names_of_other_levels()
        return modifiers[:, [self.encoding_.modifiers.index(name) for name in names]]

    def _names_of_other_levels(self) -> list[str]:
        return [name for name in self.encoding_.modifiers if name.startswith(self.level_prefix)]
