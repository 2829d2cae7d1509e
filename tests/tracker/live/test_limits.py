"""Members limited to geofences: on the socket, on the map's pages, in the console, and how the limit is set."""

import json
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from tests.tracker.alerts.events import a_geofence, a_visit
from tests.tracker.alerts.test_alerts_api import an_alert
from tests.tracker.caller import a_device, a_set_aside, a_state
from tests.tracker.live.test_socket import connection
from tests.tracker.pages import Page
from tracker.geofences.models import GeofenceVisit, MembershipGeofence
from tracker.live.announce import _publish, announce_alerts, announce_facts
from tracker.live.consumers import LiveConsumer
from tracker.live.hub import current_hub
from tracker.live.limits import lift_limit, limit_member
from tracker.live.sight import may_see, sight_of
from tracker.tenants import scope
from tracker.tenants.errors import NotAllowed
from tracker.tenants.models import Membership, Role

PAGES_OF_ALL = (
    "/console/quarantine/",
    "/console/dead-letters/",
    "/console/requests/",
    "/console/requests/follow/",
)


class Town:
    """Two geofences with a device in each, a supervisor who sees north only, and one who sees all."""

    def __init__(self, customer) -> None:
        self.customer, self.place = customer, customer.test
        self.north, self.south = (a_geofence(self.place, name) for name in ("North", "South"))
        self.ours, self.theirs, self.outside = (
            a_device(self.place, name) for name in ("ours", "theirs", "out")
        )
        now = timezone.now()
        for device in (self.ours, self.theirs, self.outside):
            a_state(device, now)
        a_visit(self.ours, self.north, now - timedelta(hours=1))
        a_visit(self.ours, self.south, now - timedelta(hours=3), now - timedelta(hours=2))
        a_visit(self.theirs, self.south, now - timedelta(hours=1))
        self.person = customer.member(Role.SUPERVISOR)
        self.see(self.north)

    def see(self, *geofences) -> None:
        with scope.scope(tenant_id=self.customer.tenant.pk):
            limit_member(self.member, self.place, geofences, by=self.admin)

    def see_all(self) -> None:
        with scope.scope(tenant_id=self.customer.tenant.pk):
            lift_limit(self.member, by=self.admin)

    @property
    def member(self) -> Membership:
        with scope.scope(tenant_id=self.customer.tenant.pk):
            found: Membership = Membership.objects.for_tenant(self.customer.tenant).get(user=self.person)
            return found

    @property
    def admin(self) -> Membership:
        owner: Membership = self.customer.new.owner
        return owner


@pytest.fixture
def town(customer):
    return Town(customer)


@pytest.fixture
async def hub():
    yield current_hub()
    await current_hub().stop()


def moved(device, at, *zones) -> dict:
    return {
        "id": device.public_id, "external_id": device.external_id, "recorded_at": at, "received_at": at,
        "longitude": 4.9, "latitude": 52.4, "moved_at": at, "zones": [zone.public_id for zone in zones],
    }  # fmt: skip


async def frames_until(browser, found) -> list[dict]:
    """Frames up to the one of which this is true."""
    frames: list[dict] = []
    while not frames or not found(frames[-1]):
        frames.append(json.loads(await browser.receive_text()))
    return frames


def publish(town, *devices) -> None:
    """As the consumer does after its commit."""
    _publish(town.place.pk, devices)


@pytest.mark.django_db(transaction=True)
async def test_a_supervisor_limited_to_a_zone_gets_no_frame_of_anothers_device(customer, signed_in, hub):
    town = await database_sync_to_async(Town)(customer)
    client = await database_sync_to_async(signed_in)(town.person)
    browser = connection(town.place.public_id, client)
    assert await browser.connect()
    snapshot = json.loads(await browser.receive_text())
    assert [device["id"] for device in snapshot["devices"]] == [town.ours.public_id]
    assert snapshot["devices"][0]["zones"] == [town.north.public_id]
    at = snapshot["server_time"]
    publish(town, moved(town.theirs, at, town.south), moved(town.outside, at))
    announce_facts(town.place.pk, town.theirs.public_id, risk="late")
    announce_alerts(
        town.place.pk, [{"id": "alt_1", "device": {"id": town.theirs.public_id}, "geofence": None}]
    )
    publish(town, moved(town.ours, at, town.north))
    [only] = await frames_until(browser, lambda frame: frame["type"] == "changes")
    assert [device["id"] for device in only["devices"]] == [town.ours.public_id]
    publish(town, moved(town.ours, at + 1, town.south), moved(town.theirs, at + 1, town.north))
    [swapped] = await frames_until(browser, lambda frame: frame["type"] == "changes")
    assert swapped["removed"] == [town.ours.public_id]
    [entered] = swapped["devices"]
    assert (entered["id"], entered["external_id"], entered["offline_after_s"]) == (
        town.theirs.public_id, "theirs", 900,
    )  # fmt: skip
    assert entered["risk"] == "late"
    left = {"id": "alt_2", "device": {"id": town.ours.public_id}, "geofence": {"id": town.north.public_id}}
    announce_alerts(town.place.pk, [left])
    [alert] = await frames_until(browser, lambda frame: frame["type"] == "alert")
    assert alert["alert"]["id"] == "alt_2"
    await browser.disconnect()


