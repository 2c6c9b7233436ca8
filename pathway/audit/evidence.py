"""Evidence for those who organise and those who decide on what there is: per insats, per unit, and per municipality."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from pathway import disclosure, wording
from pathway.audit.estimates import Estimate, LeftOut, ratio
from pathway.audit.limits import limits
from pathway.audit.material import Material
from pathway.caseload.pricefile import Prices
from pathway.catalogue import SWEDISH_LEVELS, Catalogue, Insats
from pathway.checks.rows import average
from pathway.features import LEVEL

_NEED_BELOW = 0.375  # of the scale from its lowest end: a level at or below it is a need (2.5 on 1–5); assumed
_WORTH = 0.05  # steps per quarter that an insats must be expected to give, for it to answer a need; assumed
_SOME = 400  # people over whom a mean gain and its reasons are taken
_WHOM = 2  # things known of people that say most of whom an insats suits


@dataclass(frozen=True)
class InsatsEvidence:
    """What is known of one insats; figures are None where too few had it.

    Attributes
    ----------
    n_clients
        Who had it.
    fulfilled, broken_off
        Share of the participations that have ended.
    change
        Observed change while people had it, steps per interval, mean over indicators: no effect, others develop too.
    gain
        Estimated mean gain over a quarter at usual hours beside something else, steps, mean over the indicators.
    indicator
        The one that it is expected to lift most.
    most, for_whom
        Its mean gain there; and what goes with larger (+) and smaller (−) gains, the strongest first.
    silent
        The model says nothing of it: too few had it.
    """

    insats_id: str
    name: str
    kind: str
    n_clients: int | None
    fulfilled: float | None
    broken_off: float | None
    change: Estimate | None
    gain: Estimate | None
    indicator: str
    most: Estimate | None
    for_whom: tuple[str, ...]
    silent: bool


@dataclass(frozen=True)
class Need:
    """People of one unit or municipality at a low level of an indicator, at their last measurement.

    Attributes
    ----------
    n_in_need
        None where too few to be shown.
    n_answers
        Insatser offered there that the model expects to lift the indicator, on average; None where nobody asked the
        catalogue.
    n_unanswered
        Of those in need: for whom there is no such insats that lets them in and that the model may speak of to them.
    """

    place: str
    indicator: str
    n_in_need: int | None
    share: float | None
    n_answers: int | None = None
    n_unanswered: int | None = None


@dataclass(frozen=True)
class PlaceWorth:
    """What one more place would be worth, from a plan of a whole caseload: steps per place and quarter."""

    insats_id: str
    name: str
    from_on: str
    steps: float


@dataclass(frozen=True)
class Evidence:
    """Evidence above the single person; the person's own is the suggestion."""

    insatser: tuple[InsatsEvidence, ...]
    units: tuple[Need, ...]
    gaps: tuple[Need, ...] | LeftOut
    places: tuple[PlaceWorth, ...] | LeftOut


def gather(material: Material, catalogue: Catalogue | None, prices: Prices | None) -> Evidence:
    """Gather what there is."""
    return Evidence(
        insatser=_insatser(material, catalogue),
        units=_needs(material, "unit"),
        gaps=_gaps(material, catalogue) if catalogue else LeftOut("Granskningen fick ingen katalog."),
        places=_places(prices, catalogue) if prices else LeftOut("Granskningen fick ingen plan för ett helt underlag."),
    )


def _insatser(material: Material, catalogue: Catalogue | None) -> tuple[InsatsEvidence, ...]:
    model, had = material.model.gains, material.tables.participations
    X = material.present
    mean, interval = model.predict_average(X)
    gap = model.predict_gap()
    mean, interval = mean - gap, interval - gap[:, None]
    n_clients = {id: int(n) for id, n in had.groupby(had["insats_id"].astype(str))["client_id"].nunique().items()}
    found = []
    for k, id in enumerate(model.insatser_):
        if id in material.insatser.types:
            j = int(np.argmax(mean[k]))
            n = material.model.support.n_clients[id]
            most = Estimate(float(mean[k, j]), float(interval[k, j, 0]), float(interval[k, j, 1]), n)
            found.append(_of_insats(material, catalogue, str(id), k, n_clients.get(id, 0), most, j))
    return tuple(sorted(found, key=lambda one: -(one.gain.mean if one.gain else -np.inf)))


