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
# # 05 · What if the data were twice as many?
#
# The model is learned from a quarter, a half, three quarters and all of the clients that may be looked at, and judged
# by the same others each time. A curve through that says what twice as many would bring, if they are people like these.
# The shipped data are MOCK.

# %%
"""Learns from more and more clients, and says what twice as many would bring."""

REGISTER = None  # your own: a folder or a database URL, such as "register"
SHARES, DRAWS = (0.25, 0.5, 0.75, 1.0), 2

# %%
# ruff: noqa: B018, E402 (cells show what stands last in them, and what may be changed stands first)
import altair as alt
import numpy as np
import pandas as pd

from pathway import examples
from pathway.comparison.looker import Looker
from pathway.episodes import Insatser
from pathway.evaluation import Resampled
from pathway.training import DEFAULT_RECIPE, River

alt.renderers.enable("svg")
register = examples.register_of(REGISTER)
catalogue, instrument = examples.catalogue_of(), examples.instrument_of()
river = River(register.tables(), Insatser.of(catalogue), instrument)
river.weigh(seed=0)
looker = Looker(river, seed=0)
mock = " (MOCK data)" if register.mock else ""

# %% [markdown]
# ## What do gains foretell, the more they were learned from?

# %%
clients = river.episodes.spans["client_id"].to_numpy()
losses, rows = [], []
for share in SHARES:
    for draw in range(DRAWS if share < 1 else 1):
        train = looker.some(share, seed=draw)
        loss = looker.loss(DEFAULT_RECIPE, train)
        losses.append((share, loss))
        rows.append((len(np.unique(clients[train])), 1 - loss.sum() / looker.unexplained.sum()))
curve = pd.DataFrame(rows, columns=["clients", "taken_away"])
curve

# %% [markdown]
# What is missing falls about as one over the number of people. With *a* the most that could be foretold, the curve is
# *a − b / n*.

# %%
design = np.column_stack([np.ones(len(curve)), -1 / curve["clients"]])
(most, slope), *_ = np.linalg.lstsq(design, curve["taken_away"], rcond=None)
n_now = int(curve["clients"].max())
rise = float(slope / (2 * n_now))

# %%
line = pd.DataFrame({"clients": np.linspace(curve["clients"].min(), 2 * n_now, 60)})
line["taken_away"] = most - slope / line["clients"]
alt.layer(
    alt.Chart(line).mark_line(color="grey", strokeDash=[4, 3]).encode(x="clients:Q", y="taken_away:Q"),
    alt.Chart(curve).mark_point(filled=True, size=50).encode(
        x=alt.X("clients:Q", title="clients learned from"),
        y=alt.Y("taken_away:Q", title="share of squared change taken away"),
    ),
).properties(title=f"What gains foretell of clients held out{mock}", width=420)  # fmt: skip

# %% [markdown]
# ## How sure is the last step, from half to all?

# %%
half = np.mean([loss for share, loss in losses if share == 0.5], axis=0)
whole = next(loss for share, loss in losses if share == 1.0)
step = Resampled.of(looker.clients, 0).ratio(half - whole, looker.unexplained)
had = river.rows().n_clients()[:-1]
silent_now, silent_then = int((had < 10).sum()), int((2 * had < 10).sum())

# %% [markdown]
# ## Conclusion

# %%
clear = step["low"] > 0
print(
    f"From half of the clients to all {n_now:,} gains took away {step['mean']:+.2%} more of the squared change of "
    f"others ({step['low']:+.2%} to {step['high']:+.2%}): "
    + ("more people have paid. " if clear else "what more people brought is within chance. ")
    + (f"If the curve goes on, twice as many would bring {rise:+.2%} more; it is drawn through few points, so take "
       "the direction and not the figure. " if slope > 0 else
       "No curve that rises fits, so nothing is foretold of twice as many. ")
    + f"Insatser had by fewer than ten people would go from {silent_now} to about {silent_then}, were they chosen as "
    "now. More of the same people says nothing of people who are not in the register."
)  # fmt: skip
