"""The fourth fence: a rival walks every address with another customer's ids, learns nothing and changes nothing.

An address with parameters that is not in VICTIMS fails this test: say how a rival would try it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.architecture.dispatch_victim import DISPATCH_VICTIMS, DispatchVictim
from tests.architecture.victim import MARK, TOKEN, Victim, make_victim
from tests.tracker.caller import Caller
from tracker.letters.selectors import public_letter_id
from tracker.tenants import scope
from tracker.tenants.models import User
from tracker.tenants.services import create_tenant

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


VICTIMS: dict[str, list[Callable[[Victim], dict[str, str]]]] = {
    "api_device": [
        lambda v: {"device": v.device.public_id},
        lambda v: {"device": f"external:{v.device.external_id}"},
    ],
    "api_device_positions": [
        lambda v: {"device": v.device.public_id},
        lambda v: {"device": f"external:{v.device.external_id}"},
    ],
    "api_device_daily_lines": [
        lambda v: {"device": v.device.public_id},
        lambda v: {"device": f"external:{v.device.external_id}"},
    ],
    "api_device_history": [
        lambda v: {"device": v.device.public_id},
        lambda v: {"device": f"external:{v.device.external_id}"},
    ],
    "api_geofence_devices": [
        lambda v: {"geofence": v.geofence.public_id},
        lambda v: {"geofence": f"external:{v.geofence.external_id}"},
    ],
    "api_certificates": [
        lambda v: {"device": v.device.public_id},
        lambda v: {"device": f"external:{v.device.external_id}"},
    ],
    "api_certificate": [
        lambda v: {"device": v.device.public_id, "certificate": v.certificate.public_id},
        lambda v: {"device": f"external:{v.device.external_id}", "certificate": v.certificate.public_id},
    ],
    "console_certificate_issue": [lambda v: {"device_id": v.device.public_id}],
    "console_certificate": [
        lambda v: {"device_id": v.device.public_id, "certificate_id": v.certificate.public_id}
    ],
    "console_certificate_revoke": [
        lambda v: {"device_id": v.device.public_id, "certificate_id": v.certificate.public_id}
    ],
    "api_geofence": [
        lambda v: {"geofence": v.geofence.public_id},
        lambda v: {"geofence": f"external:{v.geofence.external_id}"},
    ],
    # a version's number is nobody's secret: the rival has none of that number
    **{
        name: [lambda v: {"number": "1"}]
        for name in (
            "api_geofence_version",
            "api_geofence_version_geojson",
            "api_geofence_version_rollback",
            "console_geofence_version",
            "console_geofence_version_difference",
            "console_geofence_rollback",
        )
    },
    **{
        f"console_geofence{name}": [lambda v: {"geofence_id": v.geofence.public_id}]
        for name in ("", "_shape", "_take_out", "_discard")
    },
    **{
        f"console_invoice{name}": [lambda v: {"invoice_id": v.invoice.public_id}]
        for name in ("", "_csv", "_pdf")
    },
    "console_device": [lambda v: {"device_id": v.device.public_id}],
    "console_device_edit": [lambda v: {"device_id": v.device.public_id}],
    "console_device_speed_unit": [lambda v: {"device_id": v.device.public_id}],
    # the key is the credential here: the id of a key is none
    "connect_gpslogger": [lambda v: {"key": v.key.public_id, "device": v.device.public_id}],
    "console_device_delete": [lambda v: {"device_id": v.device.public_id}],
    **{
        f"api_webhook_{name}": [lambda v: {"endpoint": v.endpoint.public_id}]
        for name in (
            "endpoint",
            "endpoint_verify",
            "endpoint_rotate",
            "endpoint_test",
            "endpoint_enable",
            "endpoint_disable",
            "replay",
            "messages",
        )
    },
    **{
        f"api_webhook_{name}": [lambda v: {"endpoint": v.endpoint.public_id, "message": v.message.public_id}]
        for name in ("message", "message_replay")
    },
    **{
        f"console_webhook{name}": [lambda v: {"endpoint_id": v.endpoint.public_id}]
        for name in (
            "",
            "_edit",
            "_verify",
            "_test",
            "_rotate",
            "_enable",
            "_disable",
            "_delete",
            "_replay_missing",
            "_replay_range",
        )
    },
    **{
        f"console_webhook_{name}": [
            lambda v: {"endpoint_id": v.endpoint.public_id, "message_id": v.message.public_id}
        ]
        for name in ("message", "message_replay")
    },
    "api_webhook_schema": [lambda v: {"kind": "device.silent"}],  # the same for everybody
    **{
        f"api_trip{name}": [
            lambda v: {"trip": v.trip.public_id},
            lambda v: {"trip": f"external:{v.trip.external_id}"},
        ]
        for name in ("", "_complete", "_cancel", "_shares")
    },
    "api_trip_share": [
        lambda v: {"trip": v.trip.public_id, "share": v.share.public_id},
        lambda v: {"trip": f"external:{v.trip.external_id}", "share": v.share.public_id},
    ],
    **{
        f"console_trip{name}": [lambda v: {"trip_id": v.trip.public_id}]
        for name in ("", "_complete", "_cancel", "_share")
    },
    "console_trip_revoke": [lambda v: {"trip_id": v.trip.public_id, "share_id": v.share.public_id}],
    # the token is the credential here: neither an id nor another token opens anything
    **{
        f"trip_{name}": [lambda v: {"token": v.share.public_id}, lambda v: {"token": TOKEN[:22]}]
        for name in ("share", "embed", "state")
    },
    "api_dead_letter_redrive": [lambda v: {"letter": public_letter_id(v.letter)}],
    "console_letter_redrive": [lambda v: {"letter_id": public_letter_id(v.letter)}],
    "console_storm": [lambda v: {"storm_id": v.storm.public_id}],
    **{f"console_key{name}": [lambda v: {"key_id": v.key.public_id}] for name in ("", "_roll", "_expire")},
    "console_key_revoke": [lambda v: {"key_id": v.key.public_id}],
    "console_member_geofences": [lambda v: {"member_id": v.member.public_id}],
    "console_member_role": [lambda v: {"member_id": v.member.public_id}],
    "console_member_remove": [lambda v: {"member_id": v.member.public_id}],
    "console_invitation_cancel": [lambda v: {"invitation_id": v.invitation.public_id}],
    "console_join": [lambda v: {"invitation_id": v.invitation.public_id, "token": TOKEN}],
    "api_alert_acknowledge": [lambda v: {"alert": v.alert.public_id}],
    "api_expected_presence": [lambda v: {"expected": v.expected.public_id}],
    "console_alert_acknowledge": [lambda v: {"alert_id": v.alert.public_id}],
    "console_expected_remove": [lambda v: {"expected_id": v.expected.public_id}],
    "map_alert_acknowledge": [lambda v: {"alert_id": v.alert.public_id}],
    "map_track": [lambda v: {"device_id": v.device.public_id}],
    "map_day": [lambda v: {"device_id": v.device.public_id}],
    # allauth's: the links in mails
    "account_confirm_email": [lambda v: {"key": "MQ:1abcde:forged"}],
    "account_reset_password_from_key": [lambda v: {"uidb36": "1", "key": "set-password"}],
}


def _of_dispatch(make: Callable[[DispatchVictim], dict[str, str]]) -> Callable[[Victim], dict[str, str]]:
    return lambda victim: make(victim.dispatch)


VICTIMS |= {name: [_of_dispatch(make) for make in makers] for name, makers in DISPATCH_VICTIMS.items()}
# where an address may answer 200 although it holds the victim's id: nothing of the victim may be in it
SAYS_SO_IN_A_PAGE = {
    "api_webhook_schema",
    "account_confirm_email",
    "account_reset_password_from_key",
    "console_join",
}


def addresses(
    patterns: list[Any] | None = None, prefix: str = "", namespace: str = ""
) -> Iterator[tuple[str, set[str]]]:
    """(name, names of its parameters) of every address; one without a name is an error."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from addresses(entry.url_patterns, prefix + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            is_admins_own = namespace == "admin:" and entry.name is None
            assert entry.name or is_admins_own, f"{prefix}{entry.pattern} has no name"
            if entry.name:
                yield (
                    namespace + entry.name,
                    set(re.findall(r"<(?:\w+:)?(\w+)>", prefix + str(entry.pattern))),
                )


