"""The command that answers questions about a suggestion: `pathway ask`."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathway.errors import FaultyCase, Mismatch, UnreadableFile

if TYPE_CHECKING:
    from pathway.case import Case
    from pathway.plan import Suggestion
    from pathway.questions import Offer
    from pathway.suggestion import Desk
    from pathway.wording import Words

QUESTIONS = ("why-plan", "why-not", "what-if", "what-would-change", "what-to-ask")
_CHANGES_LENGTH = 100_000  # letters of --changes


def add(asked: argparse.ArgumentParser) -> None:
    """Add what `pathway ask` takes, beside model, catalogue, cases and goal."""
    asked.add_argument("question", choices=QUESTIONS, help="what is asked about the first plan")
    asked.add_argument("--case", metavar="ID", help="case_id of the case; not needed where the file holds one")
    asked.add_argument(
        "--suggestions", type=Path, metavar="FILE",
        help="what `pathway suggest` wrote, to ask about that very suggestion; otherwise one is made",
    )  # fmt: skip
    asked.add_argument("--insats", metavar="ID", help="for why-not")
    asked.add_argument(
        "--changes", metavar="JSON",
        help='for what-if: an object, or a file with one, such as {"limits": {"hours_per_week": 10}}; left out: '
        "lists what can be changed",
    )  # fmt: skip
    asked.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    asked.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")


def ask(chosen: argparse.Namespace, desk: "Desk") -> None:
    """Answer one question.

    Raises
    ------
    FaultyQuestion
        The question names something that there is not, or lies outside its range.
    Mismatch
        The suggestion is not of this case, model and catalogue.
    """
    from pathway import casefile, questions

    if chosen.question == "why-not" and chosen.insats is None:
        raise questions.FaultyQuestion("why-not: say which insats with --insats ID")
    case = _one_case(chosen, desk)
    changes = _changes(chosen.changes) if chosen.question == "what-if" and chosen.changes is not None else None
    if chosen.question == "what-if" and changes is None:
        answer: Any = questions.offers(desk, case, desk.words)
    else:
        answer = _answer(chosen, desk, case, _suggestion(chosen.suggestions, desk, case), changes)
    if chosen.format == "json":
        written = json.dumps(questions.plain(answer), ensure_ascii=False, indent=1)
    else:
        written = "\n".join(_lines(answer, desk))
    if chosen.out is None:
        print(written)
    else:
        with casefile.whole(chosen.out) as file:
            file.write(written + "\n")


def _answer(chosen: argparse.Namespace, desk: "Desk", case: "Case", made: "Suggestion", changes: Any) -> Any:
    from pathway import questions

    match chosen.question:
        case "why-plan":
            return questions.why_plan(desk, case, made, desk.words)
        case "why-not":
            return questions.why_not(desk, case, made, chosen.insats, desk.words)
        case "what-if":
            return questions.what_if(desk, case, made, changes, desk.words)
        case "what-would-change":
            return questions.what_would_change(desk, case, made, desk.words)
        case _:
            return questions.ask_about(desk, case, made, desk.words)


def _one_case(chosen: argparse.Namespace, desk: "Desk") -> "Case":
    from pathway import casefile

    read = [case for _, case in casefile.read_each(chosen.cases, desk.model.instrument)]
    found = [case for case in read if not isinstance(case, FaultyCase) and chosen.case in (None, case.case_id)]
    faults = [case for case in read if isinstance(case, FaultyCase)]
    if faults and (chosen.case is None or not found):  # it may be the one that is asked about
        raise faults[0]
    if not found:
        raise FaultyCase(f"{chosen.cases}: no case has the case_id that --case names; check it")
    if len(found) > 1:
        which = "say which with --case ID" if chosen.case is None else "all with that case_id; leave one"
        raise FaultyCase(f"{chosen.cases}: holds {len(found)} cases; {which}")
    return found[0]


def _suggestion(path: Path | None, desk: "Desk", case: "Case") -> "Suggestion":
    """Find the suggestion that the file holds for the case; make one where no file is given."""
    if path is None:
        return desk.suggest(case, datetime.now(UTC))
    from pydantic import TypeAdapter

    from pathway.plan import Suggestion
    from pathway.reading import shaped

    for place, raw in _kept(path):
        if isinstance(raw, Mapping) and raw.get("case_id") == case.case_id:
            return shaped(TypeAdapter(Suggestion), raw, _refusing(f"{path}: {place}"))
    raise Mismatch(f"{path}: holds no suggestion for the case; give the file that was made from this file of cases")


def _refusing(place: str) -> Callable[[str], UnreadableFile]:
    return lambda why: UnreadableFile(f"{place}: {why}")


def _kept(path: Path) -> Iterator[tuple[str, Any]]:
    from pathway.reading import json_of, text_of

    if path.suffix != ".jsonl":
        raw = json_of(path)
        yield from ((f"suggestion {n}", one) for n, one in enumerate(raw if isinstance(raw, list) else [raw], start=1))
        return
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError):
                raise UnreadableFile(f"{path}: line {number} is not JSON") from None


def _changes(given: str) -> Any:
    from pathway.questions import FaultyQuestion
    from pathway.reading import json_of

    if not given.lstrip().startswith("{"):
        return json_of(Path(given))
    try:
        return json.loads(given[:_CHANGES_LENGTH])
    except (ValueError, RecursionError):
        raise FaultyQuestion('changes: not JSON; write it as {"limits": {"hours_per_week": 10}}') from None


def _lines(answer: Any, desk: "Desk") -> Iterator[str]:
    """Write an answer out, one thing a line."""
    from pathway import questions
    from pathway.wording.reasons import name_of

    if isinstance(answer, questions.WhyPlan):
        yield from (f"{name_of(one.place.insats_id, desk.catalogue)}. {one.text}" for one in answer.activities)
        yield from (one.text for one in answer.against)
    elif answer == ():
        yield desk.words.text("ask.none")
    elif isinstance(answer, tuple):
        yield from (_offered(one, desk.words) if isinstance(one, questions.Offer) else str(one.text) for one in answer)
    else:
        yield answer.text


def _offered(offer: "Offer", words: "Words") -> str:
    if offer.values:
        return f"{offer.name}: {offer.label} ({', '.join(offer.values)})"
    now = words.language.missing if offer.now is None else str(offer.now)
    ends = f"{'>' if offer.above_low else ''}{offer.low}–{'' if offer.high is None else offer.high}"
    return f"{offer.name}: {offer.label} ({now}; {ends})"
