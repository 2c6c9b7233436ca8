"""Aggregates that may leave the house: right, in the fields of a file, small cells hidden, described for the portal."""

import csv
from datetime import date

import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from pathway import disclosure
from pathway.errors import UnreadableFile
from pathway.followup import gather, mapping, metadata, write
from pathway.followup.metadata import Dataset, Publisher, Service
from pathway.followup.tables import ALL, HIDDEN, PARTICIPANTS, _counted, _participants
from pathway.register import Tables

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
SITE = Publisher('Förbundet "Ett"', "https://data.example.se/bip/", "Kansliet", "data@example.se")


def day(text):
    return pd.Timestamp(text)


def tables_of(people):
    """Make a register of (gender, insats, started, ended, how it ended, status after)."""
    clients, had, after = [], [], []
    for number, (gender, insats, started, ended, how, status) in enumerate(people):
        id = f"p{number:03d}"
        clients.append(
            {"client_id": id, "birth_year": 1990, "gender": gender, "education": "gymnasial",
             "income_source": "sjukpenning", "municipality": "0580", "swedish_level": "god"}
        )  # fmt: skip
        had.append(
            {"client_id": id, "insats_id": insats, "started_on": day(started), "ended_on": pd.to_datetime(ended),
             "ended_as": how}
        )  # fmt: skip
        if status:
            after.append({"client_id": id, "observed_on": pd.to_datetime(ended), "status": status})
    outcomes = pd.DataFrame(after, columns=["client_id", "observed_on", "status"])
    return Tables(pd.DataFrame(clients), pd.DataFrame(), pd.DataFrame(had), outcomes)


@pytest.fixture
def many():
    done = ("2025-02-01", "2025-06-01", "fullföljd", "arbete")
    return tables_of(
        [("kvinna", "A", *done)] * 12 + [("man", "A", *done)] * 9 + [("kvinna", "B", *done)] * 7
        + [("man", "B", "2025-11-01", None, "pågår", "")] * 6
        + [("man", "A", "2023-01-01", "2024-03-01", "avbruten", "")]
    )  # fmt: skip


def cells_of(followed):
    return {(one.insats_id, one.field, one.value): one.n for one in followed.cells}


def test_participants_are_counted_in_the_fields_of_the_file(many):
    cells = cells_of(gather(many, mapping.read(), FIRST, LAST))
    assert cells["A", PARTICIPANTS, ""] == 21, "who ended before the period is not in it"
    assert cells[ALL, PARTICIPANTS, ""] == 34
    assert cells["A", "Kön", "Kvinna"] == 12
    assert cells["B", "Avslut", "Pågår"] == 6
    assert cells["B", "Sysselsättning efter", "Arbete"] == 7
    assert cells["A", "Försörjning före", "Sjukpenning"] == 21
    assert cells["A", "Ålder vid start", "30–44 år"] == 21


def test_other_names_and_fields_need_only_another_file(many, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        'format = 1\nsystem = "Vårt"\nverified = true\n[[field]]\nname = "K"\nfrom = "gender"\nother = "övrigt"\n'
        'values = { kvinna = "F" }\n',
        encoding="utf-8",
    )
    followed = gather(many, mapping.read(file), FIRST, LAST)
    assert followed.verified
    assert cells_of(followed)["A", "K", "övrigt"] == 9
    with pytest.raises(UnreadableFile, match="source"):
        mapping.read(_with(file, 'from = "gender"', 'from = "client_id"'))


def _with(file, old, new):
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return file


