"""Shows a suggestion to a reader: in the terminal, as a page, or as the client's own sheet."""

from pathway.printout.page import client, html
from pathway.printout.terminal import text

__all__ = ["client", "html", "text"]
