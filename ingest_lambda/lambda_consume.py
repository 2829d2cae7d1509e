"""The consumer as a Lambda function: a batch of Kinesis records -> `consume` -> what must come again.

Handler `ingest_lambda.lambda_consume.handler`. The package needs msgspec, psycopg[binary] and redis. Environment:

MILEPOST_EDGE_DATABASE_URL  postgresql://milepost_edge:…@PROXY:5432/milepost?sslmode=require (must)
MILEPOST_REDIS_URL          redis://CACHE:6379/0, where open maps hear of what moved (must)
MILEPOST_LOG_LEVEL          INFO unless set

Rights: what the event source mapping asks for (kinesis:GetRecords and its kin), ec2 network interfaces for the VPC,
s3:PutObject on the failure bucket. The mapping must ask for ReportBatchItemFailures.
"""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Store one batch."""
    raise NotImplementedError
