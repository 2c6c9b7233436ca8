"""The commands that plan: `pathway suggest`, `ask`, `caseload` and `rule`."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathway import askcommands, shipped
from pathway.errors import FaultyCase, UnreadableFile

if TYPE_CHECKING:
    from pathway.case import Case
    from pathway.plan import Suggestion
    from pathway.progress import Tell
    from pathway.suggestion import Desk

FORMATS = ("json", "text", "html", "client")
LANGUAGES = ("sv", "en")
GOALS = ("equal", "work")


def add(commands: Any) -> None:
    """Add the commands to the command line."""
    suggest = commands.add_parser("suggest", help="make an explained suggestion for each case")
    _add_desk(suggest)
    suggest.add_argument("--out", type=Path, metavar="FILE", help="for text: standard output if left out")
    suggest.add_argument("--format", choices=FORMATS, default="json", help="default: %(default)s")
    suggest.add_argument(
        "--caution", type=_between(0.0, 2.0), metavar="K",
        help="how many standard deviations are taken off expected gains when plans are compared, in cases without "
        "goal.caution (default: 0)",
    )  # fmt: skip
    suggest.add_argument("--prices", type=Path, metavar="FILE", help="what scarce places cost (caseload --prices-out)")
    suggest.add_argument("--language", choices=LANGUAGES, default="sv", help="default: %(default)s")
    suggest.set_defaults(run=_suggest)

    ask = commands.add_parser(
        "ask", help="ask about a suggestion: why this, why not that, what if, what would change it"
    )
    _add_desk(ask)
    ask.add_argument("--language", choices=LANGUAGES, default="sv", help="default: %(default)s")
    askcommands.add(ask)
    ask.set_defaults(run=_ask)

    caseload = commands.add_parser(
        "caseload",
        help="make suggestions for all cases at once, under shared places",
        epilog="Shares places among suggestions. It never orders people, and the handläggare decides in each case.",
    )
    _add_desk(caseload)
    caseload.add_argument("--out", type=Path, required=True, metavar="FILE", help="suggestions; a report beside it")
    caseload.add_argument(
        "--floor",
        type=_share,
        metavar="SHARE",
        help="no group's mean gain below this share of all's; needs --by",
    )
    caseload.add_argument(
        "--by", metavar="GROUPS", help="a field of the profile, or a .json file from case_id to the name of a group"
    )
    caseload.add_argument(
        "--even", type=_share, nargs="?", const=0.4, metavar="SHARE",
        help="no period of 13 weeks gets more than this share of all starts (0.4 if not said)",
    )  # fmt: skip
    caseload.add_argument("--prices-out", type=Path, metavar="FILE", help="write what places are worth, for suggest")
    caseload.add_argument(
        "--expect", nargs=3, metavar=("FILE", "N", "DATE"),
        help="earlier cases that stand for N clients who come until DATE: --prices-out is then for them",
    )  # fmt: skip
    caseload.add_argument(
        "--prices", type=Path, metavar="FILE", help="of the night before, to go on from; with --expect"
    )
    caseload.set_defaults(run=_caseload)

    rule = commands.add_parser(
        "rule",
        help="make a simple rule that can be said aloud, and tell what it is worth beside full plans",
        epilog="A rule is learned on some of the cases and tried on others.",
    )
    _add_desk(rule)
    rule.set_defaults(run=_rule)


def _add_desk(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, default=shipped.model(), metavar="DIR", help="default: the mock model")
    parser.add_argument(
        "--catalogue", type=Path, default=shipped.catalogue(), metavar="FILE", help="default: the mock Välfärdsguiden"
    )
    parser.add_argument("--cases", type=Path, required=True, metavar="FILE", help=".json (one or a list) or .jsonl")
    parser.add_argument(
        "--goal", choices=GOALS, default="equal",
        help="how indicators weigh in cases without goal.weights: all the same (default), or as levels went together "
        "with work or studies before",
    )  # fmt: skip


def _between(least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        given = float(text)
        if not least <= given <= most:
            raise argparse.ArgumentTypeError(f"must be between {least:g} and {most:g}")
        return given

    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1")
    return share


def _desk(chosen: argparse.Namespace, prices: Path | None = None, language: str = "sv") -> "Desk":
    from pathway import catalogue, modelfolder
    from pathway.caseload import pricefile
    from pathway.suggestion import Desk

    offered = catalogue.read(chosen.catalogue)
    known = None if prices is None else pricefile.read(prices, offered.version)
    return Desk(modelfolder.read(chosen.model), offered, chosen.goal, prices=known, language=language)


def _suggest(chosen: argparse.Namespace) -> None:
    if chosen.out is None and chosen.format != "text":
        raise UnreadableFile("say where the suggestions go: --out FILE")
    from pathway import casefile, plan
    from pathway.progress import shown

    desk, faults, made = _desk(chosen, chosen.prices, chosen.language), list[str](), []
    with shown("suggest") as tell:
        pairs = _suggested(desk, chosen, faults, tell)
        if chosen.format == "json":
            with casefile.results(chosen.out) as write:
                for _, suggestion in pairs:
                    write(plan.plain(suggestion))
        else:
            made = list(pairs)
    if made:
        _print(made, desk, chosen)
    if faults:
        raise refusal(faults, f"the others are {f'in {chosen.out}' if chosen.out else 'above'}")


def _print(made: "Sequence[tuple[Case, Suggestion]]", desk: "Desk", chosen: argparse.Namespace) -> None:
    from pathway import casefile, printout

    instrument = desk.model.instrument
    if chosen.format in ("html", "client"):
        cases, suggestions = zip(*made, strict=True)
        page = printout.client if chosen.format == "client" else printout.html
        shown_text = page(suggestions, cases, desk.catalogue, instrument, desk.words)
    else:
        shown_text = "\n\n".join(printout.text(one, case, desk.catalogue, instrument, desk.words) for case, one in made)
    if chosen.out is None:
        print(shown_text)
    else:
        with casefile.whole(chosen.out) as file:
            file.write(shown_text)


def _ask(chosen: argparse.Namespace) -> None:
    askcommands.ask(chosen, _desk(chosen, language=chosen.language))


def _suggested(
    desk: "Desk", chosen: argparse.Namespace, faults: list[str], tell: "Tell"
) -> "Iterator[tuple[Case, Suggestion]]":
    """Give each case, as it is planned for, with its suggestion.

    A case that breaks a rule stops no other: what is wrong with it is added to `faults`.

    Raises
    ------
    FaultyCase
        Every case breaks a rule.
    """
    from pathway import casefile

    total, n_made = casefile.count(chosen.cases), 0
    for case in casefile.sound(chosen.cases, desk.model.instrument, [desk.check], faults):
        n_made += 1
        tell("planning", n_made + len(faults), total)
        if chosen.caution is not None and not case.goal.caution:
            case = replace(case, goal=replace(case.goal, caution=chosen.caution))
        yield desk.aimed(case), desk.suggest(case, datetime.now(UTC))
    if not n_made:
        raise refusal(faults)


def refusal(faults: Sequence[str], others: str = "") -> FaultyCase:
    """Say what is wrong with each case but the last, a line each, and give the last as the error to raise."""
    *before, last = faults
    for one in before:
        print(f"pathway: {one}", file=sys.stderr)
    return FaultyCase(f"{last} ({len(faults)} left out; {others})" if others else last)


def _caseload(chosen: argparse.Namespace) -> None:
    if chosen.floor is not None and chosen.by is None:
        raise UnreadableFile("a floor is for groups: say which with --by")
    if chosen.expect is not None and chosen.prices_out is None:
        raise UnreadableFile("who is expected changes prices only: say where to write them with --prices-out")
    if chosen.prices is not None and chosen.expect is None:
        raise UnreadableFile("prices of the night before are for those who are expected: say whom with --expect")
    from pathway import casefile, plan
    from pathway.caseload import expected, planning, pricefile, report
    from pathway.progress import shown
    from pathway.wording import swedish_day

    desk = _desk(chosen)
    wanted, created_at = planning.Wanted(chosen.floor, chosen.by, chosen.even), datetime.now(UTC)
    coming = None
    if chosen.expect is not None:
        file, number, until = chosen.expect
        before = None if chosen.prices is None else pricefile.read(chosen.prices, desk.catalogue.version)
        coming = expected.read(Path(file), number, until, desk.model.instrument, swedish_day(created_at), before)
    with shown("caseload") as tell:
        cases = casefile.read_each(chosen.cases, desk.model.instrument)
        total = casefile.count(chosen.cases)
        planned = planning.plan_all(desk, cases, created_at, wanted, tell=tell, total=total, expected=coming)
    faults = [fault.message for fault in planned.faults]
    if not planned.prepared:
        raise refusal(faults)
    with casefile.results(chosen.out) as write:
        for suggestion in planned.suggestions:
            write(plan.plain(suggestion))
    report.write(planned, created_at, chosen.out.with_suffix(".caseload.json"))
    print("\n".join(report.lines(planned)))
    if coming is not None and planned.ahead is None:
        raise FaultyCase(f"--expect: no prices, for no earlier case can be planned for; {faults[-1]}")
    if chosen.prices_out is not None:
        pricefile.write(planned.prices, chosen.prices_out)
    if faults:
        raise refusal(faults, f"the others are in {chosen.out}")


def _rule(chosen: argparse.Namespace) -> None:
    from pathway import casefile, simplerule
    from pathway.progress import shown

    desk, faults = _desk(chosen), list[str]()
    with shown("rule") as tell:
        tell("planning")
        cases = list(casefile.sound(chosen.cases, desk.model.instrument, [desk.check], faults))
        choices, own = simplerule.compare(desk, cases)
    if len(choices) < simplerule.FEWEST_CASES:
        few = f"{chosen.cases}: a rule needs at least {simplerule.FEWEST_CASES} cases that can have a plan"
        raise refusal([*faults, f"{few}, and there are {len(choices)}; give more cases"])
    made, worth = simplerule.settle(desk, choices, own)
    print("\n".join(simplerule.lines(made, worth, desk.catalogue, desk.model.instrument)))
    if faults:
        raise refusal(faults, "the rule is made of the others")
