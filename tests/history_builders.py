"""Builders of histories in which who leaves, and who comes to work, is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pathway import instrument
from pathway.episodes import Insatser

BIP = instrument.read()
OFFERED = Insatser({"J": "jobb", "H": "hälsa"}, {"J": 10.0, "H": 5.0})
FIRST_DAY = pd.Timestamp("2022-01-03")
MEASUREMENT = ["client_id", "measured_on", "respondent", "respondent_id", "indicator", "value"]
PARTICIPATION = ["client_id", "insats_id", "started_on", "ended_on", "hours_per_week", "ended_as"]
OUTCOME = ["client_id", "observed_on", "status"]


@dataclass(frozen=True)
class History:
    """Tables of a register."""

    clients: pd.DataFrame
    measurements: pd.DataFrame
    participations: pd.DataFrame
    outcomes: pd.DataFrame

    @property
    def all(self):
        return self.clients, self.measurements, self.participations, self.outcomes


def day(number):
    """Give a day, counted from the first one."""
    return FIRST_DAY + pd.Timedelta(days=number)


def a_history(measured, had=(), became=(), levels=None):
    """Build a history of few clients.

    `measured` holds (client, day), `had` (client, insats, first day, last day, hours), `became` (client, day, status);
    days are numbers. Every measurement gives every indicator the level 3, or what `levels` says.
    """
    levels = levels or dict.fromkeys(BIP.ranking, 3)
    answers = [(id, day(on), "klient", "", j, level) for id, on in measured for j, level in levels.items()]
    runs = [
        (id, insats, day(a), pd.NaT if b is None else day(b), hours, "fullföljd") for id, insats, a, b, hours in had
    ]
    return _tables(
        sorted({id for id, _ in measured}), answers, runs, [(id, day(on), status) for id, on, status in became]
    )


def many(n_clients, seed, again=None, work=None, n_waves=3):
    """Build a history of many clients, measured every 91 days until they leave, of whom all is known for years.

    After each measurement a client has a job-oriented insats, one for health, or none, with equal chance.

    Parameters
    ----------
    again
        Chance to be measured again, of mean level and insats (``J``, ``H`` or empty); always by default.
    work
        Chance to come to work half-way to the next measurement, of levels by indicator and insats; never by default.
    """
    rng = np.random.default_rng(seed)
    answers, runs, became = [], [], []
    for number in range(n_clients):
        id, common = f"c{number:05d}", rng.normal(0, 0.6)
        start, worked = int(rng.integers(0, 200)), False
        for _ in range(n_waves):
            levels = np.clip(np.rint(2.8 + common + rng.normal(0, 0.8, len(BIP.ranking))), 1, 5)
            named = dict(zip(BIP.ranking, levels, strict=True))
            answers += [(id, day(start), "klient", "", indicator, level) for indicator, level in named.items()]
            insats = ("J", "H", "")[rng.integers(3)]
            worked = work is not None and rng.random() < work(named, insats)
            end = start + (45 if worked else 91)
            if insats:
                runs.append((id, insats, day(start), day(end), OFFERED.typical_hours[insats], "fullföljd"))
            start = end
            if worked or (again is not None and rng.random() > again(levels.mean(), insats)):
                break
        became += [(id, day(start), "arbete" if worked else "arbetssökande"), (id, day(1500), "arbetssökande")]
    return _tables(sorted({row[0] for row in answers}), answers, runs, became)


def _tables(ids, answers, runs, became):
    rng = np.random.default_rng(1)
    clients = pd.DataFrame(
        {
            "client_id": ids,
            "birth_year": rng.integers(1960, 2003, len(ids)),
            "education": "gymnasial",
            "income_source": "försörjningsstöd",
            "months_without_work": rng.integers(0, 60, len(ids)),
            "swedish_level": "god",
            "children_at_home": False,
            "health_codes": "",
        }
    )
    measurements = pd.DataFrame(answers, columns=MEASUREMENT).astype({"measured_on": "datetime64[s]", "value": float})
    participations = pd.DataFrame(runs, columns=PARTICIPATION).astype(
        {"client_id": "str", "insats_id": "str", "hours_per_week": float}
        | dict.fromkeys(("started_on", "ended_on"), "datetime64[s]")
    )
    outcomes = pd.DataFrame(became, columns=OUTCOME).astype(
        {"client_id": "str", "status": "str", "observed_on": "datetime64[s]"}
    )
    return History(clients, measurements, participations, outcomes)
