"""Tables of people and organisations. What is personal stands in the vault's tables alone.

Ids are random, 16 letters and digits, and mean nothing. Times are UTC milliseconds. The database
itself refuses a second open membership, a duty whose deputy is its holder, and a second use of
what may be used once.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import F, Q

from server.accounts.rules import Actor, Role

ID = 16


class Kind(models.TextChoices):
    """What sort of organisation."""

    COOPERATIVE = "cooperative", "수협"
    PLANT = "plant", "가공장"
    CARRIER = "carrier", "운송사"
    WHOLESALER = "wholesaler", "중도매인"
    SHOP = "shop", "소매점"
    BANK = "bank", "은행"
    CITY = "city", "시"
    AGENCY = "agency", "기관"
    MERCHANT = "merchant", "가맹점"


class Organisation(models.Model):
    """A firm, office or cooperative; `name` in Korean, `name_en` where it has one."""

    id = models.CharField(max_length=ID, primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    made_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="organisation_kind")
        ]


class Person(AbstractBaseUser):
    """Somebody with an account. Nothing personal stands here; see server/accounts/vault.py."""

    id = models.CharField(max_length=ID, primary_key=True)
    language = models.CharField(max_length=2, default="ko")
    made_ms = models.BigIntegerField()
    erased_ms = models.BigIntegerField(null=True)
    last_login = None  # when somebody works is nobody's business here

    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []


class Membership(models.Model):
    """A person's role in an organisation, from when to when (until_ms null: still)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role, role) for role in Role])
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(until_ms=None),
                name="one_role_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(until_ms=None) | Q(until_ms__gte=F("from_ms")),
                name="membership_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(role__in=list(Role)), name="membership_role"),
        ]


class Duty(models.Model):
    """Something that must never hang on one person: its holder, and a deputy who is another."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="duties")
    name = models.CharField(max_length=40)
    holder = models.ForeignKey(Person, models.PROTECT, related_name="duties")
    deputy = models.ForeignKey(Person, models.PROTECT, related_name="deputy_duties")
    handover = models.TextField(blank=True)
    from_ms = models.BigIntegerField()
    until_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name"], condition=Q(until_ms=None), name="one_holder"
            ),
            models.CheckConstraint(condition=~Q(holder=F("deputy")), name="deputy_is_another"),
            models.CheckConstraint(
                condition=Q(until_ms=None) | Q(until_ms__gte=F("from_ms")),
                name="duty_ends_after_start",
            ),
        ]


class Deed(models.Model):
    """A privileged act, done or refused (`reason`), as it also stands in the log: ids and words of
    closed lists, nothing personal. Rows are only ever added."""

    at_ms = models.BigIntegerField()
    who = models.CharField(max_length=ID, blank=True)
    actor = models.CharField(max_length=8, choices=[(actor, actor) for actor in Actor])
    service = models.CharField(max_length=16)
    act = models.CharField(max_length=40)
    organisation = models.CharField(max_length=ID, blank=True, db_index=True)
    target = models.CharField(max_length=80, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    leaf_hash = models.BinaryField(unique=True)
