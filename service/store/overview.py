"""A unit's cases and decisions as a whole, for lists and sums."""

import sqlalchemy as sa

from service.store import rows
from service.store.rows import Row
from service.store.schema import CASE, DECISION, SUGGESTION


def cases_of(connection: sa.Connection, unit_id: str) -> list[Row]:
    """List a unit's stored cases, those first that were changed last."""
    query = sa.select(CASE).where(CASE.c.unit_id == unit_id, CASE.c.sealed.is_not(None))
    return rows.many(connection, query.order_by(CASE.c.changed_at.desc(), CASE.c.id))


def decisions_of(connection: sa.Connection, unit_id: str) -> list[Row]:
    """List the decisions on a unit's suggestions, oldest first, with the `case_id` that each concerns."""
    query = sa.select(DECISION, SUGGESTION.c.case_id).join(SUGGESTION, SUGGESTION.c.id == DECISION.c.suggestion_id)
    return rows.many(connection, query.where(SUGGESTION.c.unit_id == unit_id).order_by(DECISION.c.decided_at))


def suggestions_of(connection: sa.Connection, unit_id: str) -> list[Row]:
    """List a unit's suggestions, newest first, with `newest_version` of the case and the `answer`, if any."""
    query = (
        sa.select(SUGGESTION, CASE.c.version.label("newest_version"), DECISION.c.answer)
        .join(CASE, CASE.c.id == SUGGESTION.c.case_id)
        .outerjoin(DECISION, DECISION.c.suggestion_id == SUGGESTION.c.id)
        .where(SUGGESTION.c.unit_id == unit_id)
    )
    return rows.many(connection, query.order_by(SUGGESTION.c.created_at.desc(), SUGGESTION.c.id))
