"""S2: a device is revoked while its key is in other hands, on a real server, by its command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from agent.edges.courier import RequestsTransport
from protocol import wire
from protocol.record import Sealed
from tests import reliability
from tests.e2e.processes import ROOT
from tests.net.depot import Depot
from tests.protocol import build

pytestmark = pytest.mark.e2e

BEFORE, MOST = 10, 400
WITHIN_S = 60.0


def test_S2_a_stolen_key_is_refused_once_revoked_and_what_was_held_stays_and_says_so(
    depot: Depot,
) -> None:
    key, answer = depot.identity()
    prev, origin = wire.first_prev(answer), wire.decode_enrol_answer(answer).origin
    chain = build.chain(MOST, who=key, first_prev=prev, origin=origin)
    line = RequestsTransport(depot.server.url)

    def said(*spans: Sequence[Sealed]) -> list[str]:
        path = f"/api/devices/{key.device}/spans?since=0"
        body = wire.encode_batch([build.raw(span) for span in spans])
        verdicts = wire.decode_answer(line.send("POST", path, body, 30.0).body).verdicts
        return [str(one.problem or one.code.name.lower()) for one in verdicts]

    assert said(chain[:BEFORE]) == ["accepted"]
    taken, began = BEFORE, time.monotonic()
    with _revoking(depot, key.device) as command:
        while said(chain[taken : taken + 1]) == ["accepted"]:
            taken += 1
        took = time.monotonic() - began
        assert command.wait(WITHIN_S) == 0
    thief = build.chain(3, who=key, epoch="the thief's", head=chain[taken - 1].head, origin=origin)
    later = [said(chain[taken:MOST]), said(thief), said(thief[1:])]
    held = depot.server.held(key.device)
    result = f"refused {took:.1f} s after the command began; {taken} older records stay"
    reliability.note("S2", "revoked by its command while the key goes on sending", 1, result)
    assert later == [["revoked"], ["revoked"], ["opening-first"]]
    assert held == {chain[0].record.epoch: set(range(taken))} and took < WITHIN_S
    assert said(chain[:BEFORE]) == ["duplicate"]
    assert _receipts(line, key.device, chain[0].record.epoch) > 0
    page = depot.server.get(f"/devices/{key.device}?lang=en").decode()
    assert "revoked" in page and "until" in page and str(taken) in page


def _revoking(depot: Depot, device: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "server", "revoke", device],
        cwd=ROOT,
        env={**os.environ, **depot.server.environ},
        stdout=subprocess.DEVNULL,
    )


def _receipts(line: RequestsTransport, device: str, epoch: bytes) -> int:
    path = f"/api/devices/{device}/receipts?epoch={epoch.hex()}&from=0&since=0"
    return len(wire.decode_answer(line.send("GET", path, b"", 30.0).body).receipts)
