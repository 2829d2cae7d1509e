"""The API's part in the request log: calls are noted in memory; a thread of the process tells of them each second."""

import logging
import threading
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from ingest_lambda.request_log import (
    LONGEST_TEXT,
    MOST_ENTRIES,
    REQUESTS,
    Door,
    Entry,
    RequestLog,
    encode,
    ending_of,
)
from tracker.devices.references import EXTERNAL
from tracker.http.connections import redis_client

EVERY_S = 1.0
logger = logging.getLogger(__name__)


class Poster:
    """The log of one process. No call waits for Redis; what it does not take within a minute is lost, and counted."""

    def __init__(self, *, alone: bool = False) -> None:
        self.log = RequestLog()
        self._alone = alone  # no thread: whoever made it hands on by hand
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, request: HttpRequest, response: HttpResponseBase, began_us: int, took_us: int) -> None:
        """A call was answered. One without a key of ours is nobody's, and is not noted."""
        caller: tuple[int, int] | None = getattr(request, "calling_key", None)
        if caller is None:
            return
        ending = ending_of(response.status_code)
        with self._lock:
            if self.log.admits(*caller, began_us, Door.API, ending):
                self.log.keep(_entry(caller, request, response, ending, (began_us, took_us)))
            if not self._alone and (
                self._thread is None or not self._thread.is_alive()
            ):  # none yet, or a fork
                self._thread = threading.Thread(target=self._keep_handing_on, name="request log", daemon=True)
                self._thread.start()

    def hand_on(self) -> None:
        """What was noted, to Redis. Raises what Redis raises; nothing is taken out before it is there."""
        with self._lock:
            self.log.close_second()
        while (told := self.log.first_waiting()) is not None:
            client = redis_client(settings.REDIS_URL)
            client.xadd(REQUESTS, {"t": encode(told)}, maxlen=MOST_ENTRIES, approximate=True)
            self.log.handed_on()

    def _keep_handing_on(self) -> None:
        failing = False
        while True:
            time.sleep(EVERY_S)
            try:
                self.hand_on()
                failing = False
            except Exception as error:
                if not failing:
                    facts = {"reason": str(error), "lost": self.log.lost}
                    logger.warning("requests cannot be told of for now", extra=facts)
                failing = True


poster = Poster()


def _entry(
    caller: tuple[int, int],
    request: HttpRequest,
    response: HttpResponseBase,
    ending: str,
    times_us: tuple[int, int],
) -> Entry:
    match = request.resolver_match
    device = match.kwargs.get("device", "") if match else ""
    code = str(getattr(getattr(response, "data", None), "code", ""))
    if not code and response.status_code >= 500:
        code = "internal_error"
    return Entry(
        *caller,
        times_us[0],
        str(getattr(request, "milepost_request_id", "")),
        Door.API,
        request.method or "",
        f"/{match.route}" if match else "",  # the pattern: what stands in its places may be anything
        response.status_code,
        ending,
        code if response.status_code >= 400 else "",
        times_us[1],
        str(device)[: len(EXTERNAL) + LONGEST_TEXT],
    )
