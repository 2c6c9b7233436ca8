"""The link from levels to work: how often people at a level, and on their way to it, came to work or studies later.

It is association, not cause: people at a higher level on an indicator came to work more often, which does not say that
raising it brings anybody there. It serves goals that weigh indicators by what went with work before; without such a
goal all weigh the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter
from sklearn.metrics import roc_auc_score

from pathway import chance
from pathway.chance import Array, Flags
from pathway.features import LEVEL
from pathway.instrument import Instrument
from pathway.leaving import Starts

WITHIN_DAYS = 365
FEWEST_WITH_WORK = 100  # clients who came to work or studies, below which nothing is said
NO_SKILL = 0.5  # the AUC of chances that say nothing
_DRAWS = 100
_FREE = 100.0  # how much freer the regression is with what all indicators share than with what sets one apart


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its 90 % interval, from resampling whole clients."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Skill:
    """How well chances foretold work or studies for clients not learned from.

    Attributes
    ----------
    auc
        Chance that of two starts the one that led to work had the higher number; 0.5 is no skill.
    brier
        Mean squared error, to be held against ``share × (1 - share)``.
    slope
        Calibration slope: 1 where chances are neither too bold nor too timid.
    """

    auc: Estimate
    brier: Estimate
    slope: Estimate


@dataclass(frozen=True)
class OutcomeLink:
    """How levels went together with work or studies within twelve months: association, not cause.

    Attributes
    ----------
    n_starts, n_clients, n_with_work
        Measurements whose twelve months are known, their clients, and those of them who came to work or studies.
    share
        Share of the starts after which work or studies came.
    skill
        None where there were too few clients to learn from.
    effects
        By indicator: what one more step, gained since the measurement before, goes with in chance (0.01 is one
        probability point), averaged over the starts.
    weights
        Effects floored at 0 and scaled to mean 1, the mean to two decimals so that it can be told as it is counted
        with; None where nothing may be said, for `reason`.
    reason
        Why there are no weights, in one line; empty where there are.
    """

    n_starts: int
    n_clients: int
    n_with_work: int
    share: float
    skill: Skill | None
    effects: Mapping[str, Estimate]
    weights: Mapping[str, Estimate] | None
    reason: str

    def plain(self) -> dict[str, Any]:
        """Turn into plain data, as JSON has it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: Any) -> "OutcomeLink":
        """Turn plain data back into a link; raises pydantic's ``ValidationError``, a ``ValueError``."""
        return TypeAdapter(cls).validate_python(data)


def learn(
    starts: Starts, measurements: pd.DataFrame, outcomes: pd.DataFrame, instrument: Instrument, seed: int
) -> OutcomeLink:
    """Learn the link from what became of people after their measurements.

    A logistic regression on levels and on changes since the measurement before. Indicators are drawn towards weighing
    the same, as strongly as foretells best for other clients, so that they differ only where data say so. Indicators
    that may not drive ranking never enter.

    There are no weights where levels do not tell who comes to work (the interval of the AUC holds 0.5), or where a step
    on all indicators together may go with nothing: shares of nothing are arbitrary.

    Left out are starts of people in work or studies already; those whose twelve months end after the register does,
    whatever is known so far; and those of whom nothing is known: the last status in the twelve months is ``okänt``, or
    there was neither a status nor a measurement.

    Parameters
    ----------
    measurements, outcomes
        Tables of the register that `starts` was traced in.
    """
    levels, changes, worked, clients = _known(starts, measurements, outcomes, instrument)
    n_with, n_without = len(np.unique(clients[worked])), len(np.unique(clients[~worked]))
    share = float(worked.mean()) if len(worked) else 0.0
    link = OutcomeLink(len(levels), len(np.unique(clients)), n_with, share, None, {}, None, "")
    if min(n_with, n_without) < FEWEST_WITH_WORK:
        reason = f"{n_with} clients came to work or studies within twelve months and {n_without} did not; at least "
        return replace(link, reason=f"{reason}{FEWEST_WITH_WORK} of each are needed")
    design = _design(levels, changes)
    foretold = chance.foretell(design, worked, np.ones(len(worked), dtype=bool), clients, seed)
    skill = _skill(foretold.chance, worked, clients, seed)
    effects, draws = _effects(design, worked, clients, foretold.strength, len(instrument.ranking), seed)
    link = replace(link, skill=skill, effects=_named(effects, draws, instrument.ranking))
    if skill.auc.low <= NO_SKILL:
        return replace(link, reason=f"levels do not tell who comes to work or studies (AUC {_told(skill.auc)})")
    low, high = _ends(draws.sum(axis=1))
    if low <= 0:
        told = f"{100 * low:+.1f} to {100 * high:+.1f} probability points"
        return replace(link, reason=f"one more step on every indicator may go with nothing more ({told})")
    return replace(link, weights=_named(_scaled(effects).round(2), _scaled(draws), instrument.ranking))


