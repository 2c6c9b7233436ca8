"""Operations on suggestions: make, read, ask *what if* and *why not*, answer."""

# ruff: noqa: D103 - the words of each operation are in operations.toml

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from service import cases, decisions, suggestions
from service.access.roles import Permission
from service.api import shapes
from service.api.calls import Answer, Call, Paging, Repeatable, allowed, body
from service.api.operations import route

router = APIRouter(tags=["suggestions"])
Id = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$", description="Förslagets id. The suggestion's id.")]
Insats = Annotated[
    str, Path(min_length=1, max_length=200, description="Insatsens id i katalogen. Id of the insats in the catalogue.")
]


def _shown(shown: suggestions.Shown, status: int = 200) -> Answer:
    location = f"/api/v1/suggestions/{shown.id}" if status == 201 else None
    return Answer(shown.text, status, f'"{shown.sha256}"', location, shown.case_id)


@router.post("/suggestions", **route("create_suggestion"))
def create_suggestion(
    once: Repeatable,
    call: Annotated[Call, allowed(Permission.SUGGEST)],
    given: Annotated[Any, body(shapes.SuggestionRequest)],
) -> Response:
    with call.look() as look:
        done = once.before(look)
        if done is not None:
            return done.response()
        asked = suggestions.ask(look, given)
    # Working it out takes its time; no transaction is open meanwhile, and what it rests on is looked at again after.
    made = suggestions.make(call.installation, asked)
    with call.visit() as visit:
        return once.do(visit, lambda: _shown(suggestions.keep(visit, asked, made), 201)).response()


@router.get("/suggestions", **route("list_suggestions"))
def list_suggestions(
    page: Paging,
    call: Annotated[Call, allowed(Permission.READ_SUGGESTION)],
    case_number: Annotated[
        str | None, Query(pattern=cases.NUMBER, description="Bara detta ärende. This case only.")
    ] = None,
    pseudonym: Annotated[
        str | None, Query(pattern="^k-[0-9a-f]{20}$", description="Bara denna pseudonym. This pseudonym only.")
    ] = None,
) -> Response:
    with call.visit() as visit:
        found, total = suggestions.listed(visit, page.number, page.limit, case_number, pseudonym)
        return Answer(page.of(found, total)).response()


@router.get("/suggestions/{id}", **route("read_suggestion"))
def read_suggestion(id: Id, call: Annotated[Call, allowed(Permission.READ_SUGGESTION)]) -> Response:
    with call.visit() as visit:
        return _shown(suggestions.read(visit, id)).response()


@router.get("/suggestions/{id}/state", **route("read_suggestion_state"))
def read_suggestion_state(id: Id, call: Annotated[Call, allowed(Permission.READ_SUGGESTION)]) -> Response:
    with call.visit() as visit:
        return Answer(suggestions.state(visit, id)).response()


@router.post("/suggestions/{id}/what-if", **route("ask_what_if"))
def ask_what_if(
    id: Id, call: Annotated[Call, allowed(Permission.SUGGEST)], given: Annotated[Any, body(shapes.Changes)]
) -> Response:
    with call.look() as look:
        row, shown, case = suggestions.suppose(look, id, given)
    made = call.installation.planning.suggest(case, call.installation.now(), shown)
    told = suggestions.what_if(row, shown, made)
    with call.visit() as visit:
        suggestions.tell_shown(visit, "suggestion.what_if", row, told, asked=given)
        return Answer(told).response()


@router.get("/suggestions/{id}/why-not/{insats:path}", **route("ask_why_not"))
def ask_why_not(id: Id, insats: Insats, call: Annotated[Call, allowed(Permission.READ_SUGGESTION)]) -> Response:
    with call.look() as look:
        row, shown, case, reason = suggestions.reason_against(look, id, insats)
    against = None if reason["in_plan"] else call.installation.planning.why_not(shown, case, insats)
    told = suggestions.why_not(row, shown, reason, against)
    with call.visit() as visit:
        suggestions.tell_shown(visit, "suggestion.why_not", row, told, asked={"insats_id": insats})
        return Answer(told).response()


@router.post("/suggestions/{id}/decision", **route("decide"))
def decide(
    id: Id,
    once: Repeatable,
    call: Annotated[Call, allowed(Permission.DECIDE)],
    given: Annotated[Any, body(shapes.DecisionRequest)],
) -> Response:
    def work() -> Answer:
        taken = decisions.decide(visit, id, given)
        return Answer(taken, 201, case_id=suggestions.find(visit, id)["case_id"])

    with call.visit() as visit:
        return once.do(visit, work).response()


@router.get("/suggestions/{id}/decision", **route("read_decision"))
def read_decision(id: Id, call: Annotated[Call, allowed(Permission.READ_SUGGESTION)]) -> Response:
    with call.visit() as visit:
        return Answer(decisions.read(visit, id)).response()


@router.get("/reason-codes", **route("list_reason_codes"))
def list_reason_codes(call: Annotated[Call, allowed(Permission.READ_CATALOGUE)]) -> Response:
    return Answer({"data": list(decisions.reasons())}).response()
