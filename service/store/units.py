"""The authority's units, as they stand in a list to choose from."""

import sqlalchemy as sa

from service.store import rows
from service.store.schema import UNIT


def listed(connection: sa.Connection) -> list[str]:
    """List the ids of all units, in order."""
    return [str(row["id"]) for row in rows.many(connection, sa.select(UNIT.c.id).order_by(UNIT.c.id))]
