"""People who do not exist: profiles, units, caseworkers, and the latent levels that they start from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pathway.catalogue import Catalogue
from pathway.mock.draws import PEOPLE, Bools, Floats, Ints, pick, pick_named, root, stream
from pathway.mock.effects import CENTRES, HIGHEST, LOWEST, UNITS
from pathway.mock.parameters import Levels, Parameters, People, Weights

Text = npt.NDArray[np.object_]
HELD_BACK_WEEKS = 8  # nobody is in an early phase for longer


@dataclass(frozen=True)
class Clients:
    """N people, one row a person.

    Attributes
    ----------
    unit, caseworker
        Numbers into `Staff.units` and `Staff.ids`.
    traits
        Age in years and months without work at enrolment, and number of health codes, shape (N, 3).
    enrolled_week, enrolled_day
        Week of the simulation, and weekday (0 Monday).
    early
        Empty, or the early case phase that the person is in.
    setpoint, level
        Latent levels at enrolment that the person drifts to, and that the person has, scale 1–5, shape (N, J).
    bias
        How far above the latent levels the person answers, in steps.
    """

    birth_year: Ints
    gender: Text
    municipality: Text
    education: Text
    income_source: Text
    months_without_work: Ints
    swedish_level: Text
    children_at_home: Bools
    health_codes: Text
    unit: Ints
    caseworker: Ints
    traits: Floats
    enrolled_week: Ints
    enrolled_day: Ints
    early: Text
    setpoint: Floats
    level: Floats
    bias: Floats

    def __len__(self) -> int:
        return len(self.birth_year)


@dataclass(frozen=True)
class Staff:
    """Units and their caseworkers; a unit's caseworkers have consecutive numbers.

    Attributes
    ----------
    first, count
        Number of a unit's first caseworker, and how many it has.
    bias, drift, optimism
        Per caseworker: steps above the latent level, steps a year, and steps on what does not drive ranking.
    """

    units: tuple[str, ...]
    first: Ints
    count: Ints
    ids: tuple[str, ...]
    bias: Floats
    drift: Floats
    optimism: Floats


def draw(
    seed: int, n: int, n_weeks: int, until_year: int, catalogue: Catalogue, indicators: tuple[str, ...], p: Parameters
) -> tuple[Clients, Staff]:
    """Draw `n` people who enrol in weeks 0 to `n_weeks` - 1, and the caseworkers who meet them."""
    rng = stream(seed, PEOPLE)
    municipality = pick_named(rng.random(n), _municipalities(catalogue, p.people))
    unit, staff = _staff(rng, municipality, p)
    n_codes, health_codes = _health(rng, n, p.people)
    age = _within(rng, n, p.people.ages) if p.people.ages else _ages(rng, n)
    income = _incomes(rng, age, n_codes, p.people)
    months = _months(rng, age, income) if not p.people.months else _within(rng, n, p.people.months)
    months = np.minimum(months, 12 * (age - 16))
    swedish = pick_named(rng.random(n), p.people.swedish_level)
    education = _educations(rng, swedish, p.people)
    early, enrolled_week = _enrolments(rng, n, n_weeks, p.people.held_back)
    traits = np.stack([age, months, n_codes], axis=1).astype(np.float64)
    setpoint = _setpoints(rng, traits, swedish, education, indicators, p.levels)
    wander = wandering(rng, setpoint.shape, p.levels)
    years_ago = (n_weeks - 1 - enrolled_week) // 52
    share = np.where((age >= 25) & (age <= 50), p.people.children["25-50"], p.people.children["other"])
    clients = Clients(
        birth_year=until_year - age - years_ago,
        gender=pick_named(rng.random(n), p.people.gender),
        municipality=municipality,
        education=education,
        income_source=income,
        months_without_work=months,
        swedish_level=swedish,
        children_at_home=rng.random(n) < share,
        health_codes=health_codes,
        unit=unit,
        caseworker=staff.first[unit] + _below(rng.random(n), staff.count[unit]),
        traits=traits,
        enrolled_week=enrolled_week,
        enrolled_day=rng.integers(0, 5, n),
        early=early,
        setpoint=setpoint,
        level=np.clip(setpoint - p.levels.below_at_start + wander, LOWEST, HIGHEST),
        bias=p.answers.client_bias * rng.standard_normal(n),
    )
    return clients, staff


def wandering(rng: np.random.Generator, shape: tuple[int, ...], p: Levels) -> Floats:
    """Draw deviations from the set point, shape (n, J): part good and bad times, part the indicator's own."""
    times, own = rng.standard_normal((shape[0], 1)), rng.standard_normal(shape)
    return p.wander * (root(p.wander_common) * times + root(1 - p.wander_common) * own)


def _below(u: Floats, limit: Ints) -> Ints:
    """Turn uniform draws into whole numbers from 0 up to and not including the limit."""
    return np.minimum((u * limit).astype(np.int64), limit - 1)


def _municipalities(catalogue: Catalogue, p: People) -> Weights:
    named = sorted({code for insats in catalogue.insatser for code in insats.municipalities})
    return {code: p.municipalities.get(code, 1.0) for code in named} or p.municipalities


