"""The commands for the trail: `pathway trail verify`, `export` and `change-key`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from service import opening


def add(commands: Any) -> None:
    """Add them to the command line."""
    trail = commands.add_parser("trail", help="verify or export the trail, or change its key")
    actions = trail.add_subparsers(required=True)
    verify = actions.add_parser("verify", help="say whether the trail holds; exit 2 if not")
    verify.add_argument("--checkpoints", type=Path, metavar="FILE", help="checkpoints that were kept elsewhere")
    verify.set_defaults(run=_verify)
    export = actions.add_parser("export", help="write the trail for the stand-alone verifier, service/trail/verify.py")
    export.add_argument("out", type=Path, metavar="OUT", help=".jsonl")
    export.add_argument("--with-contents", action="store_true", help="also what was shown, readable: guard the file")
    export.set_defaults(run=_export)
    change = actions.add_parser(
        "change-key", help="sign with the first key of PATHWAY_TRAIL_KEY from now on; the old one signs the new one"
    )
    change.set_defaults(run=_change_key)


def _verify(chosen: argparse.Namespace) -> None:
    from service import trail
    from service.errors import BrokenTrail

    kept = []
    if chosen.checkpoints is not None:
        from pathway.reading import text_of

        kept = [json.loads(line) for line in text_of(chosen.checkpoints).splitlines() if line.strip()]
    with opening.opened() as installation, installation.store.reading() as connection:
        checked = trail.check(connection, installation.signer, installation.vault, kept)
    if checked.faults:
        print("\n".join(checked.faults), file=sys.stderr)
        raise BrokenTrail(
            f"the trail does not hold: {len(checked.faults)} faults; keep the database as it is and find out why"
        )
    print(f"The trail holds. Public key: {checked.public_key}")


def _export(chosen: argparse.Namespace) -> None:
    from pathway import casefile
    from service import trail
    from service.store import trail as rows

    with (
        opening.opened() as installation,
        installation.store.reading() as connection,
        casefile.whole(chosen.out) as file,
    ):
        for record in trail.export(connection, installation.vault if chosen.with_contents else None):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        key = installation.signer.key_of(rows.head(connection)) or installation.signer.public_key
    print(f"{chosen.out}: verify with python service/trail/verify.py {chosen.out} {key}")


def _change_key(_: argparse.Namespace) -> None:
    with opening.opened() as installation:
        installation.change_trail_key()
        key = installation.signer.public_key
    print(f"The trail is signed with another key from now on. Public key: {key}")
    print("Give it to whoever verifies the trail, then take the old key out of PATHWAY_TRAIL_KEY.")
