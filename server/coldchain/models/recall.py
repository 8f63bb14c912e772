"""Recalls: a process with a scope, lots, holders, and quantities that are counted once."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from server.accounts.models import ID, Organisation
from server.coldchain.models.custody import Handover
from server.coldchain.models.lots import Event, Lot
from server.coldchain.rules import Basis, HolderState, RecallPart, RecallState, RecallWhy
from server.pilots.models.programme import one_of, word


class Recall(models.Model):
    """A recall (회수) or its rehearsal, which notifies nobody and marks no lot.

    grade: 1 (gravest) to 3. scope: canonical JSON of what was asked for. handed_grams: what the
    lots weighed when it was opened, each unit counted once, in whoever's hands.
    """

    id = models.CharField(max_length=ID, primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="recalls")
    why = word(RecallWhy)
    basis = models.CharField(max_length=24)
    grade = models.IntegerField()
    rehearsal = models.BooleanField(default=False)
    state = word(RecallState, default=RecallState.OPENED)
    scope = models.TextField()
    handed_grams = models.BigIntegerField(default=0)
    opened = models.ForeignKey(Event, models.PROTECT, related_name="recalls_opened")
    opened_ms = models.BigIntegerField()
    closed = models.ForeignKey(Event, models.PROTECT, null=True, related_name="recalls_closed")
    closed_ms = models.BigIntegerField(null=True)
    signed_by = models.CharField(max_length=ID, blank=True)

    class Meta:
        constraints = [
            one_of("why", RecallWhy, "recall_why"),
            one_of("basis", Basis, "recall_basis"),
            one_of("state", RecallState, "recall_state"),
            models.CheckConstraint(condition=Q(grade__range=(1, 3)), name="recall_grade"),
            models.CheckConstraint(
                condition=(~Q(state=RecallState.CLOSED) & Q(closed=None, signed_by=""))
                | (Q(state=RecallState.CLOSED, closed__isnull=False) & ~Q(signed_by="")),
                name="recall_closed_with_signature",
            ),
        ]


class RecallLot(models.Model):
    """A lot in a recall, and how much of it was left then."""

    recall = models.ForeignKey(Recall, models.PROTECT, related_name="lots")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="recalls")
    part = word(RecallPart)
    grams = models.BigIntegerField()

    class Meta:
        constraints = [
            one_of("part", RecallPart, "recall_part"),
            models.UniqueConstraint(fields=["recall", "lot"], name="once_in_a_recall"),
        ]


class RecallHolder(models.Model):
    """Somebody in whose hands a recalled lot is or was: a member, or who took one hand-over.

    grams: what they hold of it, each unit once; what came of that is recovered, destroyed or gone.
    link: the id of the link by which somebody who is no member answers.
    """

    id = models.CharField(max_length=ID, primary_key=True)
    recall = models.ForeignKey(Recall, models.PROTECT, related_name="holders")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True)
    handover = models.ForeignKey(Handover, models.PROTECT, null=True)
    state = word(HolderState, default=HolderState.LISTED)
    grams = models.BigIntegerField()
    recovered = models.BigIntegerField(default=0)
    destroyed = models.BigIntegerField(default=0)
    gone = models.BigIntegerField(default=0)
    link = models.CharField(max_length=ID, blank=True)
    notified_ms = models.BigIntegerField(null=True)
    answered_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("state", HolderState, "recall_holder_state"),
            models.UniqueConstraint(fields=["recall", "organisation"], name="holder_once"),
            models.UniqueConstraint(fields=["recall", "handover"], name="stranger_once"),
            models.CheckConstraint(
                condition=Q(organisation=None) ^ Q(handover=None), name="member_or_stranger"
            ),
            models.CheckConstraint(
                condition=Q(recovered__gte=0, destroyed__gte=0, gone__gte=0)
                & Q(grams__gte=F("recovered") + F("destroyed") + F("gone")),
                name="each_unit_counted_once",
            ),
        ]
