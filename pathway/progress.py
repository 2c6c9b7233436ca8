"""Shows on a terminal how far a longer task has come; elsewhere only what is being done, a line a stage."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Tell(Protocol):
    """Is told what is being done, how many steps are behind, and how many there are (0: not known)."""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None: ...  # noqa: D102


@contextmanager
def shown(task: str) -> Iterator[Tell]:
    """Show the progress of a task on standard error until it ends.

    Parameters
    ----------
    task
        What the command does, such as ``import``; stands before every stage.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(task)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        stages: list[TaskID] = []

        def tell(what: str, done: int = 0, total: int = 0) -> None:
            if not stages:
                stages.append(bar.add_task(task))
            bar.update(stages[0], description=f"{task}: {what}", completed=done, total=total or None)

        yield tell


def _lines(task: str) -> Tell:
    told: list[str] = []

    def tell(what: str, done: int = 0, total: int = 0) -> None:
        if not told or told[-1] != what:
            told.append(what)
            print(f"{task}: {what}", file=sys.stderr, flush=True)

    return tell
