"""Writes the API's own description (OpenAPI 3.1): shapes, examples and words in Swedish and English."""

import json
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import fields
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from pathway import __version__
from pathway.case import Case, Limits
from pathway.instrument import Instrument
from service.api import shapes
from service.api.operations import OPERATIONS, CaseBody, Operation
from service.api.problems import MEDIA_TYPE
from service.cases import REGISTER_PSEUDONYM
from service.settings import Settings

Plain = dict[str, Any]
_JSON = "application/json"
_REFERENCE = "#/components/schemas/{model}"
_GOES_WELL = {200: "Klart. Done.", 201: "Skapat. Created."}
_PROBLEMS = {
    400: "Anropet går inte att läsa. The request cannot be read.",
    401: "Inte inloggad. Not logged in.",
    403: "Rollen får inte göra detta. Not allowed for this role.",
    404: "Finns inte, eller inte för denna enhet. Not there, or not for this unit.",
    409: "Stämmer inte med det som redan finns. In conflict with what is there.",
    412: "Ändrat under tiden. Changed in between.",
    413: "För stort. Too large.",
    415: "Inte JSON. Not JSON.",
    422: "Följer inte reglerna. Breaks a rule.",
    428: "If-Match behövs. If-Match is needed.",
    429: "För många anrop. Too many calls.",
    500: "Ett fel hos oss. A mistake of ours.",
    503: "Inte tillgänglig just nu. Not available now.",
}
_ABOUT = """Föreslår insatser för en klient utifrån BIP-mätningar. Handläggaren tar ställning.

Suggests insatser for a client from BIP measurements. The caseworker decides."""
_TRACE = {
    "name": "traceparent",
    "in": "header",
    "required": False,
    "description": "Spårning enligt W3C Trace Context. W3C Trace Context.",
    "schema": {"type": "string"},
}


def words() -> dict[str, dict[str, str]]:
    """Give the words of every operation: `summary`, `sv`, `en`."""
    return tomllib.loads(files("service").joinpath("api/operations.toml").read_text(encoding="utf-8"))


def examples() -> dict[str, Any]:
    """Give an example of every operation: `request` where it has a body, and `answer`."""
    told: dict[str, Any] = json.loads(files("service").joinpath("api/examples.json").read_text(encoding="utf-8"))
    return told


def write(app: FastAPI, settings: Settings, instrument: Instrument | None) -> Plain:
    """Describe the whole API.

    Parameters
    ----------
    instrument
        Whose indicators and scale a case may use; ``None``: any.
    """
    document = get_openapi(
        title="Pathway Generator",
        version=__version__,
        openapi_version="3.1.1",
        summary="Förslag på insatser. Suggestions of insatser.",
        description=_ABOUT,
        routes=app.routes,
        contact={"name": settings.contact_name} | ({"email": settings.contact_email} if settings.contact_email else {}),
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        servers=[{"url": f"{settings.public_url}/api/v1"}],
    )
    document["info"]["x-sla"] = {
        "sv": "Ingen utlovad nivå; den som driver tjänsten bestämmer.",
        "en": "None promised; whoever runs the service sets it.",
    }
    document["info"]["x-limitations"] = _limitations(settings)
    document.setdefault("components", {})["schemas"] = _schemas(instrument)
    told, shown = words(), examples()
    for methods in document["paths"].values():
        for operation in methods.values():
            _complete(operation, told[operation["operationId"]], shown[operation["operationId"]])
    return document


def _limitations(settings: Settings) -> list[str]:
    most = _most(TypeAdapter(Limits).json_schema()["properties"])
    return [
        f"A body is at most {settings.max_body_bytes} bytes, a case at most {settings.max_answers} answers and "
        f"{settings.max_participations} participations.",
        f"A plan is for at most {most['horizon_weeks']} weeks, {most['parallel']} insatser at once, "
        f"{most['activities']} activities and {most['hours_per_week']} hours a week.",
        f"A process plans {settings.plans_at_once} cases at once; a request waits at most "
        f"{settings.plan_wait_seconds} seconds for its turn. When time is short, the best plan found is given with "
        "its gap (proof.gap).",
        f"A call takes at most {settings.call_seconds} seconds, then 503 (Retry-After).",
        *_pace(settings),
        "Suggestions rest on a model; its card says what it does not know.",
    ]


def _most(limits: Plain) -> dict[str, int]:
    """Read the largest value of each limit that a case may set, where there is one."""
    return {
        name: int(form["maximum"])
        for name, limit in limits.items()
        for form in (limit, *limit.get("anyOf", ()))
        if "maximum" in form
    }


def _pace(settings: Settings) -> list[str]:
    if not settings.calls_per_minute:
        return []
    return [f"A caller may make {settings.calls_per_minute} calls a minute in each process; then 429 (Retry-After)."]


