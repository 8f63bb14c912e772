"""Evidence files: what a stranger can conclude from one, offline, and what a forger cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cose, evidence, merkle, record
from protocol.bodies import Evicted, Reading, Rotation, Tombstone
from protocol.errors import Problem, ProtocolError
from protocol.evidence import Evidence, Proofs, ProvedLeaf, Report
from protocol.record import Sealed
from protocol.registry import Reason
from protocol.span import Span, SpanLeaf, TickLeaf, encode_leaf
from tests.protocol import build
from tests.protocol.testlog import Log, note_key
from tests.vectors import cases_evidence

KEY = build.key()
CHAIN = build.chain(10)
VKEY = note_key().key().vkey


def log_of(*spans: Sequence[Sealed], device: str = KEY.device) -> Log:
    """A log with a tick, these spans, and another tick."""
    leaves = [encode_leaf(Span.of(records).leaf(device)) for records in spans]
    return Log().grow(encode_leaf(TickLeaf(1)), *leaves, encode_leaf(TickLeaf(2)))


def proofs(log: Log) -> tuple[Proofs, ...]:
    leaves = tuple(ProvedLeaf(log.receipt(at)) for at in range(1, log.size - 1))
    return (Proofs(log.note(), leaves),)


def file_of(records: Sequence[Sealed], *spans: Sequence[Sealed]) -> Evidence:
    return Evidence(
        device=KEY.device,
        origin=build.ORIGIN,
        log_vkey=VKEY,
        made_ms=build.START_UTC_MS,
        keys=(KEY.cose_key,),
        records=tuple(build.raw(records)),
        proofs=proofs(log_of(*spans)) if spans else (),
    )


GOOD = file_of(CHAIN, CHAIN[:4], CHAIN[4:])
FILE = evidence.write(GOOD)


def examine(file: Evidence, pinned: str | None = VKEY) -> Report:
    return evidence.examine(file, build.verify_es256, build.verify_ed25519, pinned)


def problems(report: Report) -> list[Problem]:
    return [finding.problem for finding in report.findings]


def test_a_good_file_is_whole() -> None:
    report = examine(evidence.read(FILE))
    assert report == Report(10, 10, 10, 10, 0, True, ())
    assert report.whole


def test_without_a_pinned_key_the_report_says_so() -> None:
    report = examine(GOOD, pinned=None)
    assert report.whole
    assert not report.pinned


def test_what_the_log_does_not_hold_is_signed_but_not_proved() -> None:
    report = examine(file_of(CHAIN, CHAIN[:4]))
    assert (report.signed, report.chained, report.proved) == (10, 10, 4)
    assert not report.findings
    assert not report.whole


def test_simulated_records_are_counted_as_such() -> None:
    chain = build.chain(3, simulated=True)
    assert examine(file_of(chain, chain)).simulated == 3


@settings(max_examples=120)
@given(st.data())
def test_no_changed_file_is_whole(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(FILE) - 1))
    changed = bytearray(FILE)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        other = evidence.read(bytes(changed))
    except ProtocolError:
        return
    # The only byte nobody vouches for is the time at which the file says it was made.
    assert not examine(other).whole or replace(other, made_ms=GOOD.made_ms) == GOOD


@settings(max_examples=60)
@given(st.integers(0, len(FILE) - 1))
def test_no_file_cut_short_is_whole(size: int) -> None:
    try:
        other = evidence.read(FILE[:size])
    except ProtocolError:
        return
    assert not examine(other).whole or other.records == ()


LOT_FILE = evidence.write(cases_evidence.lot(), cases_evidence.truck())


@settings(max_examples=150)
@given(st.integers(0, len(LOT_FILE) - 1), st.integers(1, 255))
def test_no_changed_byte_of_a_lots_file_stays_unseen(at: int, by: int) -> None:
    changed = bytearray(LOT_FILE)
    changed[at] ^= by
    try:
        chapters = evidence.read_chapters(bytes(changed))
    except ProtocolError:
        return
    if all(not examine(one).findings for one in chapters):
        # Nobody vouches for the time at which a file says that it was made.
        again = [replace(one, made_ms=build.START_UTC_MS) for one in chapters]
        assert again == [cases_evidence.lot(), cases_evidence.truck()]


def with_records(records: Sequence[bytes]) -> Evidence:
    return replace(GOOD, records=tuple(records))


def test_a_hole_is_named() -> None:
    report = examine(with_records(build.raw([*CHAIN[:4], *CHAIN[6:]])))
    assert (report.signed, report.chained) == (8, 7)
    assert [one.text for one in report.findings if one.problem is Problem.BROKEN_CHAIN] == [
        "4..5 before it missing"
    ]
    assert report.proved == 4


def test_hashes_prove_the_records_that_are_left() -> None:
    log = log_of(CHAIN)
    hashes = tuple(merkle.leaf_hash(one.sealed) for one in CHAIN)
    leaf = ProvedLeaf(log.receipt(1), hashes)
    file = replace(with_records(build.raw(CHAIN[3:6])), proofs=(Proofs(log.note(), (leaf,)),))
    assert examine(file) == Report(3, 3, 3, 3, 0, True, ())
    lying = ProvedLeaf(log.receipt(1), (*hashes[:-1], bytes(32)))
    report = examine(replace(file, proofs=(Proofs(log.note(), (lying,)),)))
    assert (report.proved, problems(report)) == (0, [Problem.BAD_PROOF])


def test_a_tombstone_closes_the_hole_it_fits() -> None:
    hole = Evicted(CHAIN[0].record.epoch, 3, 6, CHAIN[2].hash, CHAIN[6].hash, 4, Reason.EVICTED)
    for found, chained in ((hole, 7), (replace(hole, last_hash=bytes(32)), 6)):
        chain = build.append(CHAIN, Tombstone((found,)))
        report = examine(file_of([*chain[:3], *chain[7:]], chain))
        assert (report.records, report.chained) == (7, chained)


def test_a_stolen_key_makes_a_fork_that_is_named() -> None:
    other = build.append(CHAIN[:5], build.reading(77))
    report = examine(with_records(build.raw([*CHAIN, other[-1]])))
    assert Problem.FORK in problems(report)
    assert not report.whole


def test_a_record_twice_is_not_two_records() -> None:
    report = examine(with_records(build.raw([*CHAIN, CHAIN[5]])))
    assert Problem.MALFORMED in problems(report)
    assert not report.whole


def test_another_device_cannot_lend_its_records() -> None:
    thief = build.key("thief")
    chain = build.chain(3, who=thief)
    report = examine(file_of(chain, chain))
    assert (report.signed, report.proved) == (0, 0)
    lent = replace(file_of(chain, chain), keys=(KEY.cose_key, thief.cose_key))
    assert set(problems(examine(lent))) >= {Problem.UNKNOWN_KEY}
    assert examine(lent).signed == 0


def rotated(next_key: build.Key) -> list[Sealed]:
    """A chain that hands over to the next key, and the next key's first epoch."""
    message = record.rotation_message(KEY.device, CHAIN[-1].head, next_key.cose_key)
    body = Rotation(next_key.cose_key, cose.low_s(next_key.sign(message)))
    old = build.append(CHAIN, body)
    opening = replace(build.opening(KEY, old[-1].head))
    place = build.Place(build.digest("epoch 2", 8), 0, old[-1].hash)
    first = record.seal(build.record(opening.KIND, opening, place), next_key.kid, next_key.sign)
    second = build.append([first], build.reading(1), who=next_key)
    return [*old, *second]


