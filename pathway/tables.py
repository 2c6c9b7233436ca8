"""What every table of a data package looks like: Frictionless Table Schemas, made from the shared shapes."""

from typing import Any, Literal, get_args

from pydantic import TypeAdapter

from pathway.case import Answer, CasePhase, Participation, Profile

Table = Literal["clients", "measurements", "participations", "outcomes"]
TABLES: tuple[Table, ...] = get_args(Table)
Status = Literal["arbete", "subventionerat_arbete", "studier", "arbetssökande", "ej_arbetsför", "okänt"]

KEYS: dict[Table, tuple[str, ...]] = {
    "clients": ("client_id",),
    "measurements": ("client_id", "measured_on", "respondent", "indicator"),
    "participations": ("client_id", "insats_id", "started_on"),
    "outcomes": ("client_id", "observed_on"),
}
"""What makes a row the same row: a later one with the same key corrects it."""

EARLIEST = "1990-01-01"  # older than any samordningsförbund; an earlier date is a mistake, or somebody's birthday
HEALTH_CODE = r"(?:[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,3})?|[bsde]\d{1,5}(?:\.[0-9]{1,4})?)"  # ICD-10-SE or ICF

Field = dict[str, Any]
Schema = dict[str, Any]


def _like(shape: type, name: str, description: str, **constraints: Any) -> Field:
    """Make a field with the type and the limits that a field of a shared shape has."""
    said = TypeAdapter(shape).json_schema()["properties"][name]
    said = next((option for option in said.get("anyOf", ()) if option["type"] != "null"), said)
    limits = {limit: said[limit] for limit in ("enum", "pattern", "minimum", "maximum") if limit in said}
    return _field(name, said.get("format") or said["type"], description, **limits | constraints)


def _field(name: str, type: str, description: str, **constraints: Any) -> Field:
    field: Field = {"name": name, "type": type, "description": description}
    if type == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if type == "date":
        constraints = {"minimum": EARLIEST} | constraints
    return field | {"constraints": {"required": True} | constraints}


def _one_of(name: str, literal: Any, description: str) -> Field:
    return _field(name, "string", description, enum=list(get_args(literal)))


def _client_id(**constraints: Any) -> Field:
    description = "The person: personnummer, samordningsnummer or a local number; after import a pseudonym."
    return _field("client_id", "string", description, maxLength=100, **constraints)


def _schema(table: Table, *fields: Field) -> Schema:
    schema: Schema = {"fields": list(fields), "missingValues": [""], "primaryKey": list(KEYS[table])}
    if table != "clients":
        schema["foreignKeys"] = [
            {"fields": ["client_id"], "reference": {"resource": "clients", "fields": ["client_id"]}}
        ]
    return schema


SCHEMAS: dict[Table, Schema] = {
    "clients": _schema(
        "clients",
        _client_id(unique=True),
        _field(
            "unit", "string", "The authority's unit responsible for the case; the boundary of access.", maxLength=100
        ),
        _like(Profile, "birth_year", "Year of birth."),
        _like(Profile, "gender", "Gender; kept for the audit, never an input to ranking."),
        _like(Profile, "municipality", "SCB's kommunkod, four digits with the leading zero."),
        _like(Profile, "education", "Highest education completed."),
        _like(Profile, "income_source", "Main source of income."),
        _like(Profile, "months_without_work", "Whole months since the last job."),
        _like(Profile, "swedish_level", "Command of Swedish, ordered: ingen < grund < medel < god."),
        _like(Profile, "children_at_home", "Whether children live at home."),
        _field(
            "health_codes",
            "string",
            "ICD-10-SE or ICF codes joined by |; empty: none known.",
            required=False,
            pattern=rf"^{HEALTH_CODE}(?:\|{HEALTH_CODE})*$",
            maxLength=200,
        ),
        _field("enrolled_on", "date", "The day the person was enrolled."),
        _one_of("case_phase", CasePhase, "Phase of the case; two of them are never taken in."),
    ),
    "measurements": _schema(
        "measurements",
        _client_id(),
        _like(Answer, "measured_on", "The day of the answer."),
        _like(Answer, "respondent", "Who answered."),
        _field(
            "respondent_id",
            "string",
            "The caseworker's id where the respondent is handläggare, else empty; after import a pseudonym.",
            required=False,
            maxLength=100,
        ),
        _like(Answer, "indicator", "An id of the instrument."),
        _like(Answer, "value", "The answer, on the instrument's scale; empty: asked, not answered.", required=False),
    ),
    "participations": _schema(
        "participations",
        _client_id(),
        _like(Participation, "insats_id", "An id of the catalogue.", maxLength=64),
        _like(Participation, "started_on", "First day."),
        _like(Participation, "ended_on", "First day after the period; empty: still running.", required=False),
        _like(Participation, "hours_per_week", "Hours a week, above 0.", minimum=0.01),
        _like(Participation, "ended_as", "How it ended."),
    ),
    "outcomes": _schema(
        "outcomes",
        _client_id(),
        _field("observed_on", "date", "The day the status was observed."),
        _one_of("status", Status, "What the person did for a living or towards it."),
    ),
}
"""The contract's section 1 as Frictionless Table Schemas, by table."""


def fields(table: Table) -> tuple[Field, ...]:
    """Fields of a table, in the contract's order."""
    return tuple(SCHEMAS[table]["fields"])


def columns(table: Table) -> tuple[str, ...]:
    """Names of a table's columns, in the contract's order."""
    return tuple(field["name"] for field in fields(table))


def descriptor(name: str, **about: Any) -> dict[str, Any]:
    """Describe a data package, as the content of its ``datapackage.json``.

    Parameters
    ----------
    name
        The package's name, lower-case and without blanks.
    about
        Further properties of the package, such as ``title``, ``description`` or ``licenses``.
    """
    resources = [
        {
            "name": table,
            "type": "table",
            "path": f"{table}.csv",
            "scheme": "file",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": SCHEMAS[table],
        }
        for table in TABLES
    ]
    return {"name": name, **about, "resources": resources}
