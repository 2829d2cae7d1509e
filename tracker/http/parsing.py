"""Bodies of API requests: JSON as RFC 8259 has it and nothing else, never larger than the limit."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

import msgspec
from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from tracker.http.problems import ApiProblem, bad_request, too_large


class StrictJSONParser(BaseParser):
    """UTF-8 JSON. NaN, lone surrogates and numbers beyond a double are refused; of a repeated name the last counts."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value in the body. Raises ApiProblem 400 that says where the text is broken, or 413."""
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise too_large(limit)
        return decode(body)


def decode(body: bytes) -> Any:
    """The JSON value in `body`; raises ApiProblem and nothing else."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise _broken("it is nested too deeply") from None
    except msgspec.ValidationError:
        raise _broken("it holds a number that is too large") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _where(body) from None


def object_of(request: Request, *names: str) -> dict[str, Any]:
    """The body as a JSON object that holds none but these names."""
    if request.META.get("CONTENT_LENGTH") in {None, "", "0"}:
        raise bad_request("invalid_json", "The body is empty: send a JSON object.")
    body = request.data
    if not isinstance(body, dict):
        raise bad_request("invalid_body", f"The body must be a JSON object with {' or '.join(names)}.")
    for name in body:
        if name not in names:
            known = ", ".join(names)
            raise bad_request(
                "unknown_field",
                f"{name[:60]!r} cannot be set here. What can be set: {known}.",
                pointer(name),
            )
    return body


def pointer(*names: str) -> str:
    """The JSON pointer (RFC 6901) of a field of the body, cut at 200 characters."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)[:200]


def _broken(why: str) -> ApiProblem:
    return bad_request("invalid_json", f"The body is not valid JSON: {why}.")


def _where(body: bytes) -> ApiProblem:
    """Python's slower decoder tells the line and column; what it takes and msgspec does not is told apart."""
    try:
        json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return _broken(f"byte {error.start} is not UTF-8")
    except json.JSONDecodeError as error:
        return _broken(f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}")
    except RecursionError:
        return _broken("it is nested too deeply")
    except ApiProblem as problem:
        return problem
    except ValueError:
        return _broken("it holds a number that is too large")
    return _broken("it holds one half of a surrogate pair, which is no character")


def _no_constant(name: str) -> NoReturn:
    raise _broken(f"{name} is not a JSON number")
