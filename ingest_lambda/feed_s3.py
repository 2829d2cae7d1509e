"""The doors' feed where there is no Redis: one S3 object, looked at every two seconds, never waited for."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from ingest_lambda.aws.calls import AwsAway
from ingest_lambda.aws.objects import Bucket
from ingest_lambda.feed import BadFeed, Feed

POLL_S = 2.0
TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


class S3Feed(Feed):
    """A feed that follows an S3 object. A look that fails keeps what is known.

    `look_if_due` is called with every request: a function has no life between two of them. The look itself is
    a thread's, so that no answer waits for it; a function that is frozen meanwhile goes on with it when thawed.
    """

    def __init__(
        self,
        url: str,
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        bucket, self._key, region, endpoint = _address(url, environ)
        self._bucket = Bucket(bucket, region, endpoint=endpoint, environ=environ)
        self._clock = clock
        self._etag = ""
        self._looked_at: float | None = None
        self._looking: threading.Thread | None = None
        self._failing = False

    def look_if_due(self) -> None:
        """Begin a look unless one is under way or the last began less than POLL_S seconds ago."""
        now = self._clock()
        if self._looked_at is not None and now - self._looked_at < POLL_S:
            return
        if self._looking is not None and self._looking.is_alive():
            return
        self._looked_at = now
        self._looking = threading.Thread(target=self._look_quietly, name="feed", daemon=True)
        self._looking.start()

    def look(self) -> bool:
        """Look once, here; whether something was new. Raises AwsAway, LookupError, BadFeed."""
        found = self._bucket.get_if_new(self._key, self._etag, timeout_s=TIMEOUT_S)
        if found is None:
            return False
        document, etag = found
        self.learn(document)
        self._etag = etag
        return True

    def wait(self, seconds: float) -> None:
        """For tests and for a warm-up: until the look under way is over."""
        if self._looking is not None:
            self._looking.join(seconds)

    def _look_quietly(self) -> None:
        try:
            self.look()
            self._failing = False
        except (AwsAway, LookupError, BadFeed) as error:
            if not self._failing:
                log.warning("the feed could not be read, keeping what is known", extra={"reason": str(error)})
            self._failing = True


def _address(url: str, environ: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Bucket, key, region and endpoint of `s3://bucket/key`. Raises ValueError for another kind of URL."""
    parts = urlsplit(url)
    key = parts.path.lstrip("/")
    if parts.scheme != "s3" or not parts.netloc or not key:
        raise ValueError(f"the feed's address is written s3://BUCKET/KEY, not {url!r}")
    given = parse_qs(parts.query)
    region = given.get(
        "region", [environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"]
    )[0]
    return parts.netloc, key, region, given.get("endpoint", [""])[0]
