"""The pages' texts: every one that is used exists in both languages, in short sentences, and none is left over."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from pathway.case import EndedAs
from pathway.errors import FaultyWords
from service import overview
from service.access.roles import ROLES
from service.errors import Refusal
from service.pages import speech, tour
from service.pages.answer import ANSWERS

SERVICE = Path(speech.__file__).parent.parent
RAW = tomllib.loads((SERVICE / speech.PLACE).read_text(encoding="utf-8"))
SOURCES = [
    *(SERVICE / "pages").glob("*.py"), *(SERVICE / "templates").glob("*.html"), SERVICE / "rules.py"
]  # fmt: skip
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
MOST_WORDS = 20


def all_refusals(kind: type[Refusal] = Refusal) -> set[str]:
    return {kind.code} | {code for below in kind.__subclasses__() for code in all_refusals(below)}


def used() -> set[str]:
    """Keys that sources name, and those that they put together from what they know."""
    named = set(re.findall(r"""\b(?:t|texts)\(\s*"(\w+\.\w+)\"""", TEXT))
    named |= {"what_if.whole", "what_if.number"}
    rules = set(re.findall(r"""(?:yield |Broken\()"(\w+)\"""", (SERVICE / "rules.py").read_text(encoding="utf-8")))
    rules |= {"municipality", "age", "income_source", "swedish_level"}  # as the planner's own rules are called
    families = {
        "roles": ROLES, "sign_in": ROLES, "states": (*ANSWERS, "suggested", "abstained", "none"), "answers": ANSWERS,
        "waits": overview.PRESSING, "ended": get_args(EndedAs), "respondents": ("klient", "handläggare"),
        "rules": rules,
        "answer": ANSWERS, "difference": ("added", "removed", "moved", "up", "down"),
        "tour": [name for one in (*tour.STEPS,) for name in (one, f"{one}_text")]
        + [f"{part}_{one}" for one in tour.GUESSES for part in ("guess", "why")]
        + ["reason_time", "reason_health", "reason_level"],
        "your_data": [name for one in RAW["your_data"] for name in (one,)],
        "actions": [
            f"{noun}_{one}" for noun, done in (
                ("suggestion", ("made", "read", "replayed", "state_read", "what_if", "why_not")),
                ("decision", ("made", "read")), ("trail", ("read",)),
            ) for one in done
        ],
        "frame": ("my_cases", "caseload", "audit", "model", "catalogue", "tour", "your_data"),
    }  # fmt: skip
    named |= {f"{table}.{name}" for table, names in families.items() for name in names}
    named |= {"respondents.short_klient", "respondents.short_handläggare"}
    return {one for one in named if not one.endswith("_")}


def test_every_text_that_is_used_exists_and_none_is_left_over() -> None:
    known = set(speech.spoken("sv").by_key)
    optional = {key for key in known if key.startswith("refused.")}  # looked up by an error's code
    assert used() - known == set()
    assert known - used() - optional == set()


def test_every_refusal_that_a_person_can_meet_has_words() -> None:
    never = {"malformed", "unauthenticated", "wrong_media", "unconditional"} | {Refusal.code}
    known = speech.spoken("sv").by_key
    assert {code for code in all_refusals() - never if f"refused.{code}" not in known} == set()


@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_sentences_are_short(language: str) -> None:
    sentences = [
        (key, one) for key, text in speech.spoken(language).by_key.items() for one in re.split(r"(?<=[.!?:]) ", text)
    ]
    assert [(key, one) for key, one in sentences if len(one.split()) > MOST_WORDS] == []


def test_no_text_ranks_people_or_claims_a_cause() -> None:
    banned = re.compile(r"beror på|bäst för dig|risk|poäng|rankning|score|optimal|because of the insats", re.IGNORECASE)
    texts = [text for language in speech.LANGUAGES for text in speech.spoken(language).by_key.values()]
    assert [text for text in texts if banned.search(text)] == []


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"sv": "Hej"}, "must have sv and en"),
        ({"sv": "Hej", "en": " "}, "is empty"),
        ({"sv": "Hej {n}", "en": "Hi"}, "same placeholders"),
        ({"sv": "Hej {", "en": "Hi"}, "brace"),
        ("Hej", "must have sv and en"),
    ],
)
def test_a_faulty_text_is_named(entry: object, told: str) -> None:
    with pytest.raises(FaultyWords, match=f"the text a.b .*{told}"):
        speech.read({"a": {"b": entry}})


def test_a_text_that_does_not_exist_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        speech.spoken("sv")("frame.nowhere")
