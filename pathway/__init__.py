"""Suggests rehabilitation pathways learned from BIP progression; the handläggare decides."""

__version__ = "0.1.0"
