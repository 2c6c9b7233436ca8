import pickle
import re
from datetime import date

import pytest
from package_builders import COORDINATION, KEY, PERSON, TODAY
from stdnum import luhn

from pathway import pseudonym
from pathway.errors import NoKey

SPELLINGS = [
    "19811218-9876", "8112189876", "811218-9876", "811218 9876", "19811218 9876", " 198112189876 ", "19811218 - 9876",
    "811218–9876", "811218\u00a09876", "198112189876.0", "198112189876,00", "1981-12-18-9876",
]  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_of_one_person_give_one_pseudonym(spelling):
    assert KEY.client(spelling, TODAY) == KEY.client(PERSON, TODAY)


@pytest.mark.parametrize("spelling", ["701063-2391", "7010632391", "19701063-2391"])
def test_a_samordningsnummer_is_known_in_all_its_spellings(spelling):
    given, refusal = KEY.client(spelling, TODAY)
    assert refusal is None
    assert given == KEY.client(COORDINATION, TODAY)[0]
    assert given != KEY.client("local " + COORDINATION, TODAY)[0]


@pytest.mark.parametrize("wrong", ["198112189875", "811218-9875", "811218 9867", "701063-2390"])
def test_a_wrong_check_digit_is_refused(wrong):
    assert KEY.client(wrong, TODAY) == ("", "wrong_check_digit")


@pytest.mark.parametrize("local", ["K-17", "198113189876", "8199999876", "12345", "20991218-9876", "811218-TF12"])
def test_what_is_no_date_is_a_local_number(local):
    given, refusal = KEY.client(local, TODAY)
    assert refusal is None
    assert given != KEY.client(PERSON, TODAY)[0]


def test_blanks_and_case_of_a_local_number_do_not_count():
    assert KEY.client(" ab  C-1", TODAY) == KEY.client("AB c-1", TODAY)


def test_the_century_is_the_one_of_a_person_under_a_hundred_unless_a_plus_says_otherwise():
    assert KEY.client("811218-9876", date(2026, 1, 1)) == KEY.client("198112189876", date(2026, 1, 1))
    assert KEY.client("811218+9876", date(2026, 1, 1)) == KEY.client("188112189876", date(2026, 1, 1))
    assert KEY.client("811218-9876", date(2082, 1, 1)) == KEY.client("208112189876", date(2082, 1, 1))


def test_zeros_that_a_spreadsheet_dropped_are_put_back():
    ten = "010101001" + luhn.calc_check_digit("010101001")
    assert KEY.client(ten[1:], TODAY) == KEY.client(ten, TODAY) == KEY.client("20" + ten, TODAY)


def test_a_number_that_a_spreadsheet_rounded_is_refused_lest_people_become_one():
    assert KEY.client("1,98112E+11", TODAY) == KEY.client("1.98112E+11", TODAY) == ("", "digits_lost")


def test_nothing_and_very_much_are_refused():
    assert KEY.client("  ", TODAY) == ("", "missing_value")
    assert KEY.client("x" * 101, TODAY) == ("", "too_long")


def test_a_pseudonym_is_letters_alone_and_begins_with_the_key_id():
    for identity in (PERSON, COORDINATION, "K-17"):
        assert re.fullmatch(rf"{KEY.id}-[a-p]{{26}}", KEY.client(identity, TODAY)[0])
    assert re.fullmatch(r"[a-p]{6}", KEY.id)


def test_another_key_gives_other_pseudonyms_and_another_id():
    other = pseudonym.Key("another key for tests, as well known")
    assert other.id != KEY.id
    assert other.client(PERSON, TODAY)[0][7:] != KEY.client(PERSON, TODAY)[0][7:]


def test_a_caseworker_who_is_a_client_too_has_two_pseudonyms():
    assert KEY.caseworker(PERSON, TODAY)[0][7:] != KEY.client(PERSON, TODAY)[0][7:]
    assert KEY.caseworker("811218-9876", TODAY) == KEY.caseworker(PERSON, TODAY)
    assert KEY.caseworker("198112189875", TODAY)[1] is None


def test_a_key_is_never_shown_or_written():
    assert "known to everybody" not in repr(KEY) + str(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_the_key_comes_from_the_environment_or_a_file(tmp_path):
    secret = "0123456789abcdef" * 4
    file = tmp_path / "key"
    file.write_text(secret + "\n")
    assert pseudonym.key_from({"PATHWAY_KEY": secret}).id == pseudonym.key_from({"PATHWAY_KEY_FILE": str(file)}).id


@pytest.mark.parametrize(
    "environment", [{}, {"PATHWAY_KEY": " "}, {"PATHWAY_KEY": "short"}, {"PATHWAY_KEY_FILE": "no"}]
)
def test_without_a_good_key_there_are_no_pseudonyms(environment):
    with pytest.raises(NoKey) as refused:
        pseudonym.key_from(environment)
    assert "too brief" not in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("text", ["Enhet 811218-9876", "x198112189876", "kod 8112 189875 b", "701063-2391"])
def test_an_identity_is_seen_inside_a_text(text):
    assert pseudonym.looks_like_identity(text, TODAY)


@pytest.mark.parametrize("text", ["Enhet 12", "0580-IFO 12345", "KSI-2026-03", "9999999999", "SE-01"])
def test_ordinary_numbers_in_a_text_are_no_identity(text):
    assert not pseudonym.looks_like_identity(text, TODAY)


def test_a_text_that_repeats_the_clients_own_digits_gives_it_away():
    assert pseudonym.gives_away("811218-9876", "Enhet 811218")
    assert pseudonym.gives_away(PERSON, "19811218")
    assert not pseudonym.gives_away(PERSON, "Enhet 9876 och 1981")
