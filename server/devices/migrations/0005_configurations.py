import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0004_successor'),
    ]

    operations = [
        migrations.AddField(
            model_name='epochfacts',
            name='configured',
            field=models.TextField(default=''),
        ),
        migrations.CreateModel(
            name='Configuration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField()),
                ('document', models.BinaryField()),
                ('mark', models.BigIntegerField()),
                ('published_ms', models.BigIntegerField()),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='configurations', to='devices.device')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('device', 'version'), name='one_document_per_version'), models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='versions_begin_at_one')],
            },
        ),
    ]