def _staff(rng: np.random.Generator, municipality: Text, p: Parameters) -> tuple[Ints, Staff]:
    unit = np.zeros(len(municipality), dtype=np.int64)
    names: list[str] = []
    counts: list[int] = []
    for code in sorted(set(municipality)):
        here = np.nonzero(municipality == code)[0]
        n_units = min(p.people.units_per_municipality_max, 1 + len(here) // p.people.clients_per_unit)
        own = _below(rng.random(len(here)), np.full(len(here), n_units))
        unit[here] = len(names) + own
        names += [f"enhet-{code}-{number + 1}" for number in range(n_units)]
        counts += [1 + int((own == number).sum()) // p.people.clients_per_caseworker for number in range(n_units)]
    n = sum(counts)
    return unit, Staff(
        units=tuple(names),
        first=np.cumsum([0, *counts[:-1]]).astype(np.int64),
        count=np.array(counts, dtype=np.int64),
        ids=tuple(f"HL-{number + 1:04d}" for number in range(n)),
        bias=p.answers.caseworker_bias * rng.standard_normal(n) - p.answers.caseworker_below,
        drift=p.answers.caseworker_drift * rng.standard_normal(n),
        optimism=p.answers.optimism * rng.standard_normal(n),
    )


def _ages(rng: np.random.Generator, n: int) -> Ints:
    young, u, v = rng.random(n) < 0.25, rng.random(n), rng.random(n)
    return (18 + np.where(young, 11 * u, 46 * (u + v) / 2)).astype(np.int64)


def _within(rng: np.random.Generator, n: int, bands: Weights) -> Ints:
    """Draw whole numbers, equally likely within a band such as ``18-24``."""
    ends = np.array([[int(end) for end in band.split("-")] for band in bands], dtype=np.int64)
    low, high = ends[pick(rng.random(n), np.array(list(bands.values()), dtype=np.float64))].T
    drawn: Ints = low + _below(rng.random(n), high - low + 1)
    return drawn


def _health(rng: np.random.Generator, n: int, p: People) -> tuple[Ints, Text]:
    counts = pick(rng.random(n), np.array(list(p.health_codes.values())))
    drawn = np.stack([pick_named(rng.random(n), p.codes) for _ in range(3)], axis=1)
    codes = [sorted(set(row[:count])) for row, count in zip(drawn, counts, strict=True)]
    lengths = np.array([len(own) for own in codes], dtype=np.int64)
    return lengths, np.array(["|".join(own) for own in codes], dtype=object)


def _incomes(rng: np.random.Generator, age: Ints, n_codes: Ints, p: People) -> Text:
    u = rng.random(len(age))
    income = np.where(n_codes > 0, pick_named(u, p.income_ill), pick_named(u, p.income_healthy))
    # Aktivitetsersättning ends at 30 and sjukersättning starts at 19 in law; the mock keeps to 30 for both.
    income[(income == "aktivitetsersättning") & (age >= 30)] = "sjukersättning"
    income[(income == "sjukersättning") & (age < 30)] = "aktivitetsersättning"
    return income


def _months(rng: np.random.Generator, age: Ints, income: Text) -> Ints:
    long = np.isin(income, ["försörjningsstöd", "sjukersättning", "aktivitetsersättning"])
    u, v = rng.random(len(age)), rng.random(len(age))
    months = np.where(long, 6 + 90 * u * v, 1 + 36 * u * v)
    return np.minimum(months, 12 * (age - 16)).astype(np.int64)


def _educations(rng: np.random.Generator, swedish: Text, p: People) -> Text:
    u = rng.random(len(swedish))
    low = np.isin(swedish, ["ingen", "grund"])
    return np.where(low, pick_named(u, p.education_swedish_low), pick_named(u, p.education_swedish_good))


def _enrolments(rng: np.random.Generator, n: int, n_weeks: int, held_back: float) -> tuple[Text, Ints]:
    u, anywhere, late = rng.random(n), rng.integers(0, n_weeks, n), rng.integers(1, HELD_BACK_WEEKS + 1, n)
    early = np.where(u < held_back / 2, "förhandsbedömning", np.where(u < held_back, "anmälan", "")).astype(object)
    return early, np.where(u < held_back, np.maximum(n_weeks - late, 0), anywhere)


def _setpoints(
    rng: np.random.Generator, traits: Floats, swedish: Text, education: Text, indicators: tuple[str, ...], p: Levels
) -> Floats:
    z = np.clip((traits - CENTRES) / UNITS, -1.5, 2.5)
    low = np.isin(swedish, ["ingen", "grund"]).astype(np.float64)
    short = (education == "förgymnasial").astype(np.float64)
    disadvantage = 0.6 * z[:, 1] + 0.5 * z[:, 2] + 0.5 * (low - 0.2) + 0.4 * (short - 0.35)
    general = -p.disadvantage * disadvantage + root(1 - p.disadvantage**2) * rng.standard_normal(len(z))
    setpoint = np.zeros((len(z), len(indicators)))
    for j, id in enumerate(indicators):
        own = rng.standard_normal(len(z))
        setpoint[:, j] = p.means.get(id, p.mean) + p.spread * (root(p.common) * general + root(1 - p.common) * own)
        setpoint[:, j] -= p.health_pull.get(id, 0.0) * z[:, 2]
    return np.clip(setpoint, LOWEST, HIGHEST)
