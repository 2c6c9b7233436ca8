"""Roles and what each may do; a case belongs to a unit besides, and `service.visits` keeps to that."""

from enum import StrEnum
from typing import Literal, get_args

Role = Literal["handläggare", "enhetschef", "data_scientist", "auditor", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)
IN_A_UNIT: tuple[Role, ...] = ("handläggare", "enhetschef")  # the others work for the whole installation


class Permission(StrEnum):
    """One thing that a role may or may not do."""

    CREATE_CASE = "case.create"
    READ_CASE = "case.read"
    CHANGE_CASE = "case.change"
    EXPORT_CASE = "case.export"
    ERASE_CASE = "case.erase"
    SHARE_CASE = "case.share"
    SUGGEST = "suggestion.create"
    READ_SUGGESTION = "suggestion.read"
    DECIDE = "suggestion.decide"
    READ_CATALOGUE = "catalogue.read"
    READ_MODEL = "model.read"
    READ_TRAIL = "trail.read"
    STOP = "stop.set"
    READ_STOPS = "stop.read"
    MANAGE_KEYS = "key.manage"
    MANAGE_ACCOUNTS = "account.manage"


_EVERYBODY = {Permission.READ_CATALOGUE, Permission.READ_MODEL, Permission.READ_STOPS}
MAY: dict[Role, frozenset[Permission]] = {
    "handläggare": frozenset(
        _EVERYBODY
        | {
            Permission.CREATE_CASE,
            Permission.READ_CASE,
            Permission.CHANGE_CASE,
            Permission.EXPORT_CASE,
            Permission.SHARE_CASE,
            Permission.SUGGEST,
            Permission.READ_SUGGESTION,
            Permission.DECIDE,
        }
    ),
    "enhetschef": frozenset(
        _EVERYBODY
        | {
            Permission.READ_CASE,
            Permission.EXPORT_CASE,
            Permission.ERASE_CASE,
            Permission.READ_SUGGESTION,
            Permission.STOP,
        }
    ),
    "data_scientist": frozenset(_EVERYBODY | {Permission.STOP}),
    "auditor": frozenset(_EVERYBODY | {Permission.READ_SUGGESTION, Permission.READ_TRAIL}),
    "administrator": frozenset(_EVERYBODY | {Permission.STOP, Permission.MANAGE_KEYS, Permission.MANAGE_ACCOUNTS}),
}
