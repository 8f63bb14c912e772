"""What was found and what follows: inspections, samples, holds, problems, purchases."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from server.accounts.models import Organisation
from server.coldchain.models.labels import Label
from server.coldchain.models.lots import Event, Lot
from server.coldchain.rules import Basis, HoldState, Judge, ProblemKind, SampleState
from server.pilots.models.programme import SHA256_HEX, one_of, word


class Inspection(models.Model):
    """A sensory score (QIM): `score` demerits of `out_of`, and whose side the inspector is on."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="inspections")
    event = models.ForeignKey(Event, models.PROTECT)
    organisation = models.ForeignKey(Organisation, models.PROTECT)
    side = word(Judge)
    score = models.IntegerField()
    out_of = models.IntegerField()
    ice_seen = models.BooleanField(default=False)
    """얼음 충분(사진)"""
    photo = models.CharField(max_length=SHA256_HEX, blank=True)
    at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            one_of("side", Judge, "inspection_side"),
            models.CheckConstraint(
                condition=Q(score__gte=0, out_of__gt=0, score__lte=F("out_of")),
                name="score_within_scale",
            ),
            models.CheckConstraint(
                condition=Q(ice_seen=False) | ~Q(photo=""), name="ice_seen_with_photo"
            ),
        ]


class Sample(models.Model):
    """A sample that an authority took (수거검사), and what the laboratory found."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="samples")
    organisation = models.ForeignKey(Organisation, models.PROTECT)
    laboratory = models.CharField(max_length=80)
    state = word(SampleState, default=SampleState.TAKEN)
    taken = models.ForeignKey(Event, models.PROTECT, related_name="samples_taken")
    result = models.ForeignKey(Event, models.PROTECT, null=True, related_name="sample_results")

    class Meta:
        constraints = [
            one_of("state", SampleState, "sample_state"),
            models.CheckConstraint(
                condition=Q(state=SampleState.TAKEN, result=None)
                | (~Q(state=SampleState.TAKEN) & Q(result__isnull=False)),
                name="sample_result_wholly_or_not",
            ),
        ]


class Hold(models.Model):
    """A sales hold (판매 중지) on a lot, with its basis; who ordered it releases it."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="holds")
    organisation = models.ForeignKey(Organisation, models.PROTECT)
    basis = models.CharField(max_length=24)
    state = word(HoldState, default=HoldState.HELD)
    ordered = models.ForeignKey(Event, models.PROTECT, related_name="holds_ordered")
    released = models.ForeignKey(Event, models.PROTECT, null=True, related_name="holds_released")

    class Meta:
        constraints = [
            one_of("basis", Basis, "hold_basis"),
            one_of("state", HoldState, "hold_state"),
            models.UniqueConstraint(
                fields=["lot", "organisation"],
                condition=Q(state=HoldState.HELD),
                name="one_hold_of_each",
            ),
        ]


class Problem(models.Model):
    """What a shopper, or a fisher by the link of a receipt, reported of a lot. told: their words,
    which stay here. outcome: a word of the closed list, with the event that says so; "" until then.
    """

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="problems")
    label = models.ForeignKey(Label, models.PROTECT, null=True)
    kind = word(ProblemKind)
    told = models.TextField(blank=True)
    event = models.ForeignKey(Event, models.PROTECT)
    at_ms = models.BigIntegerField()
    outcome = models.TextField(blank=True)
    closed_ms = models.BigIntegerField(null=True)
    closed = models.ForeignKey(Event, models.PROTECT, null=True, related_name="reports_closed")

    class Meta:
        constraints = [
            one_of("kind", ProblemKind, "problem_kind"),
            models.CheckConstraint(
                condition=Q(closed=None, closed_ms=None, outcome="")
                | (Q(closed__isnull=False, closed_ms__isnull=False) & ~Q(outcome="")),
                name="report_closed_with_outcome",
            ),
        ]


class Purchase(models.Model):
    """A shopper's mark: bought on that day. Nobody's name."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="purchases")
    label = models.OneToOneField(Label, models.PROTECT, null=True)
    event = models.ForeignKey(Event, models.PROTECT)
    day = models.DateField()
