from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0005_configurations'),
    ]

    operations = [
        migrations.AddField(
            model_name='epochfacts',
            name='lasting',
            field=models.TextField(default=''),
        ),
    ]
