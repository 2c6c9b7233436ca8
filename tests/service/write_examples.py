"""Writes the API's examples anew, from real answers of the service: python -m tests.service.write_examples."""

import json
import tempfile
from pathlib import Path
from typing import Any

from pathway import shipped
from service import app
from service.api.operations import OPERATIONS
from service.settings import Settings
from tests.service.conftest import NUMBER, OTHER_UNIT, House, people

OUT = Path(app.__file__).parent / "api" / "examples.json"
MOST = {"not_chosen": 2, "plans": 1, "activities": 1, "measurements": 2, "also_shown_or_said": 1, "levels": 2}
FEW = {"gain": 1, "explanation": 1, "expected": 2}  # of a table of indicators
LINE = 120  # what fits on a line stands there
OF_MANIFEST = ("format", "version", "training", "libraries")


def shortened(data: Any) -> Any:
    """Leave out most of what repeats, so that an example can be read."""
    if isinstance(data, list):
        return [shortened(one) for one in data]
    if isinstance(data, float):
        return round(data, 9)
    if not isinstance(data, dict):
        return data
    short = {}
    for name, value in data.items():
        if name in MOST and isinstance(value, list):
            value = value[: MOST[name]]
        elif name in FEW and isinstance(value, dict):
            value = dict(list(value.items())[: FEW[name]])
        elif name == "manifest":
            value = {part: value[part] for part in OF_MANIFEST}
        elif name == "card":
            value = value[:120].rpartition("\n")[0]
        short[name] = shortened(value)
    return short


def written(data: Any, before: int = 0) -> str:
    """Write JSON with each part that fits into a line on one."""
    line = json.dumps(data, ensure_ascii=False)
    if before + len(line) <= LINE or not isinstance(data, dict | list) or not data:
        return line
    room, ends = " " * (before + 1), "{}" if isinstance(data, dict) else "[]"
    parts = (
        [f"{json.dumps(name, ensure_ascii=False)}: {written(part, before + 1)}" for name, part in data.items()]
        if isinstance(data, dict)
        else [written(part, before + 1) for part in data]
    )
    return f"{ends[0]}\n{room}" + f",\n{room}".join(parts) + f"\n{' ' * before}{ends[1]}"


class Writer:
    """Calls the service and keeps what was sent and answered."""

    def __init__(self, house: House) -> None:
        self.house, self.told = house, dict[str, Any]()

    def ask(
        self, operation: str, who: str | None, method: str, path: str, body: Any = None, **headers: str
    ) -> dict[str, Any]:
        """Call one operation."""
        answer = self.house.call(who, method, path, body, headers={k.replace("_", "-"): v for k, v in headers.items()})
        if answer.is_error:
            raise ValueError(f"{operation}: {answer.text}")
        request = {} if body is None else {"request": shortened(body)}
        self.told[operation] = request | {"answer": shortened(answer.json())}
        given: dict[str, Any] = answer.json()
        return given


