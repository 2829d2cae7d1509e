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

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request."""
    raise NotImplementedError
