"""An order of events in which nothing is ever put in before what a reader has seen already.

Row numbers are drawn before the commit, so a reader who remembers the highest one misses the rows of transactions
that commit late. The id of the writing transaction, together with PostgreSQL's own word on which transactions are
over, tells how far the list is complete. The column is written by its default and read in one place, by SQL.
"""

from django.db import migrations

ADD = """
    ALTER TABLE tracker_outboxevent ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id();
    CREATE INDEX outbox_in_order ON tracker_outboxevent (environment_id, written_by, id);
"""
REMOVE = "ALTER TABLE tracker_outboxevent DROP COLUMN written_by;"


class Migration(migrations.Migration):
    dependencies = [("tracker", "0010_fence_webhooks_and_let_the_edge_cross_borders")]

    operations = [migrations.RunSQL(ADD, REMOVE)]
