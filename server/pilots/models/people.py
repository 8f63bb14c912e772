"""The people of a pilot: how they were invited, what they agreed to, where they stand.

A participant is a pseudonym of this service alone; names and addresses are the vault's. What was
agreed to stays as a receipt; the way through the stages stays for the figures, also when somebody
has left.
"""

from __future__ import annotations

from itertools import pairwise

from django.db import models
from django.db.models import F, Q

from server.accounts.models import ID
from server.pilots.funnel import STAGES
from server.pilots.models.programme import Phase, Pilot, Plan, one_of, word
from server.pilots.rules import ActionKind, ConsentKind, Life, Reason, Source

SUBJECT = 64
PURPOSE = 24


class Cohort(models.Model):
    """A named list that an INTERNAL phase admits by."""

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="cohorts")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phase", "name"], name="cohort_once")]


class Consent(models.Model):
    """One version of one consent, word for word; the newest version of a purpose is in force."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=PURPOSE)
    version = models.IntegerField()
    kind = word(ConsentKind)
    text = models.TextField()
    text_en = models.TextField()
    items = models.CharField(max_length=200)
    retention = models.CharField(max_length=120)
    recipient = models.CharField(max_length=120, blank=True)
    since_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "purpose", "version"], name="consent_once"),
            one_of("kind", ConsentKind, "consent_kind"),
        ]


class Invitation(models.Model):
    """Leave to apply. uses: how often it serves, None: always. code: what its token is made from.

    cost_krw: what it cost to make and spread, for the cost per person by source.
    """

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="invitations")
    cohort = models.ForeignKey(Cohort, models.PROTECT, null=True)
    source = word(Source)
    code = models.CharField(max_length=ID, unique=True)
    digest = models.BinaryField(unique=True)
    cost_krw = models.BigIntegerField(default=0)
    uses = models.IntegerField(null=True)
    used = models.IntegerField(default=0)
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            one_of("source", Source, "invitation_source"),
            models.CheckConstraint(
                condition=Q(used__gte=0) & (Q(uses=None) | Q(used__lte=F("uses"))),
                name="invitation_uses",
            ),
            models.CheckConstraint(condition=Q(cost_krw__gte=0), name="invitation_cost"),
        ]


class Participant(models.Model):
    """One person in one pilot. given: JSON, version by purpose of the consents in force.

    entries: how many life entries there are; the newest one says the same as this row.
    """

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="participants")
    subject = models.CharField(max_length=SUBJECT)
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="participants")
    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="participants")
    state = word(Life, default=Life.INVITED)
    given = models.TextField(default="{}")
    entries = models.IntegerField(default=0)
    waiting_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "subject"], name="once_in_a_pilot"),
            one_of("state", Life, "participant_state"),
        ]
        indexes = [models.Index(fields=["phase", "state", "waiting_ms"], name="waiting_in_order")]


class LifeEntry(models.Model):
    """A participant as they were from `at_ms` on, for deciding again. Only ever added."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="life")
    number = models.IntegerField()
    at_ms = models.BigIntegerField()
    state = word(Life)
    phase = models.IntegerField()
    given = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "number"], name="life_entry_once")
        ]


class ConsentGiven(models.Model):
    """The receipt of one consent: which version, when, and when it was taken back."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="receipts")
    consent = models.ForeignKey(Consent, models.PROTECT)
    receipt = models.CharField(max_length=ID, unique=True)
    at_ms = models.BigIntegerField()
    withdrawn_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "consent"],
                condition=Q(withdrawn_ms=None),
                name="consent_in_force_once",
            )
        ]


class Told(models.Model):
    """Whether a participant could be told that a plan was dropped; None: not tried yet."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="told")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="told")
    at_ms = models.BigIntegerField()
    reached = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "participant"], name="told_of_it_once")
        ]


class Way(models.Model):
    """When a participant reached each stage. A later stage without an earlier one is refused."""

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="way")
    source = word(Source)
    invited = models.BigIntegerField(null=True)
    installed = models.BigIntegerField(null=True)
    verified = models.BigIntegerField(null=True)
    consented = models.BigIntegerField(null=True)
    enrolled = models.BigIntegerField(null=True)
    first_use = models.BigIntegerField(null=True)
    d7 = models.BigIntegerField(null=True)
    d28 = models.BigIntegerField(null=True)
    second_use = models.BigIntegerField(null=True)
    last_day = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q((later, None)) | Q((f"{earlier}__isnull", False)),
                name=f"{later}_after_{earlier}",
            )
            for earlier, later in [
                *pairwise(map(str, STAGES)),
                ("first_use", "second_use"),
            ]
        ]


class Erasure(models.Model):
    """What a withdrawal still owes: every service erases and refunds, before `due_ms`."""

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="erasure")
    asked_ms = models.BigIntegerField()
    due_ms = models.BigIntegerField()
    done_ms = models.BigIntegerField(null=True)


_ASKED = ("name", "kind", "phase", "zone", "purposes")


class Denial(models.Model):
    """A refusal of `allow` with all that it was decided from; equal ones are kept once.

    subject: "" for staff and machines. entry: number of the life entry, 0 where there is none.
    """

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="denials")
    at_ms = models.BigIntegerField()
    subject = models.CharField(max_length=SUBJECT, blank=True)
    entry = models.IntegerField()
    generation = models.IntegerField()
    name = models.CharField(max_length=40)
    kind = word(ActionKind)
    phase = models.IntegerField()
    zone = models.CharField(max_length=40, blank=True)
    purposes = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pilot", "subject", "entry", "generation", *_ASKED, "reason"],
                name="denied_once",
            ),
            one_of("reason", Reason, "denial_reason"),
            one_of("kind", ActionKind, "denial_kind"),
        ]
