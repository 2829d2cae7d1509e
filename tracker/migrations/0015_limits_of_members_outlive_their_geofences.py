"""A member who is limited to geofences stays so when the last of them goes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0014_trips_keep_what_their_progress_remembers")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="sees_listed_geofences",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
