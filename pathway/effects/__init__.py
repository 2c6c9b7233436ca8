"""What an insats, alone and beside others, is expected to add for a client: the effect engine."""

from pathway.effects.gain_model import GainModel

__all__ = ["GainModel"]
