"""Replay: a stored suggestion is worked out again with the model that it was made with, and held against the rules."""

import copy
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pathway import case as cases
from pathway import plan, shipped
from service import versions
from service.errors import NotFound, WrongVersion
from service.planning import Planning
from service.replay import again, replay, rules, sameness
from tests.service.conftest import NUMBER, House


def test_a_stored_suggestion_comes_out_the_same_to_the_last_bit(house: House) -> None:
    replayed = replay(house.installation, house.suggestion["suggestion_id"])
    assert (replayed.holds, replayed.bit_equal, replayed.chosen_again) == (True, True, True)
    assert replayed.made_with == replayed.replayed_with
    told = house.trail("suggestion.replayed")[0]
    assert told["facts"] == {"holds": True, "bit_equal": True, "chosen_again": True}
    house.call("handläggare", "POST", "/suggestions", {"case_number": NUMBER})  # which says what it replaces
    second = house.trail("suggestion.made")[-1]["suggestion"]
    assert replay(house.installation, second).bit_equal


def test_a_plan_is_valued_the_same_when_the_planner_would_choose_another(house: House, planning: Planning) -> None:
    kept, raw, case = _kept(house, planning)
    assert kept.plans
    for one, plain in zip(kept.plans, raw["plans"], strict=True):
        found = again._revalued(planning.desk, case, one, plain)
        assert [size for _, size in found if size > sameness.TOLERANCE] == []


def _kept(house: House, planning: Planning) -> Any:
    raw = {name: value for name, value in house.suggestion.items() if name != "replaces"}
    with house.installation.look(again.OPERATOR, "0" * 32) as look:
        _, given, _, _ = again._stored(look, raw["suggestion_id"])
    return plan.shape(raw), raw, cases.shape(given, planning.instrument)


def test_another_number_or_plan_is_told_by_its_place(house: House, planning: Planning) -> None:
    raw = _kept(house, planning)[1]
    made_with = house.trail("suggestion.made")[0]["versions"]
    given = json.loads(json.dumps(_given(house)))
    altered = copy.deepcopy(raw)
    gain = next(iter(altered["plans"][0]["activities"][0]["gain"].values()))
    gain["high"] += 0.01
    told = again._compare(planning.desk, made_with, given, altered)
    assert not told.holds
    assert not told.bit_equal
    assert any("plans.0.activities.0.gain" in one and "0.01" in one for one in told.different)
    tiny = copy.deepcopy(raw)
    gain = next(iter(tiny["plans"][0]["activities"][0]["gain"].values()))
    gain["high"] = math.nextafter(gain["high"], 9)
    told = again._compare(planning.desk, made_with, given, tiny)
    assert (told.holds, told.bit_equal, told.chosen_again) == (True, False, True)
    worse = copy.deepcopy(raw)
    worse["plans"][0]["objective"] += 1
    assert any("objective" in one for one in again._compare(planning.desk, made_with, given, worse).broken_rules)


def test_what_an_older_version_did_not_tell_or_worded_otherwise_is_no_difference(
    house: House, planning: Planning
) -> None:
    _, raw, _ = _kept(house, planning)
    older, made_with = copy.deepcopy(raw), house.trail("suggestion.made")[0]["versions"]
    for one in older["plans"]:
        one.pop("reach")
        for activity in one["activities"]:
            activity["text"] = "Andra ord."
    told = again._compare(planning.desk, made_with, _given(house), older)
    assert (told.holds, told.bit_equal, told.chosen_again) == (True, False, False)
    older["plans"][0]["activities"][0]["hours_per_week"] += 1
    assert not again._compare(planning.desk, made_with, _given(house), older).holds


def _given(house: House) -> Any:
    with house.installation.look(again.OPERATOR, "0" * 32) as look:
        return again._stored(look, house.suggestion["suggestion_id"])[1]


BREAKING: dict[str, Callable[[Any, Any], Any]] = {
    "avoided": lambda case, id: replace(case, wishes=replace(case.wishes, avoid=(id,), require=(), prefer=())),
    "weekly_load": lambda case, _: replace(case, limits=replace(case.limits, hours_per_week=0.5)),
    "horizon": lambda case, _: replace(case, limits=replace(case.limits, horizon_weeks=2)),
    "budget": lambda case, _: replace(case, limits=replace(case.limits, budget=0)),
    "required_wish": lambda case, _: replace(case, wishes=replace(case.wishes, require=("SAM-99",))),
    "queue": lambda case, _: replace(case, as_of=case.as_of.replace(year=case.as_of.year + 1)),
    "max_activities": lambda case, _: replace(case, limits=replace(case.limits, activities=1)),
}


@pytest.mark.parametrize("rule", BREAKING)
def test_a_stored_plan_that_breaks_a_rule_is_found(rule: str, house: House, planning: Planning) -> None:
    kept, _, case = _kept(house, planning)
    longest = max(kept.plans, key=lambda one: len(one.activities))
    ends = (planning.instrument.scale.min, planning.instrument.scale.max)

    def broken(case: Any) -> str:
        return " ".join(rules.broken(case, planning.catalogue, planning.catalogue.ids, [longest], ends))

    assert broken(case) == ""
    other = BREAKING[rule](case, longest.activities[0].insats_id)
    if rule == "max_activities" and len(longest.activities) == 1:
        longest = replace(longest, activities=longest.activities * 2)
    assert rule in broken(other)


def test_nothing_can_be_said_without_the_versions(house: House, planning: Planning, tmp_path: Path) -> None:
    desk = planning.desk
    sha256 = versions.sha256_of(desk.catalogue)
    assert versions.desk_of(None, desk, desk.version, sha256) is desk
    with pytest.raises(WrongVersion, match="PATHWAY_VERSIONS"):
        versions.desk_of(None, desk, "other", sha256)
    versions.keep(tmp_path, desk, shipped.model())
    versions.keep(tmp_path, desk, shipped.model())
    read = versions.desk_of(tmp_path, None, desk.version, sha256)
    assert (read.version, read.catalogue) == (desk.version, desk.catalogue)
    with pytest.raises(WrongVersion):
        versions.desk_of(tmp_path, None, "other", sha256)
    catalogue = tmp_path / "catalogues" / f"{sha256}.json"
    catalogue.write_text(catalogue.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(WrongVersion, match="altered"):
        versions.desk_of(tmp_path, None, desk.version, sha256)
    shutil.rmtree(tmp_path / "catalogues")
    with pytest.raises(WrongVersion, match="not kept"):
        versions.desk_of(tmp_path, None, desk.version, sha256)
    with pytest.raises(NotFound):
        replay(house.installation, "f-none")


def test_after_a_change_of_model_the_old_one_is_used(furnish: Callable[..., House], planning: Planning) -> None:
    house = furnish(planning=Planning(None, shipped.model(), 1, 1, "another one is on its way"))
    with pytest.raises(WrongVersion, match="PATHWAY_VERSIONS"):
        replay(house.installation, house.suggestion["suggestion_id"])


def test_a_suggestion_is_replayed_from_the_kept_versions(
    furnish: Callable[..., House], planning: Planning, tmp_path: Path
) -> None:
    versions.keep(tmp_path, planning.desk, shipped.model())
    house = furnish(planning=Planning(None, shipped.model(), 1, 1, "gone"))
    settings = replace(house.installation.settings, versions=tmp_path)
    replayed = replay(replace(house.installation, settings=settings), house.suggestion["suggestion_id"])
    assert (replayed.holds, replayed.bit_equal) == (True, True)
