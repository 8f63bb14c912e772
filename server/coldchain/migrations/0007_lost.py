import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("coldchain", "0006_histories")]

    operations = [
        migrations.CreateModel(
            name="Lost",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="lost",
                        serialize=False,
                        to="coldchain.event",
                    ),
                ),
                ("words", models.CharField(max_length=160)),
            ],
        ),
    ]
