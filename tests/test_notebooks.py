"""Every notebook opens as one, runs from its first cell to its conclusion, and works on one's own register.

All but one are run here cell by cell, what stands last in a cell being shown as Jupyter would; one goes through
Jupyter's own kernel. To save time, what trains runs on a small register only (`SMALL`): leave a name out of it to run
that notebook on the shipped data, too.
"""

import ast
import re
from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

from pathway import modelfolder, shipped
from tests.worlds import registered

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
SMALL = ("02", "05")  # these learn anew: a minute on the shipped data, some seconds on the small register
IN_JUPYTER = "06"


def cells(path):
    return jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")


def run(source, name, capsys):
    """Run a notebook's text; give what it printed, and what it showed as SVG."""
    shown, scope = [], {"__name__": name}
    for number, cell in enumerate(jupytext.reads(source, fmt="py:percent").cells):
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{name}[{number}]", "exec"), scope)  # noqa: S102 (the notebooks are ours)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f"{name}[{number}]", "eval"), scope)  # noqa: S307
            if hasattr(value, "_repr_mimebundle_") and value is not None:
                shown.append(value._repr_mimebundle_())
    return capsys.readouterr().out, [svg for svg in map(str, shown) if "<svg" in svg]


@pytest.fixture(scope="module")
def own(small_package, small_model, tmp_path_factory):
    """A register and a model of one's own."""
    folder = tmp_path_factory.mktemp("own")
    registered(small_package, folder / "register")
    modelfolder.write(small_model, folder / "model")
    return {"REGISTER": str(folder / "register"), "MODEL": str(folder / "model")}


def test_there_are_six_and_each_begins_with_its_question():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]
    for path in NOTEBOOKS:
        first = cells(path).cells[0]
        assert first.cell_type == "markdown"
        assert re.match(rf"# {path.name[:2]} · .+\?\n", first.source)
        assert "MOCK" in first.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_it_opens_as_a_notebook_and_goes_back_to_the_same_text(path):
    notebook = cells(path)
    nbformat.validate(notebook)
    assert all("outputs" not in cell or cell.outputs == [] for cell in notebook.cells)
    again = jupytext.reads(jupytext.writes(notebook, fmt="py:percent"), fmt="py:percent")
    assert [cell.source for cell in again.cells] == [cell.source for cell in notebook.cells]


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if not path.name.startswith((*SMALL, IN_JUPYTER))], ids=lambda path: path.name
)
def test_it_runs_on_what_is_shipped_shows_plots_and_concludes(path, capsys):
    told, drawn = run(path.read_text(encoding="utf-8"), path.stem, capsys)
    assert len(drawn) >= 2
    assert len(told.split()) > 20


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if "03" not in path.name], ids=lambda path: path.name)
def test_it_works_on_ones_own_by_changing_one_line(path, own, capsys):
    source = path.read_text(encoding="utf-8")
    line = re.search(r"^(REGISTER|MODEL) = None", source, re.MULTILINE)
    changed = source.replace(line[0], f'{line[1]} = "{own[line[1]]}"', 1)
    assert sum(a != b for a, b in zip(source.split("\n"), changed.split("\n"), strict=True)) == 1
    fewer = changed.replace("N_TRIALS = 10", "N_TRIALS = 3").replace("1.0), 2", "1.0), 1")  # the rest are alike
    told, drawn = run(fewer, path.stem, capsys)
    assert len(drawn) >= (1 if path.name.startswith("05") else 2)
    assert len(told.split()) > 20


def test_one_runs_in_jupyter_itself(monkeypatch):
    monkeypatch.chdir(FOLDER)
    path = next(path for path in NOTEBOOKS if path.name.startswith(IN_JUPYTER))
    done = nbclient.NotebookClient(cells(path), timeout=60).execute()
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert "påhittade" in outputs[-1]["text"]


def test_nothing_shown_is_kept_beside_the_notebooks():
    assert [path for path in FOLDER.rglob("*") if path.suffix == ".ipynb"] == []
    assert shipped.model().is_dir()
