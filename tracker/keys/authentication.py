"""A secret key in the Authorization header: Bearer, or Basic with the key as user name."""

import base64
import binascii
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ingest_lambda.keys import BadKey, Kind, verify
from tracker.http.problems import unauthorized
from tracker.keys.models import Key
from tracker.keys.selectors import secret_key
from tracker.keys.services import note_use

MAX_HEADER_CHARS = 1024
USE_IS_NOTED_EVERY = timedelta(minutes=1)


class SecretKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the key and `request.environment` to its environment, in whose scope the rest runs.

    It runs inside the view, which runs inside the request's transaction (ATOMIC_REQUESTS), so the scope that
    `secret_key` enters lasts exactly as long as the request.
    """

    def authenticate(self, request: Request) -> tuple[None, Key]:
        """No user: a key stands for a server. Raises a 401 that says what is wrong with the header."""
        text = _key_text(request.headers.get("Authorization", "")[:MAX_HEADER_CHARS])
        if text.startswith(f"{Kind.PUBLISHABLE}_"):
            with suppress(BadKey):
                claimed = verify(text, settings.KEY_SIGNING_SECRETS)
                _note_caller(request, claimed.environment_id, claimed.key_id)
            raise unauthorized(
                "wrong_key_kind",
                "This is a publishable key, which may only report positions. The API needs the secret key, sk_...",
            )
        key, now = secret_key(text), timezone.now()
        if key is not None:
            _note_caller(request, key.environment_id, key.pk)
        if key is not None and key.expired(now):
            raise unauthorized(
                "key_expired",
                "This key has expired. Make a new one on the keys page, or roll it before its end.",
            )
        if key is None or not key.in_force(now):
            raise unauthorized(
                "invalid_key",
                "This key is not one of ours, or was revoked. Copy the whole secret key, sk_..., "
                "or make a new one on the keys page.",
            )
        if key.last_used_at is None or key.last_used_at <= now - USE_IS_NOTED_EVERY:
            note_use(key, now=now, every=USE_IS_NOTED_EVERY)
        request.environment = key.environment  # type: ignore[attr-defined]  # ApiRequest declares it
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 offers."""
        return 'Bearer realm="Milepost API"'


class SecretKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """How the OpenAPI document describes the two forms."""

    target_class = SecretKeyAuthentication
    name = ["secretKey", "secretKeyBasic"]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:
        """Bearer and Basic."""
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "sk_…",
                "description": "A secret key of an environment, from the console's keys page.",
            },
            {
                "type": "http",
                "scheme": "basic",
                "description": "The secret key as user name, the password empty.",
            },
        ]


def _note_caller(request: Request, environment_id: int, key_id: int) -> None:
    """Whose call it is, refused or not: for their request log."""
    plain: Any = getattr(request, "_request", request)
    plain.calling_key = (environment_id, key_id)


def _key_text(header: str) -> str:
    scheme, _, value = header.strip().partition(" ")
    if not scheme:
        raise unauthorized(
            "missing_key",
            "Send your secret key: Authorization: Bearer sk_..., or Basic with the key as user name.",
        )
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            raise unauthorized(
                "invalid_key", "The Basic credentials are not valid base64 of KEY: ."
            ) from None
    raise unauthorized("invalid_key", "The Authorization header must be Bearer or Basic, with your key.")
