"""Readings by asset and time, and what was judged from them. All of it can be derived again."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from science.plausibility import Sign
from server.coldchain.models.lots import Lot
from server.coldchain.models.parties import Room
from server.coldchain.signs import LOOKED, SignState
from server.devices.models import Asset, Device
from server.pilots.models.programme import one_of, word


class Followed(models.Model):
    """How far the log was read into tracks: entries below `number`. One row."""

    number = models.BigIntegerField(default=0)


class SpanRead(models.Model):
    """A span whose records were read. blind: records without a believable time of their own;
    undated: those of them that no anchor dates either, which are in no track."""

    span = models.BinaryField(unique=True)
    device = models.ForeignKey(Device, models.PROTECT, related_name="+", db_index=False)
    epoch = models.BinaryField()
    blind = models.IntegerField(default=0)
    undated = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["device", "epoch"], name="spans_read_of_an_epoch")]


class Hint(models.Model):
    """What a record says of others of its epoch: an anchor, or a sensor's calibration.

    sensor: None for an anchor; boot_ms and uncertainty_ms are an anchor's, utc_ms of a calibration
    is since when it holds.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="+", db_index=False)
    epoch = models.BinaryField()
    seq = models.BigIntegerField()
    sensor = models.IntegerField(null=True)
    boot_ms = models.BigIntegerField(default=0)
    utc_ms = models.BigIntegerField()
    uncertainty_ms = models.BigIntegerField(default=0)
    source = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "epoch", "seq"], name="one_hint_in_a_record")
        ]


class Track(models.Model):
    """Readings of one asset from one span of the log, packed; derived from held spans.

    first_ms, last_ms: the first and last reading with a value; null where no sensor could say.
    certificate: the worst behind its values, as a place in science.sensing.WORST.
    """

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="tracks", db_index=False)
    device = models.ForeignKey(Device, models.PROTECT, related_name="+", db_index=False)
    span = models.BinaryField()
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField()
    first_ms = models.BigIntegerField(null=True)
    last_ms = models.BigIntegerField(null=True)
    certificate = models.IntegerField(default=0)
    simulated = models.BooleanField(default=False)
    packed = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_ms__gte=F("from_ms")), name="track_runs_up"),
            models.UniqueConstraint(fields=["span", "asset"], name="one_track_of_a_span"),
        ]
        indexes = [
            models.Index(fields=["asset", "from_ms", "until_ms"], name="tracks_in_time"),
            models.Index(fields=["asset", "first_ms"], name="tracks_by_first"),
            models.Index(fields=["asset", "last_ms"], name="tracks_by_last"),
        ]


class Cell(models.Model):
    """Cached exposure of an asset: [start_ms, start_ms + length_ms), an hour or a day of UTC.

    Gone as soon as a new reading could change it; made again when it is asked for.
    """

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", db_index=False)
    length_ms = models.BigIntegerField()
    start_ms = models.BigIntegerField()
    packed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["asset", "length_ms", "start_ms"], name="one_cell")
        ]


class Result(models.Model):
    """What was judged of a lot, as it stood: version after version, and its entry of the log.

    history: what it was judged from, zlib of the text whose hash the entry holds; null in a result
    of before.
    """

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="results")
    version = models.IntegerField()
    at_ms = models.BigIntegerField()
    text = models.TextField()
    leaf_hash = models.BinaryField(unique=True)
    history = models.BinaryField(null=True)

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


class SensorSign(models.Model):
    """A sign that a sensor of a room needs a look: since when, and up to when it showed last.

    One of a kind waits at a time, and one of a kind ends with a look (looked_ms).
    """

    room = models.ForeignKey(Room, models.PROTECT, related_name="signs")
    sign = word(Sign)
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField()
    seen_ms = models.BigIntegerField()
    state = word(SignState, default=SignState.SEEN)
    looked_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("sign", Sign, "sign_kind"),
            one_of("state", SignState, "sign_state"),
            models.CheckConstraint(condition=Q(until_ms__gte=F("from_ms")), name="sign_runs_up"),
            models.CheckConstraint(
                condition=Q(state__in=LOOKED, looked_ms__isnull=False)
                | (~Q(state__in=LOOKED) & Q(looked_ms=None)),
                name="sign_ends_with_a_look",
            ),
            models.UniqueConstraint(
                fields=["room", "sign"], condition=Q(state=SignState.SEEN), name="one_sign_waits"
            ),
            models.UniqueConstraint(
                fields=["room", "sign", "looked_ms"], name="one_sign_of_a_look"
            ),
        ]
