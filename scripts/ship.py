"""Makes anew what the product ships with: the mock data package and the model trained on it. `make shipped`.

The register between them lives in a temporary folder, with the public key of mock data.
"""

import tempfile
from datetime import date

from pathway import catalogue, evaluation, instrument, intake, mock, modelfolder, pseudonym, register, shipped, training
from pathway.progress import shown

CLIENTS, SEED = 2000, 2026
TODAY = date(2026, 11, 22)  # of the import; no row of the package is later


def main() -> None:
    """Write data/mock, then models/mock."""
    with shown("mock") as tell:
        mock.write(shipped.mock_package(), CLIENTS, SEED, progress=tell)
    bip = instrument.read()
    with tempfile.TemporaryDirectory() as folder, shown("train") as tell:
        key = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY})
        intake.take_in(shipped.mock_package(), folder, key, bip, TODAY)
        model = training.train(register.open(folder), catalogue.read(shipped.catalogue()), bip, progress=tell)
        modelfolder.write(model, shipped.model())
    print("\n".join(evaluation.lines(model.evaluation)))


if __name__ == "__main__":
    main()
