"""What is true in a mock package: for tests and benchmarks, which may compare with it, and for nobody else.

``truth/`` holds ``parameters.json`` (seed, shape, all effect parameters), ``clients.csv`` (traits that effects differ
by, answering bias), ``levels.csv`` (latent levels and set points at every measurement) and ``caseworkers.csv`` (bias,
drift and optimism).

A gain is a rate: steps per quarter at dose 1, for the person as he or she was at the measurement; it holds until the
next one. Effects move level and set point alike, so a gain lasts. Over an episode the change of the set point is the
sum over insatser of dose × `Gains.alone` + dose beside a job-oriented insats × `Gains.beside`, less
`Truth.lost_in_gap` for the time without any, up to the ends of the scale. The level also drifts to the set point, and
wanders by chance, whatever the insatser.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pathway.instrument import Scale
from pathway.mock.answers import stretch
from pathway.mock.draws import Floats
from pathway.mock.effects import LOWEST, TRAITS, Effects, Shape
from pathway.mock.world import World

SETPOINT = "setpoint_"  # before an indicator's id, in the header of levels.csv
FILES = ("parameters.json", "clients.csv", "levels.csv", "caseworkers.csv")


@dataclass(frozen=True)
class Gains:
    """True gains per quarter at dose 1, in steps of the instrument's scale; arrays of shape (n, K, J).

    Attributes
    ----------
    alone
        With no job-oriented insats beside it.
    beside
        What is added to `alone` for the time that a job-oriented insats runs beside it; 0 for job-oriented ones.
    """

    alone: Floats
    beside: Floats


@dataclass(frozen=True)
class Truth:
    """The truth of one mock package.

    Attributes
    ----------
    seed, shape
        As given to the simulator.
    scale
        Of the instrument.
    effects
        The effects themselves, on the simulator's own scale 1–5.
    traits
        `TRAITS` at enrolment, by client_id.
    levels, setpoints
        Latent levels, and the levels that the person drifts to, which decide how much an insats gives: on the
        instrument's scale, by client_id and date of a measurement (ISO text), one column per indicator.
    """

    seed: int
    shape: Shape
    scale: Scale
    effects: Effects
    traits: pd.DataFrame
    levels: pd.DataFrame
    setpoints: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Truth":
        """Read the ``truth`` folder of a mock package, as `pathway.mock.write` left it."""
        said = json.loads((folder / "parameters.json").read_text(encoding="utf-8"))
        effects = _effects(said)
        clients = pd.read_csv(folder / "clients.csv").set_index("client_id")
        latent = pd.read_csv(folder / "levels.csv").set_index(["client_id", "measured_on"])
        indicators = list(effects.indicators)
        setpoints = latent[[SETPOINT + id for id in indicators]].set_axis(indicators, axis=1)
        return cls(
            said["seed"], effects.shape, Scale(**said["scale"]), effects,
            clients[list(TRAITS)], latent[indicators], setpoints,
        )  # fmt: skip

    @property
    def insatser(self) -> tuple[str, ...]:
        """Ids along the K of every array, in the catalogue's order."""
        return self.effects.insatser

    @property
    def indicators(self) -> tuple[str, ...]:
        """Ids along the J of every array: the indicators that may drive ranking, in the instrument's order."""
        return self.effects.indicators

    def gains(self, client_ids: Sequence[str], measured_on: Iterable[object]) -> Gains:
        """Tell the expected gain of every insats for these clients, as they were at these measurements.

        Parameters
        ----------
        client_ids, measured_on
            One measurement a row, shape (n,); dates as `date`, timestamp or ISO text.

        Raises
        ------
        ValueError
            There is no such measurement.
        """
        setpoints = self.at(self.setpoints, client_ids, measured_on)
        return self.gains_at(self.traits.loc[list(client_ids)].to_numpy(dtype=np.float64), setpoints)

    def gains_at(self, traits: Floats, setpoints: Floats) -> Gains:
        """Tell the expected gains for people with these `TRAITS`, shape (n, 3), and set points, shape (n, J)."""
        n, n_insatser = len(setpoints), len(self.insatser)
        k = np.tile(np.arange(n_insatser), n)
        reference = np.repeat(self._reference(setpoints), n_insatser, axis=0)
        steps = self.effects.steps(k, np.repeat(traits, n_insatser, axis=0), reference)
        full = steps.reshape(n, n_insatser, -1) * self._stretch
        alone = full * self.effects.alone_share[None, :, None]
        return Gains(alone, full - alone)

    def lost_in_gap(self, setpoints: Floats) -> Floats:
        """Tell how many steps a quarter without any insats takes at these set points, shape (n, J).

        `gains` leave it out: the first insats in a gap spares the person this besides.
        """
        return self.effects.lost_in_gap(self._reference(setpoints)) * self._stretch

    def at(self, table: pd.DataFrame, client_ids: Sequence[str], measured_on: Iterable[object]) -> Floats:
        """Take rows of `levels` or `setpoints`, shape (n, J); raises `ValueError` if there is no such measurement."""
        wanted = pd.MultiIndex.from_arrays([list(client_ids), [str(day)[:10] for day in measured_on]])
        rows = table.index.get_indexer(wanted)
        if (rows < 0).any():
            raise ValueError("there is no such measurement in the truth")
        return table.to_numpy(dtype=np.float64)[rows]

    @property
    def _stretch(self) -> float:
        return stretch(self.scale)

    def _reference(self, levels: Floats) -> Floats:
        reference: Floats = LOWEST + (levels - self.scale.min) / self._stretch
        return reference


