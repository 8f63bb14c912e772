"""Who takes part and where: what is known of an organisation, fixed places, trucks and rooms."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from server.accounts.models import ID, Organisation
from server.coldchain.rules import PlaceKind, RoomKind
from server.devices.models import Asset
from server.pilots.models.programme import one_of, word

GLN = 13


class Party(models.Model):
    """What is known of an organisation. dealer: 중도매인 번호; region: coarse, public."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True)
    gln = models.CharField(max_length=GLN, blank=True)
    dealer = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=40, blank=True)
    region_en = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gln"], condition=~Q(gln=""), name="gln_is_one_partys"),
            models.UniqueConstraint(
                fields=["dealer"], condition=~Q(dealer=""), name="dealer_is_one_partys"
            ),
        ]


class Place(models.Model):
    """A fixed site of an organisation. region: what everybody may see of where it is."""

    id = models.CharField(max_length=ID, primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="places")
    kind = word(PlaceKind)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=40)
    region_en = models.CharField(max_length=40, blank=True)
    gln = models.CharField(max_length=GLN, blank=True)
    made_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("kind", PlaceKind, "place_kind"),
            models.UniqueConstraint(fields=["organisation", "name"], name="place_name_once"),
            models.UniqueConstraint(fields=["gln"], condition=~Q(gln=""), name="gln_is_one_places"),
        ]


class Room(models.Model):
    """What lots can be in: a truck, or a room of a place. profile: name of its limits."""

    asset = models.OneToOneField(Asset, models.PROTECT, related_name="room")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="rooms")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="rooms")
    kind = word(RoomKind)
    profile = models.CharField(max_length=40, blank=True)
    made_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            one_of("kind", RoomKind, "room_kind"),
            models.CheckConstraint(
                condition=Q(kind=RoomKind.TRUCK, place=None)
                | (~Q(kind=RoomKind.TRUCK) & Q(place__isnull=False)),
                name="only_a_truck_has_no_place",
            ),
        ]
