"""Verifies an exported trail: python verify.py EXPORT.jsonl PUBLIC_KEY_HEX [KEPT_CHECKPOINTS.jsonl]. Needs no more.

An export is lines of JSON by `kind`: `entry` (in order), `checkpoint`, `head`, perhaps `content` (what was shown). An
entry that changes the key is the last that the old one signs (in a checkpoint); the head is signed with the newest.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Record = Mapping[str, Any]
START = "0" * 64  # what the first entry names as the one before
KEY_CHANGED = "trail.key_changed"  # the action of an entry whose facts are the keys `from` and `to`


def canonical(data: Any) -> str:
    """Write plain data in the one way: sorted keys, no blanks, letters as they are."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def link(previous: str, body: str) -> str:
    """Hash an entry together with the hash before it."""
    return hashlib.sha256(b"\0" + previous.encode() + body.encode()).hexdigest()


def digest(salt: str, text: str) -> str:
    """Hash what was shown; without the salt nobody can guess what it was."""
    return hashlib.sha256(salt.encode() + text.encode()).hexdigest()


def signed_text(point: Record) -> bytes:
    """Give the bytes that a checkpoint's signature is over."""
    return canonical({"at": point["at"], "hash": point["hash"], "seq": point["seq"]}).encode()


def is_signed(point: Record, public_key: str) -> bool:
    """Tell whether a checkpoint is signed with this key."""
    with suppress(InvalidSignature, ValueError, TypeError):
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(point["signature"]), signed_text(point))
        return True
    return False


def faults(records: Iterable[Record], public_key: str, kept: Iterable[Record] = ()) -> Iterator[str]:
    """Walk through an export and say what is wrong; nothing is said of a trail that holds."""
    hashes, points, with_contents = [START], [("kept checkpoint", one) for one in kept], False
    named, erased, there, changes = dict[str, int](), set[str](), set[str](), list[tuple[int, str, str]]()
    for record in records:
        if record["kind"] == "entry":
            number, body, entry = len(hashes), record["body"], dict[str, Any]()
            with suppress(ValueError, TypeError, KeyError):  # an entry that cannot be read is told of below
                entry = dict(json.loads(body))
                named.update(dict.fromkeys(dict(entry.get("contents", {})).values(), number))
                erased.update(entry.get("erased", ()))
                if entry.get("action") == KEY_CHANGED:
                    changes.append((number, entry["facts"]["from"], entry["facts"]["to"]))
            whole = record["seq"] == entry.get("seq") == number and canonical(entry) == body
            if not whole or record["previous"] != hashes[-1] or link(hashes[-1], body) != record["hash"]:
                yield f"entry {number}: missing, doubled, moved or altered, or the one before was"
            hashes.append(record["hash"])
        elif record["kind"] == "content":
            there.add(record["sha256"])
            if digest(record["salt"], record["text"]) != record["sha256"]:
                yield f"content {record['sha256'][:12]}: altered"
        else:
            points.append((record["kind"], record))
            with_contents |= record.get("contents", False)
    if [point["seq"] for kind, point in points if kind == "head"] != [len(hashes) - 1]:
        yield f"the trail has {len(hashes) - 1} entries, which is not what its end says"
    keys = [changes[0][1] if changes else public_key, *(to for _, _, to in changes)]
    vouched = {point["seq"] for kind, point in points if kind == "checkpoint"} >= {number for number, *_ in changes}
    if not vouched or public_key not in keys or [was for _, was, _ in changes] != keys[:-1]:
        yield "the trail's keys do not lead to this one, each signed by the one before"
    for kind, point in points:
        key = keys[sum(kind == "head" or number < point["seq"] for number, *_ in changes)]
        if point["seq"] and not is_signed(point, key):
            yield f"{kind} {point['seq']}: not signed with the key of then"
        if point["seq"] >= len(hashes):
            yield f"{kind} {point['seq']}: the trail ends before it; entries were cut off"
        elif hashes[point["seq"]] != point["hash"]:
            yield f"{kind} {point['seq']}: the trail was another one then"
    if with_contents:
        yield from (f"entry {named[one]}: what was shown is gone" for one in named.keys() - there - erased)
        yield from (f"content {one[:12]}: no entry tells of it" for one in there - named.keys())


if __name__ == "__main__":
    files = [open(path, encoding="utf-8") for path in (sys.argv[1], *sys.argv[3:4])]  # noqa: SIM115 - for good
    found = list(faults(map(json.loads, files[0]), sys.argv[2], map(json.loads, chain(*files[1:]))))
    print("\n".join(found) or "the trail holds")
    sys.exit(1 if found else 0)
