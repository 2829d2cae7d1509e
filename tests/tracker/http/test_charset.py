"""The real WSGI application takes any Content-Type: Django itself would break before its error handling begins."""

import json
from typing import Any, cast

import pytest
from django.test import Client, RequestFactory

from config.wsgi import application
from tests.tracker.caller import a_device

KINDS = [
    f"application/json; charset={name}" for name in ("hex", "rot13", "undefined", "utf-16", "idna", '"', "")
]
KINDS += ["application/json; a*=nope''b", "x; =;;*=", ";", "application/json; charset*0=he; charset*1=x"]


def call(path: str, **environ: str) -> tuple[int, bytes]:
    """Status and body from the application itself, with no client in between."""
    answers: list[str] = []
    whole = RequestFactory(headers={"host": "127.0.0.1"}).get(path).environ | environ

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        answers.append(status)

    body = b"".join(application(whole, cast(Any, start)))
    return int(answers[0].split()[0]), body


@pytest.mark.django_db(transaction=True)  # the application ends its connection, as it does when served
def test_no_content_type_breaks_the_reading_of_an_address(customer):
    a_device(customer.test, "ø")
    bearer = f"Bearer {customer.secret_key}"
    for kind in KINDS:
        status, body = call("/api/v1/devices?q=%C3%B8", CONTENT_TYPE=kind, HTTP_AUTHORIZATION=bearer)
        assert (status, len(json.loads(body).get("data", []))) == (200, 1), kind
        status, _ = call("/accounts/login/?next=%C3%B8", CONTENT_TYPE=kind)
        assert status == 200, kind


def test_without_our_request_django_would_break(db):
    """When this fails, Django has mended it and `tracker.http.charset` can go."""
    with pytest.raises(LookupError):
        Client().generic("GET", "/accounts/login/?next=a", data=b"x", content_type="a/b; charset=hex")
