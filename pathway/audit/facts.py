"""All facts of an audit, computed once: everything that is shown anywhere is shown from here."""

from collections.abc import Mapping
from dataclasses import dataclass

from pathway.audit.causes import Causes, Knows
from pathway.audit.datacard import DataCard
from pathway.audit.drift import Drift
from pathway.audit.estimates import LeftOut
from pathway.audit.evidence import Evidence
from pathway.audit.explained import Explained
from pathway.audit.known import Known
from pathway.audit.offered import Offered
from pathway.audit.policy import PolicyValue
from pathway.audit.reasons import Reason
from pathway.audit.skill import Skill
from pathway.audit.subgroups import Dimension
from pathway.audit.use import Use

FORMAT = 1


@dataclass(frozen=True)
class About:
    """Which model was held against which register, and when.

    Attributes
    ----------
    same_register
        Whether the model was trained on just these rows.
    catalogue_version
        Of the catalogue that names and places were taken from; empty where there was none.
    labels
        What indicators are called, by id.
    scale
        Lowest and highest answer.
    insatser
        What those that the model knows are called, by id; without a catalogue none.
    features
        What the model knows of a person, by name: what it is called.
    not_used
        What the register holds of a person, and the model's features do not, in Swedish.
    """

    made_on: str
    model_version: str
    trained_on_register: str
    register_version: str
    same_register: bool
    trained_from: str
    trained_to: str
    n_clients: int
    n_episodes: int
    software: str
    mock: bool
    instrument: str
    catalogue_version: str
    labels: Mapping[str, str]
    scale: tuple[int, int]
    insatser: Mapping[str, str]
    features: Mapping[str, str]
    not_used: tuple[str, ...]


@dataclass(frozen=True)
class Overlap:
    """For whom the model may not speak.

    Attributes
    ----------
    fewest_clients, unlike_below
        Limits of silence (`pathway.overlap`).
    silent
        Insatser that too few people had.
    spoken
        By insats, the share of present clients that are like those who had it.
    n_spoken
        Share of present clients by how many of the insatser the model may speak of: none, up to a quarter, up to half,
        up to three quarters, more.
    """

    fewest_clients: int
    unlike_below: float
    silent: tuple[str, ...]
    spoken: Mapping[str, float]
    n_spoken: Mapping[str, float]


@dataclass(frozen=True)
class Flag:
    """Something beyond its limit, to be explained by whoever is responsible for the model.

    Attributes
    ----------
    code
        Which check; its words and limits are data (`words.toml`, `limits.toml`).
    where
        What it was seen in, in Swedish; empty where it is the whole model.
    figure, low, high
        What was found, with its 90 % interval where there is one.
    limit
        What it was held against.
    """

    code: str
    where: str
    figure: float
    limit: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Facts:
    """All facts of an audit; `known` is what gains are worth against the truth, where people are mock."""

    format: int
    about: About
    flags: tuple[Flag, ...]
    data: DataCard
    skill: Skill
    overlap: Overlap
    groups: tuple[Dimension, ...]
    causes: Causes
    knowing: tuple[Knows, ...]
    policy: PolicyValue | LeftOut
    reasons: tuple[Reason, ...]
    drift: Drift
    use: Use | LeftOut
    offered: Offered | LeftOut
    explained: Explained | LeftOut
    known: Known | LeftOut
    evidence: Evidence
