"""Why this gain and why this place in the plan, in numbers: the very numbers that made the plan."""

from pathway.explanation.gains import BESIDE_JOB, NO_GAP, Amount, explain, total_sd

__all__ = ["BESIDE_JOB", "NO_GAP", "Amount", "explain", "total_sd"]
