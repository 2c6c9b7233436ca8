"""Verifies an exported trail: python verify.py EXPORT.jsonl PUBLIC_KEY_HEX [KEPT_CHECKPOINTS.jsonl]. Needs no more.

An export is lines of JSON, each with a `kind`: `entry` (in order), `checkpoint`, `head`, and, where what was shown is
exported too, `content`. Checkpoints kept elsewhere find also a trail that was put back to an earlier day.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Record = Mapping[str, Any]
START = "0" * 64  # what the first entry names as the one before


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
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(point["signature"]), signed_text(point))
    except (InvalidSignature, ValueError):
        return False
    return True


def faults(records: Iterable[Record], public_key: str, kept: Iterable[Record] = ()) -> Iterator[str]:
    """Walk through an export and say what is wrong; nothing is said of a trail that holds."""
    hashes, points, there = [START], [("kept checkpoint", one) for one in kept], set[str]()
    named, erased, with_contents = dict[str, int](), set[str](), False
    for record in records:
        if record["kind"] == "entry":
            number, body = len(hashes), record["body"]
            try:
                entry = dict(json.loads(body))
            except (ValueError, TypeError):
                entry = {}
            if record["seq"] != number or entry.get("seq") != number or canonical(entry) != body:
                yield f"entry {number}: missing, doubled, moved or altered"
            if record["previous"] != hashes[-1] or link(hashes[-1], body) != record["hash"]:
                yield f"entry {number}: does not follow from the one before; one of the two was altered"
            hashes.append(record["hash"])
            named.update(dict.fromkeys(entry.get("contents", {}).values(), number))
            erased.update(entry.get("erased", ()))
        elif record["kind"] == "content":
            there.add(record["sha256"])
            if digest(record["salt"], record["text"]) != record["sha256"]:
                yield f"content {record['sha256'][:12]}: altered"
        else:
            points.append((record["kind"], record))
            with_contents = with_contents or record.get("contents", False)
    if [point["seq"] for kind, point in points if kind == "head"] != [len(hashes) - 1]:
        yield f"the trail has {len(hashes) - 1} entries, which is not what its end says"
    for kind, point in points:
        if point["seq"] and not is_signed(point, public_key):
            yield f"{kind} {point['seq']}: not signed with this key"
        if point["seq"] >= len(hashes):
            yield f"{kind} {point['seq']}: the trail ends before it; entries were cut off"
        elif hashes[point["seq"]] != point["hash"]:
            yield f"{kind} {point['seq']}: the trail was another one then"
    if with_contents:
        yield from (f"entry {named[one]}: what was shown is gone" for one in named.keys() - there - erased)
        yield from (f"content {one[:12]}: no entry tells of it" for one in there - named.keys())


def _lines(path: str) -> Iterator[Any]:
    with open(path, encoding="utf-8") as file:
        yield from map(json.loads, file)


if __name__ == "__main__":
    found = list(faults(_lines(sys.argv[1]), sys.argv[2], _lines(sys.argv[3]) if len(sys.argv) > 3 else ()))
    print("\n".join(found) or "the trail holds")
    sys.exit(1 if found else 0)
