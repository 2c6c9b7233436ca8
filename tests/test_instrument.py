"""Claims about the instrument: what BIP's shipped file says, and how a faulty file is refused."""

from pathlib import Path

import pytest

from pathway import instrument
from pathway.errors import FaultyInstrument, UnreadableFile

HEAD = """
id = "egen"
version = "1"
scale = { min = 1, max = 7 }
"""
INDICATOR = """
[[indicators]]
id = "samarbete"
label_sv = "Samarbete"
label_en = "Cooperation"
respondents = ["klient"]
drives_ranking = true
verified = false
source = "none"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "egen.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    """The one line that the file is refused with, after its path."""
    path = written(folder, text)
    with pytest.raises(FaultyInstrument) as caught:
        instrument.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_bip_has_its_eleven_indicators_in_the_contracts_order() -> None:
    bip = instrument.read()
    assert bip.name == "bip-2026-1"
    assert (bip.scale.min, bip.scale.max) == (1, 5)
    assert " ".join(indicator.id for indicator in bip.indicators) == (
        "tro_pa_jobb malinriktning arbetsmarknadskunskap jobbsokning samarbete halsohantering vardagsork natverk "
        "kompetens framtoning handlaggartilltro"
    )


def test_the_caseworkers_belief_never_drives_ranking_and_everything_else_may() -> None:
    bip = instrument.read()
    assert set(bip.ranking) == {indicator.id for indicator in bip.indicators} - {"handlaggartilltro"}


def test_the_client_answers_nine_questions_and_the_caseworker_eleven() -> None:
    bip = instrument.read()
    assert sum("klient" in indicator.respondents for indicator in bip.indicators) == 9
    assert all("handläggare" in indicator.respondents for indicator in bip.indicators)
    assert {indicator.id for indicator in bip.indicators if indicator.respondents == ("handläggare",)} == {
        "framtoning",
        "handlaggartilltro",
    }


def test_only_indicators_that_a_source_names_are_marked_verified() -> None:
    recalled = {indicator.id for indicator in instrument.read().indicators if not indicator.verified}
    assert recalled == {"vardagsork", "natverk", "kompetens", "framtoning"}


def test_every_indicator_has_two_distinct_labels_and_a_source() -> None:
    indicators = instrument.read().indicators
    assert all(indicator.source for indicator in indicators)
    for labels in ([i.label_sv for i in indicators], [i.label_en for i in indicators]):
        assert len(set(labels)) == len(indicators)


def test_an_indicator_is_found_by_its_id() -> None:
    bip = instrument.read()
    assert bip["samarbete"].id == "samarbete"
    assert "samarbete" in bip
    assert "skostorlek" not in bip
    with pytest.raises(KeyError):
        bip["skostorlek"]


def test_another_instrument_with_another_scale_is_read(tmp_path: Path) -> None:
    own = instrument.read(written(tmp_path, HEAD + INDICATOR))
    assert own.name == "egen-1"
    assert own.scale.max == 7
    assert own.ranking == ("samarbete",)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert instrument.read(written(tmp_path, "\ufeff" + HEAD + INDICATOR)).id == "egen"


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ('"klient"', '"chefen"', "indicator samarbete, field respondents.0: input should be 'klient' or 'handläggare'"),
        ('["klient"]', "[]", "indicator samarbete, field respondents: list should have at least 1 item"),
        ('["klient"]', '["klient", "klient"]', "indicator samarbete: respondents must not name the same respondent"),
        (
            "verified = false",
            'verified = "kanske"',
            "indicator samarbete, field verified: input should be a valid",
        ),
        ("verified = false", "", "indicator samarbete, field verified: field required"),
        (
            "verified = false",
            "verified = false\nfarg = 1",
            "indicator samarbete, field farg: is no field that is known here",
        ),
        ('label_sv = "Samarbete"', 'label_sv = ""', "indicator samarbete, field label_sv: string should have at least"),
        ('id = "samarbete"', "", "indicator number 1, field id: field required"),
        ('id = "samarbete"', 'id = "Sam arbete"', "indicator Sam arbete, field id: string should match"),
        ('id = "samarbete"', 'id = "a\\nb"', "indicator number 1, field id: string should match"),
        ("drives_ranking = true", "drives_ranking = false", "no indicator has drives_ranking = true"),
        ("min = 1", "min = 7", "field scale: the scale's min (7) must be below its max (7)"),
        ("min = 1", 'min = "låg"', "field scale.min: input should be a valid integer"),
        ("min = 1,", "", "field scale.min: field required"),
        ('version = "1"', "", "field version: field required"),
        ('version = "1"', 'version = ""', "field version: string should have at least 1 character"),
        (INDICATOR, "", "field indicators: field required"),
        (INDICATOR, "indicators = []", "field indicators: list should have at least 1 item"),
        (INDICATOR, "indicators = [3]", "indicator number 1: must be an object"),
        (INDICATOR, INDICATOR * 2, "indicator samarbete, field id: stands 2 times; ids must be unique"),
    ],
)
def test_a_fault_is_refused_with_its_indicator_field_and_rule(
    tmp_path: Path, was: str, becomes: str, message: str
) -> None:
    assert was in HEAD + INDICATOR
    assert refusal(tmp_path, (HEAD + INDICATOR).replace(was, becomes)).startswith(message)


def test_a_refusal_does_not_repeat_what_stands_in_the_field(tmp_path: Path) -> None:
    faulty = (HEAD + INDICATOR).replace("verified = false", 'verified = "19121212-1212"')
    assert "1212" not in refusal(tmp_path, faulty).replace(str(tmp_path), "")


def test_what_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"not TOML .*line 3"):
        instrument.read(written(tmp_path, 'id = "egen"\nversion = "1"\nscale = (1)\n'))


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file"):
        instrument.read(tmp_path / "ingen.toml")


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "egen.toml"
    path.write_bytes((HEAD + INDICATOR).replace("Samarbete", "Hälsa").encode("cp1252"))
    with pytest.raises(UnreadableFile, match="not UTF-8"):
        instrument.read(path)
