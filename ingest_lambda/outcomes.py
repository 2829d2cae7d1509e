"""The endings of a report: accepted, duplicate, filtered or quarantined, and why. Each report has exactly one."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """The one ending of a report; the counts of the four add up to what was received, to the unit."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"
    QUARANTINED = "quarantined"


class Filter(StrEnum):
    """Why a readable fix was kept out of the history."""

    TOO_OLD = "too_old"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    POOR_ACCURACY = "poor_accuracy"
    ZERO_ISLAND = "zero_island"
    TELEPORT = "teleport"
    SWAPPED_AXES = "swapped_axes"
    SAMPLED = "sampled"  # a spending cap is reached, and one in some is kept
    CAP_REACHED = (
        "cap_reached"  # the same, and nothing is: of MQTT alone, whose broker cannot ask a device to wait
    )


class Quarantine(StrEnum):
    """Why a report was set aside unjudged. The porch's own reasons (`report.Refusal`) stand beside these."""

    KEY_REVOKED = "key_revoked"
    DEVICE_DELETED = "device_deleted"
    DEAD_LETTER = "dead_letter"  # it broke a step; a redrive takes it out of this count again


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """One report's ending: the outcome, its reason ("" for the first two), a sentence with value and bound.

    `outcome` is the plain text of an Outcome: it is hashed once for every fix.
    """

    outcome: str
    reason: str = ""
    detail: str = ""


ACCEPTED = Verdict(Outcome.ACCEPTED.value)
DUPLICATE = Verdict(Outcome.DUPLICATE.value)


def filtered(reason: Filter, detail: str) -> Verdict:
    """Kept out of the history for `reason`."""
    return Verdict(Outcome.FILTERED.value, reason.value, detail)


def quarantined(reason: str, detail: str) -> Verdict:
    """Set aside unjudged for `reason`: a Quarantine or one of the porch's refusals."""
    return Verdict(Outcome.QUARANTINED.value, str(reason), detail)
