"""A small installation of the service: two units, a person of every role, one case and one suggestion."""

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from pathway import catalogue, modelfolder, shipped
from pathway.suggestion import Desk
from service import app, logs
from service.access import callers
from service.access.roles import IN_A_UNIT, ROLES
from service.planning import Planning
from service.settings import Settings
from service.store import Store, connect, migration
from service.visits import Installation

OFFERED = ("BUD-01", "SE-01", "SAM-01")  # few, so that planning takes no time
NUMBER, UNIT, OTHER_UNIT = "fall-0004", "Norr", "Söder"


def wait_for(work: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a thread of its own: where a browser is open in this process, its own thread has a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def case(number: str = NUMBER) -> dict[str, Any]:
    """One of the mock cases, under another number."""
    raw = next(one for one in json.loads(shipped.cases().read_text(encoding="utf-8")) if one["case_id"] == NUMBER)
    kept = [one for one in raw.get("participations", ()) if one["insats_id"] in OFFERED]
    return {**raw, "case_id": number, "participations": kept, "limits": {"hours_per_week": 8, "horizon_weeks": 52}}


def name_in_environment(house: "House", monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands find the house's database and keys."""
    settings = house.installation.settings
    monkeypatch.setenv("PATHWAY_DATABASE_URL", str(house.installation.store.engine.url))
    monkeypatch.setenv("PATHWAY_SEAL_KEY", settings.seal_key)
    monkeypatch.setenv("PATHWAY_TRAIL_KEY", settings.trail_key)


@pytest.fixture(scope="session")
def planning() -> Planning:
    """The mock model with a catalogue of three insatser."""
    raw = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
    few = [one for one in raw["insatser"] if one["id"] in OFFERED]
    for one in few:
        one["requires"] = {"levels": {}, "insatser": []}
        one["excludes"] = []
    offered = catalogue.shape(raw | {"insatser": few}, "the tests' catalogue")
    model = modelfolder.read(shipped.model())
    return Planning(Desk(model, offered), shipped.model(), at_once=2, wait_seconds=20)


def open_on(store: Store, planning: Planning, **settings: Any) -> Installation:
    """Open an installation on a database that is up to date."""
    settings = {"calls_per_minute": 0} | settings
    chosen = Settings(seal_key="seal key of the tests-" * 2, trail_key="trail key of the tests-" * 2, **settings)
    return replace(
        app.open_installation(replace(chosen, model=Path("none")), store), settings=chosen, planning=planning
    )


@dataclass
class House:
    """An installation with its application, and bearer tokens by role, or role and unit."""

    installation: Installation
    tokens: dict[str, str]
    suggestion: dict[str, Any] = field(default_factory=dict)
    app: Any = None

    def __post_init__(self) -> None:
        self.app = app.create(self.installation)

    def call(self, who: str | None, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """Call the API as somebody (``handläggare``, ``handläggare Söder``, …) or as nobody."""
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        if body is not None:
            more["json"] = body
        return wait_for(self._ask(method, path, headers, more))

    async def _ask(self, method: str, path: str, headers: dict[str, str], more: dict[str, Any]) -> httpx2.Response:
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as http_client:
            beside = path.partition("/")[2].partition("/")[0] in ("metrics", "oauth", "login", "logout")
            return await http_client.request(method, path if beside else f"/api/v1{path}", headers=headers, **more)

    def suggest(self, number: str = NUMBER, who: str = "handläggare", **asked: Any) -> dict[str, Any]:
        """Make a suggestion for a stored case."""
        answer = self.call(who, "POST", "/suggestions", {"case_number": number, **asked})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def trail(self, action: str | None = None) -> list[dict[str, Any]]:
        """The trail's entries, oldest first, or those that tell of an action."""
        from service.store import trail as rows

        with self.installation.store.reading() as connection:
            told = [json.loads(row["body"]) for row in rows.entries(connection)]
        return [one for one in told if action in (None, one["action"])]


def people(installation: Installation) -> dict[str, str]:
    """Open an account of every role in both units, each with a token."""
    tokens = {}
    with installation.store.writing() as connection:
        for role in ROLES:
            for unit in (UNIT, OTHER_UNIT) if role in IN_A_UNIT else (None,):
                now = datetime.now(UTC)
                account = callers.open_account(connection, "person", role, unit, role, now)
                _, bearer = callers.make_key(connection, account, now)
                tokens[role if unit in (UNIT, None) else f"{role} {unit}"] = bearer
    return tokens


@pytest.fixture(scope="session")
def _furnished(planning: Planning, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], Any]:
    """A database with people, one case and one suggestion, to be copied."""
    logs.set_up("error")
    path = tmp_path_factory.mktemp("furnished") / "service.sqlite"
    store = connect(f"sqlite:///{path}")
    migration.move(store)
    house = House(open_on(store, planning), {})
    house.tokens = people(house.installation)
    assert house.call("handläggare", "POST", "/cases", case()).status_code == 201
    suggestion = house.suggest()
    assert suggestion["status"] == "suggested"
    store.close()
    return path, house.tokens, suggestion


@pytest.fixture
def furnish(
    _furnished: tuple[Path, dict[str, str], Any], planning: Planning, tmp_path: Path
) -> Iterator[Callable[..., House]]:
    """Make houses with settings of their own, each on a fresh copy of the furnished database."""
    path, tokens, suggestion = _furnished
    made: list[Store] = []

    def house(**settings: Any) -> House:
        own = tmp_path / f"service-{len(made)}.sqlite"
        shutil.copyfile(path, own)
        made.append(connect(f"sqlite:///{own}"))
        chosen = {"planning": planning} | settings
        return House(open_on(made[-1], **chosen), tokens, suggestion)

    yield house
    for store in made:
        store.close()


@pytest.fixture
def house(furnish: Callable[..., House]) -> House:
    """A house on a fresh copy of the furnished database."""
    return furnish()
