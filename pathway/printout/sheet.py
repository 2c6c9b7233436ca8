"""Lays a suggestion out as one sheet: every text and number as it is shown, for the terminal and for the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Activity, Expected, Interval, NotChosen, NotChosenCode, Plan, Suggestion
from pathway.plan import Reach as Chance
from pathway.printout.cards import Cards
from pathway.printout.shapes import (
    ARROWS,
    Alternative,
    Bar,
    Level,
    Load,
    Omissions,
    Omitted,
    Reach,
    Sheet,
    Tick,
    clean,
)
from pathway.wording.against import costs_text
from pathway.wording.moments import swedish_time
from pathway.wording.reasons import (
    LEVEL_DECIMALS,
    STEP_DECIMALS,
    direction,
    name_of,
)
from pathway.wording.sentences import length_text
from pathway.wording.words import Words, swedish

_MOST_TICKS = 12
_HEADROOM = 1.15  # above the highest load, so that the limit's line is seen
_CODES: tuple[NotChosenCode, ...] = (
    "less_gain", "no_expected_gain", "too_little_data", "prerequisite", "no_start_date", "hours", "excluded", "avoided",
    "not_eligible",
)  # fmt: skip


def lay_out(
    suggestion: Suggestion, case: Case, catalogue: Catalogue, instrument: Instrument, words: Words | None = None
) -> Sheet:
    """Lay a suggestion out.

    Parameters
    ----------
    case
        The case that the suggestion was made for: its date, limits, goal and running insatser are shown.

    Raises
    ------
    ValueError
        Suggestion and case are not of the same case.
    """
    if suggestion.case_id != case.case_id:
        raise ValueError("the suggestion is for another case")
    return _Layout(suggestion, case, catalogue, instrument, words or swedish()).sheet()


@dataclass(frozen=True)
class _Layout:
    suggestion: Suggestion
    case: Case
    catalogue: Catalogue
    instrument: Instrument
    words: Words

    def sheet(self) -> Sheet:
        plan = self.suggestion.plans[0] if self.suggestion.plans else None
        activities = self._in_time(plan)
        limit = self.case.limits.hours_per_week
        loads, highest = self._loads(activities)
        scale = self.instrument.scale
        notes = self._notes()
        cards = Cards(self.case, self.catalogue, self.instrument, self.words)
        return Sheet(
            case_id=clean(self.case.case_id),
            abstained=plan is None,
            mock=any(self.words.text("fixed.mock_mark").casefold() in note.casefold() for note in notes),
            status=self.words.text(f"page.{self.suggestion.status}"),
            summary=self.words.listed(self._name(a.insats_id) for a in activities) if activities else "",
            facts=self._facts(),
            notes=notes,
            worth=self._worth(plan) if plan else "",
            proof=self._proof(plan) if plan else "",
            running=self._running(activities),
            bars=tuple(self._bar(activity) for activity in activities),
            ticks=self._ticks(),
            loads=loads,
            limit=self.words.text("page.load_limit", hours=self.words.quantity(limit, "hour")),
            limit_hours=self.words.quantity(limit, "hour"),
            limit_at=limit / highest,
            ends=self.words.text("page.expected_table", date=self.words.day(self._horizon_end)),
            scale=tuple(Tick(self._on_scale(step), str(step)) for step in range(scale.min, scale.max + 1)),
            levels=tuple(self._level(id, level) for id, level in plan.expected.items()) if plan else (),
            cards=tuple(cards.card(activity, self._bar(activity)) for activity in activities),
            alternatives=tuple(self._alternative(other) for other in self.suggestion.plans),
            outlook=self._outlook(),
            omissions=self._omissions(),
            steps=self.words.text("fixed.steps", min=str(scale.min), max=str(scale.max)),
        )

    @property
    def _horizon_end(self) -> date:
        return self.case.as_of + timedelta(weeks=self.case.limits.horizon_weeks)

    def _at(self, day: date) -> float:
        """Place a day as a share of the time shown: from the day of the suggestion to the end of the horizon."""
        ends = [activity.end_on for plan in self.suggestion.plans for activity in plan.activities]
        days = (max([self._horizon_end, *ends]) - self.case.as_of).days
        return min(max((day - self.case.as_of).days / days, 0.0), 1.0)

    def _notes(self) -> tuple[str, ...]:
        """Give the notes, those that say why there is no suggestion first; who decides stands above them all."""
        decides, none = self.words.text("fixed.decides"), self.words.text("page.abstained")
        notes = [clean(note) for note in self.suggestion.notes if note != decides]
        return tuple(sorted(notes, key=lambda note: not note.startswith(none)))

    def _in_time(self, plan: Plan | None) -> list[Activity]:
        return sorted(plan.activities, key=lambda activity: (activity.start_on, activity.end_on)) if plan else []

    def _name(self, insats_id: str) -> str:
        return clean(name_of(insats_id, self.catalogue))

    def _label(self, indicator: str) -> str:
        return self.words.indicator(self.instrument, indicator)

    def _facts(self) -> tuple[tuple[str, str], ...]:
        made_at = swedish_time(self.suggestion.created_at)
        made = self.words.text("page.made_at", date=self.words.day(made_at.date()), time=f"{made_at:%H.%M}")
        facts = {
            "as_of": self.words.day(self.case.as_of),
            "made": made,
            "model_version": self.suggestion.model_version,
            "catalogue_version": self.suggestion.catalogue_version,
            "suggestion_id": self.suggestion.suggestion_id,
        }
        return tuple((self.words.text(f"page.{name}"), clean(text)) for name, text in facts.items())

    def _steps(self, value: float) -> str:
        return self.words.amount(abs(value), "step", STEP_DECIMALS)

    def _worth(self, plan: Plan) -> str:
        return self.words.text(f"page.plan_worth_{direction(plan.objective)}", size=self._steps(plan.objective))

    def _proof(self, plan: Plan) -> str:
        if plan.proof.status == "optimal":
            return self.words.text("page.proven")
        if not plan.proof.open:
            return self.words.text("page.nearly_proven")
        return self.words.text("page.not_proven", gap=self.words.amount(100 * plan.proof.gap, "percent", 1))

    def _running(self, activities: Sequence[Activity]) -> str:
        running = [
            f"{self._name(own.insats_id)} ({self.words.quantity(own.hours_per_week, 'hour')})"
            for own in self.case.participations
            if own.runs_on(self.case.as_of)
        ]
        return self.words.text("page.running", insatser=self.words.listed(running)) if running and activities else ""

    def _bar(self, activity: Activity) -> Bar:
        insats = self.catalogue.by_id.get(activity.insats_id)
        hours = self.words.quantity(activity.hours_per_week, "hour")
        left = self._at(activity.start_on)
        return Bar(
            name=self._name(activity.insats_id),
            kind=self.words.text(f"kinds.{insats.type}") if insats else "",
            job=insats is not None and insats.type == "jobb",
            hours=self.words.text("page.hours_week", hours=hours),
            hours_short=self.words.text("page.hours_short", hours=self.words.short(activity.hours_per_week)),
            start=self.words.day(activity.start_on),
            last=self.words.day(activity.end_on - timedelta(days=1)),
            length=length_text(activity, self.words),
            left=left,
            width=self._at(activity.end_on) - left,
        )

    def _ticks(self) -> tuple[Tick, ...]:
        day, end = self.case.as_of, self._horizon_end
        firsts = []
        while (day := (day.replace(day=1) + timedelta(days=32)).replace(day=1)) < end:
            firsts.append(day)
        every = -(-len(firsts) // _MOST_TICKS) or 1
        months = self.words.language.months_short
        return tuple(
            Tick(self._at(first), str(first.year) if first.month == 1 else months[first.month - 1])
            for first in firsts[::every]
        )

    def _loads(self, activities: Sequence[Activity]) -> tuple[tuple[Load, ...], float]:
        """Cut the plan's time where its hours change; the second value is the top of the chart, in hours."""
        cuts = sorted({day for activity in activities for day in (activity.start_on, activity.end_on)})
        hours = [
            sum(activity.hours_per_week for activity in activities if activity.start_on <= day < activity.end_on)
            for day in cuts
        ]
        top = _HEADROOM * max([self.case.limits.hours_per_week, *hours])
        loads = tuple(
            Load(
                start=self.words.day(start),
                last=self.words.day(end - timedelta(days=1)),
                hours=self.words.quantity(load, "hour"),
                hours_short=self.words.short(load),
                left=self._at(start),
                width=self._at(end) - self._at(start),
                height=load / top,
            )
            for start, end, load in zip(cuts, cuts[1:], hours, strict=False)
        )
        return loads, top

    def _on_scale(self, level: float) -> float:
        scale = self.instrument.scale
        return min(max((level - scale.min) / (scale.max - scale.min), 0.0), 1.0)

    def _reach(self, interval: Interval) -> Reach:
        low, high = (self.words.number(end, LEVEL_DECIMALS) for end in (interval.low, interval.high))
        return Reach(
            mean=self.words.number(interval.mean, LEVEL_DECIMALS),
            between=self.words.text("page.between", low=low, high=high),
            at=self._on_scale(interval.mean),
            low=self._on_scale(interval.low),
            high=self._on_scale(interval.high),
        )

    def _level(self, indicator: str, expected: Expected) -> Level:
        # The difference of what is shown, so that nobody who subtracts gets another answer.
        difference = round(expected.with_plan.mean, LEVEL_DECIMALS) - round(expected.without_plan.mean, LEVEL_DECIMALS)
        way = direction(difference, LEVEL_DECIMALS)
        now = self.words.number(expected.now, LEVEL_DECIMALS)
        return Level(
            label=self._label(indicator),
            now=now if indicator in self.case.levels() else self.words.text("page.assumed", level=now),
            now_at=self._on_scale(expected.now),
            without_plan=self._reach(expected.without_plan),
            with_plan=self._reach(expected.with_plan),
            way=way,
            arrow=ARROWS[way],
            difference=self.words.text(
                f"page.difference_{way}", size=self.words.number(abs(difference), LEVEL_DECIMALS)
            ),
        )

    def _alternative(self, plan: Plan) -> Alternative:
        more = plan.objective - self.suggestion.plans[0].objective
        first = plan.rank == self.suggestion.plans[0].rank
        against = self.words.text(f"page.alternative_{direction(more)}", size=self._steps(more))
        worth = self._worth(plan) if first else against
        return Alternative(
            rank=self.words.text("page.alternative", rank=str(plan.rank)),
            title=self._title(plan, first),
            worth=f"{worth} {costs_text(plan, self.catalogue, self.words)}",
            reach=tuple(self._reach_text(indicator, goal) for indicator, goal in plan.reach.items()),
            bars=tuple(self._bar(activity) for activity in self._in_time(plan)),
        )

    def _title(self, plan: Plan, first: bool) -> str:
        if first:
            return self.words.text("page.first_plan")
        return self.words.text(f"themes.{plan.theme}") if plan.theme else ""

    def _reach_text(self, indicator: str, goal: Chance) -> str:
        return self.words.text(
            "page.reach",
            indicator=self._label(indicator),
            target=self.words.number(goal.target, LEVEL_DECIMALS),
            n=self.words.of_ten(round(10 * goal.chance)),
        )

    def _outlook(self) -> tuple[tuple[str, ...], ...]:
        """Write the level expected with each plan: a row an indicator."""
        if len(self.suggestion.plans) < 2:
            return ()
        return tuple(
            (
                self._label(indicator),
                *(
                    self.words.number(plan.expected[indicator].with_plan.mean, LEVEL_DECIMALS)
                    for plan in self.suggestion.plans
                ),
            )
            for indicator in self.suggestion.plans[0].expected
        )

    def _omissions(self) -> tuple[Omissions, ...]:
        groups = [
            (code, [omitted for omitted in self.suggestion.not_chosen if omitted.code == code]) for code in _CODES
        ]
        return tuple(
            Omissions(self.words.text(f"codes.{code}"), tuple(self._omitted(one) for one in group))
            for code, group in groups
            if group
        )

    def _omitted(self, omitted: NotChosen) -> Omitted:
        loss = omitted.loss
        without = "none" if omitted.certain else "not_found"
        key = without if loss is None else {"up": "down", "down": "up", "same": "same"}[direction(loss)]
        return Omitted(
            name=self._name(omitted.insats_id),
            text=clean(omitted.text),
            loss=self.words.text(f"page.loss_{key}", size=self._steps(loss or 0.0)),
            can_be=loss is not None,
        )
