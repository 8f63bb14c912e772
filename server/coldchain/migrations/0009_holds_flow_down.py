"""A hold that stands is marked on all that came of its lot; until now it was on the lot alone."""

from django.db import migrations

MARK = """
UPDATE coldchain_lot SET side = 'held' WHERE side = '' AND id IN (
    WITH RECURSIVE held(id) AS (
        SELECT lot_id FROM coldchain_hold WHERE state = 'held'
        UNION SELECT link.child_id FROM held JOIN coldchain_link AS link ON link.parent_id = held.id
    ) SELECT id FROM held
)
"""


class Migration(migrations.Migration):

    dependencies = [("coldchain", "0008_reports_are_closed")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
