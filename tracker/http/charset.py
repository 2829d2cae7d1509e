"""Requests are read as UTF-8, whatever charset their Content-Type names.

Django decodes the query by that charset while it makes the request, before any of its error handling. Some of
Python's codecs are no text encodings (`charset=hex`), and some parameters cannot be read at all; both would end
as a bare 500 of the server.
"""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """A request whose address and forms are UTF-8."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        header = meta.get("CONTENT_TYPE", "")
        try:
            self.content_type, self.content_params = parse_header_parameters(header)
        except (ValueError, LookupError):
            self.content_type, self.content_params = header.partition(";")[0].strip().lower(), {}


class Utf8Handler(WSGIHandler):
    """Django's WSGI application, with such requests."""

    request_class = Utf8Request
