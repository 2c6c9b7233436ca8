"""Walks the whole way on the mock data: import, train, suggest, show. What it makes is kept for the next time."""

import secrets
from datetime import UTC, date, datetime
from pathlib import Path

from pathway import (
    __version__,
    casefile,
    catalogue,
    evaluation,
    instrument,
    intake,
    modelfolder,
    plan,
    printout,
    pseudonym,
    register,
    shipped,
    training,
)
from pathway.errors import PathwayError, UnreadableFile
from pathway.modelfolder import Model
from pathway.progress import shown
from pathway.register import Register
from pathway.suggestion import Desk

_KEY, _REGISTER, _MODEL = "key", "register", "model"


def walk(folder: Path) -> None:
    """Import the mock package into a register of its own, train on it, and suggest for the mock cases.

    Parameters
    ----------
    folder
        Where the demo keeps its key, register, model and suggestions; made if there is none.

    Raises
    ------
    UnreadableFile
        The folder cannot be written, or the mock package is not there.
    """
    bip, offered = instrument.read(), catalogue.read(shipped.catalogue())
    print("MOCK DATA: people who do not exist. 1 of 3: import", flush=True)
    with shown("import") as tell:
        taken = intake.take_in(
            shipped.mock_package(), str(folder / _REGISTER), _key(folder), bip, date.today(), tell=tell
        )
    print(f"  {taken.folder}")

    print("2 of 3: train", flush=True)
    model = _trained(register.open(str(folder / _REGISTER)), folder / _MODEL, offered, bip)
    print("\n".join(f"  {line}" if line else "" for line in evaluation.lines(model.evaluation)))

    print("\n3 of 3: suggest", flush=True)
    desk = Desk(model, offered)
    n_cases = casefile.count(shipped.cases())
    made = []
    with shown("suggest") as tell:
        for _, case in casefile.read(shipped.cases(), bip):
            made.append((case, desk.suggest(case, datetime.now(UTC))))
            tell("planning", len(made), n_cases)
    cases, suggestions = zip(*made, strict=True)
    page = folder / "suggestions.html"
    with casefile.whole(page) as file:
        file.write(printout.html(suggestions, cases, offered, bip))
    with casefile.results(folder / "suggestions.json") as write:
        for suggestion in suggestions:
            write(plan.plain(suggestion))
    print()
    print(printout.text(suggestions[0], cases[0], offered, bip))
    print(f"All {n_cases} suggestions as a page: {page.resolve().as_uri()}")
    print(f"As the API gives them: {folder / 'suggestions.json'}")


def _key(folder: Path) -> pseudonym.Key:
    """Give the demo's own key, made the first time."""
    path = folder / _KEY
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="ascii")
    except OSError as error:
        raise UnreadableFile(f"{folder}: cannot be written ({error.strerror}); check space and permissions") from None
    return pseudonym.key_from({"PATHWAY_KEY_FILE": str(path)})


def _trained(known: Register, folder: Path, offered: catalogue.Catalogue, bip: instrument.Instrument) -> Model:
    """Give the model of this register, trained unless it was already."""
    try:
        model = modelfolder.read(folder)
        same = (model.training.register_version, model.training.catalogue_version, model.training.software)
        if same == (known.version(), offered.version, __version__):
            return model
    except PathwayError:
        pass  # none yet, or damaged: train
    with shown("train") as tell:
        model = training.train(known, offered, bip, progress=tell)
        modelfolder.write(model, folder)
    return model
