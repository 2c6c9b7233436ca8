"""Where the service keeps what it knows: the only room that writes SQL."""

from sqlalchemy import Connection

from service.store.engine import Store, connect

__all__ = ["Connection", "Store", "connect"]
