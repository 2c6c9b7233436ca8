"""A fitted model: gains, and all that the desk needs beside them, as the texts of a model folder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pathway.course import Spread
from pathway.effects import GainModel
from pathway.episodes import Insatser
from pathway.instrument import Instrument
from pathway.modelfolder import card
from pathway.modelfolder.secrecy import without_ranges
from pathway.outcomelink import OutcomeLink
from pathway.overlap import Support

MANIFEST, GAINS, EVALUATION, CARD, COURSE = "manifest.json", "gains.json", "evaluation.json", "card.md", "course"
LINK = "outcomelink.json"


@dataclass(frozen=True)
class Training:
    """What a model was trained on.

    Attributes
    ----------
    register_version
        Hash of the register's content.
    mock
        Whether the register holds people who do not exist.
    software
        Version of this project that trained it.
    tuned_on
        Digest of the clients whose figures decided the parameters (`pathway.apart`); empty where nobody looked.
    """

    register_version: str
    catalogue_version: str
    n_clients: int
    n_episodes: int
    first_measured_on: str
    last_measured_on: str
    mock: bool
    seed: int
    software: str
    tuned_on: str = ""


@dataclass(frozen=True)
class Model:
    """A fitted gain model and all that the desk needs beside it.

    Attributes
    ----------
    typical_levels
        Mean level per indicator, for those that a client has no rating of.
    outcome_link
        How levels went together with work or studies later; None where nobody looked.
    """

    gains: GainModel
    instrument: Instrument
    insatser: Insatser
    support: Support
    spread: Spread
    typical_levels: Mapping[str, float]
    training: Training
    evaluation: dict[str, Any]
    outcome_link: OutcomeLink | None = None

    @property
    def version(self) -> str:
        """A name that changes whenever the content does."""
        digest = hashlib.sha256()
        for name, text in sorted(self.texts().items()):
            digest.update(f"{name}\n{text}".encode())
        return ("mock-" if self.training.mock else "") + digest.hexdigest()[:12]

    def texts(self) -> dict[str, str]:
        """Give the files of a model folder, all but the manifest, by their names."""
        trees = zip(self.instrument.ranking, self.gains.without_, strict=True)
        link = {LINK: as_json(self.outcome_link.plain())} if self.outcome_link else {}
        return {
            GAINS: json.dumps(self.gains.plain(), ensure_ascii=False, separators=(",", ":")) + "\n",
            EVALUATION: as_json(self.evaluation),
            CARD: card.told(self),
            **link,
            **{f"{COURSE}/{indicator}.txt": without_ranges(booster.model_to_string()) for indicator, booster in trees},
        }

    def facts(self) -> dict[str, Any]:
        """Give what the manifest says of the model, as plain data."""
        return {
            "training": asdict(self.training),
            "instrument": asdict(self.instrument),
            "insatser": {
                "types": dict(self.insatser.types),
                "typical_hours": dict(self.insatser.typical_hours),
                "groups": dict(self.insatser.groups),
            },
            "features": list(self.gains.encoding_.names),
            "modifiers": list(self.gains.encoding_.modifiers),
            "support": asdict(self.support),
            "spread": {
                "sd": dict(self.spread.sd),
                "growth": {str(ahead): width for ahead, width in self.spread.growth.items()},
                "factor": self.spread.factor,
            },
            "typical_levels": dict(self.typical_levels),
        }


def as_json(data: Any) -> str:
    """Write plain data as readable JSON."""
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
