"""Plans a whole caseload: every case by itself first, then who gets which of their plans, then the suggestions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from pathway.case import Case
from pathway.caseload import groups as groups_in
from pathway.caseload.casework import IN_POOL, Option, Prepared, pools_of, prepare, spans_of, widen
from pathway.caseload.expected import Expected, price
from pathway.caseload.periods import Supply
from pathway.caseload.pools import NONE, Ints, Pools
from pathway.caseload.pricefile import Prices, laid_out, priced
from pathway.caseload.settling import fitting
from pathway.caseload.sharing import Groups, Shares, Work, share
from pathway.caseload.suggestions import Outcome, reworded
from pathway.caseload.waiting import Wait, waits
from pathway.errors import FaultyCase
from pathway.plan import Suggestion
from pathway.progress import Tell
from pathway.suggestion import Desk
from pathway.wording import swedish_day

WIDENED = 8  # plans that are added, at the prices, for each client who did not get their best


@dataclass(frozen=True)
class Wanted:
    """What the caseload is planned for.

    Attributes
    ----------
    floor
        No group's mean gain below this share of the mean of all without a floor; ``None``: no floor.
    by
        What groups cases: a profile field or a file (`groups.read`); ``None``: no groups.
    even
        Largest share of all starts in one period; ``None``: not spread.
    """

    floor: float | None = None
    by: str | None = None
    even: float | None = None


@dataclass(frozen=True, eq=False)
class Fault:
    """A case that could not be planned for: its place in the file, and why in one line."""

    place: str
    message: str


@dataclass(frozen=True, eq=False)
class Caseload:
    """A planned caseload.

    Attributes
    ----------
    prepared, suggestions
        Of the cases that could be planned for, in the order of the input.
    faults
        Of those that could not.
    running
        (R,) places that are taken by what runs already.
    ahead
        What places that are left cost, for those who are expected to come; ``None`` where nobody was.
    """

    desk: Desk
    wanted: Wanted
    prepared: tuple[Prepared, ...]
    suggestions: tuple[Suggestion, ...]
    faults: tuple[Fault, ...]
    supply: Supply
    running: Ints
    pools: Pools
    shares: Shares
    groups: Groups | None
    waits: tuple[Wait, ...]
    ahead: Prices | None = None

    @property
    def prices(self) -> Prices:
        """What places cost, to be used when one more client's plan is made: for those expected, if anybody is."""
        if self.ahead is not None:
            return self.ahead
        return priced(self.supply, self.shares.prices, self.desk.catalogue.version)


def plan_all(
    desk: Desk,
    cases: Iterable[tuple[str, Case | FaultyCase]],
    created_at: datetime,
    wanted: Wanted | None = None,
    work: Work | None = None,
    n_plans: int = IN_POOL,
    tell: Tell | None = None,
    total: int = 0,
    expected: Expected | None = None,
) -> Caseload:
    """Plan for all cases at once under shared places.

    Parameters
    ----------
    cases
        Each with the words for its place in the file; a fault stands for a case that could not be read.
    wanted
        Floor, groups and spread; none where left out.
    n_plans
        Plans that are made for each client beside those that it would be suggested alone.
    total
        Number of cases, where it is known: for the progress that `tell` is told.
    expected
        Clients who are expected later: they change no suggestion, but prices are then of what is left for them.

    Raises
    ------
    Mismatch, UnreadableFile
        What groups cases cannot be read.
    """
    wanted = wanted or Wanted()
    grouping = None if wanted.by is None else groups_in.read(wanted.by)  # before the long work begins
    prepared, faults = _prepare(desk, cases, created_at, n_plans, tell, total)
    inside = [one.case for one in prepared]
    groups = None if grouping is None else grouping.groups_of(inside)
    supply = Supply.of(desk.catalogue, inside)
    running = supply.running(inside, desk.catalogue)
    if tell is not None:
        tell("sharing places")
    pools, shares = _share(prepared, supply, running, groups, wanted, work)
    behind = {wait.client for wait in waits(pools, shares.choice)}
    if behind and n_plans:
        prices = priced(supply, shares.prices, desk.catalogue.version)
        prepared = [
            widen(desk, one, WIDENED, prices, seed=n_plans) if number in behind else one
            for number, one in enumerate(prepared)
        ]
        pools, shares = _share(prepared, supply, running, groups, wanted, work)
    waiting = tuple(waits(pools, shares.choice))
    outcomes = _outcomes(prepared, supply, pools, shares.choice, waiting)
    ahead = None
    if expected is not None:
        moved = expected.moved(swedish_day(created_at))
        coming, more_faults = _prepare(desk, moved, created_at, n_plans, tell, len(expected.cases))
        faults += more_faults
        if coming:
            given = [
                one.options[outcome.chosen]
                for one, outcome in zip(prepared, outcomes, strict=True)
                if outcome.chosen is not None
            ]
            ahead = _price_ahead(desk, inside, given, coming, expected)
    return Caseload(
        desk=desk,
        wanted=wanted,
        prepared=tuple(prepared),
        suggestions=tuple(reworded(desk, *pair) for pair in zip(prepared, outcomes, strict=True)),
        faults=tuple(faults),
        supply=supply,
        running=running,
        pools=pools,
        shares=shares,
        groups=groups,
        waits=waiting,
        ahead=ahead,
    )