def test_nobody_can_work_out_a_hidden_cell_of_the_follow_up(small_register, small_catalogue):
    fields, tables = mapping.read(), small_register.tables()
    last = tables.participations["started_on"].max().date()
    first = date(last.year - 1, last.month, 1)
    followed = gather(tables, fields, first, last, small_catalogue)
    shown = cells_of(followed)
    counts, sums = _counted(_participants(tables, first, last), fields)
    hidden = sorted(key for key, n in shown.items() if n is None)
    assert hidden
    assert {key for key, n in counts.items() if 0 < n < fields.smallest} <= set(hidden)
    assert all(shown[key] == n for key, n in counts.items() if key not in set(hidden))
    place = {key: number for number, key in enumerate(hidden)}
    rows, known = [], []
    for one in sums:
        row, rest = [0.0] * len(hidden), 0.0
        for sign, keys in ((1.0, one.parts), (-1.0, (one.total,))):
            for key in keys:
                if key in place:
                    row[place[key]] += sign
                else:
                    rest -= sign * counts[key]
        if any(row):
            rows.append(row)
            known.append(rest)
    for number in range(0, len(hidden), max(len(hidden) // 12, 1)):
        aim = [0.0] * len(hidden)
        ends = []
        for direction in (1.0, -1.0):
            aim[number] = direction
            found = linprog(aim, A_eq=csr_matrix(rows), b_eq=known, bounds=(0, None))
            ends.append(float("inf") if found.status == 3 else found.x[number])
        assert ends[1] - ends[0] >= disclosure.SMALLEST - 1e-6, hidden[number]


def test_hidden_cells_are_written_as_hidden_and_names_come_from_the_catalogue(
    small_register, small_catalogue, tmp_path
):
    followed = gather(small_register.tables(), mapping.read(), date(2025, 1, 1), date(2025, 12, 31), small_catalogue)
    write(followed, tmp_path / "f.csv")
    rows = list(csv.DictReader((tmp_path / "f.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
    assert len(rows) == len(followed.cells)
    assert sum(row["antal"] == HIDDEN for row in rows) == followed.n_hidden > 0
    assert {row["insats"] for row in rows} - {ALL} <= {one.name for one in small_catalogue.insatser}
    assert followed.anonymity.n_people_below > 0, "rows of people would not be safe to give out, only cells are"


SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
[] a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dcterms:title ; sh:minCount 1 ] , [ sh:path dcterms:description ; sh:minCount 1 ] ,
    [ sh:path dcterms:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dcterms:license ; sh:hasValue <http://creativecommons.org/publicdomain/zero/1.0/> ] ,
    [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ] ,
    [ sh:path dcat:service ; sh:class dcat:DataService ] .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dcterms:title ; sh:minCount 1 ] , [ sh:path dcterms:description ; sh:minCount 1 ] ,
    [ sh:path dcterms:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dcat:distribution ; sh:class dcat:Distribution ] , [ sh:path dcat:theme ; sh:nodeKind sh:IRI ] ,
    [ sh:path dcat:contactPoint ; sh:class vcard:Organization ] , [ sh:path dcterms:issued ; sh:datatype xsd:date ] .
[] a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
[] a sh:NodeShape ; sh:targetClass dcat:DataService ;
  sh:property [ sh:path dcterms:title ; sh:minCount 1 ] ,
    [ sh:path dcat:endpointURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
[] a sh:NodeShape ; sh:targetClass foaf:Agent ; sh:property [ sh:path foaf:name ; sh:minCount 1 ] .
[] a sh:NodeShape ; sh:targetClass vcard:Organization ;
  sh:property [ sh:path vcard:fn ; sh:minCount 1 ] , [ sh:path vcard:hasEmail ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
"""


def described():
    return metadata.turtle(
        SITE,
        "Öppna data",
        [
            Dataset("katalog", "Insatser", "Alla \"insatser\"\npå två rader", "catalogue.json", "application/json",
                    ("insats", "Finsam"), date(2026, 11, 22)),
            Dataset("uppfoljning", "Uppföljning", "Antal", "f.csv", "text/csv", ("rehabilitering",), date(2026, 11, 22),
                    FIRST, LAST),
        ],
        [Service("api", "API", "Insatser och modell", "api/v1", "api/v1/openapi.json")],
    )  # fmt: skip


def test_the_metadata_keep_the_profiles_mandatory_fields():
    rdflib, pyshacl = pytest.importorskip("rdflib"), pytest.importorskip("pyshacl")
    graph = rdflib.Graph().parse(data=described(), format="turtle")
    shapes = rdflib.Graph().parse(data=SHAPES, format="turtle")
    conforms, _, told = pyshacl.validate(graph, shacl_graph=shapes)
    assert conforms, told
    dcterms = rdflib.Namespace("http://purl.org/dc/terms/")
    titles = {str(title) for title in graph.objects(None, dcterms.description)}
    assert 'Alla "insatser"\npå två rader' in titles
    without = rdflib.Graph().parse(data=described().replace("dcterms:license", "dcterms:rights"), format="turtle")
    assert not pyshacl.validate(without, shacl_graph=shapes)[0]


@pytest.mark.parametrize("site", ["http://a.se", "ftp://a.se/", "a.se/"])
def test_a_publisher_has_an_address_that_others_can_follow(site):
    with pytest.raises(UnreadableFile, match="site"):
        Publisher("a", site, "b", "c@d.se")


def test_an_address_cannot_break_out_of_the_metadata():
    with pytest.raises(ValueError, match="address"):
        metadata.turtle(SITE, "t", [Dataset("a> <b", "t", "d", "f.csv", "text/csv", ("k",), FIRST)])
