"""What is kept of suggestions that were opened: few, for a while, and nothing that the next one may not see."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from service.pages import frame
from service.pages.shelf import Laid, Shelf

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def laid(name: str) -> Laid:
    return Laid(cast(Any, name), cast(Any, None), cast(Any, None), None)


def test_the_shelf_keeps_no_more_than_it_has_room_for() -> None:
    shelf = Shelf(room=2)
    for name in "abc":
        shelf.put((name,), NOON, laid(name))
    assert [shelf.take((name,), NOON) is not None for name in "abc"] == [False, True, True]


def test_what_was_put_there_too_long_ago_is_gone_from_memory() -> None:
    shelf = Shelf(life=timedelta(minutes=1))
    shelf.put(("a",), NOON, laid("a"))
    shelf.put(("b",), NOON + timedelta(seconds=50), laid("b"))
    assert shelf.take(("b",), NOON + timedelta(seconds=70)) is not None
    assert list(shelf._laid) == [("b",)]


def test_nothing_is_left_once_something_was_erased() -> None:
    shelf = Shelf()
    shelf.put(("a",), NOON, laid("a"))
    shelf.clear()
    assert shelf.take(("a",), NOON) is None


def test_a_document_is_given_its_own_styles_and_nothing_else() -> None:
    policy = frame.document("<style>p{color:red}</style><p>Hej</p>").headers["content-security-policy"]
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert "style-src 'none'" in frame.document("<p>Hej</p>").headers["content-security-policy"]
