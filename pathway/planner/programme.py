"""A linear programme that can be changed and solved again, by OR-Tools' GLOP."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pathway.planner.objective import Array
from pathway.planner.weeks import Ints

Row = tuple[Ints, Array, float]
"""Columns, ascending, and their sizes; what the row may add up to at most."""


class Programme:
    """The most Σ worth × column that rows allow. Solved again after a change, GLOP goes on from where it was.

    Parameters
    ----------
    matrix
        Rows × columns, sparse.
    row_least, row_most
        What rows may add up to.
    worth, least, most
        Of each column.
    """

    def __init__(self, matrix: Any, row_least: Array, row_most: Array, worth: Array, least: Array, most: Array) -> None:
        from ortools.math_opt import callback_pb2, model_parameters_pb2, model_pb2, model_update_pb2
        from ortools.math_opt import parameters_pb2 as parameters
        from ortools.math_opt.core.python import solver

        self._changes = model_update_pb2.ModelUpdateProto
        self._rest = model_parameters_pb2.ModelSolveParametersProto(), None, callback_pb2.CallbackRegistrationProto()
        matrix.eliminate_zeros()
        matrix.sort_indices()
        self.n_rows, n_columns = matrix.shape
        model = model_pb2.ModelProto()
        model.variables.ids.extend(range(n_columns))
        model.variables.lower_bounds.extend(least.tolist())
        model.variables.upper_bounds.extend(most.tolist())
        model.variables.integers.extend([False] * n_columns)
        model.objective.maximize = True
        valued = np.flatnonzero(worth)
        model.objective.linear_coefficients.ids.extend(valued.tolist())
        model.objective.linear_coefficients.values.extend(worth[valued].tolist())
        model.linear_constraints.ids.extend(range(self.n_rows))
        model.linear_constraints.lower_bounds.extend(row_least.tolist())
        model.linear_constraints.upper_bounds.extend(row_most.tolist())
        rows = np.repeat(np.arange(self.n_rows), np.diff(matrix.indptr))
        _write(model.linear_constraint_matrix, rows, matrix.indices, matrix.data)
        self._solver = solver.new(parameters.SOLVER_TYPE_GLOP, model, parameters.SolverInitializerProto())
        self._parameters = parameters.SolveParametersProto(threads=1)
        self._parameters.glop.use_preprocessing = False  # a third faster without
        self._parameters.glop.use_scaling = False
        self.is_solved = self.is_infeasible = False
        self.prices = np.zeros(self.n_rows)  # of each row, in the last solution

    def solve(self) -> tuple[float, Array, Array] | None:
        """Give the most worth, the columns' values and their reduced costs; ``None`` if it is not known."""
        from ortools.math_opt import result_pb2

        found = self._solver.solve(self._parameters, *self._rest, None, None)
        self.is_solved = found.termination.reason == result_pb2.TERMINATION_REASON_OPTIMAL
        self.is_infeasible = found.termination.reason == result_pb2.TERMINATION_REASON_INFEASIBLE
        self._parameters.glop.use_dual_simplex = True  # from then on, from a solution that is best but for a few rows
        if not self.is_solved:
            return None
        primal, dual = found.solutions[0].primal_solution, found.solutions[0].dual_solution
        self.prices = np.array(dual.dual_values.values)
        return primal.objective_value, np.array(primal.variable_values.values), np.array(dual.reduced_costs.values)

    def change(self, least: Array, rows: Sequence[Row]) -> None:
        """Set the least of the first columns, and add rows."""
        update, n = self._changes(), len(least)
        update.variable_updates.lower_bounds.ids.extend(range(n))
        update.variable_updates.lower_bounds.values.extend(least.tolist())
        for number, (columns, sizes, most) in enumerate(rows, start=self.n_rows):
            update.new_linear_constraints.ids.append(number)
            update.new_linear_constraints.lower_bounds.append(-np.inf)
            update.new_linear_constraints.upper_bounds.append(most)
            _write(update.linear_constraint_matrix_updates, np.full(len(columns), number), columns, sizes)
        self.n_rows += len(rows)
        self._solver.update(update)


def _write(entries: Any, rows: Ints, columns: Ints, sizes: Array) -> None:
    entries.row_ids.extend(rows.tolist())
    entries.column_ids.extend(columns.tolist())
    entries.coefficients.extend(sizes.tolist())
