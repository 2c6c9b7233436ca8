"""Lays out an activity's card: its reasons in groups, its gain on each indicator, and every number behind them."""

from dataclasses import dataclass
from functools import partial

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Activity, Explanation, Interval
from pathway.printout.shapes import ARROWS, Bar, Card, Gain, Part, clean
from pathway.wording.reasons import (
    STEP_DECIMALS,
    Reason,
    cases_of_ten,
    certainty,
    direction,
    grouped,
    value_text,
    weigh,
    weights_of,
)
from pathway.wording.words import Words

_REASONS_SHOWN = 10


@dataclass(frozen=True)
class Cards:
    """What the cards of one case's activities have in common."""

    case: Case
    catalogue: Catalogue
    instrument: Instrument
    words: Words

    def card(self, activity: Activity, bar: Bar) -> Card:
        """Lay out one activity; `bar` is where it lies in time."""
        weighed = weigh(activity, weights_of(self.case.goal, self.instrument))
        groups = grouped(weighed, self.instrument, self.words)
        longest = max([abs(group.contribution) for group in groups], default=0.0) or 1.0
        parts = tuple(self._part(group, longest) for group in groups[:_REASONS_SHOWN])
        hidden = groups[_REASONS_SHOWN:]
        return Card(
            bar=bar,
            lines=tuple(clean(activity.text).splitlines()),
            base=self.words.signed(weighed.base, STEP_DECIMALS),
            parts=parts,
            rest_label=self.words.text("page.rest", n=self.words.amount(len(hidden), "answer")),
            rest=self.words.signed(sum(part.contribution for part in hidden), STEP_DECIMALS) if hidden else "",
            total=self.words.signed(weighed.total, STEP_DECIMALS),
            gains=tuple(self._gain(indicator, gain) for indicator, gain in activity.gain.items()),
            columns=(
                self.words.text("page.weighed"),
                *(self.words.indicator(self.instrument, indicator) for indicator in activity.explanation),
            ),
            written=partial(self._numbers, activity, weighed),
        )

    def _part(self, group: Reason, longest: float) -> Part:
        way = direction(group.contribution)
        return Part(
            label=self._group_label(group),
            value=self._known(group),
            way=way,
            arrow=ARROWS[way],
            effect=self.words.text(
                f"page.effect_{way}", size=self.words.number(abs(group.contribution), STEP_DECIMALS)
            ),
            share=abs(group.contribution) / longest,
        )

    def _group_label(self, group: Reason) -> str:
        if len(group.parts) == 1:
            return self.words.feature(group.parts[0].feature, self.instrument).label
        return self.words.group(group.group, self.instrument).label

    def _known(self, group: Reason) -> str:
        """Write what is known of each thing in a group: its value alone where there is just one."""
        entries = [(self.words.feature(part.feature, self.instrument), part.value) for part in group.parts]
        values = [clean(value_text(entry, value, self.catalogue, self.words)) for entry, value in entries]
        if len(values) == 1:
            return values[0]
        return "; ".join(f"{entry.label}: {value}" for (entry, _), value in zip(entries, values, strict=True))

    def _gain(self, indicator: str, gain: Interval) -> Gain:
        low, high = (self.words.number(end, STEP_DECIMALS) for end in (gain.low, gain.high))
        return Gain(
            label=self.words.indicator(self.instrument, indicator),
            arrow=ARROWS[direction(gain.mean)],
            mean=self.words.signed(gain.mean, STEP_DECIMALS),
            between=self.words.text("page.between", low=low, high=high),
            sure=self.words.text(f"page.sure_{certainty(gain)}"),
            chance=self.words.text("page.chance", n=self.words.of_ten(cases_of_ten(gain))),
        )

    def _numbers(self, activity: Activity, weighed: Explanation) -> tuple[tuple[str, ...], ...]:
        columns = [
            {part.feature: part.contribution for part in explanation.contributions}
            for explanation in (weighed, *activity.explanation.values())
        ]
        bases = [explanation.base for explanation in (weighed, *activity.explanation.values())]
        totals = [weighed.total, *(activity.gain[indicator].mean for indicator in activity.explanation)]
        rows = [
            (self.words.text("page.base"), bases),
            *(
                (self.words.feature(name, self.instrument).label, [column.get(name, 0.0) for column in columns])
                for name in columns[0]
            ),
            (self.words.text("page.total"), totals),
        ]
        return tuple(
            (label, *(self.words.signed(value, STEP_DECIMALS) if value else "0" for value in values))
            for label, values in rows
        )
