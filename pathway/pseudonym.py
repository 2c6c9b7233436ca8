"""The only room that holds the key or sees an identity: turns personnummer and local numbers into pseudonyms."""

import hmac
import os
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from stdnum import luhn
from stdnum.se import personnummer

from pathway.errors import NoKey

LEAST_CHARACTERS = 32
REMEDY = "set PATHWAY_KEY, or PATHWAY_KEY_FILE to a file that holds it (openssl rand -hex 32 makes a good one)"

Refusal = Literal["missing_value", "too_long", "wrong_check_digit", "digits_lost"]

_LONGEST = 100
_PERSON = re.compile(
    r"(?P<century>18|19|20)?(?P<year>\d\d)[- ]?(?P<month>\d\d)[- ]?(?P<day>\d\d) ?(?P<mark>[-+]?) ?(?P<last>\d{4})"
)
_SPREADSHEET_ROUNDED = re.compile(r"\d([.,]\d+)?e\+?\d+")  # 1,98112E+11: the last digits are gone for good
_SPREADSHEET_FLOAT = re.compile(r"(\d+)[.,]0+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_RUN = 6  # so many digits in a row that are the person's own are no coincidence


def letters(digest: bytes) -> str:
    """Write bytes as letters a–p, two a byte, so that no fragment of a number can occur in the text by chance."""
    return digest.hex().translate(_LETTERS)


class Key:
    """A secret key, and the pseudonyms it gives; its text is never shown.

    Parameters
    ----------
    secret
        At least 32 characters; the key is their UTF-8 bytes, blanks around them apart.

    Raises
    ------
    NoKey
        The secret is shorter.
    """

    __slots__ = ("_secret", "id")

    def __init__(self, secret: str) -> None:
        secret = secret.strip()
        if len(secret) < LEAST_CHARACTERS:
            raise NoKey(f"the pseudonymisation key is shorter than {LEAST_CHARACTERS} characters; {REMEDY}")
        self._secret = secret.encode()
        self.id = self._letters("key id", "")[:6]

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def __reduce__(self) -> str:
        raise TypeError("a key is never written anywhere")

    def client(self, text: str, on: date) -> tuple[str, Refusal | None]:
        """Give the pseudonym of a client, the same for every spelling of one person.

        Parameters
        ----------
        text
            Personnummer or samordningsnummer, with or without century and separator (``-``, ``+`` or a blank); anything
            else is a local number, of which blanks and case do not count.
        on
            The day of the import; settles the century where none is given, as folkbokföringslagen 18 § does.

        Returns
        -------
        tuple
            The pseudonym and ``None``; or an empty text and why there is none.
        """
        plain = _plain(text)
        if refusal := _unusable(plain):
            return "", refusal
        person = _person(plain, on)
        if person == "wrong_check_digit":
            return "", "wrong_check_digit"
        return self._pseudonym("client", person or f"local {plain}"), None

    def caseworker(self, text: str, on: date) -> tuple[str, Refusal | None]:
        """Give the pseudonym of a caseworker, unlike the one that the same person has as a client; as `client`.

        An employee number may look like a personnummer, so a wrong check digit makes it a local number.
        """
        plain = _plain(text)
        if refusal := _unusable(plain):
            return "", refusal
        person = _person(plain, on)
        known = person if person != "wrong_check_digit" else None
        return self._pseudonym("caseworker", known or f"local {plain}"), None

    def _pseudonym(self, domain: str, identity: str) -> str:
        return f"{self.id}-{self._letters(domain, identity)[:26]}"

    def _letters(self, domain: str, text: str) -> str:
        return letters(hmac.digest(self._secret, f"{domain}\0{text}".encode(), "sha256"))


def key_from(environment: Mapping[str, str] = os.environ) -> Key:
    """Take the key from ``PATHWAY_KEY``, or else from the file that ``PATHWAY_KEY_FILE`` names.

    Raises
    ------
    NoKey
        Neither is set, the file cannot be read, or the key is too short.
    """
    if environment.get("PATHWAY_KEY", "").strip():
        return Key(environment["PATHWAY_KEY"])
    if not environment.get("PATHWAY_KEY_FILE", "").strip():
        raise NoKey(f"there is no pseudonymisation key; {REMEDY}")
    try:
        secret = Path(environment["PATHWAY_KEY_FILE"].strip()).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise NoKey("the file that PATHWAY_KEY_FILE names cannot be read as text; check path and rights") from None
    return Key(secret)


def looks_like_identity(text: str, on: date) -> bool:
    """Tell whether a personnummer or samordningsnummer, with a right check digit or not, stands somewhere in a text."""
    together = re.sub(r"(?<=\d)[-+ ]+(?=\d)", "", _plain(text))
    return any(_person(run[at : at + 10], on) for run in re.findall(r"\d{10,}", together) for at in range(len(run) - 9))


def gives_away(identity: str, text: str) -> bool:
    """Tell whether a text repeats six or more digits in a row of the identity beside it."""
    own, other = re.sub(r"\D", "", identity), re.sub(r"[-+ ]", "", text)
    return any(own[at : at + _RUN] in other for at in range(len(own) - _RUN + 1))


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).strip().casefold()
    if number := _SPREADSHEET_FLOAT.fullmatch(text):
        text = number[1]
    return " ".join(text.split())


def _unusable(plain: str) -> Refusal | None:
    if not plain:
        return "missing_value"
    if len(plain) > _LONGEST:
        return "too_long"
    return "digits_lost" if _SPREADSHEET_ROUNDED.fullmatch(plain) else None


def _person(plain: str, on: date) -> str | None:
    """Return the twelve digits, ``wrong_check_digit``, or ``None`` where the text is no such number."""
    if re.fullmatch(r"\d{8,9}", plain):  # a spreadsheet dropped the zeros that the years 00–09 begin with
        found = _person(plain.zfill(10), on)
        return None if found == "wrong_check_digit" else found
    parts = _PERSON.fullmatch(plain)
    if not parts:
        return None
    century = parts["century"] or _century(parts, on)
    born = _born(century + parts["year"], parts["month"], parts["day"], on)
    if not born:
        return None
    ten = parts["year"] + parts["month"] + parts["day"] + parts["last"]
    coordination = int(parts["day"]) > 60  # samordningsnummer: the library knows its check digit, not its day
    valid = luhn.is_valid(ten) if coordination else personnummer.is_valid(f"{century}{ten[:6]}-{ten[6:]}")
    return century + ten if valid else "wrong_check_digit"


def _century(parts: re.Match[str], on: date) -> str:
    """Return the century that makes the person less than a hundred years old, or with a plus at least that."""
    born_this_century = _born(f"{on.year // 100}{parts['year']}", parts["month"], parts["day"], on)
    back = (0 if born_this_century else 1) + (1 if parts["mark"] == "+" else 0)
    return str(on.year // 100 - back)


def _born(year: str, month: str, day: str, on: date) -> date | None:
    """Return the birth date that the digits say, if there is such a day, and it is not after ``on``."""
    number = int(day) - 60 if int(day) > 60 else int(day)
    try:
        born = date(int(year), int(month), number)
    except ValueError:
        return None
    return born if born <= on else None
