"""Whether anything was delivered at a place before: a plan of places nobody knows is less certain."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0009_forget_recipients_in_manifests")]

    operations = [
        migrations.AddIndex(
            model_name="shipmentstate",
            index=models.Index(
                fields=["environment", "latitude"],
                condition=models.Q(("state", "delivered")),
                name="shipment_delivered_at",
            ),
        ),
    ]
