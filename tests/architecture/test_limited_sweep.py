"""A member limited to geofences walks every page, and meets no device that is outside of theirs."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.architecture.test_rival_sweep import OURS, VICTIMS
from tests.architecture.victim import TOKEN, Victim, make_victim
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role, User

# pages of settings and keys name no device; the API and the ingest edge ask for keys, not for members
PAGES = [
    (name, parameters) for name, parameters in OURS if not name.startswith(("api_", "account_", "connect_"))
]


@pytest.fixture
def victim(db: None) -> Victim:
    return make_victim()


@pytest.fixture(params=[Role.VIEWER, Role.SUPERVISOR])
def limited(request, victim) -> Client:
    """The browser of a member who is limited, and to no geofence at all: every device is outside."""
    person = User.objects.create_user(f"{request.param}@example.com", TOKEN)
    with scope.scope(tenant_id=victim.new.tenant.pk):
        Membership.objects.create(
            tenant=victim.new.tenant, user=person, role=request.param, sees_listed_geofences=True
        )
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def test_no_page_shows_a_device_outside_ones_geofences(limited, victim):
    words = [victim.device.public_id, victim.device.external_id]
    shown = []
    for name, parameters in PAGES:
        for values in [make(victim) for make in VICTIMS[name]] if parameters else [{}]:
            path = reverse(name, kwargs=values)
            for query in ("", "?at=2026-01-01T00:00:00Z&date=2026-01-01"):
                answer = limited.get(path + query)
                content = b"".join(answer) if answer.streaming else answer.content
                text = content.decode("utf-8", "replace").replace(path, "")
                shown += [f"{name} shows {word}" for word in words if word in text]
    assert shown == []
