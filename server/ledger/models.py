"""Tables of the ledger. Rows are only ever added, except in Staged, the sequencer's inbox.

All of it but Staged is a function of the journal. The unique constraints are the last line of
defence: one place per leaf, one hash per node, one successor per checkpoint.
Specification: docs/protocol.md, "Log".
"""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class RowId(models.BigIntegerField):  # type: ignore[type-arg]  # generic in the stubs only
    """A 64-bit number chosen by us; on SQLite spelled so that it *is* the row id, without index."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """`integer` on SQLite, where that has 64 bits; `bigint` elsewhere."""
        return "integer" if connection.vendor == "sqlite" else "bigint"


class Staged(models.Model):
    """A leaf that waits to be sequenced, in order of `id`, with the bytes it commits to."""

    id = models.BigAutoField(primary_key=True)
    leaf_hash = models.BinaryField(unique=True)
    leaf = models.BinaryField()
    body = models.BinaryField()


class Entry(models.Model):
    """Leaf number `number` of the log, counted from 0."""

    number = RowId(primary_key=True)
    leaf_hash = models.BinaryField(unique=True)
    leaf = models.BinaryField()


class Body(models.Model):
    """What leaf `number` commits to; no row where that is nothing."""

    number = RowId(primary_key=True)
    body = models.BinaryField()


class Node(models.Model):
    """A complete node of the tree, by its in-order position (server/ledger/nodes.py)."""

    position = RowId(primary_key=True)
    hash = models.BinaryField()


class Checkpoint(models.Model):
    """A signed tree head, and where the journal stood when it was signed."""

    size = RowId(primary_key=True)
    previous = models.BigIntegerField(unique=True, null=True)
    """Size of the checkpoint before; unique, so that none has two successors."""
    root = models.BinaryField()
    note = models.TextField()
    utc_ms = models.BigIntegerField()
    journal_end = models.BigIntegerField()
    journal_chain = models.BinaryField()
