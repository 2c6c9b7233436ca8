"""Makes the simple rule from mock people whom the model has not seen, and tells what it is worth to others of them.

    .venv/bin/python -m benchmarks.simple_rule --cases 60

All values are those that the shipped model expects, rolled forward: what a rule keeps of the plans, not of the truth.
Beside it stands the one list for everybody: the same with no question asked.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.thousand_plans import people
from pathway import case as cases
from pathway import catalogue, mock, modelfolder, shipped, simplerule
from pathway.suggestion import Desk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--depths", type=int, nargs="+", default=[0, 1, 2])
    chosen = parser.parse_args()
    desk = Desk(modelfolder.read(shipped.model()), catalogue.read(shipped.catalogue()))
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        mock.write(package, 2 * chosen.cases, chosen.seed)
        asked = [
            cases.shape(raw | {"limits": {}, "wishes": {}, "goal": {}}, desk.model.instrument)
            for _, raw in people(package, chosen.cases, chosen.seed)
        ]
    started = time.process_time()
    compared = simplerule.compare(desk, asked)
    seconds = (time.process_time() - started) / len(asked)
    print(f"{len(compared[0])} cases with a plan, {seconds:.1f} CPU s each; shares of what the full plans are worth\n")
    print("| questions | first insats alone | best first insats for each | list followed | cases held out |")
    print("|---|---|---|---|---|")
    for depth in chosen.depths:
        rule, worth = simplerule.settle(desk, *compared, depth=depth)
        print(
            f"| at most {2**depth - 1} | {worth.first:.0%} | {worth.best_first:.0%} | {worth.followed:.0%} | "
            f"{worth.n_cases} |"
        )
    print("\n" + "\n".join(simplerule.lines(rule, worth, desk.catalogue, desk.model.instrument)))


if __name__ == "__main__":
    main()
