"""A small log in which every table has rows: forks, gaps, tombstones, rotation, quarantine."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

from agent.core.trial import Standing
from protocol import cbor, checkpoint, cose
from protocol.bodies import Gossip, Rotation
from protocol.checkpoint import Checkpoint
from protocol.record import Sealed, rotation_message, seal
from protocol.registry import Kind, Reason
from protocol.settable import Stage
from protocol.tombstone import Evicted, Tombstone
from server.devices import commands, roster, tuning
from server.ledger import keys, log
from server.ledger.tick import now_ms, tick
from tests.protocol import build
from tests.server.conftest import ORIGIN
from tests.server.devices.trucks import CBOR, Truck, token


def fill(client: Client) -> None:
    """Write it through the endpoint, as devices would. One leaf stays staged."""
    mackerel, hake = Truck.enrol(client, "mackerel"), Truck.enrol(client, "hake")
    tick(now_ms())
    _gossiping(mackerel)
    _forked(mackerel)
    tick(now_ms())
    _rotated(hake)
    _told(hake)
    _moved_and_revoked(client)
    _two_notes(client)
    _followed()
    tick(now_ms())
    token("left over", build.digest("left over"))


def _gossiping(truck: Truck) -> None:
    chain = truck.chain(20)
    for start in range(0, 20, 4):
        truck.post(chain[start : start + 4])
    chain = truck.append(chain, Gossip(truck.trust.size, truck.trust.root))
    truck.post(chain[20:])
    late = truck.chain(30, "epoch late", chain[-1].head)
    late = truck.append(late, Tombstone((_gone(late, 5, 9),)))
    truck.post(late[:5], late[20:])


def _gone(chain: list[Sealed], first: int, last: int) -> Evicted:
    epoch, count = chain[0].record.epoch, last - first + 1
    before, end = chain[first - 1].hash, chain[last].hash
    return Evicted(epoch, first, last, before, end, count, Reason.EVICTED)


def _forked(truck: Truck) -> None:
    chain = truck.chain(12, "epoch forked")
    other = build.append(chain[:6], build.reading(99), who=truck.who)
    assert truck.codes(chain[:9], other[6:]) == ["accepted", "fork"]


def _rotated(truck: Truck) -> None:
    old, new = truck.chain(6), build.key("new key")
    signature = new.sign(rotation_message(truck.device, old[-1].head, new.cose_key))
    chain = truck.append(old, Rotation(new.cose_key, cose.low_s(signature)))
    truck.post(chain)
    opening = build.opening(truck.who, chain[-1].head, ORIGIN)
    place = build.Place(build.digest("epoch new key", 8), 0, chain[-1].hash)
    truck.post([seal(build.record(Kind.OPENING, opening, place), new.kid, new.sign)])


def _told(truck: Truck) -> None:
    """A configuration is published, and the device says that it goes by it."""
    signer = keys.private_signer(settings.JAGALCHI.home / "keys/config.key", keys.current().config)
    tuning.publish(truck.device, tuning.read("door_open_ms = 600000"), 30, signer, now_ms())
    said = Standing(Stage.ON_TRIAL, tuning.served(truck.device).digest, 1).body()
    truck.post(truck.append(truck.chain(3, "epoch told"), said))


def _moved_and_revoked(client: Client) -> None:
    cod = Truck.enrol(client, "cod")
    chain = cod.chain(12)
    cod.post(chain[:4])
    commands.assign(cod.device, "another hall", now_ms=now_ms())
    commands.revoke(cod.device, now_ms=now_ms())
    assert cod.codes(chain[4:]) == ["revoked"]


def _followed() -> None:
    with log.writing():
        roster.add_predecessor("log.lost.test/0", "a checkpoint of it")


def _two_notes(client: Client) -> None:
    ours = keys.current()
    notes = []
    for root in ("one", "other"):
        head = Checkpoint(ours.origin, 7, build.digest(root))
        notes.append(checkpoint.sign_note(checkpoint.encode(head), [ours.signer]))
    client.post("/api/log/evidence", cbor.encode([1, *notes]), content_type=CBOR)
    log.sequence(now_ms())
