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
# # 04 · May gains be taken for effects?
#
# No data can prove it. But each check below could have shown that they may not: the model's own checks, made at its
# training on clients held out, and what they found. With MOCK data the truth is known to the simulator alone.

# %%
"""Looks at what could show that expected gains are no effects."""

MODEL = None  # your own: a model folder

# %%
# ruff: noqa: E402 (cells show what stands last in them, and what may be changed stands first)
import altair as alt
import pandas as pd

from pathway import examples
from pathway.comparison import charts
from pathway.comparison.measures import Measure

alt.renderers.enable("svg")
model = examples.model_of(MODEL)
checks = model.evaluation["checks"]


def measure(one):
    """Take mean and interval of plain data."""
    return Measure(one["mean"], one["low"], one["high"])


# %% [markdown]
# ## Are people compared with people like them?
#
# Of each step expected, this much shows: by how many people had the insats, and by how usual it was for somebody alike.

# %%
overlap = model.evaluation["overlap"]
by_people = {
    f"had by {one['from']} " + (f"to {one['to'] - 1} people" if one["to"] else "or more people"): measure(one)
    for one in overlap["by_clients"]
    if one["n_insatser"]
}
charts.intervals(by_people, "Shown of each step expected", 1.0)

# %% [markdown]
# ## Does another method say the same?
#
# Doubly robust estimates of what each type did for those who had it, beside the model's own.

# %%
kinds = {
    f"{kind} · {method}": measure(one[method])
    for kind, one in checks["kinds"].items()
    for method in ("doubly_robust", "model")
}
charts.intervals(kinds, "Steps over the interval, mean over indicators", 0.0)

# %%
disagree = [
    kind
    for kind, one in checks["kinds"].items()
    if one["doubly_robust"]["low"] > one["model"]["high"] or one["doubly_robust"]["high"] < one["model"]["low"]
]

# %% [markdown]
# ## Is anything found where there can be nothing?
#
# Up to a tenth is chance. *Before*: the interval before an insats began. *Respondents*: client's rating less the
# caseworker's, the same day. *Shuffled*: somebody else's insatser.

# %%
placebo = {name: checks[name] for name in ("found", "before", "respondents", "shuffled") if "found" in checks[name]}
charts.bars({name: one["found"] for name, one in placebo.items()}, "Share of gains with an interval without zero")

# %%
before = checks["before"].get("gain")
setback = bool(before) and (before["low"] > 0 or before["high"] < 0)

# %% [markdown]
# ## How strong would something that nobody recorded have to be?
#
# The share of what is left of both the change and the choice that it would have to explain; and how many times as
# strong as the strongest recorded feature that is.

# %%
robust = pd.DataFrame(
    [
        (id, one["gain"]["mean"], one["to_zero"], min(one["times"].values()) if one["times"] else float("nan"))
        for id, one in checks["robustness"].items()
        if one["gain"]["mean"] > 0
    ],
    columns=["insats", "gain", "to_zero", "times"],
).sort_values("to_zero", ascending=False)
charts.bars(
    dict(zip(robust["insats"], robust["to_zero"], strict=True)), "Share an unrecorded cause would have to explain"
)

# %% [markdown]
# ## Conclusion

# %%
weak = int((robust["times"] < 1).sum())
found = placebo["shuffled"]["found"]
print(
    f"In somebody else's insatser {found:.0%} of gains look like something (chance: up to 10 %): "
    + ("intervals hold. " if found <= 0.10 else "intervals seem too narrow. ")
    + (f"Before insatser began people changed by {before['mean']:+.3f} steps beside others alike "
       f"({before['low']:+.3f} to {before['high']:+.3f}): "
       + ("they were chosen on the way down or up, and part of the gains may be that. " if setback
          else "no sign that they were chosen on the way down or up. ") if before else "")
    + (f"Another method disagrees on {', '.join(disagree)}. " if disagree else "Another method does not disagree on "
       "any type beyond its interval. ")
    + f"For {weak} of {len(robust)} insatser with a gain, something weaker than the strongest recorded feature could "
    "explain all of it. So: gains may guide a talk between people who know more; they are no proof of effect."
)  # fmt: skip
