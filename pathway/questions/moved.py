"""Says what moved between two plans for the same person: activities, levels, worth."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathway.plan import Plan
from pathway.questions.basis import Basis
from pathway.questions.difference import Difference, Shifted, between
from pathway.wording.reasons import LEVEL_DECIMALS, STEP_DECIMALS, direction, name_of
from pathway.wording.sentences import length_text

_LEVELS_NAMED = 3


@dataclass(frozen=True)
class Moved(Difference):
    """The difference from the suggestion's first plan to another one, with one sentence a line in `text`."""

    text: str


def moved(basis: Basis, after: Plan | None, same_goal: bool = True) -> Moved:
    """Tell what moved from the basis's first plan to another one; ``None``: there is none.

    Parameters
    ----------
    same_goal
        Whether the worth of both is counted the same way, so that their difference means something.
    """
    difference = between(basis.plan, after)
    sentences = [*_activity_sentences(difference, basis)]
    if after is None:
        sentences = [basis.words.text("moved.none")]
    elif not sentences:
        sentences = [basis.words.text("moved.same")]
    worth = difference.objective
    if worth.before is not None and worth.after is not None:
        if same_goal:
            sentences.append(_worth_sentence(worth.after - worth.before, basis))
        sentences += _level_sentences(difference, basis)
    return Moved(**vars(difference), text="\n".join(sentences))


def _activity_sentences(difference: Difference, basis: Basis) -> Iterator[str]:
    words = basis.words
    for gone in difference.removed:
        yield words.text("moved.removed", insats=name_of(gone.insats_id, basis.catalogue))
    for new in difference.added:
        insats = name_of(new.insats_id, basis.catalogue)
        yield words.text("moved.added", insats=insats, start=words.day(new.start_on))
    for shifted in difference.moved:
        yield from _change_sentences(shifted, basis)


def _change_sentences(shifted: Shifted, basis: Basis) -> Iterator[str]:
    words, before, after = basis.words, shifted.before, shifted.after
    insats = name_of(shifted.insats_id, basis.catalogue)
    if before.start_on != after.start_on:
        key = "moved.earlier" if after.start_on < before.start_on else "moved.later"
        start, was = words.day(after.start_on), words.day(before.start_on)
        yield words.text(key, insats=insats, start=start, before=was)
    if before.hours_per_week != after.hours_per_week:
        hours, was = (words.quantity(one.hours_per_week, "hour") for one in (after, before))
        yield words.text("moved.hours", insats=insats, hours=hours, before=was)
    if before.end_on - before.start_on != after.end_on - after.start_on:
        length, was = (length_text(one, words) for one in (after, before))
        yield words.text("moved.length", insats=insats, length=length, before=was)


def _worth_sentence(more: float, basis: Basis) -> str:
    size = basis.words.amount(abs(more), "step", STEP_DECIMALS)
    return basis.words.text(f"moved.worth_{direction(more)}", size=size)


def _level_sentences(difference: Difference, basis: Basis) -> list[str]:
    words = basis.words
    shown = [
        (id, level, direction(round(level.after, LEVEL_DECIMALS) - round(level.before, LEVEL_DECIMALS), LEVEL_DECIMALS))
        for id, level in sorted(difference.expected.items(), key=lambda one: -abs(one[1].after - one[1].before))
    ]
    return [
        words.text(
            f"moved.level_{way}",
            indicator=words.in_sentence(words.indicator(basis.instrument, id)),
            level=words.number(level.after, LEVEL_DECIMALS),
            before=words.number(level.before, LEVEL_DECIMALS),
        )
        for id, level, way in shown
        if way != "same"
    ][:_LEVELS_NAMED]