def ask_all(writer: Writer) -> None:
    """Call every operation once."""
    ask, h = writer.ask, "handläggare"
    case = next(one for one in json.loads(shipped.cases().read_text(encoding="utf-8")) if one["case_id"] == NUMBER)
    at = f"/cases/{NUMBER}"
    ask("create_case", h, "POST", "/cases", case | {"register_pseudonym": "aaaaaa-" + "b" * 26})
    ask("read_case", h, "GET", at)
    ask("correct_case", h, "PUT", at, case, If_Match='"1"')
    made = ask("create_suggestion", h, "POST", "/suggestions", {"case_number": NUMBER})
    id, chosen = made["suggestion_id"], made["plans"][0]["activities"][0]
    other = next(one["insats_id"] for one in made["not_chosen"] if one["loss"] is not None)
    ask("read_suggestion", h, "GET", f"/suggestions/{id}")
    changes = {"limits": {"hours_per_week": 10}, "forbid": [chosen["insats_id"]]}
    ask("ask_what_if", h, "POST", f"/suggestions/{id}/what-if", changes)
    ask("ask_why_not", h, "GET", f"/suggestions/{id}/why-not/{other}")
    answers = [
        {"measured_on": "2026-11-20", "respondent": "klient", "indicator": "tro_pa_jobb", "value": 4},
        {"measured_on": "2026-11-20", "respondent": "handläggare", "indicator": "tro_pa_jobb", "value": None},
    ]
    ask("add_measurements", h, "POST", f"{at}/measurements", {"measurements": answers})
    ask("read_suggestion_state", h, "GET", f"/suggestions/{id}/state")
    consent = {"recipient": OTHER_UNIT, "purpose": "samordnad planering", "ends_on": "2999-03-31"}
    given = ask("give_consent", h, "POST", f"{at}/consents", consent)
    ask("list_consents", h, "GET", f"{at}/consents")
    ask("revoke_consent", h, "DELETE", f"{at}/consents/{given['consent_id']}")
    decision = {
        "answer": "changed",
        "reason_code": "health",
        "reason": "Klienten orkar färre timmar i veckan just nu.",
        "activities": [{name: chosen[name] for name in ("insats_id", "start_on", "end_on", "hours_per_week")}],
    }
    ask("decide", h, "POST", f"/suggestions/{id}/decision", decision)
    ask("read_decision", h, "GET", f"/suggestions/{id}/decision")
    ask("list_suggestions", h, "GET", "/suggestions")
    ask("list_reason_codes", h, "GET", "/reason-codes")
    ask("search_insatser", h, "GET", "/insatser?limit=1&q=budget")
    ask("read_insats", h, "GET", f"/insatser/{chosen['insats_id']}")
    ask("read_current_model", h, "GET", "/models/current")
    stop = ask("set_stop", "enhetschef", "POST", "/stops", {"scope": "unit", "reason": "Vi ser över modellens kort."})
    ask("list_stops", "enhetschef", "GET", "/stops")
    ask("lift_stop", "enhetschef", "DELETE", f"/stops/{stop['stop_id']}")
    system = {"label": "Ärendesystemet", "role": "handläggare", "unit": "Norr"}
    key = ask("create_key", "administrator", "POST", "/keys", system)
    writer.told["create_key"]["answer"]["bearer"] = f"pwg_{key['key_id']}_{'x' * 43}"
    ask("list_keys", "administrator", "GET", "/keys?limit=2")
    ask("revoke_key", "administrator", "DELETE", f"/keys/{key['key_id']}")
    accounts = ask("list_accounts", "administrator", "GET", "/accounts?limit=2")
    system_, person = (next(one for one in accounts["data"] if one["kind"] == kind) for kind in ("machine", "person"))
    ask("end_logins", "administrator", "DELETE", f"/accounts/{person['account_id']}/logins")
    ask("end_all_logins", "administrator", "DELETE", "/logins")
    ask("close_account", "administrator", "DELETE", f"/accounts/{system_['account_id']}")
    ask("list_trail", "auditor", "GET", f"/trail?limit=1&suggestion={id}")
    ask("verify_trail", "auditor", "GET", "/trail/verification")
    ask("export_case", h, "GET", f"{at}/export")
    ask("erase_case", "enhetschef", "DELETE", at)
    ask("read_api_info", None, "GET", "/api-info")
    ask("read_health", None, "GET", "/health")
    ask("read_readiness", None, "GET", "/ready")


def main() -> None:
    """Write all examples, in the order of the table of operations."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(f"sqlite:///{folder}/x.sqlite", seal_key="s" * 32, trail_key="t" * 32)
        house = House(app.open_installation(settings), {})
        house.tokens = people(house.installation)
        writer = Writer(house)
        ask_all(writer)
        house.installation.store.close()
    told = {operation: writer.told[operation] for operation in OPERATIONS}
    OUT.write_text(written(told) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(told)} operations")


if __name__ == "__main__":
    main()
