"""OAuth2 client credentials (RFC 6749, 4.4): a system changes its key for a token that soon ends."""

from datetime import timedelta
from typing import Any

from service import clock
from service.access import callers
from service.errors import Unauthenticated
from service.store import accounts
from service.visits import Installation

Plain = dict[str, Any]


def exchange(installation: Installation, client_id: str, client_secret: str) -> Plain:
    """Make an access token.

    Parameters
    ----------
    client_id, client_secret
        Id and bearer text of a key.

    Raises
    ------
    Unauthenticated
        They are nobody's; which of the two is wrong is not said.
    """
    settings, now = installation.settings, installation.now()
    life = timedelta(minutes=settings.token_minutes)
    with installation.store.reading() as connection:
        caller = callers.by_bearer(connection, client_secret, now)
        row = accounts.key(connection, str(caller.key)) or {}
    if caller.key != client_id or row["made_from"] is not None:
        raise Unauthenticated("the client is not known, or its secret is wrong")
    with installation.visit(caller, installation.new_trace()) as visit:
        accounts.drop_stale_tokens(visit.connection, clock.text(now - timedelta(days=1)))
        _, bearer = callers.make_key(visit.connection, caller.account, now, made_from=caller.key, life=life)
        visit.tell("token.made", facts={"key": caller.key})
    return {"access_token": bearer, "token_type": "Bearer", "expires_in": int(life.total_seconds())}
