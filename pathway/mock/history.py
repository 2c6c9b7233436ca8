"""Lives people week by week: levels move, insatser run, waves are held, people leave."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from pathway.catalogue import Catalogue
from pathway.mock.choice import NEVER, Offers
from pathway.mock.draws import HISTORY, Bools, Floats, Ints, mean_of_columns, pick, pick_named, root, stream
from pathway.mock.effects import HIGHEST, JOB, LOWEST, MIDDLE, Effects
from pathway.mock.parameters import Parameters
from pathway.mock.people import Clients, Staff, Text, wandering

WEEKS_IN_QUARTER = 13
FULFILLED, BROKEN_OFF, RUNNING = "fullföljd", "avbruten", "pågår"


@dataclass(frozen=True)
class Calendar:
    """The weeks that are lived: from a Monday, up to a last day that is still in."""

    first_monday: date
    until: date
    n_weeks: int

    @classmethod
    def ending(cls, until: date, n_weeks: int) -> "Calendar":
        """Make the calendar of `n_weeks` weeks of which the last one holds `until`."""
        last_monday = until - timedelta(days=until.weekday())
        return cls(last_monday - timedelta(weeks=n_weeks - 1), until, n_weeks)

    @property
    def last_day(self) -> int:
        """Number of the last day, counted from the first Monday."""
        return (self.until - self.first_monday).days

    def texts(self, days: Ints) -> list[str]:
        """Dates in ISO 8601, of days counted from the first Monday."""
        return np.datetime_as_string(np.datetime64(self.first_monday) + days).tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Waves:
    """Measurements held, one row each: client, day, caseworker, and latent levels and set points, scale 1–5."""

    client: Ints
    day: Ints
    caseworker: Ints
    level: Floats
    setpoint: Floats


@dataclass(frozen=True)
class Periods:
    """Participations, one row each; `end_day` is the first day after, -1 while it runs."""

    client: Ints
    insats: Ints
    start_day: Ints
    end_day: Ints
    hours: Floats
    ended_as: Text


@dataclass(frozen=True)
class History:
    """All that happened. `left_day` is -1 for those still there, and `left_to` then empty; both shape (N,)."""

    waves: Waves
    periods: Periods
    left_day: Ints
    left_to: Text


def live(
    seed: int,
    clients: Clients,
    staff: Staff,
    catalogue: Catalogue,
    effects: Effects,
    offers: Offers,
    calendar: Calendar,
    p: Parameters,
    progress: Callable[[int, int], None],
) -> History:
    """Live all weeks of the calendar; `progress` hears of every week done, and of how many."""
    lives = _Lives(seed, clients, staff, catalogue, effects, offers, calendar, p)
    for week in range(calendar.n_weeks):
        lives.live_week(week)
        progress(week + 1, calendar.n_weeks)
    return lives.history()


@dataclass(frozen=True)
class _Bookings:
    """Places in insatser, from one week up to and not including another, as planned when they were given."""

    client: Ints
    insats: Ints
    start: Ints
    end: Ints
    hours: Floats
    broken: Bools


class _Lives:
    """The state of all people in one week. Rows of every array are people, unless its name says otherwise."""

    def __init__(
        self,
        seed: int,
        clients: Clients,
        staff: Staff,
        catalogue: Catalogue,
        effects: Effects,
        offers: Offers,
        calendar: Calendar,
        p: Parameters,
    ) -> None:
        n = len(clients)
        self.rng = stream(seed, HISTORY)
        self.clients, self.staff, self.effects, self.offers, self.calendar, self.p = (
            clients, staff, effects, offers, calendar, p,
        )  # fmt: skip
        self.is_job = np.array([insats.type == JOB for insats in catalogue.insatser])
        self.lengths = np.array([[i.weeks.min, i.weeks.typical, i.weeks.max] for i in catalogue.insatser], dtype=float)
        hours = [[i.hours_per_week.min, i.hours_per_week.typical, i.hours_per_week.max] for i in catalogue.insatser]
        self.hours_offered = np.array(hours, dtype=float)
        self.level, self.setpoint = clients.level.copy(), clients.setpoint.copy()
        # What an insats gives a person is settled at each measurement and holds until the next: so the truth about an
        # episode is exact, and linear in the dose.
        self.settled = clients.setpoint.copy()
        self.general_before = mean_of_columns(self.level)
        self.caseworker = clients.caseworker.copy()
        slow = self.rng.random(n) < p.insatser.slow
        self.start_chance = np.where(slow, p.insatser.start_per_week_slow, p.insatser.start_per_week)
        self.wanted = 1 + pick(self.rng.random(n), np.array(p.insatser.wanted))
        self.due_day = clients.enrolled_week * 7 + clients.enrolled_day + self.rng.integers(0, 15, n)
        self.n_measured, self.measured_day = np.zeros(n, dtype=np.int64), np.full(n, -1)
        self.left_day, self.left_to = np.full(n, -1), np.full(n, "", dtype=object)
        slots = (n, len(p.insatser.wanted))
        self.slot, self.slot_start, self.slot_end = np.full(slots, -1), np.zeros(slots, int), np.zeros(slots, int)
        self.slot_hours = np.zeros(slots)
        self.completed_in = np.full((n, len(catalogue.insatser)), NEVER, dtype=np.int64)
        self.waves: list[Waves] = []
        self.bookings: list[_Bookings] = []

    def live_week(self, week: int) -> None:
        self.hold_waves(self._present(week), week)
        self.let_some_leave_for_work(self._present(week), week)
        present = self._present(week)
        self.start_insatser(present[self.n_measured[present] > 0], week)
        self.move_levels(present, week)

    def _present(self, week: int) -> Ints:
        return np.nonzero((self.clients.enrolled_week <= week) & (self.left_day < 0))[0]

    def hold_waves(self, present: Ints, week: int) -> None:
        """Measure those whose wave is due; some are lost, some waves are skipped."""
        day = self._on_weekday(self.due_day[present])
        due = (day // 7 == week) & (day <= self.calendar.last_day)
        who, day = present[due], day[due]
        lost, skipped, change, chosen = self.rng.random((4, len(who)))
        z = self.rng.standard_normal(len(who))
        time = self.p.time
        progress = mean_of_columns(self.level[who]) - self.general_before[who]
        chance = np.clip(time.lost_per_wave - time.work_per_quarter - time.lost_by_progress * progress, 0.05, 0.7)
        leaves = (lost < chance) & (self.n_measured[who] > 0)
        self._leave(who[leaves], day[leaves], self.p.outcomes.lost)
        interval = np.clip(np.rint(time.wave_days + time.wave_jitter_days * z), 56, 140).astype(np.int64)
        self.due_day[who] = day + interval
        changed = (change < self.p.people.caseworker_change_per_wave) & (self.n_measured[who] > 0)
        self._change_caseworker(who[changed], chosen[changed])
        held = ~leaves & ((skipped >= time.skipped_waves) | (self.n_measured[who] == 0))
        who, day = who[held], day[held]
        self.n_measured[who] += 1
        self.measured_day[who] = day
        self.settled[who] = self.setpoint[who]
        self.general_before[who] = mean_of_columns(self.level[who])
        self.waves.append(Waves(who, day, self.caseworker[who], self.level[who], self.setpoint[who]))

    def _on_weekday(self, day: Ints) -> Ints:
        return day - np.maximum(day % 7 - 4, 0)

    def _change_caseworker(self, who: Ints, u: Floats) -> None:
        unit = self.clients.unit[who]
        count = self.staff.count[unit]
        self.caseworker[who] = self.staff.first[unit] + np.minimum((u * count).astype(np.int64), count - 1)

    def let_some_leave_for_work(self, present: Ints, week: int) -> None:
        """Let some find work: more of those at higher levels, and of those whose caseworker believes in them."""
        time = self.p.time
        general = mean_of_columns(self.level[present]) - MIDDLE
        optimist = self.staff.optimism[self.caseworker[present]] > 0
        chance = time.work_per_quarter / WEEKS_IN_QUARTER * np.clip(1 + time.work_by_level * general, 0.1, 4.0)
        chance = chance * np.where(optimist, 1 + time.work_by_belief, 1 - time.work_by_belief)
        leaves = present[(self.rng.random(len(present)) < chance) & (self.n_measured[present] > 0)]
        day = np.full(len(leaves), 7 * week) + self.rng.integers(0, 5, len(leaves))
        inside = day <= self.calendar.last_day
        self._leave(leaves[inside], day[inside], self.p.outcomes.work)

    def _leave(self, who: Ints, day: Ints, to: dict[str, float]) -> None:
        self.left_day[who] = np.maximum(day, self.measured_day[who])
        self.left_to[who] = pick_named(self.rng.random(len(who)), to)

    def start_insatser(self, present: Ints, week: int) -> None:
        """Fill some of the places that are free, by rules, need, popularity and habit."""
        p = self.p.insatser
        mine = self.slot[present]
        mine[self.slot_end[present] <= week] = -1
        self.slot[present] = mine
        free = (mine >= 0).sum(axis=1) < self.wanted[present]
        who = present[free & (self.rng.random(len(present)) < self.start_chance[present])]
        weights = self.offers.weights(
            who, week, self.level[who], self.caseworker[who], self.slot[who], self.completed_in[who]
        )
        possible = np.cumsum(weights, axis=1)[:, -1] > 0
        who, weights = who[possible], weights[possible]
        chosen, length, side, breaks, cut = self.rng.random((5, len(who)))
        k = pick(chosen, weights)
        hours = self._hours(k, self.rng.integers(0, len(p.hours_shares), len(who)))
        spent = np.where(self.slot[who] >= 0, self.slot_hours[who], 0.0)
        fits = np.cumsum(spent, axis=1)[:, -1] + hours <= p.hours_in_all
        start = self.offers.next_start[k, week]
        weeks = self._weeks(k, length, side)
        broken = breaks < p.broken_off
        weeks = np.where(broken, np.maximum(1, (weeks * cut).astype(np.int64)), weeks)
        self._book(who[fits], k[fits], start[fits], start[fits] + weeks[fits], hours[fits], broken[fits])

    def _hours(self, k: Ints, share: Ints) -> Floats:
        low, typical, high = self.hours_offered[k].T
        hours = np.rint(4 * typical * np.array(self.p.insatser.hours_shares)[share]) / 4
        hours_a_week: Floats = np.clip(hours, low, high)
        return hours_a_week

    def _weeks(self, k: Ints, u: Floats, side: Floats) -> Ints:
        low, typical, high = self.lengths[k].T
        away = np.where(side < 0.5, low - typical, high - typical) * u * u
        weeks: Ints = np.rint(typical + away).astype(np.int64)
        return weeks

    def _book(self, who: Ints, k: Ints, start: Ints, end: Ints, hours: Floats, broken: Bools) -> None:
        slot = np.argmin(self.slot[who] >= 0, axis=1)
        self.slot[who, slot], self.slot_start[who, slot], self.slot_end[who, slot] = k, start, end
        self.slot_hours[who, slot] = hours
        self.completed_in[who[~broken], k[~broken]] = end[~broken]
        self.bookings.append(_Bookings(who, k, start, end, hours, broken))

    def move_levels(self, present: Ints, week: int) -> None:
        """Add a week of effects, of loss in gaps, of pull to the set point, and of chance."""
        p = self.p.levels
        level, setpoint = self.level[present], self.setpoint[present]
        slot = self.slot[present]
        running = (slot >= 0) & (self.slot_start[present] <= week) & (self.slot_end[present] > week)
        beside_job = (running & self.is_job[slot]).any(axis=1)
        lasting = np.zeros_like(level)
        for place in range(slot.shape[1]):
            rows = np.nonzero(running[:, place])[0]
            k, who = slot[rows, place], present[rows]
            alone = self.effects.alone_share[k]
            dose = self.slot_hours[who, place] / self.hours_offered[k, 1]
            dose = dose * (alone + (1 - alone) * beside_job[rows]) / WEEKS_IN_QUARTER
            lasting[rows] += self.effects.steps(k, self.clients.traits[who], self.settled[who]) * dose[:, None]
        gap = ~running.any(axis=1) & (self.n_measured[present] > 0)
        lasting[gap] -= self.effects.lost_in_gap(self.settled[present[gap]]) / WEEKS_IN_QUARTER
        kept = 1 - p.pull_per_week
        chance = root(1 - kept * kept) * wandering(self.rng, level.shape, p)
        # Effects move the set point too: what is gained lasts, and what a gap takes is not won back by itself.
        self.setpoint[present] = np.clip(setpoint + lasting, LOWEST, HIGHEST)
        self.level[present] = np.clip(level + lasting + p.pull_per_week * (setpoint - level) + chance, LOWEST, HIGHEST)

    def history(self) -> History:
        client, day, caseworker, level, setpoint = (
            np.concatenate([getattr(held, name) for held in self.waves])
            for name in ("client", "day", "caseworker", "level", "setpoint")
        )
        order = np.lexsort((day, client))
        waves = Waves(client[order], day[order], caseworker[order], level[order], setpoint[order])
        return History(waves, self._periods(), self.left_day, self.left_to)

    def _periods(self) -> Periods:
        """Turn what was booked into what took place, given who left when and where the data end."""
        client, k, start, end, hours, broken = (
            np.concatenate([getattr(booked, name) for booked in self.bookings])
            for name in ("client", "insats", "start", "end", "hours", "broken")
        )
        start_day, end_day = 7 * start, 7 * end
        left = self.left_day[client]
        cut = (left >= 0) & (left < end_day)
        to_work = np.isin(self.left_to[client], list(self.p.outcomes.work))
        end_day = np.where(cut, left, end_day)
        ended_as = np.where(np.where(cut, ~to_work, broken), BROKEN_OFF, FULFILLED).astype(object)
        running = end_day > self.calendar.last_day
        ended_as[running] = RUNNING
        end_day = np.where(running, -1, end_day)
        real = (start_day <= self.calendar.last_day) & ((end_day < 0) | (end_day > start_day))
        order = np.nonzero(real)[0][np.lexsort((k[real], start_day[real], client[real]))]
        return Periods(client[order], k[order], start_day[order], end_day[order], hours[order], ended_as[order])
