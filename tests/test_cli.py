"""The commands as a user runs them: exit codes, one clear line, nothing half-done."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from pathway import casefile, cli, features, modelfolder, shipped

ERRORS = 2
FOR_EVER = {"started_on": "9999-12-31", "ended_on": None, "ended_as": "pågår"}
LOCKED = {"insats_id": "SE-01", "start_on": "2026-03-16", "end_on": "9999-12-31", "hours_per_week": 8}


def run(*arguments):
    return cli.main([str(argument) for argument in arguments])


def refused(capsys, *arguments):
    """Run a command that must be refused; give the one line it says."""
    try:
        code = run(*arguments)
    except SystemExit as left:  # argparse leaves by itself
        code = left.code
    said = capsys.readouterr()
    assert code == ERRORS
    lines = [line for line in said.err.splitlines() if line.startswith("pathway")]
    assert len(lines) == 1
    assert "Traceback" not in said.err
    return lines[0]


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("PATHWAY_KEY", shipped.MOCK_KEY)


@pytest.fixture
def case():
    return json.loads(shipped.cases().read_text(encoding="utf-8"))[0]


@pytest.fixture
def a_file(tmp_path):
    def write(content, name="cases.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "command", ["mock", "import", "train", "model", "suggest", "caseload", "rule", "audit", "demo", "serve"]
)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as left:
        run(command, "--help")
    assert left.value.code == 0
    assert "usage: pathway" in capsys.readouterr().out


def test_the_whole_way_works_by_command(small_package, small_model, a_file, tmp_path, capsys):
    register, model, out = tmp_path / "register", tmp_path / "model", tmp_path / "out.json"
    assert run("import", small_package, "--register", register) == 0
    catalogue = small_package / "catalogue.json"
    assert run("train", "--register", register, "--catalogue", catalogue, "--model", model) == 0
    assert "mean by insats" in capsys.readouterr().out
    modelfolder.write(small_model, tmp_path / "again")
    assert content(model) == content(tmp_path / "again"), "the same data and seed give the same bytes"
    asked = json.loads((small_package / "cases.json").read_text(encoding="utf-8"))[:3]
    cases = a_file(asked)
    assert run("suggest", "--model", model, "--catalogue", catalogue, "--cases", cases, "--out", out) == 0
    suggestions = json.loads(out.read_text(encoding="utf-8"))
    assert [one["case_id"] for one in suggestions] == [one["case_id"] for one in asked]


def content(folder):
    """Give the bytes of all files of a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_suggest_uses_what_is_shipped_by_default(a_file, case, tmp_path):
    out = tmp_path / "out.json"
    assert run("suggest", "--cases", a_file(case), "--out", out) == 0
    (suggestion,) = json.loads(out.read_text(encoding="utf-8"))
    assert suggestion["model_version"] == modelfolder.read(shipped.model()).version


def test_lines_in_give_lines_out(a_file, case, tmp_path):
    out = tmp_path / "out.jsonl"
    two = "\n".join(json.dumps(case | {"case_id": id}) for id in ("a", "b")) + "\n"
    assert run("suggest", "--cases", a_file(two, "cases.jsonl"), "--out", out) == 0
    assert [json.loads(line)["case_id"] for line in out.read_text(encoding="utf-8").splitlines()] == ["a", "b"]


@pytest.mark.parametrize("format", ["text", "html"])
def test_a_suggestion_can_be_read(a_file, case, tmp_path, format):
    out = tmp_path / f"out.{format}"
    assert run("suggest", "--cases", a_file(case), "--out", out, "--format", format) == 0
    text = out.read_text(encoding="utf-8")
    assert "Handläggaren beslutar" in text
    assert "ockdata" in text


