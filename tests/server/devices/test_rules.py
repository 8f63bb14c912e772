"""The endpoint by the rules for clocks, gossip, forks, rotation, revocation and tombstones."""


from __future__ import annotations

from dataclasses import replace

import pytest

from protocol import cose, wire
from protocol.bodies import Gossip, Rotation
from protocol.opening import TreeHead
from protocol.record import Sealed, rotation_message, seal
from protocol.registry import Kind, Problem, Reason
from protocol.tombstone import Evicted, Tombstone
from server.devices import commands
from server.devices.models import Device, EpochFacts, ForkEvidence, Quarantined
from server.ledger import log
from tests.protocol import build
from tests.server.conftest import ORIGIN
from tests.server.devices.trucks import Truck

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_fork_is_kept_whole_proved_and_shown(truck: Truck) -> None:
    chain = truck.chain(6)
    forked = truck.append(chain[:4], Gossip(5, build.digest("root")))
    truck.post(chain)
    answer = truck.post(forked)
    assert answer.verdicts == (wire.Verdict(wire.VerdictCode.FORK, Problem.FORK, 4),)
    assert [leaf.last for leaf in truck.proved[1:]] == [5, 4]
    evidence = ForkEvidence.objects.get()
    assert (evidence.seq, bytes(evidence.posted_hash)) == (4, forked[4].hash)
    assert truck.codes(forked) == ["duplicate"]
    assert Device.objects.get().contested == 5


@pytest.mark.parametrize("utc_ms", [0, 2_398_291_200_000])
def test_a_clock_in_1970_or_2046_is_accepted_and_flagged(truck: Truck, utc_ms: int) -> None:
    chain = truck.chain(3)
    odd = chain[-1].record._replace(seq=3, prev=chain[-1].hash, utc_ms=utc_ms)
    chain.append(seal(odd, truck.who.kid, truck.who.sign))
    assert truck.codes(chain) == ["accepted"]
    assert EpochFacts.objects.get().flags == 1


def test_a_boot_clock_that_falls_is_flagged_also_between_spans(truck: Truck) -> None:
    chain = truck.chain(5)
    fallen = chain[-1].record._replace(seq=5, prev=chain[-1].hash, boot_ms=7)
    truck.post(chain)
    truck.post([seal(fallen, truck.who.kid, truck.who.sign)])
    assert EpochFacts.objects.get().flags == 2


def test_gossip_counts_only_when_it_is_this_logs_own(truck: Truck) -> None:
    chain = truck.chain(2)
    truck.post(chain)
    ours = log.newest()
    chain = truck.append(chain, Gossip(ours.size, ours.root))
    truck.post(chain)
    facts = EpochFacts.objects.get()
    assert (facts.gossip, facts.flags) == (ours.size, 0)
    chain = truck.append(chain, Gossip(ours.size + 100, build.digest("root")))
    truck.post(chain)
    facts = EpochFacts.objects.get()
    assert (facts.gossip, facts.flags) == (ours.size, 8)


def test_the_openings_checkpoint_is_gossip_too(truck: Truck) -> None:
    first = truck.chain(3)
    truck.post(first)
    ours = log.newest()
    second = build.chain(
        2,
        who=truck.who,
        epoch="epoch 2",
        head=first[-1].head,
        origin=ORIGIN,
        checkpoint=TreeHead(ours.size, ours.root),
    )
    truck.post(second)
    assert EpochFacts.objects.get(epoch=second[0].record.epoch).gossip == ours.size


def test_after_a_revocation_only_committed_records_are_taken_and_the_rest_is_set_apart(
    truck: Truck,
) -> None:
    chain = truck.chain(20)
    truck.post(chain[:1], chain[15:18])
    commands.revoke(truck.device, now_ms=1)
    assert truck.codes(chain[5:10], chain[18:]) == ["revoked", "revoked"]
    assert Quarantined.objects.count() == 2
    assert truck.codes(chain[10:15]) == ["accepted"]
    assert EpochFacts.objects.get().held == "0-0,5-17"
    assert [(row.first, row.last) for row in Quarantined.objects.all()] == [(18, 19)]
    assert truck.codes(chain[18:]) == ["revoked"]


