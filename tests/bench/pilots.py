"""What the one question costs that every action asks first: `allow`, on a database on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figure import Figure, seconds

ASKED = 500
OTHERS = 5_000
"""Participants beside the one that is asked for."""


def figures() -> Iterator[Figure]:
    """Measure in a server's home of its own, which is gone afterwards."""
    build = Path("build")
    build.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=build) as home:
        os.environ |= {"JAGALCHI_HOME": str(Path(home).absolute()), "JAGALCHI_DEMO": "0"}
        from server import cli

        cli._set_up()
        cli._ready()
        yield from _allow()


def _allow() -> Iterator[Figure]:
    from django.db import connection

    from server.pilots import policy
    from tests.server.pilots.rig import USE, live

    rig = live(cap=OTHERS + 1)
    name = rig.enrolled()
    _crowd(name)

    def ask() -> None:
        for _ in range(ASKED):
            assert rig.allow(name, USE) is None

    def flipped() -> None:
        policy._store._policies.clear()
        assert rig.allow(name, USE) is None

    ask()
    cached = seconds(ask) / ASKED * 1e3
    first = seconds(flipped) * 1e3
    connection.close()
    reference = f"{first:.2f} ms the first time after a change"
    yield Figure(f"allow, cached policy, {OTHERS:,} participants", cached, "ms", 1, reference)


def _crowd(name: str) -> None:
    """Others with a seat, written straight into the tables."""
    from server.pilots.models import Participant

    one = Participant.objects.get(subject=name)
    rest = {"pilot_id": one.pilot_id, "phase_id": one.phase_id, "given": one.given}
    Participant.objects.bulk_create(
        Participant(**rest, invitation_id=one.invitation_id, subject=f"other {n}", state=one.state)
        for n in range(OTHERS)
    )
