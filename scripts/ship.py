"""Makes anew what the product ships with: the mock data, the model trained on it, and its audit. `make shipped`.

The register between them lives in a temporary folder, with the public key of mock data.
"""

import shutil
import tempfile
from datetime import date
from pathlib import Path

from pathway import (
    audit,
    catalogue,
    evaluation,
    instrument,
    intake,
    mock,
    modelfolder,
    pseudonym,
    register,
    shipped,
    training,
)
from pathway.progress import shown
from pathway.reviewcommands import truth_of

CLIENTS, SEED = 2000, 2026
TODAY = date(2026, 11, 22)  # of the import; no row of the package is later
AUDIT = Path(__file__).resolve().parent.parent / "docs" / "audit"


def main() -> None:
    """Write data/mock, then models/mock, then docs/audit."""
    with shown("mock") as tell:
        mock.write(shipped.mock_package(), CLIENTS, SEED, progress=tell)
    bip = instrument.read()
    with tempfile.TemporaryDirectory() as folder, shown("train") as tell:
        key = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY})
        intake.take_in(shipped.mock_package(), folder, key, bip, TODAY)
        known, offered = register.open(folder), catalogue.read(shipped.catalogue())
        model = training.train(known, offered, bip, progress=tell)
        modelfolder.write(model, shipped.model())
        truth = truth_of(shipped.mock_package() / "truth", known, key, TODAY)
        facts = audit.examine(known, modelfolder.read(shipped.model()), TODAY, offered, truth=truth, progress=tell)
        audit.write(facts, AUDIT)
    in_use = shipped.model() / "audit"  # where the service's auditors read the report of the model in use
    in_use.mkdir(exist_ok=True)
    shutil.copy(AUDIT / "audit.html", in_use)
    print("\n".join(evaluation.lines(model.evaluation)))


if __name__ == "__main__":
    main()
