"""Writes files beside their final names first, and gives them those names only when all else has succeeded."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pathway.errors import UnreadableFile


class Staging:
    """Files on their way into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[Path, Path] = {}

    def write(self, name: str, text: str) -> None:
        """Write a file under a name of its own, until `staging` ends; raises `UnreadableFile` where it cannot."""
        final = self._folder / name
        self._waiting[final] = final.with_name(f"{name}.new")
        with _told(self._folder):
            self._waiting[final].write_text(text, encoding="utf-8")

    def publish(self) -> None:
        """Give each file its name."""
        with _told(self._folder):
            for final, written in self._waiting.items():
                written.replace(final)

    def discard(self) -> None:
        """Remove what was written."""
        for written in self._waiting.values():
            with suppress(OSError):
                written.unlink(missing_ok=True)


@contextmanager
def staging(folder: Path) -> Iterator[Staging]:
    """Make a folder, let files be written, and publish them if nothing fails; else leave everything as it was.

    Raises
    ------
    UnreadableFile
        The folder cannot be made or written.
    """
    files = Staging(folder)
    with _told(folder):
        missing = [path for path in (folder.absolute(), *folder.absolute().parents) if not path.exists()]
    try:
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        yield files
        files.publish()
    except BaseException:
        files.discard()
        for path in missing:
            with suppress(OSError):
                path.rmdir()
        raise


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableFile(f"{folder}: cannot be written ({error.strerror}); check room and rights") from None
