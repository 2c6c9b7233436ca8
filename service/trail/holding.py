"""Holds suggestions and decisions against what the trail tells of them: a row cannot say anything else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.store import Connection
from service.store import suggestions as stored
from service.store import trail as rows

Plain = Mapping[str, Any]


def faults(connection: Connection) -> Iterator[str]:
    """Say which rows are others than the trail tells of, and which are missing without a word."""
    told, erased = _told(connection)
    made = {str(row["id"]): row for row in stored.all_suggestions(connection)}
    decided = {str(row["suggestion_id"]): row for row in stored.all_decisions(connection)}
    for kind, found, plain, action in (
        ("suggestion", made, _of_suggestion, "suggestion.made"),
        ("decision on", decided, _of_decision, "decision.made"),
    ):
        entries = told[action]
        for id in sorted(found.keys() - entries.keys()):
            yield f"{kind} {id}: the trail does not tell of it"
        for id in sorted(found.keys() & entries.keys()):
            if plain(found[id]) != _of_entry(entries[id]):
                yield f"{kind} {id}: is another one than the trail tells of"
        for id in sorted(entries.keys() - found.keys()):
            if not set(entries[id].get("contents", {}).values()) <= erased:
                yield f"{kind} {id}: is gone, and the trail tells of no erasure"


def _told(connection: Connection) -> tuple[dict[str, dict[str, Plain]], set[str]]:
    told: dict[str, dict[str, Plain]] = {"suggestion.made": {}, "decision.made": {}}
    erased: set[str] = set()
    for row in rows.entries(connection):
        try:
            entry = dict(json.loads(row["body"]))
        except (ValueError, TypeError):
            continue  # the chain's own check tells of it
        erased.update(entry.get("erased", ()))
        if entry.get("action") in told:
            told[entry["action"]][str(entry.get("suggestion"))] = entry
    return told, erased


def _of_entry(entry: Plain) -> tuple[Any, ...]:
    facts, contents, actor = entry.get("facts", {}), entry.get("contents", {}), entry.get("actor", {})
    who = (entry.get("at"), actor.get("account"))
    if entry["action"] == "suggestion.made":
        versions = entry.get("versions", {})
        what = (facts.get("status"), versions.get("model"), contents.get("input"), contents.get("output"))
        return (*who, actor.get("unit"), entry.get("case"), *what)  # only a case's own unit asks for suggestions
    return (*who, facts.get("answer"), facts.get("reason_code"), facts.get("overtaken"), contents.get("decision"))


def _of_suggestion(row: Plain) -> tuple[Any, ...]:
    who = (row["created_at"], row["created_by"], row["unit_id"], row["pseudonym"])
    return (*who, row["status"], row["model_version"], row["input_sha256"], row["output_sha256"])


def _of_decision(row: Plain) -> tuple[Any, ...]:
    who = (row["decided_at"], row["decided_by"])
    return (*who, row["answer"], row["reason_code"], bool(row["overtaken"]), row["content_sha256"])
