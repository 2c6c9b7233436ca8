"""Small worlds for `benchmarks.traps`: a register in which one insats is known, and one thing goes wrong on purpose.

    from benchmarks import trap_world
    lived = trap_world.live(0, trap_world.Setting(by_rating=3.0))

People come on different days and are lived week by week up to the same last one. Levels drift to a set point of their
own; what insatser give moves both. Those who have nothing may be given an insats at a measurement, and in the weeks
between: by popularity and, for the insats in question, by whatever `Setting` says. There is one at a time, so that
nothing hangs on interplay. Nothing is shared with `pathway.mock`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from pathway.episodes import Insatser
from pathway.instrument import Indicator, Instrument, Scale
from pathway.register import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

X = "X"  # the insats in question
OTHERS = {"J1": 0.3, "J2": 0.2, "K1": 0.35, "K2": 0.15, "H1": 0.25, "H2": 0.05, "S1": 0.3, "S2": 0.1}
TYPES = {"J": "jobb", "K": "kompetens", "H": "hälsa", "S": "social", X: "kompetens"}  # by first letter
SCALE = Scale(1, 5)
INDICATORS = ("first", "second", "third", "fourth", "fifth")
INSTRUMENT = Instrument(
    "small", "1", SCALE, tuple(Indicator(id, id, id, ("klient", "handläggare"), True, False, "") for id in INDICATORS)
)
FIRST_DAY = pd.Timestamp("2023-01-02")
QUARTER, N_WEEKS, NOTHING = 13, 117, -1
HOURS, MIDDLE, PULL = 10.0, 2.75, 0.06
KLIENT, CASEWORKER = "klient", "handläggare"


@dataclass(frozen=True)
class Setting:
    """What is so in a world: levels and effects in steps, effects and losses by quarter, choice in logits.

    Attributes
    ----------
    effects, popularity
        Of each insats at dose 1, on every indicator; and how often it is chosen, 1 where nothing is said.
    groups
        Group of an insats, where it is in one.
    room
        Whether effects are as said in the middle of the scale only, and go with the room that is left on it.
    language
        How much more than on others `X` works on people who know little Swedish: the factor is 1 plus or minus this.
    weeks
        Shortest and longest time between two measurements.
    begin, begin_within
        Chance that who has nothing is given something at a measurement, and in a week between two.
    by_rating, by_level, by_health, by_belief, by_motivation
        How much more `X` is chosen for a step of the last rating below the middle, a step of the true level below it,
        a health code, a standard deviation of the caseworker's belief in it, and of the person's motivation.
    by_move
        How much more `X` and what is of its type are chosen for a step that the true level has risen since the last
        measurement.
    length, intensity, broken_off
        Weeks of a participation, shares of the typical hours, and the share of those broken off in the first sixth.
    decline, worsening, motivation
        What everybody loses, people with a health code lose besides, and a standard deviation of motivation gives.
    spread, shock
        Standard deviation of set points, and of what else happens in a week.
    noise, rater, rater_change, handed_over
        Standard deviation of an answer and of a caseworker's bias, how often another caseworker has taken over at a
        measurement, and how often, of those who have `X`, one of the quarter of the caseworkers who rate lowest.
    drift, credit
        How much higher caseworkers who believe in `X` rate after a year, and anybody rates those who have it.
    client_above, unrated
        How far above caseworkers' clients' answers are, and how often a caseworker gives none: without and with `X`.
    unanswered
        Share of questions left open: above the middle of the scale, and below it.
    lost, lost_by_level, lost_by_progress, lost_by_language, spared
        Chance not to be measured again; how much larger it is for a step of the true level below the middle, a step
        lost since the last measurement, and little Swedish; and the share of it that people with `X` are spared.
    work, work_by_level, work_by_x
        Chance of work, how much larger for a step of the true level above the middle, and what `X` adds to it.
    """

    n_clients: int = 1500
    effects: Mapping[str, float] = field(default_factory=lambda: {X: 0.3} | OTHERS)
    popularity: Mapping[str, float] = field(default_factory=lambda: {X: 2.0})
    groups: Mapping[str, str] = field(default_factory=dict)
    room: bool = False
    language: float = 0.0
    weeks: tuple[int, int] = (12, 14)
    begin: float = 0.5
    begin_within: float = 0.0
    by_rating: float = 0.0
    by_level: float = 0.0
    by_health: float = 0.0
    by_belief: float = 0.0
    by_motivation: float = 0.0
    by_move: float = 0.0
    length: tuple[int, int] = (10, 30)
    intensity: tuple[float, ...] = (1.0,)
    broken_off: float = 0.0
    decline: float = 0.15
    worsening: float = 0.0
    motivation: float = 0.0
    spread: float = 0.6
    shock: float = 0.14
    noise: float = 0.36
    rater: float = 0.0
    rater_change: float = 0.0
    handed_over: float = 0.0
    drift: float = 0.0
    credit: float = 0.0
    client_above: float = 0.0
    unrated: tuple[float, float] = (0.0, 0.0)
    unanswered: tuple[float, float] = (0.0, 0.0)
    lost: float = 0.05
    lost_by_level: float = 0.0
    lost_by_progress: float = 0.0
    lost_by_language: float = 0.0
    spared: float = 0.0
    work: float = 0.0
    work_by_level: float = 0.0
    work_by_x: float = 0.0

    @property
    def insatser(self) -> Insatser:
        """Give what episodes need of the catalogue."""
        types = {id: TYPES[id[0]] for id in self.effects}
        return Insatser(types, dict.fromkeys(types, HOURS), self.groups)


@dataclass(frozen=True)
class Lived:
    """What a register would hold, and what only the judge may know.

    Attributes
    ----------
    factor
        Steps of the rating that a step given by `X` makes for a person at a measurement, mean over respondents and
        indicators: by language and room, and less where answers are at an end of the scale. By client and date.
    """

    tables: Tables
    factor: "pd.Series[float]"


def live(seed: int, setting: Setting) -> Lived:
    """Live a world; the same arguments give the same one."""
    lives = _Lives(seed, setting)
    for week in range(N_WEEKS):
        lives.live_week(week)
    return lives.told()


class _Lives:
    """The state of all people in one week. Rows are people."""

    def __init__(self, seed: int, setting: Setting) -> None:
        self.s, self.rng = setting, np.random.default_rng(seed)
        n, rng = setting.n_clients, self.rng
        self.ids = list(setting.effects)
        self.gives = np.array([setting.effects[id] for id in self.ids])
        self.liking = np.log([max(setting.popularity.get(id, 1.0), 1e-12) for id in self.ids])
        self.x, self.like_x = self.ids.index(X), np.array([TYPES[id[0]] == TYPES[X] for id in self.ids])
        mixed = 0.8 * rng.standard_normal((n, 1)) + 0.6 * rng.standard_normal((n, len(INDICATORS)))
        self.setpoint = MIDDLE + setting.spread * mixed
        self.level = self.setpoint + 2 * setting.shock * self._chance(n)
        self.is_ill, self.knows_little = rng.random(n) < 0.4, rng.random(n) < 0.4
        self.motivation = rng.standard_normal(n)
        self.enrolled, self.birth_year = rng.integers(0, N_WEEKS - 26, n), rng.integers(1960, 2004, n)
        n_staff = max(n // 40, 4)
        self.belief, self.bias = rng.standard_normal(n_staff), np.sort(setting.rater * rng.standard_normal(n_staff))
        self.caseworker = rng.integers(0, n_staff, n)
        self.due, self.left = self.enrolled.copy(), np.full(n, -1)
        self.rated, self.level_then = np.full(n, MIDDLE), self.level.mean(axis=1)
        self.has, self.until, self.share = np.full(n, NOTHING), np.zeros(n, dtype=np.int64), np.zeros(n)
        self.answers: list[pd.DataFrame] = []
        self.factors: list[pd.DataFrame] = []
        self.begun: list[pd.DataFrame] = []
        self.statuses: list[pd.DataFrame] = []

    def live_week(self, week: int) -> None:
        self.has[self.until <= week] = NOTHING
        due = self._lose_some(self._here(week, self.due == week), week)
        self._measure(due, week)
        self._begin(due, self.s.begin, week)
        self._begin(self._here(week, self.due > week), self.s.begin_within, week)
        self._find_work(self._here(week, self.enrolled < week), week)
        self._move(self._here(week))

    def _here(self, week: int, who: Bools | bool = True) -> Ints:
        return np.flatnonzero((self.enrolled <= week) & (self.left < 0) & who)

    def _chance(self, n: int) -> Floats:
        """Draw what happens: half of its variance to all indicators alike; shape (n, J), variance 1."""
        drawn: Floats = self.rng.standard_normal((n, 1)) + self.rng.standard_normal((n, len(INDICATORS)))
        drawn *= np.sqrt(0.5)
        return drawn

    def _has_x(self, who: Ints) -> Bools:
        has: Bools = self.has[who] == self.x
        return has

    def _below(self, who: Ints) -> Floats:
        below: Floats = MIDDLE - self.level[who].mean(axis=1)
        return below

    def _risen(self, who: Ints) -> Floats:
        risen: Floats = self.level[who].mean(axis=1) - self.level_then[who]
        return risen

    def _leave(self, who: Ints, week: int, status: str) -> None:
        self.left[who] = week
        self.statuses.append(pd.DataFrame({"client_id": who, "observed_on": week, "status": status}))

    def _lose_some(self, due: Ints, week: int) -> Ints:
        s = self.s
        chance = s.lost + s.lost_by_level * self._below(due) + s.lost_by_language * self.knows_little[due]
        chance = chance - s.lost_by_progress * self._risen(due)
        chance = np.clip(chance, 0.0, 0.9) * np.where(self._has_x(due), 1 - s.spared, 1.0)
        leaves = (self.rng.random(len(due)) < chance) & (self.enrolled[due] < week)
        self._leave(due[leaves], week, "okänt")
        return due[~leaves]

    def _measure(self, due: Ints, week: int) -> None:
        s, rng, n = self.s, self.rng, len(due)
        taken_over = (rng.random(n) < s.rater_change) & (self.enrolled[due] < week)
        self.caseworker[due[taken_over]] = rng.integers(0, len(self.bias), int(taken_over.sum()))
        has_x = self._has_x(due)
        handed_over = has_x & (rng.random(n) < s.handed_over)
        self.caseworker[due[handed_over]] = rng.integers(0, len(self.bias) // 4, int(handed_over.sum()))
        by = self.caseworker[due]
        above = self.bias[by] + s.drift * np.maximum(self.belief[by], 0) * week / 52 + s.credit * has_x
        silent = {KLIENT: np.zeros(n), CASEWORKER: np.where(has_x, s.unrated[1], s.unrated[0])}
        shift = {KLIENT: np.full(n, s.client_above), CASEWORKER: above}
        names = {KLIENT: np.full(n, ""), CASEWORKER: np.array([f"h{one}" for one in by], dtype=object)}
        given = []
        for respondent in (KLIENT, CASEWORKER):
            seen = self.level[due] + shift[respondent][:, None] + s.noise * rng.standard_normal(self.level[due].shape)
            value = np.clip(np.rint(seen), SCALE.min, SCALE.max)
            value[rng.random(value.shape) < np.where(self.level[due] > MIDDLE, *s.unanswered)] = np.nan
            value[rng.random(n) < silent[respondent]] = np.nan
            sheet = pd.DataFrame(value, columns=list(INDICATORS)).assign(
                client_id=due, measured_on=week, respondent=respondent, respondent_id=names[respondent]
            )
            keys = ["client_id", "measured_on", "respondent", "respondent_id"]
            self.answers.append(sheet.melt(keys, var_name="indicator", value_name="value"))
            given.append(pd.Series(value.mean(axis=1)))
        self.rated[due] = pd.concat(given, axis=1).mean(axis=1).fillna(MIDDLE)
        self.level_then[due] = self.level[due].mean(axis=1)
        shown = np.mean([_shown(self.level[due] + shift[one][:, None], s.noise) for one in shift], axis=0)
        factor = (self._factor(due) * shown).mean(axis=1)
        self.factors.append(pd.DataFrame({"client_id": due, "measured_on": week, "factor": factor}))
        self.due[due] = week + rng.integers(s.weeks[0], s.weeks[1] + 1, n)

    def _begin(self, who: Ints, chance: float, week: int) -> None:
        s, rng = self.s, self.rng
        who = who[(self.has[who] == NOTHING) & (rng.random(len(who)) < chance)]
        liking = np.tile(self.liking, (len(who), 1)) + rng.gumbel(size=(len(who), len(self.ids)))
        liking[:, self.like_x] += (s.by_move * self._risen(who))[:, None]
        liking[:, self.x] += (
            s.by_rating * (MIDDLE - self.rated[who])
            + s.by_level * self._below(who)
            + s.by_health * (self.is_ill[who] - 0.4)
            + s.by_belief * self.belief[self.caseworker[who]]
            + s.by_motivation * self.motivation[who]
        )
        k, breaks = np.argmax(liking, axis=1), rng.random(len(who)) < s.broken_off
        weeks = rng.integers(*s.length, len(who))
        end = week + np.where(breaks, np.maximum(weeks // 6, 1), weeks)
        self.has[who], self.until[who], self.share[who] = k, end, rng.choice(s.intensity, len(who))
        begun = {"client_id": who, "insats_id": k, "started_on": week, "ended_on": end, "is_broken": breaks}
        self.begun.append(pd.DataFrame(begun | {"hours_per_week": self.share[who] * HOURS}))

    def _find_work(self, who: Ints, week: int) -> None:
        s = self.s
        chance = np.maximum(s.work * (1 - s.work_by_level * self._below(who)), 0.0) + s.work_by_x * self._has_x(who)
        self._leave(who[self.rng.random(len(who)) < chance / QUARTER], week, "arbete")

    def _factor(self, who: Ints) -> Floats:
        room = np.clip((SCALE.max - self.setpoint[who]) / (SCALE.max - MIDDLE), 0.0, 1.5) if self.s.room else 1.0
        language = 1 + self.s.language * np.where(self.knows_little[who], 1.0, -1.0)
        return np.broadcast_to(room * language[:, None], (len(who), len(INDICATORS)))

    def _move(self, who: Ints) -> None:
        s = self.s
        given = np.where(self.has[who] == NOTHING, 0.0, self.gives[self.has[who]]) * self.share[who]
        by_itself = s.motivation * self.motivation[who] - s.worsening * self.is_ill[who] - s.decline
        lasting = (given[:, None] * self._factor(who) + by_itself[:, None]) / QUARTER
        pulled = PULL * (self.setpoint[who] - self.level[who])
        self.level[who] += lasting + pulled + s.shock * self._chance(len(who))
        self.setpoint[who] += lasting

    def told(self) -> Lived:
        """Give the tables of a register, and the truth."""
        n = self.s.n_clients
        clients = pd.DataFrame(
            {
                "client_id": np.arange(n),
                "birth_year": self.birth_year,
                "education": "gymnasial",
                "income_source": "försörjningsstöd",
                "months_without_work": self.rng.integers(0, 60, n),
                "swedish_level": np.where(self.knows_little, "grund", "god"),
                "children_at_home": False,
                "health_codes": np.where(self.is_ill, "F41", ""),
            }
        )
        stay = pd.DataFrame({"client_id": np.flatnonzero(self.left < 0), "observed_on": N_WEEKS, "status": "okänt"})
        factors = _dated(pd.concat(self.factors, ignore_index=True))
        return Lived(
            Tables(
                clients=_dated(clients),
                measurements=_dated(pd.concat(self.answers, ignore_index=True)),
                participations=_dated(self._participations()),
                outcomes=_dated(pd.concat([*self.statuses, stay], ignore_index=True)),
            ),
            factors.set_index(["client_id", "measured_on"])["factor"],
        )

    def _participations(self) -> pd.DataFrame:
        begun = pd.concat(self.begun, ignore_index=True)
        left = self.left[begun["client_id"]]
        end = np.where(left >= 0, np.minimum(begun["ended_on"], left), begun["ended_on"])
        ended_as = np.where(end > N_WEEKS, "pågår", np.where(begun["is_broken"], "avbruten", "fullföljd"))
        begun = begun.assign(insats_id=np.array(self.ids, dtype=object)[begun["insats_id"]], ended_as=ended_as)
        begun["ended_on"] = np.where(end > N_WEEKS, np.nan, end)
        return begun[begun["started_on"] < end].drop(columns="is_broken").reset_index(drop=True)


def _shown(levels: Floats, noise: float) -> Floats:
    """Tell how many steps the expected answer rises, rounded and within the scale, for a step of these levels."""
    bounds = np.arange(SCALE.min, SCALE.max) + 0.5
    steps: Floats = norm.pdf((levels[..., None] - bounds) / noise).sum(axis=-1) / noise
    return steps


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Turn weeks into dates, and numbers of clients into ids; texts as a register has them."""
    done: dict[str, Any] = {"client_id": [f"c{number:06d}" for number in table["client_id"]]}
    for name in table.columns[table.columns.str.endswith("_on")]:
        done[name] = (FIRST_DAY + pd.to_timedelta(7 * table[name], unit="D")).astype("datetime64[s]")
    table = table.assign(**done)
    return table.astype(dict.fromkeys(table.columns[table.dtypes.eq(object)], "str"))
