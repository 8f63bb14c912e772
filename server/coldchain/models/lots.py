"""Lots, what happened to them, and how one came from another.

Lots and events have a number (`id`), which only grows, and a `ref` of 16 letters for addresses,
labels and the log. A link leads from a lower to a higher lot number, so a cycle cannot be written.
Events, their lots and links are only ever added (migration 0002). Times are UTC milliseconds,
weights grams. Names of vessels and whatever people write stay here and never enter the log.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from server.accounts.models import ID, Organisation
from server.coldchain.models.parties import Place
from server.coldchain.rules import AHEAD_MS, Gear, Kind, LinkKind, Part, Side, Source, Status
from server.pilots.models.programme import one_of, word

KEY = 64
SAID = 500


class Event(models.Model):
    """One thing that happened, as it was told. at_ms: when; noted_ms: when we were told.

    told: canonical JSON of ids, words of closed lists and integers; it is in the log. said: what
    somebody wrote; the log holds its digest under `salt`, so that it can be erased with the salt.
    key: digest of the name of the request that told it (once per organisation), asked: of what was
    asked.
    """

    ref = models.CharField(max_length=ID, unique=True)
    kind = word(Kind)
    at_ms = models.BigIntegerField()
    noted_ms = models.BigIntegerField()
    organisation = models.CharField(max_length=ID, blank=True)
    actor = models.CharField(max_length=ID, blank=True)
    place = models.ForeignKey(Place, models.PROTECT, null=True)
    told = models.TextField(default="{}")
    said = models.CharField(max_length=SAID, blank=True)
    salt = models.BinaryField(default=b"")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    key = models.CharField(max_length=KEY, blank=True)
    asked = models.BinaryField(default=b"")
    leaf_hash = models.BinaryField(unique=True)
    restored = models.BooleanField(default=False)
    """Written again from the log after a restore: what it said of lots may be lost."""

    class Meta:
        constraints = [
            one_of("kind", Kind, "event_kind"),
            models.CheckConstraint(
                condition=Q(at_ms__lte=F("noted_ms") + AHEAD_MS), name="not_in_the_future"
            ),
            models.UniqueConstraint(
                fields=["organisation", "key"], condition=~Q(key=""), name="request_done_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "noted_ms"], name="events_of_an_organisation"),
            models.Index(fields=["actor", "id"], name="events_of_a_person"),
        ]


class Lost(models.Model):
    """What an event said once and a restore could not bring back: words of a closed list
    (server/coldchain/again.py), apart by spaces."""

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="lost")
    words = models.CharField(max_length=160)


class Lot(models.Model):
    """Goods of one history. `grams`, `boxes`: as made; `left_*`: what is not yet another lot.

    species: words of the closed list apart by spaces, several where lots were mixed. holder: whose
    hands it is in, None: somebody who is no member. vessel: private. feed: 사료용, not food.
    code: the lot number (로트 번호); trace_no: the state's 이력번호, never the same.
    """

    ref = models.CharField(max_length=ID, unique=True)
    code = models.CharField(max_length=20)
    gtin = models.CharField(max_length=14, blank=True)
    event = models.ForeignKey(Event, models.PROTECT, related_name="made")
    maker = models.ForeignKey(Organisation, models.PROTECT, related_name="lots_made")
    holder = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="lots_held")
    made_ms = models.BigIntegerField()
    status = word(Status)
    side = word(Side, blank=True, default=Side.FREE)
    trade = models.CharField(max_length=40)
    species = models.CharField(max_length=160)
    form = models.CharField(max_length=16)
    kept = models.CharField(max_length=16)
    feed = models.BooleanField(default=False)
    catch_ms = models.BigIntegerField(null=True)
    catch_by = word(Source, blank=True)
    ice = models.CharField(max_length=16, default="unstated")
    ice_ratio = models.CharField(max_length=8, blank=True)
    area = models.CharField(max_length=40, blank=True)
    gear = word(Gear, default=Gear.UNKNOWN)
    vessel = models.CharField(max_length=60, blank=True)
    landed = models.ForeignKey(Place, models.PROTECT, null=True, related_name="landings")
    origin = models.CharField(max_length=40, blank=True)
    use_by = models.DateField(null=True)
    trace_no = models.CharField(max_length=20, blank=True)
    graded = models.BooleanField(default=False)
    boxes = models.IntegerField()
    grams = models.BigIntegerField()
    left_boxes = models.IntegerField()
    left_grams = models.BigIntegerField()
    settled_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("status", Status, "lot_status"),
            one_of("side", Side, "lot_side", or_none=True),
            one_of("gear", Gear, "lot_gear"),
            one_of("catch_by", Source, "lot_catch_by", or_none=True),
            models.UniqueConstraint(fields=["gtin", "code"], name="lot_number_once"),
            models.CheckConstraint(condition=Q(grams__gt=0, boxes__gte=0), name="lot_weighs"),
            models.CheckConstraint(
                condition=Q(left_grams__gte=0, left_grams__lte=F("grams"))
                & Q(left_boxes__gte=0, left_boxes__lte=F("boxes")),
                name="lot_left",
            ),
            models.CheckConstraint(
                condition=Q(catch_ms=None) | Q(catch_ms__lte=F("made_ms")),
                name="caught_before_made",
            ),
        ]
        indexes = [models.Index(fields=["holder", "status"], name="lots_of_a_holder")]


class EventLot(models.Model):
    """A lot in an event, and how much of it: `used` is taken from it, `made` is new."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="lots", db_index=False)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="events", db_index=False)
    part = word(Part)
    boxes = models.IntegerField(default=0)
    grams = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("part", Part, "event_lot_part"),
            models.UniqueConstraint(fields=["event", "lot", "part"], name="once_in_an_event"),
        ]
        indexes = [models.Index(fields=["lot", "event"], name="events_of_a_lot")]


class Link(models.Model):
    """A child came from a parent, by an event, with so much of the child's weight."""

    parent = models.ForeignKey(Lot, models.PROTECT, related_name="children", db_index=False)
    child = models.ForeignKey(Lot, models.PROTECT, related_name="parents", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="links")
    kind = word(LinkKind)
    grams = models.BigIntegerField()
    boxes = models.IntegerField()

    class Meta:
        constraints = [
            one_of("kind", LinkKind, "link_kind"),
            models.CheckConstraint(condition=Q(parent__lt=F("child")), name="parent_before_child"),
            models.UniqueConstraint(fields=["parent", "child"], name="linked_once"),
            models.CheckConstraint(condition=Q(grams__gte=0, boxes__gte=0), name="link_weighs"),
        ]
        indexes = [models.Index(fields=["child", "parent"], name="parents_of_a_child")]
