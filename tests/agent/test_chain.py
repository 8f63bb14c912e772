"""One record follows another; gossip and anchors are worth a record when they say something."""

from __future__ import annotations

import pytest

from agent.core import chain
from agent.core.chain import Draft, Ground, Told
from protocol.bodies import Anchor, EventBody, Gossip
from protocol.opening import Head, Opening, TreeHead
from protocol.record import decode, encode
from protocol.registry import Event, Kind, Param, TimeSource
from tests.agent.rig import IDENTITY, ORIGIN, at, reading

EPOCH = b"epoch--1"
OLD = Head(b"epoch--0", 41, b"h" * 32)


def test_the_first_opening_hangs_on_the_enrolment() -> None:
    first = chain.opening(IDENTITY, at(5), EPOCH, Ground(ORIGIN))
    assert (first.kind, first.seq, first.prev) == (Kind.OPENING, 0, IDENTITY.genesis)
    assert isinstance(first.body, Opening)
    assert first.body.head is None
    assert decode(encode(first)) == first


def test_a_later_opening_names_the_head_and_hangs_on_it() -> None:
    tree = TreeHead(9, b"r" * 32)
    record = chain.opening(IDENTITY, at(5), EPOCH, Ground(ORIGIN, OLD, tree))
    assert record.prev == OLD.hash
    assert isinstance(record.body, Opening)
    assert (record.body.head, record.body.checkpoint) == (OLD, tree)
    assert decode(encode(record)) == record


def test_a_record_continues_its_head_with_the_stamp_of_its_draft() -> None:
    draft = Draft(reading(7).body, at(123, utc=False))
    record = chain.follow(IDENTITY, Head(EPOCH, 3, b"p" * 32), draft)
    assert (record.epoch, record.seq, record.prev) == (EPOCH, 4, b"p" * 32)
    assert (record.boot_ms, record.utc_ms, record.source) == (123, None, TimeSource.NONE)
    assert record.simulated is IDENTITY.simulated
    assert decode(encode(record)) == record


TREE = TreeHead(5, b"r" * 32)


@pytest.mark.parametrize(
    ("told", "tree", "now_ms", "worth"),
    [
        (Told(), None, 0, False),
        (Told(), TREE, 0, True),
        (Told(tree=TREE), TREE, 10**9, False),
        (Told(tree=TreeHead(6, b"x" * 32)), TREE, 10**9, False),
        (Told(gossip_ms=0, tree=TreeHead(4, b"x" * 32)), TREE, 599_999, False),
        (Told(gossip_ms=0, tree=TreeHead(4, b"x" * 32)), TREE, 600_000, True),
    ],
)
def test_gossip_is_newer_than_told_and_at_most_every_ten_minutes(
    told: Told, tree: TreeHead | None, now_ms: int, worth: bool
) -> None:
    expected = Gossip(TREE.size, TREE.root) if worth else None
    assert chain.gossip(told, tree, now_ms) == expected


def test_what_was_sealed_is_told() -> None:
    told = chain.tell(Told(), Gossip(5, b"r" * 32), 77)
    assert (told.gossip_ms, told.tree) == (77, TREE)
    told = chain.tell(told, EventBody(Event.LOG_INCONSISTENT), 78)
    told = chain.tell(told, EventBody(Event.SET_ASIDE, params=((Param.COUNT, 3),)), 79)
    assert (told.inconsistent, told.aside) == (True, 3)
    assert chain.tell(told, reading(1).body, 80) == told


KNOWN = Anchor(1_000, 2_000_000, TimeSource.NTP, 1_000)


@pytest.mark.parametrize(
    ("offer", "worth"),
    [
        (Anchor(5_000, 2_004_000, TimeSource.NTP, 1_000), False),
        (Anchor(5_000, 2_006_000, TimeSource.NTP, 1_000), False),
        (Anchor(5_000, 2_006_001, TimeSource.NTP, 1_000), True),
        (Anchor(5_000, 2_001_999, TimeSource.NTP, 1_000), True),
        (Anchor(5_000, 2_004_000, TimeSource.NTP, 499), True),
        (Anchor(5_000, 2_004_000, TimeSource.GNSS, 20_000), True),
        (Anchor(86_401_000, 88_400_000, TimeSource.NTP, 1_000), True),
    ],
)
def test_an_anchor_says_something_new_or_nothing(offer: Anchor, worth: bool) -> None:
    told = chain.tell(Told(), KNOWN, 0)
    assert chain.anchor(told, offer) == (offer if worth else None)


def test_the_first_word_about_time_is_always_worth_it() -> None:
    assert chain.anchor(Told(), KNOWN) == KNOWN
