"""The API at a glance: every operation with what it takes, answers and can refuse."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pathway.catalogue import Insats
from service.api import shapes


class CaseBody:
    """Stands for a case as the contract's section 4 has it; `service.api.document` writes its schema."""


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes
    ----------
    answer
        Shape of the answer.
    status
        HTTP status when all goes well.
    takes
        Shape of the body; ``None``: it has none.
    refuses
        Statuses of problems, beside those that every operation shares.
    etag
        Whether the answer carries an ETag.
    open
        Whether it can be called without being known.
    """

    answer: type
    status: int = 200
    takes: type | None = None
    refuses: tuple[int, ...] = ()
    etag: bool = False
    open: bool = False

    @property
    def problems(self) -> tuple[int, ...]:
        """Statuses of all problems that it can answer with."""
        known = () if self.open else (401, 403, 429)
        body = (400, 413, 415, 422) if self.takes else ()
        return tuple(sorted({*known, *body, *self.refuses, 500, 503}))


OPERATIONS: Mapping[str, Operation] = {
    "create_case": Operation(CaseBody, 201, CaseBody, (409,), etag=True),
    "read_case": Operation(CaseBody, refuses=(404, 422), etag=True),
    "correct_case": Operation(CaseBody, 200, CaseBody, (404, 409, 412, 428), etag=True),
    "erase_case": Operation(shapes.Erased, refuses=(404, 409, 422)),
    "add_measurements": Operation(shapes.Measured, 201, shapes.Measurements, (404, 409, 412), etag=True),
    "export_case": Operation(shapes.Export, refuses=(404, 422)),
    "give_consent": Operation(shapes.Consent, 201, shapes.ConsentRequest, (404, 409)),
    "list_consents": Operation(shapes.Consents, refuses=(404, 422)),
    "revoke_consent": Operation(shapes.Consent, refuses=(404, 409, 422)),
    "create_suggestion": Operation(shapes.SuggestionShown, 201, shapes.SuggestionRequest, (404, 409), etag=True),
    "list_suggestions": Operation(shapes.States, refuses=(404, 422)),
    "read_suggestion": Operation(shapes.SuggestionShown, refuses=(404, 422), etag=True),
    "read_suggestion_state": Operation(shapes.FullState, refuses=(404, 422)),
    "ask_what_if": Operation(shapes.WhatIf, 200, shapes.Changes, (404, 409)),
    "ask_why_not": Operation(shapes.WhyNot, refuses=(404, 409, 422)),
    "decide": Operation(shapes.Decision, 201, shapes.DecisionRequest, (404, 409)),
    "read_decision": Operation(shapes.Decision, refuses=(404, 422)),
    "list_reason_codes": Operation(shapes.ReasonCodes),
    "search_insatser": Operation(shapes.Insatser, refuses=(422,)),
    "read_insats": Operation(Insats, refuses=(404, 422), etag=True),
    "read_current_model": Operation(shapes.ModelInUse, etag=True),
    "list_trail": Operation(shapes.TrailPage, refuses=(422,)),
    "verify_trail": Operation(shapes.TrailCheck),
    "list_stops": Operation(shapes.Stops),
    "set_stop": Operation(shapes.Stop, 201, shapes.StopRequest, (404, 409)),
    "lift_stop": Operation(shapes.Stop, refuses=(404, 409, 422)),
    "create_key": Operation(shapes.NewKey, 201, shapes.KeyRequest, (409,)),
    "list_keys": Operation(shapes.Keys, refuses=(422,)),
    "revoke_key": Operation(shapes.Key, refuses=(404, 409, 422)),
    "list_accounts": Operation(shapes.Accounts, refuses=(422,)),
    "close_account": Operation(shapes.Account, refuses=(404, 409, 422)),
    "end_logins": Operation(shapes.Account, refuses=(404, 409, 422)),
    "end_all_logins": Operation(shapes.LoginsEnded, refuses=(409,)),
    "read_api_info": Operation(shapes.ApiInfo, open=True),
    "read_health": Operation(shapes.Health, open=True),
    "read_readiness": Operation(shapes.Health, open=True),
}


def route(operation_id: str) -> dict[str, Any]:
    """Give what FastAPI's route decorators must be told of an operation."""
    return {"operation_id": operation_id, "status_code": OPERATIONS[operation_id].status, "response_model": None}
