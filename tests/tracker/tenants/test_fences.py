"""The first and the third fence: code that forgets whose data it wants gets none."""

import pytest
from django.db import DatabaseError, connection, transaction

from tracker.keys.models import Key
from tracker.models import Device, DeviceState, OutcomeCount, Position, SetAsideReport
from tracker.tenants import scope
from tracker.tenants.fences import UnscopedQuery
from tracker.tenants.models import Environment, Invitation, Membership

SCOPED = [
    Device,
    DeviceState,
    Position,
    Key,
    OutcomeCount,
    SetAsideReport,
    Membership,
    Invitation,
    Environment,
]
FENCED = [
    "tracker_key",
    "tracker_membership",
    "tracker_invitation",
    "tracker_devicecertificate",
    "tracker_webhookendpoint",
    "tracker_webhooksecret",
    "tracker_webhookmessage",
    "tracker_webhookattempt",
    "tracker_idempotentanswer",
    "tracker_membershipgeofence",
    "tracker_auditentry",
    "tracker_simulatedcity",
    "tracker_erasurerequest",
    "tracker_dataexport",
    "tracker_actingsession",
    "tracker_deliverycount",
    "tracker_requestrecord",
    "tracker_requestcount",
    "tracker_flagtenant",
]


@pytest.mark.parametrize("model", SCOPED)
@pytest.mark.parametrize("query", ["all", "count", "first", "exists", "delete"])
def test_a_query_that_names_no_customer_refuses_to_run(model, query):
    with pytest.raises(UnscopedQuery, match="begin with .for_"):
        getattr(model.objects, query)() if query != "delete" else model.objects.all().delete()


@pytest.mark.parametrize("model", SCOPED)
def test_a_row_cannot_be_created_without_its_owner(model):
    with pytest.raises(UnscopedQuery, match="cannot be created without its"):
        model.objects.create()


def test_reading_all_customers_needs_a_reason():
    with pytest.raises(UnscopedQuery, match="say why"):
        Device.objects.unscoped("  ")


def test_each_customer_gets_its_own_rows_and_no_others(customer, rival):
    ours = Device.objects.create(environment=customer.test, external_id="van-1")
    Device.objects.create(environment=rival.test, external_id="van-1")
    assert list(Device.objects.for_environment(customer.test)) == [ours]
    assert not Device.objects.for_environment(customer.live).exists()


def _raw_count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("table", FENCED)
def test_without_a_scope_the_database_itself_shows_no_control_row(customer, table):
    scope.enter()
    assert _raw_count(table) == 0


def test_inside_an_environment_only_its_own_keys_are_there(customer, rival):
    scope.enter(environment_id=customer.test.pk, tenant_id=customer.tenant.pk)
    assert _raw_count("tracker_key") == 2
    scope.enter(tenant_id=customer.tenant.pk)
    assert _raw_count("tracker_key") == 4


def test_a_raw_update_from_another_scope_touches_nothing(customer, rival):
    scope.enter(tenant_id=rival.tenant.pk, environment_id=rival.test.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracker_key SET name = 'mine now' WHERE environment_id = %s", [customer.test.pk]
        )
        assert cursor.rowcount == 0


def test_a_row_cannot_be_written_into_another_customers_box(customer, rival):
    scope.enter(tenant_id=rival.tenant.pk, environment_id=rival.test.pk)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Key.objects.create(
            tenant=customer.tenant,
            environment=customer.test,
            kind="pk",
            hint="pk_test_…0000",
            sha256=b"0" * 32,
        )


def test_a_person_sees_their_own_memberships_before_choosing_a_tenant(customer, rival):
    scope.enter(user_id=customer.owner.pk)
    assert _raw_count("tracker_membership") == 1


@pytest.mark.django_db(transaction=True)
def test_a_scope_ends_with_its_transaction_and_does_not_follow_the_connection():
    with transaction.atomic():
        scope.enter(tenant_id=41)
    with transaction.atomic():
        assert scope.current() == ["", "", "", ""]


@pytest.mark.django_db(transaction=True)
def test_a_scope_outside_a_transaction_is_refused():
    with pytest.raises(scope.NoTransaction):
        scope.enter(tenant_id=1)


def test_an_inner_scope_gives_the_outer_one_back(customer, rival):
    scope.enter(tenant_id=customer.tenant.pk)
    with scope.scope(tenant_id=rival.tenant.pk):
        assert scope.current()[0] == str(rival.tenant.pk)
    assert scope.current()[0] == str(customer.tenant.pk)


def test_an_inner_scope_that_fails_gives_the_outer_one_back(customer, rival):
    scope.enter(tenant_id=customer.tenant.pk)
    with pytest.raises(ZeroDivisionError), scope.scope(tenant_id=rival.tenant.pk):
        raise ZeroDivisionError
    assert scope.current()[0] == str(customer.tenant.pk)


def test_security_is_forced_on_the_owner_of_the_tables_too(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relname LIKE 'tracker_%%'"
        )
        assert {name for (name,) in cursor} == set(FENCED)


@pytest.mark.parametrize("role", ["milepost_app", "milepost_edge"])
def test_the_roles_that_serve_can_neither_bypass_security_nor_own_a_table(db, role):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = %s", [role]
        )
        assert cursor.fetchone() == (False, False, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = %s", [role])
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("role", "table", "right", "allowed"),
    [
        ("milepost_app", "tracker_position", "SELECT", True),
        ("milepost_app", "tracker_position", "INSERT", False),
        ("milepost_app", "tracker_position", "UPDATE", False),
        ("milepost_edge", "tracker_position", "INSERT", True),
        ("milepost_edge", "tracker_position", "DELETE", True),  # a late fix may take another back out
        ("milepost_edge", "tracker_geofencevisit", "DELETE", True),
        ("milepost_edge", "tracker_geofencecrossing", "DELETE", False),
        ("milepost_edge", "tracker_geofence", "UPDATE", False),
        ("milepost_edge", "tracker_webhooksecret", "SELECT", False),
        ("milepost_app", "tracker_geofencecrossing", "UPDATE", False),
        ("milepost_app", "tracker_auditentry", "INSERT", True),
        ("milepost_app", "tracker_auditentry", "UPDATE", False),
        ("milepost_app", "tracker_auditentry", "DELETE", False),
        ("milepost_app", "tracker_auditentry", "TRUNCATE", False),
        ("milepost_edge", "tracker_auditentry", "SELECT", False),
        ("milepost_edge", "tracker_user", "SELECT", False),
        ("milepost_edge", "tracker_membership", "SELECT", False),
        ("milepost_edge", "django_session", "SELECT", False),
    ],
)
def test_each_role_has_the_rights_its_process_needs_and_no_others(db, role, table, right, allowed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right])
        assert cursor.fetchone() == (allowed,)


def test_what_is_entered_inside_a_scope_ends_with_it(db):
    with scope.scope(tenant_id=1):
        with scope.scope(tenant_id=1):
            scope.enter(tenant_id=2)
        assert scope.current()[0] == "1"
        with scope.scope(tenant_id=3, unscoped="a test"):
            assert scope.current() == ["3", "", "", "a test"]
        assert scope.current() == ["1", "", "", ""]
