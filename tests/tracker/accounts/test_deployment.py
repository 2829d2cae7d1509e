"""As it is served behind https: Django's own checks find nothing, and no log line holds what opens a door."""

import json
import logging
import os
import re
import secrets
import subprocess
import sys

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.tracker.conftest import PASSWORD
from tracker.http.correlation import CorrelationFilter
from tracker.http.logs import JsonFormatter
from tracker.keys.models import Key
from tracker.tenants import scope
from tracker.tenants.models import User
from tracker.tenants.selectors import memberships_of

KEY = re.compile(r"[ps]k_(?:test|live)_\w{66}")


def check(**changes):
    served = {
        "MILEPOST_BASE_URL": "https://milepost.example.com",
        "MILEPOST_SECRET_KEY": secrets.token_urlsafe(60),
        "MILEPOST_KEY_SIGNING_SECRETS": secrets.token_urlsafe(60),
        "MILEPOST_ENV_FILE": os.devnull,
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, env=os.environ | served | changes, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_checks_of_a_deployment_behind_https_find_nothing():
    done = check()
    assert done.returncode == 0, done.stderr


def test_without_https_they_complain_of_cookies_that_could_be_overheard():
    done = check(MILEPOST_BASE_URL="http://milepost.example.com")
    assert done.returncode != 0
    assert "security.W012" in done.stderr


@pytest.fixture
def lines():
    """Every line the web process would write from now on."""
    kept: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record):
            kept.append(self.format(record))

    keep = Keep(level=logging.DEBUG)
    keep.setFormatter(JsonFormatter())
    keep.addFilter(CorrelationFilter())
    root = logging.getLogger()
    root.addHandler(keep)
    yield kept
    root.removeHandler(keep)


def test_no_log_line_of_a_persons_day_holds_a_key_a_password_or_a_link(
    db, lines, django_capture_on_commit_callbacks
):
    browser, address, refused = Client(raise_request_exception=False), "ada@example.com", "wrong-horse-77-x"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(
            reverse("account_signup"), {"email": address, "password1": PASSWORD, "organisation": "A"}
        )
    keys = set(KEY.findall(browser.get(reverse("console_quickstart")).content.decode()))
    for values in ({"kind": "sk"}, {"kind": "pk"}):
        keys |= set(KEY.findall(browser.post(reverse("console_key_create"), values).content.decode()))
    user = User.objects.get(email=address)
    scope.enter(user_id=user.pk)
    tenant = memberships_of(user).get().tenant_id
    scope.enter(tenant_id=tenant)
    secret = Key.objects.unscoped("of the tenant in scope").filter(kind="sk")[0]
    rolled = browser.post(reverse("console_key_roll", args=[secret.public_id]), {"overlap": "1"})
    keys |= set(KEY.findall(rolled.content.decode()))
    assert len(keys) >= 5
    for key in keys:
        for path in ("/api/v1/devices", "/api/v1/no-such", f"/api/v1/devices/{key}", f"/console/keys/{key}/"):
            browser.get(path, headers={"authorization": f"Bearer {key}"})
    Client().post(reverse("account_login"), {"login": address, "password": refused})
    with django_capture_on_commit_callbacks(execute=True):
        Client().post(reverse("account_reset_password"), {"email": address})
    (link,) = re.findall(r"/accounts/password/reset/key/\S+", str(mail.outbox[-1].body))
    Client().get(link)
    Client(raise_request_exception=False).get(link + "no-such/")
    text = "\n".join(lines)
    assert any(json.loads(line)["level"] == "warning" for line in lines)  # there was something to hide
    hidden = [*(key[8:] for key in keys), PASSWORD, refused, link.rstrip("/").rpartition("/")[2]]
    assert [word for word in hidden if word in text] == []
