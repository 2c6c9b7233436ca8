"""Writes a follow-up to a folder, ready to be published: tables, how they are protected, the catalogue, metadata."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pathway import catalogue
from pathway.casefile import whole
from pathway.catalogue import Catalogue
from pathway.followup import metadata
from pathway.followup.mapping import Fields
from pathway.followup.metadata import Dataset, Service
from pathway.followup.publisher import Published
from pathway.followup.tables import FollowUp, gather, write
from pathway.register import Register

TABLES, CATALOGUE, PROTECTION, METADATA = "uppfoljning.csv", "insatser.json", "skydd.md", "metadata.ttl"
MOCK = "mock-"  # before every name, where people do not exist


@dataclass(frozen=True)
class Publication:
    """What was written."""

    followed: FollowUp
    files: tuple[Path, ...]


def publish(
    register: Register,
    fields: Fields,
    first_day: date,
    last_day: date,
    out: Path,
    today: date,
    offered: Path | None = None,
    by: Published | None = None,
) -> Publication:
    """Count, hide and write; each file appears whole or not at all.

    Parameters
    ----------
    offered
        The catalogue that insatser are named from; it is published, too.
    by
        Who publishes. Without it there is no metadata.

    Raises
    ------
    UnreadableFile, FaultyCatalogue
        A file cannot be written, or the catalogue cannot be read.
    ValueError
        The period ends before it begins.
    """
    known = catalogue.read(offered) if offered else None
    followed = gather(register.tables(), fields, first_day, last_day, known)
    mark = MOCK if register.mock else ""
    files = {name: out / f"{mark}{name}" for name in (TABLES, PROTECTION, CATALOGUE, METADATA)}
    write(followed, files[TABLES])
    written = [files[TABLES], files[PROTECTION]]
    with whole(files[PROTECTION]) as file:
        file.write(protection(followed, register.mock))
    if offered and known:
        with offered.open(encoding="utf-8") as source, whole(files[CATALOGUE]) as file:
            shutil.copyfileobj(source, file)
        written.append(files[CATALOGUE])
    if by:
        metadata.write(
            _described(followed, by, today, known, {name: path.name for name, path in files.items()}), files[METADATA]
        )
        written.append(files[METADATA])
    return Publication(followed, tuple(written))


def protection(followed: FollowUp, mock: bool) -> str:
    """Word, in Swedish, how the tables are protected and how alike the people behind them are (Markdown)."""
    among, alike = followed.anonymity, followed.alike
    named = ", ".join(f"{insats} ({field})" for insats, field in alike)
    return "\n".join(
        [
            "# Så skyddas uppföljningen",
            "",
            *(["**Påhittade data. Personerna finns inte.**", ""] if mock else []),
            f"Period: {followed.first_day} till {followed.last_day}. Fält enligt: {followed.system}.",
            *([] if followed.verified else ["", "**Fältens namn är inte kontrollerade mot systemets egen handbok.**"]),
            "",
            "## Det som lämnas ut",
            "",
            f"* Tabellerna har {len(followed.cells)} tal. {followed.n_hidden} av dem är dolda.",
            f"* Ett tal döljs om det gäller färre än {followed.smallest} personer.",
            "* Fler tal döljs, så att inget dolt tal går att räkna ut ur summorna.",
            f"* Så nära som {followed.smallest} personer går inget dolt tal att ringa in. Det är prövat.",
            "* Nollor visas.",
            f"* Alla deltagare har samma värde i {len(alike)} fall{f': {named}' if named else ''}.",
            *(["  Den som vet att någon deltog vet då också värdet. Avgör om det får lämnas ut."] if alike else []),
            "",
            "## Raderna bakom, som inte lämnas ut",
            "",
            f"En klass är personer som är lika i fälten {', '.join(followed.known)}.",
            "",
            "| mått | värde |",
            "|---|---|",
            f"| deltaganden | {among.n_people} |",
            f"| klasser | {among.n_classes} |",
            f"| minsta klassen, personer (k-anonymitet) | {among.k} |",
            f"| minsta antal olika värden av {followed.sensitive} i en klass (l-diversitet) | {among.l} |",
            f"| deltaganden i klasser under {followed.smallest} personer | {among.n_people_below} |",
            "",
            *(
                ["Raderna får inte lämnas ut: personer skulle kunna pekas ut."]
                if among.k < followed.smallest
                else ["Även om klasserna är stora får raderna inte lämnas ut: de handlar om enskilda personer."]
            ),
            "",
            "## Det som inte skyddas",
            "",
            "* Den som jämför tabeller från två dagar kan se vem som har tillkommit. Publicera på fasta dagar.",
            "* Den som känner alla andra i en ruta vet vem som är kvar.",
            "",
        ]
    )


def lines(published: Publication) -> list[str]:
    """Word a publication for a terminal."""
    followed, among = published.followed, published.followed.anonymity
    return [
        f"{followed.first_day} to {followed.last_day}: {len(followed.cells)} cells, {followed.n_hidden} hidden "
        f"(fewer than {followed.smallest} people, and what they could be worked out from)",
        f"Rows behind, never told: k-anonymity {among.k}, l-diversity {among.l}, {among.n_people_below} of "
        f"{among.n_people} in classes below {followed.smallest}",
        *([] if followed.verified else ["Names of fields are not verified against the system's manual: see --mapping"]),
        *(f"Wrote {path}" for path in published.files),
    ]


def _described(followed: FollowUp, by: Published, today: date, offered: Catalogue | None, names: dict[str, str]) -> str:
    mock = "Påhittade data: " if names[TABLES].startswith(MOCK) else ""
    period = f"{followed.first_day} till {followed.last_day}"
    tables = Dataset(
        "uppfoljning",
        f"{mock}Uppföljning av insatser, {period}",
        f"{mock}Deltagare per insats och fält. Tal under {followed.smallest} personer är dolda, och fler med dem.",
        names[TABLES],
        "text/csv",
        ("arbetslivsinriktad rehabilitering", "insatser", "uppföljning"),
        today,
        followed.first_day,
        followed.last_day,
    )
    listed = Dataset(
        "insatser",
        f"{mock}Insatser, version {offered.version if offered else ''}",
        f"{mock}Insatser som kan erbjudas: innehåll, villkor, start och platser.",
        names[CATALOGUE],
        "application/json",
        ("arbetslivsinriktad rehabilitering", "insatser", "katalog"),
        today,
    )
    api = by.api and Service("api", "Insatser som API", "Sök bland insatserna.", by.api.endpoint, by.api.openapi)
    title = f"{mock}Öppna data om insatser"
    return metadata.turtle(by.publisher, title, [tables, *([listed] if offered else [])], [api] if api else [])