def lines(link: OutcomeLink) -> list[str]:
    """Word a link for a model card (Markdown)."""
    said = [
        f"{link.n_starts:,} measurements of {link.n_clients:,} clients have known twelve months after them; "
        f"{link.n_with_work:,} clients came to work or studies ({link.share:.1%} of the measurements)."
    ]
    if link.skill:
        said.append(
            f"For clients not learned from: AUC {_told(link.skill.auc)}, Brier score {_told(link.skill.brier, 3)} "
            f"(always the same chance: {link.share * (1 - link.share):.3f}), "
            f"calibration slope {_told(link.skill.slope)}."
        )
    if link.weights is None:
        return [*said, "", f"No weights: {link.reason}."]
    return [
        *said,
        "",
        "| indicator | one more step goes with (probability points, 90 %) | weight with `--goal work` (90 %) |",
        "|---|---|---|",
        *(
            f"| {indicator} | {100 * effect.mean:+.1f} ({100 * effect.low:+.1f} to {100 * effect.high:+.1f}) "
            f"| {_told(link.weights[indicator])} |"
            for indicator, effect in link.effects.items()
        ),
        "",
        "Association, not cause. Without `--goal work` all indicators weigh the same.",
    ]


def _told(estimate: Estimate, decimals: int = 2) -> str:
    return f"{estimate.mean:.{decimals}f} ({estimate.low:.{decimals}f} to {estimate.high:.{decimals}f})"


def _known(
    starts: Starts, measurements: pd.DataFrame, outcomes: pd.DataFrame, instrument: Instrument
) -> tuple[pd.DataFrame, pd.DataFrame, Flags, npt.NDArray[np.intp]]:
    """Give levels, changes, whether work came, and client number of the starts whose twelve months are known."""
    by = starts.points["as_of"] + pd.Timedelta(days=WITHIN_DAYS)
    levels = starts.X[[f"{LEVEL}{indicator}" for indicator in instrument.ranking]].set_axis(instrument.ranking, axis=1)
    changes = levels.groupby(starts.clients).diff()
    worked = starts.work_on <= by
    is_over = ~starts.working & (by <= starts.until) & levels.notna().any(axis=1)
    rows = (is_over & (worked | _heard_of(starts.points, by, measurements, outcomes))).to_numpy()
    clients, _ = pd.factorize(starts.clients[rows])
    return levels[rows], changes[rows], worked.to_numpy()[rows], clients


def _heard_of(
    points: pd.DataFrame, by: "pd.Series[pd.Timestamp]", measurements: pd.DataFrame, outcomes: pd.DataFrame
) -> "pd.Series[bool]":
    """Tell whether the last that was heard of the client after the point, up to a day, is known; in their order."""
    measured = measurements[["client_id", "measured_on"]].drop_duplicates()
    heard = pd.concat(
        [
            pd.DataFrame({"client_id": measured["client_id"], "on": measured["measured_on"], "known": True}),
            pd.DataFrame(
                {
                    "client_id": outcomes["client_id"],
                    "on": outcomes["observed_on"],
                    "known": outcomes["status"] != "okänt",
                }
            ),
        ]
    ).sort_values("on", kind="stable")
    rows = points.assign(row=np.arange(len(points)), by=by).sort_values("by")
    heard = heard.astype({"client_id": rows["client_id"].dtype, "on": rows["by"].dtype})
    last = pd.merge_asof(rows, heard, left_on="by", right_on="on", by="client_id").set_index("row").sort_index()
    return last["known"].eq(True) & (last["on"] > last["as_of"])


