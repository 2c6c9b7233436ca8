"""The shape of one proposed plan."""

from dataclasses import dataclass
from typing import Literal

from pathway.planner.objective import Array, Placement

Theme = Literal["best", "fewest_hours", "earliest_work", "health_first", "least_cost", "wishes_first"]


@dataclass(frozen=True, eq=False)
class Planned:
    """One plan.

    Attributes
    ----------
    objective
        In weighted steps, as the contract defines it: without any bonus for preferred insatser or price.
    status
        ``optimal`` only if it is proven that no plan on the grid is worth more.
    gap
        How much more the best plan on the grid could be worth, as a share of this one's worth; 0 where optimal. For
        alternatives, against the bound of the first plan.
    placements
        In order of start.
    gains
        (n, J) steps that each placement adds, in the order of the placements.
    with_plan
        (J,) expected levels at the end of the horizon.
    theme
        What an alternative was looked for and is better at than the first plan; ``best``: nothing but its worth.
    merit
        Weighted steps by which it is worth more than its objective: bonuses for preferred insatser, less prices.
    """

    rank: int
    objective: float
    status: Literal["optimal", "feasible"]
    gap: float
    placements: tuple[Placement, ...]
    gains: Array
    with_plan: Array
    theme: Theme = "best"
    merit: float = 0.0
