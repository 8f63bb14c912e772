"""Vectors of the bad days: a log follows a lost one, and a device comes back to it."""

from __future__ import annotations

from dataclasses import replace

from protocol import leaf, readmission, span, succession, wire
from protocol.checkpoint import Checkpoint
from protocol.leaf import SuccessorLeaf, encode_leaf
from protocol.readmission import Readmission, Voucher
from protocol.receipt import Trust
from protocol.wire import Answer
from tests.protocol import build
from tests.protocol.testlog import Log, NoteKey, note_key
from tests.vectors.outcome import problem_of

OLD, OLDER, NEW = "log.test/lost", "log.test/older", "log.test/heir"
SIZE = 7
RECOVERY = note_key("recovery.test")


def old_log() -> Log:
    """The log that was lost: six ticks around one span, the device's first."""
    chain = build.chain(12, origin=OLD, first_prev=wire.first_prev(enrolled()))
    own = encode_leaf(span.Span.of(chain).leaf(build.key().device))
    ticks = [encode_leaf(leaf.TickLeaf(build.START_UTC_MS + n * 60_000)) for n in range(6)]
    return Log(note_key(OLD)).grow(*ticks[:3], own, *ticks[3:])


def said(
    recovery: NoteKey = RECOVERY, old: str = OLD, size: int = SIZE, root: bytes = b""
) -> SuccessorLeaf:
    """The statement that NEW follows OLD, or one with something else in it."""
    head = Checkpoint(old, size, root or old_log().root(SIZE))
    return succession.statement(note_key(NEW).key(), head, recovery.sign)


def answer(*leaves: SuccessorLeaf, first: bytes = b"", proved: int | None = None) -> Answer:
    """What a log answers that begins with these leaves, or with another before them."""
    log = Log(note_key(NEW)).grow(*([first] if first else []), *map(encode_leaf, leaves))
    log.grow(encode_leaf(leaf.TickLeaf(build.START_UTC_MS)))
    start = 1 if first else 0
    count = len(leaves) if proved is None else proved
    receipts = tuple(log.receipt(at) for at in range(start, start + count))
    return Answer((), log.note(), 0, (), receipts, None, build.START_UTC_MS)


def trust(size: int = SIZE) -> Trust:
    """Where a device of the lost log stands."""
    start, log = Trust.start(note_key(OLD).key()), old_log()
    return replace(start, size=size, root=log.root(size), note=log.note(size))


def follow(known: Trust, got: Answer) -> Trust:
    """What a device does with it."""
    return succession.follow(known, {}, RECOVERY.key(), got, build.verify_ed25519)


def succession_file() -> dict[str, object]:
    """A device's trust, the answer of another log, and whom it believes afterwards."""
    older = succession.statement(OLD, Checkpoint(OLDER, 3, build.digest("root")), RECOVERY.sign)
    far = replace(Trust.start(note_key(OLDER).key()), size=9, root=build.digest("another root"))
    thief, plain = note_key("recovery.test", seed="thief"), replace(said(), log_vkey=None)
    other_key = replace(said(), log_vkey=note_key(NEW, seed="other").key().vkey)
    tick = encode_leaf(leaf.TickLeaf(build.START_UTC_MS))
    good = [
        ("of the newest checkpoint", trust(), answer(said())),
        ("of an older checkpoint", trust(5), answer(said())),
        ("the device has verified nothing yet", trust(0), answer(said())),
        ("the log before the lost one", far, answer(said(), older)),
    ]
    bad = [
        ("by another recovery key", trust(), answer(said(thief))),
        ("of another log", trust(), answer(said(old="log.test/other"))),
        ("another root for a size that was verified", trust(), answer(said(root=bytes(32)))),
        ("it names no key", trust(), answer(plain)),
        ("it names another key than was signed", trust(), answer(other_key)),
        ("it is not the log's first leaf", trust(), answer(said(), first=tick)),
        ("no statement at all", trust(), answer(said(), proved=0)),
        ("the older statement alone", far, answer(older)),
        ("a note by another key", trust(), replace(answer(said()), note=old_log().note())),
    ]
    return {
        "about": "A device of the lost log gets the answer of the log that follows: section "
        "Successors. Whom it believes afterwards, or why it does not.",
        "recovery_vkey": RECOVERY.key().vkey,
        "golden": [{**_case(*one), "trusted": _believed(follow(*one[1:]))} for one in good],
        "negative": [{**_case(*one), "problem": problem_of(follow, *one[1:])} for one in bad],
    }


