"""Makes the notes that stand on a suggestion: what was assumed, left out or missing, and why there is none."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.wording.reasons import name_of
from pathway.wording.sentences import Hindrance, not_chosen_text
from pathway.wording.words import Words, swedish

_RULES_NAMED = 3  # that leave nothing possible; the table of insatser has them all

# How values with these names are written, whatever the note; others follow their type.
_WRITTEN: dict[str, Callable[[Words, Any], str]] = {
    "gap": lambda words, share: words.amount(100 * share, "percent", 1),
    "hours": lambda words, hours: words.quantity(hours, "hour"),
    "weeks": lambda words, weeks: words.amount(weeks, "week"),
}


def note(key: str, words: Words | None = None, **values: Any) -> str:
    """Write a note.

    Parameters
    ----------
    key
        The note's name in the words file, table ``notes``: ``mock``, ``no_measurement``, ``old_measurement`` …
    values
        What the note names: a date, a number, a text or several; `gap` is a share.

    Raises
    ------
    ValueError
        There is no such note, or a value is missing.
    """
    words = words or swedish()
    return words.text(f"notes.{key}", **{name: _written(words, name, value) for name, value in values.items()})


def case_notes(case: Case, instrument: Instrument, words: Words | None = None) -> tuple[str, ...]:
    """Write the notes that a case gives rise to: defaults applied, fields ignored, indicators not measured."""
    words = words or swedish()
    notes = [*_default_notes(case, words)]
    levels = case.levels()
    unmeasured = [words.indicator(instrument, id) for id in instrument.ranking if id not in levels]
    if levels and unmeasured:
        notes.append(note("unmeasured", words, indicators=[words.in_sentence(label) for label in unmeasured]))
    if case.ignored:
        notes.append(note("ignored", words, fields=case.ignored))
    return tuple(notes)


def weights_note(weights: Mapping[str, float], instrument: Instrument, words: Words | None = None) -> str:
    """Say that indicators weigh as their levels went together with work before, and how much each, heaviest first."""
    words = words or swedish()
    told = [
        f"{words.in_sentence(words.indicator(instrument, id))} ({words.number(weight, 2)})"
        for id, weight in sorted(weights.items(), key=lambda one: -one[1])
    ]
    return note("goal_work", words, weights=told)


def doubt_notes(
    insats: str, times: Mapping[str, float], instrument: Instrument, words: Words | None = None
) -> tuple[str, ...]:
    """Say that a cause weaker than the strongest measured feature could explain an insats' expected rise, if so.

    Parameters
    ----------
    insats
        Its name.
    times
        How many times as strong as measured features such a cause would be, by feature.
    """
    words = words or swedish()
    feature = min(times, key=lambda one: times[one], default=None)
    if feature is None or times[feature] >= 1:
        return ()
    strength = words.number(max(times[feature], 0.1), 1)
    phrase = words.feature(feature, instrument).phrase
    return (note("unknown_cause", words, insats=insats, times=strength, feature=phrase),)


def conflict_notes(
    conflicts: Sequence[Hindrance], catalogue: Catalogue, instrument: Instrument, words: Words | None = None
) -> tuple[str, ...]:
    """Say why no plan can hold everything that the person requires.

    Parameters
    ----------
    conflicts
        Required insatser that cannot be in any plan, each with the fact that says why; and, without an insats, rules
        that cannot be kept when all that is required is to be in the same plan.
    """
    words = words or swedish()
    notes = [
        note(
            "require_impossible",
            words,
            insats=name_of(one.insats_id, catalogue),
            reason=not_chosen_text(one.code, [one.fact], catalogue, instrument, words),
        )
        for one in conflicts
        if one.insats_id is not None and one.code is not None
    ]
    names = dict.fromkeys(words.text(f"rule_names.{one.fact.rule!s}") for one in conflicts if one.insats_id is None)
    return (*notes, *([note("require_conflict", words, rules=list(names))] if names else []))


def budget_note(cheapest: Hindrance, catalogue: Catalogue, instrument: Instrument, words: Words | None = None) -> str:
    """Say that the budget is not enough for any insats, with the one that costs least."""
    words = words or swedish()
    if cheapest.insats_id is None or cheapest.code is None:
        raise ValueError("the cheapest insats must be named")
    reason = not_chosen_text(cheapest.code, [cheapest.fact], catalogue, instrument, words)
    return note("budget_low", words, insats=name_of(cheapest.insats_id, catalogue), reason=reason)


def nothing_note(hindered: Mapping[str, int], unknown: Sequence[str], words: Words | None = None) -> str:
    """Say that no insats can start, which rules stand in the way of how many, the most first, and what to fill in.

    Parameters
    ----------
    hindered
        How many insatser each rule keeps out.
    unknown
        Parts of the profile that would have to be known.
    """
    words = words or swedish()
    most = sorted(hindered.items(), key=lambda one: -one[1])[:_RULES_NAMED]
    told = [f"{words.text(f'rule_names.{rule!s}')} ({words.amount(n, 'insats')})" for rule, n in most]
    if unknown:
        return note("nothing_unknown", words, rules=told, parts=_parts(unknown, words))
    return note("nothing_possible", words, rules=told)


def closed_note(n_insatser: int, unknown: Sequence[str], words: Words | None = None) -> str:
    """Say how many insatser are left out since parts of the profile are not known, and which parts."""
    words = words or swedish()
    return note("closed_by_unknown", words, n=words.amount(n_insatser, "insats"), parts=_parts(unknown, words))


def _parts(unknown: Sequence[str], words: Words) -> list[str]:
    return [words.text(f"profile.{part}") for part in unknown]


def _default_notes(case: Case, words: Words) -> list[str]:
    notes: dict[str, str] = {}
    unknown = []
    for path in case.defaulted:
        part, _, name = path.partition(".")
        if part == "limits":
            notes |= _limit_notes(case, name, words)
        elif part == "profile":
            unknown.append(name)
        elif part != "goal" or not case.goal.weights:  # one note for a part, however much of it is missing
            notes[part] = note(f"defaulted_{part}", words)
    if unknown:
        notes["profile"] = note("defaulted_profile", words, parts=_parts(unknown, words))
    return list(notes.values())


def _limit_notes(case: Case, name: str, words: Words) -> dict[str, str]:
    """Write the notes for one limit, or for all when the whole part was left out."""
    limits = case.limits
    notes = {
        "hours_per_week": note("defaulted_hours", words, hours=limits.hours_per_week),
        "parallel": note("defaulted_parallel", words, n=limits.parallel),
        "horizon_weeks": note("defaulted_horizon", words, weeks=limits.horizon_weeks),
    }
    return {name: notes[name]} if name else notes


def _written(words: Words, name: str, value: Any) -> str:
    if name in _WRITTEN:
        return _WRITTEN[name](words, value)
    if isinstance(value, date):
        return words.day(value)
    if isinstance(value, tuple | list):
        return words.listed(map(str, value))
    if isinstance(value, int | float):
        return words.short(value)
    return str(value)
