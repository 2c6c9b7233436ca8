"""People log in at a provider, systems change keys for tokens; what does not hold is refused."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from service import doors
from service.access import sessions
from service.access.provider import Provider, person_of
from service.errors import Forbidden, Refusal, Unauthenticated, Unavailable
from service.settings import Settings
from tests.service.conftest import NUMBER, House, wait_for

ISSUER = "https://login.test"
KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"}) for _ in range(2))
OIDC = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": "pathway",
    "oidc_client_secret": "hemligt",
    "oidc_roles": "hl=handläggare",
}


@dataclass
class Login:
    """A provider of the tests' own: signs what it is told to, and checks PKCE as a real one does."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "anna", "unit": "Norr", "roles": ["hl", "annat"]})
    key: RSAKey = field(default_factory=lambda: KEY)
    asked: dict[str, str] = field(default_factory=dict)
    issuer: str = ISSUER
    down: bool = False

    def begin(self, address: str) -> str:
        """Take what the browser brings; give back its state."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return self.asked["state"]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("down")
        if request.url.path.endswith("openid-configuration"):
            found = {name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            return httpx2.Response(200, json=found | {"issuer": self.issuer})
        if request.url.path == "/jwks_uri":
            return httpx2.Response(200, json=KeySet([KEY]).as_dict(private=False))
        sent = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if create_s256_code_challenge(sent["code_verifier"]) != self.asked["code_challenge"]:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "pathway", "iat": now, "exp": now + 60, "nonce": self.asked["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims | self.claims, self.key)
        return httpx2.Response(200, json={"access_token": "x", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def login() -> Login:
    return Login()


@pytest.fixture
def provider(login: Login, furnish: Callable[..., House]) -> tuple[House, Provider]:
    house = furnish(**OIDC)
    return house, Provider(house.installation.settings, httpx2.MockTransport(login.answer))


def enter(login: Login, house: House, provider: Provider) -> Any:
    return provider.finish(house.installation, login.begin(provider.begin(house.installation)), "code").caller


def test_claims_become_a_person_of_a_unit_with_a_role(login: Login, provider: tuple[House, Provider]) -> None:
    caller = enter(login, *provider)
    assert (caller.role, caller.unit, caller.kind) == ("handläggare", "Norr", "person")
    assert login.asked["code_challenge_method"] == "S256"
    assert login.asked["response_type"] == "code"
    assert enter(login, *provider).account == caller.account
    login.claims["unit"] = "Söder"
    assert enter(login, *provider) == replace(caller, unit="Söder")


def test_an_account_that_was_closed_is_not_entered_again(login: Login, provider: tuple[House, Provider]) -> None:
    caller = enter(login, *provider)
    assert provider[0].call("administrator", "DELETE", f"/accounts/{caller.account}").is_success
    with pytest.raises(Forbidden, match="closed"):
        enter(login, *provider)


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "https://other.test"}, Unauthenticated),
        ({"aud": "somebody else"}, Unauthenticated),
        ({"aud": ["pathway", "x"], "azp": "x"}, Unauthenticated),
        ({"exp": 1}, Unauthenticated),
        ({"nonce": "another"}, Unauthenticated),
        ({"roles": []}, Forbidden),
        ({"roles": ["hl", "auditor"]}, Forbidden),
        ({"roles": 7}, Forbidden),
        ({"unit": None}, Forbidden),
        ({"unit": " "}, Forbidden),
    ],
)
def test_what_does_not_hold_lets_nobody_in(
    claims: dict[str, Any], error: type[Refusal], login: Login, provider: tuple[House, Provider]
) -> None:
    login.claims |= claims
    with pytest.raises(error):
        enter(login, *provider)


def test_a_token_signed_with_another_key_lets_nobody_in(login: Login, provider: tuple[House, Provider]) -> None:
    login.key = OTHER_KEY
    with pytest.raises(Unauthenticated):
        enter(login, *provider)


def test_a_login_can_be_finished_once_and_only_if_it_was_begun_here(
    login: Login, provider: tuple[House, Provider]
) -> None:
    house, oidc = provider
    state = login.begin(oidc.begin(house.installation))
    oidc.finish(house.installation, state, "code")
    for used in (state, "never begun"):
        with pytest.raises(Unauthenticated, match="log in again"):
            oidc.finish(house.installation, used, "code")


def test_a_login_that_takes_too_long_is_over(login: Login, provider: tuple[House, Provider]) -> None:
    house, oidc = provider
    state = login.begin(oidc.begin(house.installation))
    now = house.installation.now
    later = replace(house.installation, now=lambda: now() + timedelta(minutes=11))
    with pytest.raises(Unauthenticated):
        oidc.finish(later, state, "code")


def test_a_login_that_is_not_strong_enough_is_refused(login: Login, furnish: Callable[..., House]) -> None:
    house = furnish(**OIDC, oidc_least_acr="loa3, loa4")
    strong = Provider(house.installation.settings, httpx2.MockTransport(login.answer))
    with pytest.raises(Forbidden, match="strong"):
        enter(login, house, strong)
    login.claims["acr"] = "loa3"
    assert enter(login, house, strong).role == "handläggare"
    assert login.asked["acr_values"] == "loa3 loa4"


def test_a_provider_that_is_down_or_another_is_told(login: Login, provider: tuple[House, Provider]) -> None:
    login.issuer = "https://other.test"
    with pytest.raises(Unavailable, match="PATHWAY_OIDC_ISSUER"):
        enter(login, *provider)
    login.issuer, login.down = ISSUER, True
    with pytest.raises(Unavailable, match="does not answer"):
        enter(login, *provider)


def test_roles_of_the_whole_installation_need_no_unit() -> None:
    settings = Settings(seal_key="s" * 32, trail_key="t" * 32, oidc_role_claim="r")
    person = person_of({"sub": "x", "r": "auditor", "unit": "Norr"}, settings)
    assert (person.role, person.unit) == ("auditor", None)


def test_a_session_ends_when_unused_too_old_or_the_account_is_closed(house: House) -> None:
    from service.store import accounts

    installation, settings = house.installation, house.installation.settings
    with installation.store.writing() as connection:
        from service.access import callers

        account = callers.open_account(connection, "person", "auditor", None, "", installation.now())
        start = installation.now()
        secret = sessions.begin(connection, account, settings, start)
        for minutes in range(20, 480, 20):
            assert sessions.caller_of(connection, secret, settings, start + timedelta(minutes=minutes))
        assert sessions.caller_of(connection, secret, settings, start + timedelta(minutes=481)) is None
        secret = sessions.begin(connection, account, settings, start)
        assert sessions.caller_of(connection, secret, settings, start + timedelta(minutes=31)) is None
        secret = sessions.begin(connection, account, settings, start)
        sessions.end(connection, secret)
        assert sessions.caller_of(connection, secret, settings, start) is None
        secret = sessions.begin(connection, account, settings, start)
        accounts.change_account(connection, account, closed_at=installation.at())
        assert sessions.caller_of(connection, secret, settings, start) is None


def token(house: House, grant: str, id: str, secret: str) -> httpx2.Response:
    sent = {"grant_type": grant, "client_id": id, "client_secret": secret}
    return house.call(None, "POST", "/oauth/token", data=sent)


def test_a_system_changes_its_key_for_a_token_that_ends(house: House) -> None:
    key = {"label": "system", "role": "handläggare", "unit": "Norr"}
    made = house.call("administrator", "POST", "/keys", key).json()
    answer = token(house, "client_credentials", made["key_id"], made["bearer"]).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    house.tokens["token"] = answer["access_token"]
    assert house.call("token", "GET", f"/cases/{NUMBER}").status_code == 200
    later = replace(house.installation, now=lambda: house.installation.now() + timedelta(hours=1))
    assert House(later, house.tokens).call("token", "GET", f"/cases/{NUMBER}").status_code == 401
    assert token(house, "client_credentials", made["key_id"], answer["access_token"]).status_code == 401
    house.call("administrator", "DELETE", f"/keys/{made['key_id']}")
    assert house.call("token", "GET", f"/cases/{NUMBER}").status_code == 401


def test_a_token_is_not_given_for_a_wrong_secret_or_another_grant(house: House) -> None:
    made = house.call("administrator", "POST", "/keys", {"label": "system", "role": "auditor"}).json()
    assert token(house, "client_credentials", made["key_id"], "wrong").json() == {"error": "invalid_client"}
    assert token(house, "client_credentials", "another", made["bearer"]).status_code == 401
    assert token(house, "password", made["key_id"], made["bearer"]).json() == {"error": "unsupported_grant_type"}


def test_a_token_is_also_given_to_a_client_that_names_itself_in_the_header(house: House) -> None:
    made = house.call("administrator", "POST", "/keys", {"label": "system", "role": "auditor"}).json()
    asked = {"grant_type": "client_credentials"}

    def ask(secret: str) -> httpx2.Response:
        basic = base64.b64encode(f"{made['key_id']}:{secret}".encode()).decode()
        return house.call(None, "POST", "/oauth/token", data=asked, headers={"Authorization": f"Basic {basic}"})

    house.tokens["token"] = ask(made["bearer"]).json()["access_token"]
    assert house.call("token", "GET", "/trail").status_code == 200
    refused = ask("wrong")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Basic")
    nothing = house.call(None, "POST", "/oauth/token", data=asked)
    assert (nothing.status_code, nothing.json()) == (400, {"error": "invalid_request"})


def test_the_demo_login_works_only_in_the_demo(house: House, furnish: Callable[..., House]) -> None:
    assert house.call(None, "POST", "/login/demo", data={"role": "auditor"}).status_code == 404
    demo = furnish(demo=True)
    assert demo.call(None, "POST", "/login/demo", data={"role": "auditor"}).status_code == 403  # nobody is there
    with demo.installation.store.writing() as connection:
        from service.access import callers

        callers.open_account(connection, "person", "auditor", None, "", demo.installation.now(), "demo", "auditor")
    answer = demo.call(None, "POST", "/login/demo", data={"role": "auditor"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-pathway=")
    for part in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
        assert part in cookie
    for foreign in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
        refused = demo.call(None, "POST", "/login/demo", data={"role": "auditor"}, headers=foreign)
        assert refused.status_code == 403


def test_without_a_provider_nobody_can_begin_a_login(house: House) -> None:
    assert house.call(None, "GET", "/login").status_code == 404


def test_a_browser_walks_from_login_to_logout(login: Login, provider: tuple[House, Provider]) -> None:
    house, oidc = provider
    app: FastAPI = FastAPI()
    app.state.installation, app.state.provider = house.installation, oidc
    app.include_router(doors.router)

    @app.middleware("http")
    async def trace(request: Request, on: Any) -> Any:
        request.state.trace = "0" * 32
        return await on(request)

    @app.get("/who")
    def who(request: Request) -> str:
        try:
            return doors.caller_in_session(request).role
        except Unauthenticated:
            return "nobody"

    async def walk() -> list[str]:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://service") as browser:
            seen = [(await browser.get("/who")).json()]
            state = login.begin((await browser.get("/login")).headers["location"])
            back = {"state": state, "code": "c"}
            async with httpx2.AsyncClient(transport=transport, base_url="https://service") as another:
                with pytest.raises(Unauthenticated, match="another browser"):
                    await another.get("/login/callback", params=back)
            assert (await browser.get("/login/callback", params=back)).status_code == 303
            seen.append((await browser.get("/who")).json())
            await browser.post("/logout")
            return [*seen, (await browser.get("/who")).json()]

    assert wait_for(walk()) == ["nobody", "handläggare", "nobody"]
    assert house.trail("login.made")[0]["actor"]["unit"] == "Norr"
    assert "anna" not in str(house.trail())
