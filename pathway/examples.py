"""Opens what a notebook looks at: one's own register and model, or the shipped MOCK data and their model."""

import tempfile
from datetime import date
from functools import cache
from pathlib import Path

from pathway import catalogue, instrument, intake, modelfolder, pseudonym, register, shipped
from pathway.catalogue import Catalogue
from pathway.instrument import Instrument
from pathway.modelfolder import Model
from pathway.register import Register

_TODAY = date(2026, 11, 22)  # of the import of the mock data


def register_of(where: str | Path | None = None) -> Register:
    """Open a register; without a place, the mock data are imported into one that lasts as long as the process."""
    return register.open(where) if where else _mock_register()


def model_of(where: str | Path | None = None) -> Model:
    """Read a model folder; without a place, the one trained on the mock data."""
    return modelfolder.read(Path(where) if where else shipped.model())


def catalogue_of(where: str | Path | None = None) -> Catalogue:
    """Read a catalogue; without a place, the mock Välfärdsguiden."""
    return catalogue.read(Path(where) if where else shipped.catalogue())


def instrument_of(where: str | Path | None = None) -> Instrument:
    """Read an instrument; without a place, BIP."""
    return instrument.read(Path(where) if where else instrument.SHIPPED)


@cache
def _mock_register() -> Register:
    folder = tempfile.TemporaryDirectory(prefix="pathway-mock-")
    key = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY})
    intake.take_in(shipped.mock_package(), folder.name, key, instrument_of(), _TODAY)
    opened = register.open(folder.name)
    opened.lies_in = folder  # type: ignore[attr-defined]  # removed with the register that lies in it
    return opened
