"""Signs that a sensor needs a look become rows, and end only as their machine says."""

import django.db.models.deletion
from django.db import migrations, models

from server.ledger.refusing import moves, operation, stays

MOVES = "seen>explained seen>believed seen>lapsed lapsed>seen"
RULES = [
    moves("sign_moves", "coldchain_sensorsign", "state", MOVES),
    stays("sign_stays", "coldchain_sensorsign", "room_id, sign"),
]


class Migration(migrations.Migration):

    dependencies = [
        ('coldchain', '0009_holds_flow_down'),
    ]

    operations = [
        migrations.CreateModel(
            name='DueSign',
            fields=[
                ('room', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='coldchain.room')),
                ('from_ms', models.BigIntegerField(null=True)),
                ('due_ms', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('from_ms', None), _negated=True), fields=['due_ms'], name='rooms_by_due_sign')],
            },
        ),
        migrations.CreateModel(
            name='SensorSign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sign', models.CharField(choices=[('flat', 'flat'), ('door-unfelt', 'door-unfelt'), ('no-defrost', 'no-defrost'), ('diverging', 'diverging'), ('silent', 'silent'), ('fake-cold', 'fake-cold')], max_length=16)),
                ('from_ms', models.BigIntegerField()),
                ('until_ms', models.BigIntegerField()),
                ('seen_ms', models.BigIntegerField()),
                ('state', models.CharField(choices=[('seen', 'seen'), ('explained', 'explained'), ('believed', 'believed'), ('lapsed', 'lapsed')], default='seen', max_length=16)),
                ('looked_ms', models.BigIntegerField(null=True)),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signs', to='coldchain.room')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('sign__in', ['flat', 'door-unfelt', 'no-defrost', 'diverging', 'silent', 'fake-cold'])), name='sign_kind'), models.CheckConstraint(condition=models.Q(('state__in', ['seen', 'explained', 'believed', 'lapsed'])), name='sign_state'), models.CheckConstraint(condition=models.Q(('until_ms__gte', models.F('from_ms'))), name='sign_runs_up'), models.CheckConstraint(condition=models.Q(models.Q(('looked_ms__isnull', False), ('state__in', ('explained', 'believed'))), models.Q(models.Q(('state__in', ('explained', 'believed')), _negated=True), ('looked_ms', None)), _connector='OR'), name='sign_ends_with_a_look'), models.UniqueConstraint(condition=models.Q(('state', 'seen')), fields=('room', 'sign'), name='one_sign_waits'), models.UniqueConstraint(fields=('room', 'sign', 'looked_ms'), name='one_sign_of_a_look')],
            },
        ),
        operation(RULES),
    ]
