"""Reads the list of events of a server far away, for a developer to whose machine no webhook can come."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 30.0
PAGE = 200


class Refused(Exception):
    """The server said no and would say so again; the text is its own sentence."""


class Away(Exception):
    """The server did not answer, or could not at the moment."""


class Events:
    """The list of events behind a cursor that moves on."""

    def __init__(self, base_url: str, key: str, *, kind: str = "", since: str = "") -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise Refused(f"{base_url!r} is no address such as https://milepost.example.com")
        self._address = f"{parts.scheme}://{parts.netloc}/api/v1/events"
        self._key = key
        self._filters = {name: value for name, value in (("type", kind), ("from", since)) if value}
        self._start = {} if since else {"start": "newest"}
        self._cursor = ""

    def read(self) -> Iterator[dict[str, Any]]:
        """What there is now behind the cursor. Raises Refused or Away; the cursor then stands where it stood."""
        more = True
        while more:
            place = {"cursor": self._cursor} if self._cursor else self._start
            page = self._get({**self._filters, **place, "limit": str(PAGE)})
            yield from page["data"]
            self._cursor, more = page["next_cursor"], page["more"]

    def _get(self, query: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  the scheme was checked
            f"{self._address}?{urlencode(query)}", headers={"Authorization": f"Bearer {self._key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  the same
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            if error.code >= 500 or error.code == 429:
                raise Away(f"it answered {error.code}") from None
            raise Refused(_sentence(error)) from None
        except (OSError, ValueError) as error:
            raise Away(str(error)) from None


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["detail"])
    except (ValueError, KeyError, OSError):
        return f"it answered {error.code}"
