"""The commands for those who review and those who publish: `pathway audit` and `pathway followup`."""

import argparse
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathway import shipped
from pathway.errors import Mismatch, UnreadableFile

if TYPE_CHECKING:
    import numpy as np

    from pathway.audit.known import Truth
    from pathway.pseudonym import Key
    from pathway.register import Register

N_SUGGESTIONS = 8


def add(commands: Any) -> None:
    """Add the commands to the command line."""
    audit = commands.add_parser("audit", help="write the audit report of a model: HTML, JSON and pre-filled documents")
    _add_register(audit)
    audit.add_argument("--model", type=Path, required=True, metavar="DIR")
    audit.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    audit.add_argument(
        "--catalogue", type=Path, default=shipped.catalogue(), metavar="FILE",
        help="names and places of insatser; default: the mock Välfärdsguiden, where it fits the model",
    )  # fmt: skip
    audit.add_argument(
        "--decisions",
        type=Path,
        metavar="FILE",
        help="answers to suggestions: an exported trail (.jsonl), .json or .csv",
    )
    audit.add_argument("--prices", type=Path, metavar="FILE", help="of places (pathway caseload --prices-out)")
    audit.add_argument(
        "--truth", type=Path, metavar="DIR",
        help="of mock people: the folder truth/ of their package, with the key of their import in PATHWAY_KEY",
    )  # fmt: skip
    audit.add_argument(
        "--suggestions", type=_count, default=N_SUGGESTIONS, metavar="N", help="made; default: %(default)s"
    )
    audit.add_argument("--seed", type=_count, default=0, metavar="S", help="default: %(default)s")
    audit.set_defaults(run=_audit)

    followup = commands.add_parser(
        "followup",
        help="write aggregates that may leave the house: small cells hidden, with metadata for dataportal.se",
        epilog="Publish on fixed dates: whoever holds tables of two dates beside each other may see who came between.",
    )
    _add_register(followup)
    followup.add_argument("--from", dest="first_day", type=_day, required=True, metavar="D", help="first day, in it")
    followup.add_argument("--to", dest="last_day", type=_day, required=True, metavar="D", help="last day, in it")
    followup.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    followup.add_argument("--mapping", type=Path, metavar="FILE", help="fields and their names; default: the shipped")
    followup.add_argument("--catalogue", type=Path, metavar="FILE", help="names of insatser; is published, too")
    followup.add_argument("--publisher", type=Path, metavar="FILE", help="who publishes; without it no metadata")
    followup.set_defaults(run=_followup)


def truth_of(folder: Path, register: "Register", key: "Key", on: date) -> "Truth":
    """Read what is true of a register's mock people, by their pseudonyms, for the audit alone.

    Parameters
    ----------
    folder
        ``truth`` of the data package that was imported.
    key
        That the package was imported with.

    Raises
    ------
    Mismatch
        The register is not of mock people, or of another key.
    UnreadableFile
        The folder is not a mock package's truth.
    """
    from pathway.audit.known import Truth
    from pathway.mock import truth

    if not register.mock:
        raise Mismatch("the register is of people who exist, and nobody knows the truth of them; leave out --truth")
    if register.key_id != key.id:
        raise Mismatch("the register was filled with another key than PATHWAY_KEY gives; set the key of its import")
    try:
        world = truth.Truth.read(folder)
    except (OSError, KeyError, TypeError, ValueError):
        raise UnreadableFile(
            f"{folder}: is not the truth of a mock package; give the folder truth/ that pathway mock wrote"
        ) from None
    own = {key.client(str(id), on)[0]: str(id) for id in world.traits.index}

    def gains(clients: Sequence[str], days: Iterable[object]) -> "np.typing.NDArray[np.float64]":
        at = [own[client] for client in clients], list(days)
        spared: np.typing.NDArray[np.float64] = world.lost_in_gap(world.at(world.setpoints, *at))
        return world.gains(*at).alone + spared[:, None]

    return Truth(world.insatser, world.indicators, frozenset(own), gains)


def _add_register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--register", required=True, metavar="REG", help="a folder, or a database URL")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be at least 0")
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a date like 2026-01-31") from None


def _audit(chosen: argparse.Namespace) -> None:
    from pathway import audit, catalogue, modelfolder, pseudonym, register
    from pathway.audit import use
    from pathway.caseload import pricefile
    from pathway.progress import shown

    offered, model, today = catalogue.read(chosen.catalogue), modelfolder.read(chosen.model), date.today()
    answers = use.read(chosen.decisions) if chosen.decisions else ()
    prices = pricefile.read(chosen.prices, offered.version) if chosen.prices else None
    known = register.open(chosen.register)
    truth = truth_of(chosen.truth, known, pseudonym.key_from(), today) if chosen.truth else None
    with shown("audit") as tell:
        facts = audit.examine(
            known, model, today, offered, answers, prices, chosen.suggestions,
            seed=chosen.seed, truth=truth, progress=tell,
        )  # fmt: skip
        written = audit.write(facts, chosen.out)
    for flag in facts.flags:
        print(f"flag {flag.code}{f' ({flag.where})' if flag.where else ''}: {flag.figure:.3g}, limit {flag.limit:.3g}")
    print(f"{len(facts.flags)} flags; {', '.join(map(str, written))}")


def _followup(chosen: argparse.Namespace) -> None:
    from pathway import register
    from pathway.followup import mapping, publication, publisher
    from pathway.progress import shown

    if chosen.last_day < chosen.first_day:
        raise UnreadableFile("the period ends before it begins; give --from a day that is not after --to")
    fields = mapping.read(chosen.mapping) if chosen.mapping else mapping.read()
    by = publisher.read(chosen.publisher) if chosen.publisher else None
    known = register.open(chosen.register)
    with shown("followup") as tell:
        tell("counting and hiding")
        published = publication.publish(
            known, fields, chosen.first_day, chosen.last_day, chosen.out, date.today(), chosen.catalogue, by
        )
    print("\n".join(publication.lines(published)))
