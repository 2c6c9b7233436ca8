"""Writes a suggestion as plain text for the terminal: at most 100 characters wide, no colour needed."""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Suggestion
from pathway.printout.shapes import Alternative, Bar, Card, Level, Omissions, Sheet
from pathway.printout.sheet import lay_out
from pathway.wording.words import Words, swedish

WIDTH = 100
_NAME = 32  # columns for a name before a bar
_TIME = 52  # columns for the plan's time
_REASONS = 3  # of each direction; the page has them all


def text(
    suggestion: Suggestion, case: Case, catalogue: Catalogue, instrument: Instrument, words: Words | None = None
) -> str:
    """Write a suggestion for the terminal.

    Parameters
    ----------
    case
        The case that the suggestion was made for.
    """
    words = words or swedish()
    sheet = lay_out(suggestion, case, catalogue, instrument, words)
    parts = [
        _head(sheet, words),
        *(_plan_parts(sheet, words) if not sheet.abstained else [_abstained(sheet, words)]),
        *([_omissions(sheet.omissions, words)] if sheet.omissions else []),
        _section(words.text("page.not_known"), _bullets(words.lists["fixed.not_known"])),
        [words.text("fixed.decides")],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(sheet: Sheet, words: Words) -> list[str]:
    title = f"{words.text('page.title')}: {words.text('page.case', case=sheet.case_id)}"
    mock = f"[{words.text('page.mock')}]"
    return [
        *_wrapped(title),
        "═" * min(len(title), WIDTH),
        f"{sheet.status}  {mock}" if sheet.mock else sheet.status,
        words.text("fixed.decides"),
        *(line for name, fact in sheet.facts for line in _wrapped(f"{name}: {fact}")),
    ]


def _abstained(sheet: Sheet, words: Words) -> list[str]:
    return [
        *_section(words.text("page.abstained_why"), _bullets(sheet.notes)),
        "",
        *_section(words.text("page.abstained_what"), _bullets(words.lists["page.abstained_help"])),
    ]


def _plan_parts(sheet: Sheet, words: Words) -> list[list[str]]:
    summary = " ".join(filter(None, (sheet.worth, sheet.proof, sheet.running)))
    parts = [
        _section(words.text("page.plan"), [*_wrapped(summary), "", *_timeline(sheet)]),
        _section(words.text("page.expected"), _levels(sheet, words)),
    ]
    if sheet.notes:
        parts.append(_section(words.text("page.notes"), _bullets(sheet.notes)))
    parts.append(_section(words.text("page.activities"), _cards(sheet.cards, words)))
    if len(sheet.alternatives) > 1:
        parts.append(_section(words.text("page.alternatives"), _alternatives(sheet, words)))
    return parts


def _timeline(sheet: Sheet) -> list[str]:
    months = [" "] * (_TIME + 4)
    free_from = 0
    for tick in sheet.ticks:
        column = round(tick.at * _TIME)
        if column >= free_from and column + len(tick.label) <= len(months):
            months[column : column + len(tick.label)] = tick.label
            free_from = column + len(tick.label) + 1
    lines = [" " * _NAME + "".join(months).rstrip()]
    for bar in sheet.bars:
        lines.append(f"{_fit(bar.name, _NAME - 1)} {_drawn(bar)} {bar.hours_short}")
        lines.append(f"  {bar.start} – {bar.last}, {bar.length}")
    return lines


def _drawn(bar: Bar) -> str:
    start = min(round(bar.left * _TIME), _TIME - 1)
    end = max(round((bar.left + bar.width) * _TIME), start + 1)
    return ("·" * start + ("█" if bar.job else "▒") * (end - start)).ljust(_TIME, "·")


def _levels(sheet: Sheet, words: Words) -> list[str]:
    heads = [words.text(f"page.{name}") for name in ("indicator", "now", "without", "with", "difference")]
    return [
        *_wrapped(f"{sheet.ends}. {words.text('page.difference_help')}"),
        "",
        *_columns([heads, *(_level_cells(level) for level in sheet.levels)]),
        "",
        *_wrapped(f"{words.text('fixed.how_sure')} {sheet.steps}"),
    ]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Set rows in columns; what does not fit in the first goes on below."""
    widths = [max(len(cell) for cell in column) for column in list(zip(*rows, strict=True))[1:]]
    first = max(WIDTH - sum(widths) - 2 * len(widths), 12)
    lines = []
    for row in rows:
        labels = textwrap.wrap(row[0], first) or [""]
        cells = (cell.ljust(width) for cell, width in zip(row[1:], widths, strict=True))
        lines.append("  ".join((labels[0].ljust(first), *cells)).rstrip())
        lines += [f"  {label}" for label in labels[1:]]
    return lines


def _level_cells(level: Level) -> list[str]:
    return [
        level.label,
        level.now,
        f"{level.without_plan.mean} ({level.without_plan.between})",
        f"{level.with_plan.mean} ({level.with_plan.between})",
        f"{level.arrow} {level.difference}",
    ]


def _cards(cards: Sequence[Card], words: Words) -> list[str]:
    lines: list[str] = []
    for card in cards:
        lines += ["", *_wrapped(f"{card.bar.name} ({card.bar.kind})" if card.bar.kind else card.bar.name)]
        lines += [line for paragraph in card.lines for line in _wrapped(paragraph, "  ")]
        for way in ("up", "down"):
            for part in [part for part in card.parts if part.way == way][:_REASONS]:
                lines += _wrapped(f"{part.arrow} {part.label} ({part.value}): {part.effect}", "    ")
    return lines[1:]


def _alternatives(sheet: Sheet, words: Words) -> list[str]:
    first = sheet.alternatives[0]
    lines = _wrapped(f"{first.rank} ({first.title}). {first.worth}")
    for plan in sheet.alternatives[1:]:
        title = f" ({plan.title})" if plan.title else ""
        lines += _wrapped(f"{plan.rank}{title}. {plan.worth}")
        lines += _reach(plan, words)
        for bar in plan.bars:
            lines += _wrapped(f"• {bar.name}, {bar.start} – {bar.last}, {bar.hours_short}", "  ")
    heads = (words.text("page.indicator"), *(plan.rank for plan in sheet.alternatives))
    return [*lines, "", *_wrapped(words.text("page.alternatives_table")), "", *_columns([heads, *sheet.outlook])]


def _reach(plan: Alternative, words: Words) -> list[str]:
    return _wrapped(f"{words.text('page.reach_head')}: {'; '.join(plan.reach)}.", "  ") if plan.reach else []


def _omissions(groups: Iterable[Omissions], words: Words) -> list[str]:
    lines = _wrapped(words.text("page.loss_help"))
    for group in groups:
        lines += ["", f"{group.heading} ({len(group.rows)})"]
        for why, rows in groupby(sorted(group.rows, key=lambda row: row.text), key=lambda row: row.text):
            names = "; ".join(f"{row.name} ({row.loss})" if row.can_be else row.name for row in rows)
            lines += _wrapped(f"• {names}. {why}", "  ")
    return _section(words.text("page.why_not"), lines)


def _section(heading: str, lines: Iterable[str]) -> list[str]:
    return [heading, "─" * len(heading), *lines]


def _bullets(texts: Iterable[str]) -> list[str]:
    return [line for one in texts for line in _wrapped(f"• {one}")]


def _wrapped(paragraph: str, indent: str = "") -> list[str]:
    hang = indent + ("  " if paragraph[:2] in {"• ", "▲ ", "▼ "} else "")
    return textwrap.wrap(paragraph, WIDTH, initial_indent=indent, subsequent_indent=hang)


def _fit(name: str, width: int) -> str:
    return name.ljust(width) if len(name) <= width else name[: width - 1] + "…"
