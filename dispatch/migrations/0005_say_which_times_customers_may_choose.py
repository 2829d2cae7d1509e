"""The hours of the day that customers are offered when they choose another time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_sagas_know_their_hub_days_their_end")]

    operations = [
        migrations.AddField(
            model_name="dispatchsettings",
            name="slots_offered",
            field=models.JSONField(db_default=[["09:00", "12:00"], ["12:00", "15:00"], ["15:00", "18:00"]]),
        ),
    ]
