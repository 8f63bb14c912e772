"""Two notes that contradict each other are kept; everything else handed in is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from protocol import cbor, checkpoint
from protocol.checkpoint import Checkpoint
from protocol.registry import Problem
from server.devices.models import TwoNotes
from server.ledger import keys
from tests.protocol import build
from tests.server.devices.trucks import CBOR

pytestmark = pytest.mark.django_db(transaction=True)


def note(size: int, root: str, origin: str = "") -> str:
    ours = keys.current()
    head = Checkpoint(origin or ours.origin, size, build.digest(root))
    return checkpoint.sign_note(checkpoint.encode(head), [ours.signer])


def hand_in(client: Client, *notes: str) -> Any:
    return client.post("/api/log/evidence", cbor.encode([1, *notes]), content_type=CBOR)


def test_one_size_and_two_roots_are_kept_once_in_either_order(client: Client) -> None:
    one, other = note(7, "one root"), note(7, "another root")
    assert hand_in(client, one, other).status_code == 202
    assert hand_in(client, other, one).status_code == 202
    kept = TwoNotes.objects.get()
    assert (kept.size, {kept.one, kept.other}) == (7, {one, other})


def test_notes_that_agree_or_differ_in_size_prove_nothing(client: Client) -> None:
    for pair in ((note(7, "a"), note(7, "a")), (note(7, "a"), note(8, "b"))):
        assert hand_in(client, *pair).json()["type"].endswith(Problem.BAD_PROOF)


def test_notes_that_this_log_did_not_sign_are_noise(client: Client) -> None:
    forged = note(7, "a").replace("7\n", "8\n", 1)
    for pair in ((forged, note(8, "b")), ("x", "y"), (note(7, "a", "other.log/1"), note(7, "b"))):
        assert hand_in(client, *pair).json()["type"].endswith(Problem.BAD_NOTE)
    assert hand_in(client, "only one").json()["type"].endswith(Problem.MALFORMED)
    assert TwoNotes.objects.count() == 0
