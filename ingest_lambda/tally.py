"""What a door did, told in one line every few seconds: a line a request would cost more than the request."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from ingest_lambda.health import Facts

SUMMARY_S = 10.0
REFUSALS_TOLD_EACH = 20  # lines per summary; a flood of bad requests must not become a flood of lines

log = logging.getLogger(__name__)


class Tally:
    """Counts endings by their word (`202`, `invalid_key`, ...) and writes down the first refusals of each span."""

    def __init__(self) -> None:
        self.total = 0
        self._endings: Counter[str] = Counter()
        self._refusals_left = REFUSALS_TOLD_EACH

    def taken(self, ending: str) -> None:
        """Something ended well."""
        self.total += 1
        self._endings[ending] += 1

    def refused(self, code: str, request_id: str, facts: Facts) -> None:
        """Something was refused, with its stable code; `facts` go in the line, so no key may be in them."""
        self.taken(code)
        if self._refusals_left > 0:
            self._refusals_left -= 1
            log.info("refused", extra={"code": code, "request_id": request_id, **facts})

    async def keep_telling(self, facts: Callable[[], Facts]) -> None:
        """A line every SUMMARY_S seconds in which anything happened, for ever."""
        while True:
            await asyncio.sleep(SUMMARY_S)
            if self._endings:
                log.info("summary", extra={"seconds": SUMMARY_S, "endings": dict(self._endings), **facts()})
            self._endings.clear()
            self._refusals_left = REFUSALS_TOLD_EACH
