"""A certificate can be downloaded again, so it is stored; its private key never is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0007_archived_days_know_what_they_replace")]

    operations = [
        migrations.AddField(
            model_name="devicecertificate",
            name="content",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
    ]
