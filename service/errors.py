"""Every way the service can refuse, as one tree under the library's own.

::

    PathwayError
    ├── FaultySetting            a setting in the environment is missing or breaks a rule
    ├── WrongDatabase            the database is of another kind or version than this start needs
    ├── BrokenTrail              the trail does not verify
    ├── WrongVersion             the model or catalogue of a suggestion is not kept any more
    ├── NotTheSame               a suggestion that is worked out again is another
    └── Refusal                  a request that is answered with a problem (RFC 9457); `status` is its HTTP status
        ├── Malformed            400  not JSON, or no request that can be read
        ├── Unauthenticated      401  nobody known
        ├── Forbidden            403  known, but the role may not
        ├── NotFound             404  not there, or not for this unit to see
        ├── Conflict             409  what is there says no
        │   ├── AlreadyDecided   a suggestion has one decision
        │   └── Stopped          suggestions are turned off
        ├── Changed              412  somebody changed it in between
        ├── TooLarge             413
        ├── WrongMedia           415
        ├── Faulty               422  read, but breaks a rule
        ├── Unconditional        428  If-Match is needed
        ├── TooMany              429  faster than the service lets anybody
        └── Unavailable          503  database gone, model missing, or too much to do; may be tried again

No message repeats the content of a field: it may hold a personnummer.
"""

from typing import ClassVar

from pathway.errors import PathwayError


class FaultySetting(PathwayError):
    """A setting in the environment is missing or breaks a rule; the message names it."""

    code = "faulty_setting"


class WrongDatabase(PathwayError):
    """The database is of another kind or version than this start needs."""

    code = "wrong_database"


class BrokenTrail(PathwayError):
    """The trail does not verify; the message says where."""

    code = "broken_trail"


class WrongVersion(PathwayError):
    """What a suggestion was made with is not kept, or no longer what it was; the message names it."""

    code = "wrong_version"


class NotTheSame(PathwayError):
    """A suggestion that was worked out again differs from what was shown; the message says how to see where."""

    code = "not_the_same"


class Refusal(PathwayError):
    """A request that is refused.

    Attributes
    ----------
    status
        HTTP status of the answer.
    title, title_sv
        What kind of refusal it is, the same each time, in English and in Swedish.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be read"
    title_sv: ClassVar[str] = "Anropet går inte att läsa"


class Malformed(Refusal):
    """The request cannot be read."""

    code = "malformed"


class Unauthenticated(Refusal):
    """Nobody is known by what the request carries."""

    code, status = "unauthenticated", 401
    title, title_sv = "Not logged in", "Inte inloggad"


class Forbidden(Refusal):
    """The role does not allow this."""

    code, status = "forbidden", 403
    title, title_sv = "Not allowed for this role", "Rollen får inte göra detta"


class NotFound(Refusal):
    """It is not there, or not for this unit to see: the two cannot be told apart."""

    code, status = "not_found", 404
    title, title_sv = "Not found", "Finns inte"


class Conflict(Refusal):
    """What is there already says no."""

    code, status = "conflict", 409
    title, title_sv = "In conflict with what is there", "Stämmer inte med det som redan finns"


class AlreadyDecided(Conflict):
    """A suggestion has one decision and no more."""

    code = "already_decided"
    title, title_sv = "Already decided", "Ställningstagande finns redan"


class Stopped(Conflict):
    """Suggestions are turned off for the unit or the model."""

    code = "stopped"
    title, title_sv = "Suggestions are turned off", "Förslag är avstängda"


class Changed(Refusal):
    """Somebody changed it since it was read."""

    code, status = "changed", 412
    title, title_sv = "Changed in between", "Ändrat under tiden"


class TooLarge(Refusal):
    """The body is larger than the service takes."""

    code, status = "too_large", 413
    title, title_sv = "Too large", "För stort"


class WrongMedia(Refusal):
    """The body is not of a kind that is read here."""

    code, status = "wrong_media", 415
    title, title_sv = "Not JSON", "Inte JSON"


class Faulty(Refusal):
    """The request can be read but breaks a rule; the message names field and rule."""

    code, status = "faulty", 422
    title, title_sv = "Breaks a rule", "Följer inte reglerna"


class Unconditional(Refusal):
    """A change needs the version that it changes."""

    code, status = "unconditional", 428
    title, title_sv = "If-Match is needed", "If-Match behövs"


class TooMany(Refusal):
    """The caller calls faster than the service lets anybody.

    Attributes
    ----------
    seconds
        When to call again.
    """

    code, status = "too_many", 429
    title, title_sv = "Too many calls", "För många anrop"

    def __init__(self, rule: str, seconds: int) -> None:
        super().__init__(f"{rule}; call again in {seconds} seconds")
        self.seconds = seconds


class Unavailable(Refusal):
    """The service cannot answer now; the same request may be sent again."""

    code, status = "unavailable", 503
    title, title_sv = "Not available now", "Inte tillgänglig just nu"
