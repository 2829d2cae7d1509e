"""Every table of dispatch is fenced by the database itself, and its facts are final."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection

from tracker.tenants import scope

TABLES = sorted(model._meta.db_table for model in apps.get_app_config("dispatch").get_models())


@pytest.mark.parametrize("table", TABLES)
def test_row_security_binds_everybody_even_the_owner_of_the_table(db, table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table]
        )
        assert cursor.fetchone() == (True, True)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE dispatch_shipmentevent SET kind = 'other'", "DELETE FROM dispatch_shipmentevent"],
)
def test_an_event_of_a_shipment_cannot_be_changed_or_deleted(db, statement):
    scope.enter(unscoped="not even by somebody who sees all")
    with (
        pytest.raises(DatabaseError, match=r"permission denied|never changed"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
