"""Signs a released model folder with Ed25519, and tells whether a folder is what the holder of a key released."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pathway.errors import FaultyModelFolder, NoKey, UnreadableFile
from pathway.modelfolder.folder import read
from pathway.modelfolder.model import MANIFEST, as_json
from pathway.reading import readable

RELEASE, SIGNATURE = "release.json", "signature.json"
KEY_FILE = "PATHWAY_RELEASE_KEY_FILE"


class Signer:
    """Holds a private key; its text is never shown."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"Signer({self.public_key})"

    @classmethod
    def of_file(cls, path: Path | None = None) -> "Signer":
        """Read a private key (PEM); by default from the file that ``PATHWAY_RELEASE_KEY_FILE`` names.

        Raises
        ------
        NoKey
            No file is named, or it holds no Ed25519 key without a password.
        UnreadableFile
            It cannot be read.
        """
        named = path or (Path(os.environ[KEY_FILE]) if os.environ.get(KEY_FILE) else None)
        if named is None:
            raise NoKey(f"a release is signed: make a key with pathway model key FILE, and name it in {KEY_FILE}")
        with readable(named):
            text = named.read_bytes()
        try:
            key = load_pem_private_key(text, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise NoKey(f"{named}: holds no Ed25519 private key (PEM, without password); make one: pathway model key")
        return cls(key)

    @property
    def public_key(self) -> str:
        """The public key, in hexadecimal: 64 characters."""
        return self._key.public_key().public_bytes_raw().hex()

    def signed(self, manifest: str, release: dict[str, Any]) -> dict[str, str]:
        """Give the files of a release, text by name: what was decided of the model with this manifest, and signature.

        The manifest holds the checksums of all other files, so whoever trusts the key can trust them all.
        """
        told = as_json(release | {"manifest_sha256": hashlib.sha256(manifest.encode()).hexdigest()})
        signature = {
            "algorithm": "Ed25519",
            "public_key": self.public_key,
            "signature": self._key.sign(told.encode()).hex(),
        }
        return {RELEASE: told, SIGNATURE: as_json(signature)}


def make_key(path: Path) -> Signer:
    """Make a private key in a new file that only its owner can read.

    Raises
    ------
    UnreadableFile
        There is a file already, or it cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except FileExistsError:
        raise UnreadableFile(f"{path}: is there already; a key is never overwritten, choose another name") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be written ({error.strerror}); check space and permissions") from None
    return Signer(key)


def verify(folder: Path, public_key: str) -> dict[str, Any]:
    """Tell what was decided of a released model, after checking signature and every checksum.

    Parameters
    ----------
    public_key
        In hexadecimal, had from whoever releases models and not from the folder.

    Raises
    ------
    FaultyModelFolder
        The folder is not signed, not with this key, or was altered.
    """
    try:
        told = (folder / RELEASE).read_bytes()
        signature = json.loads((folder / SIGNATURE).read_text(encoding="utf-8"))
        if signature["public_key"] != public_key.lower():
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature["signature"]), told
        )
        release: dict[str, Any] = json.loads(told)
        whole = release["manifest_sha256"] == hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except (OSError, KeyError, TypeError, ValueError):
        raise FaultyModelFolder(
            f"{folder}: is not a signed model folder, or the public key is not 64 hexadecimal characters; "
            "give the folder that pathway model release wrote"
        ) from None
    except InvalidSignature:
        raise FaultyModelFolder(
            f"{folder}: was not released with this key, or was altered after; do not use the model"
        ) from None
    if not whole:
        raise FaultyModelFolder(f"{folder}: {MANIFEST} was altered after the release; do not use the model")
    read(folder)
    return release
