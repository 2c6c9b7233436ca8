"""The commands: `pathway mock`, `import`, `train`, `suggest`, `demo`.

Exit codes: 0 done; 2 something that the one line on standard error says how to put right; 1 a mistake of ours.
Set ``PATHWAY_DEBUG=1`` to see where a mistake of ours lies; it may show data, so never use it with real people's.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pathway import __version__, shipped
from pathway.errors import FaultyCase, PathwayError, UnreadableFile

if TYPE_CHECKING:
    from pathway.case import Case
    from pathway.plan import Suggestion
    from pathway.suggestion import Desk

EFFECTS = ("smooth", "threshold", "same", "none")
FORMATS = ("json", "text", "html")
GOALS = ("equal", "work")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
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
    mock.add_argument("--clients", type=_at_least(1), default=2000, metavar="N", help="default: %(default)s")
    mock.add_argument("--seed", type=_at_least(0), default=2026, metavar="S", help="default: %(default)s")
    mock.add_argument("--effects", choices=EFFECTS, default="smooth", help="how effects differ between people")
    mock.add_argument("--catalogue", type=Path, metavar="FILE", help="default: the mock Välfärdsguiden")
    mock.add_argument("--instrument", type=Path, metavar="FILE", help="default: BIP")
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
    train.set_defaults(run=_train)

    suggest = commands.add_parser("suggest", help="make an explained suggestion for each case")
    suggest.add_argument("--model", type=Path, default=shipped.model(), metavar="DIR", help="default: the mock model")
    suggest.add_argument(
        "--catalogue", type=Path, default=shipped.catalogue(), metavar="FILE", help="default: the mock Välfärdsguiden"
    )
    suggest.add_argument("--cases", type=Path, required=True, metavar="FILE", help=".json (one or a list) or .jsonl")
    suggest.add_argument("--out", type=Path, metavar="FILE", help="for text: standard output if left out")
    suggest.add_argument("--format", choices=FORMATS, default="json", help="default: %(default)s")
    suggest.add_argument(
        "--goal", choices=GOALS, default="equal",
        help="how indicators weigh in cases without goal.weights: all the same (default), or as levels went together "
        "with work or studies before",
    )  # fmt: skip
    suggest.set_defaults(run=_suggest)

    demo = commands.add_parser("demo", help="walk the whole way on the mock data")
    demo.add_argument("--folder", type=Path, default=Path(".demo"), metavar="DIR", help="default: %(default)s")
    demo.set_defaults(run=_demo)
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


def _mock(chosen: argparse.Namespace) -> None:
    from pathway import instrument, mock
    from pathway.progress import shown

    with shown("mock") as tell:
        mock.write(
            chosen.out,
            chosen.clients,
            chosen.seed,
            chosen.effects,
            catalogue=chosen.catalogue or mock.SHIPPED_CATALOGUE,
            instrument=chosen.instrument or instrument.SHIPPED,
            progress=tell,
        )
    print(f"{chosen.out}: {chosen.clients} mock clients, who do not exist; what is true of them is in truth/")


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


def _suggest(chosen: argparse.Namespace) -> None:
    if chosen.out is None and chosen.format != "text":
        raise UnreadableFile("say where the suggestions go: --out FILE")
    from pathway import casefile, catalogue, modelfolder, plan, printout
    from pathway.progress import shown
    from pathway.suggestion import Desk

    desk = Desk(modelfolder.read(chosen.model), catalogue.read(chosen.catalogue), chosen.goal)
    instrument, total, made = desk.model.instrument, casefile.count(chosen.cases), []
    pairs = _suggested(desk, chosen.cases)
    with shown("suggest") as tell:
        if chosen.format == "json":
            with casefile.results(chosen.out) as write:
                for number, (_, suggestion) in enumerate(pairs, start=1):
                    write(plan.plain(suggestion))
                    tell("planning", number, total)
            return
        for number, pair in enumerate(pairs, start=1):
            made.append(pair)
            tell("planning", number, total)
    if chosen.format == "html":
        cases, suggestions = zip(*made, strict=True)
        shown_text = printout.html(suggestions, cases, desk.catalogue, instrument)
    else:
        shown_text = "\n\n".join(printout.text(one, case, desk.catalogue, instrument) for case, one in made)
    if chosen.out is None:
        print(shown_text)
    else:
        with casefile.whole(chosen.out) as file:
            file.write(shown_text)


def _suggested(desk: "Desk", cases: Path) -> "Iterator[tuple[Case, Suggestion]]":
    """Give each case, as it is planned for, with its suggestion; errors name the case's place in the file."""
    from pathway import casefile

    for place, case in casefile.read(cases, desk.model.instrument):
        try:
            yield desk.aimed(case), desk.suggest(case, datetime.now(UTC))
        except FaultyCase as error:
            raise FaultyCase(f"{cases}: {place}: {error.message}") from None


def _demo(chosen: argparse.Namespace) -> None:
    from pathway import demo

    demo.walk(chosen.folder)
