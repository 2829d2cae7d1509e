"""The few messages that were given up or withheld are found without reading those that were delivered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0015_limits_of_members_outlive_their_geofences")]

    operations = [
        migrations.AddIndex(
            model_name="webhookmessage",
            index=models.Index(
                fields=["environment", "endpoint", "-id"],
                condition=models.Q(("state__in", ["failed", "withheld"])),
                name="webhook_message_lost",
            ),
        ),
    ]
