"""What can be forgotten, and what the database lets nobody change or delete."""

import hashlib
import json
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from dispatch.driving.models import DeliveryProof
from dispatch.manifests.models import Manifest, ManifestStop, ManifestVersion
from dispatch.notifications.models import Notification
from dispatch.shipments import selectors, services
from dispatch.shipments.chain import hash_of
from dispatch.shipments.commands import (
    Cancel,
    ConfirmDelivery,
    FailAttempt,
    ForgetPersonalData,
    LeaveNote,
    ReportDamage,
)
from dispatch.shipments.erasure import erase, order_erasure
from dispatch.shipments.models import PersonalPart, Shipment, ShipmentEvent, ShipmentState
from dispatch.shipments.rebuild import rebuild
from dispatch.shipments.transitions import IllegalTransition
from tests.dispatch.shipments.parcels import AUTHOR, HOUR, MINUTE, NOW, a_driver, a_hub, announced, does, out
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope

SECRETS = ("Asha", "20 5550", "Lake Road", "73.85", "rang the bell", "her son", "second floor", "owes us")


@pytest.fixture
def environment(customer, settings, tmp_path):
    settings.ARCHIVE_URL, settings.ARCHIVE_DIR = "", tmp_path / "archive"
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        yield customer.test


@pytest.fixture
def delivered(environment, settings):
    """A parcel whose recipient is known in every place where one can be."""
    hub = a_hub(environment)
    driver = a_driver(environment, hub)
    parcel = out(environment, driver, "order-1", metadata={"customer": "Asha"})
    told = LeaveNote(note="second floor", whose="customer")
    does(environment, parcel.shipment_id, told, now=NOW + 10 * MINUTE)
    does(environment, parcel.shipment_id, LeaveNote(note="owes us money"), now=NOW + 11 * MINUTE)
    does(
        environment,
        parcel.shipment_id,
        FailAttempt(reason="nobody_home", note="rang the bell"),
        now=NOW + HOUR,
    )
    does(environment, parcel.shipment_id, ConfirmDelivery(recipient="her son"), now=NOW + 2 * HOUR)
    folder = Path(settings.ARCHIVE_DIR) / "proofs"
    folder.mkdir(parents=True)
    (folder / "photo").write_bytes(b"her door")
    DeliveryProof.objects.create(
        environment=environment, shipment_id=parcel.shipment_id, driver=driver, kind="photo", content_type="image/jpeg",
        size_bytes=8, sha256=hashlib.sha256(b"her door").digest(), stored_as="proofs/photo",
        taken_at=NOW, received_at=NOW,
    )  # fmt: skip
    Notification.objects.create(
        environment=environment, shipment_id=parcel.shipment_id, template="out", channel="sms",
        address="+91 20 5550 1234", facts={"recipient": "Asha"}, created_at=NOW,
    )  # fmt: skip
    manifest = Manifest.objects.create(
        environment=environment, hub=hub, driver=driver, service_date=NOW.date()
    )
    ManifestStop.objects.create(
        environment=environment, manifest=manifest, shipment_id=parcel.shipment_id, place=1,
        longitude=1.0, latitude=2.0, planned_arrival=NOW, planned_departure=NOW,
    )  # fmt: skip
    stops = [
        {
            "shipment": parcel.public_id,
            "recipient": "Asha Rao",
            "phone": "20 5550",
            "address": "12 Lake Road",
            "place": 1,
        },
        {"shipment": "shp_" + "0" * 32, "recipient": "Neighbour", "place": 2},
    ]
    ManifestVersion.objects.create(
        environment=environment,
        manifest=manifest,
        number=1,
        document={"stops": stops, "version": 1},
        released_at=NOW,
    )
    return parcel


def everything(environment, shipment_id: int) -> str:
    """All rows of dispatch and the outbox that could say something of a recipient, as text."""
    tables = (
        "shipment", "shipmentevent", "personalpart", "shipmentstate", "deliveryproof", "notification",
        "manifestversion", "shipmentuploadrow", "driveraction",
    )  # fmt: skip
    found = []
    with connection.cursor() as cursor:
        for table in (*(f"dispatch_{name}" for name in tables), "tracker_outboxevent"):
            cursor.execute(f"SELECT t::text FROM {table} t WHERE environment_id = %s", [environment.pk])
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_recipient_is_forgotten_everywhere_and_the_chain_still_holds(environment, delivered, settings):
    before = everything(environment, delivered.shipment_id)
    assert all(secret in before for secret in SECRETS)
    state = does(environment, delivered.shipment_id, ForgetPersonalData(reason="asked"), now=NOW + 3 * HOUR)
    after = everything(environment, delivered.shipment_id)
    assert [secret for secret in SECRETS if secret in after] == []
    assert "Neighbour" in after, "of others nothing is taken"
    assert list(Path(settings.ARCHIVE_DIR).rglob("photo")) == []
    assert (state.recipient, state.address, state.longitude, state.forgotten) == ("", "", None, True)
    stored = selectors.events_of(environment, delivered.shipment_id)
    assert [hash_of(event.link) for event in stored] == [event.hash for event in stored]
    assert [event.link.previous for event in stored[1:]] == [event.hash for event in stored[:-1]]
    assert rebuild(environment.pk).mended == 0