def test_a_part_that_becomes_committed_to_is_taken_out_of_what_is_set_apart(truck: Truck) -> None:
    chain = truck.chain(20)
    truck.post(chain[:1], chain[10:12], chain[15:18])
    commands.revoke(truck.device, now_ms=1)
    truck.post([*chain[5:9], chain[9]][:3])  # 5, 6, 7: nothing names 7 yet
    assert truck.codes(chain[8:10]) == ["accepted"]
    assert EpochFacts.objects.get().held == "0-0,5-11,15-17"
    assert Quarantined.objects.count() == 0
    assert Device.objects.get().quarantined == 0


def test_a_rotation_lets_the_new_key_in_and_ends_the_old(truck: Truck) -> None:
    old, new = truck.chain(3), build.key("next")
    signature = new.sign(rotation_message(truck.device, old[-1].head, new.cose_key))
    chain = truck.append(old, Rotation(new.cose_key, cose.low_s(signature)))
    truck.post(chain)
    opening = build.opening(truck.who, chain[-1].head, ORIGIN)
    place = build.Place(build.digest("epoch 2", 8), 0, chain[-1].hash)
    sealed = seal(build.record(Kind.OPENING, opening, place), new.kid, new.sign)
    assert truck.codes([sealed]) == ["accepted"]
    assert truck.codes(build.append(chain, build.reading(9), who=truck.who)[-1:]) == ["revoked"]


def test_a_rotation_that_the_new_key_did_not_sign_is_refused(truck: Truck) -> None:
    old, new = truck.chain(3), build.key("next")
    lie = Rotation(new.cose_key, cose.low_s(new.sign(b"something else")))
    assert truck.codes(truck.append(old, lie)) == ["proof-of-possession"]


def stone(chain: list[Sealed], first: int, last: int, lie: str = "") -> Tombstone:
    """A tombstone that tells of records first..last of the chain, wrongly at one end."""
    epoch, wrong = chain[0].record.epoch, build.digest("lie")
    before = wrong if lie == "before" else chain[first - 1].hash
    end = wrong if lie == "end" else chain[last].hash
    return Tombstone(
        (Evicted(epoch, first, last, before, end, last - first + 1, Reason.EVICTED),)
    )


def test_a_tombstone_explains_what_is_missing_and_what_fits_may_still_come(truck: Truck) -> None:
    chain = truck.chain(20)
    stoned = truck.append(chain, stone(chain, 5, 9))
    assert truck.codes(stoned[:5], stoned[10:]) == ["accepted", "accepted"]
    facts = EpochFacts.objects.get()
    assert (facts.held, facts.told) == ("0-4,10-20", "0-20")
    assert Device.objects.get().gaps == 0
    assert truck.codes(chain[5:8]) == ["accepted"]
    assert EpochFacts.objects.get().held == "0-7,10-20"


@pytest.mark.parametrize(("lie", "seq"), [("before", 4), ("end", 9)])
def test_a_tombstone_that_contradicts_what_is_held_is_a_fork(
    truck: Truck, lie: str, seq: int
) -> None:
    chain = truck.chain(20)
    stoned = truck.append(chain, stone(chain, 5, 9, lie))
    assert truck.codes(stoned[:15], stoned[15:]) == ["accepted", "fork"]
    assert ForkEvidence.objects.get().seq == seq


def test_a_row_that_contradicts_a_held_tombstone_is_a_fork(truck: Truck) -> None:
    chain = truck.chain(20)
    stoned = truck.append(chain, stone(chain, 5, 9, "end"))
    assert truck.codes(stoned[:1], stoned[20:]) == ["accepted", "accepted"]
    assert truck.codes(chain[8:12]) == ["fork"]
    assert truck.codes(chain[1:8]) == ["accepted"]


def test_a_tombstone_of_an_epoch_that_is_not_open_waits_for_its_opening(truck: Truck) -> None:
    first = truck.chain(6)
    second = truck.chain(2, "epoch 2", first[-1].head)
    told = truck.append(second, stone(truck.chain(6, "epoch 3"), 1, 3))
    assert truck.codes(first, told[:2], told[2:]) == ["accepted", "accepted", "opening-first"]


def test_an_opening_that_names_another_hash_than_the_one_held_is_taken_and_shown(
    truck: Truck,
) -> None:
    first = truck.chain(4)
    lie = replace(first[-1].head, hash=build.digest("lie"))
    assert truck.codes(first, truck.chain(2, "epoch 2", lie)) == ["accepted", "accepted"]
    evidence = ForkEvidence.objects.get()
    assert (bytes(evidence.epoch), evidence.seq) == (first[0].record.epoch, 3)
