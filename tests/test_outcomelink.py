"""The link from levels to work: found where it is planted, silent where it is not, and used only when asked for."""

import dataclasses
import json

import numpy as np
import pytest
from history_builders import BIP, OFFERED, a_history, many

from pathway import case as cases
from pathway import cli, leaving, modelfolder, outcomelink, printout, shipped
from pathway.errors import FaultyModelFolder, Mismatch
from pathway.outcomelink import OutcomeLink
from pathway.suggestion import Desk
from tests.worlds import NOW

END = ("last", 2000, "okänt")


def learned(history, seed=0):
    starts = leaving.trace(*history.all, OFFERED, BIP)
    return outcomelink.learn(starts, history.measurements, history.outcomes, BIP, seed)


def logistic(value):
    return 1 / (1 + np.exp(-value))


@pytest.fixture(scope="module")
def one_drives():
    """A world in which work comes to those at high levels of one indicator, whatever the others are."""
    return many(1200, seed=11, work=lambda levels, insats: logistic(-2.5 + 1.2 * (levels["natverk"] - 3)))


@pytest.fixture(scope="module")
def link(one_drives):
    return learned(one_drives)


def test_the_indicator_that_drives_work_is_found(link):
    weights = {indicator: weight.mean for indicator, weight in link.weights.items()}
    assert max(weights, key=weights.get) == "natverk"
    assert weights["natverk"] > 5
    assert max(weight for indicator, weight in weights.items() if indicator != "natverk") < 1.5
    assert link.effects["natverk"].low > 0.05
    assert link.reason == ""


def test_weights_have_mean_one_and_are_never_negative(link):
    weights = [weight.mean for weight in link.weights.values()]
    assert min(weights) >= 0
    assert np.mean(weights) == pytest.approx(1.0, abs=0.01)
    assert all(weight == round(weight, 2) for weight in weights)


def test_skill_is_told_for_clients_not_learned_from(link):
    assert link.skill.auc.low > 0.65
    assert link.skill.brier.mean < link.share * (1 - link.share)
    assert link.skill.slope.low < 1 < link.skill.slope.high


def test_where_all_drive_work_alike_they_weigh_alike():
    history = many(1200, seed=12, work=lambda levels, insats: logistic(-2.5 + 1.5 * (np.mean([*levels.values()]) - 3)))
    weights = [weight.mean for weight in learned(history).weights.values()]
    assert min(weights) > 0.5
    assert max(weights) < 1.6


def test_where_levels_do_not_tell_there_are_no_weights():
    link = learned(many(1200, seed=13, work=lambda levels, insats: 0.12))
    assert link.weights is None
    assert link.skill.auc.low <= 0.5
    assert "levels do not tell who comes to work" in link.reason


def test_where_higher_levels_go_with_less_work_there_are_no_weights():
    link = learned(
        many(800, seed=15, work=lambda levels, insats: logistic(-2 - 1.5 * (np.mean([*levels.values()]) - 3)))
    )
    assert link.weights is None
    assert link.skill.auc.low > 0.5
    assert "may go with nothing more" in link.reason


def test_too_few_with_work_give_no_weights_and_the_number():
    link = learned(many(200, seed=14, work=lambda levels, insats: 0.05))
    assert link.weights is None
    assert link.skill is None
    assert link.reason.startswith(f"{link.n_with_work} clients came to work or studies")
    assert "at least 100" in link.reason


def test_a_register_without_outcomes_gives_no_weights(one_drives):
    silent = dataclasses.replace(one_drives, outcomes=one_drives.outcomes.iloc[:0])
    assert learned(silent).weights is None


def test_the_same_rows_and_seed_give_the_same_link(one_drives, link):
    assert learned(one_drives) == link


def test_indicators_that_may_not_drive_ranking_never_enter(one_drives, link):
    assert "handlaggartilltro" in BIP
    assert "handlaggartilltro" not in link.effects
    keyed = one_drives.measurements.drop_duplicates(["client_id", "measured_on"])
    worked = one_drives.outcomes.query("status == 'arbete'")["client_id"]
    belief = keyed.assign(
        indicator="handlaggartilltro",
        respondent="handläggare",
        value=np.where(keyed["client_id"].isin(worked), 5.0, 1.0),
    )
    believed = dataclasses.replace(one_drives, measurements=one_drives.measurements.pipe(_and, belief))
    assert learned(believed) == link


