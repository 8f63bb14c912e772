"""The programme: pilots, their papers, phases, switch, board and incidents.

Days are days in Korea, the last one inclusive; times are UTC milliseconds; people are opaque ids.
A date or a number of participants stands only in a `Plan`, and a plan only on a notice. What must
never be is refused by the database: constraints here, triggers in migration 0003.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from server.accounts.models import ID, Organisation
from server.pilots.rules import (
    RESTING,
    BoardKind,
    Dropped,
    FlipReason,
    IncidentKind,
    Mode,
    Part,
    PhaseKind,
    PhaseState,
    ReadinessStep,
    Service,
)

SHA256_HEX = 64
WORD = 16


def word(kind: Any, **options: Any) -> models.CharField[str, str]:
    """A column that holds one word of a closed list."""
    choices = [(str(one), str(one)) for one in kind]
    return models.CharField(max_length=WORD, choices=choices, **options)


def one_of(column: str, kind: Any, name: str, *, or_none: bool = False) -> models.CheckConstraint:
    """Refuse any other word in that column; `or_none`: the empty one is fine."""
    words = [str(one) for one in kind] + ([""] if or_none else [])
    return models.CheckConstraint(condition=Q((f"{column}__in", words)), name=name)


def runs_up(name: str) -> models.CheckConstraint:
    """Refuse a period that ends before it begins."""
    return models.CheckConstraint(condition=Q(to_day__gte=F("from_day")), name=name)


class Pilot(models.Model):
    """The pilot of one service, under its official name. Its row is the lock of its policy."""

    service = word(Service, primary_key=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    made_ms = models.BigIntegerField()

    class Meta:
        constraints = [one_of("service", Service, "pilot_service")]


class Party(models.Model):
    """An organisation's part in a pilot."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="parties")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="pilots")
    part = word(Part)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "organisation"], name="one_part_in_a_pilot"),
            one_of("part", Part, "party_part"),
        ]


class Exemption(models.Model):
    """Leave to do what a law forbids, under conditions, for a time; revocable at once."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="exemptions")
    law = models.CharField(max_length=120)
    conditions = models.TextField()
    from_day = models.DateField()
    to_day = models.DateField()
    revoked_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [runs_up("exemption_runs_up")]


class Insurance(models.Model):
    """Compulsory liability insurance."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="insurances")
    insurer = models.CharField(max_length=80)
    policy_no = models.CharField(max_length=40)
    from_day = models.DateField()
    to_day = models.DateField()

    class Meta:
        constraints = [runs_up("insurance_runs_up")]


class Document(models.Model):
    """A file as it was handed in, under its SHA-256."""

    sha256 = models.CharField(max_length=SHA256_HEX, primary_key=True)
    name = models.CharField(max_length=120)
    media = models.CharField(max_length=40)
    body = models.BinaryField()
    made_ms = models.BigIntegerField()


