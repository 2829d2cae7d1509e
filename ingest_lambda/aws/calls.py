"""Signed calls to one AWS service over one kept connection. Not for several threads at once."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from ingest_lambda.aws.lent import ADDRESS, LENDER
from ingest_lambda.aws.signature import Credentials, Target, encoded_path, encoded_query, signed_headers
from ingest_lambda.aws.wire import Answer, Wire, tls_context

TIMEOUT_S = 5.0
_THROTTLES = frozenset(
    {
        *("ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException"),
        *("KMSThrottlingException", "RequestLimitExceeded", "SlowDown", "Throttling"),
    }
)


class AwsAway(Exception):
    """The service cannot be reached, broke the connection, or says that it is at fault: worth another try."""


class AwsRefused(Exception):
    """The service answered that it will not. `code` is its own word for why, `throttled` whether to come later."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.status = status
        self.code = code
        self.throttled = code in _THROTTLES or status == 429


class _Error(msgspec.Struct):
    kind: str = msgspec.field(default="", name="__type")
    code: str = ""
    message: str = ""
    Message: str = ""


_error = msgspec.json.Decoder(_Error)


def credentials_of(environ: Mapping[str, str]) -> Credentials:
    """The credentials Lambda puts in a function's environment, or an operator in a box's.

    A function restored from a snapshot and a container ask the address that their environment names. Instances'
    metadata is not asked: there give the variables. Raises LookupError.
    """
    if ADDRESS in environ and "AWS_ACCESS_KEY_ID" not in environ:
        return LENDER.credentials(environ)
    try:
        key, secret = environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"]
    except KeyError as missing:
        raise LookupError(f"{missing.args[0]} is not set: calls to AWS cannot be signed") from None
    return Credentials(key, secret, environ.get("AWS_SESSION_TOKEN", ""))


class AwsService:
    """One service in one region. `endpoint` empty: AWS's own, or what AWS_ENDPOINT_URL names (an emulator)."""

    def __init__(
        self,
        service: str,
        region: str,
        *,
        endpoint: str = "",
        host: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._service = service
        self._region = region
        self._environ = environ
        given = (
            endpoint or environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environ.get("AWS_ENDPOINT_URL")
        )
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        parts = urlsplit(given or f"https://{host or service}.{region}.{domain}")
        self.emulated = bool(given)
        self._secure = parts.scheme == "https"
        self._address = parts.hostname or "", parts.port or (443 if self._secure else 80)
        self._host = parts.netloc.rpartition("@")[2]
        self._wire: Wire | None = None
        if self._secure:
            tls_context()  # while a function starts, not in its first request

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = TIMEOUT_S,
    ) -> Answer:
        """One signed request and its answer, whatever its status. Raises AwsAway, LookupError.

        A kept connection that turns out to be closed is opened again once: a function may have slept for
        minutes between two requests, and a service hangs up on the silent.
        """
        target = Target(method, self._host, path, query or {})
        signed = signed_headers(
            target,
            headers or {},
            body,
            credentials_of(self._environ),
            region=self._region,
            service=self._service,
            at=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        )
        asked = encoded_path(path) + (f"?{encoded_query(target.query)}" if target.query else "")
        fresh = self._wire is None
        try:
            return self._exchange(method, asked, body, signed, timeout_s)
        except TimeoutError as error:
            raise AwsAway(f"{self._service} does not answer within {timeout_s:.1f} s") from error
        except OSError as error:
            if fresh:
                raise AwsAway(f"{self._service}: {type(error).__name__}: {error}") from error
        try:
            return self._exchange(method, asked, body, signed, timeout_s)
        except OSError as error:
            raise AwsAway(f"{self._service}: {type(error).__name__}: {error}") from error

    def call(self, operation: str, arguments: object, *, timeout_s: float = TIMEOUT_S) -> bytes:
        """One operation of a service that speaks JSON 1.1; the answer's body. Raises AwsAway, AwsRefused."""
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": operation}
        answer = self.send(
            "POST", "/", headers=headers, body=msgspec.json.encode(arguments), timeout_s=timeout_s
        )
        if answer.status == 200:
            return answer.body
        try:
            error = _error.decode(answer.body)
        except msgspec.MsgspecError:
            error = _Error()
        code = (error.kind.rpartition("#")[2] or error.code or f"status {answer.status}").partition(":")[0]
        refused = AwsRefused(answer.status, code, error.message or error.Message)
        if answer.status >= 500 and not refused.throttled:
            raise AwsAway(f"{self._service}: {refused}")
        raise refused

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _exchange(
        self, method: str, asked: str, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Answer:
        if self._wire is None:
            host, port = self._address
            self._wire = Wire(host, port, secure=self._secure, timeout_s=timeout_s)
        try:
            answer = self._wire.exchange(method, asked, headers, body, timeout_s)
        except BaseException:
            self.close()
            raise
        if not self._wire.kept:
            self.close()
        return answer
