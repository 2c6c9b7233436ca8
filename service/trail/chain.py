"""Adds entries to the chain, and walks through it."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.errors import BrokenTrail, Conflict, WrongDatabase
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
        The end is not signed with a key of the signer's: nothing is built upon it.
    """
    head, key = _locked_head(connection, signer)
    added = _linked(head, entries, about, at)
    point = _point(added, at)
    point["signature"] = signer.sign(point, key)
    rows.append(connection, added, point)
    if int(point["seq"]) // checkpoint_every == int(head["seq"]) // checkpoint_every:
        return None
    rows.add_checkpoint(connection, **point)
    return point


def change_key(connection: Connection, about: Mapping[str, Any], at: str, signer: Signer) -> dict[str, Any]:
    """Let the signer's first key sign from now on; the entry that says so is the last that the old key signs.

    Returns
    -------
    dict
        The checkpoint that the old key signed.

    Raises
    ------
    Conflict
        The first key signs already.
    BrokenTrail
        As `append`.
    """
    head, old = _locked_head(connection, signer)
    new = signer.public_key
    if old == new:
        raise Conflict("the trail is signed with the first key of PATHWAY_TRAIL_KEY already; put the new one first")
    added = _linked(head, [Entry(verify.KEY_CHANGED, facts={"from": old, "to": new})], about, at)
    point = _point(added, at)
    rows.append(connection, added, point | {"signature": signer.sign(point, new)})
    checkpoint = point | {"signature": signer.sign(point, old)}
    rows.add_checkpoint(connection, **checkpoint)
    return checkpoint


def _locked_head(connection: Connection, signer: Signer) -> tuple[Mapping[str, Any], str]:
    """Give the trail's end, locked, and which key signed it and signs on."""
    head = rows.locked_head(connection)
    key = signer.key_of(head)
    if key is None:
        raise BrokenTrail("the trail's end is not signed with this key; check PATHWAY_TRAIL_KEY and verify the trail")
    return head, key


def _linked(
    head: Mapping[str, Any], entries: Sequence[Entry], about: Mapping[str, Any], at: str
) -> list[dict[str, Any]]:
    """Write entries as rows, each linked to the one before."""
    seq, hash_ = int(head["seq"]), str(head["hash"])
    added = []
    for entry in entries:
        seq += 1
        body = verify.canonical(_plain(entry) | dict(about) | {"at": at, "format": FORMAT, "seq": seq})
        previous, hash_ = hash_, verify.link(hash_, body)
        added.append({"seq": seq, "hash": hash_, "previous": previous, "suggestion_id": entry.suggestion, "body": body})
    return added


def _point(added: Sequence[Mapping[str, Any]], at: str) -> dict[str, Any]:
    return {"seq": added[-1]["seq"], "hash": added[-1]["hash"], "at": at}


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


@dataclass(frozen=True)
class Checked:
    """What a check of the trail found.

    Attributes
    ----------
    faults
        A line for each; none where the trail holds.
    public_key
        The key that the trail was held against: of those known here, the one that signed its end.
    """

    n_entries: int
    faults: list[str]
    public_key: str


def check(
    connection: Connection, signer: Signer, vault: Vault | None = None, kept: Iterable[Mapping[str, Any]] = ()
) -> Checked:
    """Verify the trail, and suggestions and decisions against it.

    Parameters
    ----------
    vault
        Where given, what was shown is held against its hashes too.
    kept
        Checkpoints that were kept elsewhere.
    """
    head = rows.head(connection)
    key = signer.key_of(head) or signer.public_key
    found = list(verify.faults(export(connection, vault), key, kept))
    found += [
        f"entry {row['seq']}: is filed under another suggestion than it tells of"
        for row in rows.entries(connection)
        if row["suggestion_id"] != _told_of(row["body"])
    ]
    return Checked(int(head["seq"]), found + list(holding.faults(connection)), key)


def _told_of(body: str) -> Any:
    """Name the suggestion that an entry tells of; nothing for a body that was made unreadable."""
    try:
        return dict(json.loads(body)).get("suggestion")
    except (ValueError, TypeError):
        return None
