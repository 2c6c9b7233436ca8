# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · What is inside one suggestion?
#
# One case, one suggestion, taken apart: what each activity is expected to add, why, how sure that is, and what happens
# to it when a single known fact is another. The case is MOCK.

# %%
"""Takes one suggestion apart."""

MODEL = None  # your own: a model folder
CASE = 0  # which of the cases
CASES = None  # your own: a file of cases

# %%
# ruff: noqa: E402 (cells show what stands last in them, and what may be changed stands first)
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import altair as alt
import pandas as pd

from pathway import casefile, examples, shipped
from pathway.comparison import charts
from pathway.comparison.measures import Measure
from pathway.suggestion import Desk

alt.renderers.enable("svg")
desk = Desk(examples.model_of(MODEL), examples.catalogue_of())
cases = [case for _, case in casefile.read(Path(CASES) if CASES else shipped.cases(), desk.model.instrument)]
case, now = cases[CASE], datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
suggestion = desk.suggest(case, now)
best = suggestion.plans[0] if suggestion.plans else None
for note in suggestion.notes:
    print("·", note)

# %% [markdown]
# ## The plan

# %%
activities = best.activities if best else ()
pd.DataFrame(
    [
        (desk.catalogue.by_id[one.insats_id].name, one.start_on, one.end_on, one.hours_per_week, one.based_on)
        for one in activities
    ],
    columns=["insats", "from", "to", "hours a week", "participations behind it"],
)

# %% [markdown]
# ## What is it expected to add, and how sure is that?

# %%
gains = {
    f"{one.insats_id} · {indicator}": Measure(gain.mean, gain.low, gain.high)
    for one in activities
    for indicator, gain in sorted(one.gain.items(), key=lambda pair: -pair[1].mean)[:3]
}
charts.intervals(gains, "Steps over the plan, 90 % intervals; each activity's three largest", 0.0)

# %% [markdown]
# ## Why?
#
# Base and contributions add up to the gain exactly. They say how the model counts, not what causes what.

# %%
main = max(activities, key=lambda one: sum(gain.mean for gain in one.gain.values()), default=None)
indicator = max(main.gain, key=lambda id: main.gain[id].mean) if main else ""
told = main.explanation[indicator] if main else None
parts = {"base": told.base} | {one.feature: one.contribution for one in told.contributions} if told else {}
strongest = dict(sorted(parts.items(), key=lambda pair: -abs(pair[1]))[:10])
charts.bars(strongest, f"Parts of the gain of {main.insats_id if main else 'nothing'} on {indicator}, steps")

# %% [markdown]
# ## What if one fact were another?

# %%
months = case.profile.months_without_work or 0
asked = {
    "as it is": case,
    "two years more without work": replace(case, profile=replace(case.profile, months_without_work=months + 24)),
}
worth = {}
for what, other in asked.items():
    plans = suggestion.plans if other is case else desk.suggest(other, now).plans
    worth[what] = plans[0].objective if plans else 0.0
charts.bars(worth, "Worth of the best plan, weighted steps")

# %% [markdown]
# ## Conclusion

# %%
if best:
    sure = sum(gain.low > 0 for gain in gains.values())
    added = sum(parts.values())
    differs = worth["two years more without work"] - worth["as it is"]
    print(
        f"{case.case_id}: {len(activities)} activities, together worth {best.objective:.2f} weighted steps, as the "
        f"model counts. Of the {len(gains)} largest gains {sure} have an interval above zero; the others may be "
        f"nothing. The largest, {main.insats_id} on {indicator}, adds up from its parts: {added:+.3f} of "
        f"{main.gain[indicator].mean:+.3f} steps. With two years more without work the best plan's worth changes by "
        f"{differs:+.2f}. None of this says what the person should do: that is for the person and the caseworker."
    )
else:
    print(f"{case.case_id}: the model abstains. What it says of why stands above; that is an answer, too.")
