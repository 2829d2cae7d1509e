"""The HTTP edge as a Lambda function: an API Gateway (payload 2.0) or function URL event -> `accept` -> its answer.

Handler `ingest_lambda.lambda_http.handler`. The package needs msgspec and nothing else. Environment:

MILEPOST_KEY_SIGNING_SECRETS      the secrets that keys are signed with, newest first, separated by commas (must)
MILEPOST_STREAM_URL               kinesis://REGION/STREAM (must)
MILEPOST_REGISTRATION_STREAM_URL  kinesis://REGION/STREAM for registrations; unset: they share the one above
MILEPOST_EDGE_FEED_URL            s3://BUCKET/KEY of what the doors must know; unset: no limits, nothing revoked here
MILEPOST_LOG_LEVEL                INFO unless set
AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN  set by Lambda itself

Rights: kinesis:PutRecords on the streams, s3:GetObject on the feed's object. `{"warm": true}` is answered at once.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Coroutine, Mapping
from typing import Any

from ingest_lambda import config, log
from ingest_lambda.accept import Porch, accept, refuse
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Reply, Request
from ingest_lambda.feed import Feed
from ingest_lambda.feed_s3 import S3Feed
from ingest_lambda.problems import Problem
from ingest_lambda.quotas import Quotas
from ingest_lambda.registrations import Registrar
from ingest_lambda.stream.kinesis_put import DirectKinesisWriter, KinesisStream, StreamAddress

COMPONENT = "lambda-http"

logger = logging.getLogger(__name__)


class HttpFunction:
    """One instance of the function: what it keeps from one invocation to the next."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        settings = config.load(dict(environ))
        log.configure(COMPONENT, settings.log_level)
        if not settings.stream_url.startswith("kinesis:"):
            raise config.BadSetting("MILEPOST_STREAM_URL must be kinesis://REGION/STREAM in a function")
        feed_url = environ.get("MILEPOST_EDGE_FEED_URL")
        self._feed = S3Feed(feed_url, environ=environ) if feed_url else None
        known = self._feed or Feed()
        # an instance's own: the gateway's throttle is what holds all of them together
        quotas = Quotas(known, alone=True)
        registrations = writer_of(settings.registration_stream_url or settings.stream_url, environ)
        self.porch = Porch(
            Gatekeeper(settings.key_signing_secrets, known.revoked),
            writer_of(settings.stream_url, environ),
            settings.max_body_bytes,
            limits=quotas,
            registrar=Registrar(registrations, quotas),
            feed=known,
        )

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one event. Raises ValueError for an event of another kind."""
        if self._feed is not None:
            self._feed.look_if_due()
        if event.get("warm"):
            return {"warm": True}
        request = request_of(event)
        try:
            reply = complete(accept(request, self.porch))
        except Exception:
            logger.exception("a request failed in a way nobody foresaw")
            detail = "Something went wrong here, not with your request. Send it again."
            reply = refuse(Problem(500, "internal_error", detail), self.porch)
        if reply.code:
            said = {"code": reply.code, "status": reply.status, "client": request.client_ip}
            logger.info("refused", extra={**said, "request_id": dict(reply.headers).get("x-request-id", "")})
        return answer_of(reply)


def writer_of(url: str, environ: Mapping[str, str]) -> DirectKinesisWriter:
    """The writer onto the stream at `url`."""
    return DirectKinesisWriter(KinesisStream(StreamAddress.parse(url), environ))


def request_of(event: Mapping[str, Any]) -> Request:
    """The request in an event of payload 2.0. Raises ValueError for anything else.

    The client's address is the gateway's word: X-Forwarded-For is the client's own and says what it likes.
    """
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, dict) else None
    if not isinstance(context, dict) or not isinstance(http, dict):
        raise ValueError("not an event of API Gateway's payload format 2.0 or of a function URL")
    path = event.get("rawPath") or "/"
    stage = context.get("stage") or "$default"
    if stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")):
        path = path[len(stage) + 1 :] or "/"
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "replace")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    query = event.get("rawQueryString") or ""
    return Request(http.get("method") or "GET", path, headers, query, body, http.get("sourceIp") or "")


def answer_of(reply: Reply) -> dict[str, Any]:
    """A reply as the gateway wants it. A header that is there twice is joined, as HTTP allows."""
    headers: dict[str, str] = {}
    for name, value in reply.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    answer: dict[str, Any] = {"statusCode": reply.status, "headers": headers}
    try:
        return answer | {"body": reply.body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return answer | {"body": base64.b64encode(reply.body).decode(), "isBase64Encoded": True}


def complete(coroutine: Coroutine[Any, Any, Reply]) -> Reply:
    """The result of a coroutine that never suspends.

    A function answers one request at a time, and its writer blocks: there is nothing an event loop could do
    meanwhile, and importing one costs a quarter of a cold start.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        reply: Reply = end.value
        return reply
    coroutine.close()
    raise RuntimeError("the door waits for something that has no place in a function")


# Set up while the function starts, where there is processor to spare and a snapshot may be taken.
_instance = HttpFunction(os.environ) if "AWS_LAMBDA_FUNCTION_NAME" in os.environ else None


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """What Lambda calls."""
    global _instance
    if _instance is None:
        _instance = HttpFunction(os.environ)
    return _instance.handle(event)