def _complete(operation: Plain, told: Mapping[str, str], shown: Mapping[str, Any]) -> None:
    known: Operation = OPERATIONS[operation["operationId"]]
    operation["summary"] = told["summary"]
    operation["description"] = f"{told['sv']}\n\n{told['en']}"
    operation["parameters"] = [*operation.get("parameters", ()), _TRACE]
    if known.takes is not None:
        content = {"schema": _reference(known.takes), "examples": _example(told, shown["request"])}
        operation["requestBody"] = {"required": True, "content": {_JSON: content}}
    answered: Plain = {
        "description": _GOES_WELL[known.status],
        "headers": _headers(["traceparent", *(["ETag"] if known.etag else [])]),
        "content": {_JSON: {"schema": _reference(known.answer), "examples": _example(told, shown["answer"])}},
    }
    operation["responses"] = {str(known.status): answered}
    for status in known.problems:
        operation["responses"][str(status)] = _problem(status)
    if known.open and known.answer is shapes.Health:
        operation["responses"]["503"] = answered | {"description": _PROBLEMS[503]}


def _example(told: Mapping[str, str], value: Any) -> Plain:
    """Put an example into words in both languages; what is in it comes from the service, which answers in Swedish."""
    return {"example": {"summary": "Exempel. Example.", "description": f"{told['sv']}\n\n{told['en']}", "value": value}}


def _headers(names: list[str]) -> Plain:
    return {name: {"schema": {"type": "string"}, "description": name} for name in names}


def _problem(status: int) -> Plain:
    example = {
        "type": "urn:pathway:problem:example",
        "title": _PROBLEMS[status].split(". ")[1].rstrip("."),
        "title_sv": _PROBLEMS[status].split(". ")[0],
        "status": status,
        "detail": "one line that says what to do",
        "instance": "urn:pathway:call:0af7651916cd43dd8448eb211c80319c",
    }
    content = {"schema": _reference(shapes.Problem), "examples": {"example": {"value": example}}}
    return {
        "description": _PROBLEMS[status],
        "headers": _headers(["traceparent"]),
        "content": {MEDIA_TYPE: content},
    }


def _reference(shape: type) -> Plain:
    return {"$ref": _REFERENCE.format(model="Case" if shape is CaseBody else shape.__name__)}


def _schemas(instrument: Instrument | None) -> Plain:
    """Write the shapes of all bodies and answers."""
    taken = {known.takes for known in OPERATIONS.values() if known.takes not in (None, CaseBody)}
    given = {known.answer for known in OPERATIONS.values() if known.answer is not CaseBody} | {shapes.Problem}
    inputs: list[Any] = [
        ((shape.__name__, "in"), "validation", TypeAdapter(shape)) for shape in sorted(taken, key=_name)
    ]
    inputs += [(("Case", "in"), "validation", TypeAdapter(Case))]
    outputs: list[Any] = [
        ((shape.__name__, "out"), "serialization", TypeAdapter(shape)) for shape in sorted(given, key=_name)
    ]
    named: Plain = {}
    for adapters in (outputs, inputs):  # what is taken in is the stricter one, so it is written last
        _, made = TypeAdapter.json_schemas(
            [(key, mode, adapter) for key, mode, adapter in adapters], ref_template=_REFERENCE
        )
        named |= made["$defs"]
    named["Case"] = _case(named["Case"])
    named["SuggestionRequest"] = _suggestion_request(named["SuggestionRequest"])
    if instrument is not None:
        named["Answer"]["properties"]["indicator"]["enum"] = [one.id for one in instrument.indicators]
        scale = instrument.scale
        value = {"type": "integer", "minimum": scale.min, "maximum": scale.max}
        named["Answer"]["properties"]["value"] = {"anyOf": [value, {"type": "null"}]}
    return dict(sorted(named.items()))


def _name(shape: Any) -> str:
    return str(shape.__name__)


def _case(schema: Plain) -> Plain:
    """Write the case as it is sent: what is optional may be null, and unknown fields are ignored."""
    schema = deepcopy(schema)
    own = {one.name for one in fields(Case)} - {"defaulted", "ignored"}
    schema["properties"] = {
        name: part if name in schema["required"] else {"anyOf": [_without_default(part), {"type": "null"}]}
        for name, part in schema["properties"].items()
        if name in own
    }
    schema["properties"]["register_pseudonym"] = {
        "anyOf": [{"type": "string", "pattern": REGISTER_PSEUDONYM}, {"type": "null"}],
        "description": "What the register calls the client; kept sealed, never shown again but in an export.",
    }
    return schema


def _without_default(part: Plain) -> Plain:
    return {name: value for name, value in part.items() if name != "default"}


def _suggestion_request(schema: Plain) -> Plain:
    """Write that a suggestion is asked for with a posted case or the number of a stored one."""
    schema = deepcopy(schema)
    schema["properties"]["case"] = _reference(CaseBody)
    schema["properties"]["case_number"] = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9.~-]{0,63}$"}
    schema["oneOf"] = [{"required": ["case"]}, {"required": ["case_number"]}]
    return schema
