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
# # 01 · What is in the register, and can it be trusted?
#
# Before anything is learned: who is in it, how often people are measured, what is missing, who leaves, and whether
# clients and caseworkers rate alike over time. The shipped data are MOCK: nobody in them exists.

# %%
"""Looks at a register: people, measurements, insatser, and what could mislead a model."""

REGISTER = None  # your own: a folder or a database URL, such as "register"

# %%
# ruff: noqa: E402 (cells show what stands last in them, and what may be changed stands first)
import altair as alt
import pandas as pd

from pathway import episodes, examples
from pathway.comparison import charts
from pathway.comparison.measures import Measure
from pathway.episodes import DAYS_IN_QUARTER, Insatser

alt.renderers.enable("svg")
register = examples.register_of(REGISTER)
catalogue, instrument = examples.catalogue_of(), examples.instrument_of()
tables = register.tables()
mock = " (MOCK data)" if register.mock else ""
pd.Series({name: len(rows) for name, rows in vars(tables).items()}, name="rows").to_frame()

# %% [markdown]
# ## How many measurements does a person have, and how far apart?

# %%
spans = episodes.cut(tables.measurements, tables.participations, Insatser.of(catalogue), instrument).spans
waves = tables.measurements.groupby("client_id")["measured_on"].nunique()
n_waves = waves.value_counts().sort_index()
charts.bars({f"{n} measurements": float(people) for n, people in n_waves.items() if people >= 5}, f"People{mock}")

# %%
days = (spans["ended_on"] - spans["started_on"]).dt.days
apart = pd.cut(days, [0, 60, 84, 98, 120, 200, 366]).value_counts().sort_index()
charts.bars({f"{span.left:.0f} to {span.right:.0f} days": float(n) for span, n in apart.items()}, f"Intervals{mock}")

# %% [markdown]
# ## What is asked and not answered?

# %%
missing = tables.measurements.assign(empty=tables.measurements["value"].isna())
by_question = missing.groupby(["respondent", "indicator"], observed=True)["empty"].mean()
charts.bars({" · ".join(map(str, name)): share for name, share in by_question.items()}, f"Share not answered{mock}")

# %% [markdown]
# ## Do clients and caseworkers rate alike, and does that drift?
#
# A drift between them is a change of raters, not of people; an insats that was common late would get the credit.

# %%
both = tables.measurements.pivot_table("value", ["client_id", "measured_on"], "respondent", observed=True)
both = both.reindex(columns=["klient", "handläggare"]).dropna()
gap = (both["klient"] - both["handläggare"]).rename("gap").reset_index()
gap["year"] = (gap["measured_on"] - gap["measured_on"].min()).dt.days / 365.25
gap["quarter"] = (gap["year"] * 365.25 // DAYS_IN_QUARTER).astype(int)
by_quarter = gap.groupby("quarter")["gap"].agg(["mean", "sem", "size"])
by_quarter = by_quarter[by_quarter["size"] >= 30]
charts.intervals(
    {
        f"quarter {n}": Measure(row["mean"], row["mean"] - 1.645 * row["sem"], row["mean"] + 1.645 * row["sem"])
        for n, row in by_quarter.iterrows()
    },
    f"Client's rating less caseworker's, steps{mock}",
    float(gap["gap"].mean()),
)

# %%
centred = gap["year"] - gap["year"].mean()
drift = float((centred * gap["gap"]).sum() / (centred**2).sum())
rest = gap["gap"] - gap["gap"].mean() - drift * centred
doubt = float(1.645 * (rest.std() / (centred**2).sum() ** 0.5))

# %% [markdown]
# ## Which insatser are had by enough people?

# %%
had = tables.participations.groupby("insats_id")["client_id"].nunique().sort_values(ascending=False)
charts.bars({str(id): float(n) for id, n in had.items() if n >= 5}, f"People who had an insats{mock}")

# %% [markdown]
# ## Who was not measured again?

# %%
again = tables.clients["client_id"].isin(spans["client_id"])
lost = {
    str(name): 1 - share
    for name, share in again.groupby(tables.clients["education"].astype(str)).mean().items()
    if (tables.clients["education"] == name).sum() >= 30
}
charts.bars(lost, f"Share of people with no interval to learn from, by education{mock}")

# %% [markdown]
# ## Conclusion

# %%
few = int((had.reindex([one.id for one in catalogue.insatser]).fillna(0) < 10).sum())
most_missing = by_question.idxmax()
drifts = abs(drift) > doubt
print(
    f"{again.sum():,} of {len(again):,} people have an interval to learn from, {len(spans):,} intervals in all. "
    f"{few} of {len(catalogue.insatser)} insatser in the catalogue were had by fewer than ten people; the model is "
    "silent about those, and about any that fewer than ten had in such an interval. "
    f"Most often unanswered: {most_missing[1]} by {most_missing[0]} ({by_question.max():.1%}). "
    f"The gap between clients' and caseworkers' ratings moves {drift:+.3f} steps a year (± {doubt:.3f}): "
    + ("ratings seem to drift; look at single caseworkers before trusting gains of insatser that became common lately."
       if drifts else "no drift is seen, which does not prove that there is none.")
    + f" Without an interval are {min(lost.values()):.0%} to {max(lost.values()):.0%} of people, depending on "
    "education; the model stands on those who stayed."
)  # fmt: skip
