"""The chain of tests/server/coldchain/rig.py as it stands today, with browsers for its people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.test import Client

from server.accounts.models import Organisation, Person
from server.accounts.rules import Actor, Role
from server.coldchain.acting import Desk
from server.ledger.tick import now_ms
from server.pilots.actions import papers, phases
from server.pilots.days import Period, day_of
from tests.server.accounts import cast
from tests.server.coldchain import rig
from tests.server.coldchain.rig import Chain
from tests.server.pilots import rig as pilots
from tests.server.web.test_pages import Checker

KEY = re.compile(r'name="key" value="([a-z2-7]{16,})"')


def harbour() -> Chain:
    """Everybody at their places now, under a pilot that runs."""
    pilot = pilots.rig("coldchain")
    pilot.now_ms, today = now_ms(), day_of(now_ms())
    cover = Period(today - timedelta(60), today + timedelta(60))
    pilots.done(papers.add_exemption(pilot.desk(), "식품위생법", "구역 안에서만", cover))
    pilots.done(papers.add_insurance(pilot.desk(), "부산보험", "P-2", cover))
    pilot.announce(1, Period(today - timedelta(1), today + timedelta(20)))
    pilots.done(phases.open_phase(pilot.desk(), 1))
    ids = {name: pilots.organisation(name, name) for name in rig.NAMES}
    people = {name: rig._reachable(name, id) for name, id in ids.items()}
    built = Chain(pilot, ids, people, now_ms())
    bosses = {
        name: pilots.member(f"{name}boss", id, Role.ADMINISTRATOR) for name, id in ids.items()
    }
    rig._pilot_ran(built, {name: Desk(bosses[name], ids[name], built.now_ms) for name in ids})
    built.now_ms = now_ms()
    return built


def read(response: Any, status: int = 200) -> str:
    """The words of a page that is well-formed and runs nothing but our one script."""
    assert response.status_code == status, response.content
    checker, html = Checker(), response.content.decode()
    checker.feed(html)
    ours = html.count('<script src="/work.js" defer></script>')
    assert (checker.open, checker.active) == ([], ["script"] * ours)
    return " ".join(checker.text.split())


class Hands:
    """Somebody of one organisation at a browser."""

    def __init__(self, chain: Chain, name: str, actor: Actor = Actor.PERSON) -> None:
        self.home = f"/work/{chain.ids[name]}"
        person = Person.objects.get(id=chain.people[name].id)
        self.client: Client = cast.client_of(person, actor)
        if actor is Actor.BADGE:
            place = Organisation.objects.get(id=chain.ids[name])
            self.client = cast.badge_client(place, person)
        self.last: Any = None

    def at(self, path: str = "", status: int = 200, language: str = "ko") -> str:
        """The text of one of the pages below this organisation."""
        apart = "&" if "?" in path else "?"
        self.last = self.client.get(f"{self.home}{path}{apart}lang={language}")
        assert self.last.status_code == status, (path, self.last.status_code, self.last.content)
        return read(self.last, status)

    def form(self, path: str) -> str:
        """The name of the request of a form."""
        self.at(path)
        found = KEY.search(self.last.content.decode())
        assert found is not None, path
        return found[1]

    def send(self, path: str, **fields: Any) -> Any:
        """Open a form, fill it in and send it; the answer as it is."""
        fields["key"] = fields.get("key") or self.form(path)
        self.last = self.client.post(f"{self.home}{path}", fields)
        return self.last

    def does(self, path: str, **fields: Any) -> str:
        """Send a form that has to be accepted; where it leads, without its query."""
        answer = self.send(path, **fields)
        assert answer.status_code == 303, (path, answer.status_code, answer.content)
        return str(answer.headers["Location"])

    def not_done(self, path: str, status: int = 422, **fields: Any) -> str:
        """Send a form that has to come back; its text."""
        answer = self.send(path, **fields)
        assert answer.status_code == status, (path, answer.status_code)
        return read(answer, status)
