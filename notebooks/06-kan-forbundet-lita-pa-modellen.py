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
# # 06 · Kan förbundet lita på modellen?
#
# Ett samordningsförbund läser granskningen: vad modellen är till för, hur väl den förutser, om den behandlar grupper
# lika, och när den tiger. Hela rapporten skrivs av `pathway audit`. De medföljande uppgifterna är PÅHITTADE (MOCK).

# %%
"""Läser en modells granskning så som ett samordningsförbund gör."""

MODEL = None  # er egen: en modellmapp, till exempel "modell"

# %%
# ruff: noqa: E402 (cells show what stands last in them, and what may be changed stands first)
import altair as alt
import pandas as pd

from pathway import examples
from pathway.comparison import charts, gates, measures, reasons

alt.renderers.enable("svg")
model = examples.model_of(MODEL)
said, training = model.evaluation, model.training
mock = " (påhittade uppgifter)" if training.mock else ""

# %% [markdown]
# ## Vilka har modellen lärt av?

# %%
pd.Series(
    {
        "deltagare": training.n_clients,
        "perioder mellan två mätningar": training.n_episodes,
        "första mätning": training.first_measured_on,
        "sista mätning": training.last_measured_on,
        "insatser i katalogen": len(model.insatser.types),
        "insatser som modellen tiger om": sum(
            n < model.support.fewest_clients for id, n in model.support.n_clients.items() if id in model.insatser.types
        ),
    },
    name="antal",
).to_frame()

# %% [markdown]
# ## Förutser den bättre än en enkel gissning?
#
# Andelen av gissningens kvadrerade fel som modellen tar bort. Noll betyder: inte bättre.

# %%
names = {"no change": "ingen förändring", "start level only": "bara startnivån", "mean by insats": "medel per insats"}
skill = {names.get(name, name): measures.Measure(**one) for name, one in said["skill"].items()}
charts.intervals(skill, f"Bättre än gissningen{mock}", 0.0)

# %% [markdown]
# ## Är löftena lagom stora?
#
# För deltagare som modellen inte har sett: hur mycket av varje förväntat steg syns?

# %%
shown = measures.judged(model)[measures.SHOWN]
charts.calibration(said["checks"]["calibration"]["tenths"], f"Förväntat och visat, steg{mock}")

# %% [markdown]
# ## Behandlas grupper lika?
#
# Hur mycket mer, eller mindre, en grupp utvecklas än modellen säger. Under noll lovas gruppen för mycket.

# %%
groups = measures.of_groups(model)
charts.intervals({name: one["beyond"] for name, one in groups.items()}, f"Utöver det förutsedda, steg{mock}", 0.0)

# %% [markdown]
# ## Vad räknar modellen med?

# %%
told = reasons.of_model(model)
charts.bars({one.feature: one.steps for one in told[:8]}, f"Steg när en uppgift är en standardavvikelse högre{mock}")

# %% [markdown]
# ## Slutsats

# %%
tried = gates.try_all(model, None)
shut = [gate for gate in tried if not gate.open]
off = [name for name, one in groups.items() if one["beyond"].low > 0 or one["beyond"].high < 0]
better = all(one.low > 0 for one in skill.values())
least = min(one.mean for one in skill.values())
print(
    (f"Modellen förutser bättre än alla enkla gissningar, minst {least:.0%} av felet tas bort. " if better
     else "Modellen förutser inte säkert bättre än en enkel gissning. Använd den inte. ")
    + f"Av varje förväntat steg visar sig {shown.mean:.2f} ({shown.low:.2f} till {shown.high:.2f}). "
    + (f"I {len(off)} av {len(groups)} grupper går det annorlunda än modellen säger, utanför ett 90-procentigt "
       f"intervall. Av en slump väntas omkring {0.1 * len(groups):.0f}. " if groups else
       "Inga grupper är stora nog att granska. ")
    + (f"{len(shut)} av {len(tried)} spärrar är stängda. Modellen ska inte släppas. " if shut
       else f"Alla {len(tried)} spärrar är öppna. ")
    + "Granskningen visar inte att insatserna är orsaken. Handläggaren och deltagaren avgör."
    + (" Uppgifterna är påhittade och säger inget om verkliga människor." if training.mock else "")
)  # fmt: skip
