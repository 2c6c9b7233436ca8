"""The report for those who review the model: facts computed once, shown as JSON, HTML and pre-filled documents."""

from pathway.audit.facts import Facts, Flag
from pathway.audit.pages import write
from pathway.audit.report import examine

__all__ = ["Facts", "Flag", "examine", "write"]
