"""Tables of the devices: who may write, and what is held of whom.

The leaf and the sealed records themselves are the ledger's; here stands only what is needed to
judge the next span and to show a device. Hashes are 32 bytes, epochs and kids 8, times are UTC
milliseconds. The database itself refuses two primary spans that overlap (migration 0002), a second
open assignment of a device, and a second use of a token or key.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

HASH = 32


class Asset(models.Model):
    """A truck, room or cold store: what people mean when they name a place of measurement.

    organisation: the id of whose it is (server.accounts), empty where nobody said.
    """

    name = models.CharField(max_length=64, unique=True)
    made_ms = models.BigIntegerField()
    organisation = models.CharField(max_length=16, blank=True, default="")


class Device(models.Model):
    """One card with one life: its name is made from its first key.

    answer: the enrolment answer's very bytes. gaps, contested, quarantined: counters of the whole
    device that bound what it may leave behind. Its row is the lock under which it is judged.
    """

    name = models.CharField(max_length=16, primary_key=True)
    enrolled_ms = models.BigIntegerField()
    answer = models.BinaryField()
    revoked_ms = models.BigIntegerField(null=True)
    heard_ms = models.BigIntegerField(null=True)
    gaps = models.IntegerField(default=0)
    contested = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)


class Assignment(models.Model):
    """Which device measures for which asset, from when to when (until_ms null: still)."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="assignments")
    device = models.ForeignKey(Device, models.PROTECT, related_name="assignments")
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=Q(until_ms=None), name="one_asset_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(until_ms=None) | Q(until_ms__gte=F("from_ms")), name="ends_after_start"
            ),
        ]


class EnrolmentToken(models.Model):
    """Leave to enrol once. Only the token's hash is kept; the request that used it, too."""

    token_hash = models.BinaryField(unique=True)
    asset = models.ForeignKey(Asset, models.PROTECT)
    expires_ms = models.BigIntegerField()
    used_by = models.ForeignKey(Device, models.PROTECT, null=True)


class DeviceKey(models.Model):
    """A key of a device, in order of introduction; ended by rotation or revocation."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="keys")
    kid = models.BinaryField()
    cose_key = models.BinaryField(unique=True)
    order = models.IntegerField()
    since_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "kid"], name="one_key_per_kid")]


class EpochFacts(models.Model):
    """One open epoch: its place in the device's tree, its runs, and what its records show.

    held, told: runs of numbers as text (ranges.py). opening, last_reading: records as sealed.
    excursions: the newest word on each limit, "sensor:limit:seq:ongoing" apart by spaces.
    lasting: of what else goes on, "event:subject:limit:seq:detail:ongoing" likewise.
    kept_from: what its opening says is still on the card after a successor, "epoch:seq" likewise.
    configured: what its records say of configurations, the newest word of each stage,
    "seq:stage:mark:version:why" likewise.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="epochs")
    epoch = models.BinaryField()
    kid = models.BinaryField()
    opening = models.BinaryField()
    opening_leaf = models.BinaryField()
    parent = models.BinaryField(null=True)
    parent_seq = models.BigIntegerField(null=True)
    parent_hash = models.BinaryField(null=True)
    opened_size = models.BigIntegerField()
    opened_ms = models.BigIntegerField()
    kept_from = models.TextField(default="")
    held = models.TextField()
    told = models.TextField()
    gossip = models.BigIntegerField(default=0)
    trusted_from_ms = models.BigIntegerField(null=True)
    trusted_until_ms = models.BigIntegerField(null=True)
    flags = models.IntegerField(default=0)
    first_heard_ms = models.BigIntegerField()
    last_heard_ms = models.BigIntegerField()
    last_reading_seq = models.BigIntegerField(default=-1)
    last_reading = models.BinaryField(null=True)
    excursions = models.TextField(default="")
    lasting = models.TextField(default="")
    configured = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "epoch"], name="one_row_per_epoch")
        ]
        indexes = [models.Index(fields=["device", "parent"], name="children_of_an_epoch")]


class HeldSpan(models.Model):
    """One leaf of a device. hashes: its records' hashes, 32 bytes each, in order.

    contested: logged beside what was there, never primary. The boot clock at both ends tells
    whether it falls from one span to the next.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="spans", db_index=False)
    epoch = models.BinaryField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    prev_hash = models.BinaryField()
    hashes = models.BinaryField()
    leaf_hash = models.BinaryField(unique=True)
    contested = models.BooleanField(default=False)
    received_ms = models.BigIntegerField()
    first_boot_ms = models.BigIntegerField()
    last_boot_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["device", "epoch", "first"], name="spans_in_order")]
        constraints = [models.CheckConstraint(condition=Q(last__gte=F("first")), name="runs_up")]

    def hash_at(self, seq: int) -> bytes:
        """The hash of its record `seq`."""
        start = (seq - self.first) * HASH
        return bytes(self.hashes[start : start + HASH])


class Heard(models.Model):
    """A checkpoint that a primary record says its device has verified; ours: the log's own root."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="heard", db_index=False)
    epoch = models.BinaryField()
    seq = models.BigIntegerField()
    size = models.BigIntegerField()
    ours = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "epoch", "seq"], name="one_gossip_per_record")
        ]


class Gone(models.Model):
    """A range that a held tombstone explains: first..last of `epoch` are gone from the card."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="gone", db_index=False)
    epoch = models.BinaryField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    prev_hash = models.BinaryField()
    last_hash = models.BinaryField()
    reason = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["device", "epoch", "first"], name="gone_by_first"),
            models.Index(fields=["device", "epoch", "last"], name="gone_by_last"),
        ]


class Quarantined(models.Model):
    """A span under an ended key that nothing vouches for yet; sealed: CBOR array of its records."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="quarantine", db_index=False)
    epoch = models.BinaryField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    last_hash = models.BinaryField()
    sealed = models.BinaryField()
    received_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "epoch", "first", "last_hash"], name="kept_once"
            )
        ]


class ForkEvidence(models.Model):
    """Two statements that this device signed about one place; sources as in held.Source."""

    device = models.ForeignKey(Device, models.PROTECT, related_name="forks")
    epoch = models.BinaryField()
    seq = models.BigIntegerField()
    held_hash = models.BinaryField()
    held_source = models.IntegerField()
    posted_hash = models.BinaryField()
    posted_source = models.IntegerField()
    seen_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "epoch", "seq", "held_hash", "posted_hash"], name="told_once"
            )
        ]


class Configuration(models.Model):
    """A document that was published for a device, as it was signed; the newest one is served.

    mark: the first 52 bits of its SHA-256, by which the device's records name it.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="configurations")
    version = models.BigIntegerField()
    document = models.BinaryField()
    mark = models.BigIntegerField()
    published_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "version"], name="one_document_per_version"),
            models.CheckConstraint(condition=Q(version__gte=1), name="versions_begin_at_one"),
        ]


class Predecessor(models.Model):
    """The last known checkpoint of a log that this one follows: what its lost key is known by."""

    origin = models.CharField(max_length=255, primary_key=True)
    note = models.TextField()


class TwoNotes(models.Model):
    """Two notes of this log with one size and two roots, handed in by somebody; digest of both."""

    digest = models.BinaryField(unique=True)
    size = models.BigIntegerField()
    one = models.TextField()
    other = models.TextField()
    received_ms = models.BigIntegerField()
