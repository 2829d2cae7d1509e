"""What an archived day must know to be replaced safely: is it the only copy, was it asked to forget, what it replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0006_asked_letters_are_found_at_once")]

    operations = [
        migrations.AddField(
            model_name="archivedday",
            name="released_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="archivedday",
            name="rewrite_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="archivedday",
            name="replaced",
            field=models.TextField(db_default="", default=""),
        ),
    ]
