"""Shares places among few clients exactly, with CP-SAT: the caseload's own door to OR-Tools, which is imported late."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, CpSolver, IntVar

WHOLE = 1_000_000  # whole numbers that the highest value is counted in


@dataclass(frozen=True)
class Least:
    """What some plans are to be worth together at least: one row of a group floor.

    Attributes
    ----------
    plans
        The plans that count.
    value
        Their values, (number of plans,).
    least
        What the chosen ones among them are to add up to.
    """

    plans: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    least: float


@dataclass(frozen=True, eq=False)
class Chosen:
    """What was found.

    Attributes
    ----------
    plans
        (n,) each client's plan, -1 for none.
    bound
        No choice is worth more.
    proven
        Whether the choice is shown to be best.
    spent
        Deterministic time, the same on every machine.
    """

    plans: npt.NDArray[np.int64]
    bound: float
    proven: bool
    spent: float


def choose(
    owner: npt.NDArray[np.int64],
    value: npt.NDArray[np.float64],
    uses: Any,
    places: npt.NDArray[np.int64],
    known: npt.NDArray[np.int64],
    effort: float,
    floors: Sequence[Least] = (),
) -> Chosen | None:
    """Choose at most one plan a client so that the values add up to most and no place is taken twice.

    Parameters
    ----------
    owner
        (P,) client of each plan, from 0.
    value
        (P,) worth of each plan, above zero.
    uses
        (P, R) sparse rows: places that each plan takes.
    places
        (R,) places that there are.
    known
        (n,) a choice that is known to be possible, to start from; -1 for no plan.
    effort
        Deterministic time to use at most.
    floors
        Sums that some plans must reach together.

    Returns
    -------
    Chosen | None
        ``None`` where the time ended without any choice.
    """
    from ortools.sat.python import cp_model

    scale = WHOLE / max(float(value.max(initial=0.0)), 1e-9)
    model = cp_model.CpModel()
    taken: list[IntVar] = [model.new_bool_var("") for _ in value]
    _one_plan_each(model, taken, owner, len(known))
    _within_places(model, taken, uses, places)
    for floor in floors:
        amounts = np.rint(floor.value * scale).astype(np.int64).tolist()
        chosen = [taken[plan] for plan in floor.plans]
        least = int(np.floor(floor.least * scale)) - len(chosen)
        model.add(cp_model.LinearExpr.weighted_sum(chosen, amounts) >= least)
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, np.rint(value * scale).astype(np.int64).tolist()))
    known_plans = set(known.tolist())
    for plan, variable in enumerate(taken):
        model.add_hint(variable, plan in known_plans)
    solver = _solver(cp_model.CpSolver(), effort)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    picked = np.flatnonzero([solver.boolean_value(variable) for variable in taken])
    plans = np.full(len(known), -1)
    plans[owner[picked]] = picked
    bound = (solver.best_objective_bound + len(known)) / scale  # rounding moves each client's plan by half at most
    return Chosen(plans, bound, status == cp_model.OPTIMAL, float(solver.response_proto.deterministic_time))


def _one_plan_each(model: "CpModel", taken: "list[IntVar]", owner: npt.NDArray[np.int64], n_clients: int) -> None:
    of_client: list[list[IntVar]] = [[] for _ in range(n_clients)]
    for variable, client in zip(taken, owner.tolist(), strict=True):
        of_client[client].append(variable)
    for variables in of_client:
        if len(variables) > 1:
            model.add_at_most_one(variables)


def _within_places(model: "CpModel", taken: "list[IntVar]", uses: Any, places: npt.NDArray[np.int64]) -> None:
    from ortools.sat.python.cp_model import LinearExpr

    columns = uses.tocsc()
    asked = np.asarray(columns.sum(axis=0)).ravel()
    for place in np.flatnonzero(asked > places).tolist():
        span = slice(columns.indptr[place], columns.indptr[place + 1])
        variables = [taken[plan] for plan in columns.indices[span].tolist()]
        amounts = columns.data[span].astype(np.int64).tolist()
        if places[place] == 1 and set(amounts) == {1}:
            model.add_at_most_one(variables)
        else:
            model.add(LinearExpr.weighted_sum(variables, amounts) <= int(places[place]))


def _solver(solver: "CpSolver", effort: float) -> "CpSolver":
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = 0
    parameters.max_deterministic_time = effort
    parameters.cp_model_presolve = False  # it takes longer than it saves on problems of a few hundred clients
    parameters.linearization_level = 2
    return solver