def test_text_goes_to_the_terminal_without_out(a_file, case, capsys):
    assert run("suggest", "--cases", a_file(case), "--format", "text") == 0
    assert "Handläggaren beslutar" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda case: case | {"case_phase": "förhandsbedömning"}, "must be held back"),
        (lambda case: case | {"instrument": "bip-1999"}, "from another instrument"),
        (lambda case: case | {"as_of": "i dag"}, "as_of: "),
        (lambda case: {k: v for k, v in case.items() if k != "as_of"}, "as_of: "),
        (lambda case: case | {"as_of": 20260302}, "as_of: must be a date, YYYY-MM-DD"),
        (lambda case: case | {"as_of": "9999-12-31"}, "as_of: must not be after 2199-12-31"),
        (lambda case: case | {"as_of": "0001-01-02"}, "as_of: must not be before 1900-01-01"),
        (
            lambda case: case | {"participations": [case["participations"][0] | FOR_EVER]},
            "participations.0.started_on: must not be after 2199-12-31",
        ),
        (lambda case: case | {"locked": [LOCKED | {"start_on": "9999-01-01"}]}, "locked.0.start_on: must not be after"),
        (lambda case: case | {"limits": {"hour": 3}}, "limits.hour: is no field that is known here"),
        (lambda case: case | {"limits": {"budget": float("inf")}}, "limits.budget"),
        (lambda case: case | {"goal": {"weights": {"natverk": 1e-12}}}, "at least 0.000001"),
        (lambda case: case | {"limits": {"parallel": 0}}, "limits.parallel"),
        (lambda case: case | {"wishes": {"require": ["NOPE"]}}, "wishes.require"),
        (lambda case: case | {"goal": {"weights": {"handlaggartilltro": 1}}}, "goal.weights"),
        (lambda case: case | {"goal": {"targets": {"natverk": 9}}}, "outside the scale"),
        (lambda case: case | {"measurements": [case["measurements"][0] | {"indicator": "humor"}]}, "not an indicator"),
        (lambda case: case | {"measurements": [case["measurements"][0] | {"value": 7}]}, "outside the scale"),
        (
            lambda case: case | {"measurements": [case["measurements"][0]] * 2},
            "measurements.1: the same is answered in",
        ),
        (lambda case: case | {"profile": {"birth_year": "åttio"}}, "profile.birth_year"),
        (lambda case: [], "holds no case"),
        (lambda case: [3], "case 1"),
        (lambda case: "{", "not JSON"),
    ],
)
def test_a_faulty_case_is_refused_in_one_line_and_nothing_is_written(a_file, case, tmp_path, capsys, spoil, message):
    out = tmp_path / "out.json"
    out.write_text("as it was")
    assert message in refused(capsys, "suggest", "--cases", a_file(spoil(case)), "--out", out)
    assert out.read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases.json", "out.json"]


def test_a_faulty_case_stops_no_other(a_file, case, tmp_path, capsys):
    faults = {"as_of": None}, {"goal": {"targets": {"tro_pa_jobb": 9}}}, {"wishes": {"require": ["NOPE"]}}
    asked = [case | {"case_id": "fall-a"}, *(case | fault for fault in faults), case | {"case_id": "fall-b"}]
    lines = "\n".join([*map(json.dumps, asked), "{"])  # its last line is no JSON
    rules = ["as_of: ", "goal.targets.tro_pa_jobb: outside the scale", "wishes.require: names an insats", "is not JSON"]
    for cases, word, n_faults in ((a_file(asked), "case", 3), (a_file(lines, "cases.jsonl"), "line", 4)):
        out = tmp_path / "out.jsonl"
        assert run("suggest", "--cases", cases, "--out", out) == ERRORS
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("pathway: ")]
        assert len(said) == n_faults
        for place, line, rule in zip((2, 3, 4, 6), said, rules, strict=False):
            assert line.startswith(f"pathway: {cases}: {word} {place}: {rule}")
        assert said[-1].endswith(f"({n_faults} left out; the others are in {out})")
        made = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert [one["case_id"] for one in made] == ["fall-a", "fall-b"]
        assert all(one["plans"] for one in made)


