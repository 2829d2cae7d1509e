"""The demo tenant: made once, and a second call changes nothing that is still known."""

import json
import stat
from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import transaction

from tracker.demonstration.tenant import EMAIL
from tracker.keys.models import Key
from tracker.keys.selectors import key_in_force
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant, User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(db, tmp_path):
    return tmp_path / "var" / "demo.json"


def written(path, capsys=None):
    call_command("demo", write=path, verbosity=0)
    return json.loads(path.read_text())


def in_force(text):
    with transaction.atomic():
        return key_in_force(text) is not None


def test_it_writes_how_to_get_in_for_its_owner_alone(path):
    facts = written(path)
    assert set(facts) >= {
        "base_url", "email", "password", "tenant_id", "environment_id", "publishable_key", "secret_key",
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert facts["publishable_key"].startswith("pk_test_")
    assert in_force(facts["secret_key"])
    assert User.objects.get(email=EMAIL).check_password(facts["password"])
    assert EmailAddress.objects.get(email=EMAIL).verified


def test_a_second_call_changes_nothing(path):
    first = written(path)
    assert written(path) == first
    assert Tenant.objects.filter(name="Demo logistics").count() == 1


def test_a_lost_file_gives_a_new_password_and_ends_the_lost_key(path):
    first = written(path)
    path.unlink()
    second = written(path)
    assert second["tenant_id"] == first["tenant_id"]
    assert second["publishable_key"] == first["publishable_key"]
    assert not User.objects.get(email=EMAIL).check_password(first["password"])
    assert User.objects.get(email=EMAIL).check_password(second["password"])
    assert not in_force(first["secret_key"])
    assert in_force(second["secret_key"])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"password": 5, "secret_key": "sk_test_x"}'])
def test_a_damaged_file_is_like_a_lost_one(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert in_force(written(path)["secret_key"])


def test_a_key_revoked_in_the_console_is_replaced(path):
    first = written(path)
    environment = Environment.objects.unscoped("the only test box").get(kind="test")
    with scope.scope(environment_id=environment.pk):
        Key.objects.for_environment(environment).filter(name="Demo").update(revoked_at=NOW)
    second = written(path)
    assert second["secret_key"] != first["secret_key"]
    assert second["password"] == first["password"]
