"""A fitted model on disk: text, manifest, card, checksums. No pickle, and no row of any person.

::

    manifest.json        format, version, what it was trained on, instrument, insatser, checksums of the other files
    gains.json           coefficients, covariances and the encoding of features
    course/<id>.txt      LightGBM's text, one file per indicator: the change expected without insatser
    evaluation.json      skill on clients held out, and what becomes of people after a measurement
    outcomelink.json     how levels went together with work or studies later
    card.md              the same for readers
    release.json         of a released model only: the gates that it passed (`pathway.comparison`)
    signature.json       of a released model only: whoever holds the key wrote the two above and all they name

`pathway.modelfolder.tracking` keeps models and their history in MLflow; nothing that the desk uses imports it.
"""

from pathway.modelfolder.folder import FORMAT, read, write
from pathway.modelfolder.model import CARD, COURSE, EVALUATION, GAINS, LINK, MANIFEST, Model, Training

__all__ = [
    "CARD", "COURSE", "EVALUATION", "FORMAT", "GAINS", "LINK", "MANIFEST", "Model", "Training", "read", "write",
]  # fmt: skip
