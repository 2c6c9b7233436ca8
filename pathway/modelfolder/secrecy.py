"""What a model folder does not tell, though the libraries that write it would: ranges, and counts of very few."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf

from pathway.overlap import Support

FEWEST_TOLD = 5  # people: what fewer had is told as had by nobody, as in any table that leaves the house
_RANGES = "feature_infos="


def without_ranges(trees: str) -> str:
    """Leave the smallest and the largest value of every feature out of LightGBM's text.

    They are somebody's own, and foretelling does not read them. What remains of people in the text: thresholds, each
    between two groups of values that at least three rows had, and the number and the mean of the rows in each leaf
    (about 50 and more: the weights of rows are counted; `pathway.effects`).
    """
    return "\n".join(_neutral(line) if line.startswith(_RANGES) else line for line in trees.split("\n"))


def _neutral(line: str) -> str:
    return _RANGES + " ".join("none" for _ in line.removeprefix(_RANGES).split())


def of_very_few_nothing(support: Support) -> Support:
    """Tell insatser that fewer than `FEWEST_TOLD` people had as had by nobody: the model is silent about them anyway.

    Their numbers and the least expected dose would be those of single people.
    """
    few = {id for id, n in support.n_clients.items() if n < FEWEST_TOLD}

    def hidden(numbers: Mapping[str, int]) -> dict[str, int]:
        return {id: 0 if id in few else n for id, n in numbers.items()}

    return replace(
        support,
        n_participations=hidden(support.n_participations),
        n_clients=hidden(support.n_clients),
        least_expected_dose={id: inf if id in few else dose for id, dose in support.least_expected_dose.items()},
    )
