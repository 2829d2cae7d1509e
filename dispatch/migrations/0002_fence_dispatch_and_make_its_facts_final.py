"""The fence around all of dispatch, and what nobody may change once it is written.

None of the tables has geometry, so row security costs no spatial index. Events of shipments can neither be changed nor
deleted, by rights and by a trigger that binds the owner of the tables too; what members overrode, and the steps of
sagas, cannot be changed. A row number is drawn before its commit, so the feed of events is ordered by the writing
transaction (as the outbox is).
"""

from django.db import migrations

SETTING = "nullif(current_setting('milepost.environment_id', true), '')::bigint"
UNSCOPED = "coalesce(current_setting('milepost.unscoped', true), '') <> ''"
RULE = f"{UNSCOPED} OR environment_id = {SETTING}"
TABLES = [
    "hub", "vehicletype", "vehicle", "driver", "vehicleholding", "deviceholding", "shift", "shiftchange",
    "shipment", "shipmentevent", "shipmentstate",
    "shipmentupload", "shipmentuploadrow", "gazetteerplace", "geocodedaddress",
    "dispatchsettings", "dispatchwindow", "planrun",
    "manifest", "manifeststop", "manifestversion", "manifestoverride", "overridepattern",
    "saga", "sagastep", "notification",
    "driverlink", "driversession", "driveraction", "deliveryproof",
    "hubday", "slotprediction",
]  # fmt: skip
FENCE = "".join(
    f"""
    ALTER TABLE dispatch_{table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE dispatch_{table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY whose_data_it_is ON dispatch_{table} USING ({RULE}) WITH CHECK ({RULE});
    """
    for table in TABLES
)
UNFENCE = "".join(
    f"""
    DROP POLICY whose_data_it_is ON dispatch_{table};
    ALTER TABLE dispatch_{table} NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE dispatch_{table} DISABLE ROW LEVEL SECURITY;
    """
    for table in TABLES
)
FINAL = """
    REVOKE UPDATE, DELETE ON dispatch_shipmentevent, dispatch_manifestoverride FROM milepost_app;
    REVOKE UPDATE ON dispatch_sagastep, dispatch_manifestversion FROM milepost_app;
    GRANT UPDATE (pushed_at, acknowledged_at) ON dispatch_manifestversion TO milepost_app;
    CREATE FUNCTION dispatch_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'events of shipments are never changed or deleted' USING ERRCODE = 'insufficient_privilege'; END
    $$;
    CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON dispatch_shipmentevent
        FOR EACH STATEMENT EXECUTE FUNCTION dispatch_refuse_change();
    ALTER TABLE dispatch_shipmentevent ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id();
    CREATE INDEX shipment_events_in_order ON dispatch_shipmentevent (environment_id, written_by, id);
"""
NOT_FINAL = """
    ALTER TABLE dispatch_shipmentevent DROP COLUMN written_by;
    DROP TRIGGER never_changed ON dispatch_shipmentevent;
    DROP FUNCTION dispatch_refuse_change();
    GRANT UPDATE, DELETE ON dispatch_shipmentevent, dispatch_manifestoverride TO milepost_app;
    GRANT UPDATE ON dispatch_sagastep, dispatch_manifestversion TO milepost_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0001_fleet_shipments_plans_manifests_and_sagas"),
        ("tracker", "0016_find_messages_that_were_not_delivered"),
    ]

    operations = [migrations.RunSQL(FENCE, UNFENCE), migrations.RunSQL(FINAL, NOT_FINAL)]
