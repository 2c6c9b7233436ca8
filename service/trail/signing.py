"""Signs the trail's end with Ed25519, so that it can be verified by whoever has the public key."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.trail import verify
from service.vault import derive


class Signer:
    """Holds the private key; its text is never shown.

    Parameters
    ----------
    secret
        What the key is derived from, at least 32 characters.
    """

    def __init__(self, secret: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(derive(secret, "trail"))

    def __repr__(self) -> str:
        return f"Signer({self.public_key})"

    @property
    def public_key(self) -> str:
        """The public key, in hexadecimal: 64 characters."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, point: Mapping[str, Any]) -> str:
        """Sign `seq`, `hash` and `at` of an entry; the signature in hexadecimal."""
        return self._key.sign(verify.signed_text(point)).hex()
