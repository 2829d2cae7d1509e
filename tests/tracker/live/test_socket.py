"""The WebSocket as a browser meets it: who is let in, what closes it, whose devices come through it."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from channels.db import database_sync_to_async

from config.asgi import application
from tests.tracker.live.browser_socket import BrowserSocket
from tests.tracker.live.fake_socket import until
from tracker.devices.models import Device, DeviceState
from tracker.live import rights
from tracker.live.announce import announce_removal, announce_rename
from tracker.live.consumers import LiveConsumer
from tracker.live.hub import current_hub
from tracker.tenants import scope
from tracker.tenants.models import Membership, User

pytestmark = pytest.mark.django_db(transaction=True)
HOST = "127.0.0.1:8000"


def device_of(environment, name: str = "Anna", *, longitude: float = 12.5) -> Device:
    device = Device.objects.create(environment=environment, external_id=f"unit {name}", name=name)
    at = datetime.now(UTC) - timedelta(seconds=5)
    DeviceState.objects.create(
        device=device,
        environment=environment,
        recorded_at=at,
        received_at=at,
        stored_at=at,
        longitude=longitude,
        latitude=41.9,
        moved_at=at,
        anchor_longitude=longitude,
        anchor_latitude=41.9,
    )
    return device


def connection(environment_id: str, client=None, *, origin: str = f"http://{HOST}") -> BrowserSocket:
    cookies = "; ".join(f"{key}={value.value}" for key, value in client.cookies.items()) if client else ""
    headers = [(b"host", HOST.encode()), (b"origin", origin.encode()), (b"cookie", cookies.encode())]
    return BrowserSocket(application, f"/ws/live/?environment={environment_id}", headers)


async def closing_code(browser: BrowserSocket) -> int:
    assert await browser.connect()
    message = await browser.receive()
    assert message["type"] == "websocket.close"
    return int(message["code"])


@pytest.fixture
async def hub():
    """The hub of the test's own loop, ended with it."""
    yield current_hub()
    await current_hub().stop()


async def test_a_member_gets_a_snapshot_and_then_what_services_announce(customer, signed_in, hub):
    device = await database_sync_to_async(device_of)(customer.live)
    client = await database_sync_to_async(signed_in)(customer.owner)
    browser = connection(customer.live.public_id, client)
    assert await browser.connect()
    snapshot = json.loads(await browser.receive_text())
    assert [found["id"] for found in snapshot["devices"]] == [device.public_id]
    [found] = snapshot["devices"]
    assert (found["name"], found["external_id"], found["longitude"]) == ("Anna", "unit Anna", 12.5)
    assert abs(found["recorded_at"] - snapshot["server_time"]) < 60_000
    announce_rename(customer.live.pk, device.public_id, "Berta")
    renamed = json.loads(await browser.receive_text())
    assert renamed["devices"] == [{"id": device.public_id, "name": "Berta"}]
    announce_removal(customer.live.pk, device.public_id)
    assert json.loads(await browser.receive_text())["removed"] == [device.public_id]
    await browser.disconnect()
    await until(lambda: hub.sockets == 0)


async def test_a_stranger_is_told_to_sign_in(customer, hub):
    assert await closing_code(connection(customer.live.public_id)) == 4401


async def test_a_rival_and_an_environment_that_is_none_look_the_same(customer, rival, signed_in, hub):
    client = await database_sync_to_async(signed_in)(rival.owner)
    nowhere = f"env_{uuid.uuid4().hex}"
    for wanted in (customer.live.public_id, nowhere, "env_x", "", "%00"):
        assert await closing_code(connection(wanted, client)) == 4403


async def test_one_environment_shows_nothing_of_another(customer, rival, signed_in, hub):
    for environment in (customer.test, rival.live):
        await database_sync_to_async(device_of)(environment, "hidden")
    client = await database_sync_to_async(signed_in)(customer.owner)
    browser = connection(customer.live.public_id, client)
    await browser.connect()
    assert json.loads(await browser.receive_text())["devices"] == []
    announce_rename(rival.live.pk, "dev_" + "0" * 32, "not for us")
    announce_rename(customer.live.pk, "dev_" + "1" * 32, "for us")
    assert "not for us" not in await browser.receive_text()
    await browser.disconnect()


