"""Every way the library can refuse, as one tree.

::

    PathwayError                 someone can fix it; the command line prints it and exits with 2
    ├── UnreadableFile           a file or folder is missing, unreadable, unwritable, or not in its format
    ├── FaultyInstrument         an instrument file breaks a rule
    ├── FaultyCatalogue          an insats breaks a rule
    ├── FaultyCase               a case breaks a rule
    ├── FaultyQuestion           a question about a suggestion breaks a rule (`pathway.questions`)
    ├── FaultyWords              a file of words lacks a text, or a text has a placeholder that cannot be filled
    ├── FaultyTable              a table of a data package lacks what it must have
    ├── FaultyModelFolder        a model folder is incomplete, altered or of another kind
    ├── Mismatch                 two things that must fit each other do not (model, catalogue, instrument, key)
    ├── NoKey                    pseudonymisation, or whoever releases models, has no key that can be used
    ├── RegisterUnavailable      the register cannot be opened, read or written
    ├── TrackingUnavailable      the place where models are kept cannot be opened, or has no such model
    ├── ReleaseRefused           a model does not pass a gate
    └── TooLittleData            there is not enough to learn from

An expected answer ("too few comparable people") is a value, never an error. A mistake of ours is a ``ValueError``.
No message ever repeats the content of a cell: a cell may hold a personnummer.
"""


class PathwayError(Exception):
    """Something that the reader of the message can put right.

    Parameters
    ----------
    message
        One line in English that names the place, the rule, and what to do.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnreadableFile(PathwayError):
    """A file or folder is missing, unreadable, unwritable, or not in the format that its name promises."""

    code = "unreadable_file"


class FaultyInstrument(PathwayError):
    """An instrument file breaks a rule."""

    code = "faulty_instrument"


class FaultyCatalogue(PathwayError):
    """An insats in the catalogue breaks a rule; the message names the insats, the field and the rule."""

    code = "faulty_catalogue"


class FaultyCase(PathwayError):
    """A case breaks a rule; the message names the case's place, the field and the rule."""

    code = "faulty_case"


class FaultyWords(PathwayError):
    """A file of words breaks a rule; the message names the text and what is allowed there."""

    code = "faulty_words"


class FaultyTable(PathwayError):
    """A table of a data package lacks a column, or cannot be read as a table at all."""

    code = "faulty_table"


class FaultyModelFolder(PathwayError):
    """A model folder is incomplete, altered, or written by an incompatible version."""

    code = "faulty_model_folder"


class Mismatch(PathwayError):
    """Two things that must fit each other do not: model and catalogue, case and instrument, key and register."""

    code = "mismatch"


class NoKey(PathwayError):
    """Pseudonymisation or a release was asked for, but there is no key that can be used for it."""

    code = "no_key"


class RegisterUnavailable(PathwayError):
    """The register cannot be opened, read or written."""

    code = "register_unavailable"


class TrackingUnavailable(PathwayError):
    """The place where models are kept cannot be opened, or holds no model of that name."""

    code = "tracking_unavailable"


class ReleaseRefused(PathwayError):
    """A model does not pass a gate; the message names the gate and what was found."""

    code = "release_refused"


class TooLittleData(PathwayError):
    """There is not enough in the register to learn anything from."""

    code = "too_little_data"
