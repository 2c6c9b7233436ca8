"""A fitted model on disk: text, manifest, card, checksums. No pickle, and no row of any person.

::

    manifest.json        format, version, what it was trained on, instrument, insatser, checksums of the other files
    gains.json           coefficients, covariances and the encoding of features
    course/<id>.txt      LightGBM's text, one file per indicator: the change expected without insatser
    evaluation.json      skill on clients held out, and what becomes of people after a measurement
    outcomelink.json     how levels went together with work or studies later
    card.md              the same for readers
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pathway import checks, evaluation, leaving, outcomelink, overlap
from pathway.course import Spread
from pathway.effects import GainModel
from pathway.episodes import Insatser
from pathway.errors import FaultyModelFolder, PathwayError, UnreadableFile
from pathway.instrument import Instrument
from pathway.outcomelink import OutcomeLink
from pathway.overlap import Support
from pathway.reading import shaped

FORMAT = 1
MANIFEST, GAINS, EVALUATION, CARD, COURSE = "manifest.json", "gains.json", "evaluation.json", "card.md", "course"
LINK = "outcomelink.json"
_LIBRARIES = ("lightgbm", "numpy", "pandas", "scikit-learn")


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
        for name, text in sorted(_content(self).items()):
            digest.update(f"{name}\n{text}".encode())
        return ("mock-" if self.training.mock else "") + digest.hexdigest()[:12]


def write(model: Model, folder: Path) -> None:
    """Write a model folder: all of it or nothing; an earlier model folder at the same place is replaced.

    Raises
    ------
    UnreadableFile
        The place cannot be written, or holds something else than a model folder.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).is_file())):
        raise UnreadableFile(f"{folder}: is not a model folder; choose an empty or new folder for the model")
    content = _content(model)
    content[MANIFEST] = _json(
        {
            "format": FORMAT,
            "version": model.version,
            **_facts(model),
            "libraries": {name: installed_version(name) for name in _LIBRARIES},
            "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(content.items())},
        }
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for name, text in content.items():
                path = fresh / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            fresh.chmod(0o755)
            if folder.exists():
                stale = fresh.with_name(f"{fresh.name}-old")
                os.rename(folder, stale)
                os.rename(fresh, folder)
                shutil.rmtree(stale)
            else:
                os.rename(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise UnreadableFile(f"{folder}: cannot be written ({error.strerror}); check space and permissions") from None


def read(folder: Path) -> Model:
    """Read a model folder, checking every file against its checksum.

    Raises
    ------
    FaultyModelFolder
        A file is missing or altered, or the folder was written by an incompatible version.
    """
    manifest = _read_json(folder, MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise FaultyModelFolder(f"{folder}: {MANIFEST} is not of format {FORMAT}; train the model again")
    try:
        text = {name: _checked(folder, name, expected) for name, expected in manifest["sha256"].items()}
        instrument = shaped(TypeAdapter(Instrument), manifest["instrument"], FaultyModelFolder)
        trees = [text[f"{COURSE}/{indicator}.txt"] for indicator in instrument.ranking]
        return Model(
            gains=GainModel.from_plain(json.loads(text[GAINS]), trees),
            instrument=instrument,
            insatser=Insatser(**manifest["insatser"]),
            support=Support(**manifest["support"]),
            spread=Spread(
                manifest["spread"]["sd"],
                {int(ahead): width for ahead, width in manifest["spread"]["growth"].items()},
                manifest["spread"]["factor"],
            ),
            typical_levels=manifest["typical_levels"],
            training=Training(**manifest["training"]),
            evaluation=json.loads(text[EVALUATION]),
            outcome_link=OutcomeLink.from_plain(json.loads(text[LINK])) if LINK in text else None,
        )
    except PathwayError:
        raise
    except Exception as error:  # whatever is wrong inside, the remedy is the same
        raise FaultyModelFolder(
            f"{folder}: the model cannot be read ({type(error).__name__}); train it again or restore the folder"
        ) from None


def _facts(model: Model) -> dict[str, Any]:
    return {
        "training": asdict(model.training),
        "instrument": asdict(model.instrument),
        "insatser": {
            "types": dict(model.insatser.types),
            "typical_hours": dict(model.insatser.typical_hours),
            "groups": dict(model.insatser.groups),
        },
        "features": list(model.gains.encoding_.names),
        "modifiers": list(model.gains.encoding_.modifiers),
        "support": asdict(model.support),
        "spread": {
            "sd": dict(model.spread.sd),
            "growth": {str(ahead): width for ahead, width in model.spread.growth.items()},
            "factor": model.spread.factor,
        },
        "typical_levels": dict(model.typical_levels),
    }


def _content(model: Model) -> dict[str, str]:
    trees = zip(model.instrument.ranking, model.gains.without_, strict=True)
    link = {LINK: _json(model.outcome_link.plain())} if model.outcome_link else {}
    return {
        GAINS: json.dumps(model.gains.plain(), ensure_ascii=False, separators=(",", ":")) + "\n",
        EVALUATION: _json(model.evaluation),
        CARD: _card(model),
        **link,
        **{f"{COURSE}/{indicator}.txt": booster.model_to_string() for indicator, booster in trees},
    }


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _read_json(folder: Path, name: str) -> Any:
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FaultyModelFolder(
            f"{folder}: has no {name}; give the folder that pathway train wrote (--model)"
        ) from None
    except (OSError, ValueError):
        raise FaultyModelFolder(
            f"{folder}: {name} cannot be read; train the model again or restore the folder"
        ) from None


def _checked(folder: Path, name: str, expected: str) -> str:
    try:
        raw = (folder / name).read_bytes()
    except OSError:
        raise FaultyModelFolder(f"{folder}: {name} is missing; train the model again or restore the folder") from None
    if hashlib.sha256(raw).hexdigest() != expected:
        raise FaultyModelFolder(
            f"{folder}: {name} was altered after training (checksum); train the model again or restore the folder"
        )
    return raw.decode("utf-8")


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _card(model: Model) -> str:
    training, support, said = model.training, model.support, model.evaluation
    silent = sorted(
        insats
        for insats, n in support.n_clients.items()
        if n < support.fewest_clients and insats in model.insatser.types
    )
    return "\n".join(
        [
            f"# Model card{': trained on MOCK data, people who do not exist' if training.mock else ''}",
            "",
            "What each insats, alone and beside others, is expected to add to a client's levels, and how levels are",
            "expected to develop without any. For suggestions to a handläggare, who decides; never for decisions",
            "without one, never for eligibility, never to compare or order people.",
            "",
            "## Trained on",
            "",
            f"* {training.n_clients:,} clients with {training.n_episodes:,} episodes between two measurements,",
            f"  {training.first_measured_on} to {training.last_measured_on};"
            f" register version `{training.register_version[:16]}`",
            f"* instrument `{model.instrument.name}`, catalogue `{training.catalogue_version}`, seed {training.seed}",
            f"* silent about (fewer than {support.fewest_clients} people): {', '.join(silent) or 'none'}",
            "",
            "## Skill on clients held out",
            "",
            *evaluation.lines(said),
            "",
            *_section("Checks of cause", checks.lines(said["checks"]) if "checks" in said else ()),
            *_section("Overlap", overlap.lines(said["overlap"], support) if "overlap" in said else ()),
            *_section("Leaving", leaving.lines(said["leaving"]) if "leaving" in said else ()),
            *_section("Levels and work", outcomelink.lines(model.outcome_link) if model.outcome_link else ()),
            "## Assumptions and limits",
            "",
            "* Gains are causal only if the features hold all that decides both who is offered what and how people",
            "  develop. Nothing in the data can prove that.",
            "* Gains are linear in time and hours. Ratings are ordinal and made by people: a step is not the same",
            "  everywhere.",
            "* Never used: gender, municipality, indicators that may not drive ranking. Language and source of income",
            "  help to compare like with like, but never change a gain.",
            "",
        ]
    )
