"""The server of the simulation: the real Django application on a database in memory.

It can be asked, killed and started again, cut at any statement, copied and put back. Its keys are
made from names, so that the same seed gives the same bytes on any machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client, override_settings

import server.api
from agent.edges.courier import LinkLost, Response
from protocol import wire
from protocol.checkpoint import LogKey
from server import options, successor
from server.devices import replay
from server.devices.commands import issue_token
from server.ledger import keys, log, startup, tick
from server.ledger.grouping import Rounds
from server.ledger.journal import Journal
from tests.protocol import build
from tests.sim import knife
from tests.sim.knife import Killed, Knife

ORIGIN = "log.sim/jagalchi"
SECRET = "only for the simulation, where nobody has anything to hide"


class House:
    """One installation in `home`; `now` is its clock, UTC in ms."""

    def __init__(self, home: Path, now: Callable[[], int]) -> None:
        self.home, self.now = home, now
        self.knife = Knife()
        self.up = False
        self.starts = 0
        self.ticked_ms = 0
        self.refusals: set[int] = set()

    def start(self) -> None:
        """Start as `jagalchi-server run` does: check, and finish what a crash left.

        It stays down when it is cut on the way. Raises StartupRefused when nothing was cut.
        """
        _connect(self.home / "db.sqlite3")
        log._rounds = Rounds()
        cuts = self.knife.strikes
        try:
            with knife.database(self.knife):
                startup.prepare(self.now())
        except Killed:
            return self.stop()
        except (startup.StartupRefused, DatabaseError):
            self.stop()
            if self.knife.strikes == cuts:
                raise
            return None
        self.up, self.starts = True, self.starts + 1
        return None

    def stop(self) -> None:
        """Gone, as by SIGKILL: nothing is finished, nothing is said."""
        self.up = False
        connections["default"].close()

    def send(self, method: str, path: str, body: bytes) -> Response:
        """One request through the whole application. Raises LinkLost where there is no answer."""
        if not self.up:
            raise LinkLost("connection refused")
        try:
            with knife.database(self.knife):
                answer = _asked(method, path, body)
        except Killed as killed:
            self.stop()
            raise LinkLost("connection reset") from killed
        if answer.status >= 400:
            self.refusals.add(answer.status)
            assert answer.status != 503 or "retry-after" in answer.headers
        return answer

    def tick(self) -> None:
        """What the server does by itself once a minute."""
        if not self.up or self.now() - self.ticked_ms < tick.PERIOD_MS:
            return
        self.ticked_ms = self.now()
        try:
            with knife.database(self.knife):
                tick.tick(self.now())
        except Killed:
            self.stop()
        except (log.LogUnavailable, DatabaseError, OSError):  # as the ticker does
            connections["default"].close()

    def enrol(self, name: str) -> tuple[build.Key, bytes]:
        """Admit a truck of this name; return its key and the enrolment answer."""
        who = build.key(name)
        given = issue_token(name, now_ms=self.now(), entropy=build.digest(name))
        response = self.send("POST", "/api/enrol", wire.make_enrol(given, who.cose_key, who.sign))
        assert response.status == 200, response.body
        return who, response.body

    def copy(self, to: Path) -> None:
        """Copy database and journal as they are, between two requests."""
        shutil.copytree(self.home, to, symlinks=True)

    def restore(self, copy: Path) -> None:
        """An older database beside today's journal, as `jagalchi-server restore` does it."""
        self.knife.rest()
        self.put_back(copy, journal=False)
        _connect(self.home / "db.sqlite3")
        newest = startup.prepare(self.now())
        replay.rebuild(0, newest.size)
        self.stop()
        self.start()

    def put_back(self, copy: Path, *, journal: bool) -> None:
        """Replace the database by a copy of it, and the journal too if asked for; not started."""
        self.stop()
        for name in ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"):
            (self.home / name).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copy(copy / name, self.home / name)
        if journal:
            shutil.rmtree(self.home / "journal")
            shutil.copytree(copy / "journal", self.home / "journal")


    def succeed(self, heir: str, note: str, *, forget: bool = False, recovery: str = "") -> None:
        """The log is lost: declare the one of this name, as `jagalchi-server successor` does it.

        forget: the whole disk is gone, so nothing is left but the recovery key and `note`.
        recovery: sign with a recovery key made from another name.
        """
        self.stop()
        if forget:
            shutil.rmtree(self.home)
        chosen = replace(settings.JAGALCHI, origin=heir)
        settings.JAGALCHI = chosen
        safe = _secret(self.home.parent / f"{recovery or ORIGIN}".replace("/", " "), recovery)
        lost = successor.last_known(self.home, [note] if note else [])
        public = keys.public_half(safe, f"{ORIGIN}/recovery")
        successor.move_aside(chosen, lost[0], public)
        shutil.rmtree(self.home / "keys")
        _keys(self.home / "keys", heir, public)
        keys._read_once.cache_clear()
        _connect(self.home / "db.sqlite3")
        call_command("migrate", verbosity=0)
        startup.prepare(self.now())
        successor.begin(self.home, lost, keys.private_signer(safe, public), self.now())
        self.start()


