"""Says what a plan takes: hours and kronor, to hold it against another."""

from pathway.catalogue import Catalogue
from pathway.plan import Plan
from pathway.wording.words import Words


def spent(plan: Plan, catalogue: Catalogue) -> tuple[float, float]:
    """Give the hours that a plan takes in all, and what it costs in kronor by the catalogue."""
    hours = cost = 0.0
    for activity in plan.activities:
        weeks = (activity.end_on - activity.start_on).days / 7
        hours += weeks * activity.hours_per_week
        insats = catalogue.by_id.get(activity.insats_id)
        cost += weeks * insats.cost_per_week if insats else 0.0
    return hours, cost


def costs_text(plan: Plan, catalogue: Catalogue, words: Words) -> str:
    """Say what a plan takes in hours and kronor."""
    hours, cost = spent(plan, catalogue)
    return words.text("against.costs", hours=words.quantity(hours, "hour"), cost=words.amount(cost, "krona"))
