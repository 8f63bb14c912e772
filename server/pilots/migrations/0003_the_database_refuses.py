"""What must never be, whoever writes: overlapping phases, an OPEN phase without a signed INTERNAL one,
a switch out of HALT by one person, more people than seats, a changed trail.

Seats are counted here and nowhere else: a participant's move changes `taken` in the same statement,
and the CHECK on the phase refuses the one too many. A trigger raises its own name, by which
server/pilots/acting.py knows the reason. On PostgreSQL a rule that looks at other rows takes the
pilot's row lock first, because two transactions do not see each other's rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


@dataclass(frozen=True)
class Rule:
    """Refuse a new row of `table` after `verbs` where `wrong` holds; `lock`: the pilot's service."""

    name: str
    table: str
    verbs: tuple[str, ...]
    wrong: str
    lock: str = "NULL"


_PILOT_OF_NEW_PHASE = "(SELECT pilot_id FROM pilots_phase WHERE id = NEW.phase_id)"

RULES = [
    Rule(
        "phases_never_overlap",
        "pilots_plan",
        ("INSERT", "UPDATE"),
        f"""NEW.dropped_ms IS NULL AND EXISTS (
            SELECT 1 FROM pilots_plan AS other JOIN pilots_phase AS its ON its.id = other.phase_id
            WHERE its.pilot_id = {_PILOT_OF_NEW_PHASE} AND other.id <> NEW.id
            AND other.dropped_ms IS NULL
            AND other.from_day <= NEW.to_day AND other.to_day >= NEW.from_day)""",
        _PILOT_OF_NEW_PHASE,
    ),
    Rule(
        "internal_phase_has_no_numbers",
        "pilots_plan",
        ("INSERT", "UPDATE"),
        """(NEW.cap IS NOT NULL OR NEW.target_min IS NOT NULL) AND EXISTS (
            SELECT 1 FROM pilots_phase WHERE id = NEW.phase_id AND kind = 'internal')""",
    ),
    Rule(
        "plan_is_its_own",
        "pilots_phase",
        ("INSERT", "UPDATE OF plan_id, cap"),
        """NEW.plan_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM pilots_plan WHERE id = NEW.plan_id AND phase_id = NEW.id
            AND dropped_ms IS NULL AND coalesce(cap, -1) = coalesce(NEW.cap, -1))""",
    ),
    Rule(
        "closed_with_signoff",
        "pilots_phase",
        ("INSERT", "UPDATE OF state"),
        """NEW.state = 'closed' AND NOT EXISTS (
            SELECT 1 FROM pilots_signoff WHERE phase_id = NEW.id AND signed_ms IS NOT NULL)""",
    ),
    Rule(
        "open_after_internal_signoff",
        "pilots_phase",
        ("INSERT", "UPDATE OF state"),
        """NEW.state = 'running' AND NEW.kind = 'open' AND NOT EXISTS (
            SELECT 1 FROM pilots_phase AS earlier WHERE earlier.pilot_id = NEW.pilot_id
            AND earlier.kind = 'internal' AND earlier.state = 'closed')""",
        "NEW.pilot_id",
    ),
    Rule(
        "halt_needs_two_people",
        "pilots_flip",
        ("INSERT", "UPDATE"),
        """NEW.number IS NOT NULL AND NEW.mode <> 'halt' AND NEW.second = '' AND coalesce((
            SELECT mode FROM pilots_flip WHERE pilot_id = NEW.pilot_id AND number < NEW.number
            ORDER BY number DESC LIMIT 1), 'normal') = 'halt'""",
        "NEW.pilot_id",
    ),
    Rule("flip_in_force_stays", "pilots_flip", ("UPDATE",), "OLD.number IS NOT NULL"),
    *(
        Rule(f"{table}_is_only_added_to", f"pilots_{table}", ("UPDATE",), "OLD.id = NEW.id")
        for table in ("policytext", "lifeentry", "readiness", "denial")
    ),
]


def _sits(row: str) -> str:
    return f"{row}.state IN ('enrolled', 'active')"