@pytest.mark.parametrize("format", ["text", "client"])
def test_a_faulty_case_is_left_out_of_what_is_read(a_file, case, capsys, tmp_path, format):
    out = tmp_path / "out"
    cases = a_file([case, case | {"as_of": None}, case | {"limits": {"hours_per_week": 10}}])
    assert run("suggest", "--cases", cases, "--out", out, "--format", format) == ERRORS
    assert "case 2: as_of: " in capsys.readouterr().err
    assert len(set(re.findall(r"\bf-[0-9a-f]{20}\b", out.read_text(encoding="utf-8")))) == 2


def test_a_rule_and_a_comparison_are_made_of_the_cases_that_are_sound(a_file, case, capsys, tmp_path):
    sound = json.loads(shipped.cases().read_text(encoding="utf-8"))
    faults = [case | fault for fault in ({"as_of": None}, {"wishes": {"require": ["NOPE"]}})]
    model, out = shipped.model(), tmp_path / "compared.json"
    for arguments, asked, end in (
        (("rule",), sound[:9], "(2 left out; the rule is made of the others)"),
        (
            ("model", "compare", model, model, "--out", out),
            sound[:1],
            "(2 left out; the models are compared on the others)",
        ),
    ):
        assert run(*arguments, "--cases", a_file([*faults, *asked])) == ERRORS
        said = capsys.readouterr()
        lines = [line for line in said.err.splitlines() if line.startswith("pathway: ")]
        assert [line.split(": ")[2] for line in lines] == ["case 1", "case 2"]
        assert lines[-1].endswith(end)
        assert said.out
    assert json.loads(out.read_text(encoding="utf-8"))["cases"]["n_cases"] == 1
    assert "as_of: " in refused(capsys, "model", "compare", model, model, "--cases", a_file(faults[:1]))


def test_no_message_repeats_what_a_field_holds(a_file, case, tmp_path, capsys):
    number = "19811218-9876"
    for spoiled in (
        case | {"as_of": number},
        case | {"case_id": number, "limits": {"parallel": 0}},
        case | {"wishes": {"require": [number]}},
        case | {"wishes": {"require": [number], "avoid": [number]}},
        case | {"profile": {"municipality": number}},
        case | {"measurements": [case["measurements"][0] | {"indicator": number}]},
    ):
        assert "9876" not in refused(capsys, "suggest", "--cases", a_file(spoiled), "--out", tmp_path / "out.json")


def test_places_that_are_not_there_are_named(tmp_path, capsys, a_file, case):
    cases, out = a_file(case), tmp_path / "out.json"
    nowhere = tmp_path / "nowhere"
    assert "no such file" in refused(capsys, "suggest", "--cases", nowhere, "--out", out)
    assert "manifest.json" in refused(capsys, "suggest", "--model", nowhere, "--cases", cases, "--out", out)
    assert "no such file" in refused(capsys, "suggest", "--catalogue", nowhere, "--cases", cases, "--out", out)
    assert "--out" in refused(capsys, "suggest", "--cases", cases)
    refused(capsys, "train", "--register", nowhere, "--catalogue", shipped.catalogue(), "--model", tmp_path / "model")
    refused(capsys, "import", nowhere, "--register", tmp_path / "register")
    assert not (tmp_path / "register").exists()
    assert not (tmp_path / "model").exists()


def test_a_catalogue_that_the_model_does_not_know_is_refused(a_file, case, tmp_path, capsys):
    raw = json.loads(shipped.catalogue().read_text(encoding="utf-8"))
    strange = {"version": "other", "insatser": [raw["insatser"][0] | {"id": "X", "requires": None, "excludes": None}]}
    catalogue = a_file(strange, "catalogue.json")
    line = refused(capsys, "suggest", "--catalogue", catalogue, "--cases", a_file(case), "--out", tmp_path / "out.json")
    assert "knows no insats" in line


