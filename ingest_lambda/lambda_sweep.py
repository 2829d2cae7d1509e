"""The scheduled function: drives dead letters again whose redrive was asked for, where no worker runs to do it.

Handler `ingest_lambda.lambda_sweep.handler`, once a minute. Package, environment and rights are those of
`lambda_consume`, without the stream's.
"""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Sweep once."""
    raise NotImplementedError
