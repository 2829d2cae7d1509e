"""What became of a replay: the environment's outcome counts, read through the API before and after."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

SETTLE_S = 120.0
LOOK_EVERY_S = 0.5


class Unanswered(Exception):
    """The API did not give the counts; the message says why."""


@dataclass(frozen=True)
class Counts:
    """How many fixes ended how: `accepted`, `filtered(teleport)` and so on."""

    received: int
    endings: Mapping[str, int]

    def minus(self, before: "Counts") -> "Counts":
        """What was added since."""
        names = {**self.endings, **before.endings}
        rest = {name: self.endings.get(name, 0) - before.endings.get(name, 0) for name in names}
        shown = {name: count for name, count in rest.items() if count or name == "accepted"}
        return Counts(self.received - before.received, shown)


def flatten(outcomes: Mapping[str, Any]) -> Counts:
    """The API's answer as one flat table. Raises KeyError where it is not such an answer."""
    endings: dict[str, int] = {}
    for name in ("accepted", "duplicate"):
        endings[name] = int(outcomes[name])
    for name in ("filtered", "quarantined"):
        endings |= {f"{name} ({why.replace('_', ' ')})": int(n) for why, n in outcomes[name].items()}
    return Counts(int(outcomes["received"]), endings)


@dataclass(frozen=True)
class Outcomes:
    """The counts of one environment from `since` on."""

    base_url: str
    secret_key: str
    since: datetime

    def read(self) -> Counts:
        """The counts up to now. Raises Unanswered."""
        until = datetime.now(UTC) + timedelta(minutes=1)
        query = urllib.parse.urlencode({"from": self.since.isoformat(), "to": until.isoformat()})
        request = urllib.request.Request(  # noqa: S310  the address is the operator's own
            f"{self.base_url}/api/v1/outcomes?{query}", headers={"Authorization": f"Bearer {self.secret_key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return flatten(json.load(answer))
        except urllib.error.HTTPError as error:
            raise Unanswered(f"the API answered {error.code} to the secret key") from None
        except (OSError, ValueError, KeyError) as error:
            raise Unanswered(f"the API did not answer: {error}") from None

    def settle(self, received: int) -> Counts:
        """The counts once `received` fixes have ended, or as they stand after SETTLE_S seconds."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            counts = self.read()
            if counts.received >= received or time.monotonic() > deadline:
                return counts
            time.sleep(LOOK_EVERY_S)
