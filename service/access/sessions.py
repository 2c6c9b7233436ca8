"""Logins of people in a browser: an opaque secret in a cookie, its hash in the database, ended on the server."""

import secrets
from datetime import datetime, timedelta

from service import clock
from service.access import callers
from service.access.callers import Caller, hashed
from service.settings import Settings
from service.store import Connection, accounts
from service.store.accounts import AliveSince

COOKIE = "__Host-pathway"  # only over TLS, or to this machine; only to this host; not to scripts


def alive_since(settings: Settings, at: datetime) -> AliveSince:
    """Tell when a session that is alive at a moment was begun and used at the earliest."""
    oldest, idle = timedelta(hours=settings.session_hours), timedelta(minutes=settings.session_idle_minutes)
    return AliveSince(clock.text(at - oldest), clock.text(at - idle))


def begin(connection: Connection, account_id: str, settings: Settings, at: datetime) -> str:
    """Begin a session; the secret for the cookie. Sessions that are too old go."""
    accounts.end_sessions(connection, before=alive_since(settings, at).begun)
    secret, moment = secrets.token_urlsafe(32), clock.text(at)
    accounts.add_session(connection, id_sha256=hashed(secret), account_id=account_id, created_at=moment, seen_at=moment)
    return secret


def caller_of(connection: Connection, secret: str, settings: Settings, at: datetime) -> Caller | None:
    """Tell whose session it is; nobody's where it ended, was unused for too long, or the account was closed."""
    row = accounts.session(connection, hashed(secret))
    if row is None or row["closed_at"] is not None:
        return None
    since = alive_since(settings, at)
    if row["created_at"] < since.begun or row["seen_at"] < since.used:
        accounts.end_sessions(connection, id_sha256=hashed(secret))
        return None
    accounts.touch_session(connection, hashed(secret), clock.text(at))
    return callers.caller_of(row)


def end(connection: Connection, secret: str) -> None:
    """End a session, whether or not there is one."""
    accounts.end_sessions(connection, id_sha256=hashed(secret))
