"""Writes a model folder whole or not at all, and reads it with every file held against its checksum."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pathway.course import Spread
from pathway.effects import GainModel
from pathway.episodes import Insatser
from pathway.errors import FaultyModelFolder, PathwayError, UnreadableFile
from pathway.instrument import Instrument
from pathway.modelfolder.model import COURSE, EVALUATION, GAINS, LINK, MANIFEST, Model, Training, as_json
from pathway.outcomelink import OutcomeLink
from pathway.overlap import Support
from pathway.reading import shaped

FORMAT = 2
_LIBRARIES = ("lightgbm", "numpy", "pandas", "scikit-learn")


def manifest(model: Model) -> str:
    """Give the text of a model's manifest, with the checksums of all its other files."""
    return as_json(
        {
            "format": FORMAT,
            "version": model.version,
            **model.facts(),
            "libraries": {name: installed_version(name) for name in _LIBRARIES},
            "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(model.texts().items())},
        }
    )


def write(model: Model, folder: Path, beside: Mapping[str, str] | None = None) -> None:
    """Write a model folder: all of it or nothing; an earlier model folder at the same place is replaced.

    Parameters
    ----------
    beside
        Further files, text by name, that the manifest does not name: release and signature.

    Raises
    ------
    UnreadableFile
        The place cannot be written, or holds something else than a model folder.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).is_file())):
        raise UnreadableFile(f"{folder}: is not a model folder; choose an empty or new folder for the model")
    content = model.texts() | {MANIFEST: manifest(model)} | dict(beside or {})
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