def _and(rows, more):
    return type(rows)({name: [*rows[name], *more[name]] for name in rows}).astype(rows.dtypes.to_dict())


@pytest.mark.parametrize(
    ("measured", "became", "counted"),
    [
        ([("a", 0)], [("a", 300, "arbete")], (1, 1)),
        ([("a", 0)], [("a", 300, "studier")], (1, 1)),
        ([("a", 0)], [("a", 300, "arbetssökande")], (1, 0)),
        ([("a", 0)], [("a", 400, "arbete")], (0, 0)),  # too late, and nothing else was heard
        ([("a", 0)], [("a", 300, "okänt")], (0, 0)),
        ([("a", 0)], [], (0, 0)),  # lost without a word
        ([("a", 0)], [("a", 100, "arbete"), ("a", 300, "okänt")], (1, 1)),
        ([("a", 0)], [("a", -5, "arbete"), ("a", 300, "arbete")], (0, 0)),  # in work already
        ([("a", 0)], [("a", 0, "arbete"), ("a", 300, "arbete")], (0, 0)),
        ([("a", 0), ("a", 91)], [], (1, 0)),  # measured later: was still there; of the second nothing is known
        ([("a", 1700)], [("a", 1750, "arbete")], (0, 0)),  # its twelve months are not over
    ],
)
def test_only_starts_whose_twelve_months_are_known_count(measured, became, counted):
    link = learned(a_history(measured, became=[*became, END]))
    assert (link.n_starts, link.n_with_work) == counted


def test_a_link_survives_plain_data(link):
    for one in (link, learned(a_history([("a", 0)], became=[END]))):
        assert OutcomeLink.from_plain(json.loads(json.dumps(one.plain(), allow_nan=False))) == one


def test_the_card_says_association_not_cause(link):
    text = "\n".join(outcomelink.lines(link))
    assert "Association, not cause" in text
    assert "| natverk |" in text


def test_the_card_says_why_there_are_no_weights(link):
    assert "No weights: too few." in outcomelink.lines(dataclasses.replace(link, weights=None, reason="too few"))


def test_a_model_keeps_its_link_and_finds_it_altered(small_model, link, tmp_path):
    linked = dataclasses.replace(small_model, outcome_link=link)
    assert linked.version != small_model.version
    modelfolder.write(linked, tmp_path / "model")
    assert modelfolder.read(tmp_path / "model").outcome_link == link
    assert "## Levels and work" in (tmp_path / "model" / "card.md").read_text(encoding="utf-8")
    path = tmp_path / "model" / "outcomelink.json"
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(FaultyModelFolder, match=r"outcomelink\.json was altered"):
        modelfolder.read(tmp_path / "model")


def test_training_looks_for_the_link(small_model):
    assert small_model.outcome_link.n_starts > 100


@pytest.fixture(scope="module")
def raw():
    """The shipped cases that get a plan easily: only the goal is left out."""
    return [one | {"goal": None} for one in json.loads(shipped.cases().read_text(encoding="utf-8"))[:3]]


@pytest.fixture(scope="module")
def for_work(small_model, small_catalogue, link):
    return Desk(dataclasses.replace(small_model, outcome_link=link), small_catalogue, goal="work")


def weighted(link):
    return {indicator: weight.mean for indicator, weight in link.weights.items()}


def test_a_case_without_weights_is_planned_with_those_of_the_link(for_work, link, raw):
    same = Desk(for_work.model, for_work.catalogue)
    for one in raw:
        without, given = cases.shape(one, BIP), cases.shape(one | {"goal": {"weights": weighted(link)}}, BIP)
        assert for_work.suggest(without, NOW).plans == same.suggest(given, NOW).plans


