"""Keeps suggestions that were opened lately, laid out: what is frozen needs to be laid out once."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pathway.case import Case
from pathway.plan import Suggestion
from pathway.printout.shapes import Sheet


@dataclass(frozen=True)
class Laid:
    """What a frozen suggestion comes to in one language; the same for everybody who may see it.

    Attributes
    ----------
    case
        What it was made for; for an auditor under the pseudonym.
    replaces
        Id of the open suggestion that it came after, if there was one.
    """

    suggestion: Suggestion
    case: Case
    sheet: Sheet
    replaces: str | None


@dataclass
class Shelf:
    """Keeps the suggestions that were opened last, laid out, for a while.

    What is kept hangs on hashes of what was shown. Whoever wants it has read that text in the same visit, past every
    check and into the trail, so nobody gets from here what they may not see, nor what was erased.

    Attributes
    ----------
    room
        How many are kept; each takes about 1.5 MB.
    life
        How long one is kept: what another door erased is gone from memory, too, when the next is opened after that.
    """

    room: int = 8
    life: timedelta = timedelta(minutes=15)
    _laid: OrderedDict[tuple[str, ...], tuple[datetime, Laid]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, key: tuple[str, ...], now: datetime) -> Laid | None:
        """Give what is kept under a key, after everything too old has been dropped."""
        with self._lock:
            while self._laid and next(iter(self._laid.values()))[0] <= now - self.life:
                self._laid.popitem(last=False)
            found = self._laid.get(key)
        return None if found is None else found[1]

    def clear(self) -> None:
        """Forget everything: something was erased."""
        with self._lock:
            self._laid.clear()

    def put(self, key: tuple[str, ...], now: datetime, laid: Laid) -> None:
        """Keep something; the oldest makes room."""
        with self._lock:
            self._laid[key] = now, laid
            self._laid.move_to_end(key)
            while len(self._laid) > self.room:
                self._laid.popitem(last=False)