_TAKE = (
    "SELECT {raise_undecided} FROM pilots_phase"
    " WHERE id = NEW.phase_id AND kind = 'open' AND cap IS NULL",
    "UPDATE pilots_phase SET taken = taken + 1 WHERE id = NEW.phase_id AND kind = 'open'",
)
_GIVE_BACK = "UPDATE pilots_phase SET taken = taken - 1 WHERE id = OLD.phase_id AND kind = 'open'"
_STAYS = f"{_sits('OLD')} AND {_sits('NEW')} AND OLD.phase_id = NEW.phase_id"
UNDECIDED = "seats_undecided"


def _sqlite() -> Iterator[str]:
    for rule in RULES:
        for number, verb in enumerate(rule.verbs):
            yield (
                f"CREATE TRIGGER {rule.name}_{number} AFTER {verb} ON {rule.table}"
                f" WHEN {rule.wrong} BEGIN SELECT RAISE(ABORT, '{rule.name}'); END"
            )
    take = "; ".join(_TAKE).format(raise_undecided=f"RAISE(ABORT, '{UNDECIDED}')")
    on = "ON pilots_participant WHEN"
    yield f"CREATE TRIGGER seat_at_once AFTER INSERT {on} {_sits('NEW')} BEGIN {take}; END"
    yield (
        f"CREATE TRIGGER seat_back AFTER UPDATE OF state, phase_id {on} {_sits('OLD')}"
        f" AND NOT ({_STAYS}) BEGIN {_GIVE_BACK}; END"
    )
    yield (
        f"CREATE TRIGGER seat_taken AFTER UPDATE OF state, phase_id {on} {_sits('NEW')}"
        f" AND NOT ({_STAYS}) BEGIN {take}; END"
    )


def _postgres() -> Iterator[str]:
    for rule in RULES:
        body = f"""
            PERFORM 1 FROM pilots_pilot WHERE service = {rule.lock} FOR UPDATE;
            IF {rule.wrong} THEN
                RAISE EXCEPTION '{rule.name}' USING ERRCODE = 'check_violation';
            END IF;
        """
        yield from _function(f"pilots_{rule.name}", body)
        yield _trigger(rule.name, rule.table, " OR ".join(rule.verbs), f"pilots_{rule.name}")
    yield from _function("pilots_count_seats", _COUNT_SEATS)
    verbs = "INSERT OR UPDATE OF state, phase_id"
    yield _trigger("count_seats", "pilots_participant", verbs, "pilots_count_seats")


_COUNT_SEATS = f"""
    IF TG_OP = 'UPDATE' AND {_STAYS} THEN RETURN NULL; END IF;
    IF TG_OP = 'UPDATE' AND {_sits("OLD")} THEN {_GIVE_BACK}; END IF;
    IF {_sits("NEW")} THEN
        PERFORM 1 FROM pilots_phase WHERE id = NEW.phase_id AND kind = 'open' AND cap IS NULL;
        IF FOUND THEN RAISE EXCEPTION '{UNDECIDED}' USING ERRCODE = 'check_violation'; END IF;
        {_TAKE[1]};
    END IF;
"""


def _function(name: str, body: str) -> Iterator[str]:
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN NULL; END $$"
    )


def _trigger(name: str, table: str, verbs: str, function: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER {verbs} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _undo_sqlite() -> Iterator[str]:
    for rule in RULES:
        yield from (f"DROP TRIGGER {rule.name}_{number}" for number in range(len(rule.verbs)))
    yield from (f"DROP TRIGGER {name}" for name in ("seat_at_once", "seat_back", "seat_taken"))


def _undo_postgres() -> Iterator[str]:
    yield from (f"DROP FUNCTION pilots_{rule.name}() CASCADE" for rule in RULES)
    yield "DROP FUNCTION pilots_count_seats() CASCADE"


def _run(
    sqlite: Callable[[], Iterator[str]], postgres: Callable[[], Iterator[str]]
) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    def run(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        statements = sqlite if editor.connection.vendor == "sqlite" else postgres
        with editor.connection.cursor() as cursor:
            for statement in statements():
                cursor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("pilots", "0002_people")]

    operations = [migrations.RunPython(_run(_sqlite, _postgres), _run(_undo_sqlite, _undo_postgres))]