def _secret(path: Path, recovery: str) -> Path:
    """The recovery key from its safe."""
    seed = build.digest(f"sim {recovery or keys.RECOVERY}")
    if not path.exists():
        _private(path, Ed25519PrivateKey.from_private_bytes(seed))
    return path


def _asked(method: str, path: str, body: bytes) -> Response:
    ask = Client(raise_request_exception=False).generic
    answer = ask(method, path, body, content_type="application/cbor", HTTP_HOST="localhost")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, bytes(answer.content))


def _connect(path: Path) -> None:
    connections["default"].close()
    database = {**connections["default"].settings_dict, **options.sqlite(path.parent)}
    # In memory nothing has to be waited for, and the copies shall be small.
    connections["default"] = DatabaseWrapper(database, "default")


@contextmanager
def installed(home: Path, now: Callable[[], int], template: Path) -> Iterator[House]:
    """A fresh installation in this process; everything is as before afterwards."""
    shutil.copytree(template, home)
    house, api = House(home, now), cast(Any, server.api)
    before, was = connections["default"], (api.now_ms, log.journal)
    chosen = options.Options(home, home / "journal", "", ORIGIN, demo=True)
    with override_settings(JAGALCHI=chosen):
        api.now_ms = lambda: house.now()
        log.journal = lambda: Journal(home / "journal", knife.CutDisk(house.knife))
        try:
            house.start()
            yield house
        finally:
            connections["default"].close()
            connections["default"] = before
            api.now_ms, log.journal = was
            keys._read_once.cache_clear()


def make_template(home: Path) -> None:
    """An installation with tables and keys and nothing in it, to be copied for each run."""
    home.mkdir(mode=0o700)
    _keys(home / "keys")
    before = connections["default"]
    _connect(home / "db.sqlite3")
    call_command("migrate", verbosity=0)
    connections["default"].close()
    connections["default"] = before


def _keys(directory: Path, origin: str = ORIGIN, recovery: LogKey | None = None) -> None:
    directory.mkdir(mode=0o700)
    names = {keys.LOG: origin, keys.RECOVERY: f"{ORIGIN}/recovery", keys.CONFIG: f"{ORIGIN}/config"}
    for name, title in names.items():
        of = "" if origin == ORIGIN or name != keys.LOG else f" {origin}"
        pair = Ed25519PrivateKey.from_private_bytes(build.digest(f"sim {name}{of}"))
        public = LogKey.of(title, pair.public_key().public_bytes_raw())
        if name == keys.RECOVERY and recovery is not None:
            public = recovery
        (directory / f"{name}.pub").write_text(public.vkey + "\n")
        _private(directory / f"{name}.key", pair)
    (directory / keys.SECRET).write_text(SECRET)
    (directory / keys.SECRET).chmod(0o600)


def _private(path: Path, pair: Ed25519PrivateKey) -> None:
    path.write_bytes(
        pair.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
