"""What an import says of itself, for people and as JSON: what came of the rows, and how good the answers are."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date

from pathway.intake.faults import FAULTS
from pathway.intake.quality import Quality
from pathway.register import Change
from pathway.tables import Table


@dataclass(frozen=True)
class TableReport:
    """What came of the rows of one table.

    ``read`` is the sum of ``taken_in``, ``repeated``, ``held_back`` and ``quarantined``, and ``taken_in`` that of the
    three parts of ``change``.

    Attributes
    ----------
    encoding, separator
        How the file turned out to be written.
    repeated
        Rows that a later row of the file repeats word for word.
    held_back
        Rows of people in a phase that is never taken in.
    quarantined_by_reason
        Reason code → rows, most frequent first.
    ignored_columns
        Extra columns, which were not read.
    """

    file: str
    encoding: str
    separator: str
    read: int
    taken_in: int
    change: Change
    repeated: int
    held_back: int
    quarantined: int
    quarantined_by_reason: Mapping[str, int]
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What an import did, and with what.

    Attributes
    ----------
    package
        A hash of the package's files as they stood, in letters.
    already_taken_in_on
        The day this very package was taken in before; the import then changed nothing. ``None``: it is new.
    catalogue
        Version of the package's catalogue; ``None``: it has none.
    mock
        Whether the package says that it holds people who do not exist.
    people_held_back
        People in a phase that is never taken in.
    notes
        What the reader should know beyond the numbers.
    """

    package: str
    imported_on: date
    already_taken_in_on: date | None
    key_id: str
    instrument: str
    catalogue: str | None
    mock: bool
    tables: Mapping[Table, TableReport]
    people_held_back: int
    quality: Quality
    notes: tuple[str, ...]

    def json(self) -> str:
        """Write the report as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, default=str) + "\n"

    def lines(self) -> Iterator[str]:
        """Write the report for a terminal, line by line."""
        if self.mock:
            yield "MOCK data: these people do not exist."
        if self.already_taken_in_on:
            yield f"This package was taken in on {self.already_taken_in_on} already: nothing has changed."
        yield f"{'':<16}{'read':>9}{'taken in':>10}{'new':>9}{'corrected':>11}{'held back':>11}{'quarantined':>13}"
        for table, told in self.tables.items():
            yield (
                f"{table:<16}{told.read:>9,}{told.taken_in:>10,}{told.change.new:>9,}{told.change.corrected:>11,}"
                f"{told.held_back:>11,}{told.quarantined:>13,}"
            )
        for told in self.tables.values():
            yield from _about(told)
        yield from _about_quality(self.quality)
        yield from self.notes


def _about(told: TableReport) -> Iterator[str]:
    for code, n_rows in told.quarantined_by_reason.items():
        yield f"{told.file}: {n_rows:,} quarantined as {code}: {FAULTS[code]}"
    if told.repeated:
        yield f"{told.file}: {told.repeated:,} rows stand twice, word for word; one of each is taken in"
    if told.ignored_columns:
        yield f"{told.file}: columns not read: {', '.join(told.ignored_columns)}"
    if (told.encoding, told.separator) != ("utf-8", "comma"):
        yield f"{told.file}: read as {told.encoding}, separated by {told.separator}"


def _about_quality(quality: Quality) -> Iterator[str]:
    yield "Answers: " + ", ".join(f"{respondent} {n:,}" for respondent, n in quality.answers.items())
    if quality.answers_without_caseworker:
        yield f"Answers of handläggare without respondent_id: {quality.answers_without_caseworker:,}"
    unanswered = {name: asked.share_unanswered for name, asked in quality.missing.items()}
    yield "Asked, not answered: " + ", ".join(
        f"{name} {'never asked' if share is None else f'{share:.1%}'}" for name, share in unanswered.items()
    )
    if quality.interval_days:
        yield "Days between measurements: " + _quantiles(quality.interval_days)
    if quality.measurements_per_client:
        yield "Measurements per client: " + _quantiles(quality.measurements_per_client)
    for respondent, alike in quality.straight_lining.items():
        if alike.share_alike is not None:
            share = f"{alike.share_alike:.1%} of {alike.measurements:,}"
            yield f"Measurements with the same answer throughout: {respondent} {share}"
    yield f"Caseworkers compared: {quality.raters_judged}, who stand out: {len(quality.raters_outstanding)}"
    for rater in quality.raters_outstanding:
        yield (
            f"  {rater.caseworker}: {rater.deviation_steps:+.2f} steps from the others "
            f"({rater.answers:,} answers, {rater.clients:,} clients)"
        )


def _quantiles(values: Mapping[str, float]) -> str:
    return ", ".join(f"{at} {value:g}" for at, value in values.items())
