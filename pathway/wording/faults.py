"""Finds what is wrong with a file of words: a text missing, unknown or empty, a placeholder that may not be there."""

from collections.abc import Iterable
from string import Formatter
from typing import TYPE_CHECKING

from pathway.wording.contents import FAMILY_PLACEHOLDERS, LISTS, TEMPLATES, UNITS

if TYPE_CHECKING:
    from pathway.wording.words import Words


def faults_of(words: "Words") -> Iterable[str]:
    """Yield every fault in one line: which text, which rule, what is allowed."""
    yield from _name_faults("text", set(words.templates) | set(words.lists), set(TEMPLATES) | set(LISTS))
    yield from _name_faults("unit", set(words.units), set(UNITS))
    for key, text in words.templates.items():
        yield from _text_faults(key, text, TEMPLATES[key])
    for key, texts in words.lists.items():
        for text in texts or ("",):
            yield from _text_faults(key, text, ())
    yield from _text_faults("language.date", words.language.date, ("day", "month", "year"))
    yield from _text_faults("language.or_more", words.language.or_more, ("value",))
    for name, entry in words.features.items():
        allowed = FAMILY_PLACEHOLDERS if name.endswith("*") else ()
        for part in ("label", "phrase", "negated"):
            yield from _text_faults(f"features.{name}.{part}", getattr(entry, part), allowed)
        if entry.group not in words.groups:
            yield f"features.{name}.group: not a group; allowed: {', '.join(words.groups)}"
        if entry.unit and entry.unit not in words.units:
            yield f"features.{name}.unit: not a unit; allowed: {', '.join(words.units)}"
    for name, group in words.groups.items():
        allowed = FAMILY_PLACEHOLDERS if name.endswith("*") else ()
        for part in ("label", "phrase"):
            yield from _text_faults(f"groups.{name}.{part}", getattr(group, part), allowed)


def _name_faults(kind: str, found: set[str], needed: set[str]) -> Iterable[str]:
    for name in sorted(needed - found):
        yield f"the {kind} {name} is missing; add it"
    for name in sorted(found - needed):
        yield f"the {kind} {name} is not known; remove it, or mend its name"


def _text_faults(key: str, text: str, allowed: tuple[str, ...]) -> Iterable[str]:
    may = f"allowed there: {', '.join(f'{{{name}}}' for name in allowed) or 'none'}"
    if not text.strip():
        yield f"the text {key} is empty; write it"
    try:
        fields = [parts[1:] for parts in Formatter().parse(text) if parts[1] is not None]
    except ValueError:
        yield f"the text {key} has a brace without its pair; {may}"
        return
    for name, form, conversion in fields:
        if name not in allowed or form or conversion:
            yield f"the text {key} has the placeholder {{{name}}}, which is not known; {may}"
