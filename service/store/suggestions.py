"""Suggestions, decisions, what was shown, and the switch that stops suggestions."""

from typing import Any

import sqlalchemy as sa

from service.store import rows
from service.store.rows import Row
from service.store.schema import CASE, CONTENT, DECISION, STOP, SUGGESTION

_STATE = (
    sa.select(SUGGESTION, CASE.c.version.label("newest_version"), DECISION.c.answer)
    .join(CASE, CASE.c.id == SUGGESTION.c.case_id)
    .outerjoin(DECISION, DECISION.c.suggestion_id == SUGGESTION.c.id)
)


def add(connection: sa.Connection, **values: Any) -> None:
    """Add a suggestion."""
    rows.add(connection, SUGGESTION, **values)


def by_id(connection: sa.Connection, suggestion_id: str) -> Row | None:
    """Find a suggestion, with `newest_version` of its case and the `answer` of its decision, if any."""
    return rows.one(connection, _STATE.where(SUGGESTION.c.id == suggestion_id))


def latest_of(connection: sa.Connection, case_id: str) -> Row | None:
    """Find the latest suggestion of a case, as `by_id`."""
    newest = SUGGESTION.c.created_at.desc()
    return rows.one(connection, _STATE.where(SUGGESTION.c.case_id == case_id).order_by(newest, SUGGESTION.c.id))


def open_of(connection: sa.Connection, case_id: str) -> list[Row]:
    """List suggestions of a case that nobody has answered, newest first, as `by_id`."""
    query = _STATE.where(SUGGESTION.c.case_id == case_id, DECISION.c.id.is_(None))
    return rows.many(connection, query.order_by(SUGGESTION.c.created_at.desc(), SUGGESTION.c.id))


def all_of(connection: sa.Connection, case_id: str) -> list[Row]:
    """List all suggestions of a case, oldest first, as `by_id`."""
    query = _STATE.where(SUGGESTION.c.case_id == case_id)
    return rows.many(connection, query.order_by(SUGGESTION.c.created_at, SUGGESTION.c.id))


def listed(
    connection: sa.Connection,
    number: int,
    limit: int,
    unit_id: str | None = None,
    case_id: str | None = None,
    pseudonym: str | None = None,
) -> tuple[list[Row], int]:
    """List suggestions, newest first, as `by_id`; of one unit, one case or one pseudonym where given."""
    query = _STATE.order_by(SUGGESTION.c.created_at.desc(), SUGGESTION.c.id)
    for column, value in (
        (SUGGESTION.c.unit_id, unit_id),
        (SUGGESTION.c.case_id, case_id),
        (SUGGESTION.c.pseudonym, pseudonym),
    ):
        query = query if value is None else query.where(column == value)
    return rows.page(connection, query, number, limit)


def remove_all_of(connection: sa.Connection, case_id: str) -> None:
    """Remove all suggestions of a case, with their decisions and all content that was shown about it."""
    own = sa.select(SUGGESTION.c.id).where(SUGGESTION.c.case_id == case_id)
    connection.execute(sa.delete(DECISION).where(DECISION.c.suggestion_id.in_(own)))
    connection.execute(sa.delete(SUGGESTION).where(SUGGESTION.c.case_id == case_id))
    connection.execute(sa.delete(CONTENT).where(CONTENT.c.case_id == case_id))


def add_decision(connection: sa.Connection, **values: Any) -> None:
    """Add the decision on a suggestion; the table takes one for each."""
    rows.add(connection, DECISION, **values)


def decision_on(connection: sa.Connection, suggestion_id: str) -> Row | None:
    """Find the decision on a suggestion."""
    return rows.one(connection, sa.select(DECISION).where(DECISION.c.suggestion_id == suggestion_id))


def add_content(connection: sa.Connection, **values: Any) -> None:
    """Keep what was shown or said, by its hash."""
    rows.add(connection, CONTENT, **values)


def content(connection: sa.Connection, sha256: str) -> Row | None:
    """Find what was shown or said, by its hash."""
    return rows.one(connection, sa.select(CONTENT).where(CONTENT.c.sha256 == sha256))


def contents_of(connection: sa.Connection, case_id: str) -> list[Row]:
    """List all content about a case, oldest first."""
    query = sa.select(CONTENT).where(CONTENT.c.case_id == case_id)
    return rows.many(connection, query.order_by(CONTENT.c.created_at, CONTENT.c.sha256))


def all_contents(connection: sa.Connection) -> Any:
    """Walk through all content."""
    return connection.execute(sa.select(CONTENT).execution_options(yield_per=100)).mappings()


def all_suggestions(connection: sa.Connection) -> list[Row]:
    """List all suggestions."""
    return rows.many(connection, sa.select(SUGGESTION))


def all_decisions(connection: sa.Connection) -> list[Row]:
    """List all decisions."""
    return rows.many(connection, sa.select(DECISION))


def cases_idle_since(connection: sa.Connection, moment: str) -> list[Row]:
    """List cases that nothing was stored about since a moment."""
    used = sa.select(CONTENT.c.case_id).where(CONTENT.c.created_at >= moment)
    return rows.many(connection, sa.select(CASE).where(CASE.c.changed_at < moment, CASE.c.id.not_in(used)))


def add_stop(connection: sa.Connection, **values: Any) -> None:
    """Turn suggestions off for a unit or a model."""
    rows.add(connection, STOP, **values)


def stop(connection: sa.Connection, stop_id: str) -> Row | None:
    """Find a stop."""
    return rows.one(connection, sa.select(STOP).where(STOP.c.id == stop_id))


def stops(connection: sa.Connection, unit_id: str | None) -> list[Row]:
    """List stops in force: all, or those that concern a unit."""
    query = sa.select(STOP).where(STOP.c.lifted_at.is_(None)).order_by(STOP.c.set_at, STOP.c.id)
    if unit_id is not None:
        query = query.where(sa.or_(STOP.c.scope == "model", STOP.c.target == unit_id))
    return rows.many(connection, query)


def stop_on(connection: sa.Connection, unit_id: str, model_version: str) -> Row | None:
    """Find a stop in force for this unit or this model."""
    return rows.one(
        connection,
        sa.select(STOP).where(
            STOP.c.lifted_at.is_(None),
            sa.or_(
                sa.and_(STOP.c.scope == "unit", STOP.c.target == unit_id),
                sa.and_(STOP.c.scope == "model", STOP.c.target == model_version),
            ),
        ),
    )


def lift_stop(connection: sa.Connection, stop_id: str, at: str) -> None:
    """Turn suggestions on again."""
    connection.execute(sa.update(STOP).where(STOP.c.id == stop_id).values(lifted_at=at))
