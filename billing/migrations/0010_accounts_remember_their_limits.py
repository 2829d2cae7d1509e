"""What a customer's limits were before payments were overdue, so that payment brings them back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_fence_storms")]

    operations = [
        migrations.AddField(
            model_name="paymentaccount",
            name="limits_before",
            field=models.JSONField(default=dict),
        ),
    ]
