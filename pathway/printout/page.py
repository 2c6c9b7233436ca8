"""Writes suggestions as self-contained HTML, for caseworker and client: nothing is fetched, nothing runs."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pathway.case import Case
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.plan import Suggestion
from pathway.printout import leaflet
from pathway.printout.sheet import lay_out
from pathway.wording.words import Words, swedish


def _share(value: float) -> str:
    return f"{100 * value:.2f}".rstrip("0").rstrip(".") + "%"


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["share"] = _share


def html(
    suggestions: Sequence[Suggestion],
    cases: Sequence[Case],
    catalogue: Catalogue,
    instrument: Instrument,
    words: Words | None = None,
) -> str:
    """Write one page for one or more suggestions, in the order given; several get a list of contents.

    Parameters
    ----------
    cases
        The case of each suggestion, in the same order.

    Raises
    ------
    ValueError
        Suggestions and cases do not go together.
    """
    words = words or swedish()
    sheets = [
        lay_out(suggestion, case, catalogue, instrument, words)
        for suggestion, case in zip(suggestions, cases, strict=True)
    ]
    return _ENVIRONMENT.get_template("page.html").render(
        sheets=sheets,
        w=words.text,
        language=words.language.code,
        not_known=words.lists["fixed.not_known"],
        abstained_help=words.lists["page.abstained_help"],
    )


def client(
    suggestions: Sequence[Suggestion],
    cases: Sequence[Case],
    catalogue: Catalogue,
    instrument: Instrument,
    words: Words | None = None,
) -> str:
    """Write the clients' own pages: one A4 sheet a suggestion, in easy words; parameters and errors as for `html`."""
    words = words or swedish()
    leaflets = [
        leaflet.lay_out(suggestion, case, catalogue, instrument, words)
        for suggestion, case in zip(suggestions, cases, strict=True)
    ]
    page = _ENVIRONMENT.get_template("client.html")
    return page.render(leaflets=leaflets, w=words.text, language=words.language.code)
