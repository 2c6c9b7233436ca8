"""Which clients are kept apart when parameters are chosen, so that a last judgement by them is an honest one.

The same clients always, in whatever order and with whatever others they come: a hash of the pseudonym decides. Models
learn from them, too, but each forecast of them is by a model that has not seen them (`pathway.training`), and no
parameter was chosen by how they turned out.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

ONE_IN = 4


def kept(clients: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Tell which clients (n pseudonyms) are kept apart, shape (n,)."""
    return np.array([_number(f"apart {client}") % ONE_IN == 0 for client in clients], dtype=np.bool_)


def digest(clients: Iterable[str]) -> str:
    """Name a set of clients so that the same clients have the same name, and nobody can be told from it."""
    return hashlib.sha256("\n".join(sorted(set(map(str, clients)))).encode()).hexdigest()[:16]


def learnt_with(clients: Iterable[str]) -> str:
    """Name the clients that parameters may be chosen by: those of `clients` that are not kept apart."""
    known = sorted(set(map(str, clients)))
    return digest(client for client, apart in zip(known, kept(known), strict=True) if not apart)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
