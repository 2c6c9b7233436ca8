"""The commands of the library, from `pathway mock` to `pathway demo`; `pathway --help` lists them.

Exit codes: 0 done; 2 something that the one line on standard error says how to put right; 1 a mistake of ours.
Set ``PATHWAY_DEBUG=1`` to see where a mistake of ours lies; it may show data, so never use it with real people's.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pathway import __version__, deskcommands, modelcommands, reviewcommands
from pathway.errors import Mismatch, PathwayError, UnreadableFile

EFFECTS = ("smooth", "threshold", "same", "none")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    with _cleared_away():
        return _run(arguments)


class _Terminated(SystemExit):
    """Somebody asked the process to end."""


@contextmanager
def _cleared_away() -> Iterator[None]:
    """Let whoever asks the process to end (SIGTERM) wait until drafts are cleared away: they may be about people."""

    def unwind(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for other threads
        return
    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    except _Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: Sequence[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Swedish letters shows less, but does not fail
    try:
        chosen = _parser().parse_args(arguments)
        chosen.run(chosen)
        sys.stdout.flush()
        return 0
    except PathwayError as error:
        return _refuse(error.message)
    except BrokenPipeError:
        _drop_output()  # its reader left
        return 0
    except OSError as error:
        _drop_output()
        return _refuse(f"the system refused ({error.strerror}); check space and permissions")
    except KeyboardInterrupt:
        print("pathway: interrupted; nothing half-done is left behind", file=sys.stderr)
        return 130
    except MemoryError:
        return _refuse("not enough memory; close other programs or use a machine with more")
    except Exception as error:
        if os.environ.get("PATHWAY_DEBUG") == "1":
            raise
        print(f"pathway: a mistake in the program ({type(error).__name__}); please report it", file=sys.stderr)
        return 1


def _drop_output() -> None:
    """Leave nothing to be written when Python ends: it would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(message: str) -> int:
    print("pathway: " + " ".join(message.split()), file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pathway", description="Suggests rehabilitation pathways; the handläggare decides.")
    parser.add_argument("--version", action="version", version=f"pathway-generator {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)

    mock = commands.add_parser("mock", help="write a data package of people who do not exist")
    mock.add_argument("out", type=Path, metavar="OUT", help="folder to write; the truth goes to OUT/truth")
    mock.add_argument("--clients", type=_at_least(1), metavar="N", help="default: 2000; like a register: about as many")
    mock.add_argument("--seed", type=_at_least(0), default=2026, metavar="S", help="default: %(default)s")
    mock.add_argument("--effects", choices=EFFECTS, default="smooth", help="how effects differ between people")
    mock.add_argument("--catalogue", type=Path, metavar="FILE", help="default: the mock Välfärdsguiden")
    mock.add_argument("--instrument", type=Path, metavar="FILE", help="default: BIP")
    mock.add_argument("--like", metavar="REG", help="a synthetic twin of this register; needs --epsilon")
    mock.add_argument("--epsilon", type=_above_zero, metavar="E", help="what it may tell of anybody: 1 is strict")
    mock.set_defaults(run=_mock)

    take_in = commands.add_parser(
        "import",
        help="check, pseudonymise and take a data package into the register",
        epilog="The key comes from PATHWAY_KEY or PATHWAY_KEY_FILE; without one nothing is imported.",
    )
    take_in.add_argument("source", type=Path, metavar="SRC", help="folder of the data package")
    _add_register(take_in)
    take_in.add_argument("--instrument", type=Path, metavar="FILE", help="default: BIP")
    take_in.add_argument("--report", type=Path, metavar="DIR", help="where report and quarantine go")
    take_in.set_defaults(run=_import)

    train = commands.add_parser("train", help="fit, evaluate and write a model folder")
    _add_register(train)
    train.add_argument("--catalogue", type=Path, required=True, metavar="FILE")
    train.add_argument("--model", type=Path, required=True, metavar="DIR", help="folder to write")
    train.add_argument("--instrument", type=Path, metavar="FILE", help="default: BIP")
    train.add_argument("--seed", type=_at_least(0), default=0, metavar="S", help="default: %(default)s")
    modelcommands.add_track(train)
    train.set_defaults(run=_train)

    modelcommands.add(commands)

    deskcommands.add(commands)

    reviewcommands.add(commands)

    demo = commands.add_parser("demo", help="walk the whole way on the mock data")
    demo.add_argument("--folder", type=Path, default=Path(".demo"), metavar="DIR", help="default: %(default)s")
    demo.set_defaults(run=_demo)

    for others in entry_points(group="pathway.commands"):  # what stands on the library adds its commands itself
        others.load()(commands)
    return parser


def _add_register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--register", required=True, metavar="REG", help="a folder, or a database URL")


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}")
        return number

    return whole_number


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return number


def _mock(chosen: argparse.Namespace) -> None:
    from pathway import instrument, mock
    from pathway.progress import shown

    if chosen.like or chosen.epsilon:
        return _twin(chosen)
    n_clients = chosen.clients or 2000
    with shown("mock") as tell:
        mock.write(
            chosen.out,
            n_clients,
            chosen.seed,
            chosen.effects,
            catalogue=chosen.catalogue or mock.SHIPPED_CATALOGUE,
            instrument=chosen.instrument or instrument.SHIPPED,
            progress=tell,
        )
    print(f"{chosen.out}: {n_clients} mock clients, who do not exist; what is true of them is in truth/")


def _twin(chosen: argparse.Namespace) -> None:
    if not (chosen.like and chosen.epsilon):
        raise Mismatch("a twin needs both: --like REG, and --epsilon E, which says how much it may tell of anybody")
    try:
        from pathway.mock import like
    except ModuleNotFoundError as error:
        raise UnreadableFile(f"{error.name} is not installed; install pathway-generator[twin] to make twins") from None
    from pathway import instrument, mock, register
    from pathway.progress import shown

    with shown("mock") as tell:
        looked = like.write(
            chosen.out,
            register.open(chosen.like),
            chosen.epsilon,
            chosen.clients,
            chosen.seed,
            chosen.effects,
            catalogue=chosen.catalogue or mock.SHIPPED_CATALOGUE,
            instrument=chosen.instrument or instrument.SHIPPED,
            progress=tell,
        )
    print(f"{chosen.out}: a twin, nobody in it exists; epsilon {looked.epsilon:.3g} spent; how like it is: twin.md")


def _import(chosen: argparse.Namespace) -> None:
    from pathway import instrument, intake, pseudonym
    from pathway.progress import shown

    key = pseudonym.key_from()
    asked = instrument.read(chosen.instrument or instrument.SHIPPED)
    with shown("import") as tell:
        taken = intake.take_in(
            chosen.source, chosen.register, key, asked, today=date.today(), report_to=chosen.report, tell=tell
        )
    print("\n".join(taken.report.lines()))
    print(f"\nReport and quarantine: {taken.folder}")


def _train(chosen: argparse.Namespace) -> None:
    from pathway import catalogue, evaluation, instrument, modelfolder, register, training
    from pathway.progress import shown

    asked = instrument.read(chosen.instrument or instrument.SHIPPED)
    offered = catalogue.read(chosen.catalogue)
    known = register.open(chosen.register)
    with shown("train") as tell:
        tell("reading the register")
        model = training.train(known, offered, asked, chosen.seed, progress=tell)
        modelfolder.write(model, chosen.model)
    print("\n".join(evaluation.lines(model.evaluation)))
    print(f"\nModel {model.version}: {chosen.model}")
    if chosen.track:
        print(modelcommands.keep(model, known, chosen.register, chosen.track))


def _demo(chosen: argparse.Namespace) -> None:
    from pathway import demo

    demo.walk(chosen.folder)
