from django.db import migrations, models


class Migration(migrations.Migration):
    """What a result was judged from; results of before have none, and stay as they are."""

    dependencies = [("coldchain", "0005_due")]

    operations = [
        migrations.AddField(
            model_name="result",
            name="history",
            field=models.BinaryField(null=True),
        ),
    ]