def test_what_is_told_of_a_forgotten_recipient_later_is_not_kept(environment, delivered):
    does(environment, delivered.shipment_id, ForgetPersonalData(reason="asked"), now=NOW + 3 * HOUR)
    damage = ReportDamage(reason="wet", note="Asha says so")
    does(environment, delivered.shipment_id, damage, now=NOW + 4 * HOUR)
    assert "Asha" not in everything(environment, delivered.shipment_id)
    assert ShipmentState.objects.for_environment(environment).get(pk=delivered.shipment_id).damaged


def test_a_recipient_is_not_forgotten_while_the_parcel_is_on_its_way(environment):
    parcel = announced(environment)
    with pytest.raises(IllegalTransition, match="cannot take forget_personal_data"):
        does(environment, parcel.shipment_id, ForgetPersonalData(reason="asked"))
    does(environment, parcel.shipment_id, Cancel(reason="withdrawn"), ForgetPersonalData(reason="asked"))
    assert not PersonalPart.objects.for_environment(environment).exists()


def test_events_and_webhooks_never_hold_the_recipient(environment, delivered):
    rows = [*ShipmentEvent.objects.for_environment(environment).values_list("data", flat=True)]
    rows += OutboxEvent.objects.for_environment(environment).values_list("data", flat=True)
    assert len(rows) == 2 * 8
    assert [secret for secret in SECRETS if secret in json.dumps(rows)] == []


@pytest.mark.parametrize(
    ("table", "right"),
    [
        ("shipmentevent", "UPDATE"),
        ("shipmentevent", "DELETE"),
        ("shipmentevent", "TRUNCATE"),
        ("personalpart", "UPDATE"),
        ("manifestversion", "UPDATE"),
        ("manifestoverride", "DELETE"),
        ("erasureorder", "UPDATE"),
    ],
)
def test_the_product_itself_has_no_right_to_change_or_delete_what_happened(db, table, right):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('milepost_app', %s, %s)", [f"dispatch_{table}", right])
        assert cursor.fetchone() == (False,)


ERASING = "SELECT set_config('milepost.erasing', '{}', true); "


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dispatch_shipmentevent SET kind = 'Lost'",
        "DELETE FROM dispatch_shipmentevent",
        "SELECT dispatch_forget_in_manifests(%(environment)s, %(shipment)s)",
        "SELECT dispatch_erase_facts(%(environment)s, 100)",
        ERASING.format("1") + "DELETE FROM dispatch_shipmentevent",
        ERASING.format("%(environment)s") + "UPDATE dispatch_shipmentevent SET kind = 'Lost'",
    ],
)
def test_not_even_the_owner_of_the_tables_changes_or_deletes_an_event_without_an_order(
    environment, delivered, statement
):
    facts = {"environment": environment.pk, "shipment": delivered.shipment_id}
    refused = pytest.raises(DatabaseError, match=r"never changed|nobody ordered|not forgotten")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, facts)
    assert ShipmentEvent.objects.for_environment(environment).count() == 8


def test_a_whole_environment_goes_on_order_and_nothing_of_the_neighbour(environment, delivered, rival):
    with scope.scope(environment_id=rival.test.pk):
        kept = announced(rival.test)
    order_erasure(environment.pk, reason="the customer left", ordered_by="operator", now=NOW)
    assert erase(environment.pk) == 8
    for model in (
        ManifestStop,
        ManifestVersion,
        Manifest,
        DeliveryProof,
        Notification,
        PersonalPart,
        ShipmentState,
    ):
        model.objects.for_environment(environment).delete()
    assert Shipment.objects.for_environment(environment).delete()[0] == 1
    with scope.scope(environment_id=rival.test.pk):
        assert len(selectors.events_of(rival.test, kept.shipment_id)) == 1
        with pytest.raises(DatabaseError, match="nobody ordered"), transaction.atomic():
            erase(rival.test.pk)


def test_an_erasure_ordered_for_one_environment_lets_no_other_go(environment, delivered, rival):
    """The owner of the tables, who could set the setting by hand, still meets the row's own environment."""
    with scope.scope(environment_id=rival.test.pk):
        announced(rival.test)
    refused = pytest.raises(DatabaseError, match="never changed")
    with refused, scope.scope(unscoped="tries to take more than was ordered"), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('milepost.erasing', %s, true)", [str(rival.test.pk)])
        cursor.execute("DELETE FROM dispatch_shipmentevent")


def test_the_same_command_again_deletes_what_a_crash_left(environment, delivered, monkeypatch):
    """The archive is away at the first try: nothing was deleted from the tables, and the second try does it all."""

    class Away:
        def remove(self, location: str) -> None:
            raise OSError("the archive is away")

    with monkeypatch.context() as patched:
        patched.setattr("dispatch.shipments.forgetting.open_shelf", Away)
        with pytest.raises(OSError, match="away"):
            does(environment, delivered.shipment_id, ForgetPersonalData(reason="asked"), now=NOW + 3 * HOUR)
    assert "Asha" in everything(environment, delivered.shipment_id)
    services.execute(
        environment.pk,
        delivered.shipment_id,
        ForgetPersonalData(reason="asked"),
        author=AUTHOR,
        now=NOW + 4 * HOUR,
    )
    assert "Asha" not in everything(environment, delivered.shipment_id)
