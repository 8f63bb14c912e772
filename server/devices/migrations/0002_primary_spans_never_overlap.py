"""The database itself refuses a primary span that overlaps another: one record per number, for ever.

Primary spans of an epoch are disjoint, so the nearest neighbour on each side decides: one look into
the index, however long the epoch. On PostgreSQL the trigger takes the device's row lock first,
because two transactions do not see each other's rows.
"""

from collections.abc import Callable, Mapping, Sequence

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "devices_heldspan"

_NEIGHBOURS = """
    coalesce((SELECT last FROM devices_heldspan WHERE device_id = NEW.device_id
              AND epoch = NEW.epoch AND first <= NEW.last AND NOT contested AND id <> NEW.id
              ORDER BY first DESC LIMIT 1), -1) >= NEW.first
"""

_SQLITE = [
    f"""
    CREATE TRIGGER primary_spans_never_overlap_{verb.lower()} AFTER {verb} ON {TABLE}
    WHEN NOT NEW.contested AND {_NEIGHBOURS}
    BEGIN SELECT RAISE(ABORT, 'a primary span overlaps another'); END
    """
    for verb in ("INSERT", "UPDATE")
]

_POSTGRES = [
    f"""
    CREATE FUNCTION devices_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM devices_device WHERE name = NEW.device_id FOR UPDATE;
        IF NOT NEW.contested AND {_NEIGHBOURS} THEN
            RAISE EXCEPTION 'a primary span overlaps another' USING ERRCODE = 'exclusion_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE TRIGGER primary_spans_never_overlap AFTER INSERT OR UPDATE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION devices_refuse_overlap()
    """,
]

_UNDO_SQLITE = [
    f"DROP TRIGGER primary_spans_never_overlap_{verb}" for verb in ("insert", "update")
]
_UNDO_POSTGRES = [
    f"DROP TRIGGER primary_spans_never_overlap ON {TABLE}",
    "DROP FUNCTION devices_refuse_overlap()",
]


def _run(
    by_vendor: Mapping[str, Sequence[str]],
) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    def run(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        with editor.connection.cursor() as cursor:
            for statement in by_vendor[editor.connection.vendor]:
                cursor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_tables")]

    operations = [
        migrations.RunPython(
            _run({"sqlite": _SQLITE, "postgresql": _POSTGRES}),
            _run({"sqlite": _UNDO_SQLITE, "postgresql": _UNDO_POSTGRES}),
        )
    ]
