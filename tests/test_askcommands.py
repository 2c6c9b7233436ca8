"""`pathway ask` answers every question about a suggestion, and says in one line what is wrong with a question."""

import json
from pathlib import Path

import pytest

from pathway import casefile, cli, plan, shipped
from tests.worlds import NOW

OUTSIDE = "19121212-1212"


@pytest.fixture(scope="module")
def files(desk, tmp_path_factory) -> tuple[Path, Path]:
    """Give a file with one case of half a year, and one with the desk's suggestion for it."""
    folder = tmp_path_factory.mktemp("asked")
    raw = json.loads(shipped.cases().read_text(encoding="utf-8"))[0]
    raw["limits"] = raw.get("limits", {}) | {"horizon_weeks": 26}
    cases, suggestions = folder / "cases.json", folder / "suggestions.json"
    cases.write_text(json.dumps(raw), encoding="utf-8")
    ((_, case),) = casefile.read(cases, desk.model.instrument)
    suggestions.write_text(json.dumps([plan.plain(desk.suggest(case, NOW))]), encoding="utf-8")
    return cases, suggestions


def ask(files: tuple[Path, Path], *asked: str, suggestions: Path | None = None) -> int:
    return cli.main(["ask", *asked, "--cases", str(files[0]), "--suggestions", str(suggestions or files[1])])


def test_a_question_is_answered_about_the_suggestion_in_the_file(files, capsys):
    (kept,) = json.loads(files[1].read_text(encoding="utf-8"))
    assert ask(files, "why-plan", "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert {one["place"]["insats_id"] for one in answer["activities"]} == {
        one["insats_id"] for one in kept["plans"][0]["activities"]
    }
    barred = next(one for one in kept["not_chosen"] if one["code"] == "not_eligible")
    assert ask(files, "why-not", "--insats", barred["insats_id"]) == 0
    assert barred["text"] in capsys.readouterr().out


def test_what_can_be_changed_is_listed_without_changes(files, capsys):
    assert ask(files, "what-if") == 0
    shown = capsys.readouterr().out
    assert "limits.hours_per_week: Timmar i veckan" in shown
    assert not [trait for trait in ("birth_year", "gender", "health") if trait in shown]


def test_where_no_answer_is_missing_that_is_said(files, capsys):
    assert ask(files, "what-to-ask") == 0
    assert capsys.readouterr().out == "Inget svar saknas i ärendet.\n"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["why-not", "--insats", OUTSIDE], "insats: not in catalogue mock-2026-11; use one of AT-01, AT-02"),
        (["why-not"], "why-not: say which insats with --insats ID"),
        (["what-if", "--changes", '{"limits": {"hours_per_week": 61}}'], "hours_per_week: must be above 0, at most 60"),
        (["what-if", "--changes", '{"levels": {"tro_pa_jobb": 9}}'], "tro_pa_jobb: must be from 1 to 5"),
        (["what-if", "--changes", '{"age": 30}'], "only these can be changed: limits, reachable, levels"),
        (["what-if", "--changes", '{"limits'], "changes: not JSON"),
        (["what-if", "--changes", "no-such-file.json"], "no-such-file.json: there is no such file"),
        (["why-plan", "--case", OUTSIDE], "no case has the case_id that --case names"),
    ],
)
def test_a_faulty_question_is_refused_in_one_line_and_nothing_is_half_answered(files, capsys, asked, message):
    assert ask(files, *asked) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1
    assert OUTSIDE not in said.err


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model_version", "mock-old", "from another model version than this one"),
        ("catalogue_version", "old", "from another catalogue version than this one"),
        ("case_id", "another", "holds no suggestion for the case"),
        ("plans", "none", "suggestion 1: plans: "),
    ],
)
def test_a_suggestion_that_is_not_of_this_case_and_model_is_refused(files, tmp_path, capsys, field, value, message):
    (kept,) = json.loads(files[1].read_text(encoding="utf-8"))
    other = tmp_path / "other.json"
    other.write_text(json.dumps(kept | {field: value}), encoding="utf-8")
    assert ask(files, "why-plan", suggestions=other) == 2
    said = capsys.readouterr()
    assert (said.out, message in said.err) == ("", True)


def test_a_case_that_breaks_a_rule_stops_no_question_about_another(files, tmp_path, capsys):
    raw = json.loads(files[0].read_text(encoding="utf-8"))
    several = tmp_path / "several.json"

    def asked_of(*cases: dict, case: str | None = raw["case_id"]) -> int:
        several.write_text(json.dumps(cases), encoding="utf-8")
        return ask((several, files[1]), "what-to-ask", *(["--case", case] if case else []))

    faulty = raw | {"case_id": OUTSIDE, "goal": {"targets": {"tro_pa_jobb": 9}}}
    assert asked_of(faulty, raw) == 0
    assert capsys.readouterr().out == "Inget svar saknas i ärendet.\n"
    for cases, case, message in (
        ((faulty, raw), OUTSIDE, "case 1: goal.targets.tro_pa_jobb"),
        ((faulty, raw), None, "case 1: goal.targets.tro_pa_jobb"),
        ((raw, raw), None, "holds 2 cases; say which with --case ID"),
        ((raw, raw), raw["case_id"], "holds 2 cases; all with that case_id; leave one"),
    ):
        assert asked_of(*cases, case=case) == 2
        said = capsys.readouterr()
        assert (said.out, message in said.err, OUTSIDE in said.err) == ("", True, False)
