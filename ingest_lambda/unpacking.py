"""The body of a request as its sender wrote it: inflated if it came packed, and never beyond a bound."""

from __future__ import annotations

import zlib

from ingest_lambda.exchange import Request
from ingest_lambda.problems import body_too_large, wrong_shape


def unpacked(request: Request, limit: int) -> bytes:
    """The body, inflated when it came as gzip, never beyond `limit` bytes. Raises Problem 413 or 400."""
    if len(request.body) > limit:
        raise body_too_large(limit)
    coding = request.headers.get("content-encoding")
    if coding is None or coding == "identity" or not coding:
        return request.body
    if coding.strip().lower() not in {"gzip", "x-gzip"}:
        detail = "Send the body as it is, or with Content-Encoding: gzip."
        raise wrong_shape("unsupported_encoding", detail, "Content-Encoding")
    inflater = zlib.decompressobj(wbits=31)
    try:
        body = inflater.decompress(request.body, limit + 1)
    except zlib.error:
        raise wrong_shape("invalid_encoding", "The body is not valid gzip.", "Content-Encoding") from None
    if len(body) > limit:
        raise body_too_large(limit)
    if not inflater.eof:
        raise wrong_shape("invalid_encoding", "The gzip body is cut short.", "Content-Encoding")
    return body