def _case(why: str, known: Trust, got: Answer) -> dict[str, object]:
    return {"why": why, "trust": _believed(known), "answer": wire.encode_answer(got).hex()}


def _believed(known: Trust) -> dict[str, object]:
    return {"vkey": known.log_key.vkey, "size": known.size, "root": known.root.hex()}


def enrolled() -> bytes:
    """The enrolment answer of the device of key 0 at the lost log."""
    return wire.encode_enrol_answer(
        wire.EnrolAnswer(
            device=build.key().device,
            origin=OLD,
            log_vkey=note_key(OLD).key().vkey,
            recovery_vkey=RECOVERY.key().vkey,
            config_vkey=note_key("config.test").key().vkey,
            utc_ms=build.START_UTC_MS,
            asset="부산 80바 1234",
            demo=False,
        )
    )


def request() -> Readmission:
    """A good one."""
    log = old_log()
    voucher = Voucher(log.owner.key().vkey, log.note(5), log.receipt(3, 5))
    return Readmission(enrolled(), build.key().cose_key, voucher)


def readmit(device: str, known: str | None, data: bytes) -> object:
    """What a successor does with it."""
    got = readmission.decode(data)
    return readmission.examine(got, device, known, build.verify_ed25519)


def readmission_file() -> dict[str, object]:
    """Requests to come back, and the predecessor's last known checkpoint that they are held to."""
    good, device, known = request(), build.key().device, old_log().note()
    thief = Log(note_key(OLD, seed="thief")).grow(*old_log().leaves)
    stolen = Voucher(thief.owner.key().vkey, thief.note(5), thief.receipt(3, 5))
    tick = Voucher(good.voucher.log_vkey, old_log().note(), old_log().receipt(0))
    other = build.key("somebody else")
    cases: list[tuple[str, str, str | None, Readmission]] = [
        ("for another device", other.device, known, good),
        ("another key", device, known, replace(good, cose_key=other.cose_key)),
        ("of no predecessor", device, None, good),
        ("a log key that did not sign the last checkpoint", device, known, _with(stolen)),
        ("a leaf that is not the device's", device, known, _with(tick)),
        ("another enrolment answer", device, known, replace(good, answer=_elsewhere())),
        ("a path of another tree", device, known, _with(_bent(good.voucher))),
    ]
    return {
        "about": "Requests to be admitted again by a successor that has lost everything; `known` "
        "is the lost log's last known checkpoint, null: that log is no predecessor.",
        "golden": [{"device": device, "known": known, "request": readmission.encode(good).hex()}],
        "negative": [_refused(*one) for one in cases],
    }


def _with(voucher: Voucher) -> Readmission:
    return replace(request(), voucher=voucher)


def _bent(voucher: Voucher) -> Voucher:
    return replace(voucher, receipt=old_log().receipt(3))


def _elsewhere() -> bytes:
    answer = wire.decode_enrol_answer(enrolled())
    return wire.encode_enrol_answer(replace(answer, asset="another truck"))


def _refused(why: str, device: str, known: str | None, got: Readmission) -> dict[str, object]:
    data = readmission.encode(got)
    problem = problem_of(readmit, device, known, data)
    return {
        "why": why,
        "device": device,
        "known": known,
        "request": data.hex(),
        "problem": problem,
    }
