"""The caseworker's answer: accept a plan, change it with the rules checked beside, or reject; always with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.wording import Words
from pathway.wording.reasons import name_of
from service import decisions, rules, suggestions
from service.access.roles import Permission
from service.api.calls import Answer
from service.errors import AlreadyDecided
from service.pages.activity_rows import Row, read_number, rows_of, write_number
from service.pages.opened import Opened, opened
from service.pages.visitor import Errors, Sent, Visitor, allowed, sending
from service.rules import Broken, Placed
from service.visits import Visit

router = APIRouter(include_in_schema=False)
ANSWERS = ("accepted", "changed", "rejected")
_MOST_ROWS = 20
_MOST_LETTERS = 4000  # of the own words, as the API takes them


@dataclass(frozen=True)
class Draft:
    """The whole form as it was typed."""

    answer: str
    rank: str
    reason_code: str
    reason: str
    rows: tuple[Row, ...]
    add: str = ""
    despite: bool = False


@router.get("/suggestions/{id}/answer")
def show_form(id: str, guest: Annotated[Visitor, allowed(Permission.DECIDE)], answer: str = "") -> Response:
    """Show the form, with the suggestion's own activities to change."""
    with guest.visit() as visit:
        suggestions.find(visit, id, to_change=True)
        found = opened(visit, id, guest)
        if not found.open:
            raise AlreadyDecided("the suggestion has been answered; make a new one to answer anew")
        plan = found.suggestion.plans[0].activities if found.suggestion.plans else ()
        rows = rows_of(plan, visit.planning.catalogue, guest.words)
        draft = Draft(answer if answer in ANSWERS else "", "1", "", "", rows)
        return _form(visit, guest, found, draft, [], None)


@router.post("/suggestions/{id}/answer")
def take_answer(id: str, guest: Annotated[Visitor, sending(Permission.DECIDE)]) -> Response:
    """Add an insats, check the rules, or take the answer down; what was typed always comes back."""
    once = guest.once()
    with guest.visit() as visit:
        done = once.before(visit)
        if done is not None:
            return guest.go(done.body["address"])
        suggestions.find(visit, id, to_change=True)
        found = opened(visit, id, guest)
        if not found.open:
            raise AlreadyDecided("the suggestion has been answered; make a new one to answer anew")
        draft = read_draft(guest.sent, visit.planning.catalogue)
        if guest.sent.get("action") == "add":
            draft = _with_added(draft, found.case, visit.planning.catalogue, guest.words)
            return _form(visit, guest, found, draft, [], None)
        if guest.sent.get("action") == "check":  # whoever checks a changed plan means to change it
            draft = replace(draft, answer="changed")
        chosen, errors = read_chosen(draft, guest) if draft.answer == "changed" else ([], [])
        expected = rules.with_gains(chosen, found.suggestion.plans)
        broken = rules.broken(expected, found.case, visit.planning.catalogue) if chosen and not errors else []
        if guest.sent.get("action") == "check":
            return _form(visit, guest, found, draft, errors, None if errors else broken)
        errors = [*_asked_for(draft, found, guest), *errors]
        if broken and not draft.despite:
            errors.append(("despite", guest.texts("answer.rules_first")))
        if errors:
            return _form(visit, guest, found, draft, errors, broken)

        def work() -> Answer:
            decisions.decide(visit, id, _given(draft, chosen))
            row = suggestions.find(visit, id)
            return Answer({"address": f"/suggestions/{id}?done=answered"}, case_id=str(row["case_id"]))

        return guest.go(once.do(visit, work).body["address"])


def read_draft(sent: Sent, catalogue: Catalogue) -> Draft:
    """Read the form as it was typed; rows of insatser that the catalogue does not have are left out."""
    rows = []
    for number in range(_MOST_ROWS):
        insats_id = sent.get(f"insats.{number}")
        if insats_id in catalogue.by_id:
            rows.append(
                Row(
                    insats_id,
                    name_of(insats_id, catalogue),
                    sent.get(f"start.{number}"),
                    sent.get(f"last.{number}"),
                    sent.get(f"hours.{number}"),
                    bool(sent.get(f"remove.{number}")),
                )
            )
    return Draft(
        answer=sent.get("answer"),
        rank=sent.get("rank", "1"),
        reason_code=sent.get("reason_code"),
        reason=sent.get("reason"),
        rows=tuple(rows),
        add=sent.get("add"),
        despite=bool(sent.get("despite")),
    )


