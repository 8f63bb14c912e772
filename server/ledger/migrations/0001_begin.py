"""The ledger's tables."""

from django.db import migrations, models

from server.ledger.models import RowId


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Staged",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("leaf_hash", models.BinaryField(unique=True)),
                ("leaf", models.BinaryField()),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("number", RowId(primary_key=True, serialize=False)),
                ("leaf_hash", models.BinaryField(unique=True)),
                ("leaf", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Body",
            fields=[
                ("number", RowId(primary_key=True, serialize=False)),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("position", RowId(primary_key=True, serialize=False)),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", RowId(primary_key=True, serialize=False)),
                ("previous", models.BigIntegerField(null=True, unique=True)),
                ("root", models.BinaryField()),
                ("note", models.TextField()),
                ("utc_ms", models.BigIntegerField()),
                ("journal_end", models.BigIntegerField()),
                ("journal_chain", models.BinaryField()),
            ],
        ),
    ]
