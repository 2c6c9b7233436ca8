"""The API's own promises: problems, limits, idempotency, versions, paging, and one client's way from case to answer."""

import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from pathway import catalogue, shipped
from pathway.suggestion import Desk
from service.planning import Planning
from tests.service.conftest import NUMBER, House, case, wait_for

MEASURED = {"measured_on": "2026-11-20", "respondent": "klient", "indicator": "tro_pa_jobb", "value": 5}
ANSWER = {"answer": "accepted", "reason_code": "fits_the_client", "reason": "Klienten vill börja nu."}
PROBLEM = {"type", "title", "title_sv", "status", "detail", "instance"}


def is_problem(answer: httpx2.Response, status: int) -> bool:
    told = answer.json()
    return (
        answer.status_code == told["status"] == status
        and answer.headers["content-type"] == "application/problem+json"
        and set(told) == PROBLEM
        and bool(told["detail"])
    )


def test_a_client_s_way_from_case_to_answer(house: House) -> None:
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").json() == case()
    first = house.suggestion
    assert house.call("handläggare", "GET", f"/suggestions/{first['suggestion_id']}").json() == first

    measured = house.call("handläggare", "POST", f"/cases/{NUMBER}/measurements", {"measurements": [MEASURED]})
    assert measured.status_code == 201
    assert measured.json()["overtaken"] == [first["suggestion_id"]]
    assert house.call("handläggare", "GET", f"/suggestions/{first['suggestion_id']}").json() == first
    stored = house.call("handläggare", "GET", f"/cases/{NUMBER}").json()
    assert (stored["measurements"][-1], stored["as_of"]) == (MEASURED, MEASURED["measured_on"])

    second = house.suggest()
    assert second["replaces"]["suggestion_id"] == first["suggestion_id"]
    state = house.call("handläggare", "GET", f"/suggestions/{first['suggestion_id']}/state").json()
    assert (state["overtaken"], state["newer"], state["answer"]) == (True, second["suggestion_id"], None)

    decided = house.call("handläggare", "POST", f"/suggestions/{second['suggestion_id']}/decision", ANSWER)
    assert decided.status_code == 201
    placed = [
        {name: one[name] for name in ("insats_id", "start_on", "end_on", "hours_per_week")}
        for one in second["plans"][0]["activities"]
    ]
    assert decided.json()["activities"] == placed
    assert not decided.json()["overtaken"]
    assert is_problem(
        house.call("handläggare", "POST", f"/suggestions/{second['suggestion_id']}/decision", ANSWER), 409
    )
    listed = house.call("handläggare", "GET", f"/suggestions?case_number={NUMBER}&limit=1").json()
    assert (listed["total"], listed["page"], listed["limit"]) == (2, 1, 1)
    assert listed["data"][0]["answer"] == "accepted"
    assert house.call("handläggare", "GET", "/suggestions?page=3&limit=1").json()["data"] == []


def test_a_posted_case_gets_a_suggestion_and_is_not_stored(house: House) -> None:
    made = house.call("handläggare", "POST", "/suggestions", {"case": case("annat-fall")})
    assert made.status_code == 201
    assert made.json()["case_id"] == "annat-fall"
    assert house.call("handläggare", "GET", "/cases/annat-fall").status_code == 404
    assert house.call("handläggare", "GET", f"/suggestions/{made.json()['suggestion_id']}").json() == made.json()
    told = house.call("handläggare", "GET", "/cases/annat-fall/export").json()
    assert (told["case"], len(told["suggestions"])) == (None, 1)
    assert house.call("enhetschef", "DELETE", "/cases/annat-fall").json()["n_erased"] == 2


def test_the_request_s_limits_wishes_and_goal_go_before_the_case_s(house: House) -> None:
    insats = house.suggestion["plans"][0]["activities"][0]["insats_id"]
    made = house.suggest(limits={"hours_per_week": 1.0}, wishes={"avoid": [insats]}, goal={"weights": {"natverk": 1}})
    assert insats not in [one["insats_id"] for plan in made["plans"] for one in plan["activities"]]
    told = house.call("handläggare", "GET", f"/cases/{NUMBER}/export").json()["suggestions"][-1]["asked_for"]
    assert told["limits"] == {"hours_per_week": 1.0, "horizon_weeks": 52}
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").json() == case()


