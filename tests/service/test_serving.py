"""Settings, the demo and the commands: what starts, what refuses to start, and that nothing leaves the machine."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pathway.errors import PathwayError
from service import command, demo, serving, settings
from service.errors import FaultySetting, WrongDatabase
from service.store import accounts
from tests.service.conftest import NUMBER, House, case

ROOT = Path(__file__).parent.parent.parent
KEYS = {"PATHWAY_SEAL_KEY": "s" * 32, "PATHWAY_TRAIL_KEY": "t" * 32}
# The command line as it is when the entry point is installed.
RUN = (
    "import sys, importlib.metadata as m; r = m.entry_points; "
    "m.entry_points = lambda **k: [m.EntryPoint('s', 'service.command:add', k['group'])]"
    " if k.get('group') == 'pathway.commands' else r(**k); "
    "from pathway import cli; sys.exit(cli.main())"
)


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", RUN, *arguments],
        env=_clean() | environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PATHWAY_")}


def test_every_setting_is_on_the_page() -> None:
    page = (ROOT / "docs" / "SERVICE.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(PATHWAY_\w+)`", page)) >= set(settings.names())


def test_the_example_of_the_environment_has_every_setting() -> None:
    example = (ROOT / "ops" / "service.env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#(PATHWAY_\w+)=", example, re.MULTILINE))
    known = set(settings.names())
    assert {one if one in known else one.removesuffix("_FILE") for one in named} == known


@pytest.mark.parametrize("missing", list(KEYS))
def test_without_a_key_nothing_starts_and_the_message_names_it(missing: str) -> None:
    for environment in ({k: v for k, v in KEYS.items() if k != missing}, KEYS | {missing: "short secret"}):
        with pytest.raises(FaultySetting, match=missing) as refused:
            settings.from_environment(environment)
        assert "short secret" not in str(refused.value)


def test_secrets_can_be_named_as_files_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * 40 + "\n", encoding="utf-8")
    read = settings.from_environment(KEYS | {"PATHWAY_SEAL_KEY": "", "PATHWAY_SEAL_KEY_FILE": str(tmp_path / "key")})
    assert read.seal_keys == ("x" * 40,)
    assert "x" * 40 not in repr(read)
    with pytest.raises(FaultySetting, match="PATHWAY_SEAL_KEY_FILE"):
        settings.from_environment({"PATHWAY_SEAL_KEY_FILE": str(tmp_path / "none")})


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://x", encoding="utf-8")
    both = {"PATHWAY_DATABASE_URL": "sqlite:///x", "PATHWAY_DATABASE_URL_FILE": str(tmp_path / "url")}
    with pytest.raises(FaultySetting, match="both set"):
        settings.from_environment(KEYS | both)


def test_a_number_that_is_none_is_refused_by_name() -> None:
    for wrong in ("many", "0", "-1"):
        with pytest.raises(FaultySetting, match="PATHWAY_MAX_ANSWERS"):
            settings.from_environment(KEYS | {"PATHWAY_MAX_ANSWERS": wrong})


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    made = []

    def open_demo(**environment: str) -> Any:
        made.append(demo.open_demo(environment, tmp_path / "demo", "http://127.0.0.1:1"))
        return made[-1]

    yield open_demo
    for installation in made:
        installation.store.close()


def test_the_demo_starts_again_on_its_own_database_with_fresh_tokens(opened: Callable[..., Any]) -> None:
    first = opened()
    tokens = _tokens(demo.greeting(first, "http://x"))
    assert set(tokens) == {"handläggare", "enhetschef", "data_scientist", "auditor", "administrator"}
    house = House(first, tokens)
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert house.call("handläggare", "POST", "/cases", case("fall-ny")).status_code == 201
    again = opened()
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    fresh = _tokens(demo.greeting(again, "http://x"))
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 401
    assert House(again, fresh).call("handläggare", "GET", "/cases/fall-ny").status_code == 200


def _tokens(lines: list[str]) -> dict[str, str]:
    return dict(re.findall(r"^(\S+) +(pwg_\S+)$", "\n".join(lines), re.MULTILINE))


def test_the_demo_never_starts_on_a_database_that_holds_anything_else(house: House, opened: Callable[..., Any]) -> None:
    url = str(house.installation.store.engine.url)
    with pytest.raises(WrongDatabase, match="more than a demo"):
        opened(PATHWAY_DATABASE_URL=url)
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200


def test_a_real_start_refuses_a_demo_s_database(opened: Callable[..., Any]) -> None:
    with pytest.raises(WrongDatabase, match="demo's"):
        demo.refuse_demo(opened())


def test_a_database_without_people_but_with_a_unit_is_not_empty(house: House) -> None:
    with house.installation.store.reading() as connection:
        assert not accounts.is_empty(connection)


def test_an_address_that_is_taken_is_told() -> None:
    taken, address = serving.listen("127.0.0.1", 0)
    with taken:
        taken.listen()
        with pytest.raises(FaultySetting, match="--port"):
            serving.listen("127.0.0.1", int(address.rpartition(":")[2]))


def test_commands_are_found_only_where_they_are_wanted() -> None:
    heavy = "fastapi|uvicorn|sqlalchemy|lightgbm|alembic"
    told = subprocess.run(
        [sys.executable, "-c", "import service.command, sys; print(' '.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert not re.search(rf"\b({heavy})\b", told)
    assert command.add


def test_the_service_starts_without_the_tools_of_learning() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import service.app, service.serving, service.demo, sys; print(' '.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"mlflow", "shap", "numba", "matplotlib", "authlib", "pathway.training", "pathway.intake"} & set(told)
    assert not {"pathway.register", "pathway.mock"} & set(told)


def test_serve_key_and_trail_work_together(tmp_path: Path) -> None:
    """Start the demo as a process of its own; ask it; stop it; verify what is left."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", RUN, "serve", "--demo", "--port", "0", "--folder", str(tmp_path)],
        env=_clean(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    told = []
    while not told or "Stop with" not in told[-1]:
        told.append(process.stdout.readline())
        assert told[-1] or process.poll() is None
    address = re.search(r"http://\S+", told[0])
    assert address
    ready = _get(f"{address[0]}/api/v1/ready", "")
    assert ready["status"] == "ok"
    tokens = _tokens([line.rstrip("\n") for line in told])
    assert _get(f"{address[0]}/api/v1/cases/{NUMBER}", tokens["handläggare"])["case_id"] == NUMBER
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert NUMBER not in log
    calls = [json.loads(line) for line in log.splitlines()]
    assert {"route", "status", "trace"} <= set(calls[-1])

    url = {"PATHWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'service.sqlite'}"}
    keys = {f"PATHWAY_{name}_KEY_FILE": str(tmp_path / f"{name.lower()}-key") for name in ("SEAL", "TRAIL")}
    assert run("trail", "verify", **url, **keys).returncode == 0
    refused = run("serve", "--port", "0", **url, **keys)
    assert (refused.returncode, "demo" in refused.stderr) == (2, True)


def _get(address: str, token: str) -> Any:
    for _ in range(100):
        try:
            request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.05)
    raise AssertionError("the demo never listened")


