"""Shares scarce places among the suggestions of a caseload; never orders people. See docs/CASELOAD.md."""

from pathway.caseload.pools import NONE, Pools, gather
from pathway.caseload.prices import Priced, find
from pathway.caseload.sharing import Even, Groups, Shares, Work, share
from pathway.caseload.waiting import Wait, one_more, waits

__all__ = [
    "NONE",
    "Even",
    "Groups",
    "Pools",
    "Priced",
    "Shares",
    "Wait",
    "Work",
    "find",
    "gather",
    "one_more",
    "share",
    "waits",
]
