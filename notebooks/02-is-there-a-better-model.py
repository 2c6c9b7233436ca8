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
# # 02 · Is there a better model than the one in use?
#
# A search over the few things that may be chosen (which features may change a gain, how finely clients are parted), a
# training with what it found, and a comparison. Clients kept apart are never looked at while searching, so they can
# judge at the end. The shipped data are MOCK.

# %%
"""Searches for a recipe, trains with it, and holds the model against the one in use."""

REGISTER = None  # your own: a folder or a database URL, such as "register"
MODEL = None  # the model in use: a model folder; None: the one trained on the mock data
N_TRIALS = 10

# %%
# ruff: noqa: E402 (cells show what stands last in them, and what may be changed stands first)
import altair as alt

from pathway import examples, training
from pathway.comparison import between, charts, gates, tuning

alt.renderers.enable("svg")
register, in_use = examples.register_of(REGISTER), examples.model_of(MODEL)
catalogue, instrument = examples.catalogue_of(), examples.instrument_of()

# %% [markdown]
# ## Which recipe foretells most of what clients held out show?

# %%
tuned = tuning.search(register, catalogue, instrument, n_trials=N_TRIALS, seed=0)
tuned.trials.sort_values("taken_away", ascending=False)

# %%
charts.bars(
    {f"trial {number}": share for number, share in tuned.trials["taken_away"].items()},
    "Share of the squared change that gains take away (trial 0: as shipped)",
)

# %% [markdown]
# The best of many looks a little better than it is. So it is trained, and judged beside the model in use by clients
# that the search never looked at (*kept apart*).

# %%
surer = tuned.better["low"] > 0
model = training.train(register, catalogue, instrument, seed=0, recipe=tuned.recipe)
print("\n".join(between.lines(in_use, model)))

# %%
drawn = charts.of_model(model)
drawn["calibration"]

# %%
drawn["groups"]

# %% [markdown]
# ## Conclusion

# %%
tried = gates.try_all(model, in_use)
shut = [gate.name for gate in tried if not gate.open]
print(
    f"The best of {len(tuned.trials)} recipes takes away {tuned.better['mean']:+.2%} more of the squared change than "
    f"the one in use ({tuned.better['low']:+.2%} to {tuned.better['high']:+.2%}, clients held out): "
    + ("more than chance gives. " if surer else "within what chance gives, so there is no reason to change. ")
    + (f"Not to be released: {', '.join(shut)}." if shut else "The newly trained model passes every gate; whether it "
       "should take the place of the one in use is decided by people, and begins with its card.")
)  # fmt: skip