@pytest.mark.django_db(transaction=True)
async def test_limits_changed_while_the_map_is_open_take_hold_with_the_check(
    customer, signed_in, hub, monkeypatch
):
    monkeypatch.setattr(LiveConsumer, "recheck_s", 0.05)
    town = await database_sync_to_async(Town)(customer)
    client = await database_sync_to_async(signed_in)(town.person)
    browser = connection(town.place.public_id, client)
    await browser.connect()
    seen = []
    for change in (lambda: None, lambda: town.see(town.south), lambda: town.see(), town.see_all):
        await database_sync_to_async(change)()
        frames = await frames_until(browser, lambda frame: frame["type"] == "snapshot")
        seen.append({device["external_id"] for device in frames[-1]["devices"]})
    assert seen == [{"ours"}, {"theirs"}, set(), {"ours", "theirs", "out"}]
    await browser.disconnect()


def test_may_see_follows_where_the_device_is_now(town):
    with scope.scope(tenant_id=town.customer.tenant.pk):
        assert may_see(town.member, town.ours)
        assert not may_see(town.member, town.theirs)
        assert not may_see(town.member, town.outside)
        assert may_see(town.admin, town.theirs)
    # without a scope the list looks empty: nothing is seen, not everything
    assert not may_see(town.member, town.ours)


def test_another_tenants_device_is_never_seen(town, rival):
    assert not may_see(town.admin, a_device(rival.test))


def test_a_limited_member_sees_nothing_where_none_of_theirs_lies(town):
    a_state(a_device(town.customer.live, "live"), timezone.now())
    sight = sight_of(town.member, town.customer.live)
    assert sight is not None
    assert sight.keys == set()


def test_a_limit_outlives_the_last_geofence_it_lists(town):
    with scope.scope(tenant_id=town.customer.tenant.pk):
        MembershipGeofence.objects.for_tenant(town.customer.tenant).delete()
    sight = sight_of(town.member, town.place)
    assert sight is not None
    assert sight.keys == set()


def test_a_retired_geofence_shows_nothing_more(town):
    GeofenceVisit.objects.for_environment(town.place).filter(geofence=town.north).update(
        exited_at=timezone.now()
    )
    assert not may_see(town.member, town.ours)
    assert sight_of(town.member, town.place) is not None


def test_pages_of_the_map_show_a_limited_member_their_own_only(town, signed_in):
    browser = signed_in(town.person)
    assert browser.get(f"/map/devices/{town.ours.public_id}/track").status_code == 200
    for device in (town.theirs, town.outside):
        assert browser.get(f"/map/devices/{device.public_id}/track").status_code == 404
    layer = browser.get("/map/geofences.geojson").json()
    assert [feature["properties"]["name"] for feature in layer["features"]] == ["North"]
    an_alert(town.ours, 1)
    hidden = an_alert(town.theirs, 2)
    an_alert(town.theirs, 3, kind="left", subject="x", geofence=town.north)
    shown = browser.get("/map/alerts").json()["alerts"]
    assert [alert["kind"] for alert in shown] == ["left", "silent"]
    address = f"/map/alerts/{hidden.public_id}/acknowledge"
    assert browser.post(address).status_code == 404
    assert signed_in(town.customer.owner).post(address).status_code == 200


def test_console_pages_show_a_limited_member_their_own_only(town, signed_in):
    browser = signed_in(town.person)
    page = browser.get("/console/devices/").content.decode()
    assert town.ours.public_id in page
    assert town.theirs.public_id not in page
    assert browser.get(f"/console/devices/{town.ours.public_id}/").status_code == 200
    for path in ("", "edit/"):
        assert browser.get(f"/console/devices/{town.theirs.public_id}/{path}").status_code == 404
    assert browser.post(f"/console/devices/{town.theirs.public_id}/edit/", {"name": "x"}).status_code == 404
    an_alert(town.theirs, 1, text="theirs is silent.")
    assert "theirs is silent" not in browser.get("/console/alerts/").content.decode()


@pytest.mark.parametrize("path", PAGES_OF_ALL)
def test_pages_that_show_all_reports_are_refused(town, signed_in, path):
    a_set_aside(town.place, timezone.now())
    assert signed_in(town.person).get(path).status_code == 403
    town.see_all()
    assert signed_in(town.person).get(path).status_code == 200


def test_an_admin_sets_and_lifts_the_limit_on_the_members_page(town, signed_in):
    browser = signed_in(town.customer.owner)
    address = f"/console/members/{town.member.public_id}/geofences/"
    assert address in browser.get("/console/members/").content.decode()
    page = Page(browser.get(address).content.decode())
    assert page.faults == []
    assert "North" in page.text
    browser.post(address, {"sees": "listed", "geofences": "South\nunit North\n\n"})
    sight = sight_of(town.member, town.place)
    assert sight is not None
    assert sight.keys == {town.north.pk, town.south.pk}
    wrong = browser.post(address, {"sees": "listed", "geofences": "Nowhere"})
    assert "no geofence called Nowhere" in wrong.content.decode()
    browser.post(address, {"sees": "all", "geofences": ""})
    assert sight_of(town.member, town.place) is None


def test_nobody_limits_owners_and_admins_and_no_supervisor_limits_anybody(town, signed_in):
    owner = f"/console/members/{town.admin.public_id}/geofences/"
    assert signed_in(town.customer.owner).get(owner).status_code == 404
    mine = f"/console/members/{town.member.public_id}/geofences/"
    assert signed_in(town.person).post(mine, {"sees": "all"}).status_code == 403
    with pytest.raises(NotAllowed):
        limit_member(town.admin, town.place, [], by=town.admin)
    with pytest.raises(NotAllowed):
        lift_limit(town.member, by=town.member)


def test_limits_do_not_bind_whoever_becomes_an_admin(town):
    with scope.scope(tenant_id=town.customer.tenant.pk):
        Membership.objects.for_tenant(town.customer.tenant).filter(pk=town.member.pk).update(role=Role.ADMIN)
    assert sight_of(town.member, town.place) is None
