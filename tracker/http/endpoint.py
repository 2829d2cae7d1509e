"""What every address of the API has in common: its key, its one form of answer, no caching."""

from collections.abc import Iterable
from typing import Any

import msgspec
from django.utils import timezone
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tracker.audit import net
from tracker.http import idempotency
from tracker.keys.models import Key
from tracker.tenants.models import Environment


class ApiRequest(Request):
    """A request whose key is in force; all it may see lies in the key's environment."""

    auth: Key
    environment: Environment


class StructRenderer(BaseRenderer):
    """Structs, lists and dicts as JSON; numbers without an end become null."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        """The bytes of the answer; none for a 204."""
        return b"" if data is None else msgspec.json.encode(data)


class AlwaysJson(BaseContentNegotiation):
    """JSON whatever the Accept header says: a browser that looks at the API sees the answer, not a 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser of the body's media type, None (a 415) where there is none."""
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((p for p in parsers if p.media_type == wanted), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The one renderer."""
        return next(iter(renderers)), "application/json"


class Endpoint(APIView):
    """Base of the API's views."""

    renderer_classes = [StructRenderer]
    content_negotiation_class = AlwaysJson
    metadata_class = None
    http_method_names = ["get", "head", "post", "patch", "delete"]

    # an answer with a secret in it is shown once and kept nowhere: a repeat is told so
    answer_is_secret = False
    _claimed: int | None = None  # the row of this request's idempotency key

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Who calls is known and the request may be worked on, unless it came before."""
        super().initial(request, *args, **kwargs)
        key = (
            idempotency.key_in(request.headers.get(idempotency.HEADER)) if request.method == "POST" else None
        )
        if key is not None:
            whole = (request.method, request.get_full_path(), request.body)
            self._claimed = idempotency.claim(request.environment.pk, key, *whole, now=timezone.now())

    def handle_exception(self, exc: Exception) -> Any:
        """An answer that was given before is given again."""
        if isinstance(exc, idempotency.Replay):
            return exc.answer
        self._claimed = None  # a refusal takes the claim back with everything else
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Nobody on the way may keep where somebody was."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        net.note_call(request, final)
        if self._claimed is not None:
            idempotency.remember(request.environment.pk, self._claimed, final, secret=self.answer_is_secret)
        final["Cache-Control"] = "no-store"
        return final
