"""The switch of a pilot. Anybody who runs it may stop it at once; leaving HALT takes two people."""

from __future__ import annotations

from server.pilots import snapshot
from server.pilots.acting import Desk, Done, Refusal, action, person
from server.pilots.life import promote
from server.pilots.models import Flip, Phase
from server.pilots.rules import FlipReason, Mode, Reason, Right


@action(Right.RUN)
def flip(desk: Desk, mode: Mode, reason: FlipReason) -> Done[Flip]:
    """Move the switch. Out of HALT this only asks, and waits for somebody else to confirm."""
    before = snapshot.mode(desk.service)
    if mode is before:
        raise Refusal(Reason.WRONG_STEP)
    Flip.objects.filter(pilot=desk.service, number=None).delete()
    waits = before is Mode.HALT
    one = Flip(
        pilot_id=desk.service,
        mode=mode,
        reason=reason,
        by=person(desk) if waits else desk.who.id,
        asked_ms=desk.now_ms,
    )
    if waits:
        one.save()
    else:
        _put_in_force(one, desk)
    return Done(one, f"{before} {mode} {reason}{' asked' if waits else ''}")


@action(Right.RUN)
def confirm(desk: Desk, asked: int) -> Done[Flip]:
    """Put a move out of HALT in force, as another person than who asked for it."""
    one = Flip.objects.filter(pilot=desk.service, id=asked, number=None).first()
    if one is None:
        raise Refusal(Reason.NOT_FOUND)
    if person(desk) == one.by:
        raise Refusal(Reason.TWO_PEOPLE)
    one.second = desk.who.id
    _put_in_force(one, desk)
    return Done(one, f"halt {one.mode} {one.reason} asked by {one.by}")


def _put_in_force(one: Flip, desk: Desk) -> None:
    newest = Flip.objects.filter(pilot=desk.service, number__isnull=False).order_by("-number")
    last = newest.first()
    one.number = last.number + 1 if last and last.number else 1
    one.in_force_ms = desk.now_ms
    one.save()
    if one.mode == Mode.NORMAL:
        for phase in Phase.objects.filter(pilot=desk.service).order_by("number"):
            promote(phase, desk.now_ms)
