"""The audit: facts computed once, flags with a limit each, small groups never shown, all pages from the same facts."""

import json
import re
from dataclasses import asdict, replace
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from pathway import audit, subgroups
from pathway.audit import drift, estimates, explained, flags, known, pages, use
from pathway.audit.estimates import Estimate, LeftOut, around, ratio, spread
from pathway.audit.facts import Flag
from pathway.audit.limits import limits
from pathway.audit.material import Material
from pathway.caseload.pricefile import Price, Prices
from pathway.cli import main
from pathway.effects.lasting import NOTHING
from pathway.errors import Mismatch, UnreadableFile
from pathway.pseudonym import Key, key_from
from pathway.reviewcommands import truth_of
from pathway.shipped import MOCK_KEY

KEY = key_from({"PATHWAY_KEY": MOCK_KEY})
TODAY = date(2026, 11, 22)
SMALLEST = limits()["groups"]["smallest"]


def answers(unit, n, kind, minutes=10.0):
    return [use.Answer(unit, kind, date(2026, 10, 1), "other_insats", minutes, ("A", "B"), ("A",))] * n


@pytest.fixture(scope="module")
def material(small_register, small_model):
    return Material(
        small_register.tables(), small_model, small_register.version(), 0, 400, lambda what, done, total: None
    )


@pytest.fixture(scope="module")
def truth(small_register, small_package):
    return truth_of(small_package / "truth", small_register, KEY, TODAY)


@pytest.fixture(scope="module")
def facts(small_register, small_model, small_catalogue, truth):
    given = [
        *answers("enhet-1", 60, "accepted", 0.4),
        *answers("enhet-2", 20, "changed"),
        *answers("enhet-3", 3, "rejected"),
    ]
    prices = Prices(
        small_catalogue.version, (Price(small_catalogue.ids[0], date(2026, 9, 28), date(2026, 12, 28), 0.4),)
    )
    return audit.examine(
        small_register,
        small_model,
        TODAY,
        small_catalogue,
        given,
        prices,
        n_suggestions=1,
        most_clients=400,
        truth=truth,
    )


@pytest.fixture(scope="module")
def bare(small_register, small_model):
    return audit.examine(small_register, small_model, TODAY, n_suggestions=0, most_clients=400)


def with_skill(facts, **changed):
    return replace(facts, skill=replace(facts.skill, **changed))


def codes(facts):
    return {flag.code for flag in flags.raise_all(facts)}


# Figures


def test_a_ratio_rests_on_whole_clients():
    rng = np.random.default_rng(0)
    own = np.repeat(rng.normal(1, 1, 400), 5)
    clients = np.repeat(np.arange(400), 5)
    found = ratio(own, np.ones(2000), clients)
    assert found.se == pytest.approx(own[::5].std() / 20, rel=0.02), "five equal rows of a client are one row"
    assert found.n_clients == 400
    assert ratio(own, np.zeros(2000), clients) is None


def test_a_family_of_looks_at_nothing_seldom_finds_anything():
    rng = np.random.default_rng(1)
    looks = [[around(z, 1.0, 50) for z in rng.normal(size=20)] for _ in range(1000)]
    found = np.mean([any(one.above(0, 20) or one.below(0, 20) for one in family) for family in looks])
    assert found < 2.5 * estimates.CERTAIN


def test_a_spread_between_parts_is_told_from_chance():
    rng = np.random.default_rng(2)
    ses = np.full(60, 0.1)
    apart = spread(rng.normal(0, 0.2, 60) + rng.normal(0, ses), ses)
    alike = spread(rng.normal(0, ses), ses)
    assert apart.sd == pytest.approx(0.2, abs=0.06)
    assert apart.chance < 1e-6 < alike.chance
    assert alike.sd < 0.06


