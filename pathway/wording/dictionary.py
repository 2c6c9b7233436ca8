"""The feature dictionary: what each thing that the model knows about a person is, and what it is called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from pathway.reading import toml_of

FACTS = Path(__file__).parent.parent / "words" / "features.toml"
Category = Literal["level", "background", "health", "history", "interplay"]
SPOKEN = ("label", "phrase", "negated", "values")  # what a words file says of a feature; all else stands in `FACTS`


@dataclass(frozen=True)
class Feature:
    """What one known thing about a person is called, and what kind of thing it is.

    Attributes
    ----------
    label
        For headings and tables.
    phrase, negated
        In the middle of a sentence; `negated` when the answer is no, zero or empty.
    group
        The group whose contributions it is shown with.
    unit
        A unit of the words file, or empty.
    values
        Words for the answers 0, 1, 2, …, when the answer is not a quantity.
    cap
        The value is counted up to here only.
    can_be_influenced
        Whether it can change while a plan runs.
    protected
        Whether it is a ground of discrimination or sensitive.
    """

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    label: str
    phrase: str
    negated: str
    category: Category
    group: str
    can_be_influenced: bool
    protected: bool
    unit: str = ""
    decimals: Annotated[int, Field(ge=0, le=3)] = 0
    values: tuple[str, ...] = ()
    cap: float | None = None

    def of_indicator(self, indicator_id: str, label: str) -> "Feature":
        """Fill a family's entry in with one indicator; `label` as in the middle of a sentence."""
        return replace(
            self,
            label=self.label.format(indicator=label),
            phrase=self.phrase.format(indicator=label),
            negated=self.negated.format(indicator=label),
            group=self.group.removesuffix("*") + indicator_id if self.group.endswith("*") else self.group,
        )


@dataclass(frozen=True)
class Group:
    """Features that belong together in the eyes of a person: a heading, and the same in the middle of a sentence."""

    __pydantic_config__: ClassVar[ConfigDict] = {"extra": "forbid"}

    label: str
    phrase: str


def with_facts(spoken: Any, path: Path = FACTS) -> tuple[Any, list[str]]:
    """Put what words say of each feature together with what it is.

    Parameters
    ----------
    spoken
        The table ``features`` of a words file, as it was read.

    Returns
    -------
    the features as plain data, and what is wrong with them: a name in only one of the files, a fact among the words
    """
    facts = toml_of(path)
    if not isinstance(spoken, Mapping) or not all(isinstance(entry, Mapping) for entry in spoken.values()):
        return spoken, []
    faults = [*_lonely(set(facts), set(spoken), path), *_misplaced(spoken, path)]
    return {name: {**facts.get(name, {}), **entry} for name, entry in spoken.items()}, faults


def family_of(name: str, entries: Iterable[str], indicators: Iterable[str]) -> tuple[str, str] | None:
    """Find a name's family and its indicator: ``("level_*", "natverk")``; ``None`` if it belongs to none."""
    known = set(indicators)
    for family in entries:
        prefix = family.removesuffix("*")
        if family != prefix and name.startswith(prefix) and name.removeprefix(prefix) in known:
            return family, name.removeprefix(prefix)
    return None


def _lonely(facts: set[str], spoken: set[str], path: Path) -> Iterable[str]:
    for name in sorted(facts - spoken):
        yield f"the feature {name} of {path.name} has no words; add [features.{name}]"
    for name in sorted(spoken - facts):
        yield f"the feature {name} is not in {path.name}; add it there, or mend its name"


def _misplaced(spoken: Mapping[str, Mapping[str, Any]], path: Path) -> Iterable[str]:
    for name, entry in spoken.items():
        for part in entry:
            if part not in SPOKEN:
                yield f"features.{name}.{part}: not words ({', '.join(SPOKEN)}); it belongs in {path.name}"