def test_the_note_tells_the_weights_as_they_are_counted_with(for_work, link, raw):
    notes = for_work.suggest(cases.shape(raw[0], BIP), NOW).notes
    (told,) = (note for note in notes if "arbete eller studier" in note)
    assert "samband, inte en säker orsak" in told
    for indicator, weight in link.weights.items():
        label = BIP[indicator].label_sv
        assert f"{label[1:]} ({weight.mean:.2f})".replace(".", ",") in told
    assert not any("väger lika" in note for note in notes)


def test_a_case_with_weights_of_its_own_is_never_changed(for_work, small_catalogue, raw):
    own = cases.shape(raw[0] | {"goal": {"weights": {"kompetens": 2.0}}}, BIP)
    assert for_work.aimed(own) is own
    assert for_work.suggest(own, NOW) == Desk(for_work.model, small_catalogue).suggest(own, NOW)


def test_targets_of_a_case_are_kept(for_work, raw):
    case = cases.shape(raw[0] | {"goal": {"targets": {"natverk": 3}}}, BIP)
    assert for_work.aimed(case).goal.targets == {"natverk": 3}
    assert for_work.aimed(case).goal.weights


@pytest.mark.parametrize("goal", [None, {}, {"weights": {}}, {"targets": {"natverk": 3}}])
def test_by_default_all_indicators_weigh_the_same_and_the_suggestion_says_so(for_work, raw, goal):
    case = cases.shape(raw[0] | {"goal": goal}, BIP)
    suggestion = Desk(for_work.model, for_work.catalogue).suggest(case, NOW)
    assert any("Alla indikatorer väger lika" in note for note in suggestion.notes)
    assert suggestion.plans
    best = suggestion.plans[0]
    tops = {indicator: case.goal.targets.get(indicator, BIP.scale.max) for indicator in BIP.ranking}
    worth = sum(
        min(expected.with_plan.mean, tops[j]) - min(expected.without_plan.mean, tops[j])
        for j, expected in best.expected.items()
    )
    assert best.objective == pytest.approx(worth, abs=1e-6)


def test_reasons_are_weighed_as_the_plan_was(for_work, raw):
    case = cases.shape(raw[0], BIP)
    page = printout.html([for_work.suggest(case, NOW)], [for_work.aimed(case)], for_work.catalogue, BIP)
    assert "arbete eller studier" in page


@pytest.mark.parametrize("link", [None, OutcomeLink(0, 0, 0, 0.0, None, {}, None, "too few came to work")])
def test_a_model_without_a_link_refuses_the_goal(small_model, small_catalogue, link):
    with pytest.raises(Mismatch, match="has no link from levels to work") as refused:
        Desk(dataclasses.replace(small_model, outcome_link=link), small_catalogue, goal="work")
    assert "\n" not in refused.value.message
    assert link is None or "too few came to work" in refused.value.message


def test_the_goal_can_be_asked_for_by_command(small_model, link, raw, tmp_path, capsys):
    for name, known in (("with", link), ("without", None)):
        modelfolder.write(dataclasses.replace(small_model, outcome_link=known), tmp_path / name)
    asked = tmp_path / "cases.json"
    asked.write_text(json.dumps(raw[:1]), encoding="utf-8")
    out = tmp_path / "out.json"

    def run(model, *more):
        return cli.main(["suggest", "--model", str(tmp_path / model), "--cases", str(asked), "--out", str(out), *more])

    assert run("with", "--goal", "work") == 0
    (suggestion,) = json.loads(out.read_text(encoding="utf-8"))
    assert any("Vikt för ett steg" in note for note in suggestion["notes"])
    assert run("with", "--goal", "work", "--format", "html") == 0
    assert "Vikt för ett steg" in out.read_text(encoding="utf-8")
    capsys.readouterr()
    assert run("without", "--goal", "work") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "has no link from levels to work" in line


def test_two_goals_never_give_a_suggestion_of_the_same_name(for_work, raw):
    case = cases.shape(raw[0], BIP)
    named = {desk.suggest(case, NOW).suggestion_id for desk in (for_work, Desk(for_work.model, for_work.catalogue))}
    assert len(named) == 2