def test_what_if_shows_the_difference_and_changes_no_suggestion(house: House) -> None:
    id, plan = house.suggestion["suggestion_id"], house.suggestion["plans"][0]
    insats = plan["activities"][0]["insats_id"]
    told = house.call("handläggare", "POST", f"/suggestions/{id}/what-if", {"forbid": [insats]}).json()
    assert told["based_on"] == id
    assert insats in [one["insats_id"] for one in told["difference"]["removed"]]
    assert told["difference"]["objective"]["before"] == plan["objective"]
    assert house.call("handläggare", "GET", "/suggestions").json()["total"] == 1
    assert house.trail("suggestion.what_if")[0]["contents"]["output"]
    unchanged = house.call("handläggare", "POST", f"/suggestions/{id}/what-if", {}).json()
    difference = unchanged["difference"]
    assert (difference["added"], difference["removed"], difference["moved"], difference["expected"]) == ([], [], [], {})


def test_what_if_with_room_for_more_makes_no_plan_worse(furnish: Callable[..., House], planning: Planning) -> None:
    whole = Desk(planning.desk.model, catalogue.read(shipped.catalogue()))
    house = furnish(planning=Planning(whole, shipped.model(), at_once=2, wait_seconds=20))
    raw = next(one for one in json.loads(shipped.cases().read_text(encoding="utf-8")) if one["case_id"] == "fall-0003")
    made = house.call("handläggare", "POST", "/suggestions", {"case": raw}).json()
    told = house.call(
        "handläggare", "POST", f"/suggestions/{made['suggestion_id']}/what-if", {"limits": {"activities": 8}}
    ).json()  # asked afresh, another plan is found that is worth less
    worth = told["difference"]["objective"]
    assert worth["after"] >= 0.999 * worth["before"]


def test_what_if_after_the_catalogue_has_changed_says_so_and_leaves_out_what_is_gone(
    furnish: Callable[..., House], planning: Planning
) -> None:
    old = furnish()
    plan = old.suggestion["plans"][0]
    gone = plan["activities"][0]["insats_id"]
    left = tuple(one for one in planning.catalogue.insatser if one.id != gone)
    newer = Desk(planning.desk.model, replace(planning.catalogue, version="newer", insatser=left))
    house = furnish(planning=Planning(newer, shipped.model(), at_once=2, wait_seconds=20))
    ask = f"/suggestions/{old.suggestion['suggestion_id']}/what-if"
    told = house.call("handläggare", "POST", ask, {"limits": {"hours_per_week": 60}}).json()
    assert gone in [one["insats_id"] for one in told["difference"]["removed"]]
    assert "en annan modell eller insatskatalog" in told["notes"][-1]
    same = old.call("handläggare", "POST", ask, {}).json()
    assert same["notes"] == old.suggestion["notes"]


