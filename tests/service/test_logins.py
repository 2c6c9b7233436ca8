"""Logins: everybody sees and ends the own ones, after saying anew who it is; an administrator ends anybody's."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import pytest

from service.access import callers
from service.access.provider import Provider
from service.access.roles import IN_A_UNIT, Role
from service.errors import Unauthenticated
from tests.service.conftest import NUMBER, UNIT, House, name_in_environment, people, wait_for
from tests.service.test_login import ISSUER, OIDC, Login

Walk = Callable[["Browser"], Coroutine[Any, Any, Any]]


class Browser:
    """A browser that keeps its cookies; the tests are the demo's people."""

    def __init__(self, house: House) -> None:
        transport = httpx2.ASGITransport(house.app, raise_app_exceptions=False)
        self.http_client = httpx2.AsyncClient(transport=transport, base_url="https://service")

    async def get(self, path: str) -> httpx2.Response:
        return await self.http_client.get(path)

    async def post(self, path: str, **sent: str) -> httpx2.Response:
        return await self.http_client.post(path, data=sent)

    async def enter(self, role: str, **more: str) -> httpx2.Response:
        return await self.post("/login/demo", role=role, **more)

    async def n_logins(self) -> int:
        """Number of own logins on the page; 0 for somebody who is not logged in."""
        page = await self.get("/logins")
        return page.text.partition("</table>")[0].count('<th scope="row"') if page.status_code == 200 else 0


def walk(house: House, *walks: Walk) -> list[Any]:
    """Let several browsers walk, one after the other."""

    async def all_of_them() -> list[Any]:
        return [await one(Browser(house)) for one in walks]

    found: list[Any] = wait_for(all_of_them())
    return found


def account_of(house: House, role: str) -> str:
    listed = house.call("administrator", "GET", "/accounts?limit=100").json()["data"]
    return str(next(one["account_id"] for one in listed if one["role"] == role and one["known_as"] == f"demo {role}"))


@pytest.fixture
def demo(furnish: Callable[..., House]) -> House:
    """A house with the demo's login, and a person of three roles."""
    house = furnish(demo=True)
    roles: tuple[Role, ...] = ("handläggare", "auditor", "administrator")
    with house.installation.store.writing() as connection:
        for role in roles:
            unit = UNIT if role in IN_A_UNIT else None
            now = house.installation.now()
            callers.open_account(connection, "person", role, unit, f"demo {role}", now, "demo", role)
    return house


def test_everybody_sees_and_ends_the_own_logins_and_no_others(demo: House) -> None:
    async def way(here: Browser) -> Any:
        there, stranger = Browser(demo), Browser(demo)
        for browser, role in ((here, "handläggare"), (there, "handläggare"), (stranger, "auditor")):
            assert (await browser.enter(role)).status_code == 303
        seen = [await browser.n_logins() for browser in (here, there, stranger)]
        page = (await here.get("/logins")).text
        assert page.count("I en annan webbläsare") == 1
        assert "Andra som är inloggade" not in page
        ended = await here.enter("handläggare", again="true")
        assert ended.headers["location"] == "/logins"
        return seen, [await browser.n_logins() for browser in (here, there, stranger)]

    assert walk(demo, way) == [([2, 2, 1], [1, 0, 1])]
    assert demo.trail("login.made")[-1]["facts"] == {"n_ended": 1}


def test_every_cookie_is_for_this_host_over_tls_and_not_for_scripts(demo: House) -> None:
    async def way(browser: Browser) -> Any:
        entered = await browser.enter("handläggare")
        spoken = await browser.post("/language", language="en", back="/")
        left = await browser.post("/logout")
        return [answer.headers["set-cookie"] for answer in (entered, spoken, left)]

    for cookie in walk(demo, way)[0]:
        assert cookie.startswith("__Host-")
        for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie


def test_nobody_sees_logins_without_being_logged_in(demo: House) -> None:
    async def way(browser: Browser) -> Any:
        return (await browser.get("/logins")).status_code, (await browser.post("/logins/end")).status_code

    assert walk(demo, way) == [(401, 401)]


def test_an_administrator_ends_the_logins_of_one_and_of_all(demo: House) -> None:
    async def way(chief: Browser) -> Any:
        one, other = Browser(demo), Browser(demo)
        for browser, role in ((chief, "administrator"), (one, "handläggare"), (other, "auditor")):
            await browser.enter(role)
        page = (await chief.get("/logins")).text
        assert "demo handläggare" in page
        address = re.findall(r'action="(/logins/a-[0-9a-f]+/end)"', page)
        assert len(address) == 2
        mine = f"/logins/{account_of(demo, 'handläggare')}/end"
        assert (await one.post(mine)).status_code == 403
        assert (await chief.post(mine)).status_code == 303
        after_one = [await browser.n_logins() for browser in (chief, one, other)]
        assert (await chief.post("/logins/end")).status_code == 303
        return after_one, [await browser.n_logins() for browser in (chief, one, other)]

    assert walk(demo, way) == [([1, 0, 1], [0, 0, 0])]
    told = demo.trail("logins.ended")
    assert [one["facts"].get("n_ended") for one in told] == [1, 2]
    assert told[0]["facts"]["account"] == account_of(demo, "handläggare")


