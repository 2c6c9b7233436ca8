"""Works a suggestion out again from what is stored, and holds the two against each other."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pathway import __version__, plan
from pathway import case as cases
from pathway.case import Case, Locked, Wishes
from pathway.plan import Plan
from pathway.suggestion import Desk
from service import versions
from service.access.callers import OPERATOR, Caller
from service.errors import NotFound
from service.planning import versions_of
from service.replay import rules
from service.replay.sameness import TOLERANCE, differences
from service.store import suggestions as stored
from service.store import trail as rows
from service.visits import Installation, Visit

Plain = dict[str, Any]
_AFTERWARDS = ("replaces",)  # added to a suggestion when it was kept, from what was stored then
_NUMBERS = ("objective", "activities", "expected", "reach")  # of a plan: what is worked out for its activities


@dataclass(frozen=True)
class Replayed:
    """What came of working a suggestion out again.

    Attributes
    ----------
    made_with, replayed_with
        Versions of model, catalogue, instrument and software, then and now.
    bit_equal
        Whether all of it came out the same to the last bit.
    largest
        Largest difference between two numbers; infinite where a plan could not be valued.
    different
        Gains, explanations, levels and objectives of the stored plans that differ by more than `TOLERANCE`.
    broken_rules
        Rules that a stored plan breaks, and objectives that its levels do not make.
    chosen_again
        Whether the planner of today chooses the same plans and says the same; if not, `otherwise` tells where it
        differs. Another version of the software may choose otherwise; what was shown is not wrong for it.
    """

    suggestion_id: str
    made_with: dict[str, str]
    replayed_with: dict[str, str]
    bit_equal: bool
    largest: float
    different: tuple[str, ...]
    broken_rules: tuple[str, ...]
    chosen_again: bool
    otherwise: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether what was shown is what the stored model says of the stored case, and keeps the rules."""
        return not (self.different or self.broken_rules)


def replay(installation: Installation, suggestion_id: str, caller: Caller = OPERATOR) -> Replayed:
    """Work a suggestion out again; the trail is told who asked for it.

    Raises
    ------
    NotFound
        There is no such suggestion, or what it was made from has been erased.
    WrongVersion
        The model or catalogue of the suggestion is not kept.
    """
    with installation.look(OPERATOR, installation.new_trace()) as look:
        made_with, given, shown, pseudonym = _stored(look, suggestion_id)
    desk = versions.desk_of(
        installation.settings.versions,
        None if installation.planning.lacking else installation.planning.desk,
        made_with["model"],
        made_with["catalogue_sha256"],
    )
    replayed = _compare(desk, made_with, given, shown)
    with installation.visit(caller, installation.new_trace()) as visit:
        visit.tell(
            "suggestion.replayed",
            case=pseudonym,
            suggestion=suggestion_id,
            versions={"software": __version__},
            facts={"holds": replayed.holds, "bit_equal": replayed.bit_equal, "chosen_again": replayed.chosen_again},
        )
    return replayed


def _stored(look: Visit, suggestion_id: str) -> tuple[dict[str, str], Plain, Plain, str]:
    row = stored.by_id(look.connection, suggestion_id)
    if row is None:
        raise NotFound("there is no such suggestion; it may have been erased")
    told = (json.loads(one["body"]) for one in rows.about(look.connection, suggestion_id))
    made = next((one for one in told if one["action"] == "suggestion.made"), None)
    if made is None:
        raise NotFound("the trail does not tell how the suggestion was made; verify the trail")
    return made["versions"], look.kept(row["input_sha256"]), look.kept(row["output_sha256"]), str(row["pseudonym"])


def _compare(desk: Desk, made_with: dict[str, str], given: Plain, shown: Plain) -> Replayed:
    shown = {name: value for name, value in shown.items() if name not in _AFTERWARDS}
    case = cases.shape(given, desk.model.instrument)
    created_at = datetime.fromisoformat(shown["created_at"])
    again = plan.plain(desk.suggest(case, created_at))
    otherwise = list(differences(shown, again))
    kept = plan.shape(shown)
    different = (
        []
        if not otherwise
        else [
            fault
            for one, raw in zip(kept.plans, shown["plans"], strict=True)
            for fault in _revalued(desk, case, one, raw)
        ]
    )
    scale = desk.model.instrument.scale
    speakable = desk.client(case).speakable
    return Replayed(
        suggestion_id=shown["suggestion_id"],
        made_with=made_with,
        replayed_with=versions_of(desk),
        bit_equal=not otherwise,
        largest=max((size for _, size in different), default=0.0),
        different=tuple(_worded(different)),
        broken_rules=tuple(
            rules.broken(desk.aimed(case), desk.catalogue, speakable, kept.plans, (scale.min, scale.max))
        ),
        chosen_again=all(size <= TOLERANCE for _, size in otherwise),
        otherwise=tuple(_worded(otherwise)),
    )


def _worded(found: list[tuple[str, float]]) -> list[str]:
    return [
        f"{place}: differs" + (f" by {size:.3g}" if size < float("inf") else "")
        for place, size in found
        if size > TOLERANCE
    ]


def _revalued(desk: Desk, case: Case, shown: Plan, raw: Plain) -> list[tuple[str, float]]:
    """Value a stored plan anew: the desk is left no choice but its activities, whatever its planner would choose."""
    place = f"plans.{shown.rank - 1}"
    locked = tuple(Locked(one.insats_id, one.start_on, one.end_on, one.hours_per_week) for one in shown.activities)
    rest = tuple(id for id in desk.catalogue.ids if id not in {one.insats_id for one in locked})
    made = desk.suggest(replace(case, locked=locked, wishes=Wishes(avoid=rest)), datetime.min)
    if not made.plans:
        return [(place, float("inf"))]
    again = plan.plain(made)["plans"][0]
    return list(differences(_numbers(raw, raw), _numbers(again, raw), place))


def _numbers(plain: Plain, stored: Plain) -> Plain:
    """Give what is worked out for a plan's activities, without words, and without what the stored plan did not tell."""
    known = {name for one in stored["activities"] for name in one} - {"text"}
    found = {name: plain[name] for name in _NUMBERS if name in stored}
    found["activities"] = [{name: one[name] for name in known & one.keys()} for one in plain["activities"]]
    return found
