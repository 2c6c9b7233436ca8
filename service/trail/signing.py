"""Signs the trail's end with Ed25519, so that it can be verified by whoever has the public key."""

from collections.abc import Mapping
from functools import cached_property
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
        self._known = (b"", "")  # the last end that was signed or found right, so that it is not worked out again

    def __repr__(self) -> str:
        return f"Signer({self.public_key})"

    @cached_property
    def public_key(self) -> str:
        """The public key, in hexadecimal: 64 characters."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, point: Mapping[str, Any]) -> str:
        """Sign `seq`, `hash` and `at` of an entry; the signature in hexadecimal."""
        text = verify.signed_text(point)
        signature = self._key.sign(text).hex()
        self._known = (text, signature)
        return signature

    def has_signed(self, point: Mapping[str, Any]) -> bool:
        """Tell whether a point is signed with this key."""
        told = (verify.signed_text(point), str(point["signature"]))
        if told != self._known:
            if not verify.is_signed(point, self.public_key):
                return False
            self._known = told
        return True
