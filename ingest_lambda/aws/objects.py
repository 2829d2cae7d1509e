"""Objects in an S3 bucket: get, put, list, remove. Signed by hand, over one kept connection."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from ingest_lambda.aws.calls import TIMEOUT_S, AwsAway, AwsService
from ingest_lambda.aws.wire import Answer

# A listing is a flat answer of which two elements matter; an XML parser would cost a function its import.
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
_NEXT = re.compile(r"<NextContinuationToken>(.*?)</NextContinuationToken>", re.DOTALL)


class Bucket:
    """One bucket. Every method raises AwsAway where S3 is away or refuses, LookupError without credentials."""

    def __init__(
        self, name: str, region: str, *, endpoint: str = "", environ: Mapping[str, str] = os.environ
    ) -> None:
        # a name with dots fits no certificate's wildcard, and an emulator no host name at all
        self._service = AwsService(
            "s3", region, endpoint=endpoint, host="" if "." in name else f"{name}.s3", environ=environ
        )
        self._root = f"/{name}/" if "." in name or self._service.emulated else "/"

    def get(self, key: str) -> bytes:
        """An object's bytes. A missing one is AwsAway as well: the message says so."""
        return self._expect(self._service.send("GET", self._root + key), key).body

    def get_if_new(self, key: str, etag: str, *, timeout_s: float = TIMEOUT_S) -> tuple[bytes, str] | None:
        """An object's bytes and its ETag; None where it is still the one with `etag`."""
        headers = {"if-none-match": etag} if etag else {}
        answer = self._service.send("GET", self._root + key, headers=headers, timeout_s=timeout_s)
        if answer.status == 304:
            return None
        return self._expect(answer, key).body, answer.headers.get("etag", "")

    def put(self, key: str, body: bytes) -> None:
        """Write an object."""
        self._expect(self._service.send("PUT", self._root + key, body=body), key)

    def remove(self, key: str) -> None:
        """Remove an object; one that is gone already is well removed."""
        self._expect(self._service.send("DELETE", self._root + key), key)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, in order."""
        query = {"list-type": "2", "prefix": prefix}
        while True:
            page = self._expect(self._service.send("GET", self._root, query=query), prefix).body.decode()
            yield from (_plain(found) for found in _KEY.findall(page))
            following = _NEXT.search(page)
            if following is None:
                return
            query = {**query, "continuation-token": _plain(following[1])}

    def _expect(self, answer: Answer, key: str) -> Answer:
        if answer.status not in {200, 204}:
            said = answer.body[:300].decode("utf-8", "replace")
            raise AwsAway(f"S3 answers {answer.status} for {self._root}{key}: {said}")
        return answer


def _plain(text: str) -> str:
    """The text of an XML element; `&amp;` last, so that what it uncovers is left alone."""
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&#13;", "\r")):
        text = text.replace(entity, char)
    return text.replace("&amp;", "&")
