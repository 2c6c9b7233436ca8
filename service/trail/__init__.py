"""The trail: who did what to which record, in a chain that shows every change to it. Written with what it tells of."""

from service.trail.chain import Checked, Entry, Sealed, append, change_key, check, export, opened, sealed
from service.trail.signing import Signer

__all__ = ["Checked", "Entry", "Sealed", "Signer", "append", "change_key", "check", "export", "opened", "sealed"]
