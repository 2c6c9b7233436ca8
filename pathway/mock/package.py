"""Writes a mock world to a folder: a data package, cases for the desk, and, apart from them, the truth."""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pathway import catalogue as catalogues
from pathway import instrument as instruments
from pathway import tables
from pathway.errors import UnreadableFile
from pathway.mock import cases, parameters, truth, world
from pathway.mock.answers import NOT_ASKED
from pathway.mock.draws import OUTCOMES, Ints, pick_named, stream
from pathway.mock.effects import Shape
from pathway.mock.parameters import Parameters
from pathway.mock.world import World
from pathway.tables import Table

SHIPPED_CATALOGUE = Path(__file__).parent / "catalogue.json"
NAME = "pathway-mock"
TWIN = ("twin.json", "twin.md")  # of a twin only, see `pathway.mock.like`
FILES = frozenset(
    [
        "README.md",
        *TWIN,
        "datapackage.json",
        "catalogue.json",
        "cases.json",
        *(f"{table}.csv" for table in tables.TABLES),
    ]
    + [f"truth/{name}" for name in truth.FILES]
)
ROWS_AT_A_TIME = 20_000
Progress = Callable[[str, int, int], None]


def write(
    out: Path,
    n_clients: int,
    seed: int,
    effects: Shape = "smooth",
    catalogue: Path = SHIPPED_CATALOGUE,
    instrument: Path = instruments.SHIPPED,
    progress: Progress = lambda stage, done, total: None,
    numbers: Parameters | None = None,
) -> None:
    """Write a mock data package, with its truth in ``out/truth``. The same arguments give the same bytes.

    Parameters
    ----------
    out
        The folder to write; an earlier mock package there is replaced, anything else is left alone. It appears whole
        or not at all.
    n_clients
        At least 1.
    seed
        At least 0. The effects hang on seed, catalogue and instrument, not on the number of clients.
    effects
        How effects differ between people: ``smooth`` (linear in age, months without work, number of health codes, and
        in the room left on the scale), ``threshold`` (only on one side of a cut-off), ``same`` (not at all), ``none``
        (no insats has any effect, and gaps cost nothing).
    catalogue, instrument
        Files; the catalogue is copied into the package as it is.
    progress
        Is told the stage (``living``, ``writing``), how much of it is done, and how much there is.
    numbers
        Those of a twin (`pathway.mock.like`); by default the ones in ``parameters.toml``.

    Raises
    ------
    UnreadableFile
        `out` holds something else than a mock package, or cannot be written; or a file cannot be read.
    FaultyCatalogue, FaultyInstrument
        The catalogue or the instrument breaks a rule.
    ValueError
        `n_clients` or `seed` is too small.
    """
    if n_clients < 1 or seed < 0:
        raise ValueError("n_clients must be at least 1 and seed at least 0")
    out = Path(os.path.abspath(out))
    _check_replaceable(out)
    p, offered, asked = numbers or parameters.read(), catalogues.read(catalogue), instruments.read(instrument)
    lived = world.make(n_clients, seed, effects, offered, asked, p, lambda done, total: progress("living", done, total))
    desk = cases.make(seed, effects, offered, asked, p)
    draft = out.parent / f".{out.name}.draft-{os.getpid()}"
    try:
        (draft / "truth").mkdir(parents=True)
        shutil.copyfile(catalogue, draft / "catalogue.json")
        _write_text(draft / "cases.json", json.dumps(desk, ensure_ascii=False, indent=1) + "\n")
        _write_tables(draft, lived, stream(seed, OUTCOMES), p, progress)
        _write_text(draft / "datapackage.json", _descriptor(draft, n_clients, seed, effects))
        files_are_shipped = (catalogue, instrument, numbers) == (SHIPPED_CATALOGUE, instruments.SHIPPED, None)
        _write_text(draft / "README.md", _readme(n_clients, seed, effects, files_are_shipped))
        truth.write(draft / "truth", lived, seed, client_ids(n_clients))
        _put_in_place(draft, out)
    except OSError as error:
        raise UnreadableFile(f"{out}: cannot be written ({error.strerror}); nothing was changed") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def client_ids(n: int) -> list[str]:
    """Local numbers of mock clients; never like a personnummer."""
    return [f"MOCK-{number + 1:06d}" for number in range(n)]


def _check_replaceable(out: Path) -> None:
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir() or out.is_symlink():
        raise UnreadableFile(f"{out}: is not a folder; choose another name for the mock package")
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    if found and not (found <= FILES and _is_mock(out / "datapackage.json")):
        raise UnreadableFile(f"{out}: holds files that are not a mock package; empty it or choose another folder")


def _is_mock(descriptor: Path) -> bool:
    try:
        return bool(json.loads(descriptor.read_text(encoding="utf-8"))["name"] == NAME)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _put_in_place(draft: Path, out: Path) -> None:
    """Let the draft take the place of what was there; on failure, what was there is put back."""
    if not out.exists():
        draft.rename(out)
        return
    earlier = out.parent / f".{out.name}.earlier-{os.getpid()}"
    out.rename(earlier)
    try:
        draft.rename(out)
    except OSError:
        earlier.rename(out)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_tables(folder: Path, lived: World, rng: np.random.Generator, p: Parameters, progress: Progress) -> None:
    rows: dict[Table, Iterable[tuple[Any, ...]]] = {
        "clients": _clients(lived),
        "measurements": _measurements(lived, lambda done, total: progress("writing", done, total)),
        "participations": _participations(lived),
        "outcomes": _outcomes(lived, rng, p),
    }
    for table in tables.TABLES:
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(tables.columns(table))
            writer.writerows(rows[table])


