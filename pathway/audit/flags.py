"""What lies beyond its limit. Limits are data (``limits.toml``); a figure with an interval must be certain to, too."""

from collections.abc import Iterator
from typing import Any

from pathway.audit.estimates import Estimate, LeftOut, Spread, around
from pathway.audit.facts import Facts, Flag
from pathway.audit.limits import limits
from pathway.audit.subgroups import Dimension
from pathway.audit.use import ALL_UNITS
from pathway.evaluation import START_LEVEL


def raise_all(facts: Facts) -> tuple[Flag, ...]:
    """Hold all facts against their limits; the flags, in the order of the report."""
    checks = (_skill, _groups, _causes, _leaks, _raters, _people, _policy, _drift, _use)
    return tuple(flag for check in checks for flag in check(facts, limits()))


def _flag(code: str, estimate: Estimate, limit: float, where: str = "") -> Flag:
    return Flag(code, where, estimate.mean, limit, estimate.low, estimate.high)


def _skill(facts: Facts, limit: Any) -> Iterator[Flag]:
    skill = facts.skill
    if not skill.taken_away[START_LEVEL].above(limit["skill"]["least"]):
        yield _flag("no_skill", skill.taken_away[START_LEVEL], limit["skill"]["least"])
    if skill.coverage.below(limit["coverage"]["least"]):
        yield _flag("narrow_intervals", skill.coverage, limit["coverage"]["least"])
    if skill.coverage.above(limit["coverage"]["most"]):
        yield _flag("wide_intervals", skill.coverage, limit["coverage"]["most"])
    if skill.gain.below(limit["gain"]["least"]):
        yield _flag("overstated_gains", skill.gain, limit["gain"]["least"])
    if skill.gain.above(limit["gain"]["most"]):
        yield _flag("understated_gains", skill.gain, limit["gain"]["most"])


def _groups(facts: Facts, limit: Any) -> Iterator[Flag]:
    n_looks = sum(len(dimension.groups) for dimension in facts.groups)
    for dimension in facts.groups:
        yield from _dimension(dimension, limit, n_looks)


def _dimension(dimension: Dimension, limit: Any, n_looks: int) -> Iterator[Flag]:
    for group in dimension.groups:
        where, found = f"{dimension.id}: {group.name}", group.figures
        gain, coverage, bias, spoken = (found[name] for name in ("gain", "coverage", "bias", "spoken"))
        if gain is None or gain.n_clients < limit["groups"]["fewest_flagged"]:
            continue
        is_less = gain.mean < limit["gain"]["least_in_group"]
        if is_less and _is_behind(group.behind, limit["gain"]["behind_others"], n_looks):
            yield _flag("overstated_in_group", gain, limit["gain"]["least_in_group"], where)
        if coverage and coverage.below(limit["coverage"]["least_in_group"], n_looks):
            yield _flag("narrow_in_group", coverage, limit["coverage"]["least_in_group"], where)
        most = limit["bias"]["most_in_group"]
        if bias and (bias.above(most, n_looks) or bias.below(-most, n_looks)):
            yield _flag("bias_in_group", bias, most, where)
        if spoken and spoken.below(limit["offered"]["least_spoken"], n_looks):
            yield _flag("silent_in_group", spoken, limit["offered"]["least_spoken"], where)


def _is_behind(behind: Estimate | None, most: float, n_looks: int) -> bool:
    return behind is not None and behind.mean < -most and behind.below(0.0, n_looks)


def _causes(facts: Facts, limit: Any) -> Iterator[Flag]:
    for code, one in (("before", facts.causes.before), ("respondents", facts.causes.respondents)):
        most = limit[code]["most"]
        if isinstance(one, LeftOut) or one.gain is None or abs(one.gain.mean) < most:
            continue
        if one.gain.above(0.0) or one.gain.below(0.0):
            yield _flag(f"found_{code}", one.gain, most)
    swapped = facts.causes.swapped
    if not isinstance(swapped, LeftOut) and swapped.found > limit["shuffled"]["most"]:
        by_chance = limit["shuffled"]["by_chance"]
        se = (by_chance * (1 - by_chance) / max(swapped.n_looks, 1)) ** 0.5
        if around(swapped.found, se, swapped.n_looks).above(by_chance):
            yield Flag("found_swapped", "", swapped.found, limit["shuffled"]["most"])
    for kind, methods in facts.causes.kinds.items():
        other, ours, n_looks = methods.doubly_robust, methods.model.mean, len(facts.causes.kinds)
        differ = other.above(ours, n_looks) or other.below(ours, n_looks)
        if differ and abs(other.mean - ours) > limit["kinds"]["most"]:
            yield _flag("methods_disagree", other, ours, kind)
    robust = facts.causes.robust
    weak = sum(min(one.times.values(), default=1.0) < 1 for one in robust)
    if robust and weak / len(robust) > limit["robustness"]["most"]:
        yield Flag("little_robust", "", weak / len(robust), limit["robustness"]["most"])


