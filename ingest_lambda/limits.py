"""How many reports a key, an environment and a tenant may send: what the door asks, and the answer over quota."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ingest_lambda.keys import VerifiedKey
from ingest_lambda.problems import Problem

CAP = "cap"
CAP_RETRY_S = (
    300  # phones keep what they hold and ask again this often: soon after the cap was raised it is in
)


class Allowance(NamedTuple):
    """Whether reports may come in; if not, when to try again (whole seconds, at least 1) and which limit said no."""

    granted: bool
    retry_after_s: int = 0
    headers: Sequence[tuple[str, str]] = ()
    limit: str = "key"  # which one refused: a word of _MORE_THAN, or CAP


class Limits(Protocol):
    """The quota of whoever holds a key.

    A request is let in or refused before its body is looked at, so that a flood over quota costs little: `take` one,
    parse, `charge` the rest. What passes `take` passes whole, and its debt is paid before the next.
    """

    def take(self, key: VerifiedKey, reports: int, now_us: int) -> Allowance:
        """Take `reports` (0 counts as 1) from what `key` has left at `now_us`, epoch microseconds."""
        ...

    def charge(self, key: VerifiedKey, reports: int) -> Sequence[tuple[str, str]]:
        """Take `reports` more (0 or more) after a granted `take`, whether they are there or not; headers to show."""
        ...

    def take_registrations(self, key: VerifiedKey, registrations: int, now_us: int) -> Allowance:
        """The same as `take` from the quota of registrations."""
        ...


class NoLimits:
    """Everything passes."""

    def take(self, key: VerifiedKey, reports: int, now_us: int) -> Allowance:
        """Always granted."""
        return _GRANTED

    def charge(self, key: VerifiedKey, reports: int) -> Sequence[tuple[str, str]]:
        """Costs nothing."""
        return ()

    def take_registrations(self, key: VerifiedKey, registrations: int, now_us: int) -> Allowance:
        """Always granted."""
        return _GRANTED


_GRANTED = Allowance(True)
CAP_REACHED = Allowance(False, CAP_RETRY_S, (), CAP)
_MORE_THAN = {
    "key": "More reports than this key may send.",
    "environment": "More reports than all keys of this environment together may send.",
    "tenant": "More reports than all environments of this account together may send.",
    "registrations": "More device registrations than this environment may send.",
}


def over_quota(allowance: Allowance) -> Problem:
    """429 with Retry-After: the reports may come later, none of them is lost by waiting."""
    if allowance.limit == CAP:
        return _cap_reached(allowance)
    detail = f"{_MORE_THAN[allowance.limit]} Send them again in {allowance.retry_after_s} seconds."
    headers = (("retry-after", str(allowance.retry_after_s)), *allowance.headers)
    return Problem(429, "over_quota", detail, headers=headers)


def _cap_reached(allowance: Allowance) -> Problem:
    detail = (
        "The spending cap that this account set for the month is reached, and it says to stop. Keep the reports and "
        f"send them again in {allowance.retry_after_s} seconds: they come in once the cap is raised or the month ends."
    )
    return Problem(429, "cap_reached", detail, headers=(("retry-after", str(allowance.retry_after_s)),))
