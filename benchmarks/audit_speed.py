"""Measures how long an audit takes, and how much memory, on a mock register of a given size.

    .venv/bin/python -m benchmarks.audit_speed --clients 20000

The register is the shipped package's with more people, so that the shipped model is a model of it: made on fewer of
them, and audited on all. The bound is three minutes and three gigabytes on two cores; one is used. Suggestions are
most of the time, so they are told apart.
"""

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

from pathway import audit, catalogue, instrument, intake, mock, modelfolder, pseudonym, register, shipped

TODAY = date(2026, 11, 22)
SEED = 2026  # of the shipped package: the same effects, whatever the number of clients
MOST_SECONDS, MOST_GIGABYTES = 180, 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[2000])
    parser.add_argument("--suggestions", type=int, default=0)
    chosen = parser.parse_args()
    print("| clients | judged | suggestions | processor time, s | most memory, GB | bound |")
    print("|---|---|---|---|---|---|")
    for n_clients in chosen.clients:
        with tempfile.TemporaryDirectory() as folder:
            known = made(n_clients, Path(folder))
            model, offered = modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue())
            began = time.process_time()
            facts = audit.examine(known, model, TODAY, offered, n_suggestions=chosen.suggestions)
            audit.write(facts, Path(folder) / "audit")
            seconds = time.process_time() - began
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"| {n_clients:,} | {facts.skill.n_clients:,} | {chosen.suggestions} | {seconds:.0f} | {gigabytes:.1f} "
            f"| {MOST_SECONDS} s, {MOST_GIGABYTES:.0f} GB |"
        )


def made(n_clients: int, folder: Path) -> register.Register:
    """Write a mock package and import it."""
    key = pseudonym.key_from({"PATHWAY_KEY": shipped.MOCK_KEY})
    mock.write(folder / "package", n_clients, SEED)
    intake.take_in(folder / "package", str(folder / "register"), key, instrument.read(), TODAY)
    return register.open(str(folder / "register"))


if __name__ == "__main__":
    main()
