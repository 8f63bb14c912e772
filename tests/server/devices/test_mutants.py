"""10,000 spans that are almost right: none is accepted, and nothing is answered with a 5xx."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from protocol import cose, wire
from protocol.record import Sealed, encode
from protocol.span import MAX_SPANS
from protocol.wire import VerdictCode
from server.devices.models import HeldSpan
from tests import reliability
from tests.protocol import build
from tests.server.devices.trucks import Truck

pytestmark = pytest.mark.django_db(transaction=True)

MUTANTS = 10_000
Span = list[bytes]
Mutate = Callable[[Span, Random], Span]


def _one(change: Callable[[bytes, Random], bytes]) -> Mutate:
    """Change the bytes of one record."""

    def mutate(span: Span, dice: Random) -> Span:
        at = dice.randrange(len(span))
        return [*span[:at], change(span[at], dice), *span[at + 1 :]]

    return mutate


@_one
def flip_a_bit(sealed: bytes, dice: Random) -> bytes:
    at, bit = dice.randrange(len(sealed)), 1 << dice.randrange(8)
    return sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :]


@_one
def change_a_byte(sealed: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(sealed))
    return sealed[:at] + bytes([(sealed[at] + dice.randrange(1, 256)) % 256]) + sealed[at + 1 :]


@_one
def cut_off(sealed: bytes, dice: Random) -> bytes:
    return sealed[: dice.randrange(len(sealed))]


@_one
def drop_a_byte(sealed: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(sealed))
    return sealed[:at] + sealed[at + 1 :]


@_one
def add_a_byte(sealed: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(sealed) + 1)
    return sealed[:at] + bytes([dice.randrange(256)]) + sealed[at:]


@_one
def take_the_other_s(sealed: bytes, dice: Random) -> bytes:
    order = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
    s = order - int.from_bytes(sealed[-32:], "big")
    return sealed[:-32] + s.to_bytes(32, "big")


@_one
def write_a_number_too_long(sealed: bytes, dice: Random) -> bytes:
    envelope = cose.parse(sealed)
    payload = envelope.payload.replace(b"\x00\x01", b"\x00\x18\x01", 1)
    return cose.assemble(payload, envelope.kid, envelope.signature)


def swap_two(span: Span, dice: Random) -> Span:
    left, right = sorted(dice.sample(range(len(span)), 2))
    mixed = list(span)
    mixed[left], mixed[right] = mixed[right], mixed[left]
    return mixed


def drop_an_inner_one(span: Span, dice: Random) -> Span:
    at = dice.randrange(1, len(span) - 1)
    return [*span[:at], *span[at + 1 :]]


def repeat_one(span: Span, dice: Random) -> Span:
    at = dice.randrange(len(span))
    return [*span[:at], span[at], *span[at:]]


def lend_a_signature(span: Span, dice: Random) -> Span:
    left, right = dice.sample(range(len(span)), 2)
    return [
        one[:-64] + span[right][-64:] if at == left else one for at, one in enumerate(span)
    ]


PLAIN: list[Mutate] = [
    flip_a_bit,
    change_a_byte,
    cut_off,
    drop_a_byte,
    add_a_byte,
    take_the_other_s,
    write_a_number_too_long,
    swap_two,
    drop_an_inner_one,
    repeat_one,
    lend_a_signature,
]


def forged(truck: Truck, span: list[Sealed], dice: Random) -> Span:
    """The same content, signed by a thief, perhaps under the truck's own kid or for another use."""
    thief, at = build.key("thief"), dice.randrange(len(span))
    payload, kid = encode(span[at].record), dice.choice([truck.who.kid, thief.kid])
    sealed = cose.seal(payload, kid, cose.RECORD_DOMAIN, thief.sign)
    if dice.random() < 0.3:
        sealed = cose.seal(payload, truck.who.kid, cose.ENROL_DOMAIN, truck.who.sign)
    return [sealed if index == at else one.sealed for index, one in enumerate(span)]


def test_ten_thousand_mutants_and_none_is_accepted(truck: Truck) -> None:
    chain = truck.chain(40)
    truck.post(chain[:1])
    dice = Random(20260401)
    held, sent, taken, refusals = HeldSpan.objects.count(), 0, 0, set()
    while sent < MUTANTS:
        batch: list[Span] = []
        while len(batch) < MAX_SPANS:
            start = dice.randrange(1, 30)
            span = chain[start : start + dice.randrange(3, 6)]
            raw = build.raw(span)
            mutate = dice.choice(PLAIN)
            mutant = forged(truck, span, dice) if dice.random() < 0.05 else mutate(raw, dice)
            if mutant != raw:
                batch.append(mutant)
        response = truck.send(wire.encode_batch(batch))
        assert response.status_code in (200, 202), response.content
        verdicts = wire.decode_answer(response.content).verdicts
        taken += sum(verdict.code is not VerdictCode.REFUSED for verdict in verdicts)
        refusals |= {verdict.problem for verdict in verdicts}
        sent += len(batch)
    how = "altered, forged, misordered or misspelt spans"
    reliability.note("S1", how, sent, f"{taken} accepted, refused in {len(refusals)} ways")
    assert taken == 0
    assert HeldSpan.objects.count() == held
    assert len(refusals) >= 10, refusals
    assert truck.codes(chain[1:]) == ["accepted"]


def test_mangled_requests_are_never_a_5xx(truck: Truck) -> None:
    chain = truck.chain(4)
    batch = wire.encode_batch([build.raw(chain)])
    dice = Random(7)
    for _ in range(600):
        response = truck.send(dice.choice(PLAIN[:5])([batch], dice)[0] or b"\x00")
        assert response.status_code < 500, response.content
    for size in range(1, 400):
        assert truck.send(dice.randbytes(size)).status_code < 500
