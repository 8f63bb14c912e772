"""The outbox. A row says to whom by an opaque id; where that is, is asked when it is sent."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """What has become of a message. "In flight" is never stored: after a crash it is sent again."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """Tried for a day without success; somebody should look."""
    DROPPED = "dropped"
    """There is nobody to send it to: erased, or without any address."""


class Message(models.Model):
    """One message; `values` are emptied once nothing is to be sent any more."""

    to = models.CharField(max_length=64)
    template = models.CharField(max_length=40)
    values: models.JSONField[Any, Any] = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.IntegerField(default=0)
    due_ms = models.BigIntegerField()
    made_ms = models.BigIntegerField()
    done_ms = models.BigIntegerField(null=True)
    trouble = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_ms"], condition=Q(state=State.WAITING), name="messages_that_are_due"
            )
        ]
        constraints = [models.CheckConstraint(condition=Q(tries__gte=0), name="tries_count_up")]
