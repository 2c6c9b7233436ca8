"""Shows a suggestion to a reader: in the terminal, or as a page."""

from pathway.printout.page import html
from pathway.printout.terminal import text

__all__ = ["html", "text"]
