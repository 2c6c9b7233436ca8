"""A rule that can be said aloud: if this, begin with that. Made from what insatser are worth in many cases.

A shallow tree divides people by what a handläggare can see; each leaf lists the insatser to begin with. Questions are
chosen by what people gain when everybody in a leaf begins with the first insats of its list that is open to them, not
by how often the planner chose what it chose: so a question that changes little of worth is never asked. One part of the
cases decides the questions, another the lists, and a third, which neither has seen, tells what the rule is worth.
Grounds of discrimination and sensitive things are never asked about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import features, planner
from pathway.case import Case, Wishes
from pathway.catalogue import Catalogue
from pathway.foresight import Foresight
from pathway.instrument import Instrument
from pathway.suggestion import Desk
from pathway.wording.reasons import name_of
from pathway.wording.words import Words, swedish

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

FEWEST_CASES = 6  # with a plan, of which a rule can be made and tried
DEPTH = 2
LISTED = 4  # insatser that a leaf names: many are open to some people only
TAKEN = 3  # of these, as many as somebody who follows the rule takes
QUICK = planner.Work(effort=planner.Effort(deterministic=0.2))  # a share needs no proof
FEWEST = 15  # cases on either side of a question
_SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)  # of the cases, below which a question may divide


@dataclass(frozen=True)
class Leaf:
    """Insatser to begin with, the best first."""

    insatser: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """People whose feature is known to be below `below` go one way, all others the other."""

    feature: str
    below: float
    yes: "Question | Leaf"
    no: "Question | Leaf"


Rule = Question | Leaf


@dataclass(frozen=True, eq=False)
class Choices:
    """What many cases would gain by each insats.

    Attributes
    ----------
    X
        Features, one row a case, shape (n, p).
    insatser
        Ids, K of them.
    alone
        What each insats is worth by itself, at its best place, 0 where it is not open to the person; shape (n, K).
    full
        What the whole plan is worth, shape (n,).
    """

    X: pd.DataFrame
    insatser: tuple[str, ...]
    alone: Array
    full: Array

    def __len__(self) -> int:
        return len(self.full)

    def take(self, rows: Ints) -> "Choices":
        """Take some cases."""
        return Choices(self.X.iloc[rows], self.insatser, self.alone[rows], self.full[rows])


@dataclass(frozen=True)
class Worth:
    """What following a rule is worth on cases held out, as shares of what their full plans are worth.

    Attributes
    ----------
    first
        Of the first insats alone; `best_first`: of the insats that is best for each person alone.
    followed
        Of the first few insatser of the list that fit together, placed in time within the person's rules.
    """

    n_cases: int
    first: float
    best_first: float
    followed: float


def settle(desk: Desk, choices: Choices, own: Sequence[Foresight], depth: int = DEPTH) -> tuple[Rule, Worth]:
    """Make a rule from two thirds of the cases that `compare` looked at, and tell what it is worth on the others.

    Parameters
    ----------
    depth
        Questions on the way to a leaf, at most.

    Raises
    ------
    ValueError
        Fewer than `FEWEST_CASES` cases have a plan.
    """
    if len(choices) < FEWEST_CASES:
        raise ValueError(f"a rule needs at least {FEWEST_CASES} cases with a plan, not {len(choices)}")
    asking, listing, held_out = np.array_split(np.random.default_rng(0).permutation(len(choices)), 3)
    rule = learn(choices, asking, listing, askable(choices.X, desk.model.instrument), depth)
    return rule, measure(rule, choices.take(held_out), [own[row] for row in held_out])


def compare(desk: Desk, cases: Sequence[Case]) -> tuple[Choices, list[Foresight]]:
    """Work out what each insats, and the whole plan, is worth in each case that has a plan; wishes are left out."""
    insatser = desk.catalogue.ids
    frames, alone, full, own = [], [], [], []
    for case in cases:
        foresight = replace(desk.client(replace(case, wishes=Wishes())).foresight, work=QUICK)
        plans = foresight.propose().plans if foresight.columns else ()
        if not plans:
            continue
        frames.append(features.of_case(case, desk.model.insatser, desk.model.instrument))
        alone.append(_worth_of([(id,) for id in insatser], foresight))
        full.append(plans[0].objective)
        own.append(foresight)
    X = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return Choices(X, insatser, np.array(alone).reshape(len(full), len(insatser)), np.array(full)), own


def learn(
    choices: Choices,
    asking: Ints,
    listing: Ints,
    names: Sequence[str],
    depth: int = DEPTH,
) -> Rule:
    """Learn a rule.

    Parameters
    ----------
    asking, listing
        Rows that decide the questions, and rows that decide what leaves list.
    names
        Features that may be asked about.
    """
    if depth:
        found = _best_question(choices.take(asking), names)
        if found is not None:
            name, below = found
            values = choices.X[name].to_numpy(dtype=np.float64)
            (asking, asked_no), (listing, listed_no) = (_divide(rows, values < below) for rows in (asking, listing))
            if len(listing) and len(listed_no):
                yes = learn(choices, asking, listing, names, depth - 1)
                no = learn(choices, asked_no, listed_no, names, depth - 1)
                return yes if yes == no else Question(name, below, yes, no)
            asking, listing = np.union1d(asking, asked_no), np.union1d(listing, listed_no)
    listed = choices.take(listing)
    return Leaf(tuple(listed.insatser[k] for k in _order(listed.alone)[:LISTED]))


def leaf_for(rule: Rule, x: pd.Series) -> Leaf:
    """Give the leaf for somebody with these features."""
    while isinstance(rule, Question):
        rule = rule.yes if x[rule.feature] < rule.below else rule.no
    return rule


def measure(rule: Rule, choices: Choices, own: Sequence[Foresight]) -> Worth:
    """Tell what a rule is worth for cases that it was not made from; `own` is what is expected in each."""
    column = {id: k for k, id in enumerate(choices.insatser)}
    first, followed = 0.0, 0.0
    for row, foresight in enumerate(own):
        leaf = leaf_for(rule, choices.X.iloc[row])
        open_to = [id for id in leaf.insatser if choices.alone[row, column[id]] > 0]
        if open_to:
            first += choices.alone[row, column[open_to[0]]]
            followed += _worth_of([open_to[:TAKEN]], foresight)[0]
    whole = choices.full.sum()
    return Worth(
        len(choices), float(first / whole), float(choices.alone.max(axis=1).sum() / whole), float(followed / whole)
    )


def askable(X: pd.DataFrame, instrument: Instrument, words: Words | None = None) -> list[str]:
    """Name the features that a rule may ask about: that may change a gain, and are no ground of discrimination."""
    words = words or swedish()
    names = [*(f"{features.LEVEL}{id}" for id in instrument.ranking), *features.MODIFIERS]
    return [name for name in names if name in X and not words.feature(name, instrument).protected]


def lines(
    rule: Rule, worth: Worth, catalogue: Catalogue, instrument: Instrument, words: Words | None = None
) -> list[str]:
    """Say the rule and what it is worth, in Swedish, one sentence or two a line; deeper questions are indented."""
    words = words or swedish()
    told = {name: words.amount(100 * getattr(worth, name), "percent") for name in ("first", "best_first", "followed")}
    return [
        words.text("simple_rule.intro"),
        *_said(rule, catalogue, instrument, words, 0),
        words.text("simple_rule.worth", n=str(worth.n_cases), share=told["followed"], taken=str(TAKEN)),
        words.text("simple_rule.first", share=told["first"], best=told["best_first"]),
        words.text("simple_rule.limits"),
    ]


def _said(rule: Rule, catalogue: Catalogue, instrument: Instrument, words: Words, deep: int) -> Iterator[str]:
    space = "  " * deep
    if isinstance(rule, Leaf):
        names = [name_of(id, catalogue) for id in rule.insatser]
        yield space + words.text("simple_rule.begin", insats=names[0])
        if names[1:]:
            yield space + words.text("simple_rule.then", insatser=words.listed(names[1:]))
        return
    entry = words.feature(rule.feature, instrument)
    if entry.values:
        below = [value for number, value in enumerate(entry.values) if number < rule.below]
        named = words.listed(below, words.language.disjunction)
        yield space + words.text("simple_rule.if_answer", feature=entry.label, values=named)
    else:
        value = words.quantity(rule.below, entry.unit) if entry.unit else words.short(rule.below)
        yield space + words.text("simple_rule.if_below", feature=entry.phrase, value=value)
    yield from _said(rule.yes, catalogue, instrument, words, deep + 1)
    yield space + words.text("simple_rule.otherwise")
    yield from _said(rule.no, catalogue, instrument, words, deep + 1)


def _worth_of(mixes: Sequence[Sequence[str]], foresight: Foresight) -> list[float]:
    """Tell what the best plan of nothing but these insatser is worth, for each mix; 0 where there is none."""
    everything = foresight.prospects(foresight.roll([()])[0])
    found = []
    for mix in mixes:
        only = replace(everything, speakable=everything.speakable & set(mix))
        plans = planner.pool(foresight.case, foresight.catalogue, only, n=1) if only.speakable else ()
        found.append(plans[:1])
    worths = iter(foresight.value([plan for plans in found for plan in plans]))
    return [max(next(worths).objective, 0.0) if plans else 0.0 for plans in found]


def _best_question(choices: Choices, names: Sequence[str]) -> tuple[str, float] | None:
    """Find the question after which everybody's first open insats is worth most in all; None if none adds anything."""
    best, found = _worth_together(choices.alone), None
    for name in names:
        values = choices.X[name].to_numpy(dtype=np.float64)
        for below in _cuts(values):
            side = values < below
            if min(side.sum(), (~side).sum()) < min(FEWEST, len(choices) // 3):
                continue
            worth = _worth_together(choices.alone[side]) + _worth_together(choices.alone[~side])
            if worth > best + 1e-9:
                best, found = worth, (name, below)
    return found


def _cuts(values: Array) -> list[float]:
    """Values that are easily said: halves where these tell apart, else whole numbers."""
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    step = 0.5 if np.ptp(known) < 6 else 1.0 if np.ptp(known) < 30 else 6.0
    return sorted({float(np.ceil(cut / step) * step) for cut in np.quantile(known, _SHARES)})


def _order(alone: Array) -> Ints:
    """Order insatser by what they are worth to everybody together, those that are open to nobody left out."""
    worth = alone.sum(axis=0)
    order: Ints = np.argsort(-worth, kind="stable")
    worthwhile: Ints = order[worth[order] > 0]
    return worthwhile


def _worth_together(alone: Array) -> float:
    """Tell what people gain in all if each begins with the first open insats of one and the same list."""
    ordered = alone[:, _order(alone)[:LISTED]]
    if not ordered.size:
        return 0.0
    first = np.argmax(ordered > 0, axis=1)
    return float(ordered[np.arange(len(ordered)), first].sum())


def _divide(rows: Ints, flags: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Divide rows into those with the flag and the others."""
    return rows[flags[rows]], rows[~flags[rows]]
