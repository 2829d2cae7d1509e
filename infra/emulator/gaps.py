"""Where moto lacks an answer or gives a wrong one that our way of deploying meets."""

from __future__ import annotations

import json
from typing import Any

from moto.awslambda import urls
from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

URLS = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/urls/?$"


def list_function_url_configs(_: LambdaResponse) -> str:
    """Zappa's `update` asks; no function of ours has a URL of its own."""
    return json.dumps({"FunctionUrlConfigs": []})


def _not_run(_: LambdaBackend, **message: Any) -> None:
    """Moto runs a stream's function in Docker the moment a record is put; here no function runs at all."""


def _neutral(self: FakeBucket, action: str, resource: str) -> Any:
    """Our buckets' policies deny on a condition (no TLS); moto takes a statement whose condition fails for a denial."""
    return PermissionResult.NEUTRAL


def fill() -> None:
    """Before the server reads its addresses."""
    LambdaResponse.list_function_url_configs = list_function_url_configs  # type: ignore[attr-defined, unused-ignore]
    urls.url_paths[URLS] = LambdaResponse.dispatch
    LambdaBackend.send_kinesis_message = _not_run  # type: ignore[method-assign, assignment]
    FakeBucket.get_permission = _neutral  # type: ignore[method-assign]
