"""Requests that nobody would think of, made from the API's own description."""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.service.conftest import House

EXAMPLES = int(os.environ.get("PATHWAY_FUZZ_EXAMPLES", "2"))  # an operation


def described(house: House) -> Any:
    config = schemathesis.Config.from_dict(
        # A case that has the shape may still break a rule between its parts: that is a 422.
        {
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", "412", "422", "428"]
                }
            }
        }
    )
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", house.app, config=config)


@pytest.mark.parametrize("who", ["handläggare", "enhetschef", "auditor", "administrator"])
def test_no_request_breaks_the_api(who: str, house: House) -> None:
    headers = {"Authorization": f"Bearer {house.tokens[who]}"}
    n_asked = 0
    for found in described(house).get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @operation_given(operation)
        def ask(case: Any) -> None:
            nonlocal n_asked
            n_asked += 1
            case.call_and_validate(headers=headers)

        ask()
    assert n_asked > 30


def operation_given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())
