"""Readings by asset and time, and what was judged from them. All of it can be derived again."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from server.coldchain.models.lots import Lot
from server.coldchain.models.parties import Room
from server.devices.models import Asset


class Track(models.Model):
    """Readings of one asset from one span of the log, packed; derived from held spans."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="tracks", db_index=False)
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField()
    span = models.BinaryField(unique=True)
    packed = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_ms__gte=F("from_ms")), name="track_runs_up")
        ]
        indexes = [models.Index(fields=["asset", "from_ms", "until_ms"], name="tracks_in_time")]


class Result(models.Model):
    """What was judged of a lot, as it stood: version after version, and its entry of the log."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="results")
    version = models.IntegerField()
    at_ms = models.BigIntegerField()
    text = models.TextField()
    leaf_hash = models.BinaryField(unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lot", "version"], name="result_version_once")
        ]


class Excursion(models.Model):
    """An episode beyond a limit in a room or truck; minutes are kept apart, as milliseconds.

    The steps of its handling in order: acknowledged, acted on, disposed of, signed.
    peak_milli: milli-degrees; area: °C·min in thousandths; version: of the evaluation.
    """

    room = models.ForeignKey(Room, models.PROTECT, related_name="excursions")
    lots = models.ManyToManyField(Lot, related_name="excursions")
    sensor = models.CharField(max_length=40, blank=True)
    limit = models.CharField(max_length=40)
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)
    peak_milli = models.IntegerField()
    area = models.BigIntegerField(default=0)
    confirmed = models.BigIntegerField(default=0)
    possible = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)
    version = models.IntegerField(default=1)
    acknowledged_ms = models.BigIntegerField(null=True)
    acted_ms = models.BigIntegerField(null=True)
    disposed_ms = models.BigIntegerField(null=True)
    signed_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_ms=None) | Q(until_ms__gte=F("from_ms")),
                name="excursion_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["room", "sensor", "limit", "from_ms"], name="excursion_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["room"], condition=Q(signed_ms=None), name="excursions_that_are_open"
            )
        ]
