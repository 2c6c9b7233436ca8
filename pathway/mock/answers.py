"""Turns latent levels into answers: two respondents, each with bias, drift and noise, rounded to the scale."""

from dataclasses import dataclass

import numpy as np

from pathway.instrument import Instrument, Respondent, Scale
from pathway.mock.draws import ANSWERS, Floats, Ints, mean_of_columns, stream
from pathway.mock.effects import HIGHEST, LOWEST
from pathway.mock.history import Waves
from pathway.mock.parameters import Answers
from pathway.mock.people import Clients, Staff

DAYS_IN_YEAR = 365.25
EMPTY, NOT_ASKED = -1, -2  # never a value of a scale, see `Sheets.values`


@dataclass(frozen=True)
class Sheets:
    """All answers: M measurements by Q questions.

    Attributes
    ----------
    questions
        Respondent and indicator of each question, in the order klient, handläggare and, within, the instrument's.
    values
        Steps above the scale's lowest answer, `EMPTY` (asked, not answered) or `NOT_ASKED`, shape (M, Q).
    """

    questions: tuple[tuple[Respondent, str], ...]
    values: Ints


def stretch(scale: Scale) -> float:
    """Tell how many steps of a scale go to one step of the scale 1–5."""
    return (scale.max - scale.min) / (HIGHEST - LOWEST)


def give(seed: int, waves: Waves, clients: Clients, staff: Staff, instrument: Instrument, p: Answers) -> Sheets:
    """Let everybody answer at every measurement.

    An indicator that does not drive ranking has no latent level of its own: it is answered from the general level and
    the caseworker's optimism, as a caseworker's belief in somebody's chances is.
    """
    rng = stream(seed, ANSWERS)
    own = {id: j for j, id in enumerate(instrument.ranking)}
    general = mean_of_columns(waves.level) + staff.optimism[waves.caseworker]
    above = {
        "klient": clients.bias[waves.client],
        "handläggare": staff.bias[waves.caseworker] + staff.drift[waves.caseworker] * (waves.day / DAYS_IN_YEAR),
    }
    questions: list[tuple[Respondent, str]] = []
    columns: list[Ints] = []
    for respondent, shift in above.items():
        missing = rng.random(len(general)) < p.respondent_missing
        straight = rng.random(len(general)) < (p.straight_lined if respondent == "klient" else 0.0)
        same = _rounded(general + p.noise * rng.standard_normal(len(general)), instrument)
        for indicator in instrument.indicators:
            noise, empty = p.noise * rng.standard_normal(len(general)), rng.random(len(general)) < p.unanswered
            if respondent not in indicator.respondents:
                continue
            level = waves.level[:, own[indicator.id]] if indicator.id in own else general
            value = np.where(straight, same, _rounded(level + shift + noise, instrument))
            columns.append(np.where(missing, NOT_ASKED, np.where(empty & ~straight, EMPTY, value)))
            questions.append((respondent, indicator.id))
    return Sheets(tuple(questions), np.stack(columns, axis=1))


def _rounded(level: Floats, instrument: Instrument) -> Ints:
    steps = instrument.scale.max - instrument.scale.min
    return np.clip(np.rint((level - LOWEST) * stretch(instrument.scale)), 0, steps).astype(np.int64)
