"""Signs the trail's end with Ed25519, so that it can be verified by whoever has the public key."""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.trail import verify
from service.vault import derive


class Signer:
    """Holds the private keys; their text is never shown.

    Parameters
    ----------
    secrets
        What the keys are derived from, at least 32 characters each. The first is the one to use; a trail that another
        one signs goes on with that one, until its key is changed (`service.trail.change_key`).
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [Ed25519PrivateKey.from_private_bytes(derive(secret, "trail")) for secret in secrets]
        self._keys = {key.public_key().public_bytes_raw().hex(): key for key in keys}
        self._known = (b"", "", "")  # the last end that was signed or found right, so that it is not worked out again

    def __repr__(self) -> str:
        return f"Signer({', '.join(self._keys)})"

    @property
    def public_key(self) -> str:
        """The public key to use, in hexadecimal: 64 characters."""
        return next(iter(self._keys))

    def sign(self, point: Mapping[str, Any], public_key: str) -> str:
        """Sign `seq`, `hash` and `at` of an entry with one of the keys; the signature in hexadecimal."""
        text = verify.signed_text(point)
        signature = self._keys[public_key].sign(text).hex()
        self._known = (text, signature, public_key)
        return signature

    def key_of(self, head: Mapping[str, Any]) -> str | None:
        """Tell which of the keys signed the trail's end, and so signs on: the first where it is empty, perhaps none."""
        if not head["seq"]:
            return self.public_key
        known, told = self._known, (verify.signed_text(head), str(head["signature"]))
        if told == known[:2]:
            return known[2]
        found = next((key for key in self._keys if verify.is_signed(head, key)), None)
        if found is not None:
            self._known = (*told, found)
        return found