def _design(levels: pd.DataFrame, changes: pd.DataFrame) -> Array:
    """Put side by side what all levels share, each level, and the same of changes: shape (n, 2 J + 2).

    In steps, not in standard deviations: a step of one indicator is drawn towards a step of another. A first
    measurement has changed by nothing; how long people have been there is not told, so that skill is the levels' own.
    """
    parts = []
    for values in ((levels - levels.mean()).fillna(0.0).to_numpy(), changes.fillna(0.0).to_numpy()):
        parts += [_FREE * values.mean(axis=1, keepdims=True), values]
    return np.column_stack(parts)


def _effects(
    design: Array, worked: Flags, clients: npt.NDArray[Any], strength: float, n_indicators: int, seed: int
) -> tuple[Array, Array]:
    """Give the effects, shape (J,), and as many draws of them as clients are resampled, shape (draws, J)."""
    rng = np.random.default_rng(seed)

    def effect(counts: Array) -> Array:
        model = chance.fit(design, worked, strength, counts)
        expected = model.predict_proba(design)[:, 1]
        steepness = np.average(expected * (1 - expected), weights=counts)
        shared_level, level, shared_change, change = np.split(model.coef_[0], np.cumsum([1, n_indicators, 1]))
        effects: Array = steepness * (level + change + _FREE * (shared_level + shared_change) / n_indicators)
        return effects

    draws = [effect(counts) for counts in _resampled(clients, _DRAWS, rng)]
    return effect(np.ones(len(clients))), np.array(draws)


def _resampled(clients: npt.NDArray[Any], n_draws: int, rng: np.random.Generator) -> "list[Array]":
    """Draw whole clients with replacement: how many times each row counts."""
    n = clients.max() + 1
    return [np.bincount(rng.integers(0, n, n), minlength=n)[clients].astype(float) for _ in range(n_draws)]


def _skill(foretold: Array, worked: Flags, clients: npt.NDArray[Any], seed: int) -> Skill:
    rng = np.random.default_rng(seed)
    logit = np.log(foretold / (1 - foretold))[:, None]

    def skill(counts: Array) -> tuple[float, float, float]:
        return (
            float(roc_auc_score(worked, foretold, sample_weight=counts)),
            float(np.average((worked - foretold) ** 2, weights=counts)),
            float(chance.fit(logit, worked, np.inf, counts).coef_[0, 0]),
        )

    mean = skill(np.ones(len(worked)))
    draws = np.array([skill(counts) for counts in _resampled(clients, _DRAWS, rng)])
    return Skill(*(Estimate(one, *_ends(draws[:, number])) for number, one in enumerate(mean)))


def _scaled(effects: Array) -> Array:
    """Floor at 0 and scale to mean 1 along the last axis; all 1 where nothing is above 0."""
    floored = np.maximum(effects, 0.0)
    mean = floored.mean(axis=-1, keepdims=True)
    scaled: Array = np.where(mean > 0, floored / np.where(mean > 0, mean, 1.0), 1.0)
    return scaled


def _named(means: Array, draws: Array, indicators: Sequence[str]) -> dict[str, Estimate]:
    return {indicator: Estimate(float(means[j]), *_ends(draws[:, j])) for j, indicator in enumerate(indicators)}


def _ends(draws: Array) -> tuple[float, float]:
    low, high = np.quantile(draws, (0.05, 0.95))
    return float(low), float(high)
