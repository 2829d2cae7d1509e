"""Minting and revoking keys."""

from datetime import UTC, datetime

import pytest

from ingest_lambda.keys import fingerprint, verify
from tracker.keys.models import Key
from tracker.keys.selectors import a_publishable_text, key_in_force, keys_of
from tracker.keys.services import create_key, publishable_text, revoke_key
from tracker.tenants import scope

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def ours(customer):
    scope.enter(tenant_id=customer.tenant.pk)
    return customer.test


def test_a_key_vouches_for_its_own_row_and_environment(ours, settings):
    key, text = create_key(ours, Key.Kind.PUBLISHABLE, by=None)
    claimed = verify(text, settings.KEY_SIGNING_SECRETS)
    assert (claimed.kind, claimed.mode, claimed.key_id, claimed.environment_id) == (
        "pk",
        "test",
        key.pk,
        ours.pk,
    )


def test_only_a_hash_of_the_key_is_stored(ours):
    key, text = create_key(ours, Key.Kind.SECRET, by=None, name="server")
    key.refresh_from_db()
    assert bytes(key.sha256) == fingerprint(text)
    assert not any(text[8:] in str(getattr(key, f.attname)) for f in Key._meta.fields)
    assert key.hint == f"sk_test_…{text[-4:]}"


def test_a_publishable_key_can_be_shown_again_and_a_secret_one_cannot(ours):
    publishable, text = create_key(ours, Key.Kind.PUBLISHABLE, by=None)
    secret, _ = create_key(ours, Key.Kind.SECRET, by=None)
    assert publishable_text(publishable, ours) == text
    assert publishable_text(secret, ours) is None


def test_a_publishable_key_signed_before_the_secret_was_changed_can_still_be_shown(ours, settings):
    key, text = create_key(ours, Key.Kind.PUBLISHABLE, by=None)
    settings.KEY_SIGNING_SECRETS = [b"the new one", *settings.KEY_SIGNING_SECRETS]
    assert publishable_text(key, ours) == text
    settings.KEY_SIGNING_SECRETS = [b"the new one"]
    assert publishable_text(key, ours) is None


def test_a_revoked_key_opens_nothing_and_is_revoked_once(customer):
    key = key_in_force(customer.secret_key)
    assert key is not None
    assert revoke_key(key, now=NOW) is True
    assert revoke_key(key, now=NOW) is False
    assert key_in_force(customer.secret_key) is None


@pytest.mark.parametrize(
    "text", ["", "sk_test_", "pk_live_" + "0" * 66, "Bearer", "\x00", "sk_test_" + "z" * 66]
)
def test_a_text_that_is_no_key_opens_nothing(db, text):
    assert key_in_force(text) is None


def test_a_publishable_key_does_not_open_the_api(customer):
    assert key_in_force(customer.publishable_key) is None


def test_a_signed_key_without_its_row_opens_nothing(customer, settings):
    scope.enter(tenant_id=customer.tenant.pk)
    Key.objects.for_environment(customer.test).filter(kind="sk").delete()
    assert key_in_force(customer.secret_key) is None


def test_the_oldest_publishable_key_in_force_is_the_one_pages_show(customer):
    scope.enter(tenant_id=customer.tenant.pk)
    assert a_publishable_text(customer.test) == customer.publishable_key
    first = Key.objects.for_environment(customer.test).get(kind="pk")
    _, second = create_key(customer.test, "pk", by=None)
    revoke_key(first, now=NOW)
    assert a_publishable_text(customer.test) == second


def test_keys_in_force_are_listed_before_revoked_ones(ours):
    old, _ = create_key(ours, "pk", by=None, name="old")
    revoke_key(old, now=NOW)
    new, _ = create_key(ours, "pk", by=None, name="new")
    names = [key.name for key in keys_of(ours)]
    assert names[0] == "new"
    assert names[-1] == "old"
