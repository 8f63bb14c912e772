"""The device's key files under power cuts: made, wished for and taken into use, again and again.

What was acknowledged is a key that must never be lost: the one in use, or the next one. Two files
may hold one key after a cut, but the one in use is always whole, and never one that nobody made.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.edges.keys import KeyFiles
from agent.edges.signer import EcdsaSigner, KeyFileError
from protocol import cose
from tests.power.subject import Fact, Finding, Subject, Verdict

ROTATIONS = 12
KEPT = Finding(Verdict.KEPT)


def write(folder: Path, tell: Callable[[Fact], None]) -> None:
    """A device's whole life, as far as its keys are concerned."""
    path = folder / "device.key"
    first = EcdsaSigner.create(path)
    device = cose.device_id(first.public)
    tell({"device": device, "used": first.kid.hex(), "next": None})
    keys, used = KeyFiles(path, device), first.kid.hex()
    for _ in range(ROTATIONS):
        new = keys.make_heir().kid.hex()
        tell({"device": device, "used": used, "next": new})
        keys.promote()
        used = new
        tell({"device": device, "used": used, "next": None})


def judge(folder: Path, fact: Fact | None) -> Finding:
    """Start as an agent does: old or new, never neither; and the next wish can be made."""
    if fact is None:
        return _at_the_beginning(folder)
    keys = KeyFiles(folder / "device.key", fact["device"])
    try:
        used, heir = keys.load(), keys.heir()
    except KeyFileError as error:
        return Finding(Verdict.UNTOLD, str(error))
    # What came after the newest acknowledgement may be there or not: one step at most.
    here = used.kid.hex()
    if fact["next"] and here not in (fact["used"], fact["next"]):
        return Finding(Verdict.UNTOLD, "another key than the two that were there is in use")
    if not fact["next"] and here != fact["used"]:
        return Finding(Verdict.UNTOLD, "the key that was in use is gone")
    if fact["next"] and here == fact["used"] and (heir is None or heir.kid.hex() != fact["next"]):
        return Finding(Verdict.UNTOLD, "the next key is gone")
    if heir is None:
        keys.make_heir()
    return KEPT


def _at_the_beginning(folder: Path) -> Finding:
    """Before the first key was acknowledged there is none, or a whole one."""
    path = folder / "device.key"
    EcdsaSigner.load(path) if path.exists() else EcdsaSigner.create(path)
    return KEPT


def _nothing() -> None:
    """There is nothing to prepare."""


KEY_FILES = Subject(_nothing, write, judge)