def test_groups_are_named_in_swedish():
    groups = ("age", "18–29"), ("age", "55–"), ("age", "–17"), ("health", "psychiatric"), ("municipality", "0580")
    named = {pages._group(name, dimension) for dimension, name in groups}
    assert named == {"18–29 år", "55 år eller mer", "högst 17 år", "psykisk ohälsa", "kommun 0580"}
    assert set(subgroups._parting()["health"]) <= set(pages._HEALTH), "every kind of health has its words"
    flag = Flag("overstated_in_group", "health: pain", 0.2, 0.6)
    assert pages._where(flag) == "Hälsa: smärta eller rörelse"


# Facts


def test_clients_are_judged_by_models_that_have_not_seen_them(facts):
    skill = facts.skill
    assert skill.n_clients <= 400
    assert 0.8 < skill.coverage.mean < 0.98
    assert skill.taken_away["no change"].mean > 0.1
    assert set(skill.coverage_by_indicator) == set(skill.errors)


def test_the_models_that_judge_learn_what_lasts_as_at_training(material, small_model):
    assert small_model.gains.lasting_ != NOTHING
    assert all(fold.model.lasting_ != NOTHING for fold in material.judged.folds)


def test_the_audit_agrees_with_what_the_training_said(facts, small_model):
    told = small_model.evaluation["skill"]["start level only"]["mean"]
    assert facts.skill.taken_away["start level only"].mean == pytest.approx(told, abs=0.05)


def test_nothing_is_told_of_groups_too_small_nor_can_be_worked_out(facts):
    for dimension in facts.groups:
        hidden = [group for group in dimension.groups if group.n_clients is None]
        assert len(hidden) != 1, dimension.id
        assert all(not any(group.figures.values()) for group in hidden)
        assert all(group.n_clients >= SMALLEST for group in dimension.groups if group.n_clients is not None)
    assert all(one.n_clients is None or one.n_clients >= SMALLEST for one in facts.evidence.insatser)
    assert all(unit.n is None or unit.n >= SMALLEST for unit in facts.use.units)


def test_differences_and_ratios_of_groups_are_fairlearns(facts):
    metrics = pytest.importorskip("fairlearn.metrics")
    for dimension in facts.groups:
        fewest = limits()["groups"]["fewest_flagged"]
        shown = {
            group.name: one.mean
            for group in dimension.groups
            if (one := group.figures["coverage"]) and one.n_clients >= fewest
        }
        if len(shown) < 2:
            continue
        frame = metrics.MetricFrame(
            metrics=lambda y_true, y_pred: float(np.mean(y_true)), y_true=list(shown.values()),
            y_pred=list(shown.values()), sensitive_features=list(shown),
        )  # fmt: skip
        assert dimension.differences["coverage"] == pytest.approx(frame.difference())
        assert dimension.ratios["coverage"] == pytest.approx(frame.ratio())


def test_the_desk_is_asked_and_its_parts_add_up(facts):
    assert facts.offered.n_asked == 1
    assert facts.offered.largest_misfit < 1e-6


def test_a_part_that_was_not_computed_says_why(bare):
    for part in (bare.use, bare.offered, bare.evidence.gaps, bare.evidence.places, bare.drift.later):
        assert isinstance(part, LeftOut)
        assert part.why.endswith(".")
    assert bare.about.catalogue_version == ""
    assert isinstance(bare.known, LeftOut)
    assert "känd för påhittade personer" in text_of_page(bare)
    text = pages.page(bare)
    assert text.count("Inte räknat.") >= 4


def test_gaps_and_worth_of_places_are_told_by_name(facts, small_catalogue):
    assert facts.evidence.places[0].name == small_catalogue.by_id[small_catalogue.ids[0]].name
    assert any(one.n_answers for one in facts.evidence.gaps)
    for one in facts.evidence.gaps:
        for n in (one.n_in_need, one.n_unanswered):
            assert n is None or n == 0 or n >= SMALLEST


