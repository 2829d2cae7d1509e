"""Consumers look every second for dead letters somebody wants driven again; mostly there are none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0005_rights_and_fence_of_the_new_tables")]

    operations = [
        migrations.AddIndex(
            model_name="deadletter",
            index=models.Index(
                condition=models.Q(("redrive_asked_at__isnull", False), ("redriven_at__isnull", True)),
                fields=["id"],
                name="letters_asked_for",
            ),
        ),
    ]
