"""Due messages are found endpoint by endpoint, and endpoints wait for the relay to verify them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0012_take_conditions_of_devices_as_they_are")]

    operations = [
        migrations.AddField("webhookendpoint", "verify_at", models.DateTimeField(null=True)),
        migrations.AddField("webhookendpoint", "told_disabled_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "webhookendpoint",
            models.Index(
                fields=["verify_at"],
                condition=models.Q(verify_at__isnull=False),
                name="webhook_verify_due",
            ),
        ),
        migrations.RemoveIndex("webhookmessage", "webhook_message_due"),
        migrations.AddIndex(
            "webhookmessage",
            models.Index(
                fields=["endpoint", "due_at"],
                condition=models.Q(state="pending"),
                name="webhook_message_due",
            ),
        ),
    ]
