"""Every number of the mock simulator, read from ``parameters.toml``, where each stands with where it comes from."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter

from pathway.errors import UnreadableFile
from pathway.reading import shaped, toml_of

SHIPPED = Path(__file__).parent / "parameters.toml"

Weights = dict[str, float]


@dataclass(frozen=True)
class Time:
    """When people come, are measured and leave."""

    until: date
    enrolment_weeks: int
    wave_days: int
    wave_jitter_days: float
    skipped_waves: float
    lost_per_wave: float
    lost_by_progress: float
    work_per_quarter: float
    work_by_level: float
    work_by_belief: float


@dataclass(frozen=True)
class People:
    """Who they are: shares and weights of the profile's values, and the size of units and caseloads.

    `ages` and `months`, in whole years and months from–to, are those of a twin (`pathway.mock.like`); without them they
    are drawn as the shipped mock draws them.
    """

    clients_per_caseworker: int
    clients_per_unit: int
    units_per_municipality_max: int
    held_back: float
    caseworker_change_per_wave: float
    children: Weights
    health_codes: Weights
    codes: Weights
    gender: Weights
    swedish_level: Weights
    education_swedish_low: Weights
    education_swedish_good: Weights
    income_healthy: Weights
    income_ill: Weights
    municipalities: Weights
    ages: Weights = field(default_factory=dict)
    months: Weights = field(default_factory=dict)


@dataclass(frozen=True)
class Levels:
    """How latent levels are spread, and how they move by themselves."""

    mean: float
    spread: float
    common: float
    wander: float
    wander_common: float
    pull_per_week: float
    below_at_start: float
    gap_loss_per_quarter: float
    disadvantage: float
    means: Weights
    health_pull: Weights


@dataclass(frozen=True)
class Answers:
    """How answers differ from latent levels."""

    client_bias: float
    caseworker_below: float
    caseworker_bias: float
    caseworker_drift: float
    optimism: float
    noise: float
    unanswered: float
    respondent_missing: float
    straight_lined: float


@dataclass(frozen=True)
class Insatser:
    """How insatser are chosen, and how participations go; `popularity` by id is a twin's (`pathway.mock.like`)."""

    wanted: tuple[float, ...]
    slow: float
    start_per_week: float
    start_per_week_slow: float
    zipf_offset: float
    narrow_offset: float
    habit: float
    wait_weeks_max: int
    queue_share: float
    broken_off: float
    hours_shares: tuple[float, ...]
    hours_in_all: float
    level_grace: float
    need_by_level: Weights
    need_by_target: float
    popularity: Weights = field(default_factory=dict)


@dataclass(frozen=True)
class EffectSizes:
    """How strong insatser are, on what, and how much that differs between people."""

    strength: Weights
    deviation: float
    harmful: float
    harm: float
    alone_share: float
    targets: tuple[float, ...]
    spill: float
    modifier: float
    affinity: dict[str, Weights]


@dataclass(frozen=True)
class Outcomes:
    """What becomes of those who leave."""

    work: Weights
    lost: Weights
    follow_up_weeks: int
    still_working: float


@dataclass(frozen=True)
class Desk:
    """The cases that are written beside the data: the day they are made for, and how many people to choose from."""

    as_of: date
    drawn: int


@dataclass(frozen=True)
class Parameters:
    """All sections of the file."""

    time: Time
    people: People
    levels: Levels
    answers: Answers
    insatser: Insatser
    effects: EffectSizes
    outcomes: Outcomes
    desk: Desk


_ADAPTER = TypeAdapter(Parameters)


def read(path: Path = SHIPPED) -> Parameters:
    """Read a parameter file; raises `UnreadableFile` when it is missing, not TOML, or lacks a number."""
    return shaped(_ADAPTER, toml_of(path), lambda message: UnreadableFile(f"{path}: {message}"))
