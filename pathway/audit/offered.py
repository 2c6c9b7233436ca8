"""What the desk itself answers for some of the register's present clients: plans, silence, and whether parts add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

import numpy as np

from pathway.audit import present
from pathway.audit.estimates import LeftOut
from pathway.audit.material import Material
from pathway.catalogue import Catalogue
from pathway.errors import PathwayError
from pathway.plan import Plan
from pathway.suggestion import Desk


@dataclass(frozen=True)
class Offered:
    """What suggestions for some clients look like.

    Attributes
    ----------
    n_asked, n_abstained
        Clients that a suggestion was made for, and those for whom the desk fell silent.
    activities
        Mean number in the first plan.
    kinds
        Share of the activities of first plans, by type.
    gain
        Mean objective of the first plan, weighted steps at the end of the horizon.
    largest_misfit
        How far base and contributions of any activity and indicator were from the gain shown, steps; the contract
        allows 0.000001.
    """

    n_asked: int
    n_abstained: int
    activities: float
    kinds: Mapping[str, float]
    gain: float
    largest_misfit: float


def ask(material: Material, catalogue: Catalogue | None, n_asked: int) -> Offered | LeftOut:
    """Ask the desk for suggestions for clients drawn by chance."""
    if catalogue is None or not n_asked:
        return LeftOut("Inga förslag har gjorts i granskningen: den fick ingen katalog som passar modellen.")
    try:
        desk = Desk(material.model, catalogue)
    except PathwayError:
        return LeftOut("Katalogen passar inte modellen.")
    drawn = present.draw(material, n_asked)
    at = datetime.combine(material.last_day.date(), time(12), UTC)
    plans: list[Plan] = []
    for number, one in enumerate(drawn):
        material.tell("asking for suggestions", number, len(drawn))
        plans += desk.suggest(one, at).plans[:1]
    if not plans:
        return Offered(len(drawn), len(drawn), 0.0, {}, 0.0, 0.0)
    kinds = Counter(catalogue.by_id[one.insats_id].type for plan in plans for one in plan.activities)
    n = sum(kinds.values())
    return Offered(
        len(drawn), len(drawn) - len(plans), n / len(plans),
        {str(kind): count / n for kind, count in kinds.most_common()},
        float(np.mean([plan.objective for plan in plans])), max(map(_misfit, plans)),
    )  # fmt: skip


def _misfit(plan: Plan) -> float:
    return max(
        (
            abs(told.base + sum(part.contribution for part in told.contributions) - one.gain[id].mean)
            for one in plan.activities
            for id, told in one.explanation.items()
        ),
        default=0.0,
    )
