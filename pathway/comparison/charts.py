"""Draws what an evaluation says: Altair's only door. Charts become SVG or PNG on this machine, without a network."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from pathway.comparison import measures, reasons
from pathway.comparison.measures import COVERAGE, GAINS_SHOWN, SHOWN, SKILL, Measure
from pathway.modelfolder import Model

_WIDTH = 420
Drawing = alt.Chart | alt.LayerChart | alt.FacetChart


def of_model(model: Model) -> dict[str, Drawing]:
    """Draw a model's evaluation: charts by name."""
    said, figures = model.evaluation, measures.of_model(model)
    mock = " (MOCK data)" if model.training.mock else ""
    charts: dict[str, Drawing] = {
        "skill": intervals(
            {name: one for name, one in figures.items() if name.startswith((f"{SKILL} over", GAINS_SHOWN))},
            f"Share of the squared error taken away{mock}", 0.0,
        ),
        "coverage": intervals(
            {name: one for name, one in figures.items() if name.startswith(f"{COVERAGE} in ")},
            f"Levels inside their 90 % interval{mock}", 0.9,
        ),
        "reasons": bars({one.feature: one.steps for one in reasons.of_model(model)},
                        f"What moves gains: steps for one standard deviation more{mock}"),
    }  # fmt: skip
    groups = measures.of_groups(model)
    if groups:
        charts["groups"] = intervals(
            {name: one["beyond"] for name, one in groups.items()}, f"Change beyond what was foretold, steps{mock}", 0.0
        )
        charts["groups_shown"] = intervals(
            {name: one["gain_shown_per_step_expected"] for name, one in groups.items()},
            f"{SHOWN.capitalize()} of each step expected{mock}", 1.0,
        )  # fmt: skip
    if "checks" in said:
        charts["calibration"] = calibration(said["checks"]["calibration"]["tenths"], f"Gains told and shown{mock}")
    return charts


def intervals(figures: Mapping[str, Measure], title: str, line: float | None = None) -> Drawing:
    """Draw figures as points with their intervals, one a row, and a line to hold them against."""
    table = pd.DataFrame(
        [(name, one.mean, one.low, one.high) for name, one in figures.items()], columns=["name", "mean", "low", "high"]
    )
    rows = alt.Chart(table).encode(y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=320)))
    scale = alt.Scale(zero=False)
    layers = [
        rows.mark_rule().encode(x=alt.X("low:Q", title=None, scale=scale), x2="high:Q"),
        rows.mark_point(filled=True, size=40).encode(x=alt.X("mean:Q", title=None, scale=scale)),
    ]
    if line is not None:
        layers.append(alt.Chart(pd.DataFrame({"at": [line]})).mark_rule(strokeDash=[4, 3], color="grey").encode(x="at"))
    return alt.layer(*layers).properties(title=title, width=_WIDTH)


def bars(figures: Mapping[str, float], title: str) -> Drawing:
    """Draw figures as bars, one a row."""
    table = pd.DataFrame(list(figures.items()), columns=["name", "mean"])
    drawn: alt.Chart = (
        alt.Chart(table, title=title)
        .mark_bar()
        .encode(
            x=alt.X("mean:Q", title=None),
            y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=320)),
            color=alt.condition("datum.mean < 0", alt.value("#b3541e"), alt.value("#1f6f8b")),
        )
        .properties(width=_WIDTH)
    )
    return drawn


def calibration(tenths: Sequence[Mapping[str, float]], title: str) -> Drawing:
    """Draw what was told against what showed, tenth by tenth, beside the line on which they agree."""
    table = pd.DataFrame(list(tenths))
    ends = [float(table["expected"].min()), float(table["expected"].max())]
    agree = alt.Chart(pd.DataFrame({"x": ends, "y": ends})).mark_line(strokeDash=[4, 3], color="grey")
    told = alt.Chart(table).encode(x=alt.X("expected:Q", title="expected (steps)"))
    return alt.layer(
        agree.encode(x="x:Q", y="y:Q"),
        told.mark_rule().encode(y=alt.Y("low:Q", title="shown (steps)"), y2="high:Q"),
        told.mark_point(filled=True, size=40).encode(y="mean:Q"),
    ).properties(title=title, width=_WIDTH)


def svg(chart: Drawing) -> str:
    """Turn a chart into SVG."""
    return str(vl_convert.vegalite_to_svg(_spec(chart), allowed_base_urls=[]))


def png(chart: Drawing) -> bytes:
    """Turn a chart into PNG."""
    return bytes(vl_convert.vegalite_to_png(_spec(chart), allowed_base_urls=[]))


def page(charts: Mapping[str, Drawing], title: str, lines: Sequence[str] = ()) -> str:
    """Put charts on one page that needs nothing else: no script, no network."""
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f"<title>{html.escape(title)}</title></head><body><h1>{html.escape(title)}</h1>",
            f"<pre>{html.escape(chr(10).join(lines))}</pre>",
            *(f'<figure id="{html.escape(name)}">{svg(chart)}</figure>' for name, chart in charts.items()),
            "</body></html>\n",
        ]
    )


def files(model: Model) -> dict[str, bytes]:
    """Draw a model's evaluation as files to keep beside it, by name."""
    charts = of_model(model)
    drawn = {f"plots/{name}.svg": svg(chart).encode() for name, chart in charts.items()}
    drawn |= {f"plots/{name}.png": png(chart) for name, chart in charts.items()}
    return drawn | {"plots/all.html": page(charts, f"Model {model.version}").encode()}


def _spec(chart: Drawing) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    return spec
