"""Uploads keep how they were read and who sent them; shipments without a place, or with a doubtful one, are found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0007_keep_personal_data_where_it_can_be_forgotten")]

    operations = [
        migrations.AddField(
            model_name="shipmentupload", name="author", field=models.JSONField(db_default={}, default=dict)
        ),
        migrations.AddField(
            model_name="shipmentupload", name="facts", field=models.JSONField(db_default={}, default=dict)
        ),
        migrations.AddField(
            model_name="shipmentupload",
            name="changed",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name="shipmentstate",
            index=models.Index(fields=["environment", "due_to"], name="shipment_state_by_slot"),
        ),
        migrations.AddIndex(
            model_name="shipmentstate",
            index=models.Index(
                fields=["shipment"],
                condition=models.Q(longitude=None, place_by="", ended_at=None),
                name="shipment_to_locate",
            ),
        ),
        migrations.AddIndex(
            model_name="shipmentstate",
            index=models.Index(
                fields=["environment", "shipment"],
                condition=models.Q(place_doubtful=True, ended_at=None),
                name="shipment_state_doubtful",
            ),
        ),
    ]
