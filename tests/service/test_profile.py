"""The API's description against DIGG's REST API-profil 2.0: every SKALL that a description can show, by rule id."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from service.api import document
from service.api.operations import OPERATIONS
from tests.service.conftest import House

Plain = dict[str, Any]
WRITES = {"post", "put", "patch", "delete"}


@pytest.fixture(scope="session")
def described(request: pytest.FixtureRequest, planning: Any, tmp_path_factory: pytest.TempPathFactory) -> Plain:
    from service.store import connect, migration
    from tests.service.conftest import open_on

    store = connect(f"sqlite:///{tmp_path_factory.mktemp('described') / 'x.sqlite'}")
    migration.move(store)
    told: Plain = House(open_on(store, planning), {}).call(None, "GET", "/openapi.json").json()
    return told


def operations(described: Plain) -> Iterator[tuple[str, str, Plain]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def names(described: Plain) -> Iterator[str]:
    """Names of all properties and query parameters."""
    for schema in described["components"]["schemas"].values():
        yield from schema.get("properties", {})
    for _, _, operation in operations(described):
        yield from (one["name"] for one in operation["parameters"] if one["in"] == "query")


def test_dok_19_the_description_is_openapi_3_1(described: Plain) -> None:
    assert re.fullmatch(r"3\.1\.\d", described["openapi"])


def test_dok_03_and_15_who_answers_for_it_and_under_which_licence(described: Plain) -> None:
    info = described["info"]
    assert info["title"]
    assert info["version"]
    assert info["description"]
    assert info["contact"]["name"]
    assert info["license"]["name"] == "EUPL-1.2"


def test_dok_08_and_09_service_level_and_limitations_are_told(described: Plain) -> None:
    assert set(described["info"]["x-sla"]) == {"sv", "en"}
    told = " ".join(described["info"]["x-limitations"])
    for limit in ("1000000 bytes", "5000 answers", "156 weeks", "10 insatser", "20 activities", "50 seconds"):
        assert limit in told


def test_ufn_01_and_ver_05_the_address_holds_the_major_version_only(described: Plain) -> None:
    assert [server["url"] for server in described["servers"]] == ["http://127.0.0.1:8000/api/v1"]


def test_ufn_07_to_09_and_res_06_addresses_are_lower_case_with_hyphens(described: Plain) -> None:
    for path in described["paths"]:
        assert re.fullmatch(r"(/([a-z][a-z0-9-]*|\{[a-z]+\}))+", path), path
        assert not path.endswith("/")


def test_res_02_no_address_asks_for_a_personnummer(described: Plain) -> None:
    asked = {one["name"] for _, _, operation in operations(described) for one in operation["parameters"]}
    assert not [name for name in asked if re.search("pnr|person|ssn|personnummer", name)]


def test_ame_04_and_fns_01_all_names_are_snake_case(described: Plain) -> None:
    theirs = set(described["components"]["schemas"]["ApiInfo"]["properties"])  # which the profile names itself
    assert [name for name in names(described) if name not in theirs and not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


def test_ame_01_answers_are_json(described: Plain) -> None:
    for _, _, operation in operations(described):
        for status, answer in operation["responses"].items():
            kind = "application/json" if status.startswith("2") else "application/problem+json"
            assert kind in answer["content"] or operation["operationId"] in ("read_health", "read_readiness")


def test_fns_07_to_09_lists_have_page_and_limit(described: Plain) -> None:
    paged = [operation for _, _, operation in operations(described) if _is_page(described, operation)]
    assert {operation["operationId"] for operation in paged} >= {"list_suggestions", "search_insatser", "list_trail"}
    for operation in paged:
        asked = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}
        assert (asked["page"]["default"], asked["page"]["minimum"]) == (1, 1)
        assert (asked["limit"]["default"], asked["limit"]["maximum"]) == (20, 100)


def _is_page(described: Plain, operation: Plain) -> bool:
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json")
    name = answer["schema"]["$ref"].rpartition("/")[2] if answer else ""
    return "total" in described["components"]["schemas"].get(name, {}).get("properties", {})


def test_fel_01_and_02_every_refusal_is_a_problem(described: Plain) -> None:
    problem = described["components"]["schemas"]["Problem"]
    assert {"type", "title", "status", "detail", "instance"} <= set(problem["required"])
    for _, _, operation in operations(described):
        refused = {status for status in operation["responses"] if status >= "400"}
        assert refused >= {"500", "503"}
        if not OPERATIONS[operation["operationId"]].open:
            assert refused >= {"401", "403"}


def test_ver_06_there_is_api_info(described: Plain, house: House) -> None:
    assert "/api-info" in described["paths"]
    told = house.call(None, "GET", "/api-info").json()
    assert set(told) == {"apiName", "apiVersion", "apiReleased", "apiDocumentation", "apiStatus"}


def test_dot_01_and_04_moments_are_utc_by_rfc_3339(house: House) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", house.suggestion["created_at"])
    listed = house.call("handläggare", "GET", "/suggestions").json()["data"][0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", listed["created_at"])


def test_dok_06_17_and_20_every_operation_and_answer_is_described_in_both_languages(described: Plain) -> None:
    for _, _, operation in operations(described):
        assert operation["summary"]
        swedish, english = operation["description"].split("\n\n")
        assert swedish != english
        assert all(answer["description"] for answer in operation["responses"].values())
        assert all(one.get("description") for one in operation["parameters"])


def test_every_sentence_of_the_swedish_words_is_short() -> None:
    for told in document.words().values():
        for sentence in re.split(r"[.;]\s", told["sv"]):
            assert len(sentence.split()) <= 20


def test_dok_17_every_operation_has_a_full_example_that_has_its_shape(described: Plain) -> None:
    for _, _, operation in operations(described):
        known = OPERATIONS[operation["operationId"]]
        answered = operation["responses"][str(known.status)]["content"]["application/json"]
        parts = [answered] + ([operation["requestBody"]["content"]["application/json"]] if known.takes else [])
        for part in parts:
            shape = {"$ref": part["schema"]["$ref"], "components": described["components"]}
            example = part["examples"]["example"]
            assert operation["description"] == example["description"]  # in both languages
            faults = list(Draft202012Validator(shape).iter_errors(example["value"]))
            assert faults == [], (operation["operationId"], [fault.message for fault in faults][:3])


def test_sak_09_to_18_one_bearer_scheme_and_no_basic_or_key_in_an_address(described: Plain) -> None:
    schemes = described["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} <= {"http", "oauth2", "openIdConnect"}
    assert all(scheme.get("scheme", "bearer") == "bearer" for scheme in schemes.values())
    for _, _, operation in operations(described):
        assert bool(operation.get("security")) != OPERATIONS[operation["operationId"]].open


def test_spa_02_and_04_traces_are_taken_and_given_back(described: Plain, house: House) -> None:
    for _, _, operation in operations(described):
        assert "traceparent" in {one["name"] for one in operation["parameters"]}
        assert all("traceparent" in answer["headers"] for answer in operation["responses"].values())
    assert house.call(None, "GET", "/api-info").headers["traceparent"].startswith("00-")


def test_for_02_nothing_is_sent_with_a_reading(described: Plain) -> None:
    for _, method, operation in operations(described):
        assert method in WRITES or "requestBody" not in operation
