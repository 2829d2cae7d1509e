"""Answers that Zappa's `update` asks for and moto lacks: the list of a function's URLs, which here is empty."""

import json

from moto.awslambda import urls
from moto.awslambda.responses import LambdaResponse

URLS = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/urls/?$"


def list_function_url_configs(_: LambdaResponse) -> str:
    """No function of ours has a URL of its own."""
    return json.dumps({"FunctionUrlConfigs": []})


def fill() -> None:
    """Before the server reads its addresses."""
    LambdaResponse.list_function_url_configs = list_function_url_configs  # type: ignore[attr-defined, unused-ignore]
    urls.url_paths[URLS] = LambdaResponse.dispatch
