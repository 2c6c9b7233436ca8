"""People log in at an OpenID Connect provider: code flow with PKCE; claims say who, which unit, which role."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service import clock
from service.access import callers
from service.access.callers import Caller, hashed
from service.access.roles import IN_A_UNIT, ROLES, Role
from service.errors import Forbidden, Unauthenticated, Unavailable
from service.settings import Settings
from service.store import accounts
from service.visits import Installation

LOGIN_MINUTES = 10  # longest between leaving for the provider and coming back
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
_SECONDS = 10  # longest that the provider is waited for
_LEEWAY = 60  # seconds by which two clocks may differ


@dataclass(frozen=True)
class Person:
    """Who the provider says it is.

    Attributes
    ----------
    subject
        What tells the person apart at the provider; kept with the account, never in the trail.
    """

    subject: str
    role: Role
    unit: str | None


@dataclass(frozen=True)
class Entered:
    """Who came in; `again`: who it is was proven anew, and other logins are to end."""

    caller: Caller
    again: bool


class Provider:
    """An OpenID Connect provider, as the settings name it.

    Parameters
    ----------
    transport
        How it is reached; by default over the network.
    """

    def __init__(self, settings: Settings, transport: httpx2.BaseTransport | None = None) -> None:
        self._settings, self._transport = settings, transport
        self._found: dict[str, Any] = {}

    @property
    def return_address(self) -> str:
        """Where the provider sends people back to; must be registered there."""
        return f"{self._settings.public_url}/login/callback"

    def begin(self, installation: Installation, again: bool = False) -> str:
        """Begin a login; the provider's address to send the browser to.

        Parameters
        ----------
        again
            Whether the provider must ask who it is, even somebody that it knows already.

        Raises
        ------
        Unavailable
            The provider does not answer.
        """
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        challenge = create_s256_code_challenge(verifier)
        with self._http() as http_client:
            address, _ = http_client.create_authorization_url(
                self._endpoint(http_client, "authorization_endpoint"), state=state, nonce=nonce,
                code_challenge=challenge, code_challenge_method="S256",
                **({"acr_values": " ".join(self._enough())} if self._enough() else {}),
                **({"prompt": "login", "max_age": "0"} if again else {}),
            )  # fmt: skip
        with installation.store.writing() as connection:
            accounts.add_login(
                connection,
                state_sha256=hashed(state),
                sealed=installation.vault.seal(
                    {"nonce": nonce, "verifier": verifier, "again": again}, f"login {hashed(state)}"
                ),
                created_at=installation.at(),
            )
        return str(address)

    def finish(self, installation: Installation, state: str, code: str) -> Entered:
        """Finish a login with what the provider sent back; the account is opened the first time.

        Raises
        ------
        Unauthenticated
            The login was not begun here, is too old, was used already, or the provider's word does not hold.
        Forbidden
            The provider names no role or unit that may come in.
        Unavailable
            The provider does not answer.
        """
        not_before = clock.text(installation.now() - timedelta(minutes=LOGIN_MINUTES))
        with installation.store.writing() as connection:  # taken out at once: it can be used only once
            row = accounts.take_login(connection, hashed(state), not_before)
        if row is None:
            raise Unauthenticated("this login was not begun here or took too long; log in again")
        begun = installation.vault.open(row["sealed"], f"login {row['state_sha256']}")
        claims = self._claims(code, begun["nonce"], begun["verifier"], installation)
        if begun["again"]:
            _check_asked_anew(claims, datetime.fromisoformat(row["created_at"]))
        caller = _enter(installation, self._settings.oidc_issuer, person_of(claims, self._settings))
        return Entered(caller, bool(begun["again"]))

    def _claims(self, code: str, nonce: str, verifier: str, installation: Installation) -> Mapping[str, Any]:
        try:
            with self._http() as http_client:
                token = http_client.fetch_token(
                    self._endpoint(http_client, "token_endpoint"), code=code, code_verifier=verifier,
                    grant_type="authorization_code",
                )  # fmt: skip
                keys = KeySet.import_key_set(_answered(http_client, self._endpoint(http_client, "jwks_uri")))
            claims = jwt.decode(str(token["id_token"]), keys, algorithms=list(ALGORITHMS)).claims
        except httpx2.HTTPError:
            raise Unavailable("the login provider does not answer; try again") from None
        except Exception:  # whatever is wrong with what it sent, the answer is the same
            raise Unauthenticated("the login provider's answer does not hold; log in again") from None
        self._check(claims, nonce, installation)
        return claims

    def _check(self, claims: Mapping[str, Any], nonce: str, installation: Installation) -> None:
        """Hold the ID token against what OpenID Connect Core 3.1.3.7 asks."""
        settings, now = self._settings, int(installation.now().timestamp())
        asked = jwt.JWTClaimsRegistry(
            now=now,
            leeway=_LEEWAY,
            iss={"essential": True, "value": settings.oidc_issuer},
            aud={"essential": True, "value": settings.oidc_client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            asked.validate(dict(claims))
        except JoseError:
            raise Unauthenticated("the login provider's answer does not hold; log in again") from None
        if isinstance(claims["aud"], list) and claims.get("azp", settings.oidc_client_id) != settings.oidc_client_id:
            raise Unauthenticated("the login provider's answer is for somebody else; log in again")
        if self._enough() and claims.get("acr") not in self._enough():
            raise Forbidden("the login is not strong enough; log in with a stronger method")

    def _enough(self) -> list[str]:
        return [acr.strip() for acr in self._settings.oidc_least_acr.split(",") if acr.strip()]

    def _http(self) -> Any:
        settings = self._settings
        return OAuth2Client(
            settings.oidc_client_id,
            settings.oidc_client_secret or None,
            scope="openid profile",
            redirect_uri=self.return_address,
            token_endpoint_auth_method="client_secret_post" if settings.oidc_client_secret else "none",
            transport=self._transport,
            timeout=_SECONDS,
            trust_env=False,
        )

    def _endpoint(self, http_client: Any, name: str) -> str:
        if not self._found:
            issuer = self._settings.oidc_issuer
            try:
                found = _answered(http_client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            except (httpx2.HTTPError, ValueError):
                raise Unavailable("the login provider does not answer; try again") from None
            if found.get("issuer") != issuer:
                raise Unavailable("the login provider calls itself something else than PATHWAY_OIDC_ISSUER")
            self._found = found
        return str(self._found[name])


def _answered(http_client: Any, address: str) -> Any:
    answer = http_client.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    return answer.json()


def _check_asked_anew(claims: Mapping[str, Any], begun_at: datetime) -> None:
    """Refuse the word of a provider that was told to ask who it is, and says that it asked before that, or not when."""
    asked_at = claims.get("auth_time")
    if not isinstance(asked_at, int) or asked_at < begun_at.timestamp() - _LEEWAY:
        raise Unauthenticated("the login provider did not ask who you are; log out there, and log in again")


def person_of(claims: Mapping[str, Any], settings: Settings) -> Person:
    """Read claims as the settings say.

    Raises
    ------
    Forbidden
        They name no role that this service knows, several of which none is clear, or no unit for a role of a unit.
    """
    words = dict(pair.split("=", 1) for pair in settings.oidc_roles.split(",") if "=" in pair)
    given = claims.get(settings.oidc_role_claim)
    named = {words.get(word, word) for word in (given if isinstance(given, list) else [given]) if isinstance(word, str)}
    roles = [role for role in ROLES if role in named]
    if len(roles) != 1:
        raise Forbidden("the login names no role here, or more than one; ask whoever gives out roles")
    unit = claims.get(settings.oidc_unit_claim) if roles[0] in IN_A_UNIT else None
    if roles[0] in IN_A_UNIT and not (isinstance(unit, str) and unit.strip()):
        raise Forbidden("the login names no unit; ask whoever gives out roles")
    subject = claims.get(settings.oidc_user_claim)
    if not isinstance(subject, str) or not subject:
        raise Forbidden("the login does not say who it is; ask whoever gives out roles")
    return Person(subject, roles[0], unit.strip() if isinstance(unit, str) else None)


def _enter(installation: Installation, issuer: str, person: Person) -> Caller:
    """Open the person's account, or bring it to the role and unit that the provider names now."""
    with installation.store.writing() as connection:
        row = accounts.account_of(connection, issuer, person.subject)
        if row is None:
            account_id = callers.open_account(
                connection, "person", person.role, person.unit, "", installation.now(), issuer, person.subject
            )
            return Caller(account_id, "person", person.role, person.unit)
        account_id = str(row["id"])
        if row["closed_at"] is not None:
            raise Forbidden("the account is closed; ask whoever gives out roles")
        if (row["role"], row["unit_id"]) != (person.role, person.unit):
            if person.unit is not None:
                accounts.ensure_unit(connection, person.unit, installation.at())
            accounts.change_account(connection, account_id, role=person.role, unit_id=person.unit)
            accounts.end_sessions(connection, account_id=account_id)
    return Caller(account_id, "person", person.role, person.unit)
