"""Opens the installation that the environment names, for commands; heavy imports wait until then."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.settings import Settings
    from service.visits import Installation


def settings(**given: Any) -> "Settings":
    """Read the settings; raises `FaultySetting`."""
    from service.settings import from_environment

    return from_environment(os.environ, **given)


def installation(chosen: "Settings | None" = None) -> "Installation":
    """Open the installation; as `service.app.open_installation`."""
    from service.app import open_installation

    return open_installation(chosen or settings())


@contextmanager
def opened() -> Iterator["Installation"]:
    """Open the installation and close it again."""
    found = installation()
    try:
        yield found
    finally:
        found.store.close()
