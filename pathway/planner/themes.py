"""Alternatives that mean something: plans other than the first that are better at one thing, and different enough."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np

from pathway.planner.aims import EARLY, is_better_at
from pathway.planner.board import Board
from pathway.planner.improvement import grow, tidy
from pathway.planner.objective import Array
from pathway.planner.planned import Theme
from pathway.planner.plans import Picked
from pathway.planner.proving import POOL, likeliest
from pathway.planner.weeks import Ints

PULL = 0.3  # of the first plan's worth: what doing all for the theme is worth while an alternative is looked for
WIDTH = 12  # plans that are grown side by side for an alternative
WAYS = (2, 4)  # sets of insatser that are left out to find an alternative, and again where none is found
KEPT = 8  # such sets that are kept while they are put together plan by plan


def alternatives(board: Board, first: Picked, hopes: Array, known: Picked | None = None) -> list[tuple[Picked, Theme]]:
    """Find plans that share at most two thirds of their insatser with any before them, and are worth showing.

    Parameters
    ----------
    hopes
        (n,) what plans with each option could be worth: alternatives are made of those that could be worth most.
    known
        A plan from before that may be shown in place of the first: alternatives differ from it too.
    """
    practice = board.problem.practice
    found: list[tuple[Picked, Theme]] = []
    before = [first] if known is None else [first, known]
    for theme in [*practice.themes, "best", "best"]:
        if len(found) >= practice.n_alternatives:
            break
        aim = _Aim(board, theme, first, hopes)
        if not aim.applies:
            continue
        plan = _another(aim, before)
        if plan is not None:
            found.append((plan, aim.theme))
            before.append(plan)
    return found


def varied(board: Board, plans: list[Picked], n: int) -> list[Picked]:
    """Choose `n` plans, the best first, of as different insatser as may be; returned in the order given."""
    mixes: dict[frozenset[int], Picked] = {}
    for plan in plans:
        mixes.setdefault(frozenset(int(board.options.owner[o]) for o in plan), plan)
    chosen = list(mixes.values())[:n]
    chosen += [plan for plan in plans if plan not in chosen][: n - len(chosen)]
    return [plan for plan in plans if plan in chosen]


@dataclass(frozen=True, eq=False)
class _Aim:
    """What an alternative is looked for."""

    board: Board
    name: str
    first: Picked
    hopes: Array

    @property
    def theme(self) -> Theme:
        themes: tuple[Theme, ...] = (
            "best", "fewest_hours", "earliest_work", "health_first", "least_cost", "wishes_first"
        )  # fmt: skip
        return next(theme for theme in themes if theme == self.name)

    @cached_property
    def _charge(self) -> Array:
        """(n,) what each option takes from the theme: hours, cost, or days until it starts, as shares of a whole."""
        problem, options = self.board.problem, self.board.options
        if self.name == "fewest_hours":
            hours: Array = options.hours * (options.end - options.start) / 700.0
            return hours
        if self.name == "least_cost":
            return options.cost.astype(np.float64)
        early = (problem.weeks.n_days - options.start) / problem.weeks.n_days
        if self.name in EARLY:
            kinds = np.array([insats.type == EARLY[self.name] for insats in problem.candidates])
            return np.asarray(-early * kinds[options.owner])
        return np.asarray(-1.0 * (problem.bonus[options.owner] > 0))

    @property
    def applies(self) -> bool:
        """Whether the theme means anything for this client."""
        return self.name == "best" or bool(self._charge.any())

    @cached_property
    def pulled(self) -> Board:
        """The board on which doing something for the theme is worth something."""
        problem = self.board.problem
        if self.name == "best":
            return self.board
        price = problem.options.price + self._pull
        return Board(replace(problem, options=replace(problem.options, price=price)))

    @cached_property
    def _pull(self) -> Array:
        charges = self._charge[list(self.first)]
        of_first = charges.min(initial=0.0) if self.name in EARLY else charges.sum()  # the earliest one alone
        return PULL * self.board.worth(self.first) * self._charge / (abs(float(of_first)) or 1.0)

    @cached_property
    def pool(self) -> Ints:
        """Options that could do most for the plan and the theme together."""
        hopes = self.hopes if self.name == "best" else self.hopes - self._pull / 2
        return likeliest(self.board.problem, hopes, POOL)

    def betters(self, picked: Picked) -> bool:
        """Whether a plan is better at the theme than the first plan."""
        if self.name == "best":
            return True
        problem = self.board.problem
        plan, first = (problem.placements(one) for one in (picked, self.first))
        return is_better_at(self.name, plan, first, problem.case, problem.catalogue)


def _another(aim: _Aim, before: list[Picked]) -> Picked | None:
    """Leave out a third of each plan before, in a few ways, and make the best of what is left."""
    ways = _ways_to_differ(aim.pulled, before)
    for first, last in pairwise((0, *WAYS)):
        plan = _best_without(aim, before, ways[first:last])
        if plan is not None:
            return plan
    return None


def _best_without(aim: _Aim, before: list[Picked], ways: list[frozenset[int]]) -> Picked | None:
    board, pulled = aim.board, aim.pulled
    pools = [aim.pool[~np.isin(board.options.owner[aim.pool], sorted(ban))] for ban in ways]
    plans = [plan for pool in pools if (plan := grow(pulled, pool, aim.hopes, WIDTH))]
    for plan in sorted(plans, key=pulled.worth, reverse=True):
        plan = tidy(pulled, plan)
        differs_enough = plan and all(differs(plan, other, board) for other in before)
        if differs_enough and aim.betters(plan) and _worth_showing(board, plan, before[0]) and board.keeps_rules(plan):
            return plan
    return None


def _ways_to_differ(board: Board, plans: list[Picked]) -> list[frozenset[int]]:
    """Choose sets of insatser to leave out, so that a third of every plan is gone: those that are missed least."""
    owner = board.options.owner
    missed: dict[frozenset[int], float] = {frozenset(): 0.0}
    for plan in plans:
        n_gone = -(-len(plan) // 3)
        free = [o for o in plan if int(owner[o]) not in board.required]
        own = {int(owner[o]): board.worth(plan) - board.worth(tuple(p for p in plan if p != o)) for o in free}
        ways: dict[frozenset[int], float] = {}
        for way, loss in missed.items():
            n_more = max(0, n_gone - len(way & {int(owner[o]) for o in plan}))
            for more in combinations([k for k in own if k not in way], n_more):
                ways[way | set(more)] = loss + sum(own[k] for k in more)
        missed = dict(sorted(ways.items(), key=lambda one: (one[1], sorted(one[0])))[:KEPT])
    return list(missed)[: WAYS[-1]]


def differs(one: Picked, other: Picked, board: Board) -> bool:
    """Tell whether two plans are unlike by the insatser of their options."""
    a, b = ({board.problem.candidates[int(board.options.owner[o])].id for o in plan} for plan in (one, other))
    return unlike(a, b, len({placement.insats_id for placement in board.problem.standing.placements}))


def unlike(a: set[str], b: set[str], n_locked: int) -> bool:
    """Tell whether one third of the longer plan's insatser are not in the other, and each has one of its own.

    So many locked ones are in both, and not among the ids given.
    """
    longer = max(len(a), len(b)) + n_locked
    return 3 * (len(a & b) + n_locked) <= 2 * longer and bool(a - b) and bool(b - a)


def _worth_showing(board: Board, plan: Picked, first: Picked) -> bool:
    least = board.problem.practice.alternative_least_share
    worth, best = board.objective(plan), board.objective(first)
    return worth > 0 and worth >= least * best