def test_why_not_gives_the_reason_that_was_shown(house: House) -> None:
    id = house.suggestion["suggestion_id"]
    for given in house.suggestion["not_chosen"]:
        told = house.call("handläggare", "GET", f"/suggestions/{id}/why-not/{given['insats_id']}").json()
        assert {name: told[name] for name in given} == given
        assert (told["plan"] is None) == (told["answer"]["loss"] is None)
        if told["plan"] is not None:
            lost = house.suggestion["plans"][0]["objective"] - told["plan"]["objective"]
            assert told["answer"]["loss"] == pytest.approx(max(0.0, lost))
    chosen = house.suggestion["plans"][0]["activities"][0]["insats_id"]
    assert house.call("handläggare", "GET", f"/suggestions/{id}/why-not/{chosen}").json()["in_plan"]
    assert is_problem(house.call("handläggare", "GET", f"/suggestions/{id}/why-not/none-such"), 404)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (ANSWER | {"reason": " "}, 422),
        (ANSWER | {"answer": "maybe"}, 422),
        ({"answer": "accepted", "reason_code": "other"}, 422),
        (ANSWER | {"plan_rank": 9}, 422),
        (ANSWER | {"answer": "changed"}, 422),
        (ANSWER | {"answer": "changed", "activities": [{"insats_id": "none"}]}, 422),
        (
            ANSWER
            | {
                "answer": "changed",
                "activities": [
                    {"insats_id": "X", "start_on": "2026-12-01", "end_on": "2027-01-01", "hours_per_week": 2}
                ],
            },
            422,
        ),
        (
            ANSWER
            | {
                "answer": "changed",
                "activities": [
                    {"insats_id": "SE-01", "start_on": "2027-12-01", "end_on": "2027-01-01", "hours_per_week": 2}
                ],
            },
            422,
        ),
        (
            ANSWER
            | {
                "answer": "changed",
                "activities": [
                    {"insats_id": "SE-01", "start_on": "2026-12-01", "end_on": "2027-01-01", "hours_per_week": 2}
                ],
            },
            201,
        ),
        (ANSWER | {"answer": "rejected", "reason_code": "our-own-code"}, 201),
    ],
)
def test_an_answer_needs_a_reason_and_must_fit(given: dict[str, Any], status: int, house: House) -> None:
    path = f"/suggestions/{house.suggestion['suggestion_id']}/decision"
    answer = house.call("handläggare", "POST", path, given)
    assert answer.status_code == status, answer.text


def test_a_system_that_passes_on_an_answer_must_say_whose_it_is(house: House) -> None:
    key = {"label": "ärendesystem", "role": "handläggare", "unit": "Norr"}
    house.tokens["system"] = house.call("administrator", "POST", "/keys", key).json()["bearer"]
    path = f"/suggestions/{house.suggestion['suggestion_id']}/decision"
    assert is_problem(house.call("system", "POST", path, ANSWER), 422)
    assert house.call("system", "POST", path, ANSWER | {"caseworker": "h-17"}).json()["decided_by"] == "h-17"


def test_of_many_answers_at_once_one_is_taken(house: House) -> None:
    path = f"/suggestions/{house.suggestion['suggestion_id']}/decision"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: house.call("handläggare", "POST", path, ANSWER).status_code, range(8)))
    assert sorted(statuses) == [201, *[409] * 7]


@pytest.mark.parametrize(
    ("who", "scope"), [("enhetschef", "unit"), ("data_scientist", "model"), ("administrator", "model")]
)
def test_a_stop_turns_suggestions_off_at_once_and_can_be_lifted(who: str, scope: str, house: House) -> None:
    stop = house.call(who, "POST", "/stops", {"scope": scope, "reason": "översyn"}).json()
    made = f"/suggestions/{house.suggestion['suggestion_id']}"
    for method, path, body in (
        ("POST", "/suggestions", {"case_number": NUMBER}),
        ("POST", f"{made}/what-if", {}),
        ("GET", f"{made}/why-not/SE-01", None),
    ):
        told = house.call("handläggare", method, path, body)
        assert is_problem(told, 409)
        assert told.json()["type"] == "urn:pathway:problem:stopped"
    assert house.call("handläggare", "GET", made).status_code == 200  # what was shown can be read
    assert house.call("handläggare", "GET", "/stops").json()["data"] == [stop]
    assert house.call(who, "DELETE", f"/stops/{stop['stop_id']}").json()["lifted_at"]
    assert house.call("handläggare", "POST", "/suggestions", {"case_number": NUMBER}).status_code == 201


def test_an_enhetschef_cannot_stop_another_unit_or_a_model(house: House) -> None:
    for asked in ({"scope": "unit", "target": "Söder", "reason": "x"}, {"scope": "model", "reason": "x"}):
        assert house.call("enhetschef", "POST", "/stops", asked).status_code == 403


