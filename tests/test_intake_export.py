import pytest
from package_builders import KEY, PERSON, TODAY, a_client, an_answer, an_outcome, csv_of

from pathway import tables
from pathway.errors import FaultyTable
from pathway.intake import export
from pathway.intake.faults import CODES

OUTCOMES = csv_of("outcomes", [an_outcome()])


def read(raw, table="outcomes"):
    return export.read(table, raw if isinstance(raw, bytes) else raw.encode(), f"{table}.csv", KEY, TODAY)


def column(table, name):
    return [table.cells[name].distinct[code] for code in table.cells[name].codes]


def reasons(table):
    return [CODES[number] for number in table.faults.reason]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found_out(encoding, separator):
    text = csv_of("clients", [a_client(), a_client("K-1", education="okänd")], separator)
    table = read(text.encode(encoding), "clients")
    assert column(table, "education") == ["förgymnasial", "okänd"]
    assert not table.faults.any.any()


def test_one_damaged_letter_does_not_make_a_utf8_file_another():
    rows = csv_of("clients", [a_client("K-1"), a_client("K-2", unit="Norr?")]).encode().replace(b"Norr?", b"Norr\xe4")
    table = read(rows, "clients")
    assert table.encoding == "utf-8"
    assert reasons(table) == ["", "unreadable_character"]


@pytest.mark.parametrize("column", ["client_id", "unit"])
def test_a_control_character_sets_its_row_aside(column):
    table = read(csv_of("clients", [a_client("K-1") | {column: "N\0rr"}, a_client("K-2")]), "clients")
    assert reasons(table) == ["unreadable_character", ""]


def test_columns_may_stand_in_any_order_and_spelling():
    table = read(f"Status;Övrigt;OBSERVED ON;Client-ID\narbete;x;2025-09-01;{PERSON}\n")
    assert column(table, "observed_on") == ["2025-09-01"]
    assert table.ignored == ("Övrigt",)
    assert table.separator == "semicolon"


def test_a_missing_column_is_named():
    with pytest.raises(FaultyTable, match="the column status is missing"):
        read("client_id,observed_on\nK-1,2025-09-01\n")


def test_a_column_that_stands_twice_is_named():
    with pytest.raises(FaultyTable, match="the column status stands twice"):
        read("client_id,observed_on,status,Status\nK-1,2025-09-01,arbete,studier\n")


def test_a_file_without_a_header_does_not_show_what_is_in_it():
    with pytest.raises(FaultyTable) as refused:
        read(f"{PERSON},2025-09-01,arbete\n")
    assert PERSON not in refused.value.message
    table = read(f"client_id,observed_on,status,{PERSON},Anteckning\nK-1,2025-09-01,arbete,,\n")
    assert table.ignored == ("column 4 (name not shown)", "Anteckning")


def test_what_excel_adds_is_taken_away():
    table = read(f'sep=;\r\nclient_id;observed_on;status\r\n="{PERSON}";"2025-09-01";\'arbete;;\r\n;;\r\n\r\n')
    assert column(table, "client_id") == [KEY.client(PERSON, TODAY)[0]]
    assert column(table, "status") == ["arbete"]
    assert list(table.lines) == [3]


def test_line_numbers_are_those_of_the_file_even_after_texts_of_several_lines():
    text = 'client_id,observed_on,status,note\nK-1,2025-09-01,arbete,"two\nlines"\n\nK-2,2025-09-01,arbete,\n'
    assert list(read(text).lines) == [2, 5]


def test_a_row_with_too_many_cells_is_set_aside_and_one_with_too_few_is_filled_up():
    table = read(OUTCOMES + "K-1,2025-09-01,arbete,7,5\nK-2,2025-09-01\n")
    assert reasons(table) == ["", "wrong_width", ""]
    assert column(table, "status")[2] == ""


@pytest.mark.parametrize("faulty", ['K-1,2025-09-01,"arbete', '"K-1,2025-09-01,arbete', 'K-1,"2025"09-01,arbete'])
def test_a_quote_that_is_never_closed_costs_one_row(faulty):
    after = [an_outcome(f"K-{number}") for number in range(5)]
    table = read(OUTCOMES + faulty + "\n" + csv_of("outcomes", after).split("\n", 1)[1])
    assert reasons(table) == ["", "unclosed_quote"] + [""] * 5
    assert list(table.lines) == [2, 3, 4, 5, 6, 7, 8]


def test_a_quote_that_swallows_a_whole_long_file_costs_one_row():
    after = "\n".join(f"K-{number},2025-09-01,arbete" for number in range(8000))
    table = read(OUTCOMES + 'K,2025-09-01,"arbete\n' + after)
    assert len(table) == 8002
    assert int(table.faults.any.sum()) == 1


@pytest.mark.parametrize("cell", ["NULL", "NA", "#N/A", "nan", "-", " "])
def test_what_means_nothing_is_nothing(cell):
    assert column(read(csv_of("measurements", [an_answer(value=cell)]), "measurements"), "value") == [""]


@pytest.mark.parametrize("text", ["Enhet 811218-9876", PERSON, "811218", "Enhet 198112189875"])
def test_a_unit_that_holds_an_identity_is_set_aside(text):
    table = read(csv_of("clients", [a_client(unit=text)]), "clients")
    assert reasons(table) == ["identity_in_text"]


def test_nothing_that_holds_raw_cells_shows_them():
    table = read(csv_of("clients", [a_client(unit="811218-9876")]), "clients")
    assert "811218" not in repr(table) + repr(table.cells)


def test_every_column_of_the_contract_is_read():
    for table in tables.TABLES:
        assert set(read(",".join(tables.columns(table)) + "\n", table).cells) == set(tables.columns(table))
