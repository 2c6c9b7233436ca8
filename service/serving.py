"""Listens on an address and serves an installation there until it is told to stop; calls under way are finished."""

import gc
import logging
import socket

import uvicorn

from service import app
from service.errors import FaultySetting
from service.visits import Installation

FINISH_SECONDS = 30  # longest that calls under way are waited for at a stop


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Take an address; the socket, and the address as a browser writes it.

    Raises
    ------
    FaultySetting
        The address is taken, or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, or asyncio does not see that it is TCP and lets the system hold small packets back for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()  # whoever comes before the application is ready waits, and is not turned away
    except OSError as error:
        listening.close()
        raise FaultySetting(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port") from None
    name = f"[{host}]" if family == socket.AF_INET6 else host
    return listening, f"http://{name}:{listening.getsockname()[1]}"


def serve(installation: Installation, listening: socket.socket) -> None:
    """Serve until a signal says stop."""
    app.start_logging(installation.settings)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # the gate tells of mistakes, without tracebacks
    config = uvicorn.Config(
        app.create(installation),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    gc.collect()
    gc.freeze()  # model and modules stay for good: looking through them again and again would hold calls up
    uvicorn.Server(config).run(sockets=[listening])
