"""Aggregates that may leave the house: right, in the fields of a file, small cells hidden, described for the portal."""

import csv
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import date
from io import StringIO

import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from pathway import disclosure, shipped
from pathway.cli import main
from pathway.errors import UnreadableFile
from pathway.followup import gather, mapping, metadata, publication, write
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


def test_a_name_is_no_formula_to_a_spreadsheet(small_register, small_catalogue, tmp_path):
    evil = replace(small_catalogue.insatser[0], name='=HYPERLINK("http://a.example")')
    catalogue = replace(small_catalogue, insatser=(evil, *small_catalogue.insatser[1:]))
    write(
        gather(small_register.tables(), mapping.read(), date(2025, 1, 1), date(2025, 12, 31), catalogue),
        tmp_path / "f.csv",
    )
    rows = list(csv.DictReader((tmp_path / "f.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
    assert f"'{evil.name}" in {row["insats"] for row in rows}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


# Cardinalities and kinds of nodes of the templates that Digg publishes with DCAT-AP-SE 3.0.1 (3.0.1/bundle.json).
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
[] a sh:NodeShape ; sh:targetClass dcat:Catalog ;
  sh:property [ sh:path dcterms:title ; sh:minCount 1 ; sh:datatype rdf:langString ] ,
    [ sh:path dcterms:description ; sh:minCount 1 ; sh:datatype rdf:langString ] ,
    [ sh:path dcterms:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dcterms:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ,
    [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ] ,
    [ sh:path dcat:service ; sh:class dcat:DataService ] .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dcterms:title ; sh:minCount 1 ; sh:datatype rdf:langString ] ,
    [ sh:path dcterms:description ; sh:minCount 1 ; sh:datatype rdf:langString ] ,
    [ sh:path dcterms:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ,
    [ sh:path dcat:distribution ; sh:class dcat:Distribution ] , [ sh:path dcat:theme ; sh:nodeKind sh:IRI ] ,
    [ sh:path dcat:contactPoint ; sh:class vcard:Organization ] , [ sh:path dcterms:issued ; sh:datatype xsd:date ] .
[] a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] .
[] a sh:NodeShape ; sh:targetClass dcat:DataService ;
  sh:property [ sh:path dcterms:title ; sh:minCount 1 ; sh:datatype rdf:langString ] ,
    [ sh:path dcat:endpointURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
[] a sh:NodeShape ; sh:targetClass foaf:Agent ;
  sh:property [ sh:path foaf:name ; sh:minCount 1 ; sh:datatype rdf:langString ] ,
    [ sh:path dcterms:type ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] .
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


# Published


PUBLISHER = """
[publisher]
name = "Förbundet"
site = "https://data.example.se/"
contact = "Kansliet"
email = "data@example.se"

[api]
endpoint = "api/v1/insatser"
openapi = "api/v1/openapi.json"
"""


@pytest.fixture(scope="module")
def published(small_register, tmp_path_factory):
    """What the command leaves in a folder, and what it says."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "publisher.toml").write_text(PUBLISHER, encoding="utf-8")
    arguments = ["followup", "--register", place_of(small_register), "--from", "2025-01-01", "--to", "2025-12-31"]
    more = ["--catalogue", str(shipped.catalogue()), "--publisher", str(folder / "publisher.toml")]
    with redirect_stdout(StringIO()) as said:
        assert main([*arguments, *more, "--out", str(folder / "out")]) == 0
    return folder / "out", said.getvalue()


def place_of(register):
    return str(register).removeprefix("Register(").removesuffix(")")


def test_the_command_writes_tables_catalogue_protection_and_metadata_all_called_mock(published):
    folder, said = published
    names = {path.name for path in folder.iterdir()}
    assert names == {f"mock-{name}" for name in ("uppfoljning.csv", "insatser.json", "skydd.md", "metadata.ttl")}
    rows = list(
        csv.DictReader((folder / "mock-uppfoljning.csv").read_text(encoding="utf-8").splitlines(), delimiter=";")
    )
    hidden = sum(row["antal"] == HIDDEN for row in rows)
    assert f"{len(rows)} cells, {hidden} hidden" in said
    assert "not verified" in said
    told = (folder / "mock-skydd.md").read_text(encoding="utf-8")
    assert "Påhittade data" in told
    assert f"{hidden} av dem är dolda" in told


def test_nobody_is_in_what_is_published(published, small_register):
    everything = "".join(path.read_text(encoding="utf-8") for path in published[0].iterdir())
    assert not [id for id in small_register.tables().clients["client_id"] if id in everything]


def test_the_commands_metadata_describe_the_files_beside_them_and_keep_the_profile(published):
    rdflib, pyshacl = pytest.importorskip("rdflib"), pytest.importorskip("pyshacl")
    folder, _ = published
    graph = rdflib.Graph().parse(folder / "mock-metadata.ttl", format="turtle")
    conforms, _, told = pyshacl.validate(graph, shacl_graph=rdflib.Graph().parse(data=SHAPES, format="turtle"))
    assert conforms, told
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    files = {str(address).rpartition("/")[2] for address in graph.objects(None, dcat.downloadURL)}
    assert files == {"mock-uppfoljning.csv", "mock-insatser.json"}
    assert all((folder / name).is_file() for name in files)
    titles = [str(title) for title in graph.objects(None, rdflib.Namespace("http://purl.org/dc/terms/").title)]
    assert sum(title.startswith("Påhittade data: ") for title in titles) >= 3


def test_without_publisher_and_catalogue_there_are_tables_and_protection_only(small_register, tmp_path):
    made = publication.publish(small_register, mapping.read(), FIRST, LAST, tmp_path, date(2026, 11, 22))
    assert [path.name for path in made.files] == ["mock-uppfoljning.csv", "mock-skydd.md"]


def test_participants_who_are_all_alike_in_something_are_told_of(many):
    assert ("A", "Försörjning före") in gather(many, mapping.read(), FIRST, LAST).alike
    followed = gather(many, mapping.read(), FIRST, LAST)
    assert ("A", "Kön") not in followed.alike
    told = publication.protection(followed, mock=False)
    assert "A (Försörjning före)" in told
    assert "Påhittade" not in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (["--to", "2024-12-31"], "ends before it begins"),
        (["--from", "i fjol"], "must be a date"),
        (["--publisher", "PLACE/none.toml"], "no such file"),
        (["--publisher", "PLACE/site.toml"], "https://"),
        (["--publisher", "PLACE/word.toml"], "publisher"),
        (["--mapping", "PLACE/word.toml"], "format"),
    ],
)
def test_what_the_command_cannot_do_is_said_in_one_line(small_register, tmp_path, capsys, changed, said):
    (tmp_path / "site.toml").write_text(PUBLISHER.replace("https:", "ftp:"), encoding="utf-8")
    (tmp_path / "word.toml").write_text("a = 1\n", encoding="utf-8")
    arguments = ["followup", "--register", place_of(small_register), "--from", "2025-01-01", "--to", "2025-12-31"]
    given = [*arguments, "--out", str(tmp_path / "out"), *(one.replace("PLACE", str(tmp_path)) for one in changed)]
    try:
        code = main(given)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert said in error
    assert not (tmp_path / "out").exists()
