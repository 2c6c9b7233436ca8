"""The trail: who did what to which record, in a chain that shows every change to it. Written with what it tells of."""

from service.trail.chain import Entry, Sealed, append, check, export, opened, sealed
from service.trail.signing import Signer

__all__ = ["Entry", "Sealed", "Signer", "append", "check", "export", "opened", "sealed"]
