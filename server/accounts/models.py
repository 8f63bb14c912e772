"""Tables of people, organisations, and the ways in. What is personal is in Personal, sealed.

Ids are random, 16 letters and digits, and mean nothing. Of every secret only a digest is kept
(SHA-256 of at least 128 random bits). Times are UTC milliseconds. The database itself refuses a
second open membership, a duty whose deputy is its holder, two people with one address, and a key
that lives longer than a year.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from server.accounts.rules import KEY_LIFE_MS, KEY_ROLES, Actor, Datum, Role

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
    OPERATOR = "operator", "운영사"
    """Who runs this server; there is one."""


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
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="organisation_kind"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind=Kind.OPERATOR), name="one_operator"
            ),
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


def ending(now_ms: int) -> Greatest:
    """When something ends that ends now: never before it began, wherever the clock was set."""
    # Told its width: a bare number is sent to PostgreSQL as one of 32 bits, and cut.
    return Greatest(F("from_ms"), Value(now_ms, output_field=models.BigIntegerField()))


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


# The vault


class VaultKey(models.Model):
    """A person's data key, sealed under the vault's, and the salt of their pseudonyms.

    Deleting this row makes every Personal row of theirs unreadable, and every pseudonym nobody's.
    """

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True)
    sealed = models.BinaryField()
    salt = models.BinaryField()


class Personal(models.Model):
    """One personal datum, sealed under its person's data key; `blind` finds it without opening."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="personal")
    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in Datum])
    sealed = models.BinaryField()
    blind = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="one_datum_of_a_kind"),
            models.UniqueConstraint(fields=["kind", "blind"], name="an_address_is_one_persons"),
        ]


class Subject(models.Model):
    """A pseudonym of a person towards one service: the only way back."""

    service = models.CharField(max_length=16)
    subject = models.CharField(max_length=26)
    person = models.ForeignKey(Person, models.PROTECT, related_name="subjects")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "subject"], name="one_person_per_subject"),
            models.UniqueConstraint(fields=["person", "service"], name="one_subject_per_service"),
        ]


class Certificate(models.Model):
    """What was deleted of a person, when, and the entry of the log that says so."""

    id = models.CharField(max_length=26, primary_key=True)
    person = models.CharField(max_length=ID, unique=True)
    at_ms = models.BigIntegerField()
    deleted = models.JSONField()
    leaf_hash = models.BinaryField()


# Ways in


class Session(AbstractBaseSession):
    """Django's session, with whose it is, so that all of a person's can be ended at once."""

    person = models.CharField(max_length=ID, blank=True, db_index=True)


class Passkey(models.Model):
    """A public key of a person's phone or computer, for one host name (`site`)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="passkeys")
    site = models.CharField(max_length=253)
    credential = models.BinaryField(unique=True)
    public = models.BinaryField()
    count = models.BigIntegerField()
    synced = models.BooleanField()
    made_ms = models.BigIntegerField()


class RecoveryCode(models.Model):
    """A code on paper, good for one sign-in."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="recovery_codes")
    digest = models.BinaryField(unique=True)
    used_ms = models.BigIntegerField(null=True)


class Badge(models.Model):
    """A printed badge of a member; `pin` (argon2) is chosen at the first scan, empty until then."""

    id = models.CharField(max_length=ID, primary_key=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="badges")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="badges")
    digest = models.BinaryField(unique=True)
    pin = models.CharField(max_length=128, blank=True)
    failures = models.IntegerField(default=0)
    made_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(ended_ms=None),
                name="one_badge_at_a_time",
            )
        ]


class Link(models.Model):
    """Something that one POST may do once, whoever holds the link; `person`: whose it is."""

    id = models.CharField(max_length=ID, primary_key=True)
    digest = models.BinaryField(unique=True)
    purpose = models.CharField(max_length=32)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="links")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="links")
    role = models.CharField(max_length=16, blank=True)
    target = models.CharField(max_length=80, blank=True)
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    used_ms = models.BigIntegerField(null=True)
    ended_ms = models.BigIntegerField(null=True)


class GuestCode(models.Model):
    """An inspector's access to one organisation, for some services and a limited time."""

    id = models.CharField(max_length=ID, primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="guests")
    digest = models.BinaryField(unique=True)
    scopes = models.JSONField()
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)


class ApiKey(models.Model):
    """A program's key: acts for one organisation, in one role, in some services."""

    id = models.CharField(max_length=ID, primary_key=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="keys")
    digest = models.BinaryField()
    role = models.CharField(max_length=16, choices=[(role, role) for role in KEY_ROLES])
    scopes = models.JSONField()
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_ms__lte=F("made_ms") + KEY_LIFE_MS), name="a_year_at_most"
            ),
            models.CheckConstraint(condition=Q(role__in=KEY_ROLES), name="key_role"),
        ]


class Webhook(models.Model):
    """Where an organisation's messages are posted to; the signing key is derived from its id."""

    id = models.CharField(max_length=ID, primary_key=True)
    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="webhook")
    url = models.CharField(max_length=500)
    made_ms = models.BigIntegerField()


# Limits


class DayKey(models.Model):
    """The key under which tries of one day are counted; deleted with the day."""

    day = models.IntegerField(primary_key=True)
    key = models.BinaryField()


class Tries(models.Model):
    """How often something was tried in one window; who and whence are not told by `digest`."""

    digest = models.BinaryField(primary_key=True)
    count = models.IntegerField()
    expires_ms = models.BigIntegerField(db_index=True)
