"""Plans each case of a caseload by itself: the suggestion it would get alone, and a pool of other plans."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from pathway import planner
from pathway.case import Case
from pathway.caseload.periods import Span, Supply
from pathway.caseload.pools import Ints, Pools, gather
from pathway.caseload.pricefile import Prices
from pathway.caseload.sharing import Even
from pathway.plan import Plan, Suggestion
from pathway.planner import Placement, Planned
from pathway.planner.objective import weights_of
from pathway.suggestion import Desk, placements_of

IN_POOL = 16  # plans that are made for each client beside those of the suggestion
NOTICEABLE = 1e-3  # steps: a plan is worth at least this, and this much less than the one suggested alone


@dataclass(frozen=True, eq=False)
class Option:
    """One plan that a client could have.

    Attributes
    ----------
    objective
        In the case's own weighted steps.
    placements
        Its activities.
    worded
        The plan as the suggestion has it; ``None`` for those that were made for the pool.
    """

    objective: float
    placements: tuple[Placement, ...]
    worded: Plan | None = None

    @property
    def key(self) -> tuple[tuple[str, date, date, float], ...]:
        """What tells it from other plans."""
        return tuple(sorted((one.insats_id, one.start_on, one.end_on, one.hours_per_week) for one in self.placements))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case with all that the sharing of places needs.

    Attributes
    ----------
    alone
        The suggestion it would get if there were places enough for everybody.
    options
        Plans that it could have: those of the suggestion first, in their order, then others.
    heaviest
        Weight of its heaviest indicator: a step of that counts the same in all cases.
    """

    case: Case
    alone: Suggestion
    options: tuple[Option, ...]
    heaviest: float


def prepare(desk: Desk, case: Case, created_at: datetime, n: int = IN_POOL) -> Prepared:
    """Make the suggestion that the case would get alone, and a pool of other plans.

    Raises
    ------
    FaultyCase
        As `Desk.suggest` does.
    """
    alone = desk.suggest(case, created_at)
    aimed = desk.aimed(case)
    heaviest = float(weights_of(aimed.goal, desk.model.instrument.ranking).max(initial=0.0)) or 1.0
    options = tuple(Option(plan.objective, placements_of(plan, aimed), plan) for plan in alone.plans)
    prepared = Prepared(aimed, alone, options, heaviest)
    return widen(desk, prepared, n) if options else prepared


def widen(desk: Desk, prepared: Prepared, n: int, prices: Prices | None = None, seed: int = 0) -> Prepared:
    """Add up to `n` plans to the pool: varied ones, or such as are good at the prices."""
    case = prepared.case
    foresight = desk.client(case).foresight
    (nothing,) = foresight.roll([()])
    costs = None if prices is None else prices.per_quarter(case.as_of, case.limits.horizon_weeks, prepared.heaviest)
    prospects = foresight.prospects(nothing)
    made = planner.pool(case, desk.catalogue, prospects, n=n, prices=costs, seed=seed)
    known = {option.key for option in prepared.options}
    more = []
    for foreseen in foresight.value(made) if made else ():
        option = Option(foreseen.objective, foreseen.planned.placements)
        if foreseen.worth > -np.inf and foreseen.objective > 0 and option.key not in known:
            known.add(option.key)
            more.append(option)
    return replace(prepared, options=(*prepared.options, *more))


def word(desk: Desk, prepared: Prepared, option: Option) -> Plan:
    """Give a plan of the pool with its explained gains, as a suggestion has it."""
    if option.worded is not None:
        return option.worded
    client = desk.client(prepared.case)
    nothing = np.zeros(0)
    planned = Planned(1, option.objective, "feasible", 0.0, option.placements, nothing, nothing)
    (foreseen,) = client.foresight.value([planned])
    return client.plan(foreseen)


def pools_of(prepared: Iterable[Prepared], supply: Supply, left: Ints) -> tuple[Pools, Even]:
    """Lay the cases' plans out as arrays, with the places that are left; and when their activities start."""
    cases = list(prepared)
    values = [_values(one) for one in cases]
    pools = gather(values, [[supply.taken(spans_of(o.placements)) for o in one.options] for one in cases], left)
    starts = gather(
        values,
        [[supply.starts(o.placements) for o in one.options] for one in cases],
        np.zeros(supply.n_periods, dtype=np.int64),
    )
    return pools, Even(starts.uses, 1.0)


def _values(prepared: Prepared) -> list[float]:
    """Give what each plan is worth, none more than the one that is suggested alone: only places may change that.

    A plan with caution or with what the client prefers can be suggested although another has the higher objective.
    """
    if not prepared.options:
        return []
    own, *others = [option.objective / prepared.heaviest for option in prepared.options]
    own = max(own, 2 * NOTICEABLE)
    return [own, *(min(max(value, NOTICEABLE), own - NOTICEABLE) for value in others)]


def spans_of(placements: Iterable[Placement]) -> list[Span]:
    """List the activities of a plan that need a place of their own: those that are locked have theirs."""
    return [(one.insats_id, one.start_on, one.end_on) for one in placements if not one.locked]
