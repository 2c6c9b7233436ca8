"""Works a stored suggestion out again, years later, and says whether anything differs."""

from service.replay.again import Replayed, replay

__all__ = ["Replayed", "replay"]
