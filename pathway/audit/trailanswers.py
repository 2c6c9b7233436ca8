"""Takes caseworkers' answers to suggestions out of an exported trail: when, which and why, and nobody's name."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pathway.errors import UnreadableFile
from pathway.reading import text_of
from pathway.wording import swedish_day

MADE, DECIDED = "suggestion.made", "decision.made"
NO_UNIT = "okänd enhet"


def read(path: Path) -> list[dict[str, Any]]:
    """Read answers as plain data, in the names of `pathway.audit.use.Answer`.

    Minutes run from when a suggestion was made until it was answered. Which insatser were suggested and chosen is known
    only of a trail that was exported with its contents.

    Raises
    ------
    UnreadableFile
        The file is not a trail that ``pathway trail export`` wrote.
    """
    try:
        records = [json.loads(line) for line in text_of(path).splitlines() if line.strip()]
        entries = [body for record in records if record["kind"] == "entry" for body in _readable(record["body"])]
        texts = {one["sha256"]: one["text"] for one in records if one["kind"] == "content" and one["text"]}
        made = {one["suggestion"]: one for one in entries if one["action"] == MADE}
        return [_answer(one, made.get(one["suggestion"]), texts) for one in entries if one["action"] == DECIDED]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableFile(f"{path}: is not a trail; give what pathway trail export wrote") from None


def _readable(body: str) -> Iterator[dict[str, Any]]:
    """Give an entry, or nothing where it was made unreadable: rights of the person go before."""
    try:
        told = json.loads(body)
    except ValueError:
        return
    if isinstance(told, dict):
        yield told


def _answer(entry: Mapping[str, Any], made: Mapping[str, Any] | None, texts: Mapping[str, str]) -> dict[str, Any]:
    at, facts = datetime.fromisoformat(entry["at"]), entry["facts"]
    told = {
        "unit": entry["actor"].get("unit") or NO_UNIT,
        "answer": facts["answer"],
        "decided_on": swedish_day(at).isoformat(),
        "reason_code": facts["reason_code"],
    }
    decision = _content(entry, "decision", texts)
    if made is not None:
        told["minutes"] = max((at - datetime.fromisoformat(made["at"])).total_seconds() / 60, 0.0)
    shown = _content(made or entry, "output", texts)
    if decision and shown and shown["plans"]:
        told["suggested"] = [one["insats_id"] for one in shown["plans"][0]["activities"]]
        told["chosen"] = [one["insats_id"] for one in decision["activities"]]
    return told


def _content(entry: Mapping[str, Any], role: str, texts: Mapping[str, str]) -> dict[str, Any] | None:
    text = texts.get(entry["contents"].get(role, ""))
    return dict(json.loads(text)) if text else None
