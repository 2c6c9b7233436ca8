"""Who a call comes from, and the secrets that say so: only their hashes are kept."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from service import clock
from service.access.roles import MAY, Permission, Role
from service.errors import Forbidden, Unauthenticated
from service.store import Connection, accounts

Kind = Literal["person", "machine"]
_BEARER = re.compile(r"pwg_(?P<id>[a-z0-9]{12})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Caller:
    """Who calls.

    Attributes
    ----------
    account
        Id of the account; says nothing of who it is.
    unit
        The unit that the caller works in; ``None`` for roles of the whole installation.
    key
        Id of the key or token, ``None`` for a login.
    """

    account: str
    kind: Kind
    role: Role
    unit: str | None
    key: str | None = None

    def may(self, permission: Permission) -> bool:
        """Tell whether the role allows it."""
        return permission in MAY[self.role]

    def must(self, permission: Permission) -> None:
        """Raise `Forbidden` unless the role allows it."""
        if not self.may(permission):
            raise Forbidden(f"the role {self.role} may not do this ({permission})")

    def plain(self) -> dict[str, str]:
        """Give what the trail says of the caller."""
        told = {"account": self.account, "kind": self.kind, "role": self.role}
        return told | ({"unit": self.unit} if self.unit else {})


OPERATOR = Caller("operator", "person", "administrator", None)  # who runs commands on the machine itself


def new_id(kind: str) -> str:
    """Make an id that says nothing (``a-…``)."""
    return f"{kind}-{secrets.token_hex(10)}"


def hashed(secret: str) -> str:
    """Hash a secret of 256 random bits; such a one needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_account(
    connection: Connection,
    kind: Kind,
    role: Role,
    unit: str | None,
    label: str,
    at: datetime,
    issuer: str | None = None,
    subject: str | None = None,
) -> str:
    """Open an account and, where it is new, its unit; its id."""
    account_id, moment = new_id("a"), clock.text(at)
    if unit is not None:
        accounts.ensure_unit(connection, unit, moment)
    accounts.add_account(
        connection, id=account_id, kind=kind, role=role, unit_id=unit, label=label, created_at=moment,
        issuer=issuer, subject=subject,
    )  # fmt: skip
    return account_id


def make_key(
    connection: Connection,
    account_id: str,
    at: datetime,
    made_from: str | None = None,
    life: timedelta | None = None,
) -> tuple[str, str]:
    """Make a key or token for an account; its id, and the bearer text, which cannot be shown again."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    accounts.add_key(
        connection,
        id=key_id,
        account_id=account_id,
        secret_sha256=hashed(secret),
        made_from=made_from,
        created_at=clock.text(at),
        expires_at=None if life is None else clock.text(at + life),
    )
    return key_id, f"pwg_{key_id}_{secret}"


def by_bearer(connection: Connection, bearer: str, at: datetime) -> Caller:
    """Tell who a bearer key or token belongs to.

    Raises
    ------
    Unauthenticated
        Nobody's, or ended; which of the two is not said.
    """
    parts = _BEARER.fullmatch(bearer)
    row = accounts.key(connection, parts["id"]) if parts else None
    known = row["secret_sha256"] if row else hashed("")
    right = hmac.compare_digest(known, hashed(parts["secret"] if parts else "-"))
    if row is None or not right or _has_ended(row, clock.text(at)):
        raise Unauthenticated("the bearer key or token is not valid; ask for a new one")
    return caller_of(row, key=str(row["id"]))


def caller_of(row: Mapping[str, Any], key: str | None = None) -> Caller:
    """Read a caller from a row that joins an account."""
    return Caller(str(row["account_id"]), cast(Kind, row["kind"]), cast(Role, row["role"]), row["unit_id"], key)


def _has_ended(row: Mapping[str, Any], now: str) -> bool:
    ends = (row["revoked_at"], row["made_from_revoked_at"], row["closed_at"])
    return any(ends) or (row["expires_at"] is not None and row["expires_at"] <= now)
