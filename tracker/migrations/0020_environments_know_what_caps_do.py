"""An environment knows what a spending cap that was reached does to its reports and to its planning."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0019_nobody_alters_the_audit_log")]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="intake",
            field=models.CharField(
                choices=[("open", "open"), ("sample", "one in some is kept"), ("stopped", "stopped")],
                db_default="open",
                default="open",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="environment",
            name="intake_keeps_one_in",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="environment",
            name="planning_stopped",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="environment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("intake", "sample"),
                    ("intake_keeps_one_in__gte", 2),
                )
                | models.Q(("intake__in", ["open", "stopped"]), ("intake_keeps_one_in", 1)),
                name="environment_intake_known",
            ),
        ),
    ]