ALL = sorted({(name, tuple(sorted(parameters))) for name, parameters in addresses()})
OURS = [(name, parameters) for name, parameters in ALL if not name.startswith("admin:")]
ADMINS = [(name, parameters) for name, parameters in ALL if name.startswith("admin:")]


def test_every_address_with_parameters_has_its_entry_and_every_entry_an_address():
    assert {name for name, parameters in OURS if parameters} == set(VICTIMS)


@pytest.fixture
def victim(db: None) -> Victim:
    return make_victim()


@pytest.fixture
def rival(db: None) -> tuple[User, Caller]:
    user = User.objects.create_user("owner@rival.example.com", "correct-horse-battery-9")
    new = create_tenant("rival", owner=user)
    scope.enter()
    return user, Caller(new.test.secret_key)


def rows_of(victim: Victim) -> dict[str, str]:
    """A fingerprint of the victim's rows in every table that names its owner."""
    tenant = victim.new.tenant.pk
    environments = [victim.new.test.environment.pk, victim.new.live.environment.pk]
    found = {}
    with scope.scope(unscoped="a test looks at everything"), connection.cursor() as cursor:
        value: Any
        for model in (
            m for app in ("tracker", "dispatch", "billing") for m in apps.get_app_config(app).get_models()
        ):
            columns = {field.column for field in model._meta.local_fields}
            if "environment_id" in columns:
                whose, value = "environment_id = ANY(%s)", environments
            elif "tenant_id" in columns:
                whose, value = "tenant_id = %s", tenant
            elif model._meta.db_table == "tracker_tenant":
                whose, value = "id = %s", tenant
            elif model is User:
                whose, value = "email LIKE %s", f"%{MARK}%"
            else:
                continue
            table = model._meta.db_table
            cursor.execute(
                f"SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM {table} t WHERE {whose}",
                [value],
            )
            found[table] = cursor.fetchone()[0]
    return found


