"""Raw export in, pseudonymised and checked rows out, with a report of what was taken in and what was not."""

from pathway.intake.report import Report, TableReport
from pathway.intake.walk import TakenIn, take_in

__all__ = ["Report", "TableReport", "TakenIn", "take_in"]
