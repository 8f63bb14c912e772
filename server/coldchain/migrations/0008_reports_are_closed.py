"""Reports of shoppers and fishers come to an end, and two kinds of events say so.

SQLite makes the table of events anew, without its triggers: they are taken away before and made
again after.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from server.ledger.refusing import lifted, operation

_0002 = import_module("server.coldchain.migrations.0002_the_database_refuses")
OF_EVENTS = [one for one in _0002.RULES if one.table == "coldchain_event"]


class Migration(migrations.Migration):

    dependencies = [
        ('coldchain', '0007_lost'),
    ]

    operations = [
        lifted(OF_EVENTS),
        migrations.RemoveConstraint(
            model_name='event',
            name='event_kind',
        ),
        migrations.RemoveConstraint(
            model_name='problem',
            name='problem_kind',
        ),
        migrations.AddField(
            model_name='problem',
            name='closed',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports_closed', to='coldchain.event'),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('party-told', 'party-told'), ('place-added', 'place-added'), ('room-added', 'room-added'), ('landed', 'landed'), ('passed-in', 'passed-in'), ('awarded', 'awarded'), ('settled', 'settled'), ('sorted', 'sorted'), ('transformed', 'transformed'), ('split', 'split'), ('merged', 'merged'), ('reworked', 'reworked'), ('wasted', 'wasted'), ('packed', 'packed'), ('unpacked', 'unpacked'), ('loaded', 'loaded'), ('unloaded', 'unloaded'), ('offered', 'offered'), ('withdrawn', 'withdrawn'), ('received', 'received'), ('refused', 'refused'), ('left', 'left'), ('on-sale', 'on-sale'), ('sold', 'sold'), ('sold-out', 'sold-out'), ('scrapped', 'scrapped'), ('purchased', 'purchased'), ('problem', 'problem'), ('disputed', 'disputed'), ('report-closed', 'report-closed'), ('roll-made', 'roll-made'), ('bound', 'bound'), ('inspected', 'inspected'), ('sampled', 'sampled'), ('result', 'result'), ('held', 'held'), ('released', 'released'), ('recall-opened', 'recall-opened'), ('recall-notified', 'recall-notified'), ('recall-answered', 'recall-answered'), ('recall-counted', 'recall-counted'), ('recall-closed', 'recall-closed'), ('corrected', 'corrected'), ('declared', 'declared'), ('undone', 'undone')], max_length=16),
        ),
        migrations.AlterField(
            model_name='problem',
            name='kind',
            field=models.CharField(choices=[('smell', 'smell'), ('illness', 'illness'), ('warm', 'warm'), ('label', 'label'), ('other', 'other'), ('quantity', 'quantity'), ('species', 'species'), ('time', 'time')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['party-told', 'place-added', 'room-added', 'landed', 'passed-in', 'awarded', 'settled', 'sorted', 'transformed', 'split', 'merged', 'reworked', 'wasted', 'packed', 'unpacked', 'loaded', 'unloaded', 'offered', 'withdrawn', 'received', 'refused', 'left', 'on-sale', 'sold', 'sold-out', 'scrapped', 'purchased', 'problem', 'disputed', 'report-closed', 'roll-made', 'bound', 'inspected', 'sampled', 'result', 'held', 'released', 'recall-opened', 'recall-notified', 'recall-answered', 'recall-counted', 'recall-closed', 'corrected', 'declared', 'undone'])), name='event_kind'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['smell', 'illness', 'warm', 'label', 'other', 'quantity', 'species', 'time'])), name='problem_kind'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed', None), ('closed_ms', None), ('outcome', '')), models.Q(('closed__isnull', False), ('closed_ms__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='report_closed_with_outcome'),
        ),
        operation(OF_EVENTS),
    ]
