"""Units, accounts of people and machines, their keys, tokens and logins."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.store import rows
from service.store.rows import Row
from service.store.schema import ACCOUNT, API_KEY, INSTALLATION, LOGIN, SESSION, UNIT


@dataclass(frozen=True)
class AliveSince:
    """When sessions that are still alive were begun, and last used, at the earliest; moments as text."""

    begun: str
    used: str


def marked(connection: sa.Connection, name: str) -> str | None:
    """Read what the installation is marked with."""
    found = rows.one(connection, sa.select(INSTALLATION).where(INSTALLATION.c.name == name))
    return None if found is None else str(found["value"])


def mark(connection: sa.Connection, name: str, value: str) -> None:
    """Mark the installation."""
    rows.add(connection, INSTALLATION, name=name, value=value)


def is_empty(connection: sa.Connection) -> bool:
    """Tell whether nobody ever used this database."""
    return rows.count(connection, sa.select(ACCOUNT)) == 0 and rows.count(connection, sa.select(UNIT)) == 0


def ensure_unit(connection: sa.Connection, unit_id: str, at: str) -> None:
    """Add a unit unless it is there."""
    if rows.one(connection, sa.select(UNIT).where(UNIT.c.id == unit_id)) is None:
        rows.add(connection, UNIT, id=unit_id, created_at=at)


def has_unit(connection: sa.Connection, unit_id: str) -> bool:
    """Tell whether there is such a unit."""
    return rows.one(connection, sa.select(UNIT).where(UNIT.c.id == unit_id)) is not None


def add_account(connection: sa.Connection, **values: Any) -> None:
    """Add an account of a person or a machine."""
    rows.add(connection, ACCOUNT, **values)


def account_of(connection: sa.Connection, issuer: str, subject: str) -> Row | None:
    """Find the account of who a provider says it is."""
    return rows.one(connection, sa.select(ACCOUNT).where(ACCOUNT.c.issuer == issuer, ACCOUNT.c.subject == subject))


def account(connection: sa.Connection, account_id: str) -> Row | None:
    """Find an account."""
    return rows.one(connection, sa.select(ACCOUNT).where(ACCOUNT.c.id == account_id))


def change_account(connection: sa.Connection, account_id: str, **values: Any) -> None:
    """Change unit, role or end of an account."""
    connection.execute(sa.update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(**values))


def add_key(connection: sa.Connection, **values: Any) -> None:
    """Add a key or a token, by the hash of its secret."""
    rows.add(connection, API_KEY, **values)


def key(connection: sa.Connection, key_id: str) -> Row | None:
    """Find a key with its account, by its id; `made_from_revoked_at` is of the key that a token was made from."""
    parent = API_KEY.alias("parent")
    return rows.one(
        connection,
        sa.select(
            API_KEY,
            ACCOUNT.c.kind,
            ACCOUNT.c.role,
            ACCOUNT.c.label,
            ACCOUNT.c.unit_id,
            ACCOUNT.c.closed_at,
            parent.c.revoked_at.label("made_from_revoked_at"),
        )
        .join(ACCOUNT, ACCOUNT.c.id == API_KEY.c.account_id)
        .outerjoin(parent, parent.c.id == API_KEY.c.made_from)
        .where(API_KEY.c.id == key_id),
    )


def keys(connection: sa.Connection, number: int, limit: int) -> tuple[list[Row], int]:
    """List keys, without tokens made from them, newest first."""
    query = (
        sa.select(
            API_KEY.c.id, API_KEY.c.created_at, API_KEY.c.expires_at, API_KEY.c.revoked_at,
            ACCOUNT.c.label, ACCOUNT.c.role, ACCOUNT.c.unit_id, ACCOUNT.c.kind,
        )
        .join(ACCOUNT, ACCOUNT.c.id == API_KEY.c.account_id)
        .where(API_KEY.c.made_from.is_(None))
        .order_by(API_KEY.c.created_at.desc(), API_KEY.c.id)
    )  # fmt: skip
    return rows.page(connection, query, number, limit)


def revoke_key(connection: sa.Connection, key_id: str, at: str) -> None:
    """End a key."""
    connection.execute(sa.update(API_KEY).where(API_KEY.c.id == key_id).values(revoked_at=at))


def revoke_keys(connection: sa.Connection, account_id: str, at: str) -> None:
    """End all keys and tokens of an account."""
    ended = sa.update(API_KEY).where(API_KEY.c.account_id == account_id, API_KEY.c.revoked_at.is_(None))
    connection.execute(ended.values(revoked_at=at))


def drop_stale_tokens(connection: sa.Connection, before: str) -> None:
    """Forget tokens that ended before a moment."""
    connection.execute(sa.delete(API_KEY).where(API_KEY.c.made_from.is_not(None), API_KEY.c.expires_at < before))


def add_session(connection: sa.Connection, **values: Any) -> None:
    """Add a login session, by the hash of its secret."""
    rows.add(connection, SESSION, **values)


def session(connection: sa.Connection, id_sha256: str) -> Row | None:
    """Find a session with its account."""
    return rows.one(
        connection,
        sa.select(SESSION, ACCOUNT.c.kind, ACCOUNT.c.role, ACCOUNT.c.unit_id, ACCOUNT.c.closed_at)
        .join(ACCOUNT, ACCOUNT.c.id == SESSION.c.account_id)
        .where(SESSION.c.id_sha256 == id_sha256),
    )


def touch_session(connection: sa.Connection, id_sha256: str, at: str) -> None:
    """Note that a session was used."""
    connection.execute(sa.update(SESSION).where(SESSION.c.id_sha256 == id_sha256).values(seen_at=at))


def end_sessions(
    connection: sa.Connection, id_sha256: str | None = None, account_id: str | None = None, before: str | None = None
) -> int:
    """End one session, all of an account, all that were begun before a moment, or simply all; how many they were."""
    ended = sa.delete(SESSION)
    for column, value in ((SESSION.c.id_sha256, id_sha256), (SESSION.c.account_id, account_id)):
        ended = ended if value is None else ended.where(column == value)
    return connection.execute(ended if before is None else ended.where(SESSION.c.created_at < before)).rowcount


def sessions_of(connection: sa.Connection, account_id: str, since: AliveSince) -> list[Row]:
    """List the sessions of an account that are alive, the last used first."""
    alive = (SESSION.c.account_id == account_id, SESSION.c.created_at >= since.begun, SESSION.c.seen_at >= since.used)
    return rows.many(connection, sa.select(SESSION).where(*alive).order_by(SESSION.c.seen_at.desc()))


def listed(connection: sa.Connection, number: int, limit: int, since: AliveSince) -> tuple[list[Row], int]:
    """List accounts, those used last first, each with `n_sessions` that are alive and when one was `seen_at`."""
    alive = (
        sa.select(
            SESSION.c.account_id,
            sa.func.count().label("n_sessions"),
            sa.func.max(SESSION.c.seen_at).label("seen_at"),
        )
        .where(SESSION.c.created_at >= since.begun, SESSION.c.seen_at >= since.used)
        .group_by(SESSION.c.account_id)
        .subquery()
    )
    query = (
        sa.select(ACCOUNT, sa.func.coalesce(alive.c.n_sessions, 0).label("n_sessions"), alive.c.seen_at)
        .outerjoin(alive, alive.c.account_id == ACCOUNT.c.id)
        .order_by(alive.c.seen_at.is_(None), alive.c.seen_at.desc(), ACCOUNT.c.created_at.desc(), ACCOUNT.c.id)
    )
    return rows.page(connection, query, number, limit)


def add_login(connection: sa.Connection, **values: Any) -> None:
    """Keep a login that was begun."""
    rows.add(connection, LOGIN, **values)


def take_login(connection: sa.Connection, state_sha256: str, not_before: str) -> Row | None:
    """Take out a login that was begun; it can be taken once, and only while it is young."""
    found = rows.one(connection, sa.select(LOGIN).where(LOGIN.c.state_sha256 == state_sha256))
    connection.execute(
        sa.delete(LOGIN).where(sa.or_(LOGIN.c.state_sha256 == state_sha256, LOGIN.c.created_at < not_before))
    )
    return found if found and found["created_at"] >= not_before else None
