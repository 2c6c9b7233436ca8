"""The report on a planned caseload: what places are worth, who waits for what, and how groups fare."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from pathway.casefile import whole
from pathway.caseload.periods import first_day
from pathway.caseload.planning import Caseload
from pathway.caseload.waiting import one_more

MEANING = (
    "Places are shared among suggestions; people are not ordered. The handläggare decides in each case.",
    "Cases stand in the order of the input. A price belongs to a place, never to a person.",
    "Steps are steps of the scale on the case's heaviest indicator; expected, not promised.",
)


def plain(caseload: Caseload, created_at: datetime) -> dict[str, Any]:
    """Write the report as plain data, for a JSON file."""
    shares, desk = caseload.shares, caseload.desk
    return {
        "meaning": list(MEANING),
        "mock": desk.model.training.mock,
        "created_at": created_at.isoformat(),
        "model_version": desk.version,
        "catalogue_version": desk.catalogue.version,
        "cases": len(caseload.prepared) + len(caseload.faults),
        "with_plan": sum(bool(one.plans) for one in caseload.suggestions),
        "total": _rounded(shares.total),
        "if_places_were_enough": _rounded(_enough(caseload)),
        "bound": _rounded(shares.bound),
        "gap": _rounded(shares.gap),
        "proven": shares.proven,
        "floor": _floor(caseload),
        "even": _even(caseload),
        "groups": _groups(caseload),
        "places": _places(caseload),
        "one_more_throughout": _throughout(caseload),
        "waiting": _waiting(caseload),
        "not_planned": [{"place": one.place, "reason": one.message} for one in caseload.faults],
    }


def write(caseload: Caseload, created_at: datetime, path: Path) -> None:
    """Write the report as JSON; the file appears whole or not at all."""
    with whole(path) as file:
        json.dump(plain(caseload, created_at), file, ensure_ascii=False, indent=1)
        file.write("\n")


def lines(caseload: Caseload) -> list[str]:
    """Write what the terminal shows."""
    shares = caseload.shares
    said = ["MOCK DATA"] if caseload.desk.model.training.mock else []
    said += [
        f"cases {len(caseload.prepared) + len(caseload.faults)}, with a plan "
        f"{sum(bool(one.plans) for one in caseload.suggestions)}, not planned {len(caseload.faults)}",
        f"steps in all {shares.total:.2f}, with places enough {_enough(caseload):.2f}; "
        + ("no other sharing brings more" if shares.proven else f"at most {100 * shares.gap:.2f} % below the bound"),
    ]
    if len(shares.least):
        kept = "kept" if shares.floor_kept else "NOT kept"
        said.append(f"floor {caseload.wanted.floor} {kept}; it costs {100 * shares.price_of_floor:.2f} % of the steps")
    if shares.most_starts is not None:
        said.append(f"at most {shares.most_starts} starts in a period")
    said += [f"  {one['group']}: mean {one['mean']:.2f} of {one['cases']} cases" for one in _groups(caseload) or ()]
    scarce = [one for one in _places(caseload) if one["price"] > 0]
    if scarce:
        said.append("scarce places (insats, period from, places, price, one more brings at once):")
        said += [
            f"  {one['insats_id']} {one['from']} {one['places']} {one['price']:.2f} {one['one_more']:.2f}"
            for one in scarce
        ]
    said += [
        f"one more place in {one['insats_id']} in all periods brings {one['one_more']:.2f} at once"
        for one in _throughout(caseload)
    ]
    said.append(f"waiting for a place: {len(caseload.waits)} cases, in the report in the order of the input")
    return [*said, *MEANING]


def _enough(caseload: Caseload) -> float:
    return float(caseload.pools.best(caseload.pools.value)[1].sum()) if caseload.pools.n_clients else 0.0


def _floor(caseload: Caseload) -> dict[str, Any] | None:
    shares = caseload.shares
    if not len(shares.least):
        return None
    return {
        "by": caseload.wanted.by,
        "share_of_mean": caseload.wanted.floor,
        "least": _rounded(float(shares.least.max())),
        "kept": shares.floor_kept,
        "total_without": _rounded(shares.without_floor),
        "price": _rounded(shares.price_of_floor),
    }


def _even(caseload: Caseload) -> dict[str, Any] | None:
    shares = caseload.shares
    if shares.most_starts is None:
        return None
    return {
        "share": caseload.wanted.even,
        "most_starts": shares.most_starts,
        "prices": [
            {"from": first_day(caseload.supply.first + number).isoformat(), "price": _rounded(price)}
            for number, price in enumerate(shares.start_prices.tolist())
        ],
    }


def _groups(caseload: Caseload) -> list[dict[str, Any]] | None:
    groups, shares = caseload.groups, caseload.shares
    if groups is None:
        return None
    alone = groups.means(caseload.pools, caseload.pools.best(caseload.pools.value)[1])
    sizes = groups.sizes(caseload.pools)
    counts = shares.multipliers if len(shares.multipliers) else np.zeros(len(groups.names))
    return [
        {
            "group": name,
            "cases": int(sizes[g]),
            "mean": _rounded(float(shares.reached[g])),
            "mean_if_places_were_enough": _rounded(float(alone[g])),
            "a_step_counts": _rounded(1.0 + float(counts[g])),
        }
        for g, name in enumerate(groups.names)
    ]


def _places(caseload: Caseload) -> list[dict[str, Any]]:
    """List kinds of places that anybody has, or that cost something, by insats and period."""
    supply, pools, shares = caseload.supply, caseload.pools, caseload.shares
    taken, brings = pools.taken(shares.choice), one_more(pools, shares.choice)
    rows = []
    for at in np.flatnonzero((taken > 0) | (caseload.running > 0) | (shares.prices > 0) | (brings > 0)).tolist():
        insats_id, period = supply.kind(at)
        rows.append(
            {
                "insats_id": insats_id,
                "from": first_day(period).isoformat(),
                "to": first_day(period + 1).isoformat(),
                "places": supply.places[supply.insatser.index(insats_id)],
                "running": int(caseload.running[at]),
                "given": int(taken[at]),
                "price": _rounded(float(shares.prices[at])),
                "one_more": _rounded(float(brings[at])),
            }
        )
    return rows


def _throughout(caseload: Caseload) -> list[dict[str, Any]]:
    """Tell what one more place in an insats would bring at once if it were there in all periods."""
    supply = caseload.supply
    of_insats = np.repeat(np.arange(len(supply.insatser)), supply.n_periods)
    brings = one_more(caseload.pools, caseload.shares.choice, of_insats)
    return [
        {"insats_id": supply.insatser[row], "places": supply.places[row], "one_more": _rounded(float(brings[row]))}
        for row in np.flatnonzero(brings > 0).tolist()
    ]


def _waiting(caseload: Caseload) -> list[dict[str, Any]]:
    """Tell who waits for which places, in the order of the input and nothing else."""
    rows = []
    for wait in caseload.waits:
        kinds = [caseload.supply.kind(at) for at in wait.kinds]
        rows.append(
            {
                "case_id": caseload.prepared[wait.client].case.case_id,
                "for": [{"insats_id": id, "from": first_day(period).isoformat()} for id, period in kinds],
                "steps": _rounded(wait.steps),
            }
        )
    return rows


def _rounded(number: float) -> float:
    return round(float(number), 6)
