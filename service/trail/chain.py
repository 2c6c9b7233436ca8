"""Adds entries to the chain, and walks through it."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.errors import BrokenTrail, WrongDatabase
from service.store import Connection
from service.store import suggestions as stored
from service.store import trail as rows
from service.trail import holding, verify
from service.trail.signing import Signer
from service.vault import Vault

FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """What happened, without names.

    Attributes
    ----------
    action
        ``noun.verb``: what was done to what.
    case, suggestion
        Pseudonym of the case and id of the suggestion that it concerns.
    contents
        What was shown or said, by role (``input``, ``output``, …): its hash.
    versions
        Of model, catalogue, instrument and software.
    facts
        Numbers and codes that belong to it; never words of a person's.
    erased
        Hashes of what was erased.
    """

    action: str
    case: str | None = None
    suggestion: str | None = None
    contents: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    erased: Sequence[str] = ()


@dataclass(frozen=True)
class Sealed:
    """What was shown or said, ready to be kept: `sha256` goes to the trail, the rest can be erased."""

    sha256: str
    salt: str
    sealed: bytes


def sealed(data: Any, vault: Vault) -> Sealed:
    """Make plain data ready to be kept apart from the trail."""
    salt, text = secrets.token_hex(16), verify.canonical(data)
    sha256 = verify.digest(salt, text)
    return Sealed(sha256, salt, vault.seal_text(text, f"content {sha256}"))


def opened(row: Mapping[str, Any], vault: Vault) -> str:
    """Give the text of what was shown or said."""
    return vault.open_text(row["sealed"], f"content {row['sha256']}")


def append(
    connection: Connection,
    entries: Sequence[Entry],
    about: Mapping[str, Any],
    at: str,
    signer: Signer,
    checkpoint_every: int,
) -> dict[str, Any] | None:
    """Add entries at the trail's end, in the transaction of what they tell of; call it last.

    Parameters
    ----------
    about
        What is the same for all: who did it, and which call it was (``actor``, ``trace``).
    at
        The moment, as text.
    checkpoint_every
        Entries between two checkpoints.

    Returns
    -------
    dict or None
        The checkpoint, if one was made.

    Raises
    ------
    BrokenTrail
        The end is not signed with this key: nothing is built upon it.
    """
    head = rows.locked_head(connection)
    if head["seq"] and not signer.has_signed(head):
        raise BrokenTrail("the trail's end is not signed with this key; check PATHWAY_TRAIL_KEY and verify the trail")
    seq, hash_ = int(head["seq"]), str(head["hash"])
    first, added = seq, []
    for entry in entries:
        seq += 1
        body = verify.canonical(_plain(entry) | dict(about) | {"at": at, "format": FORMAT, "seq": seq})
        previous, hash_ = hash_, verify.link(hash_, body)
        added.append({"seq": seq, "hash": hash_, "previous": previous, "suggestion_id": entry.suggestion, "body": body})
    point = {"seq": seq, "hash": hash_, "at": at}
    point["signature"] = signer.sign(point)
    rows.append(connection, added, point)
    if seq // checkpoint_every == first // checkpoint_every:
        return None
    rows.add_checkpoint(connection, **point)
    return point


def _plain(entry: Entry) -> dict[str, Any]:
    parts = {
        "action": entry.action,
        "case": entry.case,
        "suggestion": entry.suggestion,
        "contents": dict(entry.contents),
        "versions": dict(entry.versions),
        "facts": dict(entry.facts),
        "erased": list(entry.erased),
    }
    return {name: value for name, value in parts.items() if value not in (None, {}, [])}


def export(connection: Connection, vault: Vault | None = None) -> Iterator[dict[str, Any]]:
    """Walk through the whole trail as the stand-alone verifier reads it; with what was shown where a vault is given."""
    yield from ({"kind": "entry", **_chained(row)} for row in rows.entries(connection))
    yield from ({"kind": "checkpoint", **row} for row in rows.checkpoints(connection))
    head = rows.head(connection)
    end = {name: head[name] for name in ("seq", "hash", "at", "signature")}
    yield {"kind": "head", "contents": vault is not None, **end}
    if vault is not None:
        for row in stored.all_contents(connection):
            yield {"kind": "content", "sha256": row["sha256"], "salt": row["salt"], "text": _text(row, vault)}


def _text(row: Mapping[str, Any], vault: Vault) -> str:
    try:
        return opened(row, vault)
    except WrongDatabase:
        return ""  # which has another hash, so that the verifier tells of it


def _chained(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("seq", "hash", "previous", "body")}


def check(
    connection: Connection, public_key: str, vault: Vault | None = None, kept: Iterable[Mapping[str, Any]] = ()
) -> list[str]:
    """Verify the trail, and suggestions and decisions against it; a line for each fault, and none where it holds.

    Parameters
    ----------
    vault
        Where given, what was shown is held against its hashes too.
    kept
        Checkpoints that were kept elsewhere.
    """
    found = list(verify.faults(export(connection, vault), public_key, kept))
    found += [
        f"entry {row['seq']}: is filed under another suggestion than it tells of"
        for row in rows.entries(connection)
        if row["suggestion_id"] != _told_of(row["body"])
    ]
    return found + list(holding.faults(connection))


def _told_of(body: str) -> Any:
    """Name the suggestion that an entry tells of; nothing for a body that was made unreadable."""
    try:
        return dict(json.loads(body)).get("suggestion")
    except (ValueError, TypeError):
        return None
