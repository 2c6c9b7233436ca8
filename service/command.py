"""The service's own commands: `serve`, `key` and `replay` here, others beside; heavy imports wait for their turn."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from service import account_commands, opening, person_commands, store_commands, trail_commands


def add(commands: Any) -> None:
    """Add the service's commands to the command line; an entry point of the group ``pathway.commands``."""
    serve = commands.add_parser(
        "serve",
        help="run the web service",
        epilog="All settings come from the environment: see docs/SERVICE.md.",
    )
    serve.add_argument("--demo", action="store_true", help="with mock cases in a database of its own, and demo people")
    serve.add_argument("--host", default="127.0.0.1", metavar="H", help="default: %(default)s")
    serve.add_argument(
        "--port", type=_port, default=8000, metavar="P", help="default: %(default)s; 0: any that is free"
    )
    serve.add_argument(
        "--folder", type=Path, default=Path(".demo"), metavar="DIR", help="of the demo; default: %(default)s"
    )
    serve.set_defaults(run=_serve)

    key = commands.add_parser("key", help="make keys for systems").add_subparsers(required=True)
    create = key.add_parser("create", help="open an account for a system and print its key, once")
    create.add_argument("label", metavar="LABEL", help="which system")
    create.add_argument("--role", required=True, help="handläggare, enhetschef, data_scientist, auditor, administrator")
    create.add_argument("--unit", metavar="UNIT", help="for handläggare and enhetschef")
    create.set_defaults(run=_create_key)

    replay = commands.add_parser("replay", help="work a suggestion out again and say whether anything differs")
    replay.add_argument("suggestion", metavar="SUGGESTION_ID")
    replay.add_argument("--json", action="store_true", help="all that was found, as JSON")
    replay.set_defaults(run=_replay)

    trail_commands.add(commands)
    account_commands.add(commands)
    person_commands.add(commands)
    store_commands.add(commands)


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return number


def _serve(chosen: argparse.Namespace) -> None:
    from service import demo, serving

    listening, address = serving.listen(chosen.host, chosen.port)
    if chosen.demo:
        installation = demo.open_demo(os.environ, chosen.folder, address)
        print("\n".join(demo.greeting(installation, address)), flush=True)
    else:
        given = {} if os.environ.get("PATHWAY_PUBLIC_URL") else {"public_url": address}
        installation = opening.installation(opening.settings(**given))
        demo.refuse_demo(installation)
        print(f"Pathway Generator: {address}", flush=True)
    serving.serve(installation, listening)


def _create_key(chosen: argparse.Namespace) -> None:
    from service import keys
    from service.access.callers import OPERATOR
    from service.access.roles import ROLES
    from service.errors import FaultySetting

    if chosen.role not in ROLES:
        raise FaultySetting(f"--role: must be one of {', '.join(ROLES)}")
    installation = opening.installation()
    with installation.visit(OPERATOR, installation.new_trace()) as visit:
        made = keys.create(visit, {"label": chosen.label, "role": chosen.role, "unit": chosen.unit})
    print(made["bearer"])


def _replay(chosen: argparse.Namespace) -> None:
    from dataclasses import asdict

    from service.errors import NotTheSame
    from service.replay import replay

    with opening.opened() as installation:
        replayed = replay(installation, chosen.suggestion)
    if chosen.json:
        print(json.dumps(asdict(replayed) | {"holds": replayed.holds}, ensure_ascii=False, indent=1))
    else:
        print("\n".join(_worded(replayed)))
    if not replayed.holds:
        raise NotTheSame("the suggestion is not what comes out now; pathway replay --json tells where")


def _worded(replayed: Any) -> list[str]:
    versions = ", ".join(f"{name} {told}" for name, told in replayed.made_with.items())
    if replayed.bit_equal:
        told = ["The same to the last bit: gains, explanations, plans, reasons and words."]
    elif replayed.different:
        told = ["DIFFERENT:", *replayed.different]
    else:
        told = [
            f"Gains, explanations and levels of the plans are the same (largest difference {replayed.largest:.1g})."
        ]
    if not replayed.chosen_again:
        told += ["The planner of today says something else in:", *replayed.otherwise[:20]]
    broken = ["BROKEN RULES:", *replayed.broken_rules] if replayed.broken_rules else ["The plans keep the rules."]
    return [f"Made with {versions}.", *told, *broken]
