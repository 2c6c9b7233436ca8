"""How fast one caller may call: a bucket for each account that fills evenly; what it holds can be used at once."""

import threading
import time
from collections.abc import Callable
from math import ceil

from service.errors import TooMany


class Pace:
    """Counts the calls of each account in this process."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._left: dict[str, tuple[float, float]] = {}  # by account: calls left, and when that was so
        self._lock = threading.Lock()

    def take(self, account: str, per_minute: int) -> None:
        """Let one call through.

        Parameters
        ----------
        per_minute
            Calls that an account may make in a minute; 0: as many as it likes.

        Raises
        ------
        TooMany
            There is no call left; the message says when there is one.
        """
        if not per_minute:
            return
        now, each = self._seconds(), 60 / per_minute
        with self._lock:
            left, then = self._left.get(account, (float(per_minute), now))
            left = min(left + (now - then) / each, float(per_minute))
            self._left[account] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise TooMany(f"more than {per_minute} calls a minute", ceil((1 - left) * each))