def test_people_who_differ_are_seen_and_people_who_do_not_are_not():
    rng = np.random.default_rng(3)
    after = np.arange(900) >= 600
    same = pd.Series(rng.normal(size=900))
    assert not drift._moved("a", same, after, 20).certain
    moved = drift._moved("a", same + 0.8 * after, after, 20)
    assert moved.certain
    assert moved.psi > limits()["drift"]["psi"]


def test_categories_that_nobody_has_are_no_place_where_people_could_be():
    after = np.arange(900) >= 600
    kinds = pd.Series(pd.Categorical(np.resize(["a", "b", "c"], 900), categories=["a", "b", "c", "nobody"]))
    moved = drift._moved("a", kinds, after, 20)
    assert moved.by_chance == pytest.approx(2 * (1 / 600 + 1 / 300))


@pytest.mark.parametrize(("last", "is_told"), [("2025-12-31", True), ("2030-01-01", False)])
def test_measurements_after_the_training_are_judged_by_the_folders_own_model(
    small_register, small_model, last, is_told
):
    older = replace(
        small_model, training=replace(small_model.training, register_version="older", last_measured_on=last)
    )
    material = Material(small_register.tables(), older, "newer", 0, 400, lambda what, done, total: None)
    assert isinstance(drift.measure(material).later, drift.Later if is_told else LeftOut)
    assert (drift.measure(material).months_since_training > 0) == is_told


# Against the truth


def told_by(material, change=lambda gains: gains):
    """A truth that is what the model itself says, or something made of that."""
    model, present = material.model.gains, material.present
    place = {client: row for row, client in enumerate(present["client_id"])}
    own = change(model.predict_gain(present))
    return known.Truth(
        tuple(model.insatser_), tuple(model.outcomes_), frozenset(place),
        lambda clients, days: own[[place[client] for client in clients]],
    )  # fmt: skip


def test_a_model_that_says_the_truth_has_no_error_and_knows_order_and_direction(material):
    found = known.compare(material, told_by(material))
    assert found.errors["model"].mean == pytest.approx(0, abs=1e-9)
    assert found.errors["no gain"].mean > found.errors["same for all"].mean > 0.001
    assert (found.rank.mean, found.first.mean, found.sign.mean, found.coverage.mean) == pytest.approx((1, 1, 1, 1))
    assert found.true_of_expected.mean == pytest.approx(1)
    assert found.drawn.mean < 0.95


def test_gains_told_twice_too_large_or_the_wrong_way_are_seen_against_the_truth(material):
    half = known.compare(material, told_by(material, lambda gains: gains / 2))
    assert half.true_of_expected.mean == pytest.approx(0.5)
    turned = known.compare(material, told_by(material, lambda gains: -gains))
    assert turned.rank.mean == pytest.approx(-1)
    assert turned.sign.mean == pytest.approx(0)
    far = known.compare(material, told_by(material, lambda gains: gains + 3))
    assert far.coverage.mean == 0


def test_the_truth_changes_nothing_but_what_is_held_against_it(bare, facts):
    for part in ("skill", "groups", "causes", "knowing", "policy", "reasons", "drift", "explained", "overlap"):
        assert getattr(facts, part) == getattr(bare, part), part
    assert 0.05 < facts.known.errors["model"].mean < facts.known.errors["no gain"].mean
    assert facts.known.rank.mean > 0
    assert 0.8 < facts.known.coverage.mean <= 1


def test_a_truth_of_others_is_refused(small_register, small_package, material, tmp_path):
    with pytest.raises(Mismatch, match="key"):
        truth_of(small_package / "truth", small_register, Key("another key " * 4), TODAY)
    with pytest.raises(UnreadableFile, match="truth"):
        truth_of(tmp_path, small_register, KEY, TODAY)
    with pytest.raises(Mismatch, match="other people"):
        known.compare(material, replace(told_by(material), clients=frozenset()))

    def fails(clients, days):
        raise ValueError("no such measurement")

    with pytest.raises(Mismatch, match="lacks measurements"):
        known.compare(material, replace(told_by(material), gains=fails))


# Explanations