def test_a_rotation_carries_trust_to_the_next_key() -> None:
    next_key = build.key("next")
    chain = rotated(next_key)
    file = replace(file_of(chain, chain[:11], chain[11:]), keys=(KEY.cose_key, next_key.cose_key))
    assert examine(file).whole
    without = replace(file, records=file.records[:10] + file.records[11:])
    report = examine(without)
    assert report.signed == 10
    assert Problem.UNKNOWN_KEY in problems(report)


def test_a_rotation_that_the_new_key_did_not_sign_carries_nothing() -> None:
    next_key = build.key("next")
    chain = rotated(next_key)
    forged = build.append(CHAIN, Rotation(next_key.cose_key, b"\x01" * 64))
    report = examine(file_of([*forged, *chain[11:]], chain[:10]))
    assert Problem.PROOF_OF_POSSESSION in problems(report)
    assert report.signed == 11


def test_the_log_must_be_the_pinned_one() -> None:
    other = note_key(seed="other").key().vkey
    report = examine(GOOD, pinned=other)
    assert report.proved == 0
    assert set(problems(report)) == {Problem.WRONG_ORIGIN, Problem.BAD_NOTE}


def test_a_log_that_told_two_histories_is_named() -> None:
    one, other = log_of(CHAIN), log_of(CHAIN[:9])
    report = examine(replace(GOOD, proofs=(*proofs(one), *proofs(other))))
    assert Problem.TWO_HISTORIES in problems(report)