def test_the_same_request_sent_twice_is_done_once(house: House) -> None:
    twice = [
        house.call("handläggare", "POST", "/cases", case("fall-5"), headers={"Idempotency-Key": "k1"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in twice] == [201, 201]
    assert twice[0].content == twice[1].content
    assert twice[0].headers["ETag"] == twice[1].headers["ETag"]
    other = house.call("handläggare", "POST", "/cases", case("fall-6"), headers={"Idempotency-Key": "k1"})
    assert is_problem(other, 422)
    asked = {"case_number": NUMBER}
    made = [
        house.call("handläggare", "POST", "/suggestions", asked, headers={"Idempotency-Key": "k2"}) for _ in range(2)
    ]
    assert made[0].json() == made[1].json()
    assert house.call("handläggare", "GET", "/suggestions").json()["total"] == 2


def test_a_change_needs_the_version_that_it_changes(house: House) -> None:
    corrected = case() | {"profile": case()["profile"] | {"birth_year": 1980}}
    path = f"/cases/{NUMBER}"
    etag = house.call("handläggare", "GET", path).headers["ETag"]
    assert is_problem(house.call("handläggare", "PUT", path, corrected), 428)
    assert house.call("handläggare", "PUT", path, corrected, headers={"If-Match": etag}).status_code == 200
    assert is_problem(house.call("handläggare", "PUT", path, corrected, headers={"If-Match": etag}), 412)
    body = {"measurements": [MEASURED]}
    assert is_problem(house.call("handläggare", "POST", f"{path}/measurements", body, headers={"If-Match": etag}), 412)
    assert house.call("handläggare", "GET", path).json() == corrected


def test_the_same_answers_are_not_taken_twice(house: House) -> None:
    path, body = f"/cases/{NUMBER}/measurements", {"measurements": [MEASURED]}
    assert house.call("handläggare", "POST", path, body).status_code == 201
    assert is_problem(house.call("handläggare", "POST", path, body), 409)
    mixed = {"measurements": [MEASURED, MEASURED | {"measured_on": "2026-11-21"}]}
    assert is_problem(house.call("handläggare", "POST", path, mixed), 422)


@pytest.mark.parametrize("number", ["19811218-9876", "811218-9876", "8112189876", "åäö", "a b", "-x", "x" * 65, "a/b"])
def test_a_case_number_is_no_personnummer_and_stands_in_an_address(number: str, house: House) -> None:
    answer = house.call("handläggare", "POST", "/cases", case(number))
    assert is_problem(answer, 422)
    assert number not in answer.text


def test_fields_that_nobody_asked_for_are_not_stored(house: House) -> None:
    sent = case("fall-8") | {"name": "Majken", "profile": {"birth_year": 1984, "phone": "070-1"}}
    assert house.call("handläggare", "POST", "/cases", sent).status_code == 201
    told = house.call("handläggare", "GET", "/cases/fall-8/export").text
    assert "Majken" not in told
    assert "070-1" not in told


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"case_number": NaN}', "application/json", 400),
        (b'"\\ud800"', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"case_number": "x", "limits": {"budget": 1e999}}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"case_number": 7}', "application/json", 422),
        (b'{"case_number": "x", "extra": 1}', "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"case_number": "x", "case": {}}', "application/json", 422),
        (b'{"case_number": "x"}', "text/plain", 415),
        (b'{"case_number": "x"}', "application/json; charset=utf-8", 404),
        (b" " * 1_000_001, "application/json", 413),
    ],
)
def test_every_body_that_is_wrong_gets_a_problem(sent: bytes, kind: str, status: int, house: House) -> None:
    answer = house.call("handläggare", "POST", "/suggestions", content=sent, headers={"Content-Type": kind})
    assert is_problem(answer, status)


def test_a_body_that_is_wrong_as_a_whole_is_called_body(house: House) -> None:
    assert house.call("handläggare", "POST", "/suggestions", {}).json()["detail"].startswith("body: give either")


