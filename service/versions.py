"""Keeps every model and catalogue that suggestions were made with, so that they can be worked out again.

::

    <PATHWAY_VERSIONS>/models/<version>/          the model folder as it was
    <PATHWAY_VERSIONS>/catalogues/<SHA-256>.json  the catalogue as the desk read it; the name is the hash of the file
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from pydantic import TypeAdapter

from pathway import catalogue, modelfolder
from pathway.catalogue import Catalogue
from pathway.errors import PathwayError, UnreadableFile
from pathway.suggestion import Desk
from service.errors import FaultySetting, WrongVersion
from service.trail.verify import canonical

_CATALOGUE = TypeAdapter(Catalogue)


def text_of(offered: Catalogue) -> str:
    """Write a catalogue in the one way that its hash is of."""
    return canonical(_CATALOGUE.dump_python(offered, mode="json"))


def sha256_of(offered: Catalogue) -> str:
    """Give the hash that the trail names a catalogue by: two of the same version may differ."""
    return hashlib.sha256(text_of(offered).encode()).hexdigest()


def keep(folder: Path, desk: Desk, model_folder: Path) -> None:
    """Keep the model and the catalogue in use; what is kept already is left as it is.

    Raises
    ------
    FaultySetting
        The folder cannot be written.
    """
    try:
        _keep_folder(model_folder, folder / "models" / desk.version)
        _keep_text(text_of(desk.catalogue), folder / "catalogues" / f"{sha256_of(desk.catalogue)}.json")
    except OSError as error:
        raise FaultySetting(
            f"PATHWAY_VERSIONS: {folder} cannot be written ({error.strerror}); check space and permissions"
        ) from None


def desk_of(folder: Path | None, in_use: Desk | None, model_version: str, catalogue_sha256: str) -> Desk:
    """Give the desk that a suggestion was made at.

    Parameters
    ----------
    in_use
        The desk of today, which may be the same.

    Raises
    ------
    WrongVersion
        Model or catalogue are not kept, or no longer what they were.
    """
    if in_use and (in_use.version, sha256_of(in_use.catalogue)) == (model_version, catalogue_sha256):
        return in_use
    if folder is None:
        raise WrongVersion(
            f"model {model_version} and its catalogue are not in use any more; set PATHWAY_VERSIONS to where they lie"
        )
    path = folder / "catalogues" / f"{catalogue_sha256}.json"
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != catalogue_sha256:
            raise WrongVersion(f"{path}: was altered after it was kept; restore it from a backup")
        desk = Desk(modelfolder.read(folder / "models" / model_version), catalogue.read(path))
    except OSError:
        raise WrongVersion(f"{path}: the catalogue is not kept; restore it from a backup") from None
    except (UnreadableFile, WrongVersion):
        raise
    except PathwayError as error:
        raise WrongVersion(error.message) from None
    if desk.version != model_version:
        raise WrongVersion(f"{folder / 'models' / model_version}: holds another model; restore it from a backup")
    return desk


def _keep_folder(source: Path, kept: Path) -> None:
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=kept.parent))
    try:
        shutil.copytree(source, draft, dirs_exist_ok=True)
        if not kept.exists():  # another process may have been first
            draft.rename(kept)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _keep_text(text: str, kept: Path) -> None:
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=kept.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(draft, kept)
