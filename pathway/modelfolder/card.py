"""Words the card of a model: what it learned from, how well it foretells, and what it must not be used for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pathway import checks, evaluation, leaving, outcomelink, overlap, subgroups

if TYPE_CHECKING:
    from pathway.modelfolder.model import Model

_CLEARLY, _PERHAPS = 0.95, 0.5  # chance that a feature matters


def told(model: "Model") -> str:
    """Word the card of a model, in Markdown."""
    training, support, said = model.training, model.support, model.evaluation
    silent = sorted(
        insats
        for insats, n in support.n_clients.items()
        if n < support.fewest_clients and insats in model.insatser.types
    )
    return "\n".join(
        [
            f"# Model card{': trained on MOCK data, people who do not exist' if training.mock else ''}",
            "",
            "What each insats, alone and beside others, is expected to add to a client's levels, and how levels are",
            "expected to develop without any. For suggestions to a handläggare, who decides; never for decisions",
            "without one, never for eligibility, never to compare or order people.",
            "",
            "## Trained on",
            "",
            f"* {training.n_clients:,} clients with {training.n_episodes:,} episodes between two measurements,",
            f"  {training.first_measured_on} to {training.last_measured_on};"
            f" register version `{training.register_version[:16]}`",
            f"* instrument `{model.instrument.name}`, catalogue `{training.catalogue_version}`, seed {training.seed}",
            *_tuning(model),
            f"* silent about (fewer than {support.fewest_clients} people): {', '.join(silent) or 'none'}",
            "",
            "## Skill on clients held out",
            "",
            *evaluation.lines(said),
            "",
            *_section("Who gains more", _deciding(model)),
            *_section("Groups of people", subgroups.lines(said["subgroups"]) if said.get("subgroups") else ()),
            *_section("Checks of cause", checks.lines(said["checks"]) if "checks" in said else ()),
            *_section("Overlap", overlap.lines(said["overlap"], support) if "overlap" in said else ()),
            *_section("Leaving", leaving.lines(said["leaving"]) if "leaving" in said else ()),
            *_section("Levels and work", outcomelink.lines(model.outcome_link) if model.outcome_link else ()),
            "## Assumptions and limits",
            "",
            "* Gains are causal only if the features hold all that decides both who is offered what and how people",
            "  develop. Nothing in the data can prove that.",
            "* Gains are linear in time and hours. Ratings are ordinal and made by people: a step is not the same",
            "  everywhere.",
            "* Never used: gender, municipality, indicators that may not drive ranking. Language and source of income",
            "  help to compare like with like, but never change a gain.",
            "",
        ]
    )


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _deciding(model: "Model") -> list[str]:
    """Tell by which features gains differ between people."""
    told = model.gains.deciding_.items()
    room = float((model.gains.factors_.room[:, None] / model.gains.standing_.spread).mean())

    def with_chance(least: float, below: float) -> str:
        found = [
            f"`{name}`" + ("" if above is None else f" (above {above:.1f} or not)")
            for name, (chance, above) in told
            if least <= chance < below
        ]
        return ", ".join(found) or "none"

    return [
        "Features by which gains differ between people. Those that perhaps do may only go together with one that does.",
        "",
        f"* clearly: {with_chance(_CLEARLY, np.inf)}",
        f"* perhaps: {with_chance(_PERHAPS, _CLEARLY)}",
        f"* tried, and more likely not: {with_chance(0.0, _PERHAPS)}",
        f"* the expected level itself: one step higher changes a gain by about {room:+.0%}",
    ]


def _tuning(model: "Model") -> list[str]:
    known = model.evaluation.get("kept_apart")
    if not model.training.tuned_on or not known:
        return []
    shown = known["gain_shown_per_step_expected"]
    return [
        f"* parameters chosen by the figures of some clients; the {known['n_clients']:,} kept apart from that show "
        f"{shown['mean']:.2f} ({shown['low']:.2f} to {shown['high']:.2f}) of each step expected"
    ]