def body_for(victim: Victim) -> dict[str, str]:
    """What a rival would write into the fields of a form."""
    environment, ids = victim.new.test.environment.public_id, victim.ids
    return {
        "environment": environment,
        "environment_id": environment,
        "tenant": victim.new.tenant.public_id,
        "device": victim.device.public_id,
        "key": victim.key.public_id,
        "member": victim.member.public_id,
        "hub": victim.dispatch.hub.public_id,
        "driver": victim.dispatch.driver.public_id,
        "vehicle": victim.dispatch.vehicle.public_id,
        "shipment": victim.dispatch.shipment.public_id,
        "manifest": victim.dispatch.manifest.public_id,
        "stop": victim.dispatch.stop.public_id,
        "name": "taken",
        "kind": "pk",
        "role": "viewer",
        "email": "friend@rival.example.com",
        "metadata": "{}",
        "confirm": "yes",
        "next": ids[0],
    }


def shows(content: bytes, victim: Victim, sent: str = "") -> list[str]:
    """What of the victim is in an answer, apart from what the rival sent itself."""
    text = content.decode("utf-8", "replace")
    return [
        word for word in [MARK, "987654321", "987,654,321", *victim.ids] if word in text and word not in sent
    ]


# a customer with one of everything takes a second to make, and what a rival tries must leave it as it is: so one is
# enough for a dozen addresses
DOZENS = [OURS[begin : begin + 12] for begin in range(0, len(OURS), 12)]


@pytest.mark.parametrize("dozen", DOZENS, ids=lambda dozen: f"{dozen[0][0]} to {dozen[-1][0]}")
def test_a_rival_learns_nothing_and_changes_nothing(dozen, victim, rival):
    before = rows_of(victim)
    for name, parameters in dozen:
        for values in [make(victim) for make in VICTIMS[name]] if parameters else [{}]:
            _try_everything(name, reverse(name, kwargs=values), bool(parameters), victim, rival)
        after = rows_of(victim)
        assert [f"{name} changed {table}" for table in before if before[table] != after[table]] == []


def _try_everything(
    name: str, path: str, names_a_row: bool, victim: Victim, rival: tuple[User, Caller]
) -> None:
    """Every method at one address of the victim."""
    user, caller = rival
    for method in METHODS:
        if name.startswith("api_"):
            body = b'{"name":"taken","metadata":null}' if method == "PATCH" else None
            answer = caller.send(method, path, body=body)
        else:
            client = Client(raise_request_exception=False)
            client.force_login(user)
            kind = {"content_type": "application/json"} if method in {"PATCH", "PUT"} else {}
            answer = getattr(client, method.lower())(path, body_for(victim), **kind)
        told = f"{method} {path}: {answer.status_code}"
        assert answer.status_code < 500 or name == "healthz", told
        if names_a_row and name not in SAYS_SO_IN_A_PAGE:
            assert answer.status_code in {301, 302, 403, 404, 405}, told
        content = b"" if answer.streaming else answer.content
        assert shows(content, victim, sent=path + str(body_for(victim))) == [], told
        if not name.startswith("api_") and method == "POST":
            home = client.get(reverse("console"))
            assert shows(home.content, victim) == [], f"the console after {told}"


def test_filters_with_another_customers_ids_find_nothing(victim, rival):
    _, caller = rival
    for path in ("devices", "quarantine", "outcomes", "dead-letters"):
        assert shows(caller.get(path).content, victim) == []
    for query in ({"external_id": victim.device.external_id}, {"q": MARK}):
        assert caller.json("devices", **query)["data"] == []
    for device in (victim.device.public_id, f"external:{victim.device.external_id}"):
        assert caller.json("quarantine", device=device)["data"] == []


@pytest.mark.parametrize("begin", range(0, len(ADMINS), 12))
def test_the_staffs_site_lets_no_customer_in(begin, victim, rival):
    """Not even with the row numbers of their own data."""
    user, _ = rival
    before = rows_of(victim)
    fill: dict[str, Any] = {
        "app_label": "tracker", "object_id": victim.device.pk, "content_type_id": 1, "url": "tracker/device/1/",
    }  # fmt: skip
    for name, parameters in ADMINS[begin : begin + 12]:
        values = {parameter: fill.get(parameter, victim.device.pk) for parameter in parameters}
        _knock(name, reverse(name, kwargs=values), victim, user)
    assert rows_of(victim) == before


def _knock(name: str, path: str, victim: Victim, user: User) -> None:
    """Look and post at one address of the staff's site."""
    client = Client(raise_request_exception=False)
    for method in ("get", "post"):
        client.force_login(user)
        answer = getattr(client, method)(
            path, {"action": "delete_selected", "_selected_action": victim.device.pk}
        )
        is_door = name in {"admin:login", "admin:logout", "admin:jsi18n", "admin:password_change_done"}
        allowed = {200, 302, 403, 405} if is_door else {302, 403, 404, 405}
        assert answer.status_code in allowed, f"{method} {path}: {answer.status_code}"
        assert shows(answer.content, victim) == [], path
