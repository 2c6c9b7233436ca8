"""What a suggestion says beside its plans: who decides, what is thin, old, unknown or assumed."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain

from pathway import planner, wording
from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.episodes import DAYS_IN_QUARTER
from pathway.modelfolder import Model
from pathway.plan import Activity, Plan
from pathway.suggestion.client import Client
from pathway.wording import Words

OLD_AFTER_DAYS = 2 * DAYS_IN_QUARTER  # a measurement that is older deserves a word
THIN_BELOW = 30  # participations behind an estimate below which the suggestion says so


def notes(asked: Case, client: Client, plans: Sequence[Plan], proposal: planner.Proposal) -> tuple[str, ...]:
    """Give the notes of a suggestion.

    Parameters
    ----------
    asked
        The case as it came; the client's has the weights that it is planned with.
    """
    model, words = client.model, client.words
    told = [words.text("fixed.decides")]
    if model.training.mock:
        told.append(wording.note("mock", words))
    insatser, profile = client.catalogue.by_id, client.case.profile
    closed = [
        planner.unknown_fields(insatser[one.insats_id], profile) for one in proposal.not_chosen if one.fact.missing
    ]
    to_fill_in = [field for field, _ in Counter(chain.from_iterable(closed)).most_common()]
    if plans:
        told += _on_plans(asked, client, plans)
    else:
        told += _abstention(client, proposal, to_fill_in)
    if closed:
        told.append(wording.closed_note(len(closed), to_fill_in, words))
    answered_on = [a.measured_on for a in asked.measurements if a.value is not None and a.measured_on <= asked.as_of]
    if answered_on and max(answered_on) < asked.as_of - timedelta(days=OLD_AFTER_DAYS):
        told.append(wording.note("old_measurement", words, date=max(answered_on)))
    if client.case is not asked:
        told.append(wording.weights_note(client.case.goal.weights, model.instrument, words))
    return (*told, *wording.case_notes(client.case, model.instrument, words))


def on_activities(activities: Sequence[Activity], model: Model, catalogue: Catalogue, words: Words) -> list[str]:
    """Say where the estimates behind activities are thin, or could be explained by what nobody recorded."""
    told = []
    for one in activities:
        name = catalogue.by_id[one.insats_id].name
        if one.based_on < THIN_BELOW:
            amount = words.amount(one.based_on, "participation")
            told.append(wording.note("few_comparable", words, insats=name, n=amount))
        told += wording.doubt_notes(name, _explained_by(one.insats_id, model), model.instrument, words)
    return told


def _on_plans(asked: Case, client: Client, plans: Sequence[Plan]) -> list[str]:
    words, told = client.words, []
    if plans[0].proof.open:
        told.append(wording.note("not_proven", words, gap=plans[0].proof.gap))
    if asked.goal.caution:
        told.append(wording.note("cautious", words))
    if client.foresight.prices:
        told.append(wording.note("priced", words))
    if asked.wishes.prefer:
        told.append(wording.note("wished", words))
    return told + on_activities(plans[0].activities, client.model, client.catalogue, words)


def _explained_by(insats_id: str, model: Model) -> dict[str, float]:
    """Give how many times as strong as measured features what explains the whole mean gain would be, if a rise."""
    known = model.evaluation.get("checks", {}).get("robustness", {}).get(insats_id)
    return known["times"] if known and known["gain"]["mean"] > 0 else {}


def _abstention(client: Client, proposal: planner.Proposal, to_fill_in: Sequence[str]) -> list[str]:
    words = client.words
    if not client.measured:
        return [wording.note("no_measurement", words)]
    if proposal.infeasible:
        return list(wording.conflict_notes(proposal.infeasible, client.catalogue, client.model.instrument, words))
    if not client.speakable:
        return [wording.note("too_few_comparable", words)]
    beyond = [one for one in proposal.not_chosen if one.fact.rule is planner.Rule.BUDGET]
    if beyond:
        cheapest = min(beyond, key=lambda one: float(str(one.fact.needed)))
        return [wording.budget_note(cheapest, client.catalogue, client.model.instrument, words)]
    if {one.code for one in proposal.not_chosen} & {"no_expected_gain", "less_gain"}:
        return [wording.note("no_expected_gain", words)]
    return [wording.nothing_note(Counter(one.fact.rule for one in proposal.not_chosen), to_fill_in, words)]
