"""A chain whose pilot runs today, for what reads the server's own clock; programs at its doors."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from django.test import Client

from server.accounts import apikeys
from server.accounts.rules import CLOCKWORK, HOUR_MS, Role
from server.ledger.tick import now_ms
from server.pilots.actions import papers, phases
from server.pilots.days import Period, day_of
from tests.server.coldchain import rig
from tests.server.coldchain.rig import Chain
from tests.server.pilots.rig import done, on_board

_keys = count(1)


def chain() -> Chain:
    """Everybody of one chain, today."""
    made, at_ms = rig.chain(), now_ms()
    made.pilot.sign(1)
    done(phases.close_phase(made.pilot.desk(), 1))
    made.pilot.now_ms = made.now_ms = at_ms
    today = day_of(at_ms)
    cover = Period(today - timedelta(60), today + timedelta(60))
    done(papers.add_exemption(made.pilot.desk(), "위치정보법", "구역 안에서만", cover))
    done(papers.add_insurance(made.pilot.desk(), "부산보험", "P-2", cover))
    made.pilot.announce(2, Period(today - timedelta(1), today + timedelta(20)), cap=10)
    on_board(made.pilot, "부산 81바 1234", 5)
    done(phases.open_phase(made.pilot.desk(), 2))
    return made


class Program:
    """A program with a key of one organisation."""

    def __init__(self, organisation: str, role: Role = Role.OPERATOR) -> None:
        wanted = apikeys.Wanted(role, frozenset({"coldchain"}), HOUR_MS)
        self.key = apikeys.make(CLOCKWORK, organisation, wanted, now_ms())
        self.root = f"/api/coldchain/{organisation}"

    def post(self, path: str, body: Any, key: str = "", **headers: str) -> Any:
        """POST JSON below the organisation; a new request unless a key is given."""
        sent = {
            "Authorization": f"Bearer {self.key}",
            "Idempotency-Key": key or f"request-{next(_keys)}",
            **headers,
        }
        return Client(headers=sent).post(f"{self.root}/{path}", body, "application/json")

    def get(self, path: str, **query: Any) -> Any:
        """GET below the organisation."""
        sent = {"Authorization": f"Bearer {self.key}"}
        return Client(headers=sent).get(f"{self.root}/{path}", query)


def reason(answer: Any) -> str:
    """The reason of a problem document."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    told = answer.json()
    assert told["status"] == answer.status_code and told["title"] and told["title_ko"]
    return str(told["type"].rpartition(":")[2])