def _prepare(
    desk: Desk,
    cases: Iterable[tuple[str, Case | FaultyCase]],
    created_at: datetime,
    n_plans: int,
    tell: Tell | None,
    total: int,
) -> tuple[list[Prepared], list[Fault]]:
    prepared, faults = [], []
    for number, (place, case) in enumerate(cases, start=1):
        if tell is not None:
            tell("planning", number, total)
        try:
            if isinstance(case, FaultyCase):
                raise case
            prepared.append(prepare(desk, case, created_at, n_plans))
        except FaultyCase as error:
            faults.append(Fault(place, error.message if case is error else f"{place}: {error.message}"))
    return prepared, faults


def _share(
    prepared: Sequence[Prepared],
    supply: Supply,
    running: Ints,
    groups: Groups | None,
    wanted: Wanted,
    work: Work | None,
) -> tuple[Pools, Shares]:
    pools, even = pools_of(prepared, supply, supply.left(running))
    spread = None if wanted.even is None else replace(even, share=wanted.even)
    return pools, share(pools, groups, wanted.floor, spread, work)


def _price_ahead(
    desk: Desk, cases: Sequence[Case], given: Iterable[Option], coming: Sequence[Prepared], expected: Expected
) -> Prices:
    """Price what neither runs nor is given now, for those who are expected."""
    supply = Supply.of(desk.catalogue, [*cases, *(one.case for one in coming)])
    taken = supply.running(cases, desk.catalogue)
    for option in given:
        for at, n in supply.taken(spans_of(option.placements)).items():
            taken[at] += n
    left = supply.left(taken)
    sample, _ = pools_of(coming, supply, left)
    before = None if expected.before is None else laid_out(supply, expected.before)
    return priced(supply, price(sample, left, expected.number, before), desk.catalogue.version)


def _outcomes(
    prepared: Sequence[Prepared], supply: Supply, pools: Pools, choice: Ints, waiting: Sequence[Wait]
) -> list[Outcome]:
    fits = fitting(pools, choice, pools.places - pools.taken(choice), np.arange(len(pools.value)))
    wait_of = {wait.client: wait for wait in waiting}
    outcomes = []
    for number, one in enumerate(prepared):
        first, beyond = int(pools.first[number]), int(pools.first[number + 1])
        wait = wait_of.get(number)
        outcomes.append(
            Outcome(
                chosen=None if choice[number] == NONE else int(choice[number]) - first,
                fits=frozenset(np.flatnonzero(fits[first:beyond]).tolist()),
                lacking=() if wait is None else tuple(dict.fromkeys(supply.kind(at)[0] for at in wait.kinds)),
                steps=0.0 if wait is None else wait.steps * one.heaviest,
            )
        )
    return outcomes
