"""Makes an audit: facts computed once, each of them by the room that knows how."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from threadpoolctl import threadpool_limits

from pathway import wording
from pathway.audit import (
    causes,
    datacard,
    drift,
    evidence,
    explained,
    flags,
    known,
    offered,
    policy,
    reasons,
    skill,
    subgroups,
    use,
)  # fmt: skip
from pathway.audit.datacard import Source
from pathway.audit.estimates import LeftOut
from pathway.audit.facts import FORMAT, About, Facts, Overlap
from pathway.audit.material import MOST_CLIENTS, Material, Progress
from pathway.case import HELD_BACK
from pathway.caseload.pricefile import Prices
from pathway.catalogue import Catalogue
from pathway.features import LEVEL
from pathway.modelfolder import Model
from pathway.register import Register

N_SUGGESTIONS = 8  # that the desk is asked for: each takes seconds
_PARTS = ("ingen", "upp till en fjärdedel", "upp till hälften", "upp till tre fjärdedelar", "fler")


def examine(
    register: Register,
    model: Model,
    today: date,
    catalogue: Catalogue | None = None,
    answers: Sequence[use.Answer] = (),
    prices: Prices | None = None,
    n_suggestions: int = N_SUGGESTIONS,
    most_clients: int = MOST_CLIENTS,
    seed: int = 0,
    truth: known.Truth | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Facts:
    """Compute all facts. The same register, model and seed give the same facts.

    Parameters
    ----------
    catalogue
        Names and places of insatser; without it there are ids, no suggestions and no gaps.
    answers
        An export of caseworkers' answers to suggestions (`pathway.audit.use`).
    prices
        Of places, as ``pathway caseload`` writes them.
    n_suggestions
        Present clients for whom the desk is asked.
    most_clients
        Clients that are judged; of more, so many are drawn by chance.
    truth
        Of mock people: what gains are held against, after all else. Nothing that learns, nor the desk, is given it.

    Raises
    ------
    TooLittleData
        Too few clients have two measurements.
    Mismatch
        The register holds nothing that the model knows, or the truth is of other people.
    """
    if catalogue and not set(catalogue.ids) & set(model.insatser.types):
        catalogue = None
    progress("reading the register", 0, 0)
    version = register.version()
    material = Material(register.tables(), model, version, seed, most_clients, progress)
    with threadpool_limits(1):
        facts = _examined(material, register, today, catalogue, answers, prices, n_suggestions)
        return replace(facts, known=known.compare(material, truth))


def _examined(
    material: Material,
    register: Register,
    today: date,
    catalogue: Catalogue | None,
    answers: Sequence[use.Answer],
    prices: Prices | None,
    n_suggestions: int,
) -> Facts:
    facts = Facts(
        format=FORMAT,
        about=_about(material, register, today, catalogue),
        flags=(),
        skill=skill.measure(material),
        data=datacard.fill(material, _sources(register), HELD_BACK),
        overlap=_overlap(material),
        groups=subgroups.compare(material),
        causes=causes.read(material),
        knowing=causes.knowing(material),
        policy=policy.value(material),
        reasons=reasons.rank(material),
        drift=drift.measure(material),
        use=use.measure(answers) if answers else LeftOut("Granskningen fick inga svar på förslag."),
        offered=offered.ask(material, catalogue, n_suggestions),
        explained=explained.look(material),
        known=known.compare(material, None),
        evidence=evidence.gather(material, catalogue, prices),
    )
    return replace(facts, flags=flags.raise_all(facts))


def _about(material: Material, register: Register, today: date, catalogue: Catalogue | None) -> About:
    model, instrument = material.model, material.instrument
    training = model.training
    return About(
        made_on=today.isoformat(),
        model_version=model.version,
        trained_on_register=training.register_version,
        register_version=material.register_version,
        same_register=material.same_register,
        trained_from=training.first_measured_on,
        trained_to=training.last_measured_on,
        n_clients=training.n_clients,
        n_episodes=training.n_episodes,
        software=training.software,
        mock=training.mock or register.mock,
        instrument=instrument.name,
        catalogue_version=catalogue.version if catalogue else "",
        labels={id: instrument[id].label_sv for id in (one.id for one in instrument.indicators)},
        scale=(instrument.scale.min, instrument.scale.max),
        insatser={one.id: one.name for one in catalogue.insatser if one.id in material.insatser.types}
        if catalogue
        else {},
        not_used=_not_used(material),
        features={str(name): wording.feature(str(name), instrument).label for name in model.gains.feature_names_in_},
    )


def _not_used(material: Material) -> tuple[str, ...]:
    names = {str(name) for name in material.model.gains.feature_names_in_}
    columns = [word for column, word in (("gender", "kön"), ("municipality", "kommun")) if column not in names]
    unused = [one for one in material.instrument.indicators if f"{LEVEL}{one.id}" not in names]
    return (*columns, *(wording.swedish().in_sentence(one.label_sv) for one in unused))


def _sources(register: Register) -> tuple[Source, ...]:
    return tuple(
        Source(one.imported_on.isoformat(), one.package, one.mock, sum(change.new for change in one.counts.values()))
        for one in register.imports()
    )


def _overlap(material: Material) -> Overlap:
    support, names = material.model.support, material.model.gains.insatser_
    listed = [k for k, name in enumerate(names) if name in material.insatser.types]
    spoken = material.spoken[:, listed]
    share = spoken.mean(axis=1)
    part = np.select([share == 0, share <= 0.25, share <= 0.5, share <= 0.75], [0, 1, 2, 3], default=4)
    silent = [names[k] for k in listed if support.n_clients[names[k]] < support.fewest_clients]
    return Overlap(
        support.fewest_clients,
        support.unlike_below,
        tuple(silent),
        {names[k]: float(spoken[:, place].mean()) for place, k in enumerate(listed) if names[k] not in silent},
        {name: float((part == number).mean()) for number, name in enumerate(_PARTS)},
    )