def _of_insats(
    material: Material, catalogue: Catalogue | None, id: str, k: int, n: int, most: Estimate, j: int
) -> InsatsEvidence:
    support, smallest = material.model.support, limits()["groups"]["smallest"]
    name = catalogue.by_id[id].name if catalogue and id in catalogue.by_id else id
    silent = support.n_clients[id] < support.fewest_clients
    kind = str(material.insatser.types[id])
    if n < smallest:
        return InsatsEvidence(id, name, kind, None, None, None, None, None, "", None, (), silent)
    participations = material.tables.participations
    ended = participations.loc[participations["insats_id"].astype(str) == id, "ended_as"].astype(str)
    ended = ended[ended != "pågår"]
    shares = [float((ended == how).mean()) if len(ended) >= smallest else None for how in ("fullföljd", "avbruten")]
    return InsatsEvidence(
        id, name, kind, n, shares[0], shares[1], _change(material, k), None if silent else _mean_gain(material, k),
        material.instrument.ranking[j], None if silent else most, () if silent else _for_whom(material, k), silent,
    )  # fmt: skip


def _change(material: Material, k: int) -> Estimate | None:
    rows = material.judged.rows
    changes = rows.episodes.changes.to_numpy()[had := rows.doses[:, k] > 0]
    found = ratio(np.nansum(changes, axis=1), (~np.isnan(changes)).sum(axis=1).astype(float), rows.clients[had])
    return found if found and found.n_clients >= limits()["groups"]["smallest"] else None


def _mean_gain(material: Material, k: int) -> Estimate:
    """Give the mean gain over clients and indicators, with the model's own interval."""
    model, X = material.model.gains, material.present
    some = X.sample(min(len(X), _SOME), random_state=material.seed)
    doses = np.zeros((len(some), len(model.insatser_)))
    doses[:, k] = 1.0
    told = average(model, some, doses, np.zeros_like(doses))
    return Estimate(told["mean"], told["low"], told["high"], material.model.support.n_clients[model.insatser_[k]])


def _for_whom(material: Material, k: int) -> tuple[str, ...]:
    model, X = material.model.gains, material.present.head(_SOME)
    parts = model.explain_parts(X, k)[1].sum(axis=2)
    names = [str(name) for name in model.feature_names_in_]
    strongest = np.argsort(-np.abs(parts).mean(axis=0))
    told = []
    for place in strongest[:_WHOM]:
        values = X[names[place]].to_numpy(dtype=float)
        if parts[:, place].std() > 0 and np.nanstd(values) > 0 and not names[place].startswith(LEVEL):
            known = ~np.isnan(values)
            sign = "+" if np.corrcoef(values[known], parts[known, place])[0, 1] > 0 else "−"
            told.append(f"{sign} {wording.feature(names[place], material.instrument).label}")
    return tuple(told)


