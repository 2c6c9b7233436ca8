"""Words the checks for whoever audits a model, in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from pathway.checks.shown import NO_EFFECT, ONE_NUMBER

_LEAST = 10  # insatser shown as the least robust


def lines(checks: Mapping[str, Any]) -> list[str]:
    """Word the checks as `pathway.checks.run` gives them."""
    return [
        "Nothing in the data can prove that gains are effects; each of these checks could have shown that they are",
        "not. What is marked (r) is judged on clients held out, freed from what the features foretell of both the",
        "change and the insatser. Intervals are 90 %, from resampling whole clients, or the model's own (m).",
        "",
        *_shown(checks),
        *_kinds(checks["kinds"]),
        *_nothing(checks),
        *_robustness(checks["robustness"])[:-1],
    ]


def _shown(checks: Mapping[str, Any]) -> list[str]:
    loss, calibration = checks["r_loss"], checks["calibration"]
    return [
        "**Do gains show?** (r) Share of the squared change, most of it chance, that expected gains take away beyond",
        "what is compared with. Above zero: they say more. Below: they are worse.",
        "",
        *_table(
            ("compared with", "all episodes", "every insats counting the same"),
            [(name, _share(loss[name]["all"]), _share(loss[name]["by_insats"])) for name in (NO_EFFECT, ONE_NUMBER)],
        ),
        "**Are gains of the right size?** (r) Where one step is expected, "
        f"{_plain(calibration['slope'], 2)} shows; less than 1: gains are told too large. The same by what is told:",
        "",
        *_table(
            ("gain of", "shown of each step expected"),
            [(part, _plain(one, 2)) for part, one in calibration["of_parts"].items()],
        ),
        "From the tenth of the changes with the least expected to the tenth with the most, compared with people alike",
        "in their features:",
        "",
        *_table(
            ("expected (steps)", "shown (steps)"),
            [(f"{tenth['expected']:+.3f}", _steps(tenth)) for tenth in calibration["tenths"]],
        ),
    ]


def _kinds(kinds: Mapping[str, Any]) -> list[str]:
    told = [
        (
            kind,
            f"{one['n_clients']:,} ({one['n_without']:,})",
            _steps(one["doubly_robust"]),
            _steps(one["model"]),
            f"{one['robustness']['to_zero']:.1%}; {one['robustness']['to_doubt']:.1%}",
        )
        for kind, one in kinds.items()
    ]
    return [
        "**Does another method agree?** What insatser of a type gave those who had them, in steps over the interval,",
        "mean over the indicators: told by weighing and foretelling those who had none (doubly robust), and by this",
        "model. Last: what share of both the change and the choice, as features leave them, an unmeasured cause would",
        "have to explain to bring the former to zero; and its interval.",
        "",
        *_table(
            ("type", "clients with (without)", "doubly robust", "this model (m)", "unmeasured cause"),
            told or [("no type had by 50 clients, and not by 50", "", "", "", "")],
        ),
    ]


def _nothing(checks: Mapping[str, Any]) -> list[str]:
    before, respondents, shuffled = (checks[name] for name in ("before", "respondents", "shuffled"))
    rows = [("the model, for comparison", _found(checks["found"]), _steps(checks["found"]["gain"]))]
    if "left_out" in before:
        rows.append((f"before the insatser began: left out, {before['left_out']}", "", ""))
    else:
        n = f"{before['n_clients']:,} clients"
        rows.append((f"in the interval before the insatser began, {n}", _found(before), _steps(before["gain"])))
        real = before["real"]
        rows.append(("the same people, the interval after", _found(real), _steps(real["gain"])))
    if "left_out" in respondents:
        rows.append((f"difference between the two ratings: left out, {respondents['left_out']}", "", ""))
    else:
        rows.append(
            ("client's rating less the caseworker's, same day", _found(respondents), _steps(respondents["gain"]))
        )
    rows.append(("histories swapped between clients", f"{shuffled['found']:.1%}", "–"))
    return [
        "**Is anything found where there can be nothing?** Share of mean gains, by insats and indicator, whose",
        "interval (m) leaves zero out: up to 10 % is chance. And what people's insatser are said to have given, mean",
        "over the indicators. Before they began insatser can have moved nothing: below zero, people got them after a",
        "setback, and a rebound may pass for gain; above, people got them on the way up. What moves one of two ratings",
        "of the same person on the same day is in the eye of whoever rates. Somebody else's insatser do nothing.",
        "",
        *_table(("looked for", "found", "steps over the interval (m)"), rows),
        f"With swapped histories, gains take away {_share(shuffled['taken_away'])} of the squared change (r).",
        "",
    ]


def _robustness(insatser: Mapping[str, Any]) -> list[str]:
    def against(one: Mapping[str, Any]) -> str:
        return ", ".join(f"{times:.1f} × `{feature}`" for feature, times in one["times"].items()) or "–"

    least = sorted(insatser.items(), key=lambda item: min(item[1]["times"].values(), default=float("inf")))
    weak = sum(min(one["times"].values(), default=float("inf")) < 1 for _, one in least)
    return [
        "**How strong would an unmeasured cause have to be?** To bring the mean gain of an insats, on the indicator",
        "that it moves most, to zero, something that nobody recorded would have to explain this share of both the",
        "change and the dose, as features leave them; and to bring the interval (m) to zero. Last, how many times as",
        "strong as features that are recorded it would be. Suggestions say so where it is less than once:",
        f"{weak} of {len(least)} insatser. The least robust (all are in evaluation.json):",
        "",
        *_table(
            ("insats", "indicator", "mean gain (m)", "to zero; interval", "as strong as"),
            [
                (
                    insats,
                    one["indicator"],
                    _steps(one["gain"]),
                    f"{one['to_zero']:.1%}; {one['to_doubt']:.1%}",
                    against(one),
                )
                for insats, one in least[:_LEAST]
            ],
        ),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)] + [""]


def _found(one: Mapping[str, Any]) -> str:
    return f"{one['found']:.1%} of {one['n_insatser']} insatser's"


def _share(one: Mapping[str, float]) -> str:
    return f"{one['mean']:+.1%} ({one['low']:+.1%} to {one['high']:+.1%})"


def _steps(one: Mapping[str, float]) -> str:
    return f"{one['mean']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"


def _plain(one: Mapping[str, float], decimals: int) -> str:
    return f"{one['mean']:.{decimals}f} ({one['low']:.{decimals}f} to {one['high']:.{decimals}f})"
