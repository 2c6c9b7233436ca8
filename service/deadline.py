"""How long a call may take: what would be done too late is not done at all."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from service.errors import Unavailable

_ends: ContextVar[float] = ContextVar("ends", default=math.inf)  # by `time.monotonic`; commands have no end


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let everything inside, in other threads too, know when it must be done."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def left() -> float:
    """Tell how many seconds are left; infinite where there is no end, 0 where it has passed."""
    return max(_ends.get() - time.monotonic(), 0.0)


def check() -> None:
    """Raise `Unavailable` where the time is over: what is not written yet must not be."""
    if not left():
        raise Unavailable("the call took too long; nothing was written, try again")
