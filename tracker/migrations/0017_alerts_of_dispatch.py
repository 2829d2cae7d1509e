"""Alerts that dispatch raises: a longer kind, five more of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0016_find_messages_that_were_not_delivered"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("silent", "Silent"),
                    ("entered", "Entered"),
                    ("left", "Left"),
                    ("off_corridor", "Off its corridor"),
                    ("delayed", "Delayed"),
                    ("absent", "Not where expected"),
                    ("driver_silent", "Driver silent on a route"),
                    ("slot_at_risk", "Slot about to be missed"),
                    ("slot_missed", "Slot missed"),
                    ("unconfirmed", "Shipment unconfirmed"),
                    ("undelivered", "Delivery failed for good"),
                ],
                max_length=20,
            ),
        ),
    ]
