"""The server's journal and database under power cuts: sequenced by the ledger, started by the CLI.

A device stands beside it: it remembers the newest checkpoint that was published, and is asked after
the cut whether it would notice a log that went back. Django is set up once; every process that is
forked off points it at the folder it works in.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from protocol import merkle
from protocol.errors import ProtocolError
from protocol.leaf import ServiceLeaf, encode_leaf
from protocol.receipt import Trust, advance
from tests.power.subject import Fact, Finding, Subject, Verdict

ORIGIN = "log.jagalchi.test/power"
ROUNDS, FOLD_EVERY = 150, 40
NOW_MS = 1_800_000_000_000


def prepare() -> None:
    """Set Django up; nothing is opened yet."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    import django

    django.setup()


def _point_at(folder: Path) -> None:
    from django.conf import settings
    from django.db import connections

    from server.options import Options

    home = folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    options = Options(home, home / "journal", "", ORIGIN)
    settings.JAGALCHI, settings.SECRET_FILE = options, home / "keys" / "secret"
    chosen: dict[str, Any] = connections.settings["default"]
    chosen.clear()
    chosen.update(options.database())
    connections.configure_settings(connections.settings)


def write(folder: Path, tell: Callable[[Fact], None]) -> None:
    """Start for the first time, then take leaves in batches, as the requests of devices do."""
    _point_at(folder)
    from server import cli
    from server.ledger import log
    from server.ledger.writing import fold

    cli._ready()
    tell(_fact(log.newest(), b""))
    for number in range(ROUNDS):
        with log.staging():
            hashes = [log.stage(*_item(number, part)) for part in range(number % 5 + 1)]
        tell(_fact(log.sequence(NOW_MS + number), hashes[-1]))
        if number % FOLD_EVERY == FOLD_EVERY - 1:
            fold()


def write_unsynced(folder: Path, tell: Callable[[Fact], None]) -> None:
    """A control: the same, but the journal is never synced."""
    from server.ledger.journal import Disk

    Disk.sync = lambda self, descriptor: None  # type: ignore[method-assign]
    write(folder, tell)


def _item(number: int, part: int) -> tuple[bytes, bytes]:
    body = b"body %d.%d " % (number, part) * 20
    public = {"number": number, "part": part}
    return encode_leaf(ServiceLeaf("test", "cut", public, sha256(body).digest())), body


def _fact(checkpoint: Any, leaf_hash: bytes) -> Fact:
    from server.ledger import keys

    return {
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "note": checkpoint.note,
        "leaf_hash": leaf_hash.hex(),
        "key": keys.current().log.vkey,
    }


def judge(folder: Path, fact: Fact | None) -> Finding:
    """Start the server as its command does, read all, and let the log grow."""
    _point_at(folder)
    from server import cli

    try:
        cli._ready()
    except cli.Refused as refusal:
        return Finding(Verdict.TOLD, f"refused: {str(refusal).replace(str(folder), '')}")
    missing = _missing(fact) if fact else ""
    noticed = _device_notices(fact) if fact else ""
    if missing and not noticed:
        return Finding(Verdict.UNTOLD, missing)
    if noticed:
        return Finding(Verdict.TOLD, f"{missing or 'nothing missing'}; the device: {noticed}")
    return Finding(Verdict.KEPT)


def _missing(fact: Fact) -> str:
    from server.ledger import log

    newest, size = log.newest(), fact["size"]
    leaves = log.leaves(0, newest.size)
    if merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]) != newest.root:
        return "the leaves do not lead to the newest root"
    if newest.size < size:
        return "the log is smaller than it was"
    if log.root_at(size).hex() != fact["root"]:
        return "the log had another root at that size"
    if not fact["leaf_hash"]:
        return ""
    leaf_hash = bytes.fromhex(fact["leaf_hash"])
    if log.index_of([leaf_hash]).get(leaf_hash) != size - 1 or not log.body(leaf_hash):
        return "the last leaf or its body is gone"
    return ""


def _device_notices(fact: Fact) -> str:
    """What a device that saw the published checkpoint says: now, and after the log has grown."""
    from server.ledger import keys, log

    pair = keys.current()
    if pair.log.vkey != fact["key"]:
        return "another key"
    trust = Trust(ORIGIN, pair.log, fact["size"], bytes.fromhex(fact["root"]), fact["note"])
    newest = log.newest()
    for turn in range(fact["size"] - newest.size + 2):
        proof = log.consistency(trust.size, newest.size) if newest.size >= trust.size else []
        try:
            advance(trust, newest.note, trust.size, proof, keys.verify_ed25519)
        except ProtocolError as error:
            if newest.size >= trust.size:
                return f"{error.problem}"
        with log.writing():
            log.stage(*_item(ROUNDS + turn, 0))
        newest = log.sequence(NOW_MS + ROUNDS + turn)
    return ""


SERVER = Subject(prepare, write, judge, megabytes=24)
UNSYNCED_SERVER = Subject(prepare, write_unsynced, judge, megabytes=24)