def read_chosen(draft: Draft, guest: Visitor) -> tuple[list[Placed], Errors]:
    """Read the rows that stay as activities, and what is wrong beside which field."""
    chosen, errors = [], []
    texts = guest.texts
    for number, row in enumerate(draft.rows):
        if row.removed:
            continue
        start, last, hours = _date(row.start_on), _date(row.last_on), read_number(row.hours)
        if start is None:
            errors.append((f"start.{number}", texts("answer.no_start", insats=row.name)))
        if last is None or (start is not None and last < start):
            errors.append((f"last.{number}", texts("answer.no_last", insats=row.name)))
        if hours is None or not 0 < hours <= 60:
            errors.append((f"hours.{number}", texts("answer.no_hours", insats=row.name)))
        if start and last and hours and last >= start:
            chosen.append(Placed(row.insats_id, start, last + timedelta(days=1), hours))
    if not chosen and not errors:
        errors.append(("add", texts("answer.none_left")))
    return chosen, errors


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _asked_for(draft: Draft, found: Opened, guest: Visitor) -> Errors:
    """Name what must be there whatever the answer is."""
    errors: Errors = []
    if draft.answer not in ANSWERS or (draft.answer == "accepted" and not found.suggestion.plans):
        errors.append(("answer", guest.texts("answer.choose")))
    codes = {one["code"]: one for one in decisions.reasons()}
    fits = draft.reason_code in codes and (
        draft.answer not in ANSWERS or draft.answer in codes[draft.reason_code]["answers"]
    )
    if not draft.reason_code:
        errors.append(("reason_code", guest.texts("answer.choose_reason")))
    elif not fits:
        errors.append(("reason_code", guest.texts("answer.other_reason")))
    if not draft.reason:
        errors.append(("reason", guest.texts("answer.write_reason")))
    elif len(draft.reason) > _MOST_LETTERS:
        errors.append(("reason", guest.texts("answer.long_reason", n=_MOST_LETTERS)))
    return errors


def _given(draft: Draft, chosen: Sequence[Placed]) -> dict[str, Any]:
    given: dict[str, Any] = {"answer": draft.answer, "reason_code": draft.reason_code, "reason": draft.reason}
    if draft.answer == "accepted":
        given["plan_rank"] = int(draft.rank) if draft.rank.isdecimal() else 1
    if draft.answer == "changed":
        given["activities"] = [
            {
                "insats_id": one.insats_id,
                "start_on": one.start_on.isoformat(),
                "end_on": one.end_on.isoformat(),
                "hours_per_week": one.hours_per_week,
            }
            for one in chosen
        ]
    return given


def _with_added(draft: Draft, case: Case, catalogue: Catalogue, words: Words) -> Draft:
    """Put an insats in at its first start, with its usual length and hours, within the case's limit."""
    insats = catalogue.by_id.get(draft.add)
    if insats is None or len(draft.rows) >= _MOST_ROWS:
        return draft
    first = case.as_of + timedelta(weeks=insats.queue_weeks)
    first += timedelta(days=-first.weekday() % 7)  # a Monday
    if insats.intake.mode == "datum":
        first = next((day for day in sorted(insats.intake.dates) if day >= first), first)
    last = first + timedelta(weeks=insats.weeks.typical) - timedelta(days=1)
    hours = max(insats.hours_per_week.min, min(insats.hours_per_week.typical, case.limits.hours_per_week))
    row = Row(insats.id, insats.name, first.isoformat(), last.isoformat(), write_number(hours, words))
    return replace(draft, answer="changed", rows=(*draft.rows, row), add="")


def _form(
    visit: Visit, guest: Visitor, found: Opened, draft: Draft, errors: Errors, broken: Sequence[Broken] | None
) -> Response:
    catalogue = visit.planning.catalogue
    return guest.show(
        "answer.html",
        422 if errors else 200,
        found=found,
        sheet=found.sheet,
        draft=draft,
        errors=errors,
        error_of=dict(reversed(errors)),
        broken=None if broken is None else [written(one, visit, guest) for one in broken],
        reasons=[one | {"words": one[guest.texts.language]} for one in decisions.reasons()],
        others=sorted(((one.id, one.name) for one in catalogue.insatser), key=lambda one: one[1]),
        limits=found.case.limits,
    )


def written(broken: Broken, visit: Visit, guest: Visitor) -> str:
    """Write out a rule that does not hold."""
    words, catalogue = guest.words, visit.planning.catalogue
    facts = {}
    for name, value in broken.facts.items():
        if name == "other":
            facts[name] = name_of(value, catalogue)
        elif name == "indicator":
            facts[name] = words.in_sentence(words.indicator(visit.planning.instrument, value))
        elif isinstance(value, date):
            facts[name] = words.day(value)
        elif isinstance(value, int | float):
            facts[name] = words.short(value)
        else:
            facts[name] = words.language.missing if value is None else str(value)
    insats = name_of(broken.insats_id, catalogue) if broken.insats_id else ""
    return guest.texts(f"rules.{broken.rule}", insats=insats, **facts)
