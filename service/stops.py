"""The stop switch: turns suggestions off for a unit or a model, at once."""

from collections.abc import Mapping
from typing import Any

from service.access.callers import Caller, new_id
from service.errors import Faulty, Forbidden, NotFound
from service.store import accounts
from service.store import suggestions as stored
from service.store.rows import Row
from service.visits import Visit

Plain = dict[str, Any]


def set(visit: Visit, given: Mapping[str, Any]) -> Plain:
    """Turn suggestions off.

    Parameters
    ----------
    given
        `scope` (``unit`` or ``model``), `target` (which one; left out: the caller's unit, the model in use), `reason`.

    Raises
    ------
    Forbidden
        An enhetschef stops the own unit, a data scientist models, an administrator both.
    Faulty
        There is no such unit.
    """
    scope = str(given["scope"])
    target = str(given.get("target") or (visit.caller.unit if scope == "unit" else visit.planning.version) or "")
    _check(visit.caller, scope, target)
    if scope == "unit" and not accounts.has_unit(visit.connection, target):
        raise Faulty("target: is no unit of this installation")
    stop_id = new_id("x")
    stored.add_stop(
        visit.connection, id=stop_id, scope=scope, target=target, reason=given["reason"], set_at=visit.at,
        set_by=visit.caller.account,
    )  # fmt: skip
    visit.tell("stop.set", facts={"stop": stop_id, "scope": scope, "target": target})
    return _plain(_one(visit, stop_id))


def listed(visit: Visit) -> list[Plain]:
    """List what is turned off: all, or for somebody of a unit, what concerns it."""
    return [_plain(row) for row in stored.stops(visit.connection, visit.caller.unit)]


def lift(visit: Visit, stop_id: str) -> Plain:
    """Turn suggestions on again; doing so twice changes nothing."""
    row = _one(visit, stop_id)
    _check(visit.caller, row["scope"], row["target"])
    if row["lifted_at"] is None:
        stored.lift_stop(visit.connection, stop_id, visit.at)
        visit.tell("stop.lifted", facts={"stop": stop_id})
    return _plain(_one(visit, stop_id))


def _check(caller: Caller, scope: str, target: str) -> None:
    own_unit = caller.role == "enhetschef" and scope == "unit" and target == caller.unit
    own_models = caller.role == "data_scientist" and scope == "model"
    if not (caller.role == "administrator" or own_unit or own_models):
        raise Forbidden("an enhetschef stops the own unit, a data scientist models, an administrator both")


def _one(visit: Visit, stop_id: str) -> Row:
    row = stored.stop(visit.connection, stop_id)
    if row is None or (visit.caller.unit and row["scope"] == "unit" and row["target"] != visit.caller.unit):
        raise NotFound("there is no such stop")
    return row


def _plain(row: Row) -> Plain:
    return {
        "stop_id": row["id"],
        "scope": row["scope"],
        "target": row["target"],
        "reason": row["reason"],
        "set_at": row["set_at"],
        "lifted_at": row["lifted_at"],
    }