def test_keys_are_made_and_the_trail_verified_and_exported_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    for name, value in (KEYS | {"PATHWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite'}"}).items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())

    def go(*arguments: str) -> str:
        chosen = parser.parse_args(arguments)
        chosen.run(chosen)
        return capsys.readouterr().out

    assert "version" in go("db", "upgrade")
    assert go("key", "create", "system", "--role", "auditor").startswith("pwg_")
    with pytest.raises(PathwayError, match="--role"):
        go("key", "create", "system", "--role", "none")
    assert go("trail", "verify").startswith("The trail holds")
    exported = tmp_path / "trail.jsonl"
    key = go("trail", "export", str(exported), "--with-contents").split()[-1]
    verifier = ROOT / "service" / "trail" / "verify.py"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", verifier, exported, key], capture_output=True, text=True, check=False
    )
    assert done.stdout == "the trail holds\n"


def test_nothing_leaves_the_machine(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection other than to this machine fails the test; one client's whole way is walked."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"a connection left the machine: {address[0]}")
        real(self, address)

    def resolve(*asked: Any, **_: Any) -> None:
        raise AssertionError(f"a name was looked up: {asked[0]}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AssertionError, match="left the machine"), socket.socket() as outward:
        outward.connect(("192.0.2.1", 80))
    made = house.suggest()
    for who, path in (
        ("handläggare", f"/cases/{NUMBER}"),
        ("handläggare", f"/suggestions/{made['suggestion_id']}"),
        ("handläggare", f"/cases/{NUMBER}/export"),
        ("data_scientist", "/models/current"),
        ("auditor", "/trail/verification"),
        (None, "/openapi.json"),
        (None, "/ready"),
    ):
        assert house.call(who, "GET", path).status_code == 200