def span_leaf(**changes: object) -> bytes:
    values = {name: getattr(Span.of(CHAIN).leaf(KEY.device), name) for name in SpanLeaf.__slots__}
    return encode_leaf(SpanLeaf(**{**values, **changes}))


@pytest.mark.parametrize(
    ("leaf", "problem"),
    [
        (span_leaf(device=build.key("thief").device), Problem.WRONG_DEVICE),
        (span_leaf(root=bytes(32)), Problem.BAD_PROOF),
        (span_leaf(prev_hash=bytes(32)), Problem.BAD_PROOF),
        (span_leaf(last_hash=bytes(32)), Problem.BAD_PROOF),
        (span_leaf(epoch=bytes(8)), Problem.BAD_PROOF),
        (span_leaf(last=8), Problem.BAD_PROOF),
        (b"\x00", Problem.MALFORMED),
    ],
)
def test_a_leaf_that_says_something_else_proves_nothing(leaf: bytes, problem: Problem) -> None:
    log = Log().grow(leaf, encode_leaf(TickLeaf(2)))
    file = replace(GOOD, proofs=(Proofs(log.note(), (ProvedLeaf(log.receipt(0)),)),))
    report = examine(file)
    assert (report.proved, problems(report)) == (0, [problem])


def test_an_opening_for_another_log_is_named() -> None:
    chain = build.chain(3, origin="log.elsewhere")
    assert Problem.WRONG_ORIGIN in problems(examine(file_of(chain, chain)))


def test_a_record_that_is_none_is_a_finding_not_a_crash() -> None:
    report = examine(with_records([*GOOD.records, b"garbage"]))
    assert (report.records, report.signed, problems(report)) == (11, 10, [Problem.MALFORMED])


def test_a_first_key_that_is_no_key_is_a_finding_not_a_crash() -> None:
    bad = cose.encode_key(bytes(64))
    file = replace(GOOD, device=cose.device_id(bad), keys=(bad,))
    report = examine(file)
    assert report.signed == 0
    assert problems(report)[0] is Problem.MALFORMED


HEADER, KEY_ITEM, RECORD_ITEM = (
    cbor.encode(dict(enumerate([1, "jagalchi-evidence", KEY.device, "o", VKEY, 0]))),
    cbor.encode([1, KEY.cose_key]),
    cbor.encode([2, CHAIN[0].sealed]),
)
NOTE_ITEM, LEAF_ITEM = cbor.encode([3, "note"]), cbor.encode([4, b"leaf", 0, [], []])

MISSHAPEN = [
    ("nothing", b"", Problem.MALFORMED, None),
    ("another file", b"%PDF-1.7", Problem.MALFORMED, None),
    ("another magic", HEADER.replace(b"evidence", b"evidenze"), Problem.MALFORMED, None),
    ("version 2", b"\xa6\x00\x02" + HEADER[3:], Problem.UNSUPPORTED_VERSION, None),
    ("an unknown item", HEADER + cbor.encode([9, 1]), Problem.UNKNOWN_KIND, 1),
    ("an item that is a map", HEADER + b"\xa0", Problem.MALFORMED, 1),
    ("a record before a key", HEADER + RECORD_ITEM + KEY_ITEM, Problem.MALFORMED, 2),
    ("a leaf without a note", HEADER + KEY_ITEM + LEAF_ITEM, Problem.MALFORMED, 2),
    ("a record after a note", HEADER + NOTE_ITEM + RECORD_ITEM, Problem.MALFORMED, 2),
    ("a key after a leaf", HEADER + NOTE_ITEM + LEAF_ITEM + KEY_ITEM, Problem.MALFORMED, 3),
    ("65 keys", HEADER + KEY_ITEM * 65, Problem.OUT_OF_RANGE, 65),
    ("a short key", HEADER + cbor.encode([1, bytes(74)]), Problem.MALFORMED, 1),
    ("a huge record", HEADER + cbor.encode([2, bytes(17_000)]), Problem.TOO_LARGE, 1),
    ("a path of 65", HEADER + NOTE_ITEM + cbor.encode([4, b"", 0, [bytes(32)] * 65, []]),
     Problem.OUT_OF_RANGE, 2),
    ("a short hash", HEADER + NOTE_ITEM + cbor.encode([4, b"", 0, [bytes(31)], []]),
     Problem.MALFORMED, 2),
    ("cut short", HEADER + RECORD_ITEM[:-1], Problem.MALFORMED, None),
    ("10,000 levels", HEADER + b"\x81" * 10_000, Problem.TOO_DEEP, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "problem", "index"), [m[1:] for m in MISSHAPEN], ids=[m[0] for m in MISSHAPEN]
)
def test_a_file_out_of_shape_is_refused_with_its_item(
    data: bytes, problem: Problem, index: int | None
) -> None:
    with pytest.raises(ProtocolError) as caught:
        evidence.read(data)
    assert (caught.value.problem, caught.value.index) == (problem, index)