def test_import_without_a_key_changes_nothing(small_package, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("PATHWAY_KEY")
    assert "PATHWAY_KEY" in refused(capsys, "import", small_package, "--register", tmp_path / "register")
    assert not (tmp_path / "register").exists()


@pytest.mark.parametrize(
    "arguments", [["mock"], ["mock", "x", "--clients", "0"], ["mock", "x", "--seed", "a"], ["fly"], []]
)
def test_wrong_words_on_the_command_line_get_one_line(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "--help" in refused(capsys, *arguments)
    assert not list(tmp_path.iterdir())


def test_a_mistake_of_ours_shows_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_demo", lambda chosen: 1 / 0)
    assert run("demo") == 1
    said = capsys.readouterr().err
    assert "a mistake in the program (ZeroDivisionError)" in said
    assert "Traceback" not in said


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_said_in_one_line(a_file, case):
    command = [sys.executable, "-c", "import sys; from pathway.cli import main; sys.exit(main())"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(  # noqa: S603 (our own command)
            [*command, "suggest", "--cases", str(a_file(case)), "--format", "text"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == ERRORS
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("work", ["suggest", "import"])
def test_whoever_asks_the_process_to_end_leaves_no_draft_behind(a_file, case, tmp_path, small_package, work):
    out = tmp_path / "out"
    asked = {
        "suggest": ["--cases", a_file([case] * 50), "--out", out],
        "import": [small_package, "--register", out],
    }[work]
    before = sorted(tmp_path.rglob("*"))
    command = [sys.executable, "-c", "import sys; from pathway.cli import main; sys.exit(main())", work]
    process = subprocess.Popen([*command, *map(str, asked)], stderr=subprocess.PIPE, text=True)  # noqa: S603
    while process.stderr.readline() not in (f"{work}: planning\n", f"{work}: checking measurements\n"):
        assert process.poll() is None
    process.terminate()
    assert process.wait(60) == -signal.SIGTERM
    assert "mistake" not in process.stderr.read()
    assert sorted(tmp_path.rglob("*")) == before


def test_the_demo_walks_the_whole_way_and_reuses_what_it_made(
    a_file, case, tmp_path, capsys, monkeypatch, shipped_model
):
    cases, asked = a_file([case]), [case for _, case in casefile.read(shipped.cases(), shipped_model.instrument)]
    monkeypatch.setattr(shipped, "cases", lambda: cases)  # the walk is the same for one case as for twelve
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "key").write_text(shipped.MOCK_KEY)
    assert run("demo", "--folder", folder) == 0
    first = capsys.readouterr().out
    assert "Handläggaren beslutar" in first
    assert "MOCK DATA" in first
    page = folder / "suggestions.html"
    assert page.as_uri() in first
    assert "ockdata" in page.read_text(encoding="utf-8")
    says_the_same(modelfolder.read(folder / "model"), shipped_model, asked)
    trained = (folder / "model" / "manifest.json").stat().st_mtime_ns
    assert run("demo", "--folder", folder) == 0
    assert (folder / "model" / "manifest.json").stat().st_mtime_ns == trained


def says_the_same(one, other, asked):
    """Hold two models of the same data against each other: bytes differ between processors and versions of NumPy."""
    assert one.training == other.training
    assert one.support.n_participations == other.support.n_participations
    for case in asked:
        x = features.of_case(case, one.insatser, one.instrument)
        for said in ("predict_gain", "predict_interval", "predict_without", "predict_dose"):
            np.testing.assert_allclose(getattr(one.gains, said)(x), getattr(other.gains, said)(x), atol=0.02)


@pytest.mark.parametrize("port", ["x", "-1", "65536"])
def test_a_port_that_is_none_is_refused_by_its_range(capsys, port):
    assert "must be 0 to 65535" in refused(capsys, "serve", f"--port={port}")
