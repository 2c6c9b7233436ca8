"""Releases a model: tries every gate, and writes a checked and signed model folder, or nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pathway.comparison import gates
from pathway.comparison.gates import Gate, Limits
from pathway.errors import ReleaseRefused
from pathway.modelfolder import Model, folder, write
from pathway.modelfolder.signature import Signer, verify


@dataclass(frozen=True)
class Released:
    """A model folder that was written, the gates that it passed, and the key to check it with."""

    folder: Path
    version: str
    gates: tuple[Gate, ...]
    public_key: str


def release(
    model: Model,
    champion: Model | None,
    out: Path,
    signer: Signer,
    released_at: datetime,
    limits: Limits | None = None,
) -> Released:
    """Write a checked, signed model folder.

    Parameters
    ----------
    champion
        The model in use, if there is one.
    out
        An empty or new folder, or a model folder, which is replaced.

    Raises
    ------
    ReleaseRefused
        A gate is shut; nothing is written.
    UnreadableFile
        The folder cannot be written, or holds something else.
    """
    tried = gates.try_all(model, champion, limits)
    shut = [gate for gate in tried if not gate.open]
    if shut:
        n_more = sum(len(gate.faults) for gate in shut) - 1
        more = f" (and {n_more} more; see pathway model compare)" if n_more else ""
        raise ReleaseRefused(f"model {model.version} is not released: {shut[0].name}: {shut[0].faults[0]}{more}")
    told = {
        "version": model.version,
        "champion": champion.version if champion else None,
        "released_at": released_at.isoformat(),
        "mock": model.training.mock,
        "gates": [gate.plain() for gate in tried],
    }
    write(model, out, signer.signed(folder.manifest(model), told))
    verify(out, signer.public_key)
    return Released(out, model.version, tried, signer.public_key)