def test_a_file_larger_than_any_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocol.bundle.MAX_EVIDENCE", 10)
    with pytest.raises(ProtocolError) as caught:
        evidence.read(FILE)
    assert caught.value.problem is Problem.TOO_LARGE


def test_nothing_is_written_that_would_be_refused() -> None:
    with pytest.raises(ValueError, match="not valid evidence") as caught:
        evidence.write(replace(GOOD, device="nobody"))
    assert not isinstance(caught.value, ProtocolError)


def test_readings_survive_the_file() -> None:
    opened = record.open_sealed(evidence.read(FILE).records[3]).record.body
    assert isinstance(opened, Reading)
    assert opened == build.reading(3)


def test_a_second_key_within_an_epoch_is_named() -> None:
    next_key = build.key("next")
    old = rotated(next_key)[:11]
    chain = build.append(old, build.reading(11), who=next_key)
    file = replace(file_of(chain), keys=(KEY.cose_key, next_key.cose_key))
    report = examine(file)
    assert (report.signed, report.chained) == (12, 11)
    assert problems(report) == [Problem.MIXED_EPOCHS]


@pytest.mark.parametrize("change", [{"prev_hash": bytes(32)}, {"last": 7, "count": 5}])
def test_a_tombstone_that_does_not_fit_closes_nothing(change: dict[str, object]) -> None:
    hole = Evicted(CHAIN[0].record.epoch, 3, 6, CHAIN[2].hash, CHAIN[6].hash, 4, Reason.EVICTED)
    wrong = Evicted(**{**{name: getattr(hole, name) for name in Evicted.__slots__}, **change})
    chain = build.append(CHAIN, Tombstone((wrong,)))
    report = examine(file_of([*chain[:3], *chain[7:]]))
    assert [finding.text for finding in report.findings] == ["3..6 before it missing"]


def test_an_opening_that_hangs_on_another_record_is_named() -> None:
    elsewhere = build.append(CHAIN[:9], build.reading(99))[-1]
    second = build.chain(2, epoch="epoch 2", head=elsewhere.head)
    report = examine(file_of([*CHAIN, *second]))
    assert (report.signed, report.chained) == (12, 11)
    assert problems(report) == [Problem.BROKEN_CHAIN]


def test_a_rotation_that_no_trusted_key_sealed_carries_nothing() -> None:
    thief = build.key("thief")
    message = record.rotation_message(KEY.device, CHAIN[-1].head, thief.cose_key)
    body = Rotation(thief.cose_key, cose.low_s(thief.sign(message)))
    place = build.Place(CHAIN[0].record.epoch, 10, CHAIN[-1].hash)
    rotation = build.record(body.KIND, body, place)
    sealed = record.seal(rotation, KEY.kid, thief.sign)
    stolen = build.append([sealed], build.reading(1), who=thief)
    report = examine(file_of([*CHAIN, *stolen]))
    assert report.signed == 10
    assert {Problem.BAD_SIGNATURE, Problem.UNKNOWN_KEY} <= set(problems(report))


def test_a_forked_record_is_not_proved_by_the_leaf_of_the_other() -> None:
    fork = build.append(CHAIN[:5], build.reading(77))[-1]
    log = log_of(CHAIN)
    hashes = tuple(merkle.leaf_hash(one.sealed) for one in CHAIN)
    leaf = ProvedLeaf(log.receipt(1), hashes)
    file = with_records(build.raw([*CHAIN[:5], fork]))
    report = examine(replace(file, proofs=(Proofs(log.note(), (leaf,)),)))
    assert (report.signed, report.chained, report.proved) == (6, 6, 5)


def test_an_opening_of_another_device_under_our_key_is_named() -> None:
    body = replace(build.opening(KEY), device=build.key("thief").device)
    place = build.Place(build.digest("epoch 3", 8), 0, bytes(32))
    sealed = record.seal(build.record(body.KIND, body, place), KEY.kid, KEY.sign)
    assert problems(examine(file_of([sealed]))) == [Problem.WRONG_DEVICE]
