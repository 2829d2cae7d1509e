"""Signing in as a driver: a link works once, a driver has one phone, and whoever revokes it ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from dispatch.driving.errors import LinkOver
from dispatch.driving.models import DriverLink, DriverSession
from dispatch.driving.sessions import create_link, end_sessions, link_behind, session_behind, sign_in
from dispatch.fleet.models import DeviceHolding
from tests.dispatch.fleet.ground import a_driver, a_hub
from tracker.devices.models import Device
from tracker.tenants import scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)


def token_of(driver, now=NOW) -> str:
    return create_link(driver, by=None, now=now)[1].rsplit("/", 1)[1]


@pytest.fixture
def driver(box):
    return a_driver(a_hub(box, "Pune East"), "Asha")


def test_a_link_signs_one_phone_in_and_no_second(driver):
    token = token_of(driver)
    session, secret = sign_in(token, phone="first", now=NOW)
    assert session_behind(secret, now=NOW) == session
    with pytest.raises(LinkOver, match="does not work"):
        sign_in(token, phone="second", now=NOW)


def test_a_link_that_is_old_revoked_or_replaced_works_no_more(driver):
    first = token_of(driver)
    second = token_of(driver)
    assert link_behind(first, now=NOW) is None
    assert link_behind(second, now=NOW) is not None
    assert link_behind(second, now=NOW + timedelta(days=1)) is None
    assert link_behind("x" * 32, now=NOW) is None


def test_a_new_phone_signs_the_old_one_out(driver):
    _, old = sign_in(token_of(driver), phone="old", now=NOW)
    _, new = sign_in(token_of(driver), phone="new", now=NOW)
    assert session_behind(old, now=NOW) is None
    assert session_behind(new, now=NOW) is not None
    ended = DriverSession.objects.for_environment(driver.environment_id).get(phone="old")
    assert ended.revoked_reason == "signed in on another phone"


def test_a_phone_that_is_signed_out_stays_out(driver):
    _, secret = sign_in(token_of(driver), phone="lost in a taxi", now=NOW)
    assert end_sessions(driver, reason="lost", now=NOW) == 1
    assert session_behind(secret, now=NOW) is None


def test_a_driver_out_of_service_is_out_at_once(driver):
    _, secret = sign_in(token_of(driver), phone="", now=NOW)
    driver.retired_at = NOW
    driver.save()
    assert session_behind(secret, now=NOW) is None


def test_secrets_are_stored_as_hashes(driver):
    token = token_of(driver)
    _, secret = sign_in(token, phone="", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT dispatch_driverlink::text || dispatch_driversession::text "
                       "FROM dispatch_driverlink, dispatch_driversession")  # fmt: skip
        text = cursor.fetchone()[0]
    assert token not in text
    assert secret not in text


def test_the_phone_reports_as_the_device_the_driver_carries(driver):
    carried = Device.objects.create(environment_id=driver.environment_id, external_id="van-7-tracker")
    DeviceHolding.objects.create(
        environment_id=driver.environment_id, driver=driver, device=carried, since=NOW - timedelta(days=1)
    )
    session, _ = sign_in(token_of(driver), phone="", now=NOW)
    assert session.device == carried


def test_a_driver_without_a_device_gets_one_and_keeps_it(driver):
    first, _ = sign_in(token_of(driver), phone="", now=NOW)
    second, _ = sign_in(token_of(driver), phone="", now=NOW)
    assert first.device is not None
    assert first.device == second.device
    held = DeviceHolding.objects.for_environment(driver.environment_id).get(driver=driver, until=None)
    assert held.device == first.device


@pytest.mark.django_db(transaction=True)
def test_of_two_phones_that_use_one_link_at_once_one_is_signed_in(customer):
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        driver = a_driver(a_hub(customer.test, "Pune East"), "Asha")
        token = token_of(driver)

    def use(name: str) -> bool:
        try:
            sign_in(token, phone=name, now=NOW)
        except LinkOver:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(use, "abcd"))
    assert won.count(True) == 1
    with scope.scope(environment_id=customer.test.pk):
        assert DriverSession.objects.for_environment(customer.test).filter(revoked_at=None).count() == 1
        assert DriverLink.objects.for_environment(customer.test).filter(used_at=None).count() == 0
