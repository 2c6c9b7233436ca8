"""All that an installation can set, from the environment, in one frozen object."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pathway import shipped
from service.errors import FaultySetting

LEAST_CHARACTERS = 32


def _named(name: str, means: str, read: Callable[[str], Any] = str, secret: bool = False) -> dict[str, Any]:
    return {"name": name, "means": means, "read": read, "secret": secret}


def _whole_or_none(text: str) -> int:
    return 0 if text == "0" else _whole(text)


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


@dataclass(frozen=True)
class Settings:
    """What an installation runs with; `from_environment` reads it, docs/SERVICE.md lists it.

    Secrets can also be named as files: `NAME_FILE` instead of `NAME`.
    """

    database_url: str = field(
        default="sqlite:///pathway.sqlite",
        repr=False,  # it may hold a password
        metadata=_named("PATHWAY_DATABASE_URL", "Database: sqlite:///FILE or postgresql+psycopg://…", secret=True),
    )
    model: Path = field(default_factory=shipped.model, metadata=_named("PATHWAY_MODEL", "Model folder", Path))
    catalogue: Path = field(
        default_factory=shipped.catalogue, metadata=_named("PATHWAY_CATALOGUE", "Catalogue file", Path)
    )
    versions: Path | None = field(
        default=None,
        metadata=_named(
            "PATHWAY_VERSIONS", "Folder that every model and catalogue used is kept in, so that replay works", Path
        ),
    )
    seal_key: str = field(
        default="",
        repr=False,
        metadata=_named(
            "PATHWAY_SEAL_KEY",
            "Keys that case content is sealed with at rest, joined by commas: the first seals, all open; each at least "
            "32 characters",
            secret=True,
        ),
    )
    trail_key: str = field(
        default="",
        repr=False,
        metadata=_named(
            "PATHWAY_TRAIL_KEY",
            "Keys that the trail is signed with, joined by commas: the first is the one to change to; each at least 32 "
            "characters",
            secret=True,
        ),
    )
    checkpoint_file: Path | None = field(
        default=None,
        metadata=_named(
            "PATHWAY_CHECKPOINT_FILE", "File on another disk that each signed checkpoint is added to", Path
        ),
    )
    checkpoint_every: int = field(
        default=100, metadata=_named("PATHWAY_CHECKPOINT_EVERY", "Trail entries between two checkpoints", _whole)
    )
    max_body_bytes: int = field(
        default=1_000_000, metadata=_named("PATHWAY_MAX_BODY_BYTES", "Largest request body, in bytes", _whole)
    )
    max_answers: int = field(default=5_000, metadata=_named("PATHWAY_MAX_ANSWERS", "Most answers in one case", _whole))
    max_participations: int = field(
        default=500, metadata=_named("PATHWAY_MAX_PARTICIPATIONS", "Most participations in one case", _whole)
    )
    plans_at_once: int = field(
        default=2, metadata=_named("PATHWAY_PLANS_AT_ONCE", "Suggestions worked on at once in a process", _whole)
    )
    plan_wait_seconds: int = field(
        default=20,
        metadata=_named("PATHWAY_PLAN_WAIT_SECONDS", "Longest that a request waits for its turn to be planned", _whole),
    )
    call_seconds: int = field(
        default=50,
        metadata=_named(
            "PATHWAY_CALL_SECONDS", "Longest that a call may take; what is not done by then is not done at all", _whole
        ),
    )
    calls_per_minute: int = field(
        default=1_200,
        metadata=_named(
            "PATHWAY_CALLS_PER_MINUTE",
            "Calls a minute that one caller may make in a process; 0: any",
            _whole_or_none,
        ),
    )
    database_wait_seconds: int = field(
        default=5,
        metadata=_named("PATHWAY_DATABASE_WAIT_SECONDS", "Longest that a request waits for the database", _whole),
    )
    idempotency_hours: int = field(
        default=24, metadata=_named("PATHWAY_IDEMPOTENCY_HOURS", "How long an Idempotency-Key is kept", _whole)
    )
    token_minutes: int = field(
        default=60, metadata=_named("PATHWAY_TOKEN_MINUTES", "Life of an OAuth2 access token", _whole)
    )
    session_idle_minutes: int = field(
        default=30, metadata=_named("PATHWAY_SESSION_IDLE_MINUTES", "A login ends after so long unused", _whole)
    )
    session_hours: int = field(
        default=8, metadata=_named("PATHWAY_SESSION_HOURS", "A login ends after so long, used or not", _whole)
    )
    public_url: str = field(
        default="http://127.0.0.1:8000", metadata=_named("PATHWAY_PUBLIC_URL", "Address that browsers and systems use")
    )
    contact_name: str = field(
        default="Pathway Generator", metadata=_named("PATHWAY_CONTACT_NAME", "Who answers for the API")
    )
    contact_email: str = field(
        default="", metadata=_named("PATHWAY_CONTACT_EMAIL", "Address of who answers for the API")
    )
    oidc_issuer: str = field(
        default="", metadata=_named("PATHWAY_OIDC_ISSUER", "OpenID Connect provider; empty: people cannot log in")
    )
    oidc_client_id: str = field(
        default="", metadata=_named("PATHWAY_OIDC_CLIENT_ID", "This installation's id at the provider")
    )
    oidc_client_secret: str = field(
        default="",
        repr=False,
        metadata=_named("PATHWAY_OIDC_CLIENT_SECRET", "This installation's secret at the provider", secret=True),
    )
    oidc_user_claim: str = field(default="sub", metadata=_named("PATHWAY_OIDC_USER_CLAIM", "Claim that says who it is"))
    oidc_unit_claim: str = field(
        default="unit", metadata=_named("PATHWAY_OIDC_UNIT_CLAIM", "Claim that says which unit")
    )
    oidc_role_claim: str = field(
        default="roles", metadata=_named("PATHWAY_OIDC_ROLE_CLAIM", "Claim that says which role or roles")
    )
    oidc_roles: str = field(
        default="",
        metadata=_named(
            "PATHWAY_OIDC_ROLES", "Roles by the provider's words: word=role, joined by commas; empty: the same words"
        ),
    )
    oidc_least_acr: str = field(
        default="",
        metadata=_named("PATHWAY_OIDC_ACR", "Levels of assurance that are enough (acr), joined by commas; empty: any"),
    )
    log_level: str = field(default="info", metadata=_named("PATHWAY_LOG_LEVEL", "debug, info, warning or error"))
    demo: bool = False

    def __post_init__(self) -> None:
        for name, key in (("PATHWAY_SEAL_KEY", self.seal_key), ("PATHWAY_TRAIL_KEY", self.trail_key)):
            if any(len(part) < LEAST_CHARACTERS for part in _split(key)):
                raise FaultySetting(
                    f"{name} is missing or shorter than {LEAST_CHARACTERS} characters; set it, or {name}_FILE to a "
                    "file that holds it (openssl rand -hex 32 makes a good one)"
                )

    @property
    def seal_keys(self) -> tuple[str, ...]:
        """The keys that content is sealed with; the first seals."""
        return _split(self.seal_key)

    @property
    def trail_keys(self) -> tuple[str, ...]:
        """The keys that the trail may be signed with; the first is the one to use."""
        return _split(self.trail_key)


def _split(keys: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in keys.split(","))


def names() -> dict[str, str]:
    """Give what can be set in the environment, each with what it means."""
    return {one.metadata["name"]: one.metadata["means"] for one in dataclasses.fields(Settings) if one.metadata}


def from_environment(environment: Mapping[str, str], **given: Any) -> Settings:
    """Read the settings.

    Parameters
    ----------
    given
        Fields that do not come from the environment, or go before it.

    Raises
    ------
    FaultySetting
        A setting is missing or breaks a rule; the message never holds what was set.
    """
    values: dict[str, Any] = {}
    for one in dataclasses.fields(Settings):
        if not one.metadata or one.name in given:
            continue
        name = cast(str, one.metadata["name"])
        text = _secret_text(name, environment) if one.metadata["secret"] else environment.get(name, "").strip()
        if text:
            try:
                values[one.name] = one.metadata["read"](text)
            except ValueError:
                raise FaultySetting(f"{name}: must be a whole number of at least 1; see docs/SERVICE.md") from None
    return Settings(**(values | given))


def _secret_text(name: str, environment: Mapping[str, str]) -> str:
    given, path = environment.get(name, "").strip(), environment.get(f"{name}_FILE", "").strip()
    if given and path:
        raise FaultySetting(f"{name} and {name}_FILE are both set; take one of them away")
    if not path:
        return given
    try:
        return Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise FaultySetting(f"the file that {name}_FILE names cannot be read as text; check path and rights") from None
