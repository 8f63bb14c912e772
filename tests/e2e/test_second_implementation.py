"""Somebody who has only docs/protocol.md can write a device: here is one, at a real server.

tests/independent/ imports nothing of ours. What it is told, what it checks itself, and what our own
programs say of what it made, must agree.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, Server
from tests.independent import checker, evidence, second
from tests.independent.second import Device, Key, Refused, Trust

pytestmark = pytest.mark.e2e

ACCEPTED, DUPLICATE = (0, None, None), (1, None, None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("second"))
    yield running
    running.child.kill()


@pytest.fixture
def device(server: Server) -> Device:
    """Freshly enrolled."""
    made = Device(server.url)
    made.enrol(server.token("Truck 2"))
    return made


def clone(device: Device) -> Device:
    """The same card in another truck."""
    twin = copy(device)
    twin.sealed, twin.proved = dict(device.sealed), set()
    twin.trust = Trust(device.trust.vkey, device.trust.size, device.trust.root)
    return twin


def test_what_it_posts_is_proved_by_receipts_it_checks_itself(device: Device) -> None:
    spans = [device.open(), *(device.read(-18_000 - number) for number in range(20))]
    assert device.post(spans[:5], spans[5:]) == [ACCEPTED, ACCEPTED]
    assert device.proved == set(device.sealed)
    seen = device.trust.size
    assert device.post([device.read(-17_000)]) == [ACCEPTED]
    assert device.trust.size > seen  # the tree grew, by a consistency proof that held


def test_the_same_records_in_any_slicing_are_duplicates_and_proved_again(device: Device) -> None:
    spans = [device.open(), *(device.read(number) for number in range(9))]
    device.post(spans)
    device.proved.clear()
    assert device.post(spans[2:4], spans, spans[7:]) == [DUPLICATE] * 3
    assert device.proved == set(device.sealed)
    assert device.post([*spans[5:], device.read(1)]) == [ACCEPTED]


def test_a_clone_is_called_a_fork_and_its_leaf_proves_nothing_to_the_first(device: Device) -> None:
    device.post([device.open(), device.read(1)])
    twin = clone(device)
    assert device.post([device.read(2)]) == [ACCEPTED]
    assert twin.post([twin.read(3)]) == [(2, "fork", 0)]
    assert twin.proved == {(twin.epoch, 2)}  # contested, and logged all the same
    device.proved.clear()
    device.collect()
    assert device.proved == set(device.sealed)


def test_a_card_that_forgot_rows_proves_the_others_with_the_logs_hashes(device: Device) -> None:
    device.post([device.open(), *(device.read(number) for number in range(6))])
    device.proved.clear()
    del device.sealed[device.epoch, 2], device.sealed[device.epoch, 3]
    device.collect()
    assert device.proved == set()
    device.collect(hashes=True)
    assert device.proved == set(device.sealed)


def test_an_opening_for_somebody_else_is_refused(device: Device) -> None:
    spans = [device.open(origin="other.example/log")], [clone(device).open(device="a" * 16)]
    assert device.post(*spans) == [(3, "wrong-origin", 0), (3, "wrong-device", 0)]
    assert device.proved == set()


def test_what_is_wrong_in_a_span_is_named_with_its_place(device: Device) -> None:
    opening, *readings = device.open(), device.read(1), device.read(2), device.read(3)
    high = readings[1][:-32] + (second.N - checker.numbers(readings[1][-64:])[1]).to_bytes(32)
    stranger = clone(device)
    stranger.key = Key()
    spans = {
        (3, "opening-first", 0): readings,
        (3, "malformed", 1): [opening, readings[0][:-1]],
        (3, "broken-chain", 2): [opening, readings[0], readings[2]],
        (3, "high-s", 2): [opening, readings[0], high],
        (3, "mixed-epochs", 4): [opening, *readings, stranger.read(4)],
    }
    assert device.post(*spans.values()) == list(spans)
    assert device.post([opening, *readings]) == [ACCEPTED]
    with pytest.raises(Refused, match="unknown-device"):
        stranger.name = "a" * 16
        stranger.post([opening])


def test_after_a_rotation_the_old_key_is_refused(device: Device) -> None:
    old, new = device.key, Key()
    device.post([device.open(), device.rotate(new)])
    closing = device.seal(9, {0: 4})
    device.key = new
    assert device.post([closing], [device.open(), device.read(1)]) == [ACCEPTED, ACCEPTED]
    thief = clone(device)
    thief.key = old
    assert thief.post([thief.open()]) == [(3, "revoked", 0)]


def test_its_evidence_is_sound_to_itself_and_to_our_verifier(
    device: Device, tmp_path: Path
) -> None:
    device.post([device.open(), *(device.read(number) for number in range(4))])
    device.post([device.read(5), device.read(6)])
    path = f"/receipts?epoch={device.epoch.hex()}&since=0"
    answer = second.decode(second.call(f"{device.url}/api/devices/{device.name}{path}"))
    header = [1, "jagalchi-evidence", device.name, device.origin, device.trust.vkey, 0]
    items = [[1, device.key.cose], *([2, one] for one in device.sealed.values()), [3, answer[2]]]
    items += [[4, *receipt, []] for receipt in answer[5]]
    file = tmp_path / "second.evidence"
    file.write_bytes(b"".join(map(second.encode, [dict(enumerate(header)), *items])))
    report = evidence.examine(file.read_bytes(), device.trust.vkey)
    assert (report.records, report.signed, report.chained, report.proved) == (7, 7, 7, 7)
    assert report.faults == []
    verify = [sys.executable, "-m", "agent", "verify", str(file), "--log-key", device.trust.vkey]
    run = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_proof_rebuilt_from_tiles_is_the_one_in_the_receipt(
    server: Server, device: Device
) -> None:
    device.post([device.open(), device.read(1)])
    answer = second.decode(
        second.call(f"{device.url}/api/devices/{device.name}/receipts?epoch={device.epoch.hex()}")
    )
    size, root = second.open_note(answer[2], device.trust.vkey)
    assert size < 256, "more than one tile: this test reads one"
    tile = server.get(f"/tile/0/000.p/{size}")
    leaves = [tile[at : at + 32] for at in range(0, len(tile), 32)]
    leaf, index, path = answer[5][0]
    assert (second.root_of(leaves), leaves[index]) == (root, second.leaf_hash(leaf))
    assert checker.path_of(index, leaves) == path
    entries = server.get(f"/tile/entries/000.p/{size}")
    assert len(leaf).to_bytes(2) + leaf in entries


def test_a_server_that_demonstrates_nothing_refuses_simulated_records(tmp_path: Path) -> None:
    serious = Server(tmp_path, demo=False)
    try:
        device = Device(serious.url)
        device.enrol(serious.token("Truck 3"))
        span = [device.open(), device.seal(2, {0: [[1, 1, 0, 0, 1]]}, simulated=True)]
        assert device.post(span) == [(3, "simulated", 1)]
        assert device.post(span[:1]) == [ACCEPTED]
    finally:
        serious.child.kill()


def test_what_an_answer_cannot_prove_is_not_believed(device: Device) -> None:
    device.post([device.open()])
    device.trust.root = second.sha256(b"another history")
    proved = set(device.proved)
    with pytest.raises(Refused) as refused:
        device.post([device.read(1)])
    assert refused.value.problem == "bad-proof"
    assert device.proved == proved
