"""A second family of mock worlds: many sparse insatser, several at once, eleven rounded ratings, and a known truth.

    from benchmarks import sparse_world
    world = sparse_world.draw(0)

It shares nothing with `pathway.mock`: people, choice, effects and ratings are made in another way, by intervals rather
than by days. In short: clients have latent levels that drift to a set point of their own; a caseworker chooses insatser
by the *true* levels, by some knowledge of who gains what, and by habit; those not job-oriented do 35 % of what they can
unless a job-oriented one runs beside them; what is seen is the latent level plus the caseworker's bias plus noise,
rounded to 1–5; people leave when things go very well or badly, and the last rating is then never made.

`Sizes` was set so that what describes the data and the plain baselines (rows for each insats, how many at once, the
correlation of a first rating and the change, the error of predicting nothing, of averages, of least squares and of
boosted trees) come near the figures published for such a world; `benchmarks.sparse_world_report` shows both.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OUTCOMES = (
    "tro_pa_jobb", "malinriktning", "arbetsmarknadskunskap", "jobbsokning", "samarbete", "halsohantering",
    "handlaggartilltro", "vardagsork", "natverk", "kompetens", "framtoning",
)  # fmt: skip
JOB = "jobb"
TYPES = (JOB, "kompetens", "hälsa", "social", "vägledning", "praktik")
FORMATS = ("enskilt", "grupp", "digitalt")
BACKGROUND = ("age", "months_without_work", "education", "psychiatric_health", "pain_health", "children_at_home")
HISTORY = (*(f"earlier_{outcome}" for outcome in OUTCOMES), "earlier_mean", "since_earlier", "n_earlier", "n_running")
LOWEST, HIGHEST = 1, 5
_EFFECTS, _PEOPLE, _COURSE, _STAFF, _TEST = range(5)  # streams of random numbers: a switch moves nothing else


@dataclass(frozen=True)
class Sizes:
    """How large everything is; latent levels and effects are in steps, times in quarters.

    Attributes
    ----------
    zipf
        Exponent of popularity by rank.
    at_once
        How often a client starts the interval meaning to have 0, 1, 2, 3 and 4 insatser.
    runs_on
        Share of insatser that run on into the next interval.
    need, benefit, habit, more_for_low
        What the choice hangs on: true low level by type, true gain, the caseworker's habits (sd), and how strongly a
        low true level leads to more insatser (correlation).
    strength, job_strength, by_type, by_attributes, own
        Gain at full strength, summed over the outcomes: mean, that of job-oriented ones, and sd by type, attributes
        and insats.
    harmful, harm
        Share of insatser that harm, and their mean loss in the same unit.
    few
        How unevenly a gain lies over the outcomes: shape of a gamma distribution, small is uneven.
    by_person, n_traits
        Sd of the factor by which a type's gain differs between people, and how many traits it hangs on.
    alone
        Share of full strength without a job-oriented insats beside it.
    middle, setpoint, starts_below, start_sd
        Latent levels: mean and sd of set points, how far below them people start, and its sd.
    general
        Share of the variance of set points, starts and shocks that all outcomes have in common.
    drift, shock
        Share of the way to the set point per interval, and sd of what else happens.
    rater, noise, rater_change
        Sd of a caseworker's bias and of a rating, and how often the caseworker is another at the next rating.
    leave, leave_up, leave_down
        Share that leaves per interval: whatever happens, and at most when things go very well or badly.
    motivation, motivation_acts
        Where motivation is hidden: its effect on the change per interval, and its correlation with having insatser.
    """

    zipf: float = 1.15
    at_once: tuple[float, ...] = (0.33, 0.26, 0.15, 0.12, 0.14)
    runs_on: float = 0.3
    need: float = 0.6
    benefit: float = 0.15
    habit: float = 1.0
    more_for_low: float = 0.35
    strength: float = 0.92
    job_strength: float = 0.7
    by_type: float = 0.4
    by_attributes: float = 0.25
    own: float = 0.45
    harmful: float = 0.12
    harm: float = 0.25
    few: float = 0.6
    by_person: float = 0.7
    n_traits: int = 3
    alone: float = 0.35
    middle: float = 2.8
    setpoint: float = 0.8
    starts_below: float = 0.15
    start_sd: float = 0.3
    general: float = 0.45
    drift: float = 0.3
    shock: float = 0.35
    rater: float = 0.25
    noise: float = 0.5
    rater_change: float = 0.15
    leave: float = 0.05
    leave_up: float = 0.5
    leave_down: float = 0.1
    motivation: float = 0.2
    motivation_acts: float = 0.5


@dataclass(frozen=True)
class World:
    """What a model may see, and what only the judge may.

    Attributes
    ----------
    X, A, Y
        Features at the start, doses (0 or 1) and observed changes, one row for each client and interval.
    clients, before, after
        Client, and who made the rating at the start and at the end, shape (n,).
    insatser
        Attributes ``type``, ``hours`` and ``format``, K rows.
    test_X
        Features of m clients who are not in `X`, at their first rating, before any insats.
    alone, beside
        The truth: expected change of the observed rating over one interval by each insats, alone and next to `job`,
        shape (m, K, J). `beside` is 0 for `job` itself.
    job
        Column number of the commonest job-oriented insats.
    """

    X: pd.DataFrame
    A: pd.DataFrame
    Y: pd.DataFrame
    clients: Ints
    before: Ints
    after: Ints
    insatser: pd.DataFrame
    test_X: pd.DataFrame
    alone: Floats
    beside: Floats
    job: int

    def __post_init__(self) -> None:
        for array in (self.clients, self.before, self.after, self.alone, self.beside):
            array.setflags(write=False)

    def given(self) -> dict[str, Any]:
        """Give what `GainModel.fit` takes, by name."""
        rows = pd.Series(np.arange(len(self.X)))  # interval after interval, and nobody comes back
        follows = rows.groupby(self.clients).shift(1, fill_value=-1).to_numpy()
        return {
            "X": self.X, "A": self.A, "Y": self.Y,
            "groups": self.clients, "insatser": self.insatser, "follows": follows,
        }  # fmt: skip

    def running(self) -> Floats:
        """Give doses of the test clients with nothing but `job`, shape (m, K)."""
        doses = np.zeros((len(self.test_X), len(self.insatser)))
        doses[:, self.job] = 1.0
        return doses


@dataclass(frozen=True)
class _Effects:
    """What K insatser do: steps at full strength (K,), how they lie over the outcomes (K, J), who gains more."""

    strength: Floats
    shape: Floats
    type_of: Ints
    attributes: pd.DataFrame
    popularity: Floats
    slopes: Floats
    cuts: Ints
    s: Sizes

    @property
    def is_job(self) -> Bools:
        return self.type_of == TYPES.index(JOB)

    def for_people(self, traits: Floats) -> Floats:
        """Give steps at full strength, summed over the outcomes, for people with these traits, shape (n, K)."""
        smooth = traits @ self.slopes.T
        cut = np.where(traits[:, self.cuts] > 0, 1.0, -1.0)
        factors: Floats = np.clip(1 + self.s.by_person * (0.85 * smooth + 0.5 * cut), 0.0, 3.0)
        return self.strength * factors[:, self.type_of]

    def of(self, doses: Floats, strength: Floats, levels: Floats) -> Floats:
        """Give the steps that doses (n, K) add to latent levels (n, J) of people with this `strength` (n, K)."""
        supported = np.minimum(doses @ self.is_job, 1.0)[:, None]
        share = np.where(self.is_job, 1.0, self.s.alone + (1 - self.s.alone) * supported)
        steps = (doses * share * strength) @ self.shape
        return steps * np.where(steps > 0, np.clip((HIGHEST - levels) / 2, 0.0, 1.0), 1.0)


@dataclass(frozen=True)
class _People:
    """N people: background as shown and as numbers around 0 (`traits`), set points and levels (N, J), motivation."""

    background: pd.DataFrame
    traits: Floats
    setpoints: Floats
    levels: Floats
    motivation: Floats


def draw(
    seed: int,
    n_clients: int = 3000,
    n_insatser: int = 60,
    n_test: int = 400,
    *,
    confounding: bool = True,
    rater_bias: bool = True,
    synergy: bool = True,
    heterogeneity: bool = True,
    dropout: bool = True,
    hidden_motivation: bool = False,
    informative_attributes: bool = True,
    sizes: Sizes | None = None,
) -> World:
    """Draw a world; the same arguments give the same one.

    Parameters
    ----------
    n_clients, n_insatser, n_test
        Clients to learn from (about 3.7 rows each), insatser, and clients whose truth is known.
    confounding, rater_bias, synergy, heterogeneity, dropout, informative_attributes
        Switch one hazard off: choice by popularity and chance alone, caseworkers who rate alike, full strength also
        without a job-oriented insats, gains that differ by nothing but room on the scale, everybody rated to the end,
        and gains that do not go with type, hours and format.
    hidden_motivation
        Switch one on: something that is in no table makes people both develop and be given more.
    """
    s = replace(
        sizes or Sizes(),
        **({} if rater_bias else {"rater": 0.0}),
        **({} if synergy else {"alone": 1.0}),
        **({} if heterogeneity else {"by_person": 0.0}),
        **({} if confounding else {"need": 0.0, "benefit": 0.0, "habit": 0.0, "more_for_low": 0.0}),
        **({} if dropout else {"leave": 0.0, "leave_up": 0.0, "leave_down": 0.0}),
        **({} if hidden_motivation else {"motivation": 0.0, "motivation_acts": 0.0}),
    )
    effects = _draw_effects(np.random.default_rng([seed, _EFFECTS]), n_insatser, informative_attributes, s)
    people = _draw_people(np.random.default_rng([seed, _PEOPLE]), n_clients, s)
    rows = _follow(np.random.default_rng([seed, _COURSE]), np.random.default_rng([seed, _STAFF]), people, effects, s)
    X, A, Y = rows.pop("X"), rows.pop("A"), rows.pop("Y")
    names = list(effects.attributes.index)
    job = int(np.argmax(np.where(effects.is_job, A.sum(axis=0), -1.0)))
    rng = np.random.default_rng([seed, _TEST])
    test = _draw_people(rng, n_test, s)
    alone, beside = _truth(test, effects, job, s)
    ratings = _rate(rng, test.levels, rng.normal(0.0, s.rater, n_test), s)
    return World(
        X=X,
        A=pd.DataFrame(A, columns=names),
        Y=pd.DataFrame(Y, columns=list(OUTCOMES)),
        **rows,
        insatser=effects.attributes,
        test_X=_features(
            test.background, ratings[None], 1 + np.zeros(n_test), rng.integers(0, 4, n_test), np.zeros(n_test)
        ),
        alone=alone,
        beside=beside,
        job=job,
    )


def _draw_effects(rng: np.random.Generator, n: int, informative: bool, s: Sizes) -> _Effects:
    type_of = rng.permutation(np.arange(n) % len(TYPES))
    hours, form = rng.choice([2, 4, 8, 12, 20, 30], n), rng.integers(0, len(FORMATS), n)
    z = (np.log(hours) - np.log(8)) / 0.9
    by_attributes = 0.8 * z + 0.75 * np.array([1.0, 0.0, -1.0])[form]
    own, by_type = rng.standard_normal(n), rng.standard_normal(len(TYPES))[type_of]
    mean = np.where(type_of == TYPES.index(JOB), s.job_strength, s.strength)
    if informative:
        strength = mean + s.own * own + s.by_type * by_type + s.by_attributes * by_attributes
    else:
        strength = s.strength + np.sqrt(s.own**2 + s.by_type**2 + s.by_attributes**2) * own
    strength = np.maximum(strength, 0.05)
    harmful = rng.permutation(n) < round(s.harmful * n)
    strength = np.where(harmful, -s.harm * rng.uniform(0.4, 1.6, n), strength)
    by_type = rng.gamma(s.few, size=(len(TYPES), len(OUTCOMES)))
    shape = 0.7 * _shares(by_type)[type_of] + 0.3 * _shares(rng.gamma(s.few, size=(n, len(OUTCOMES))))
    slopes = rng.standard_normal((len(TYPES), len(BACKGROUND)))
    slopes *= rng.permuted(np.tile(np.arange(len(BACKGROUND)) < s.n_traits, (len(TYPES), 1)), axis=1)
    return _Effects(
        strength=strength,
        shape=shape,
        type_of=type_of,
        attributes=pd.DataFrame(
            {
                "type": np.array(TYPES)[type_of],
                "hours": hours.astype(float),
                "format": pd.Categorical(np.array(FORMATS)[form], FORMATS),
            },
            index=[f"insats-{k:03d}" for k in range(n)],
        ),
        popularity=(1.0 + rng.permutation(n)) ** -s.zipf,
        slopes=slopes / np.linalg.norm(slopes, axis=1, keepdims=True),
        cuts=rng.integers(0, len(BACKGROUND), len(TYPES)),
        s=s,
    )


def _shares(weights: Floats) -> Floats:
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _draw_people(rng: np.random.Generator, n: int, s: Sizes) -> _People:
    z = rng.standard_normal((n, len(BACKGROUND)))
    psychiatric, pain, children = z[:, 3] > 0.25, z[:, 4] > 0.5, z[:, 5] > 0.3
    education = (z[:, 2] > -0.5).astype(float) + (z[:, 2] > 0.8)
    background = pd.DataFrame(
        {
            "age": np.clip(np.round(40 + 12 * z[:, 0]), 18, 66),
            "months_without_work": np.clip(np.round(np.exp(3.1 + 0.8 * z[:, 1])), 0, 180),
            "education": education,
            "psychiatric_health": psychiatric.astype(float),
            "pain_health": pain.astype(float),
            "children_at_home": children.astype(float),
        }
    )
    flags = np.column_stack([psychiatric, pain, children]) - np.array([0.40, 0.31, 0.38])
    traits = np.column_stack([z[:, :2], (education - 0.9) / 0.7, flags / 0.48])
    general = 0.6 * traits @ np.array([-0.3, -0.6, 0.5, -0.5, -0.2, 0.1]) + 0.8 * rng.standard_normal(n)
    offsets = np.linspace(-0.35, 0.35, len(OUTCOMES))
    setpoints = s.middle + offsets + s.setpoint * _correlated(rng, general, s)
    levels = setpoints - s.starts_below + s.start_sd * _correlated(rng, rng.standard_normal(n), s)
    return _People(background, traits, setpoints, levels, rng.standard_normal(n))


def _correlated(rng: np.random.Generator, general: Floats, s: Sizes) -> Floats:
    """Spread a common part over the outcomes, beside parts of their own: shape (n, J), sd 1."""
    own = rng.standard_normal((len(general), len(OUTCOMES)))
    mixed: Floats = np.sqrt(s.general) * general[:, None] + np.sqrt(1 - s.general) * own
    return mixed


def _rate(rng: np.random.Generator, levels: Floats, bias: Floats, s: Sizes) -> Floats:
    seen = levels + bias[:, None] + s.noise * rng.standard_normal(levels.shape)
    ratings: Floats = np.clip(np.round(seen), LOWEST, HIGHEST)
    return ratings


def _follow(
    rng: np.random.Generator, staff: np.random.Generator, people: _People, effects: _Effects, s: Sizes
) -> dict[str, Any]:
    """Follow people from rating to rating until they leave or the time is up; give all rows."""
    n, n_insatser = len(people.traits), len(effects.popularity)
    n_staff = max(n // 50, 2)
    bias = s.rater * staff.standard_normal(n_staff)
    habits = s.habit * staff.standard_normal((n_staff, n_insatser))
    need = s.need * staff.standard_normal(len(TYPES))[effects.type_of]
    caseworker = rng.integers(0, n_staff, n)
    strength = effects.for_people(people.traits)
    n_intervals, season = rng.integers(4, 7, n), rng.integers(0, 4, n)
    levels, present = people.levels, np.ones(n, dtype=np.bool_)
    ratings = [_rate(rng, levels, bias[caseworker], s)]
    doses = np.zeros((n, n_insatser))
    rows = []
    for interval in range(6):
        present = present & (interval < n_intervals)
        quarters = np.clip(rng.normal(1.0, 0.12, n), 0.6, 1.6)
        running = doses * (rng.random(doses.shape) < s.runs_on)
        below = s.middle - levels.mean(axis=1)
        liking = np.log(effects.popularity) + habits[caseworker] + s.benefit * strength + below[:, None] * need
        wanted = _how_many(rng, below, people.motivation, s)
        doses = _choose(rng, liking, running, wanted)
        X = _features(people.background, np.array(ratings), quarters, (season + interval) % 4, running.sum(axis=1))
        start = levels
        shock = s.shock * _correlated(rng, rng.standard_normal(n), s) + s.motivation * people.motivation[:, None]
        drift = 1 - (1 - s.drift) ** quarters[:, None]
        levels = levels + drift * (people.setpoints - levels) + effects.of(doses, strength, levels) + shock
        before, changed = caseworker, rng.random(n) < s.rater_change
        caseworker = np.where(changed, rng.integers(0, n_staff, n), caseworker)
        ratings.append(_rate(rng, levels, bias[caseworker], s))
        stays = rng.random(n) >= _leaves((levels - start).mean(axis=1), s)
        present = present & stays
        rows.append(
            {
                "X": X[present],
                "A": doses[present],
                "Y": (ratings[-1] - ratings[-2])[present],
                "clients": np.nonzero(present)[0],
                "before": before[present],
                "after": caseworker[present],
            }
        )
    together = {name: np.concatenate([row[name] for row in rows]) for name in rows[0] if name != "X"}
    return {"X": pd.concat([row["X"] for row in rows], ignore_index=True), **together}


def _how_many(rng: np.random.Generator, below: Floats, motivation: Floats, s: Sizes) -> Ints:
    pull = s.more_for_low * (below - below.mean()) / below.std() + s.motivation_acts * motivation
    left = np.sqrt(max(1 - s.more_for_low**2 - s.motivation_acts**2, 0.0))
    rank = ndtr(pull + left * rng.standard_normal(len(below)))
    return np.searchsorted(np.cumsum(s.at_once)[:-1], rank).astype(np.int64)


def _choose(rng: np.random.Generator, liking: Floats, running: Floats, wanted: Ints) -> Floats:
    """Fill up what runs on with the most liked of the others, chance included, as far as more are wanted."""
    keys = liking + rng.gumbel(size=liking.shape)
    keys[running > 0] = np.inf
    place = np.argsort(np.argsort(-keys, axis=1), axis=1)
    doses: Floats = (place < np.maximum(wanted, running.sum(axis=1))[:, None]).astype(np.float64)
    return doses


def _leaves(change: Floats, s: Sizes) -> Floats:
    """Tell how likely people are to leave before the next rating, after this mean change of the latent levels."""
    up, down = 1 / (1 + np.exp(-(change - 0.55) / 0.1)), 1 / (1 + np.exp((change + 0.35) / 0.1))
    return s.leave + s.leave_up * up + s.leave_down * down


def _features(background: pd.DataFrame, ratings: Floats, quarters: Floats, season: Ints, n_running: Floats) -> Any:
    """Build features at the start of an interval from the ratings so far, shape (t, n, J)."""
    now, n_earlier = ratings[-1], len(ratings) - 1
    earlier = ratings[:-1].mean(axis=0) if n_earlier else np.full(now.shape, np.nan)
    levels = pd.DataFrame(now, columns=[f"level_{outcome}" for outcome in OUTCOMES])
    history = pd.DataFrame(earlier, columns=[f"earlier_{outcome}" for outcome in OUTCOMES])
    history["earlier_mean"] = earlier.mean(axis=1)
    history["since_earlier"] = now.mean(axis=1) - history["earlier_mean"]
    history["n_earlier"] = float(n_earlier)
    history["n_running"] = n_running
    setting = pd.DataFrame({"level_mean": now.mean(axis=1), "quarters": quarters})
    setting["season"] = pd.Categorical.from_codes(season, ["Q1", "Q2", "Q3", "Q4"])
    return pd.concat([levels, setting, background, history], axis=1)


def _truth(test: _People, effects: _Effects, job: int, s: Sizes) -> tuple[Floats, Floats]:
    """Average the change of the rating by each insats, alone and next to `job`, over all chance: (m, K, J)."""
    strength, n_insatser = effects.for_people(test.traits), len(effects.popularity)
    without = test.levels + s.drift * (test.setpoints - test.levels)
    spread = float(np.sqrt(s.shock**2 + s.rater**2 + s.noise**2))
    nothing = np.zeros((len(test.traits), n_insatser))

    def expected(doses: Floats) -> Floats:
        return _expected_rating(without + effects.of(doses, strength, test.levels), spread)

    with_job = nothing.copy()
    with_job[:, job] = 1.0
    gains = []
    for base in (nothing, with_job):
        at_base, added = expected(base), np.zeros((*nothing.shape, len(OUTCOMES)))
        for k in range(n_insatser):
            doses = base.copy()
            doses[:, k] = 1.0
            added[:, k] = expected(doses) - at_base
        gains.append(added)
    return gains[0], gains[1]


def _expected_rating(levels: Floats, spread: float) -> Floats:
    """Give the expected value of a rounded and clipped rating around these levels."""
    total = np.full(levels.shape, float(LOWEST))
    for bound in range(LOWEST, HIGHEST):
        total += ndtr((levels - bound - 0.5) / spread)
    return total
