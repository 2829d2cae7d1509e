"""AWS Signature Version 4: a request and credentials in, the headers that sign it out. Pure, standard library only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


class Credentials(NamedTuple):
    """Who signs. `token` belongs to temporary credentials and is empty for lasting ones."""

    access_key: str
    secret_key: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.access_key})"  # never the secret


class Target(NamedTuple):
    """What is asked: `path` not yet encoded, `query` as plain names and values."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]


def signed_headers(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    *,
    region: str,
    service: str,
    at: str,
) -> dict[str, str]:
    """`headers` with host, date, token and Authorization added. `at` is the time as `20261122T090000Z`.

    Names of headers are lower case. S3 also wants the body's digest as a header; the path is encoded once for
    S3, and twice for every other service, as AWS prescribes.
    """
    digest = hashlib.sha256(body).hexdigest()
    whole = {**headers, "host": target.host, "x-amz-date": at}
    if service == "s3":
        whole["x-amz-content-sha256"] = digest
    if credentials.token:
        whole["x-amz-security-token"] = credentials.token
    names = sorted(whole)
    canonical = _canonical(target, whole, names, digest, service)
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join([ALGORITHM, at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = _signing_key(credentials.secret_key, at[:8], region, service)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    whole["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{scope},"
        f" SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return whole


def _canonical(
    target: Target, headers: Mapping[str, str], names: list[str], digest: str, service: str
) -> str:
    path = encoded_path(target.path)
    return "\n".join(
        [
            target.method,
            path if service == "s3" else encoded_path(path),
            encoded_query(target.query),
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            ";".join(names),
            digest,
        ]
    )


def encoded_path(path: str) -> str:
    """The path as it stands in the request line."""
    return quote(path, safe="/" + _UNRESERVED)


def encoded_query(query: Mapping[str, str]) -> str:
    """The query as it is signed and as it stands in the request line: sorted by its encoded names."""
    pairs = [(quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED)) for name, value in query.items()]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


@lru_cache(maxsize=16)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The day's key: derived once a day, not once a request."""
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
