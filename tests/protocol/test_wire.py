"""The bodies on the wire: one spelling, bounded, and every refusal typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, cose, wire
from protocol.errors import Problem, ProtocolError
from protocol.wire import (
    Answer,
    EnrolAnswer,
    HeadAnswer,
    HeldEpoch,
    Receipt,
    Verdict,
    VerdictCode,
)
from tests.protocol.build import digest, key, verify_es256
from tests.protocol.testlog import note_key

counts = st.integers(0, cbor.MAX_INT)
hashes = st.binary(min_size=32, max_size=32)
paths = st.lists(hashes, max_size=4).map(tuple)
verdicts = st.builds(
    Verdict,
    st.sampled_from(VerdictCode),
    st.one_of(st.none(), st.sampled_from(Problem)),
    st.one_of(st.none(), st.integers(0, 499)),
)
receipts = st.lists(st.builds(Receipt, st.binary(max_size=60), counts, paths), max_size=3)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    given_receipts = tuple(draw(receipts))
    lists = st.lists(paths, min_size=len(given_receipts), max_size=len(given_receipts))
    return Answer(
        verdicts=tuple(draw(st.lists(verdicts, max_size=16))),
        note=draw(st.one_of(st.none(), st.text(max_size=80))),
        since=draw(counts),
        consistency=draw(paths),
        receipts=given_receipts,
        next=draw(st.one_of(st.none(), counts)),
        utc_ms=draw(counts),
        hashes=tuple(draw(lists)) if draw(st.booleans()) else (),
    )


@st.composite
def held(draw: st.DrawFn) -> HeldEpoch:
    ends = sorted(draw(st.sets(st.integers(0, 2**31 - 1), min_size=2, max_size=8)))
    pairs = zip(ends[0::2], ends[1::2], strict=False)
    return HeldEpoch(
        draw(st.binary(min_size=8, max_size=8)), tuple((2 * a, 2 * b) for a, b in pairs)
    )


heads = st.builds(
    HeadAnswer, st.lists(held(), max_size=4).map(tuple), counts, st.one_of(st.none(), counts)
)
ANSWER = Answer(
    verdicts=(
        Verdict(VerdictCode.ACCEPTED),
        Verdict(VerdictCode.REFUSED, Problem.BROKEN_CHAIN, 3),
    ),
    note="a note\n",
    since=7,
    consistency=(digest("c"),),
    receipts=(Receipt(b"leaf", 9, (digest("p"),)),),
    next=11,
    utc_ms=1_767_225_600_000,
)
ENROLLED = EnrolAnswer(
    device=key().device,
    origin=note_key().name,
    log_vkey=note_key().key().vkey,
    recovery_vkey=note_key("recovery.test").key().vkey,
    config_vkey=note_key("config.test").key().vkey,
    utc_ms=1_767_225_600_000,
    asset="부산 86바 1234",
    demo=True,
)


def problem(read: Callable[[bytes], object], data: bytes) -> Problem:
    with pytest.raises(ProtocolError) as caught:
        read(data)
    return caught.value.problem


@given(st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=5), min_size=1, max_size=5))
def test_a_batch_reads_back(spans: list[list[bytes]]) -> None:
    assert wire.decode_batch(wire.encode_batch(spans)) == spans


@given(answers())
def test_an_answer_reads_back(answer: Answer) -> None:
    assert wire.decode_answer(wire.encode_answer(answer)) == answer


@given(heads)
def test_a_head_reads_back(head: HeadAnswer) -> None:
    assert wire.decode_head(wire.encode_head(head)) == head


def test_an_epoch_of_which_nothing_is_held_may_be_listed() -> None:
    head = HeadAnswer((HeldEpoch(bytes(8), ()),), 0, None)
    assert wire.decode_head(wire.encode_head(head)) == head


def test_an_enrolment_answer_reads_back_and_its_hash_starts_the_chain() -> None:
    data = wire.encode_enrol_answer(ENROLLED)
    assert wire.decode_enrol_answer(data) == ENROLLED
    assert wire.decode_enrol_answer(data).log_key() == note_key().key()
    assert wire.first_prev(data) == sha256(data).digest()


def test_a_log_key_of_another_name_than_the_origin_is_refused() -> None:
    for log_vkey in (ENROLLED.recovery_vkey, "nonsense"):
        with pytest.raises(ProtocolError) as caught:
            replace(ENROLLED, log_vkey=log_vkey).log_key()
        assert caught.value.problem is Problem.BAD_NOTE


def test_the_answers_bytes_are_those_of_the_specification() -> None:
    body = cbor2.loads(wire.encode_answer(ANSWER))
    assert list(body) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert body[1] == [[0, None, None], [3, "broken-chain", 3]]
    assert body[5] == [[b"leaf", 9, [digest("p")]]]


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([1], Problem.MALFORMED),
        ([1, [], 0], Problem.MALFORMED),
        ({0: 1, 1: []}, Problem.MALFORMED),
        ([2, [[b"x"]]], Problem.UNSUPPORTED_VERSION),
        ([True, [[b"x"]]], Problem.MALFORMED),
        ([1, []], Problem.MALFORMED),
        ([1, [[]]], Problem.MALFORMED),
        ([1, [b"x"]], Problem.MALFORMED),
        ([1, [["x"]]], Problem.MALFORMED),
        ([1, {0: [b"x"]}], Problem.MALFORMED),
        ([1, [[b"x"]] * 17], Problem.TOO_MANY_SPANS),
        ([1, [[b"x"] * 501]], Problem.TOO_MANY_RECORDS),
        ([1, [[bytes(2100)] * 500]], Problem.TOO_LARGE),
    ],
)
def test_a_batch_of_the_wrong_shape_or_size_is_refused(batch: object, expected: Problem) -> None:
    assert problem(wire.decode_batch, cbor.encode(batch)) is expected


def test_a_batch_says_which_span_and_record_is_at_fault() -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode_batch(cbor.encode([1, [[b"x"], [b"x", b"x", 7]]]))
    assert (caught.value.span, caught.value.index) == (1, 2)
    with pytest.raises(ProtocolError) as caught:
        wire.decode_batch(cbor.encode([1, [[b"x"], [b"x"], [b"x"] * 501]]))
    assert caught.value.span == 2


def altered(body: dict[int, object]) -> bytes:
    return cbor.encode(cbor2.loads(wire.encode_answer(ANSWER)) | body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({0: 2}, Problem.UNSUPPORTED_VERSION),
        ({0: "1"}, Problem.MALFORMED),
        ({9: 0}, Problem.MALFORMED),
        ({1: None}, Problem.MALFORMED),
        ({1: [[4, None, None]]}, Problem.OUT_OF_RANGE),
        ({1: [[False, None, None]]}, Problem.MALFORMED),
        ({1: [[3, "no-such-problem", None]]}, Problem.OUT_OF_RANGE),
        ({1: [[3, 1, None]]}, Problem.MALFORMED),
        ({1: [[3, None, 500]]}, Problem.OUT_OF_RANGE),
        ({1: [[3, None]]}, Problem.MALFORMED),
        ({1: [[0, None, None]] * 17}, Problem.OUT_OF_RANGE),
        ({2: b"note"}, Problem.MALFORMED),
        ({3: None}, Problem.MALFORMED),
        ({3: -1}, Problem.OUT_OF_RANGE),
        ({4: [bytes(31)]}, Problem.MALFORMED),
        ({4: [bytes(32)] * 65}, Problem.OUT_OF_RANGE),
        ({5: [[b"leaf", 0]]}, Problem.MALFORMED),
        ({5: [["leaf", 0, []]]}, Problem.MALFORMED),
        ({5: [[bytes(1 << 16), 0, []]]}, Problem.TOO_LARGE),
        ({5: [[b"leaf", -1, []]]}, Problem.OUT_OF_RANGE),
        ({5: [[b"leaf", 0, [bytes(33)]]]}, Problem.MALFORMED),
        ({5: [[b"leaf", 0, []]] * 33}, Problem.OUT_OF_RANGE),
        ({6: True}, Problem.MALFORMED),
        ({7: None}, Problem.MALFORMED),
        ({8: []}, Problem.MALFORMED),
        ({8: [[], []]}, Problem.MALFORMED),
        ({8: [[bytes(32)] * 501]}, Problem.OUT_OF_RANGE),
        ({5: [], 8: []}, Problem.MALFORMED),
    ],
)
def test_an_answer_with_one_wrong_field_is_refused(
    body: dict[int, object], expected: Problem
) -> None:
    assert problem(wire.decode_answer, altered(body)) is expected


@pytest.mark.parametrize(
    "ranges",
    [
        [[5, 4]],
        [[0, 2**32]],
        [[-1, 3]],
        [[0, 3, 4]],
        [[0, 3], [3, 5]],
        [[0, 3], [4, 5]],
        [[7, 8], [0, 3]],
        [[at * 2, at * 2] for at in range(513)],
    ],
)
def test_a_head_whose_ranges_are_not_ascending_and_apart_is_refused(ranges: object) -> None:
    data = cbor.encode({0: 1, 1: [[bytes(8), ranges]], 2: 0, 3: None})
    assert problem(wire.decode_head, data) in {Problem.MALFORMED, Problem.OUT_OF_RANGE}


READERS: list[Callable[[bytes], object]] = [
    wire.decode_batch,
    wire.decode_answer,
    wire.decode_head,
    wire.decode_enrol_answer,
    lambda data: wire.open_enrol(data, verify_es256),
]
BODIES = [
    wire.encode_batch([[b"one", b"two"], [b"three"]]),
    wire.encode_answer(ANSWER),
    wire.encode_head(HeadAnswer((HeldEpoch(bytes(8), ((0, 4), (6, 9))),), 3, None)),
    wire.encode_enrol_answer(ENROLLED),
    wire.make_enrol("token-1", key().cose_key, key().sign),
]


@pytest.mark.parametrize("which", range(len(READERS)))
@given(data=st.binary(max_size=80))
def test_garbage_is_refused_and_nothing_else_is_raised(which: int, data: bytes) -> None:
    with pytest.raises(ProtocolError):
        READERS[which](data)


@pytest.mark.parametrize("which", range(len(READERS)))
def test_cut_and_lengthened_bodies_are_refused(which: int) -> None:
    body = BODIES[which]
    READERS[which](body)
    assert problem(READERS[which], body + b"\x00") is Problem.MALFORMED
    for end in range(len(body)):
        assert problem(READERS[which], body[:end])


@pytest.mark.parametrize("which", range(len(READERS)))
def test_deep_nesting_is_refused_without_recursion(which: int) -> None:
    deep = b"\x81" * 3000 + b"\x00"
    assert problem(READERS[which], deep) is Problem.TOO_DEEP
    assert problem(READERS[which], b"\x81" * 2_000_000) is Problem.TOO_LARGE


def test_an_enrolment_proves_possession() -> None:
    data = wire.make_enrol("token-1", key().cose_key, key().sign)
    assert wire.open_enrol(data, verify_es256) == ("token-1", key().cose_key)


def enrolment(
    token: object = "token-1",
    proved: str = "token-1",
    version: object = 1,
    domain: bytes = cose.ENROL_DOMAIN,
    signer: str = "truck",
) -> bytes:
    """An enrolment of the truck's key, with one thing done differently."""
    owner = key()
    hashed = sha256(proved.encode()).digest()
    payload = cbor.encode({0: version, 1: owner.cose_key, 2: hashed})
    sealed = cose.seal(payload, owner.kid, domain, key(signer).sign)
    return cbor.encode([1, token, sealed])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (enrolment(proved="token-2"), Problem.PROOF_OF_POSSESSION),
        (enrolment(signer="thief"), Problem.PROOF_OF_POSSESSION),
        (enrolment(domain=cose.RECORD_DOMAIN), Problem.WRONG_DOMAIN),
        (enrolment(version=2), Problem.UNSUPPORTED_VERSION),
        (enrolment(token=7), Problem.MALFORMED),
        (enrolment(token="", proved=""), Problem.MALFORMED),
        (enrolment(token="x" * 129), Problem.TOO_LARGE),
        (cbor.encode([2, "token-1", b""]), Problem.UNSUPPORTED_VERSION),
        (cbor.encode([1, "token-1"]), Problem.MALFORMED),
        (cbor.encode([1, "token-1", b"not sealed"]), Problem.MALFORMED),
    ],
)
def test_an_enrolment_that_proves_nothing_is_refused(data: bytes, expected: Problem) -> None:
    assert problem(lambda body: wire.open_enrol(body, verify_es256), data) is expected


def test_an_enrolment_sealed_under_another_kid_is_refused() -> None:
    hashed = sha256(b"token-1").digest()
    payload = cbor.encode({0: 1, 1: key().cose_key, 2: hashed})
    sealed = cose.seal(payload, key("thief").kid, cose.ENROL_DOMAIN, key().sign)
    data = cbor.encode([1, "token-1", sealed])
    refused = problem(lambda body: wire.open_enrol(body, verify_es256), data)
    assert refused is Problem.PROOF_OF_POSSESSION


@pytest.mark.parametrize("demo", [2, -1, True, None])
def test_demo_is_zero_or_one(demo: object) -> None:
    body = cbor2.loads(wire.encode_enrol_answer(ENROLLED)) | {8: demo}
    assert problem(wire.decode_enrol_answer, cbor.encode(body))
