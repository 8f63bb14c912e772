"""What is to be judged again. Derived: an empty table is filled by what the log gains next."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from server.coldchain.models.lots import Lot
from server.coldchain.models.parties import Room


class DueLot(models.Model):
    """A lot that is judged at due_ms or later. A live one always has a next time.

    judged_ms: when that was done last, 0: never.
    """

    lot = models.OneToOneField(Lot, models.PROTECT, primary_key=True, related_name="+")
    due_ms = models.BigIntegerField()
    judged_ms = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["due_ms"], name="lots_by_due")]


class DueRoom(models.Model):
    """A room or truck of which the readings changed, from that time on."""

    room = models.OneToOneField(Room, models.PROTECT, related_name="+")
    from_ms = models.BigIntegerField()


class DueSign(models.Model):
    """A room of which the readings since from_ms (None: none) are looked at for signs, at due_ms or
    later."""

    room = models.OneToOneField(Room, models.PROTECT, primary_key=True, related_name="+")
    from_ms = models.BigIntegerField(null=True)
    due_ms = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_ms"], condition=~Q(from_ms=None), name="rooms_by_due_sign"
            )
        ]
