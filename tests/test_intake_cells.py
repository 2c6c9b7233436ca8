from datetime import date

import pytest
from package_builders import TODAY

from pathway import tables
from pathway.intake import cells

FIELDS = {field["name"]: field for table in tables.TABLES for field in tables.fields(table)}


def read(name, *given):
    return cells.read(FIELDS[name], given, TODAY)


DATES = [
    "2026-02-03", "20260203", "2026-02-03 00:00:00", "2026-02-03T00:00", "2026/02/03", "2026-2-3", "03.02.2026",
    "2026-02-03T00:00:00.000Z", "46056", "46056,0", "46056.5", "2026-02-03 0:00",
]  # fmt: skip


@pytest.mark.parametrize("cell", DATES)
def test_a_date_is_read_however_a_spreadsheet_saved_it(cell):
    assert read("measured_on", cell) == [(date(2026, 2, 3), "")]


def test_day_and_month_are_told_apart_by_the_rest_of_the_column():
    assert read("measured_on", "13/02/2026") == [(date(2026, 2, 13), "")]
    assert read("measured_on", "01/02/2026") == [(None, "ambiguous_date")]
    assert read("measured_on", "01/02/2026", "13/02/2026")[0] == (date(2026, 2, 1), "")
    assert [reason for _, reason in read("measured_on", "01/02/2026", "13/02/2026", "01/13/2026")] == [
        "ambiguous_date",
        "",
        "not_a_date",
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("2026-02-30", "not_a_date"),
        ("igår", "not_a_date"),
        ("2026302", "not_a_date"),
        ("20050218-9876", "not_a_date"),
        ("2026-03-03", "future_date"),
        ("1981-12-18", "implausible_date"),
        ("", "missing_value"),
    ],
)
def test_what_is_no_date_of_a_measurement_says_why(cell, reason):
    assert read("measured_on", cell) == [(None, reason)]


@pytest.mark.parametrize("cell", ["3", "3,0", "3.0", "3,", "+3"])
def test_a_whole_number_is_read_with_decimals_of_nothing(cell):
    assert read("value", cell) == [(3, "")]


@pytest.mark.parametrize(("cell", "hours"), [("7,5", 7.5), ("7.5", 7.5), ("8", 8.0)])
def test_a_decimal_comma_is_a_decimal_point(cell, hours):
    assert read("hours_per_week", cell) == [(hours, "")]


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("value", "3,5", "not_an_integer"),
        ("months_without_work", "-1", "out_of_range"),
        ("months_without_work", "9876", "out_of_range"),
        ("birth_year", "81", "out_of_range"),
        ("hours_per_week", "0", "out_of_range"),
        ("hours_per_week", "nej", "not_a_number"),
        ("hours_per_week", "inf", "not_a_number"),
        ("children_at_home", "kanske", "not_a_boolean"),
        ("gender", "K", "not_allowed"),
        ("municipality", "Linköping", "bad_pattern"),
        ("municipality", "58", "bad_pattern"),
        ("health_codes", "ont i ryggen", "bad_pattern"),
        ("health_codes", "198112189876", "bad_pattern"),
        ("unit", "x" * 101, "too_long"),
    ],
)
def test_a_cell_outside_its_limits_says_why(name, cell, reason):
    assert read(name, cell) == [(None, reason)]


def test_truths_are_read_in_swedish_and_in_numbers():
    assert [value for value, _ in read("children_at_home", "true", "SANT", "Ja", "1")] == [True] * 4
    assert [value for value, _ in read("children_at_home", "FALSE", "falskt", "nej", "0")] == [False] * 4


def test_words_are_known_without_regard_to_case_accents_and_blanks():
    decomposed = "fo\u0308rhandsbedo\u0308mning"
    assert [value for value, _ in read("case_phase", "Förhandsbedömning", decomposed, "FORHANDSBEDOMNING")] == [
        "förhandsbedömning"
    ] * 3
    assert read("status", "Subventionerat arbete") == [("subventionerat_arbete", "")]
    assert read("income_source", "A kassa") == [("a-kassa", "")]


def test_a_kommunkod_gets_its_zero_back():
    assert read("municipality", "580", "0580", "580,0") == [("0580", "")] * 3


def test_health_codes_are_written_in_one_way():
    assert read("health_codes", " f41 | M54.5", "F41;M54.5", "F 41|M54.5", "F41 M54.5|F41") == [("F41|M54.5", "")] * 4
    assert read("health_codes", "d845|F43.8A|F438A", "") == [("d845|F43.8A|F438A", ""), (None, "")]


def test_ids_that_are_alike_are_told_apart_by_their_exact_text():
    assert cells.words(["SE-1", "SE1", "se 1"], ["SE-1", "SE1"], "unknown_insats") == [
        ("SE-1", ""),
        ("SE1", ""),
        (None, "unknown_insats"),
    ]
