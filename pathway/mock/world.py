"""Puts a mock world together: effects, people, their histories and their answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.mock import answers, choice, effects, history, people
from pathway.mock.answers import Sheets
from pathway.mock.effects import Effects, Shape
from pathway.mock.history import Calendar, History
from pathway.mock.parameters import Parameters
from pathway.mock.people import Clients, Staff


@dataclass(frozen=True)
class World:
    """Everything that is true, and everything that was observed of it."""

    catalogue: Catalogue
    instrument: Instrument
    effects: Effects
    calendar: Calendar
    clients: Clients
    staff: Staff
    history: History
    sheets: Sheets


def make(
    n_clients: int,
    seed: int,
    shape: Shape,
    catalogue: Catalogue,
    instrument: Instrument,
    p: Parameters,
    progress: Callable[[int, int], None],
    until: date | None = None,
    population: int = 0,
) -> World:
    """Make a world.

    Parameters
    ----------
    until
        Last day; by default the one in the parameters.
    population
        Number of the population: two populations of one seed live under the same effects and share no person.
    """
    catalogue.check_against(instrument)
    calendar = Calendar.ending(until or p.time.until, p.time.enrolment_weeks)
    known = effects.draw(seed, shape, catalogue, instrument.ranking, p.effects, p.levels.gap_loss_per_quarter)
    own_seed = seed if population == 0 else seed + (population << 64)
    clients, staff = people.draw(
        own_seed, n_clients, calendar.n_weeks, calendar.until.year, catalogue, instrument.ranking, p
    )
    offers = choice.offers(
        own_seed, catalogue, known, clients, len(staff.ids), calendar.first_monday, calendar.n_weeks,
        1 / answers.stretch(instrument.scale), instrument.scale.min, p.insatser,
    )  # fmt: skip
    lived = history.live(own_seed, clients, staff, catalogue, known, offers, calendar, p, progress)
    sheets = answers.give(own_seed, lived.waves, clients, staff, instrument, p.answers)
    return World(catalogue, instrument, known, calendar, clients, staff, lived, sheets)