@pytest.mark.parametrize(
    ("measurements", "told"),
    [
        ([MEASURED, MEASURED | {"value": 1}], "the same is answered in measurements.0"),
        ([MEASURED | {"measured_on": "9999-12-31"}], "measured_on must be from 1900-01-01"),
        ([MEASURED | {"measured_on": "0001-01-01"}], "measured_on must be from 1900-01-01"),
    ],
)
def test_answers_that_cannot_be_are_refused_by_name(
    measurements: list[dict[str, Any]], told: str, house: House
) -> None:
    answer = house.call("handläggare", "POST", f"/cases/{NUMBER}/measurements", {"measurements": measurements})
    assert is_problem(answer, 422)
    assert told in answer.json()["detail"]


def test_a_body_without_an_announced_length_is_cut_off_at_the_limit(furnish: Callable[..., House]) -> None:
    house = furnish(max_body_bytes=1000)

    async def chunks() -> Any:
        for _ in range(100):
            yield b" " * 100

    answer = house.call(
        "handläggare", "POST", "/suggestions", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert is_problem(answer, 413)


def test_a_case_that_is_too_large_is_refused(furnish: Callable[..., House]) -> None:
    house = furnish(max_answers=10, max_participations=1)
    for body in ({"case": case()}, {"case": case() | {"measurements": [], "participations": [{}] * 2}}):
        assert house.call("handläggare", "POST", "/suggestions", body).status_code == 422
    assert (
        house.call("handläggare", "POST", f"/cases/{NUMBER}/measurements", {"measurements": [MEASURED]}).status_code
        == 422
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/cases/", 404),
        ("PATCH", f"/cases/{NUMBER}", 405),
        ("GET", "/suggestions?page=0", 422),
        ("GET", "/suggestions?limit=101", 422),
        ("GET", "/suggestions?page=99999999999999999999", 422),
        ("GET", "/insatser?type=annat", 422),
        ("GET", "/insatser/none", 404),
    ],
)
def test_every_address_that_is_wrong_gets_a_problem(method: str, path: str, status: int, house: House) -> None:
    assert is_problem(house.call("handläggare", method, path), status)


def test_a_version_of_the_api_that_there_is_not_is_told_as_a_problem(house: House) -> None:
    async def ask() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app), base_url="http://service") as client:
            return await client.get("/api/v2/cases")

    assert is_problem(wait_for(ask()), 404)


