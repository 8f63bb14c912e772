"""After a restore: what was stopped stays stopped, and who has left stays out.

An older database that was put back beside its journal does not know of a HALT or of a withdrawal
that came later; the log does. Both are done again, by deeds of their own. What was allowed
meanwhile (a lifted HALT, a new seat, a phase that opened) is not done again: people decide that.
"""

from __future__ import annotations

from server.accounts.replay import CHUNK, logged
from server.accounts.rules import CLOCKWORK
from server.pilots import snapshot
from server.pilots.acting import Desk
from server.pilots.actions import joining, switch
from server.pilots.models import Participant, Pilot
from server.pilots.rules import OUT, FlipReason, Mode

STRICT = list(Mode)
"""From the mode that stops nothing to the one that stops most."""


def rebuild(first: int, size: int, now_ms: int) -> None:
    """Do again what the log holds from `first` to `size` and these tables do not know."""
    modes: dict[str, Mode] = {}
    for start in range(first, size, CHUNK):
        for one in logged(start, min(start + CHUNK, size)):
            told = {name: str(text) for name, text in one.columns.items()}
            if told["service"] == "pilots" and not told["reason"]:
                _take(told, modes, now_ms)
    for service, mode in modes.items():
        if not Pilot.objects.filter(service=service).exists():
            continue
        if STRICT.index(mode) > STRICT.index(snapshot.mode(service)):
            switch.flip(Desk(CLOCKWORK, service, now_ms), mode, FlipReason.INCIDENT)


def _take(told: dict[str, str], modes: dict[str, Mode], now_ms: int) -> None:
    service, _, subject = told["target"].partition("/")
    moved = told["detail"].split()
    if told["act"] == "withdraw":
        people = Participant.objects.filter(pilot=service, subject=subject)
        if people.exclude(state__in=OUT).exists():
            joining.withdraw(Desk(CLOCKWORK, service, now_ms), subject)
    elif told["act"] in ("flip", "confirm") and moved[-1] != "asked":
        modes[service] = Mode(moved[1])