def test_parts_add_up_what_is_named_first_matters_most_and_stays_put(facts):
    assert facts.explained.largest_miss < 1e-9
    assert facts.explained.first.low > facts.explained.others.high
    assert facts.explained.same.mean > 0.8
    assert facts.explained.n_changes >= 10
    assert facts.explained.all_same.mean <= facts.explained.same.mean


def test_reasons_that_are_not_the_models_own_are_seen(material, facts):
    model = material.model.gains

    class Lying(type(model)):
        def explain_parts(self, X, insats):
            base, parts = super().explain_parts(X, insats)
            return base, np.roll(parts, 1, axis=1) * 0.5

    other = Lying()
    other.__dict__.update(model.__dict__)
    lying = replace(material, model=replace(material.model, gains=other))
    found = explained.look(lying)
    assert found.largest_miss > 0.01
    assert found.first.mean < 0.8 * facts.explained.first.mean


# Use


def test_answers_are_summed_up_per_unit_and_small_units_hidden_with_company(facts):
    named = {unit.name: unit for unit in facts.use.units}
    assert named[use.ALL_UNITS].n == 83
    assert named["enhet-3"].n is None
    assert named["enhet-2"].n is None, "else enhet-3 were what is left of the whole"
    assert named["enhet-1"].accepted.mean == 1.0
    assert named["enhet-1"].kept == pytest.approx(0.5)


def test_nearly_always_yes_and_very_fast_are_flagged(facts):
    seen = {(flag.code, flag.where) for flag in facts.flags}
    assert ("rubber_stamping", "enhet-1") in seen
    assert ("too_fast", "enhet-1") in seen


def test_answers_are_read_from_json_and_csv_alike(tmp_path):
    (tmp_path / "d.json").write_text(use.example(), encoding="utf-8")
    (tmp_path / "d.csv").write_text(
        "unit;answer;decided_on;reason_code;minutes;suggested;chosen;extra\n"
        "enhet-1;changed;2026-10-01;other_insats;12,5;SE-01;SE-02;x\n",
        encoding="utf-8",
    )
    assert use.read(tmp_path / "d.json") == use.read(tmp_path / "d.csv")


