"""Who may do what: every route as nobody, in the wrong role, in the wrong unit, and rightfully."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute

from service import app, clock
from service.access.roles import MAY, ROLES, Permission
from service.api.operations import OPERATIONS
from service.visits import Installation
from tests.service.conftest import NUMBER, OTHER_UNIT, House, case

IN_UNIT = "handläggare"


@dataclass(frozen=True)
class Row:
    """How to call an operation rightfully, and what the same caller of another unit gets."""

    who: str
    path: Callable[[House], str]
    body: Callable[[House], Any] = lambda house: None
    headers: dict[str, str] | None = None
    other_unit: int | None = 404  # None: what it gives is nobody's in particular
    status: int = 200


def at(path: str) -> Callable[[House], str]:
    return lambda house: path.format(number=NUMBER, id=house.suggestion.get("suggestion_id"))


def consent(house: House) -> str:
    given = {"recipient": OTHER_UNIT, "purpose": "samordnad planering", "ends_on": "2999-01-01"}
    answer = house.call(IN_UNIT, "POST", f"/cases/{NUMBER}/consents", given)
    return f"/cases/{NUMBER}/consents/{answer.json()['consent_id']}"


def stop(house: House) -> str:
    answer = house.call("enhetschef", "POST", "/stops", {"scope": "unit", "reason": "översyn"})
    return f"/stops/{answer.json()['stop_id']}"


def key(house: House) -> str:
    answer = house.call("administrator", "POST", "/keys", {"label": "system", "role": "auditor"})
    return f"/keys/{answer.json()['key_id']}"


ANSWER = {"answer": "rejected", "reason_code": "other", "reason": "Klienten har fått arbete."}
ROWS = {
    "create_case": Row(IN_UNIT, at("/cases"), lambda _: case("fall-9"), other_unit=None, status=201),
    "read_case": Row(IN_UNIT, at("/cases/{number}")),
    "correct_case": Row(IN_UNIT, at("/cases/{number}"), lambda _: case(), {"If-Match": "*"}),
    "erase_case": Row("enhetschef", at("/cases/{number}")),
    "add_measurements": Row(
        IN_UNIT,
        at("/cases/{number}/measurements"),
        lambda _: {
            "measurements": [
                {"measured_on": "2026-11-20", "respondent": "klient", "indicator": "tro_pa_jobb", "value": 3}
            ]
        },
        status=201,
    ),
    "export_case": Row(IN_UNIT, at("/cases/{number}/export")),
    "give_consent": Row(
        IN_UNIT,
        at("/cases/{number}/consents"),
        lambda _: {"recipient": OTHER_UNIT, "purpose": "planering", "ends_on": "2999-01-01"},
        status=201,
    ),
    "list_consents": Row(IN_UNIT, at("/cases/{number}/consents")),
    "revoke_consent": Row(IN_UNIT, consent, other_unit=403),  # which that consent lets see the case
    "create_suggestion": Row(IN_UNIT, at("/suggestions"), lambda _: {"case_number": NUMBER}, status=201),
    "list_suggestions": Row(IN_UNIT, at("/suggestions?case_number={number}")),
    "read_suggestion": Row(IN_UNIT, at("/suggestions/{id}")),
    "read_suggestion_state": Row(IN_UNIT, at("/suggestions/{id}/state")),
    "ask_what_if": Row(IN_UNIT, at("/suggestions/{id}/what-if"), lambda _: {"limits": {"hours_per_week": 4}}),
    "ask_why_not": Row(
        IN_UNIT, lambda house: f"/suggestions/{house.suggestion['suggestion_id']}/why-not/{unchosen(house)}"
    ),
    "decide": Row(IN_UNIT, at("/suggestions/{id}/decision"), lambda _: ANSWER, status=201),
    "read_decision": Row(IN_UNIT, lambda house: answered(house)),
    "list_reason_codes": Row("auditor", at("/reason-codes"), other_unit=None),
    "search_insatser": Row("data_scientist", at("/insatser"), other_unit=None),
    "read_insats": Row("administrator", at("/insatser/SE-01"), other_unit=None),
    "read_current_model": Row("auditor", at("/models/current"), other_unit=None),
    "list_trail": Row("auditor", at("/trail"), other_unit=None),
    "verify_trail": Row("auditor", at("/trail/verification"), other_unit=None),
    "list_stops": Row(IN_UNIT, at("/stops"), other_unit=None),
    "set_stop": Row(
        "enhetschef",
        at("/stops"),
        lambda _: {"scope": "unit", "target": "Norr", "reason": "översyn"},
        other_unit=403,
        status=201,
    ),
    "lift_stop": Row("enhetschef", stop),
    "create_key": Row(
        "administrator", at("/keys"), lambda _: {"label": "system", "role": "auditor"}, other_unit=None, status=201
    ),
    "list_keys": Row("administrator", at("/keys"), other_unit=None),
    "revoke_key": Row("administrator", key, other_unit=None),
    "list_accounts": Row("administrator", at("/accounts"), other_unit=None),
    "close_account": Row("administrator", lambda house: f"/accounts/{account_of(house)}", other_unit=None),
    "end_logins": Row("administrator", lambda house: f"/accounts/{account_of(house)}/logins", other_unit=None),
    "end_all_logins": Row("administrator", at("/logins"), other_unit=None),
    "read_api_info": Row("auditor", at("/api-info"), other_unit=None),
    "read_health": Row("auditor", at("/health"), other_unit=None),
    "read_readiness": Row("auditor", at("/ready"), other_unit=None),
}


def account_of(house: House) -> str:
    return next(
        str(one["account_id"])
        for one in house.call("administrator", "GET", "/accounts").json()["data"]
        if one["role"] == "auditor"
    )


def unchosen(house: House) -> str:
    left = [one["insats_id"] for one in house.suggestion["not_chosen"]]
    return str((left or [one["insats_id"] for one in house.suggestion["plans"][0]["activities"]])[0])


def answered(house: House) -> str:
    path = f"/suggestions/{house.suggestion['suggestion_id']}/decision"
    assert house.call(IN_UNIT, "POST", path, ANSWER).status_code == 201
    return path


def routes(installation: Installation) -> Iterator[tuple[str, str, Permission | None]]:
    """Operation, method and permission of every route of the API."""
    waiting = list(app.create_api(installation).routes)
    while waiting:
        one: Any = waiting.pop()
        if isinstance(one, APIRoute):
            needed = [getattr(part.call, "permission", None) for part in one.dependant.dependencies]
            for method in one.methods:
                yield str(one.operation_id), method, next((part for part in needed if part), None)
        elif one.__class__.__name__ not in ("Route",):
            waiting += list(getattr(one, "routes", ()) or one.original_router.routes)


@pytest.fixture(scope="session")
def known_routes(planning: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Permission | None]]:
    from service.store import connect
    from tests.service.conftest import open_on

    installation = open_on(connect(f"sqlite:///{tmp_path_factory.mktemp('routes') / 'x.sqlite'}"), planning)
    return {operation: (method, needed) for operation, method, needed in routes(installation)}


def test_every_route_is_in_the_table_of_operations_and_in_this_one(known_routes: Any) -> None:
    assert set(known_routes) == set(OPERATIONS) == set(ROWS)


def test_every_route_needs_a_permission_unless_it_is_open(known_routes: Any) -> None:
    assert {id for id, (_, needed) in known_routes.items() if needed is None} == {
        id for id, operation in OPERATIONS.items() if operation.open
    }


def call(house: House, who: str | None, operation: str, method: str) -> Any:
    row = ROWS[operation]
    return house.call(who, method, row.path(house), row.body(house), headers=row.headers or {})


@pytest.mark.parametrize("operation", [id for id, one in OPERATIONS.items() if not one.open])
def test_nobody_gets_nothing(operation: str, house: House, known_routes: Any) -> None:
    answer = call(house, None, operation, known_routes[operation][0])
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:pathway:problem:unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", [id for id, one in OPERATIONS.items() if not one.open])
def test_wrong_roles_are_refused(operation: str, house: House, known_routes: Any) -> None:
    method, needed = known_routes[operation]
    path, row = ROWS[operation].path(house), ROWS[operation]
    for role in ROLES:
        if needed not in MAY[role]:
            answer = house.call(role, method, path, row.body(house), headers=row.headers or {})
            assert (role, answer.status_code) == (role, 403)


@pytest.mark.parametrize("operation", [id for id, row in ROWS.items() if row.other_unit])
def test_another_unit_cannot_tell_that_it_is_there(operation: str, house: House, known_routes: Any) -> None:
    row = ROWS[operation]
    answer = call(house, f"{row.who} {OTHER_UNIT}", operation, known_routes[operation][0])
    assert answer.status_code == row.other_unit


@pytest.mark.parametrize("operation", list(ROWS))
def test_who_may_can(operation: str, house: House, known_routes: Any) -> None:
    answer = call(house, ROWS[operation].who, operation, known_routes[operation][0])
    assert answer.status_code == ROWS[operation].status, answer.text


@pytest.mark.parametrize(
    "bearer", ["", "x", "pwg_000000000000_" + "x" * 43, "pwg_" + "x" * 56, "pwg_000000000000_" + "å" * 43]
)
def test_bearer_texts_that_are_nobodys_are_refused_alike(bearer: str, house: House) -> None:
    house.tokens["stranger"] = bearer
    answer = house.call(None, "GET", "/insatser", headers={"Authorization": f"Bearer {bearer}".encode()})
    assert answer.status_code == 401


def test_a_key_that_was_revoked_opens_nothing(house: House) -> None:
    made = house.call("administrator", "POST", "/keys", {"label": "system", "role": "auditor"}).json()
    house.tokens["system"] = made["bearer"]
    assert house.call("system", "GET", "/insatser").status_code == 200
    assert house.call("administrator", "DELETE", f"/keys/{made['key_id']}").status_code == 200
    assert house.call("administrator", "DELETE", f"/keys/{made['key_id']}x").status_code == 404
    assert house.call("system", "GET", "/insatser").status_code == 401


def test_no_secret_of_a_key_is_in_the_database(house: House) -> None:
    made = house.call("administrator", "POST", "/keys", {"label": "system", "role": "auditor"}).json()
    secret = made["bearer"].split("_", 2)[2].encode()  # which may hold "_" itself
    house.installation.store.close()
    path = house.installation.store.engine.url.database
    assert path
    with open(path, "rb") as file:
        assert secret not in file.read()


def test_a_consent_lets_one_unit_see_one_case_and_nothing_else(house: House, known_routes: Any) -> None:
    house.call("handläggare", "POST", "/cases", case("fall-2"))
    path = consent(house)
    other = f"handläggare {OTHER_UNIT}"
    assert house.call(other, "GET", f"/cases/{NUMBER}").status_code == 200
    assert house.call(other, "GET", f"/suggestions/{house.suggestion['suggestion_id']}").status_code == 200
    assert house.call(other, "GET", "/cases/fall-2").status_code == 404
    assert house.call(other, "PUT", f"/cases/{NUMBER}", case(), headers={"If-Match": "*"}).status_code == 403
    for to_do in ("add_measurements", "export_case", "give_consent", "list_consents", "create_suggestion", "decide"):
        assert call(house, other, to_do, known_routes[to_do][0]).status_code == 403, to_do
    assert house.call(f"enhetschef {OTHER_UNIT}", "DELETE", f"/cases/{NUMBER}").status_code == 403
    assert house.trail("case.read")[-1]["facts"]["consent"] == path.rpartition("/")[2]

    assert house.call("handläggare", "DELETE", f"{path}x").status_code == 404
    assert house.call("handläggare", "DELETE", path).json()["revoked_at"]
    assert house.call(other, "GET", f"/cases/{NUMBER}").status_code == 404
    assert house.call(other, "GET", f"/suggestions/{house.suggestion['suggestion_id']}").status_code == 404


def test_a_consent_ends_after_its_last_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    given = {"recipient": OTHER_UNIT, "purpose": "planering", "ends_on": clock.day(now).isoformat()}
    assert house.call("handläggare", "POST", f"/cases/{NUMBER}/consents", given).status_code == 201
    assert house.call(f"handläggare {OTHER_UNIT}", "GET", f"/cases/{NUMBER}").status_code == 200
    later = replace(house.installation, now=lambda: now + timedelta(days=2))
    assert House(later, house.tokens).call(f"handläggare {OTHER_UNIT}", "GET", f"/cases/{NUMBER}").status_code == 404


def test_an_auditor_sees_pseudonyms_and_no_identity(house: House) -> None:
    own_words = "Klienten heter Majken"
    decision = {"answer": "rejected", "reason_code": "other", "reason": own_words, "caseworker": "anna01"}
    id = house.suggestion["suggestion_id"]
    assert house.call("handläggare", "POST", f"/suggestions/{id}/decision", decision).status_code == 201
    seen = [
        house.call("auditor", "GET", path).text
        for path in (f"/suggestions/{id}", f"/suggestions/{id}/decision", "/suggestions", "/trail?limit=100")
    ]
    assert not [text for text in seen for said in (NUMBER, "Majken", "anna01") if said in text]
    assert '"k-' in seen[0]
    assert house.call("auditor", "GET", f"/suggestions?case_number={NUMBER}").status_code == 403


def test_the_same_number_in_two_units_is_two_cases(house: House) -> None:
    other = f"handläggare {OTHER_UNIT}"
    theirs = case() | {"profile": {"birth_year": 1990}}
    assert house.call(other, "POST", "/cases", theirs).status_code == 201
    assert house.call(other, "GET", f"/cases/{NUMBER}").json()["profile"] == {"birth_year": 1990}
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").json()["profile"] == case()["profile"]


def test_every_reading_of_a_case_is_in_the_trail_with_who_and_why(house: House) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    house.call("enhetschef", "GET", f"/cases/{NUMBER}", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    told = house.trail("case.read")[-1]
    assert told["actor"]["role"] == "enhetschef"
    assert (told["actor"]["unit"], told["trace"]) == ("Norr", trace)