def _clients(lived: World) -> Iterator[tuple[Any, ...]]:
    clients, n = lived.clients, len(lived.clients)
    phase = np.where(lived.history.left_day >= 0, "avslutad", "aktuell").astype(object)
    phase[clients.early != ""] = clients.early[clients.early != ""]
    enrolled_on = lived.calendar.texts(
        np.minimum(7 * clients.enrolled_week + clients.enrolled_day, lived.calendar.last_day)
    )
    return zip(
        client_ids(n),
        (lived.staff.units[unit] for unit in clients.unit),
        clients.birth_year.tolist(),
        clients.gender,
        clients.municipality,
        clients.education,
        clients.income_source,
        clients.months_without_work.tolist(),
        clients.swedish_level,
        ("true" if at_home else "false" for at_home in clients.children_at_home),
        clients.health_codes,
        enrolled_on,
        phase,
        strict=True,
    )


def _measurements(lived: World, progress: Callable[[int, int], None]) -> Iterator[tuple[Any, ...]]:
    waves, sheets, scale = lived.history.waves, lived.sheets, lived.instrument.scale
    ids, staff = client_ids(len(lived.clients)), lived.staff.ids
    answers = {step: str(scale.min + step) if step >= 0 else "" for step in range(-1, scale.max - scale.min + 1)}
    for start in range(0, len(waves.client), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        days = lived.calendar.texts(waves.day[part])
        who = zip(waves.client[part].tolist(), days, waves.caseworker[part].tolist(), strict=True)
        for (client, day, caseworker), values in zip(who, sheets.values[part].tolist(), strict=True):
            for (respondent, indicator), value in zip(sheets.questions, values, strict=True):
                if value != NOT_ASKED:
                    by = staff[caseworker] if respondent == "handläggare" else ""
                    yield ids[client], day, respondent, by, indicator, answers[value]
        progress(min(start + ROWS_AT_A_TIME, len(waves.client)), len(waves.client))


def _participations(lived: World) -> Iterator[tuple[Any, ...]]:
    periods, ids = lived.history.periods, client_ids(len(lived.clients))
    ended = lived.calendar.texts(periods.end_day)
    return zip(
        (ids[client] for client in periods.client),
        (lived.catalogue.ids[k] for k in periods.insats),
        lived.calendar.texts(periods.start_day),
        (text if day >= 0 else "" for text, day in zip(ended, periods.end_day, strict=True)),
        (f"{hours:.6g}" for hours in periods.hours.tolist()),
        periods.ended_as,
        strict=True,
    )


def _outcomes(lived: World, rng: np.random.Generator, p: Parameters) -> list[tuple[str, str, str]]:
    """Status when a person left, and again half a year later where that is not in the future."""
    left_day, left_to = lived.history.left_day, lived.history.left_to
    later_day: Ints = left_day + 7 * p.outcomes.follow_up_weeks
    u, other = rng.random(len(left_day)), pick_named(rng.random(len(left_day)), p.outcomes.lost)
    worked = np.isin(left_to, list(p.outcomes.work))
    later = np.where(worked & (u >= p.outcomes.still_working), other, left_to)
    texts, later_texts = lived.calendar.texts(left_day), lived.calendar.texts(later_day)
    rows = []
    for client, id in enumerate(client_ids(len(left_day))):
        if left_day[client] >= 0:
            rows.append((id, texts[client], left_to[client]))
            if later_day[client] <= lived.calendar.last_day:
                rows.append((id, later_texts[client], later[client]))
    return rows


def _descriptor(folder: Path, n_clients: int, seed: int, effects: Shape) -> str:
    package = tables.descriptor(
        NAME,
        profile="tabular-data-package",
        title="MOCK: BIP progression of people who do not exist",
        description=f"Made by a simulator: {_command(n_clients, seed, effects)}. No row is about a real person.",
        licenses=[
            {
                "name": "CC0-1.0",
                "title": "Creative Commons Zero v1.0 Universal",
                "path": "https://creativecommons.org/publicdomain/zero/1.0/",
            }
        ],
    )
    package["resources"] = [
        resource
        | {
            "profile": "tabular-data-resource",
            "bytes": (folder / resource["path"]).stat().st_size,
            "hash": "sha256:" + hashlib.sha256((folder / resource["path"]).read_bytes()).hexdigest(),
        }
        for resource in package["resources"]
    ]
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def _command(n_clients: int, seed: int, effects: Shape) -> str:
    return f"pathway mock OUT --clients {n_clients} --seed {seed} --effects {effects}"


def _readme(n_clients: int, seed: int, effects: Shape, files_are_shipped: bool) -> str:
    own = "" if files_are_shipped else ", with another catalogue, instrument or other numbers than the shipped ones, by"
    return f"""# MOCK data: nobody in here exists

{n_clients} people made by a simulator, in the format of a real export. Never mix these rows with real ones, and never
quote a number from here as a finding about people, insatser or municipalities.

Made{own or " by"}

    {_command(n_clients, seed, effects)}

The same command gives the same bytes. Do not edit the files by hand; run the command again.

| file | holds |
|---|---|
| `clients.csv`, `measurements.csv`, `participations.csv`, `outcomes.csv` | the four tables of a data package |
| `datapackage.json` | their schema (Frictionless Data Package) |
| `catalogue.json` | the insatser that were offered |
| `cases.json` | cases for the desk, of people who are not among the clients |
| `truth/` | the true effects and latent levels: for evaluation only, nothing that learns or suggests may read it |

How the simulator works: docs/MOCK-DATA.md.
"""
