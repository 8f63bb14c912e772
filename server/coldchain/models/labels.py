"""Labels: blank pre-printed rolls, bound to a lot once, and how often each was scanned."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from server.accounts.models import ID, Organisation
from server.coldchain.models.lots import Event, Lot

SERIAL = 14


class Roll(models.Model):
    """A roll of blank labels, made with its serials."""

    id = models.CharField(max_length=ID, primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="rolls")
    labels = models.IntegerField()
    event = models.ForeignKey(Event, models.PROTECT)
    made_ms = models.BigIntegerField()


class Label(models.Model):
    """One label. A serial ends in a check character. Bound once, for good; void_ms: spoilt."""

    serial = models.CharField(max_length=SERIAL, primary_key=True)
    roll = models.ForeignKey(Roll, models.PROTECT, related_name="serials")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="labels")
    bound = models.ForeignKey(Event, models.PROTECT, null=True, related_name="bindings")
    bound_ms = models.BigIntegerField(null=True)
    void_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lot=None, bound=None, bound_ms=None)
                | Q(lot__isnull=False, bound__isnull=False, bound_ms__isnull=False),
                name="bound_wholly_or_not",
            )
        ]


class Scan(models.Model):
    """How often a label (or, label null, a lot's own code) was looked at on a day from a region.

    region: coarse; no address is kept.
    """

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="scans")
    label = models.ForeignKey(Label, models.PROTECT, null=True, related_name="scans")
    day = models.DateField()
    region = models.CharField(max_length=40)
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["label", "day", "region"],
                condition=Q(label__isnull=False),
                name="one_count_of_a_label",
            ),
            models.UniqueConstraint(
                fields=["lot", "day", "region"], condition=Q(label=None), name="one_count_of_a_lot"
            ),
            models.CheckConstraint(condition=Q(count__gte=0), name="scans_count_up"),
        ]