@dataclass(frozen=True)
class _Places:
    """Units or municipalities, sorted, and the number of each person's."""

    names: tuple[str, ...]
    of_person: npt.NDArray[np.intp]

    @classmethod
    def of(cls, places: pd.Series) -> "_Places":
        names, of_person = np.unique(places.to_numpy(dtype=str), return_inverse=True)
        return cls(tuple(names.tolist()), of_person)

    def counts(self, whom: npt.NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Count people, all of them by default, by place."""
        people = self.of_person if whom is None else self.of_person[whom]
        return dict(zip(self.names, np.bincount(people, minlength=len(self.names)).tolist(), strict=True))


def _needs(material: Material, column: str) -> tuple[Need, ...]:
    place_of = material.tables.clients.set_index("client_id")[column].astype(str)
    places = _Places.of(place_of.reindex(material.present["client_id"]))
    sizes, found = places.counts(), []
    for indicator in material.instrument.ranking:
        counts = places.counts(_in_need(material, indicator))
        hidden = disclosure.hidden_parts(counts, limits()["groups"]["smallest"])
        for place, n in counts.items():
            size = sizes[place]
            told = place not in hidden and size >= limits()["groups"]["smallest"]
            found.append(Need(place, indicator, n if told else None, n / size if told else None))
    return tuple(found)


def _in_need(material: Material, indicator: str) -> npt.NDArray[np.bool_]:
    scale = material.instrument.scale
    limit = scale.min + _NEED_BELOW * (scale.max - scale.min)
    return np.asarray(material.present[f"{LEVEL}{indicator}"] <= limit, dtype=np.bool_)


def _gaps(material: Material, catalogue: Catalogue) -> tuple[Need, ...]:
    """Find needs that no insats of the municipality answers, the largest first."""
    model, clients = material.model.gains, material.tables.clients.set_index("client_id")
    present = clients.reindex(material.present["client_id"])
    columns = [k for k, id in enumerate(model.insatser_) if id in catalogue.by_id]
    insatser = [catalogue.by_id[model.insatser_[k]] for k in columns]
    open_to = material.spoken[:, columns] & _let_in(insatser, present, material.last_day.year)
    mean = (model.predict_average(material.present)[0] - model.predict_gap())[columns]
    places = _Places.of(present["municipality"])
    smallest, sizes, found = limits()["groups"]["smallest"], places.counts(), []
    for j, indicator in enumerate(material.instrument.ranking):
        helps = mean[:, j] >= _WORTH
        low, answered = _in_need(material, indicator), (open_to & helps).any(axis=1)
        counts, unanswered = places.counts(low), places.counts(low & ~answered)
        hidden = disclosure.hidden_parts(counts, smallest)
        for place, n in counts.items():
            here = [one for one, does in zip(insatser, helps, strict=True) if does and _is_offered(one, place)]
            bare, told, size = unanswered[place], place not in hidden, sizes[place]
            may_tell = told and all(not 0 < part < smallest for part in (bare, n - bare))
            need = Need(place, indicator, n if told else None, n / size if told else None)
            found.append(replace(need, n_answers=len(here), n_unanswered=bare if may_tell else None))
    return tuple(sorted(found, key=lambda one: (-(one.n_unanswered or 0), one.place, one.indicator)))


def _is_offered(insats: Insats, municipality: str) -> bool:
    return not insats.municipalities or municipality in insats.municipalities


def _let_in(insatser: Sequence[Insats], people: pd.DataFrame, year: int) -> np.ndarray:
    """Tell which insatser let each person in, by municipality, age, income and Swedish, shape (m, K)."""
    level = {name: number for number, name in enumerate(SWEDISH_LEVELS)}
    age, swedish = year - people["birth_year"].to_numpy(), people["swedish_level"].map(level).to_numpy()
    columns = []
    for one in insatser:
        own = np.ones(len(people), dtype=np.bool_)
        if one.municipalities:
            own &= people["municipality"].isin(one.municipalities).to_numpy()
        if one.income_sources:
            own &= people["income_source"].isin(one.income_sources).to_numpy()
        own &= (age >= (one.age_min or 0)) & (age <= (one.age_max or 200))
        own &= swedish >= (level[one.swedish_level_min] if one.swedish_level_min else 0)
        columns.append(own)
    return np.column_stack(columns) if columns else np.zeros((len(people), 0), dtype=np.bool_)


def _places(prices: Prices, catalogue: Catalogue | None) -> tuple[PlaceWorth, ...]:
    def name(id: str) -> str:
        return catalogue.by_id[id].name if catalogue and id in catalogue.by_id else id

    told = [PlaceWorth(one.insats_id, name(one.insats_id), str(one.from_on), one.price) for one in prices.listed]
    return tuple(sorted(told, key=lambda one: -one.steps))
