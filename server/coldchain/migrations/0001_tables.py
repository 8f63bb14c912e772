"""The rest of the tables, and what they refuse."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ('coldchain', '0001_lots'),
    ]

    operations = [
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('sort', 'sort'), ('split', 'split'), ('merge', 'merge'), ('transform', 'transform'), ('rework', 'rework')], max_length=16)),
                ('grams', models.BigIntegerField()),
                ('boxes', models.IntegerField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='coldchain.event')),
                ('child', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parents', to='coldchain.lot')),
                ('parent', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='coldchain.lot')),
            ],
            options={
                'indexes': [models.Index(fields=['child', 'parent'], name='parents_of_a_child')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['sort', 'split', 'merge', 'transform', 'rework'])), name='link_kind'), models.CheckConstraint(condition=models.Q(('parent__lt', models.F('child'))), name='parent_before_child'), models.UniqueConstraint(fields=('parent', 'child'), name='linked_once'), models.CheckConstraint(condition=models.Q(('boxes__gte', 0), ('grams__gte', 0)), name='link_weighs')],
            },
        ),
        migrations.CreateModel(
            name='Inspection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('seller', 'seller'), ('buyer', 'buyer'), ('independent', 'independent')], max_length=16)),
                ('score', models.IntegerField()),
                ('out_of', models.IntegerField()),
                ('ice_seen', models.BooleanField(default=False)),
                ('photo', models.CharField(blank=True, max_length=64)),
                ('at_ms', models.BigIntegerField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='coldchain.event')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organisation')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inspections', to='coldchain.lot')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('side__in', ['seller', 'buyer', 'independent'])), name='inspection_side'), models.CheckConstraint(condition=models.Q(('out_of__gt', 0), ('score__gte', 0), ('score__lte', models.F('out_of'))), name='score_within_scale'), models.CheckConstraint(condition=models.Q(('ice_seen', False), models.Q(('photo', ''), _negated=True), _connector='OR'), name='ice_seen_with_photo')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(max_length=24)),
                ('state', models.CharField(choices=[('held', 'held'), ('released', 'released')], default='held', max_length=16)),
                ('ordered', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds_ordered', to='coldchain.event')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organisation')),
                ('released', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holds_released', to='coldchain.event')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='coldchain.lot')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('basis__in', ['own', 'food-sanitation-act', 'fishery-quality-act', 'court'])), name='hold_basis'), models.CheckConstraint(condition=models.Q(('state__in', ['held', 'released'])), name='hold_state'), models.UniqueConstraint(condition=models.Q(('state', 'held')), fields=('lot', 'organisation'), name='one_hold_of_each')],
            },
        ),
        migrations.AddIndex(
            model_name='handover',
            index=models.Index(fields=['taker', 'status'], name='handovers_to_answer'),
        ),
        migrations.AddIndex(
            model_name='handover',
            index=models.Index(fields=['giver', 'status'], name='handovers_given_now'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['proposed', 'accepted', 'part', 'refused', 'one-sided', 'withdrawn'])), name='handover_status'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('boxes__gte', 0), ('grams__gt', 0)), name='handover_weighs'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('took_grams__gte', 0), ('took_grams__lte', models.F('grams')), ('took_boxes__gte', 0), ('took_boxes__lte', models.F('boxes'))), name='took_no_more_than_was_offered'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('taker', None), models.Q(('taker', models.F('giver')), _negated=True), _connector='OR'), name='taker_is_another'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'accepted'), _negated=True), ('took_grams', models.F('grams')), _connector='OR'), name='accepted_is_all'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'part'), _negated=True), models.Q(('took_grams__gt', 0), ('took_grams__lt', models.F('grams'))), _connector='OR'), name='part_is_less_than_all'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['part', 'refused']), _negated=True), models.Q(('photo', ''), _negated=True), _connector='OR'), name='refused_with_photo'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'one-sided'), _negated=True), ('taker', None), _connector='OR'), name='only_a_stranger_is_left_unanswered'),
        ),
        migrations.AddIndex(
            model_name='eventlot',
            index=models.Index(fields=['lot', 'event'], name='events_of_a_lot'),
        ),
        migrations.AddConstraint(
            model_name='eventlot',
            constraint=models.CheckConstraint(condition=models.Q(('part__in', ['made', 'used', 'named'])), name='event_lot_part'),
        ),
        migrations.AddConstraint(
            model_name='eventlot',
            constraint=models.UniqueConstraint(fields=('event', 'lot', 'part'), name='once_in_an_event'),
        ),
        migrations.AddConstraint(
            model_name='award',
            constraint=models.CheckConstraint(condition=models.Q(('krw', None), ('krw__gte', 0), _connector='OR'), name='award_price'),
        ),
        migrations.AddConstraint(
            model_name='pallet',
            constraint=models.UniqueConstraint(condition=models.Q(('sscc', ''), _negated=True), fields=('sscc',), name='sscc_is_one_pallets'),
        ),
        migrations.AddConstraint(
            model_name='onpallet',
            constraint=models.CheckConstraint(condition=models.Q(('boxes__gte', 0), ('grams__gt', 0)), name='on_pallet_weighs'),
        ),
        migrations.AddConstraint(
            model_name='onpallet',
            constraint=models.UniqueConstraint(condition=models.Q(('off', None)), fields=('pallet', 'lot'), name='once_on_a_pallet'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['market', 'plant', 'store', 'shop', 'depot'])), name='place_kind'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('organisation', 'name'), name='place_name_once'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(condition=models.Q(('gln', ''), _negated=True), fields=('gln',), name='gln_is_one_places'),
        ),
        migrations.AddIndex(
            model_name='lot',
            index=models.Index(fields=['holder', 'status'], name='lots_of_a_holder'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['landed', 'sorted', 'passed-in', 'awarded', 'processed', 'received', 'on-sale', 'sold', 'sold-out', 'scrapped', 'void'])), name='lot_status'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['', 'held', 'recalled', ''])), name='lot_side'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('gear__in', ['purse-seine', 'trawl', 'gill-net', 'long-line', 'trap', 'line', 'other', 'unknown'])), name='lot_gear'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('catch_by__in', ['', 'fisher', 'cooperative', 'document', ''])), name='lot_catch_by'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.UniqueConstraint(fields=('gtin', 'code'), name='lot_number_once'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('boxes__gte', 0), ('grams__gt', 0)), name='lot_weighs'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('left_grams__gte', 0), ('left_grams__lte', models.F('grams')), ('left_boxes__gte', 0), ('left_boxes__lte', models.F('boxes'))), name='lot_left'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('catch_ms', None), ('catch_ms__lte', models.F('made_ms')), _connector='OR'), name='caught_before_made'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['organisation', 'noted_ms'], name='events_of_an_organisation'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['actor', 'id'], name='events_of_a_person'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['party-told', 'place-added', 'room-added', 'landed', 'passed-in', 'awarded', 'settled', 'sorted', 'transformed', 'split', 'merged', 'reworked', 'wasted', 'packed', 'unpacked', 'loaded', 'unloaded', 'offered', 'withdrawn', 'received', 'refused', 'left', 'on-sale', 'sold', 'sold-out', 'scrapped', 'purchased', 'problem', 'roll-made', 'bound', 'inspected', 'sampled', 'result', 'held', 'released', 'recall-opened', 'recall-notified', 'recall-answered', 'recall-counted', 'recall-closed', 'corrected', 'declared', 'undone'])), name='event_kind'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('at_ms__lte', django.db.models.expressions.CombinedExpression(models.F('noted_ms'), '+', models.Value(120000)))), name='not_in_the_future'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('organisation', 'key'), name='request_done_once'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['smell', 'illness', 'warm', 'label', 'other'])), name='problem_kind'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(('why__in', ['histamine', 'temperature', 'contamination', 'foreign-body', 'labelling', 'sample', 'other'])), name='recall_why'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['own', 'food-sanitation-act', 'fishery-quality-act', 'court'])), name='recall_basis'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['opened', 'notified', 'closed'])), name='recall_state'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(('grade__range', (1, 3))), name='recall_grade'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'closed'), _negated=True), ('closed', None), ('signed_by', '')), models.Q(('closed__isnull', False), ('state', 'closed'), models.Q(('signed_by', ''), _negated=True)), _connector='OR'), name='recall_closed_with_signature'),
        ),
        migrations.AddConstraint(
            model_name='recallholder',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['listed', 'notified', 'acknowledged', 'unreached'])), name='recall_holder_state'),
        ),
        migrations.AddConstraint(
            model_name='recallholder',
            constraint=models.UniqueConstraint(fields=('recall', 'organisation'), name='holder_once'),
        ),
        migrations.AddConstraint(
            model_name='recallholder',
            constraint=models.UniqueConstraint(fields=('recall', 'handover'), name='stranger_once'),
        ),
        migrations.AddConstraint(
            model_name='recallholder',
            constraint=models.CheckConstraint(condition=models.Q(('organisation', None), ('handover', None), _connector='XOR'), name='member_or_stranger'),
        ),
        migrations.AddConstraint(
            model_name='recallholder',
            constraint=models.CheckConstraint(condition=models.Q(('destroyed__gte', 0), ('gone__gte', 0), ('recovered__gte', 0), ('grams__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('recovered'), '+', models.F('destroyed')), '+', models.F('gone')))), name='each_unit_counted_once'),
        ),
        migrations.AddConstraint(
            model_name='recalllot',
            constraint=models.CheckConstraint(condition=models.Q(('part__in', ['source', 'derived', 'contact'])), name='recall_part'),
        ),
        migrations.AddConstraint(
            model_name='recalllot',
            constraint=models.UniqueConstraint(fields=('recall', 'lot'), name='once_in_a_recall'),
        ),
        migrations.AddConstraint(
            model_name='result',
            constraint=models.UniqueConstraint(fields=('lot', 'version'), name='result_version_once'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bound', None), ('bound_ms', None), ('lot', None)), models.Q(('bound__isnull', False), ('bound_ms__isnull', False), ('lot__isnull', False)), _connector='OR'), name='bound_wholly_or_not'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['truck', 'cold-room', 'work-room', 'display', 'floor'])), name='room_kind'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'truck'), ('place', None)), models.Q(models.Q(('kind', 'truck'), _negated=True), ('place__isnull', False)), _connector='OR'), name='only_a_truck_has_no_place'),
        ),
        migrations.AddIndex(
            model_name='excursion',
            index=models.Index(condition=models.Q(('signed_ms', None)), fields=['room'], name='excursions_that_are_open'),
        ),
        migrations.AddConstraint(
            model_name='excursion',
            constraint=models.CheckConstraint(condition=models.Q(('until_ms', None), ('until_ms__gte', models.F('from_ms')), _connector='OR'), name='excursion_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='excursion',
            constraint=models.UniqueConstraint(fields=('room', 'sensor', 'limit', 'from_ms'), name='excursion_once'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['taken', 'passed', 'failed'])), name='sample_state'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('result', None), ('state', 'taken')), models.Q(models.Q(('state', 'taken'), _negated=True), ('result__isnull', False)), _connector='OR'), name='sample_result_wholly_or_not'),
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.UniqueConstraint(condition=models.Q(('label__isnull', False)), fields=('label', 'day', 'region'), name='one_count_of_a_label'),
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.UniqueConstraint(condition=models.Q(('label', None)), fields=('lot', 'day', 'region'), name='one_count_of_a_lot'),
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', 0)), name='scans_count_up'),
        ),
        migrations.AddIndex(
            model_name='stay',
            index=models.Index(fields=['lot', 'from_ms'], name='stays_of_a_lot'),
        ),
        migrations.AddIndex(
            model_name='stay',
            index=models.Index(fields=['room', 'from_ms', 'until_ms'], name='stays_in_a_room'),
        ),
        migrations.AddIndex(
            model_name='stay',
            index=models.Index(condition=models.Q(('until_ms', None)), fields=['room'], name='stays_now'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unloaded', None), ('until_ms', None)), models.Q(('unloaded__isnull', False), ('until_ms__gte', models.F('from_ms'))), _connector='OR'), name='stay_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='stay',
            constraint=models.CheckConstraint(condition=models.Q(('boxes__gte', 0), ('grams__gt', 0)), name='stay_weighs'),
        ),
        migrations.AddIndex(
            model_name='track',
            index=models.Index(fields=['asset', 'from_ms', 'until_ms'], name='tracks_in_time'),
        ),
        migrations.AddConstraint(
            model_name='track',
            constraint=models.CheckConstraint(condition=models.Q(('until_ms__gte', models.F('from_ms'))), name='track_runs_up'),
        ),
    ]