def test_a_mistake_of_ours_is_told_without_what_it_was_about(
    house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("Majken 811218-9876")

    monkeypatch.setattr("service.cases.read", fail)
    answer = house.call("handläggare", "GET", f"/cases/{NUMBER}")
    assert is_problem(answer, 500)
    logged = capfd.readouterr()
    assert "Majken" not in answer.text + logged.out + logged.err


def test_a_trace_is_followed_through_and_begun_where_there_is_none(house: House) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = house.call("handläggare", "GET", "/cases/none", headers=sent)
    assert answer.headers["traceparent"].split("-")[1] == trace
    assert answer.json()["instance"].endswith(trace)
    for faulty in ("", "x", f"ff-{trace}-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01"):
        begun = house.call("handläggare", "GET", "/stops", headers={"traceparent": faulty}).headers["traceparent"]
        assert begun.split("-")[1] not in (trace, "0" * 32)


def test_long_answers_are_compressed_and_none_is_stored_on_the_way(house: House) -> None:
    path = f"/suggestions/{house.suggestion['suggestion_id']}"
    answer = house.call("handläggare", "GET", path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json() == house.suggestion
    assert len(gzip.compress(answer.content)) < len(answer.content)


def test_the_catalogue_is_found_by_words_kind_and_municipality(house: House) -> None:
    all_of_it = house.call("auditor", "GET", "/insatser").json()
    assert all_of_it["total"] == 3
    one = all_of_it["data"][0]
    found = house.call("auditor", "GET", "/insatser", params={"q": one["name"].upper(), "type": one["type"]}).json()
    assert one in found["data"]
    assert house.call("auditor", "GET", "/insatser?q=finns-inte").json()["total"] == 0
    assert house.call("auditor", "GET", f"/insatser/{one['id']}").json() == one
    assert house.call("auditor", "GET", "/insatser?municipality=9999").json()["total"] <= 3


def test_the_model_is_told_with_card_and_manifest(house: House) -> None:
    told = house.call("data_scientist", "GET", "/models/current").json()
    assert told["version"] == house.suggestion["model_version"]
    assert told["card"].startswith("#")
    assert set(told["manifest"]["sha256"]) >= {"card.md"}


def test_a_missing_model_is_told_and_all_else_works(furnish: Callable[..., House]) -> None:
    house = furnish(planning=Planning(None, shipped.model(), 1, 1, "the model is not there"))
    assert house.call(None, "GET", "/health").json()["parts"]["model"] == "the model is not there"
    assert house.call(None, "GET", "/ready").status_code == 503
    assert is_problem(house.call("handläggare", "POST", "/suggestions", {"case_number": NUMBER}), 503)
    assert house.call("handläggare", "GET", f"/cases/{NUMBER}").status_code == 200
    assert house.call(None, "GET", "/openapi.json").status_code == 200


def test_too_many_cases_at_once_are_told_to_come_back(furnish: Callable[..., House], planning: Planning) -> None:
    crowded = Planning(planning.desk, shipped.model(), at_once=1, wait_seconds=0.05)
    house = furnish(planning=crowded)
    with crowded._turn():
        answer = house.call("handläggare", "POST", "/suggestions", {"case_number": NUMBER})
    assert is_problem(answer, 503)
    assert answer.headers["Retry-After"]
    assert house.call("handläggare", "POST", "/suggestions", {"case_number": NUMBER}).status_code == 201


def test_metrics_count_calls_by_template_and_name_no_case(house: House) -> None:
    house.call("handläggare", "GET", f"/cases/{NUMBER}")
    told = house.call(None, "GET", "/metrics").text
    assert 'route="/cases/{number}"' in told
    assert "pathway_ready 1.0" in told
    assert NUMBER not in told


def test_an_export_holds_all_that_is_stored_about_the_client(house: House) -> None:
    id = house.suggestion["suggestion_id"]
    house.call("handläggare", "POST", f"/suggestions/{id}/what-if", {"limits": {"hours_per_week": 4}})
    house.call("handläggare", "POST", f"/suggestions/{id}/decision", ANSWER)
    consent = {"recipient": "Söder", "purpose": "samordnad planering", "ends_on": "2999-01-01"}
    house.call("handläggare", "POST", f"/cases/{NUMBER}/consents", consent)
    told = house.call("handläggare", "GET", f"/cases/{NUMBER}/export").json()
    assert told["case"] == case()
    assert told["suggestions"][0]["shown"] == house.suggestion
    assert told["suggestions"][0]["decision"]["reason"] == ANSWER["reason"]
    assert {"limits": {"hours_per_week": 4}} in [one["content"] for one in told["also_shown_or_said"]]
    assert told["consents"][0]["purpose"] == consent["purpose"]
    assert house.trail("case.exported")


def test_an_export_gives_what_was_asked_before_what_was_answered(house: House) -> None:
    id = house.suggestion["suggestion_id"]
    for hours in range(3, 8):
        house.call("handläggare", "POST", f"/suggestions/{id}/what-if", {"limits": {"hours_per_week": hours}})
    told = house.call("handläggare", "GET", f"/cases/{NUMBER}/export").json()["also_shown_or_said"]
    assert [one["content"] for one in told[::2]] == [{"limits": {"hours_per_week": hours}} for hours in range(3, 8)]
    assert all(one["content"]["based_on"] == id for one in told[1::2])


def test_nothing_is_lost_or_mixed_up_when_many_ask_at_once(house: House) -> None:
    def work(number: int) -> dict[str, Any]:
        assert house.call("handläggare", "POST", "/cases", case(f"fall-m{number}")).status_code == 201
        made = house.suggest(f"fall-m{number}")
        return made | {"expected_id": f"fall-m{number}"}

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(work, range(6)))
    assert all(one["case_id"] == one["expected_id"] for one in made)
    assert len({json.dumps(one["plans"], sort_keys=True) for one in made}) == 1
    assert house.call("handläggare", "GET", "/suggestions").json()["total"] == 7