def write(folder: Path, lived: World, seed: int, client_ids: list[str]) -> None:
    """Write the truth of a world into an existing folder."""
    text = json.dumps(_parameters(lived, seed), ensure_ascii=False, indent=1) + "\n"
    (folder / "parameters.json").write_text(text, encoding="utf-8", newline="\n")
    indicators, waves, clients, staff = lived.effects.indicators, lived.history.waves, lived.clients, lived.staff
    traits, bias = clients.traits.astype(int).tolist(), np.round(clients.bias, 3).tolist()
    _write_csv(
        folder / "clients.csv",
        ("client_id", *TRAITS, "bias"),
        ((id, *own, above) for id, own, above in zip(client_ids, traits, bias, strict=True)),
    )
    scale = lived.instrument.scale
    latent = scale.min + (np.concatenate([waves.level, waves.setpoint], axis=1) - LOWEST) * stretch(scale)
    rows = zip(waves.client.tolist(), lived.calendar.texts(waves.day), np.round(latent, 3).tolist(), strict=True)
    _write_csv(
        folder / "levels.csv",
        ("client_id", "measured_on", *indicators, *(SETPOINT + id for id in indicators)),
        ((client_ids[client], day, *row) for client, day, row in rows),
    )
    about = np.round(np.stack([staff.bias, staff.drift, staff.optimism], axis=1), 3).tolist()
    _write_csv(
        folder / "caseworkers.csv",
        ("respondent_id", "bias", "drift_per_year", "optimism"),
        ((id, *row) for id, row in zip(staff.ids, about, strict=True)),
    )


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _parameters(lived: World, seed: int) -> dict[str, Any]:
    e = lived.effects
    return {
        "mock": True,
        "seed": seed,
        "effects": e.shape,
        "n_clients": len(lived.clients),
        "first_day": lived.calendar.first_monday.isoformat(),
        "last_day": lived.calendar.until.isoformat(),
        "scale": {"min": lived.instrument.scale.min, "max": lived.instrument.scale.max},
        "indicators": list(e.indicators),
        "gap_loss": e.gap_loss,
        "insatser": {
            id: {
                "type": lived.catalogue.by_id[id].type,
                "alone_share": float(e.alone_share[k]),
                "main_target": e.indicators[e.main_target[k]],
                "full": dict(zip(e.indicators, e.full[k].tolist(), strict=True)),
                "coefficients": dict(zip(TRAITS, e.coefficients[k].tolist(), strict=True)),
                "rule": {"trait": TRAITS[e.rule_trait[k]], "above": bool(e.rule_above[k])},
            }
            for k, id in enumerate(e.insatser)
        },
    }


def _effects(said: dict[str, Any]) -> Effects:
    indicators, insatser = tuple(said["indicators"]), said["insatser"].values()
    return Effects(
        shape=said["effects"],
        insatser=tuple(said["insatser"]),
        indicators=indicators,
        full=np.array([[insats["full"][id] for id in indicators] for insats in insatser]),
        alone_share=np.array([insats["alone_share"] for insats in insatser]),
        coefficients=np.array([[insats["coefficients"][trait] for trait in TRAITS] for insats in insatser]),
        rule_trait=np.array([TRAITS.index(insats["rule"]["trait"]) for insats in insatser]),
        rule_above=np.array([insats["rule"]["above"] for insats in insatser]),
        main_target=np.array([indicators.index(insats["main_target"]) for insats in insatser]),
        gap_loss=said["gap_loss"],
    )
