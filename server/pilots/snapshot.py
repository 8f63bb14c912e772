"""What a pilot says now, from its tables; and the trail of all that it ever said.

`publish` ends every action that may have changed something: it appends the policy's text, if it is
another one than before, and puts it into the log. `policy.allow` reads these texts alone.
"""

from __future__ import annotations

from hashlib import sha256

from server.ledger import keys, service
from server.pilots.days import Period
from server.pilots.decide import Consent, Phase, Policy
from server.pilots.models import Consent as ConsentRow
from server.pilots.models import Exemption, Flip, Insurance, Pilot, PolicyText
from server.pilots.models import Phase as PhaseRow
from server.pilots.rules import ConsentKind, Mode, PhaseKind, PhaseState

SALT = 32


def derive(pilot: str) -> Policy:
    """The policy that the tables make."""
    phases = PhaseRow.objects.filter(pilot=pilot).select_related("plan__notice").order_by("number")
    exemptions = Exemption.objects.filter(pilot=pilot, revoked_ms=None)
    insurances = Insurance.objects.filter(pilot=pilot)
    return Policy(
        mode=mode(pilot),
        phases=tuple(map(_phase, phases)),
        exemptions=tuple(Period(one.from_day, one.to_day) for one in exemptions.order_by("id")),
        insurances=tuple(Period(one.from_day, one.to_day) for one in insurances.order_by("id")),
        consents=tuple(
            Consent(one.purpose, one.version, one.kind == ConsentKind.REQUIRED)
            for one in consents(pilot)
        ),
    )


def mode(pilot: str) -> Mode:
    """How the switch stands."""
    newest = Flip.objects.filter(pilot=pilot, number__isnull=False).order_by("-number").first()
    return Mode(newest.mode) if newest else Mode.NORMAL


def consents(pilot: str) -> list[ConsentRow]:
    """The newest version of each consent, in order of purpose."""
    rows = ConsentRow.objects.filter(pilot=pilot).order_by("purpose", "version")
    return list({row.purpose: row for row in rows}.values())


def publish(pilot: str, now_ms: int) -> None:
    """Append what the pilot says, unless it says the same; in the caller's transaction."""
    text = derive(pilot).text()
    newest = PolicyText.objects.filter(pilot=pilot).order_by("-generation").first()
    if newest is not None and newest.text == text:
        return
    generation = newest.generation + 1 if newest else 1
    PolicyText.objects.create(
        pilot=Pilot(service=pilot),
        generation=generation,
        at_ms=now_ms,
        text=text,
        digest=sha256(f"{generation} {text}".encode()).hexdigest(),
    )
    service.stage("pilots", "policy", [pilot, generation, now_ms, text], keys.entropy(SALT))


def _phase(row: PhaseRow) -> Phase:
    plan = row.plan
    return Phase(
        number=row.number,
        kind=PhaseKind(row.kind),
        state=PhaseState(row.state),
        period=Period(plan.from_day, plan.to_day) if plan else None,
        cap=row.cap,
        zone=tuple(plan.zone.split()) if plan else (),
        demo=plan.notice.demo if plan else False,
    )
