"""Turns contributions into reasons: weighed over indicators, put together in groups that people recognise, worded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from pathway.case import Goal
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Activity, Contribution, Explanation, Group, Interval, Plan, Reasons
from pathway.wording.dictionary import Feature
from pathway.wording.words import Words

STEP_DECIMALS = 2  # gains and contributions are shown with two decimals, levels with one
LEVEL_DECIMALS = 1
_NORMAL = NormalDist()
_TO_END = _NORMAL.inv_cdf(0.95)  # standard deviations from the middle to either end of a 90 % interval


@dataclass(frozen=True)
class Reason:
    """What a group of known things adds to, or takes from, a gain: the sum of its `parts`, weightiest first."""

    group: str
    contribution: float
    parts: tuple[Contribution, ...]


def name_of(insats_id: str, catalogue: Catalogue) -> str:
    """Return an insats's name, or its id where this catalogue does not have it."""
    insats = catalogue.by_id.get(insats_id)
    return insats.name if insats else insats_id


def weights_of(goal: Goal, instrument: Instrument) -> dict[str, float]:
    """Return the worth of one step per indicator: as the goal says, or 1 for each that may drive ranking."""
    return dict(goal.weights) or dict.fromkeys(instrument.ranking, 1.0)


def weigh(activity: Activity, weights: Mapping[str, float]) -> Explanation:
    """Add an activity's explanations up over its indicators, each times its weight; largest contribution first.

    The result's total is the weighted sum of the gains' means, exactly as the parts of each add up to its own mean.
    """
    base = 0.0
    sums: dict[str, float] = {}
    values: dict[str, Any] = {}
    for indicator, explanation in activity.explanation.items():
        weight = weights.get(indicator, 0.0)
        base += weight * explanation.base
        for part in explanation.contributions:
            sums[part.feature] = sums.get(part.feature, 0.0) + weight * part.contribution
            values.setdefault(part.feature, part.value)
    ordered = sorted(sums, key=lambda name: -abs(sums[name]))
    return Explanation(base, tuple(Contribution(name, values[name], sums[name]) for name in ordered))


def grouped(explanation: Explanation, instrument: Instrument, words: Words) -> tuple[Reason, ...]:
    """Put contributions together in the dictionary's groups, weightiest first; base and groups add up to the total.

    Raises
    ------
    FaultyWords
        The dictionary has no entry for a feature.
    """
    groups: dict[str, list[Contribution]] = {}
    for part in explanation.contributions:
        groups.setdefault(words.feature(part.feature, instrument).group, []).append(part)
    reasons = [
        Reason(name, sum(part.contribution for part in parts), _weightiest_first(parts))
        for name, parts in groups.items()
    ]
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.contribution)))


def in_groups(activity: Activity, goal: Goal, instrument: Instrument, words: Words) -> Reasons:
    """Weigh an activity's reasons after the goal and put them together in groups, weightiest first."""
    weighed = weigh(activity, weights_of(goal, instrument))
    return Reasons(weighed.base, {one.group: one.contribution for one in grouped(weighed, instrument, words)})


def groups_of(plans: Iterable[Plan], instrument: Instrument, words: Words) -> dict[str, Group]:
    """Tell which groups the features of some plans' explanations are in, by name."""
    named = {
        part.feature: None
        for plan in plans
        for activity in plan.activities
        for explanation in activity.explanation.values()
        for part in explanation.contributions
    }
    members: dict[str, list[str]] = {}
    for name in named:
        members.setdefault(words.feature(name, instrument).group, []).append(name)
    return {name: Group(words.group(name, instrument).label, tuple(sorted(members[name]))) for name in sorted(members)}


def value_text(entry: Feature, value: Any, catalogue: Catalogue, words: Words) -> str:
    """Write a feature's value as in a table: ``31 månader``, ``gymnasial``, ``ja``; insatser by their names."""
    language = words.language
    if value is None or value != value:
        return language.missing
    if isinstance(value, bool):
        return language.yes if value else language.no
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return words.listed(name_of(str(part), catalogue) for part in value) if value else language.no
    if entry.values and float(value).is_integer() and 0 <= value < len(entry.values):
        return entry.values[int(value)]
    text = words.amount(value, entry.unit, entry.decimals) if entry.unit else words.number(value, entry.decimals)
    return language.or_more.format(value=text) if entry.cap is not None and value == entry.cap else text


def reason_text(entry: Feature, value: Any, catalogue: Catalogue, words: Words) -> str:
    """Write a feature and its value as in the middle of a sentence: ``tiden utan arbete (31 månader)``."""
    text = value_text(entry, value, catalogue, words)
    if text == words.language.no or (not entry.values and value == 0):
        return entry.negated
    return entry.phrase if text == words.language.yes else f"{entry.phrase} ({text})"


def group_text(reason: Reason, instrument: Instrument, catalogue: Catalogue, words: Words) -> str:
    """Write a group as in the middle of a sentence: its phrase, or the one known thing in it with its value."""
    if len(reason.parts) == 1:
        part = reason.parts[0]
        return reason_text(words.feature(part.feature, instrument), part.value, catalogue, words)
    return words.group(reason.group, instrument).phrase


def direction(value: float, decimals: int = STEP_DECIMALS) -> str:
    """Tell ``up``, ``down`` or ``same``, of the number as it is shown."""
    shown = round(value, decimals)
    return "up" if shown > 0 else "down" if shown < 0 else "same"


def certainty(interval: Interval) -> str:
    """Tell where an interval lies against zero, as it is shown: a key of the texts ``activity`` and ``page.sure_``."""
    ends = direction(interval.low), direction(interval.high)
    return {
        ("up", "up"): "all_up",
        ("same", "up"): "from_zero",
        ("down", "up"): "both",
        ("same", "same"): "none",
        ("down", "same"): "to_zero",
        ("down", "down"): "all_down",
    }[ends]


def cases_of_ten(interval: Interval) -> int:
    """Tell in how many cases of ten a rise is expected, if what is expected is spread as the interval says."""
    towards_zero = interval.mean - interval.low if interval.mean > 0 else interval.high - interval.mean
    if not towards_zero:
        return 10 if interval.mean > 0 else 0
    return round(10 * _NORMAL.cdf(_TO_END * interval.mean / towards_zero))


def _weightiest_first(parts: list[Contribution]) -> tuple[Contribution, ...]:
    return tuple(sorted(parts, key=lambda part: -abs(part.contribution)))
