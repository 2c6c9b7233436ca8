"""The truth about the service: whether its database, model and trail can do their work."""

from service.errors import Refusal
from service.store import migration
from service.store import trail as rows
from service.visits import Installation

OK = "ok"


def health(installation: Installation) -> dict[str, str]:
    """Look at each part: ``ok``, or what is wrong with it."""
    return {"database": _database(installation), "model": installation.planning.lacking or OK}


def readiness(installation: Installation) -> dict[str, str]:
    """Look at each part as `health`, and at whether the database fits this software and these keys."""
    parts = health(installation)
    if parts["database"] == OK:
        parts["trail"] = _trail(installation)
    return parts


def is_ready(installation: Installation) -> bool:
    """Tell whether the service can do its work."""
    return all(told == OK for told in readiness(installation).values())


def _database(installation: Installation) -> str:
    try:
        with installation.store.reading() as connection:
            at, newest = migration.current(connection), migration.newest()
    except Refusal as error:
        return error.message
    return OK if at == newest else f"is at version {at or 'none'}, needs {newest}; run pathway db upgrade"


def _trail(installation: Installation) -> str:
    """Hold the trail's end against the key: another key, or a changed end, must not be built upon."""
    try:
        with installation.store.reading() as connection:
            head = rows.head(connection)
    except Refusal as error:
        return error.message
    if installation.signer.key_of(head) is None:
        return "its end is not signed with this key; check PATHWAY_TRAIL_KEY, then verify the trail"
    return OK
