"""Triggers by which the database itself refuses a row, the same on SQLite and PostgreSQL.

A service's migration lists its rules and hands them to `operation`. A trigger raises its own name,
by which the service knows the reason. Where a rule looks at other rows it names the row whose lock
it takes first: on PostgreSQL two transactions do not see each other's rows. Django makes a table
of SQLite anew when a column is altered, and a new table has no triggers: such a migration begins
with `lifted` and ends with `operation` again. Spec: docs/coldchain.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations import RunPython

WRITE = ("INSERT", "UPDATE")
INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuse what `verbs` do to a row of `table` where `wrong` (over OLD and NEW) holds.

    lock: "table id", the row to lock first; its id as an expression over NEW.
    """

    name: str
    table: str
    verbs: tuple[str, ...]
    wrong: str
    lock: tuple[str, str] | None = None


def moves(name: str, table: str, column: str, allowed: str) -> Rule:
    """A machine: `allowed` lists its moves, "from>to" apart by spaces."""
    listed = ", ".join(f"'{move}'" for move in allowed.split())
    wrong = (
        f"OLD.{column} <> NEW.{column} AND OLD.{column} || '>' || NEW.{column} NOT IN ({listed})"
    )
    return Rule(name, table, (f"UPDATE OF {column}",), wrong)


def stays(name: str, table: str, columns: str = "") -> Rule:
    """Rows whose columns (all, if none are named) never change; apart by commas."""
    return Rule(name, table, (f"UPDATE OF {columns}" if columns else UPDATE,), "1 = 1")


def kept(name: str, table: str) -> Rule:
    """Rows that are never deleted."""
    return Rule(name, table, (DELETE,), "1 = 1")


def statements(rules: Sequence[Rule], vendor: str) -> Iterator[str]:
    """What makes the triggers."""
    for rule in rules:
        yield from (_on_sqlite if vendor == "sqlite" else _on_postgres)(rule)


def undoing(rules: Sequence[Rule], vendor: str) -> Iterator[str]:
    """What takes the triggers away."""
    for rule in rules:
        if vendor == "sqlite":
            yield from (f"DROP TRIGGER {rule.name}_{n}" for n in range(len(rule.verbs)))
        else:
            yield f"DROP FUNCTION refuse_{rule.name}() CASCADE"


def operation(rules: Sequence[Rule]) -> RunPython:
    """The operation of a migration that makes them, and back."""
    return RunPython(_running(statements, rules), _running(undoing, rules))


def lifted(rules: Sequence[Rule]) -> RunPython:
    """The operation that takes them away, before a table is altered and `operation` follows."""
    return RunPython(_running(undoing, rules), _running(statements, rules))


def _on_sqlite(rule: Rule) -> Iterator[str]:
    for number, verb in enumerate(rule.verbs):
        yield (
            f"CREATE TRIGGER {rule.name}_{number} AFTER {verb} ON {rule.table}"
            f" WHEN {rule.wrong} BEGIN SELECT RAISE(ABORT, '{rule.name}'); END"
        )


def _on_postgres(rule: Rule) -> Iterator[str]:
    table, row = rule.lock or ("", "")
    first = f"PERFORM 1 FROM {table} WHERE id = {row} FOR UPDATE;" if rule.lock else ""
    yield (
        f"CREATE FUNCTION refuse_{rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" {first} IF {rule.wrong} THEN"
        f" RAISE EXCEPTION '{rule.name}' USING ERRCODE = 'check_violation'; END IF;"
        " RETURN NULL; END $$"
    )
    yield (
        f"CREATE TRIGGER {rule.name} AFTER {' OR '.join(rule.verbs)} ON {rule.table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_{rule.name}()"
    )


def _running(
    made: Callable[[Sequence[Rule], str], Iterator[str]], rules: Sequence[Rule]
) -> Callable[[Any, Any], None]:
    def run(_apps: Any, editor: Any) -> None:
        with editor.connection.cursor() as cursor:
            for statement in made(rules, editor.connection.vendor):
                cursor.execute(statement)

    return run
