"""Seals what must not be read in the database, and finds cases by number without keeping the number readable."""

import hmac
import json
import os
import zlib
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pathway.pseudonym import letters
from service.errors import WrongDatabase

_ID_BYTES, _NONCE_BYTES = 4, 12


def derive(secret: str, purpose: str) -> bytes:
    """Make 32 bytes from a secret for one purpose (HKDF-SHA-256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=f"pathway {purpose}".encode()).derive(secret.encode())


class Vault:
    """Seals and opens plain data with AES-256-GCM.

    Parameters
    ----------
    secrets
        The first seals, each opens: a key is changed by putting the new one first.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = {derive(secret, "key id")[:_ID_BYTES]: AESGCM(derive(secret, "seal")) for secret in secrets}
        self._lookups = [derive(secret, "lookup") for secret in secrets]

    def __repr__(self) -> str:
        return f"Vault({len(self._keys)} keys)"

    def seal(self, data: Any, place: str) -> bytes:
        """Seal plain data; as `seal_text`."""
        return self.seal_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), place)

    def open(self, sealed: bytes, place: str) -> Any:
        """Open plain data that was sealed for this place; as `open_text`."""
        return json.loads(self.open_text(sealed, place))

    def seal_text(self, text: str, place: str) -> bytes:
        """Seal a text.

        Parameters
        ----------
        place
            Where it will lie; what is moved elsewhere cannot be opened.
        """
        key_id, key = next(iter(self._keys.items()))
        nonce = os.urandom(_NONCE_BYTES)
        return key_id + nonce + key.encrypt(nonce, zlib.compress(text.encode(), 1), place.encode())

    def open_text(self, sealed: bytes, place: str) -> str:
        """Open a text that was sealed for this place.

        Raises
        ------
        WrongDatabase
            It was sealed with a key that is not here, was altered, or lies in another place than it was sealed for.
        """
        key = self._keys.get(sealed[:_ID_BYTES])
        body = sealed[_ID_BYTES:]
        try:
            if key is None:
                raise InvalidTag
            packed = key.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise WrongDatabase(
                "sealed content cannot be opened: it was altered, or PATHWAY_SEAL_KEY lacks the key that sealed it"
            ) from None
        return zlib.decompress(packed).decode()

    def lookups(self, number: str) -> list[str]:
        """Give what a case number is found by, one per key; the first is what new rows keep."""
        return [letters(hmac.digest(key, number.encode(), "sha256")) for key in self._lookups]