def _leaks(facts: Facts, limit: Any) -> Iterator[Flag]:
    for one in facts.knowing:
        if one.share.mean > limit["leak"]["most"] and one.share.above(0.0, len(facts.knowing)):
            yield _flag(
                "knows_too_much", one.share, limit["leak"]["most"], facts.about.features.get(one.feature, one.feature)
            )


def _raters(facts: Facts, limit: Any) -> Iterator[Flag]:
    raters, caseworkers = facts.data.raters, facts.data.caseworkers
    if not isinstance(raters, LeftOut):
        most = limit["raters"]["drift_a_year"]
        drift = raters.drift_a_year
        if abs(drift.mean) > most and (drift.above(0.0) or drift.below(0.0)):
            yield _flag("raters_drift", drift, most)
        between = raters.between
        if between and between.sd > limit["raters"]["spread_a_year"] and _is_certain(between, limit):
            yield Flag("raters_differ", "", between.sd, limit["raters"]["spread_a_year"])
    most = limit["caseworkers"]["spread"]
    if isinstance(caseworkers, Spread) and caseworkers.sd > most and _is_certain(caseworkers, limit):
        yield Flag("caseworker_matters", "", caseworkers.sd, most)


def _is_certain(between: Spread, limit: Any) -> bool:
    return bool(between.chance < limit["caseworkers"]["chance"])


def _people(facts: Facts, limit: Any) -> Iterator[Flag]:
    if facts.data.unanswered_in_all > limit["missing"]["most"]:
        yield Flag("unanswered", "", facts.data.unanswered_in_all, limit["missing"]["most"])
    if not isinstance(facts.data.staying, LeftOut) and facts.data.staying.lost > limit["lost"]["most"]:
        yield Flag("lost", "", facts.data.staying.lost, limit["lost"]["most"])


def _policy(facts: Facts, limit: Any) -> Iterator[Flag]:
    if not isinstance(facts.policy, LeftOut) and facts.policy.beyond.below(limit["policy"]["least"]):
        yield _flag("worse_than_practice", facts.policy.beyond, limit["policy"]["least"])


def _drift(facts: Facts, limit: Any) -> Iterator[Flag]:
    drift = facts.drift
    if drift.months_since_training > limit["drift"]["months_since_training"]:
        yield Flag("old_model", "", drift.months_since_training, limit["drift"]["months_since_training"])
    if not isinstance(drift.arrivals, LeftOut):
        for one in drift.arrivals.moved:
            if one.certain and one.psi > limit["drift"]["psi"]:
                where = facts.about.features.get(one.feature, one.feature)
                yield Flag("people_moved", where, one.psi, limit["drift"]["psi"])
    if not isinstance(drift.later, LeftOut):
        if drift.later.gain.below(limit["gain"]["least"]):
            yield _flag("later_gains", drift.later.gain, limit["gain"]["least"])
        if drift.later.coverage.below(limit["coverage"]["least"]):
            yield _flag("later_intervals", drift.later.coverage, limit["coverage"]["least"])
    if not isinstance(drift.loop, LeftOut) and drift.loop.change < -limit["loop"]["fewer_insatser"]:
        yield Flag("fewer_insatser", "", drift.loop.change, -limit["loop"]["fewer_insatser"])


def _use(facts: Facts, limit: Any) -> Iterator[Flag]:
    if isinstance(facts.use, LeftOut):
        return
    for unit in facts.use.units:
        where = "" if unit.name == ALL_UNITS else unit.name
        if unit.n is None or unit.accepted is None or unit.n < limit["use"]["fewest_decisions"]:
            continue
        if unit.accepted.mean >= limit["use"]["most_accepted"]:
            yield _flag("rubber_stamping", unit.accepted, limit["use"]["most_accepted"], where)
        if unit.accepted.mean <= limit["use"]["least_accepted"]:
            yield _flag("not_used", unit.accepted, limit["use"]["least_accepted"], where)
        if unit.median_minutes is not None and unit.median_minutes < limit["use"]["least_minutes"]:
            yield Flag("too_fast", where, unit.median_minutes, limit["use"]["least_minutes"])