def test_another_site_cannot_end_logins(demo: House) -> None:
    async def way(chief: Browser) -> Any:
        await chief.enter("administrator")
        foreign = {"Sec-Fetch-Site": "cross-site"}
        refused = await chief.http_client.post("/logins/end", headers=foreign)
        return refused.status_code, await chief.n_logins()

    assert walk(demo, way) == [(403, 1)]


def test_over_the_api_an_administrator_lists_accounts_ends_logins_and_closes(demo: House) -> None:
    async def enter(browser: Browser) -> Any:
        await browser.enter("handläggare")
        return await browser.n_logins()

    assert walk(demo, enter) == [1]
    listed = demo.call("administrator", "GET", "/accounts").json()
    assert [one["n_logins"] for one in listed["data"]][:2] == [1, 0]
    assert listed["total"] == len(listed["data"])
    id = listed["data"][0]["account_id"]
    ended = demo.call("administrator", "DELETE", f"/accounts/{id}/logins").json()
    assert (ended["account_id"], ended["n_logins"]) == (id, 0)
    assert demo.call("administrator", "DELETE", "/logins").json() == {"n_ended": 0}
    assert demo.call("administrator", "DELETE", f"/accounts/{id}").json()["closed_at"]
    assert demo.call("administrator", "DELETE", "/accounts/a-nobody").status_code == 404
    assert demo.call("administrator", "DELETE", "/accounts/a-nobody/logins").status_code == 404


def test_a_closed_account_opens_nothing_until_it_is_opened_again(house: House) -> None:
    from service import logins
    from service.access.callers import OPERATOR

    id = house.trail("case.created")[0]["actor"]["account"]
    for _ in range(2):
        assert house.call("administrator", "DELETE", f"/accounts/{id}").status_code == 200
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 401
    assert len(house.trail("account.closed")) == 1
    with house.installation.visit(OPERATOR, "0" * 32) as visit:
        assert logins.reopen(visit, id)["closed_at"] is None
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert len(house.trail("account.reopened")) == 1


def test_who_ends_the_other_logins_must_say_anew_who_it_is(furnish: Callable[..., House]) -> None:
    house, login = furnish(**OIDC), Login()
    provider = Provider(house.installation.settings, httpx2.MockTransport(login.answer))

    def enter(**claims: Any) -> bool:
        state = login.begin(provider.begin(house.installation, again=True))
        login.claims = Login().claims | claims
        return provider.finish(house.installation, state, "code").again

    now = int(house.installation.now().timestamp())
    assert enter(auth_time=now + 1)
    assert (login.asked["prompt"], login.asked["max_age"]) == ("login", "0")
    for stale in ({}, {"auth_time": now - 3_600}, {"auth_time": "now"}):
        with pytest.raises(Unauthenticated, match="did not ask who you are"):
            enter(**stale)
    state = login.begin(provider.begin(house.installation))
    assert not provider.finish(house.installation, state, "code").again
    assert ISSUER


def test_accounts_are_looked_after_by_command(
    demo: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pathway import cli

    name_in_environment(demo, monkeypatch)

    def run(*words: str) -> str:
        assert cli.main(["account", *words]) == 0
        return capsys.readouterr().out

    async def enter(browser: Browser) -> Any:
        await browser.enter("auditor")
        return await browser.n_logins()

    walk(demo, enter)
    id = account_of(demo, "auditor")
    first = run("list").splitlines()[0]
    assert first.split()[:3] == [id, "auditor", "–"]
    assert "1 logins" in first
    run("end-logins", id)
    run("end-logins", "--everybody")
    run("close", id)
    assert "closed 20" in run("list")
    run("reopen", id)
    assert "closed" not in run("list")
    assert [one["actor"]["account"] for one in demo.trail("logins.ended")] == ["operator", "operator"]


def test_all_accounts_are_listed_however_many_pages(house: House) -> None:
    from service.access.callers import OPERATOR

    for _ in range(2):
        people(house.installation)
    with house.installation.look(OPERATOR, "0" * 32) as look:
        from service import logins

        pages = [logins.listed(look, number, 5)[0] for number in (1, 2, 3, 4, 5)]
    ids = [one["account_id"] for page in pages for one in page]
    assert len(set(ids)) == len(ids) == house.call("administrator", "GET", "/accounts").json()["total"]