@pytest.mark.parametrize(
    "origin", ["", "http://evil.example", "http://127.0.0.1:9999", f"http://{HOST}.evil.example", "null"]
)
async def test_a_page_from_elsewhere_cannot_use_the_cookie(customer, signed_in, hub, origin):
    client = await database_sync_to_async(signed_in)(customer.owner)
    assert not await connection(customer.live.public_id, client, origin=origin).connect()


@pytest.mark.parametrize(
    ("what", "code"), [("membership", 4403), ("session", 4401), ("password", 4401), ("account", 4401)]
)
async def test_rights_taken_away_close_the_socket(customer, signed_in, hub, monkeypatch, what, code):
    monkeypatch.setattr(LiveConsumer, "recheck_s", 0.05)
    client = await database_sync_to_async(signed_in)(customer.owner)
    browser = connection(customer.live.public_id, client)
    await browser.connect()
    await browser.receive_text()

    def take_away() -> None:
        if what == "session":
            client.logout()
            return
        if what in ("password", "account"):  # elsewhere: another copy of the person than the socket's
            person = User.objects.get(pk=customer.owner.pk)
            if what == "password":
                person.set_password("changed in another browser")
            else:
                person.is_active = False
            person.save()
            return
        with scope.scope(tenant_id=customer.tenant.pk):
            Membership.objects.for_tenant(customer.tenant).filter(user=customer.owner).delete()

    await database_sync_to_async(take_away)()
    message = await browser.receive()
    assert (message["type"], message.get("code")) == ("websocket.close", code)


async def test_a_person_with_too_many_maps_open_is_told_so(customer, signed_in, hub, monkeypatch):
    monkeypatch.setattr(hub, "has_room", lambda user_id: False)
    client = await database_sync_to_async(signed_in)(customer.owner)
    assert await closing_code(connection(customer.live.public_id, client)) == 4429


async def test_what_a_browser_sends_is_not_read(customer, signed_in, hub):
    client = await database_sync_to_async(signed_in)(customer.owner)
    browser = connection(customer.live.public_id, client)
    await browser.connect()
    await browser.receive_text()
    await browser.send(text='{"type": "changes"}')
    await browser.send(data=b"\x00")
    announce_rename(customer.live.pk, "dev_" + "1" * 32, "still here")
    assert "still here" in await browser.receive_text()
    await browser.disconnect()


@pytest.mark.parametrize("cookie", ["\x00", "'; --", "é" * 32, "a" * 5000, ""])
async def test_a_cookie_that_is_no_session_is_nobodys_and_spoils_nobody_elses_check(
    customer, signed_in, hub, cookie
):
    client = await database_sync_to_async(signed_in)(customer.owner)
    good = connection(customer.live.public_id, client)
    client.cookies["milepost_session"].set("milepost_session", cookie, cookie)
    bad = connection(customer.live.public_id, client)
    codes, opened = await asyncio.gather(closing_code(bad), good.connect())
    assert (codes, opened) == (4401, True)
    assert json.loads(await good.receive_text())["type"] == "snapshot"
    await good.disconnect()


async def test_many_sockets_ask_for_their_rights_in_few_reads(customer, rival, signed_in, hub, monkeypatch):
    batches = []
    genuine = rights.verdicts

    def counted(asks):
        batches.append(len(asks))
        return genuine(asks)

    monkeypatch.setattr(rights, "verdicts", counted)
    ours, theirs = [await database_sync_to_async(signed_in)(who.owner) for who in (customer, rival)]
    sockets = [connection(customer.live.public_id, ours) for _ in range(5)]
    sockets += [connection(rival.test.public_id, theirs) for _ in range(5)]
    wrong = [connection(customer.live.public_id, theirs), connection(rival.live.public_id, ours)]
    codes = asyncio.gather(*(closing_code(one) for one in wrong))
    assert all(await asyncio.gather(*(one.connect() for one in sockets)))
    assert await codes == [4403, 4403]
    for one in sockets:
        await one.receive_text()
        await one.disconnect()
    assert sum(batches) < len(sockets) + len(wrong)
