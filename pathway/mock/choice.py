"""Which insats a caseworker chooses for whom: by the rules, by need, by popularity and by habit."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pathway.catalogue import SWEDISH_LEVELS, Catalogue, Insats
from pathway.mock.draws import HABITS, Bools, Floats, Ints, mean_of_columns, stream
from pathway.mock.effects import MIDDLE, Effects
from pathway.mock.parameters import Insatser
from pathway.mock.people import Clients

NEVER = np.int64(1 << 30)


@dataclass(frozen=True)
class Offers:
    """The catalogue as arrays over its K insatser, for a window of weeks.

    Attributes
    ----------
    attraction
        Popularity among those who are eligible, shape (K,).
    habits
        Weight that each caseworker gives each insats, shape (caseworkers, K).
    eligible
        Whether a client may ever have an insats, as far as the profile says, shape (N, K).
    together
        Whether two insatser may overlap in time, shape (K, K).
    next_start
        First week in which one can start that was chosen in a week, shape (K, W); `NEVER` when too far off.
    main_target
        Number of the indicator that an insats helps most, shape (K,).
    by_level
        Change of the weight per step of the client's mean true level, shape (K,).
    levels
        Levels required to start, as numbers of insats and indicator, and the level on the scale 1–5.
    earlier
        Pairs of an insats and one that must have been completed before it.
    """

    attraction: Floats
    habits: Floats
    eligible: Bools
    together: Bools
    next_start: Ints
    main_target: Ints
    by_level: Floats
    levels: tuple[tuple[int, int, float], ...]
    earlier: tuple[tuple[int, int], ...]
    p: Insatser

    def weights(
        self, who: Ints, week: int, level: Floats, caseworker: Ints, busy_with: Ints, completed_in: Ints
    ) -> Floats:
        """Weigh all insatser for some clients.

        Parameters
        ----------
        who
            Numbers of the clients, shape (m,).
        level
            Their TRUE latent levels, shape (m, J): what makes the choice confounded.
        caseworker
            Shape (m,).
        busy_with
            Insatser that run or wait to start, -1 where none, shape (m, slots).
        completed_in
            Week in which each insats was completed, `NEVER` if not, shape (m, K).

        Returns
        -------
        Weights ≥ 0, shape (m, K); 0 is against a rule.
        """
        weights = self.attraction * self.habits[caseworker] * self.eligible[who] * (self.next_start[:, week] < NEVER)
        general = mean_of_columns(level) - MIDDLE
        weights *= np.clip(1 + self.by_level * general[:, None], 0.08, 4.0)
        weights *= np.clip(1 + self.p.need_by_target * (MIDDLE - level[:, self.main_target]), 0.2, 3.0)
        weights[completed_in <= week] *= 0.1
        for slot in range(busy_with.shape[1]):
            busy = busy_with[:, slot]
            weights *= np.where((busy >= 0)[:, None], self.together[busy], True)
        for k, j, required in self.levels:
            weights[:, k] *= level[:, j] >= required - self.p.level_grace
        for k, needed in self.earlier:
            weights[:, k] *= completed_in[:, needed] <= week
        return weights


def offers(
    seed: int,
    catalogue: Catalogue,
    effects: Effects,
    clients: Clients,
    n_caseworkers: int,
    first_monday: date,
    n_weeks: int,
    to_reference: float,
    scale_min: int,
    p: Insatser,
) -> Offers:
    """Lay a catalogue out for a population and a window of weeks.

    `to_reference` and `scale_min` bring levels of the instrument's scale to the scale 1–5.
    """
    rng = stream(seed, HABITS)
    number = {id: k for k, id in enumerate(catalogue.ids)}
    indicator = {id: j for j, id in enumerate(effects.indicators)}
    n = len(number)
    u = rng.random((n_caseworkers, n))
    together = ~np.eye(n, dtype=np.bool_)
    for insats in catalogue.insatser:
        for other in insats.excludes:
            together[number[insats.id], number[other]] = together[number[other], number[insats.id]] = False
    eligible = _eligible(catalogue, clients)
    narrow = eligible.sum(axis=0) / max(len(clients), 1)  # what few may have is what those few are offered
    popularity = 1.0 / (rng.permutation(n) + 1 + p.zipf_offset)
    if p.popularity:
        popularity = np.array([p.popularity.get(id, 0.0) for id in catalogue.ids])
    return Offers(
        attraction=popularity / (p.narrow_offset + narrow),
        habits=0.2 + p.habit * u * u,
        eligible=eligible,
        together=together,
        next_start=np.stack([_next_starts(i, first_monday, n_weeks, p) for i in catalogue.insatser]),
        main_target=effects.main_target,
        by_level=np.array([p.need_by_level[insats.type] for insats in catalogue.insatser]),
        levels=tuple(
            (number[insats.id], indicator[id], 1 + (level - scale_min) * to_reference)
            for insats in catalogue.insatser
            for id, level in insats.requires.levels.items()
            if id in indicator
        ),
        earlier=tuple((number[i.id], number[needed]) for i in catalogue.insatser for needed in i.requires.insatser),
        p=p,
    )


def suits(insats: Insats, municipality: str, age: int, income_source: str, swedish_level: str) -> bool:
    """Tell whether the catalogue's rules on the profile let this person in."""
    required = SWEDISH_LEVELS.index(insats.swedish_level_min) if insats.swedish_level_min else 0
    return (
        (not insats.municipalities or municipality in insats.municipalities)
        and (insats.age_min is None or age >= insats.age_min)
        and (insats.age_max is None or age <= insats.age_max)
        and (not insats.income_sources or income_source in insats.income_sources)
        and [*SWEDISH_LEVELS].index(swedish_level) >= required  # type: ignore[arg-type]
    )


def _eligible(catalogue: Catalogue, clients: Clients) -> Bools:
    known: dict[tuple[str, int, str, str], list[bool]] = {}
    rows = []
    age = clients.traits[:, 0].astype(int)
    for profile in zip(clients.municipality, age, clients.income_source, clients.swedish_level, strict=True):
        if profile not in known:
            known[profile] = [suits(insats, *profile) for insats in catalogue.insatser]
        rows.append(known[profile])
    return np.array(rows, dtype=np.bool_).reshape(len(rows), len(catalogue.insatser))


def _next_starts(insats: Insats, first_monday: date, n_weeks: int, p: Insatser) -> Ints:
    """Find the first week to start in, per week of choice.

    The catalogue's dates recur every year, and its validity is not looked at: the mock past is like its present.
    """
    queue = 1 + int(insats.queue_weeks * p.queue_share)
    weeks = np.arange(n_weeks, dtype=np.int64)
    if insats.intake.mode == "löpande":
        return weeks + queue
    calendar = {day.isocalendar().week for day in insats.intake.dates}
    starts = [w for w in range(n_weeks + 53) if (first_monday + timedelta(weeks=w)).isocalendar().week in calendar]
    if not starts:
        return np.full(n_weeks, NEVER)
    nearest = np.array([*starts, NEVER], dtype=np.int64)[np.searchsorted(starts, weeks + queue)]
    return np.where(nearest - weeks <= p.wait_weeks_max + queue, nearest, NEVER)