class Notice(models.Model):
    """A public notice (공고): number, date and file; what it changed, and which it replaces."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="notices")
    number = models.CharField(max_length=60)
    day = models.DateField()
    document = models.ForeignKey(Document, models.PROTECT)
    supersedes = models.ForeignKey("self", models.PROTECT, null=True)
    changes = models.CharField(max_length=200, blank=True)
    demo = models.BooleanField(default=False)
    filed_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "number"], name="notice_number_once")
        ]


class Phase(models.Model):
    """A phase of a pilot, and the plan that it rests on now.

    cap: the current plan's, None while undecided. taken: seats held, kept by a trigger.
    """

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="phases")
    number = models.IntegerField()
    kind = word(PhaseKind)
    state = word(PhaseState, default=PhaseState.UNANNOUNCED)
    plan = models.OneToOneField("Plan", models.PROTECT, null=True, related_name="now_of")
    cap = models.IntegerField(null=True)
    taken = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "number"], name="phase_number_once"),
            one_of("kind", PhaseKind, "phase_kind"),
            one_of("state", PhaseState, "phase_state"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(RESTING), plan__isnull=False)
                | (~Q(state__in=sorted(RESTING)) & Q(plan=None)),
                name="phase_rests_on_a_notice",
            ),
            models.CheckConstraint(
                condition=Q(kind=PhaseKind.OPEN) | Q(cap=None, taken=0),
                name="internal_phase_has_no_numbers",
            ),
            models.CheckConstraint(
                condition=Q(cap=None) | Q(plan__isnull=False), name="cap_rests_on_a_notice"
            ),
            models.CheckConstraint(
                condition=Q(taken__gte=0) & (Q(cap=None) | Q(taken__lte=F("cap"))),
                name="seats_within_cap",
            ),
        ]


class Plan(models.Model):
    """What one notice says of one phase. A dropped plan stays readable, with why it was dropped.

    target_min, cap: None is undecided (미정). zone: districts, one per line; none: the whole zone.
    """

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="plans")
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="plans")
    from_day = models.DateField()
    to_day = models.DateField()
    target_min = models.IntegerField(null=True)
    cap = models.IntegerField(null=True)
    zone = models.TextField(blank=True)
    made_ms = models.BigIntegerField()
    dropped_ms = models.BigIntegerField(null=True)
    dropped_for = word(Dropped, blank=True)

    class Meta:
        constraints = [
            runs_up("plan_runs_up"),
            models.UniqueConstraint(
                fields=["phase"], condition=Q(dropped_ms=None), name="one_plan_at_a_time"
            ),
            models.CheckConstraint(
                condition=(Q(target_min=None) | Q(target_min__gte=1))
                & (Q(cap=None) | Q(cap__gte=1)),
                name="plan_numbers_count_people",
            ),
            models.CheckConstraint(
                condition=Q(target_min=None) | Q(cap=None) | Q(target_min__lte=F("cap")),
                name="target_within_cap",
            ),
            one_of("dropped_for", Dropped, "plan_dropped_for", or_none=True),
            models.CheckConstraint(
                condition=Q(dropped_ms=None, dropped_for="")
                | (Q(dropped_ms__isnull=False) & ~Q(dropped_for="")),
                name="plan_dropped_with_reason",
            ),
        ]


class SignOff(models.Model):
    """The page that closes a phase: what was checked, what is open and whose, and who signed.

    checklist: words of rules.CHECKLIST that were ticked. defects: lines "owner: what".
    """

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="signoffs")
    checklist = models.CharField(max_length=200, blank=True)
    defects = models.TextField(blank=True)
    prepared_by = models.CharField(max_length=ID)
    prepared_ms = models.BigIntegerField()
    signed_by = models.CharField(max_length=ID, blank=True)
    signed_for = models.ForeignKey(Organisation, models.PROTECT, null=True)
    signed_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(signed_by=F("prepared_by")) | Q(signed_ms=None),
                name="signed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(signed_ms=None, signed_by="", signed_for=None)
                | (Q(signed_ms__isnull=False, signed_for__isnull=False) & ~Q(signed_by="")),
                name="signed_wholly_or_not",
            ),
            models.UniqueConstraint(
                fields=["phase"], condition=Q(signed_ms__isnull=False), name="signed_once"
            ),
        ]


class BoardRow(models.Model):
    """A truck or plant on the readiness board; done: steps done, 0 to 5."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="board")
    kind = word(BoardKind)
    name = models.CharField(max_length=64)
    done = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "name"], name="board_row_once"),
            one_of("kind", BoardKind, "board_kind"),
            models.CheckConstraint(
                condition=Q(done__range=(0, int(ReadinessStep.APPROVED))), name="board_steps"
            ),
        ]


class Readiness(models.Model):
    """One step on the board, passed or failed: when, by whom, with which file. Only ever added."""

    row = models.ForeignKey(BoardRow, models.PROTECT, related_name="steps")
    step = models.IntegerField()
    passed = models.BooleanField()
    day = models.DateField()
    signer = models.CharField(max_length=ID, blank=True)
    document = models.ForeignKey(Document, models.PROTECT)
    at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__range=(int(ReadinessStep.FITTED), int(ReadinessStep.APPROVED))),
                name="readiness_step",
            )
        ]


class Flip(models.Model):
    """One move of the switch: asked for by one person, in force from `number` on.

    Leaving HALT is in force only when a second person has confirmed it; a trigger holds that too.
    """

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="flips")
    mode = word(Mode)
    reason = word(FlipReason)
    by = models.CharField(max_length=ID, blank=True)
    asked_ms = models.BigIntegerField()
    second = models.CharField(max_length=ID, blank=True)
    number = models.IntegerField(null=True)
    in_force_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            one_of("mode", Mode, "flip_mode"),
            one_of("reason", FlipReason, "flip_reason"),
            models.UniqueConstraint(fields=["pilot", "number"], name="flip_number_once"),
            models.UniqueConstraint(
                fields=["pilot"], condition=Q(number=None), name="one_flip_waits"
            ),
            models.CheckConstraint(
                condition=Q(second="") | ~Q(second=F("by")), name="second_is_another"
            ),
            models.CheckConstraint(
                condition=Q(number=None, in_force_ms=None)
                | Q(number__isnull=False, in_force_ms__isnull=False),
                name="flip_in_force_wholly_or_not",
            ),
        ]


class Incident(models.Model):
    """Something that went wrong; `told` and `outcome` stay here and never enter the log."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="incidents")
    kind = word(IncidentKind)
    told = models.TextField()
    by = models.CharField(max_length=ID, blank=True)
    at_ms = models.BigIntegerField()
    outcome = models.TextField(blank=True)
    closed_by = models.CharField(max_length=ID, blank=True)
    closed_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = [one_of("kind", IncidentKind, "incident_kind")]


class PolicyText(models.Model):
    """What a pilot said from `at_ms` on, as decide.Policy's text: the trail by which every decision
    can be made again. Only ever added."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="policies")
    generation = models.IntegerField()
    at_ms = models.BigIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=SHA256_HEX)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pilot", "generation"], name="policy_generation_once")
        ]
