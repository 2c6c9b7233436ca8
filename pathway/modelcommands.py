"""The commands on kept models: `pathway model list`, `compare`, `release`, `verify`, `key`; keeping what was trained.

What they need (MLflow, Altair, cryptography) is loaded when a command runs, not before: it is an extra, `[retrain]`.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathway import shipped
from pathway.deskcommands import refusal
from pathway.errors import TrackingUnavailable

if TYPE_CHECKING:
    from pathway.modelfolder import Model
    from pathway.modelfolder.tracking import Store
    from pathway.register import Register

BESIDE = "beside the register"
_URI = "MLFLOW_TRACKING_URI"


def add(commands: Any) -> None:
    """Add ``model`` and its sub-commands to the command line."""
    model = commands.add_parser("model", help="list, compare, release and verify models")
    actions = model.add_subparsers(title="commands", required=True, metavar="ACTION", parser_class=type(model))

    listed = actions.add_parser("list", help="list the models that are kept")
    listed.set_defaults(run=_list)

    compare = actions.add_parser(
        "compare",
        help="hold two models beside each other",
        epilog="A model: a folder, @candidate, @champion or a number.",
    )
    compare.add_argument("first", metavar="A")
    compare.add_argument("second", metavar="B")
    compare.add_argument("--cases", type=Path, metavar="FILE", help="whose first activity would change, at what cost")
    compare.add_argument("--catalogue", type=Path, default=shipped.catalogue(), metavar="FILE", help="for --cases")
    compare.add_argument("--out", type=Path, metavar="FILE", help="write the comparison as JSON, too")
    compare.set_defaults(run=_compare)

    release = actions.add_parser(
        "release",
        help="try the gates, and write a signed model folder",
        epilog="The key comes from --key or PATHWAY_RELEASE_KEY_FILE. The released model becomes @champion.",
    )
    release.add_argument("name", metavar="ALIAS", help="candidate, champion or a number")
    release.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    release.add_argument("--key", type=Path, metavar="FILE", help="private key (PEM), see pathway model key")
    release.add_argument("--gates", type=Path, metavar="FILE", help="limits of one's own, like gates.toml")
    release.set_defaults(run=_release)

    for action in (listed, compare, release):
        action.add_argument("--track", metavar="WHERE", help=f"folder or tracking URI; default: {_URI}")

    verify = actions.add_parser("verify", help="check a released model folder against the public key")
    verify.add_argument("folder", type=Path, metavar="DIR")
    verify.add_argument("--public-key", required=True, metavar="HEX", help="64 characters, as pathway model key says")
    verify.set_defaults(run=_verify)

    key = actions.add_parser("key", help="make a private key to sign releases with")
    key.add_argument("file", type=Path, metavar="FILE")
    key.set_defaults(run=_key)


def add_track(train: argparse.ArgumentParser) -> None:
    """Let the training command keep what it trained."""
    train.add_argument(
        "--track", nargs="?", const=BESIDE, metavar="WHERE",
        help="keep the model and all about it: a folder or a tracking URI; without one, a folder in the register's",
    )  # fmt: skip


def keep(model: "Model", known: "Register", register_at: str, track: str) -> str:
    """Keep a trained model with its figures, plots and lineage; a line that says where.

    Raises
    ------
    TrackingUnavailable
        The place cannot be opened, or is to be beside a register that lies in no folder.
    """
    with _extra():
        from pathway.comparison import charts, measures
        from pathway.modelfolder.tracking import Store
    store = Store(_beside(register_at) if track == BESIDE else track)
    packages = [
        {"package": one.package, "imported_on": str(one.imported_on), "mock": one.mock, "instrument": one.instrument}
        for one in known.imports()
    ]
    lineage = {"register_version": model.training.register_version, "key_id": known.key_id, "packages": packages}
    kept = store.keep(model, measures.flat(model), lineage, charts.files(model))
    return f"Kept as version {kept.number}, @candidate: {store.place}"


def _list(chosen: argparse.Namespace) -> None:
    store = _store(chosen.track)
    versions = store.versions()
    for kept in versions:
        marks = " ".join(f"@{alias}" for alias in kept.aliases)
        print(
            f"{kept.number:>4}  {kept.model_version:<18} {kept.kept_at:%Y-%m-%d %H:%M}  "
            f"register {kept.register_version[:12]}  {marks}".rstrip()
        )
    if not versions:
        print(f"{store.place}: no models yet; keep one with pathway train --track")


def _compare(chosen: argparse.Namespace) -> None:
    from pathway.comparison import between

    first, second = (_model(name, chosen.track) for name in (chosen.first, chosen.second))
    cases, faults = None, list[str]()
    if chosen.cases:
        from pathway import casefile, catalogue
        from pathway.suggestion import Desk

        offered = catalogue.read(chosen.catalogue)
        desks = Desk(first, offered), Desk(second, offered)
        asked = casefile.sound(chosen.cases, first.instrument, [desk.check for desk in desks], faults)
        cases = between.on_cases(*desks, asked, datetime.now(UTC))
        if not cases.n_cases:
            raise refusal(faults)
    print("\n".join(between.lines(first, second, cases)))
    if chosen.out:
        import json

        from pathway import casefile

        with casefile.whole(chosen.out) as file:
            file.write(json.dumps(between.plain(first, second, cases), ensure_ascii=False, indent=1) + "\n")
    if faults:
        raise refusal(faults, "the models are compared on the others")


def _release(chosen: argparse.Namespace) -> None:
    with _extra():
        from pathway.comparison import gates
        from pathway.comparison.release import release
        from pathway.modelfolder.signature import Signer
    signer, store = Signer.of_file(chosen.key), _store(chosen.track)
    kept, champion = store.find(chosen.name), store.champion()
    in_use = store.fetch(champion) if champion and champion.number != kept.number else None
    allowed = gates.limits(chosen.gates) if chosen.gates else None
    released = release(store.fetch(kept), in_use, chosen.out, signer, datetime.now(UTC), allowed)
    store.crown(kept)
    print("\n".join(gates.lines(released.gates)))
    print(f"\nReleased {released.version}, version {kept.number}, now @champion: {released.folder}")
    print(f"Check it with: pathway model verify {released.folder} --public-key {released.public_key}")


def _verify(chosen: argparse.Namespace) -> None:
    with _extra():
        from pathway.modelfolder.signature import verify
    told = verify(chosen.folder, chosen.public_key)
    print(
        f"{chosen.folder}: model {told['version']}, released {told['released_at']}; signature and all files are sound"
    )


def _key(chosen: argparse.Namespace) -> None:
    with _extra():
        from pathway.modelfolder.signature import KEY_FILE, make_key
    signer = make_key(chosen.file)
    print(f"{chosen.file}: private key; keep it from everybody, and name it in {KEY_FILE}")
    print(f"Public key, for whoever checks releases: {signer.public_key}")


def _model(name: str, track: str | None) -> "Model":
    from pathway import modelfolder

    if name.startswith("@") or name.isdigit():
        store = _store(track)
        return store.fetch(store.find(name))
    return modelfolder.read(Path(name))


def _store(track: str | None) -> "Store":
    where = track or os.environ.get(_URI)
    if not where:
        raise TrackingUnavailable(f"say where the models are kept: --track WHERE, or set {_URI}")
    with _extra():
        from pathway.modelfolder.tracking import Store
    return Store(where)


def _beside(register_at: str) -> Path:
    from pathway import register

    folder = register.folder(register_at)
    if folder is None:
        raise TrackingUnavailable("the register lies in no folder; say where models are kept: --track WHERE")
    return folder / "models"


@contextmanager
def _extra() -> Iterator[None]:
    """Say in one line which extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise TrackingUnavailable(
            f"{error.name} is not installed; install pathway-generator[retrain] to keep, release and verify models"
        ) from None
