"""Puts the application together: the API under /api/v1, metrics and pages beside it, the gate around everything."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from service import clock, doors, logs, planning, state
from service.api import cases, document, oversight, problems, reference, suggestions
from service.api.gate import Gate
from service.metrics import Metrics
from service.pages import site
from service.settings import Settings
from service.store import Store, connect, migration
from service.trail import Signer
from service.vault import Vault
from service.visits import Installation

if TYPE_CHECKING:
    from service.access.provider import Provider

LEAST_TO_COMPRESS = 1000  # bytes below which gzip does not pay


def open_installation(settings: Settings, store: Store | None = None) -> Installation:
    """Open database, keys and model.

    Parameters
    ----------
    store
        A database that is open already; otherwise the one that the settings name is opened and brought up to date.

    Raises
    ------
    PathwayError
        The database cannot be opened, or is of another kind.
    """
    if store is None:
        store = connect(settings.database_url, settings.database_wait_seconds)
        migration.move(store)
    return Installation(
        settings=settings,
        store=store,
        vault=Vault(settings.seal_keys),
        signer=Signer(settings.trail_keys),
        planning=planning.load(settings),
        now=clock.now,
    )


def create(installation: Installation) -> ASGIApp:
    """Make the application of an installation."""
    metrics = Metrics()
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan)
    app.state.installation, app.state.provider = installation, _provider(installation.settings)
    problems.handle_in(app)
    app.mount("/api/v1", create_api(installation))
    app.include_router(doors.router)

    @app.get("/metrics")
    def read_metrics(request: Request) -> Response:
        return PlainTextResponse(metrics.text(state.is_ready(installation)), media_type="text/plain; version=0.0.4")

    site.mount_on(app, installation)
    compressed = GZipMiddleware(app, minimum_size=LEAST_TO_COMPRESS, compresslevel=1)
    return Gate(compressed, installation.settings, metrics)


def _provider(settings: Settings) -> "Provider | None":
    if not settings.oidc_issuer:
        return None
    from service.access.provider import Provider  # costs a quarter of a second that others need not wait

    return Provider(settings)


def create_api(installation: Installation) -> FastAPI:
    """Make the API alone, as it is mounted at /api/v1."""
    api = FastAPI(
        docs_url=None, redoc_url=None, redirect_slashes=False, openapi_url="/openapi.json", root_path_in_servers=False
    )
    api.state.installation = installation
    problems.handle_in(api)
    for room in (cases, suggestions, reference, oversight):
        api.include_router(room.router)
    lock, written = threading.Lock(), dict[str, Any]()

    def openapi() -> dict[str, Any]:
        with lock:
            if not written:
                instrument = None if installation.planning.lacking else installation.planning.instrument
                written.update(document.write(api, installation.settings, instrument))
        return written

    api.openapi = openapi  # type: ignore[method-assign]
    return api


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    usual = gc.get_threshold()
    gc.freeze()  # what was read at the start stays; walking through it again and again made single answers late
    gc.set_threshold(200_000, 5, 20)  # more than one suggestion takes to lay out: not in the middle of an answer
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)
    app.state.installation.store.close()


def start_logging(settings: Settings) -> None:
    """Begin to log as the settings say."""
    logs.set_up(settings.log_level)
