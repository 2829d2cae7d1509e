"""A saga has a hub, in whose sight a member must be; a day has its end, a night its quiet; mail is the default."""

import datetime
import functools

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0003_keep_the_tree_of_hubs_a_tree"),
        ("tracker", "0017_alerts_of_dispatch"),
    ]

    operations = [
        migrations.AddField(
            model_name="dispatchsettings",
            name="day_ends_at",
            field=models.TimeField(db_default=datetime.time(22, 0), default=datetime.time(22, 0)),
        ),
        migrations.AddField(
            model_name="dispatchsettings",
            name="quiet_from",
            field=models.TimeField(null=True),
        ),
        migrations.AddField(
            model_name="dispatchsettings",
            name="quiet_to",
            field=models.TimeField(null=True),
        ),
        migrations.AddField(
            model_name="saga",
            name="hub",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.hub",
            ),
        ),
        migrations.AlterField(
            model_name="dispatchsettings",
            name="notify_channels",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10),
                db_default=["mail"],
                default=functools.partial(list, ("mail",)),
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("sent", "Sent"),
                    ("given_up", "Given up"),
                    ("unwanted", "No address for it"),
                    ("withdrawn", "Overtaken before it was sent"),
                ],
                db_default="pending",
                default="pending",
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(fields=["environment", "-id"], name="notification_newest"),
        ),
        migrations.AddIndex(
            model_name="saga",
            index=models.Index(fields=["environment", "hub", "state"], name="saga_of_hub"),
        ),
    ]
