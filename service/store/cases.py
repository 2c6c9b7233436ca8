"""Cases by number, their measurements, and the consents that let another unit see them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from service.store import rows
from service.store.rows import Row
from service.store.schema import CASE, CONSENT, MEASUREMENT


def add(connection: sa.Connection, **values: Any) -> None:
    """Add a case."""
    rows.add(connection, CASE, **values)


def in_unit(connection: sa.Connection, unit_id: str, lookups: Sequence[str], lock: bool = False) -> Row | None:
    """Find a unit's own case by its number; `lock` keeps others from changing it meanwhile."""
    query = sa.select(CASE).where(CASE.c.unit_id == unit_id, CASE.c.number_lookup.in_(lookups))
    return rows.one(connection, query.with_for_update() if lock else query)


def shared_with(connection: sa.Connection, unit_id: str, lookups: Sequence[str], today: str) -> Row | None:
    """Find another unit's case by its number, if a consent in force names this unit; the latest consent first."""
    return rows.one(
        connection,
        sa.select(CASE, CONSENT.c.id.label("consent_id"))
        .join(CONSENT, CONSENT.c.case_id == CASE.c.id)
        .where(CASE.c.number_lookup.in_(lookups), _in_force(unit_id, today))
        .order_by(CONSENT.c.given_at.desc()),
    )


def by_id(connection: sa.Connection, case_id: str) -> Row | None:
    """Find a case by the database's own id."""
    return rows.one(connection, sa.select(CASE).where(CASE.c.id == case_id))


def is_shared(connection: sa.Connection, case_id: str, unit_id: str, today: str) -> bool:
    """Tell whether a consent in force lets this unit see the case."""
    return (
        rows.one(connection, sa.select(CONSENT.c.id).where(CONSENT.c.case_id == case_id, _in_force(unit_id, today)))
        is not None
    )


def _in_force(unit_id: str, today: str) -> "sa.ColumnElement[bool]":
    return sa.and_(CONSENT.c.recipient_unit == unit_id, CONSENT.c.ends_on >= today, CONSENT.c.revoked_at.is_(None))


def change(connection: sa.Connection, case_id: str, **values: Any) -> None:
    """Change a case."""
    connection.execute(sa.update(CASE).where(CASE.c.id == case_id).values(**values))


def remove(connection: sa.Connection, case_id: str) -> None:
    """Remove a case with its measurements and consents; nothing else may refer to it any more."""
    for table in (MEASUREMENT, CONSENT):
        connection.execute(sa.delete(table).where(table.c.case_id == case_id))
    connection.execute(sa.delete(CASE).where(CASE.c.id == case_id))


def add_measurement(connection: sa.Connection, **values: Any) -> None:
    """Add what was answered on one date."""
    rows.add(connection, MEASUREMENT, **values)


def measurements(connection: sa.Connection, case_id: str) -> list[Row]:
    """List measurements in the order in which they were recorded."""
    return rows.many(
        connection,
        sa.select(MEASUREMENT).where(MEASUREMENT.c.case_id == case_id).order_by(MEASUREMENT.c.case_version),
    )


def remove_measurements(connection: sa.Connection, case_id: str) -> None:
    """Remove all measurements of a case, before a corrected case takes their place."""
    connection.execute(sa.delete(MEASUREMENT).where(MEASUREMENT.c.case_id == case_id))


def add_consent(connection: sa.Connection, **values: Any) -> None:
    """Add a consent."""
    rows.add(connection, CONSENT, **values)


def consents(connection: sa.Connection, case_id: str) -> list[Row]:
    """List all consents of a case, revoked and ended ones too."""
    return rows.many(
        connection, sa.select(CONSENT).where(CONSENT.c.case_id == case_id).order_by(CONSENT.c.given_at, CONSENT.c.id)
    )


def revoke_consent(connection: sa.Connection, consent_id: str, at: str) -> None:
    """End a consent."""
    connection.execute(sa.update(CONSENT).where(CONSENT.c.id == consent_id).values(revoked_at=at))
