"""One visit of a caller: one transaction, in which all that it did is told to the trail."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from service import clock, deadline, trail
from service.access.callers import OPERATOR, Caller
from service.access.pace import Pace
from service.errors import NotFound
from service.planning import Planning
from service.settings import Settings
from service.store import Connection, Store
from service.store import suggestions as stored
from service.trail import Entry, Signer
from service.vault import Vault

_log = structlog.get_logger("service.checkpoints")


@dataclass
class Visit:
    """What a caller does within one transaction.

    Attributes
    ----------
    moment
        When it began; the same for all that is written.
    trace
        Id of the call that it belongs to (W3C trace context), 32 hexadecimal characters.
    """

    connection: Connection
    caller: Caller
    trace: str
    moment: datetime
    installation: "Installation"
    told: list[Entry] = field(default_factory=list)

    @property
    def vault(self) -> Vault:
        """What seals and opens."""
        return self.installation.vault

    @property
    def planning(self) -> Planning:
        """Model, catalogue and desk."""
        return self.installation.planning

    @property
    def at(self) -> str:
        """The moment as text."""
        return clock.text(self.moment)

    @property
    def today(self) -> str:
        """The day in Sweden, as text."""
        return clock.day(self.moment).isoformat()

    def tell(self, action: str, **about: Any) -> None:
        """Note for the trail what was done; fields as `service.trail.Entry`."""
        self.told.append(Entry(action, **about))

    def keep(self, data: Any, case_id: str) -> str:
        """Keep what was shown or said about a case; its hash, for the trail."""
        kept = trail.sealed(data, self.vault)
        stored.add_content(
            self.connection, sha256=kept.sha256, case_id=case_id, salt=kept.salt, sealed=kept.sealed, created_at=self.at
        )
        return kept.sha256

    def kept(self, sha256: str) -> Any:
        """Give again what was shown or said; raises `NotFound` where it was erased."""
        return json.loads(self.kept_text(sha256))

    def kept_text(self, sha256: str) -> str:
        """Give again what was shown or said, as the JSON that its hash is of; as `kept`."""
        row = stored.content(self.connection, sha256)
        if row is None:
            raise NotFound("what was shown has been erased")
        return trail.opened(row, self.vault)


@dataclass(frozen=True)
class Installation:
    """All that calls share: settings, database, keys, model and clock."""

    settings: Settings
    store: Store
    vault: Vault
    signer: Signer
    planning: Planning
    now: Callable[[], datetime] = clock.now
    pace: Pace = field(default_factory=Pace)
    _file_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def at(self) -> str:
        """Tell the present moment as text."""
        return clock.text(self.now())

    @staticmethod
    def new_trace() -> str:
        """Begin a trace, for what is done without a call."""
        return secrets.token_hex(16)

    @contextmanager
    def visit(self, caller: Caller, trace: str) -> Iterator[Visit]:
        """Let a caller do things: all of it is done and told, or nothing.

        Raises
        ------
        Unavailable
            The database does not answer, or the call's time is over; nothing was done.
        """
        with self.store.writing() as connection:
            visit = Visit(connection, caller, trace, self.now(), self)
            yield visit
            deadline.check()
            point = self._told(visit)
        if point is not None:
            self._show(point)

    @contextmanager
    def look(self, caller: Caller, trace: str) -> Iterator[Visit]:
        """Let a caller prepare something: nothing is written, so nothing of it may be shown.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        with self.store.reading() as connection:
            visit = Visit(connection, caller, trace, self.now(), self)
            yield visit
            if visit.told:
                raise ValueError("what is told must be written: use visit()")

    def _told(self, visit: Visit) -> dict[str, Any] | None:
        if not visit.told:
            return None
        about = {"actor": visit.caller.plain(), "trace": visit.trace}
        every = self.settings.checkpoint_every
        # The head is locked by the last statements of a transaction, so that nobody waits for long or in a circle.
        return trail.append(visit.connection, visit.told, about, visit.at, self.signer, every)

    def change_trail_key(self) -> None:
        """Let the first trail key of the settings sign from now on; as `service.trail.change_key`."""
        about = {"actor": OPERATOR.plain(), "trace": self.new_trace()}
        with self.store.writing() as connection:
            point = trail.change_key(connection, about, self.at(), self.signer)
        self._show(point)

    def _show(self, point: dict[str, Any]) -> None:
        """Put a checkpoint where a change of the database does not reach: the log, and a file if one is set."""
        _log.info("checkpoint", **point)
        if self.settings.checkpoint_file is None:
            return
        try:
            with self._file_lock, self.settings.checkpoint_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": "checkpoint", **point}) + "\n")
        except OSError as error:  # what it tells of is done; the log has the checkpoint
            _log.error("checkpoint file cannot be written", reason=error.strerror)