@pytest.mark.parametrize(
    ("text", "named"),
    [("[]", "no answers"), ('[{"unit": "a", "answer": "maybe", "decided_on": "2026-01-01"}]', "answer")],
)
def test_an_export_with_a_fault_is_refused_by_place_and_never_quoted(tmp_path, text, named):
    (tmp_path / "d.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=named) as refused:
        use.read(tmp_path / "d.json")
    assert "maybe" not in refused.value.message


# Flags


def test_every_flag_is_raised_by_what_it_is_for_and_by_nothing_less(facts):
    sound = facts.skill.coverage
    assert "narrow_intervals" in codes(with_skill(facts, coverage=Estimate(0.8, 0.79, 0.81, 300)))
    assert "narrow_intervals" not in codes(with_skill(facts, coverage=Estimate(0.86, 0.80, 0.92, 300)))
    assert "wide_intervals" in codes(with_skill(facts, coverage=Estimate(0.99, 0.985, 0.995, 300)))
    assert "overstated_gains" in codes(with_skill(facts, gain=Estimate(0.3, 0.2, 0.4, 300)))
    assert not {"narrow_intervals", "wide_intervals"} & codes(with_skill(facts, coverage=replace(sound, mean=0.9)))


def test_every_flag_that_can_be_raised_has_words_and_every_word_a_flag():
    source = (pages.files("pathway.audit") / "flags.py").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:_flag|Flag)\(\s*"(\w+)"', source)) | {"found_before", "found_respondents"}
    assert named == set(pages.flag_words())
    for words in pages.flag_words().values():
        assert set(words) == {"title", "means", "ask", "unit", "topic"}
        assert words["topic"] in pages.topics()
        assert pages.figure(0.5, words["unit"])
        for sentence in re.split(r"(?<=[.?!])\s", f"{words['means']} {words['ask']}"):
            assert len(sentence.split()) <= 20, sentence


# Pages


def text_of_page(facts):
    page = _Page()
    page.feed(pages.page(facts))
    return " ".join(page.text)


def test_every_limit_has_a_name_in_swedish():
    assert {part: set(names) for part, names in pages.limit_words().items()} == {
        part: set(values) for part, values in limits().items()
    }


def test_the_first_page_answers_every_question_and_shows_each_flag_under_its_own(facts):
    assert {words["topic"] for words in pages.flag_words().values()} == set(pages.topics())
    text = re.sub(r"\s+", " ", text_of_page(facts))
    for topic in pages.topics().values():
        assert topic["question"] in text
        assert f'id="{topic["section"]}"' in pages.page(facts)
    use_row = text.partition(pages.topics()["use"]["question"])[2][:200]
    assert "⚑ Nästan alla förslag godtas: enhet-1" in use_row
    assert "ingen" in text.partition(pages.topics()["policy"]["question"])[2][:120]


def test_sentences_of_the_page_are_short(facts):
    page = re.sub(r"<style>.*?</style>", "", pages.page(facts), flags=re.DOTALL)
    for block in re.findall(r"<(?:p|li)\b[^>]*>(.*?)(?=<(?:/?p|/?li|/?ul|table|h\d|/section|/nav)\b)", page, re.DOTALL):
        plain = re.sub(r"\([^)]*\)|<[^>]+>", "", block)
        for sentence in re.split(r"(?<=[.?!:])\s", plain):
            if "," not in sentence:  # what has commas is a list
                assert len(sentence.split()) <= 20, sentence


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.outside = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_needs_nothing_else_and_says_what_it_is(facts):
    page = _Page()
    page.feed(pages.page(facts))
    assert not page.outside
    assert not {"script", "img", "iframe", "link"} & set(page.tags)
    text = " ".join(page.text)
    assert "Påhittade data" in text
    assert "Handläggaren bestämmer" in text
    assert page.tags.count("section") == 15
    assert not re.search(r"\b(nan|None|inf|Undefined)\b", text)


def test_json_holds_the_facts_and_no_identity(facts, small_register):
    told = json.loads(pages.plain(facts))
    assert told == json.loads(json.dumps(asdict(facts)))
    ids = small_register.tables().clients["client_id"]
    everything = pages.plain(facts) + pages.page(facts) + "".join(pages.document(facts, n) for n in pages.DOCUMENTS)
    assert not [id for id in ids if id in everything]
    raters = small_register.tables().measurements["respondent_id"].unique()
    assert not [id for id in raters if id and id in everything]


@pytest.mark.parametrize("name", pages.DOCUMENTS)
def test_a_document_is_filled_in_only_with_what_is_known(facts, name):
    text = pages.document(facts, name)
    assert "(fylls i" in text
    assert "påhittade data" in text.lower()
    assert facts.about.model_version in text
    raised = replace(facts, flags=(Flag("raters_drift", "", 0.4, 0.15, 0.3, 0.5),))
    assert pages.flag_words()["raters_drift"]["title"] in pages.document(raised, name) + pages.page(raised)


def test_the_command_writes_all_files_and_says_what_is_flagged(small_register, small_model, tmp_path, capsys):
    from pathway import modelfolder

    modelfolder.write(small_model, tmp_path / "model")
    where = str(small_register).removeprefix("Register(").removesuffix(")")
    arguments = ["audit", "--register", where, "--model", str(tmp_path / "model"), "--suggestions", "0"]
    assert main([*arguments, "--out", str(tmp_path / "audit")]) == 0
    assert {path.name for path in (tmp_path / "audit").iterdir()} == {pages.JSON, pages.HTML, *pages.DOCUMENTS}
    assert "flags" in capsys.readouterr().out
    assert main([*arguments, "--out", str(tmp_path / "b"), "--decisions", str(tmp_path / "none.json")]) == 2
    assert "no such file" in capsys.readouterr().err
