"""S14: a log that shows one history to one reader and another to the next is found by the second.

Two databases and two journals under one key: an operator who lies as well as the software allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from protocol import receipt
from protocol.errors import Problem, ProtocolError
from protocol.receipt import Trust, TwoHistories
from server.devices.crypto import verify_ed25519
from server.ledger import keys, log, startup
from server.ledger.elsewhere import database
from tests.reliability import note
from tests.server.conftest import NOW_MS

pytestmark = pytest.mark.django_db(transaction=True)

SHARED, OWN = 5, 8
SIZES = range(SHARED + 1, SHARED + OWN + 1)


@dataclass(frozen=True)
class View:
    """What one reader is shown: a note per size, and the best proof from any size to any other."""

    notes: dict[int, str]
    proofs: dict[tuple[int, int], list[bytes]]

    @classmethod
    def of(cls, name: str) -> View:
        """Grow the log that is installed: what both views share, then leaves of its own."""
        notes = {}
        for number in range(SHARED + OWN):
            leaf = b"leaf %d" % number + (name.encode() if number >= SHARED else b"")
            with log.staging():
                log.stage(leaf)
            notes[number + 1] = log.sequence(NOW_MS).note
        proofs = {(old, new): log.consistency(old, new) for new in notes for old in range(new + 1)}
        return cls(notes, proofs)

    def show(self, trust: Trust, size: int) -> Trust:
        """What a reader says to this view at that size. Raises ProtocolError."""
        proof = self.proofs.get((trust.size, size), [])
        return receipt.advance(trust, self.notes[size], trust.size, proof, verify_ed25519)


@contextmanager
def second_installation(settings: Any, folder: Path) -> Iterator[None]:
    """The same keys over another database and another journal."""
    before = settings.JAGALCHI
    settings.JAGALCHI = replace(before, journal=folder / "journal")
    try:
        with database(folder / "db.sqlite3"):
            startup.prepare(NOW_MS)
            yield
    finally:
        settings.JAGALCHI = before


def found(trust: Trust, view: View, size: int) -> ProtocolError | None:
    """Why a reader who trusts another view refuses this one, if it does."""
    try:
        view.show(trust, size)
    except ProtocolError as error:
        return error
    return None


def test_s14_of_two_views_the_second_reader_finds_the_lie(settings: Any, tmp_path: Path) -> None:
    one = View.of("one")
    with second_installation(settings, tmp_path):
        other = View.of("other")
    start = Trust.start(keys.current().log)
    assert one.notes[SHARED] == other.notes[SHARED]
    pairs = [(size, later) for size in SIZES for later in SIZES if later >= size]
    told = [found(one.show(start, size), other, later) for size, later in pairs]
    how = "two heads under one key, a reader of each, every pair of sizes"
    note("S14", how, len(pairs), said(told))
    for (size, later), error in zip(pairs, told, strict=True):
        assert error is not None
        assert isinstance(error, TwoHistories) is (size == later)
        assert size == later or error.problem is Problem.BAD_PROOF


def said(told: Sequence[ProtocolError | None]) -> str:
    """How many of the lies were found, and how many of these are evidence by themselves."""
    evidence = sum(isinstance(error, TwoHistories) for error in told)
    total = sum(error is not None for error in told)
    return f"{total} of {len(told)} found by the second reader, {evidence} with both notes to show"


def test_two_readers_of_one_view_find_nothing() -> None:
    view = View.of("one")
    start = Trust.start(keys.current().log)
    for size in SIZES:
        for later in SIZES:
            if later >= size:
                assert view.show(view.show(start, size), later).size == later
