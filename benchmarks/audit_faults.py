"""Plants one fault at a time in small worlds and tells how often the audit flags it, and how often it flags sound data.

    .venv/bin/python -m benchmarks.audit_faults --seeds 20

A world is 500 people, three indicators, six insatser and thirty caseworkers, lived through quarters. It is put into a
register, a model is trained on it as any other, and the model is audited as any other; only its suggestions are not
asked for. What is planted:

* *group*: insatser give men nothing. The model knows no gender, so it promises them what women gain.
* *leak*: months without work are filled in afterwards, and fewer for those who have risen.
* *recover anyway*: insatser do nothing, and are given to those whose level has fallen for a while and comes back.
* *raters drift*: caseworkers rate 0.35 steps higher for every year that passes.
* *narrow intervals*: the folder's model tells intervals three quarters as wide as they should be.
* *caseworker*: clients of some caseworkers rise faster than others' with the same insatser (sd 0.2 steps a quarter).

Found is the flag that is meant for the fault, in men for the group. The worlds' sizes and faults are assumed; a smaller
fault is found less often. A world takes most of a minute for all faults: `--keep FILE` adds runs of other worlds (from
the number `--first` on) up.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pathway import audit, register, training
from pathway.catalogue import Catalogue, Insats, Range, Weeks
from pathway.instrument import Indicator, Instrument, Scale
from pathway.modelfolder import Model
from pathway.register import Import, Register

TODAY = date(2026, 11, 22)
FIRST_DAY = pd.Timestamp("2024-01-08")
N, WAVES, QUARTER = 500, 5, 91
KINDS = ("jobb", "jobb", "kompetens", "kompetens", "hälsa", "social")
EFFECT = np.array([0.45, 0.4, 0.25, 0.3, 0.25, 0.25])
INSTRUMENT = Instrument(
    "liten",
    "1",
    Scale(1, 5),
    tuple(Indicator(id, id, id, ("klient", "handläggare"), True, False, "mock") for id in ("tro", "mal", "ork")),
)
CATALOGUE = Catalogue(
    "liten",
    tuple(Insats(f"I-{k}", f"Insats {k}", kind, Weeks(13, 13, 26), Range(10, 10, 10)) for k, kind in enumerate(KINDS)),
)
MEANT = {
    "group": "overstated_in_group",
    "leak": "knows_too_much",
    "recover anyway": "found_before",
    "raters drift": "raters_drift",
    "narrow intervals": "narrow_intervals",
    "caseworker": "caseworker_matters",
}
CLEAN = "none"


def live(fault: str, seed: int) -> dict[str, pd.DataFrame]:
    """Let the people live; the tables of their register."""
    rng = np.random.default_rng([seed, 11])
    gender = rng.choice(["kvinna", "man"], N)
    caseworker, age = rng.integers(0, 30, N), rng.integers(20, 62, N)
    months, ill = rng.integers(0, 60, N), rng.random(N) < 0.5
    own = 2.9 - 0.006 * months[:, None] - 0.2 * ill[:, None] + rng.normal(0, 0.45, (N, 1)) + rng.normal(0, 0.25, (N, 3))
    level = own + rng.normal(0, 0.35, own.shape)
    pull = rng.normal(0, 0.2, 30)[caseworker][:, None] * (fault == "caseworker")
    course = rng.normal(0, 0.12, (N, 1))  # people who rise or fall of themselves
    start = FIRST_DAY + pd.to_timedelta(rng.integers(0, 540, N), unit="D")
    bias = {"klient": rng.normal(0, 0.2, N), "handläggare": rng.normal(-0.15, 0.2, 30)[caseworker]}
    answers, periods, first = [], [], level
    for wave in range(WAVES):
        day = start + pd.Timedelta(days=QUARTER * wave)
        answers += _answers(rng, level, day, bias, caseworker, fault)
        if wave == WAVES - 1:
            break
        fallen = (own - level).mean(axis=1)
        need = 6.0 * fallen if fault == "recover anyway" else 0.01 * (months - 30) + 0.4 * ill - 0.2
        had = rng.random((N, 6)) < 0.45 / (1 + np.exp(-(need[:, None] + np.linspace(-0.5, 0.5, 6))))
        periods += [(i, k, day[i]) for i, k in zip(*np.nonzero(had), strict=True)]
        gives = EFFECT * (fault != "recover anyway") * np.where((fault == "group") & (gender == "man"), 0, 1)[:, None]
        gained = (had * gives).sum(axis=1, keepdims=True) * (1 + 0.3 * (ill[:, None] - 0.5))
        moved = gained + pull + course + rng.normal(0, 0.1, own.shape)
        level = level + moved + 0.5 * (own - level) + rng.normal(0, 0.35, level.shape)
        own = own + moved
    if fault == "leak":
        risen = (level - first).mean(axis=1)
        months = np.clip(np.rint(40 - 20 * risen + rng.normal(0, 3, N)), 0, 100).astype(int)
    return _tables(gender, caseworker, age, months, ill, start, answers, periods)


def _answers(rng, level, day, bias, caseworker, fault):
    years = (day - FIRST_DAY).days.to_numpy() / 365.25
    told = []
    for who, shift in bias.items():
        moved = 0.35 * years if fault == "raters drift" and who == "handläggare" else 0.0
        value = np.clip(np.rint(level + (shift + moved)[:, None] + rng.normal(0, 0.25, level.shape)), 1, 5)
        by = [f"h{c:02d}" if who == "handläggare" else "" for c in caseworker]
        for j, indicator in enumerate(one.id for one in INSTRUMENT.indicators):
            told.append((day, [who] * N, by, [indicator] * N, value[:, j]))
    return told


def _tables(gender, caseworker, age, months, ill, start, answers, periods) -> dict[str, pd.DataFrame]:
    ids = np.array([f"p{i:04d}" for i in range(N)])
    days, who, by, indicator, value = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    person, k, begun = (np.array(part) for part in zip(*periods, strict=True))
    begun = pd.Series(pd.to_datetime(begun))
    clients = pd.DataFrame(
        {"client_id": ids, "unit": [f"enhet-{c % 3}" for c in caseworker], "birth_year": 2026 - age, "gender": gender,
         "municipality": np.where(caseworker % 2, "0580", "0581"), "education": "gymnasial",
         "income_source": np.where(ill, "sjukpenning", "försörjningsstöd"), "months_without_work": months,
         "swedish_level": "god", "children_at_home": False, "health_codes": np.where(ill, "F41", ""),
         "enrolled_on": start, "case_phase": "aktuell"}
    )  # fmt: skip
    return {
        "clients": clients,
        "measurements": pd.DataFrame(
            {"client_id": np.tile(ids, len(answers)), "measured_on": pd.to_datetime(days), "respondent": who,
             "respondent_id": by, "indicator": indicator, "value": value}
        ),
        "participations": pd.DataFrame(
            {"client_id": ids[person], "insats_id": [f"I-{n}" for n in k], "started_on": begun,
             "ended_on": begun + pd.Timedelta(days=QUARTER), "hours_per_week": 10.0, "ended_as": "fullföljd"}
        ),
        "outcomes": pd.DataFrame(
            {"client_id": ids[:40], "observed_on": start[:40] + pd.Timedelta(days=400), "status": "arbete"}
        ),
    }  # fmt: skip


def registered(tables: dict[str, pd.DataFrame], folder: Path) -> Register:
    """Put tables into a register of mock people."""
    with register.writing(folder, "mock", INSTRUMENT) as writer:
        counts = {}
        for name, table in tables.items():
            texts = table.select_dtypes(["object", "str"]).columns
            counts[name] = writer.take_in(name, table.astype(dict.fromkeys(texts, "category")))
        writer.record(Import("world", TODAY, "mock", INSTRUMENT.name, True, counts))
    return register.open(folder)


def narrowed(model: Model) -> Model:
    """Let a model tell intervals that are too narrow."""
    return replace(model, spread=replace(model.spread, factor=0.75 * model.spread.factor))


def codes_of(known: Register, model: Model) -> list[str]:
    """Audit a model; the flags as ``code`` or ``code@group``."""
    facts = audit.examine(known, model, TODAY, CATALOGUE, n_suggestions=0)
    return [f"{flag.code}@{flag.where}" if flag.where.startswith("gender") else flag.code for flag in facts.flags]


def is_found(fault: str, codes: Sequence[str]) -> bool:
    """Tell whether the flag meant for a fault is among those raised."""
    meant = MEANT[fault]
    return f"{meant}@gender: man" in codes if fault == "group" else meant in codes


def run(seeds: Sequence[int], faults: Sequence[str]) -> dict[str, list[list[str]]]:
    """Plant every fault in every world; the flags raised, by fault."""
    raised: dict[str, list[list[str]]] = {fault: [] for fault in (CLEAN, *faults)}
    for seed in seeds:
        for fault in raised:
            if fault == "narrow intervals":
                continue  # is planted in the sound world's model
            with tempfile.TemporaryDirectory() as folder:
                known = registered(live(fault, seed), Path(folder) / "register")
                model = training.train(known, CATALOGUE, INSTRUMENT, seed)
                raised[fault].append(codes_of(known, model))
                if fault == CLEAN and "narrow intervals" in raised:
                    raised["narrow intervals"].append(codes_of(known, narrowed(model)))
    return raised


def kept(raised: dict[str, list[list[str]]], path: Path | None) -> dict[str, list[list[str]]]:
    """Add what was raised to what earlier runs kept in a file, and keep it there."""
    earlier = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}
    together = {fault: earlier.get(fault, []) + each for fault, each in raised.items()}
    if path:
        path.write_text(json.dumps(together), encoding="utf-8")
    return together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="worlds of each kind")
    parser.add_argument("--first", type=int, default=100, help="number of the first world")
    parser.add_argument("--faults", nargs="*", choices=list(MEANT), default=list(MEANT))
    parser.add_argument("--keep", type=Path, metavar="FILE", help="what earlier runs raised, to be added to")
    chosen = parser.parse_args()
    began = time.process_time()
    with threadpool_limits(1):
        raised = kept(run(range(chosen.first, chosen.first + chosen.seeds), chosen.faults), chosen.keep)
    seconds = time.process_time() - began
    print(f"{len(raised[CLEAN])} worlds of each kind, {N} people; this run took {seconds:.0f} s of processor time\n")
    print("| planted | flag meant for it | found | worlds with any other flag | other flags |")
    print("|---|---|---|---|---|")
    for fault, each in raised.items():
        meant = MEANT.get(fault, "")
        others = [[code for code in codes if not meant or code.partition("@")[0] != meant] for codes in each]
        counts = Counter(code for codes in others for code in set(codes))
        found = f"{sum(is_found(fault, codes) for codes in each)} of {len(each)}" if meant else "–"
        told = ", ".join(f"{code} {n}" for code, n in counts.most_common(6)) or "–"
        print(f"| {fault} | {meant or '–'} | {found} | {sum(map(bool, others))} of {len(each)} | {told} |")


if __name__ == "__main__":
    main()
