"""Where lots were, and in whose hands: stays in trucks and rooms, pallets, hand-overs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from server.accounts.models import ID, Organisation
from server.coldchain.models.lots import Event, Lot
from server.coldchain.models.parties import Room
from server.coldchain.rules import Custody
from server.pilots.models.programme import SHA256_HEX, one_of, word


class Stay(models.Model):
    """So much of a lot was in a room (or truck), from when to when (until_ms null: still).

    Several stays of one lot may be open: it was loaded in parts. Nothing of a stay changes but its
    end, once. An undone loading ends where it began.
    """

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="stays", db_index=False)
    room = models.ForeignKey(Room, models.PROTECT, related_name="stays", db_index=False)
    boxes = models.IntegerField()
    grams = models.BigIntegerField()
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)
    loaded = models.ForeignKey(Event, models.PROTECT, related_name="loads")
    unloaded = models.ForeignKey(Event, models.PROTECT, null=True, related_name="unloads")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_ms=None, unloaded=None)
                | Q(until_ms__gte=F("from_ms"), unloaded__isnull=False),
                name="stay_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(grams__gt=0, boxes__gte=0), name="stay_weighs"),
        ]
        indexes = [
            models.Index(fields=["lot", "from_ms"], name="stays_of_a_lot"),
            models.Index(fields=["room", "from_ms", "until_ms"], name="stays_in_a_room"),
            models.Index(fields=["room"], condition=Q(until_ms=None), name="stays_now"),
        ]


class Pallet(models.Model):
    """A logistic unit (SSCC, or a number of the organisation's own) that holds boxes of lots."""

    id = models.CharField(max_length=ID, primary_key=True)
    sscc = models.CharField(max_length=18, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="pallets")
    made_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sscc"], condition=~Q(sscc=""), name="sscc_is_one_pallets"
            )
        ]


class OnPallet(models.Model):
    """So much of a lot on a pallet; off: the event that took it off."""

    pallet = models.ForeignKey(Pallet, models.PROTECT, related_name="contents")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="pallets")
    boxes = models.IntegerField()
    grams = models.BigIntegerField()
    packed = models.ForeignKey(Event, models.PROTECT, related_name="packs")
    off = models.ForeignKey(Event, models.PROTECT, null=True, related_name="unpacks")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(grams__gt=0, boxes__gte=0), name="on_pallet_weighs"),
            models.UniqueConstraint(
                fields=["pallet", "lot"], condition=Q(off=None), name="once_on_a_pallet"
            ),
        ]


class Award(models.Model):
    """What an auction gave a lot to: buyer and price are nobody else's business, the log's least.

    dealer: 중도매인 번호 as it was called; buyer: the member it belongs to, if any; krw: whole lot.
    """

    lot = models.OneToOneField(Lot, models.PROTECT, related_name="award")
    event = models.ForeignKey(Event, models.PROTECT)
    dealer = models.CharField(max_length=20, blank=True)
    buyer = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="awards")
    krw = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(krw=None) | Q(krw__gte=0), name="award_price")
        ]


class Handover(models.Model):
    """A hand-over (인수인계) of so much of a lot, from its proposal to its answer.

    taker: None for somebody who is no member; then `person` is their id in the vault ("" where no
    address is known) and `link` the id of the link by which they answer. carrier: who brings it.
    went: the lot that changed hands; the lot itself, or the part that was split from it.
    until it is answered a one-sided hand-over is 수령 미확인.
    """

    id = models.CharField(max_length=ID, primary_key=True)
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="handovers")
    giver = models.ForeignKey(Organisation, models.PROTECT, related_name="handovers_given")
    taker = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="handovers_taken"
    )
    carrier = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="handovers_carried"
    )
    person = models.CharField(max_length=ID, blank=True)
    link = models.CharField(max_length=ID, blank=True)
    status = word(Custody, default=Custody.PROPOSED)
    boxes = models.IntegerField()
    grams = models.BigIntegerField()
    took_boxes = models.IntegerField(default=0)
    took_grams = models.BigIntegerField(default=0)
    went = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="came_by")
    photo = models.CharField(max_length=SHA256_HEX, blank=True)
    excursions = models.IntegerField(default=0)
    """How many open excursions the taker accepted, with the reason that the event says."""
    proposed = models.ForeignKey(Event, models.PROTECT, related_name="proposals")
    settled = models.ForeignKey(Event, models.PROTECT, null=True, related_name="answers")
    made_ms = models.BigIntegerField()
    settled_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("status", Custody, "handover_status"),
            models.CheckConstraint(condition=Q(grams__gt=0, boxes__gte=0), name="handover_weighs"),
            models.CheckConstraint(
                condition=Q(took_grams__gte=0, took_grams__lte=F("grams"))
                & Q(took_boxes__gte=0, took_boxes__lte=F("boxes")),
                name="took_no_more_than_was_offered",
            ),
            models.CheckConstraint(
                condition=Q(taker=None) | ~Q(taker=F("giver")), name="taker_is_another"
            ),
            models.CheckConstraint(
                condition=~Q(status=Custody.ACCEPTED) | Q(took_grams=F("grams")),
                name="accepted_is_all",
            ),
            models.CheckConstraint(
                condition=~Q(status=Custody.PART) | Q(took_grams__gt=0, took_grams__lt=F("grams")),
                name="part_is_less_than_all",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Custody.PART, Custody.REFUSED]) | ~Q(photo=""),
                name="refused_with_photo",
            ),
            models.CheckConstraint(
                condition=~Q(status=Custody.ONE_SIDED) | Q(taker=None),
                name="only_a_stranger_is_left_unanswered",
            ),
        ]
        indexes = [
            models.Index(fields=["taker", "status"], name="handovers_to_answer"),
            models.Index(fields=["giver", "status"], name="handovers_given_now"),
        ]
