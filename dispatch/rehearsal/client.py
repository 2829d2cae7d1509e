"""Speaks HTTP to the product like anybody outside: the API with a key, the drivers' page with its cookie."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from dispatch.rehearsal.tally import Tally

TRIES = 6
TIMEOUT = aiohttp.ClientTimeout(total=60)


class Refused(Exception):
    """An answer that no second try changed."""

    def __init__(self, status: int, text: str, where: str) -> None:
        super().__init__(f"{where}: {status} {text[:300]}")
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether it was no answer about the matter: the product was away, too slow, or asked to be asked later."""
        return self.status in {0, 429} or self.status >= 500


class Client:
    """One session of requests with headers of its own; answers are timed by what they are for."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, tally: Tally, headers: Mapping[str, str]
    ) -> None:
        self.session, self.base_url, self.tally, self.headers = session, base_url, tally, dict(headers)

    async def ask(
        self, what: str, method: str, path: str, *, json: Any = None, data: Any = None, **headers: str
    ) -> Any:
        """The decoded answer. What fails for a while is tried again, as any caller does. Raises Refused."""
        url = path if path.startswith("http") else self.base_url + path
        for attempt in range(TRIES):
            begun = time.perf_counter()
            try:
                async with self.session.request(
                    method, url, json=json, data=data, headers=self.headers | headers, timeout=TIMEOUT,
                    allow_redirects=False,
                ) as answer:  # fmt: skip
                    body = await answer.read()
                    self.tally.took(what, time.perf_counter() - begun)
                    if answer.status < 400:
                        is_json = "json" in answer.headers.get("Content-Type", "")
                        return await answer.json() if is_json and body else body
                    if answer.status < 500 and answer.status != 429:
                        raise Refused(answer.status, body.decode("utf-8", "replace"), f"{method} {path}")
                    pause = float(answer.headers.get("Retry-After") or 2**attempt / 4)
            except (aiohttp.ClientError, TimeoutError) as error:
                self.tally.counts["network_errors"] += 1
                pause = 2**attempt / 4
                if attempt == TRIES - 1:
                    raise Refused(0, repr(error), f"{method} {path}") from None
            self.tally.counts["retries"] += 1
            await asyncio.sleep(min(pause, 10.0))
        raise Refused(503, "no answer after all tries", f"{method} {path}")
