"""Vectors of evidence files: a lot's file as a shopper gets it, and everything a forger may try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256

from protocol import bundle, cbor, checkpoint, commitment, evidence, merkle
from protocol.bodies import Position
from protocol.bundle import Evidence, Extension, Proofs, ProvedEntry, ProvedLeaf
from protocol.errors import ProtocolError
from protocol.evidence import Report
from protocol.leaf import ServiceLeaf, TickLeaf, encode_leaf
from protocol.record import Sealed
from protocol.registry import Fix, Kind
from protocol.span import Span
from protocol.wire import Receipt
from tests.protocol import build
from tests.protocol.testlog import Log, note_key

KEY = build.key()
VKEY = note_key().key().vkey
WITNESS = note_key("witness.test/second")
HISTORY = b'{"sections":[],"version":1}'
VERDICT: list[object] = [
    "verdict",
    1,
    1_767_225_600_000,
    '{"grade":"good"}',
    sha256(HISTORY).digest(),
]
SEEN_S = 1_767_225_700
OLD, SIZE = 2, 5


@cache
def chain() -> tuple[Sealed, ...]:
    """Readings with a position among them, as a truck seals them."""
    sealed = build.chain(4)
    for body in build_positions():
        sealed = build.append(sealed, body)
    for number in range(4):
        sealed = build.append(sealed, build.reading(number))
    return tuple(sealed)


def build_positions() -> list[Position]:
    """Two that must stay private."""
    fix = Position(351_028_000, 1_290_364_000, 22_200, 31_550, Fix.FIX_3D, 9, 110, 0)
    return [fix, replace(fix, age_ms=10_000)]


def salt(name: str) -> bytes:
    """A salt made from a name."""
    return build.digest(f"salt {name}")


@cache
def log(told: int = 1) -> Log:
    """Leaves: tick, another entry, the truck's span, the verdict, tick."""
    other = commitment.commitment(salt("other"), [1])
    verdict = commitment.commitment(salt("verdict"), VERDICT)
    return Log().grow(
        encode_leaf(TickLeaf(told)),
        encode_leaf(ServiceLeaf("coldchain", "landing", {}, other)),
        encode_leaf(Span.of(chain()).leaf(KEY.device)),
        encode_leaf(ServiceLeaf("coldchain", "verdict", {}, verdict)),
        encode_leaf(TickLeaf(2)),
    )


def cosigned(note: str, at_s: int = SEEN_S, by: str = "") -> str:
    """The note with the witness's line; `by` another seed of the same name."""
    owner = note_key(WITNESS.name, by)
    parsed = checkpoint.parse_note(note)
    key = owner.key(checkpoint.COSIGNATURE)
    line = checkpoint.cosign(parsed.text, key, at_s, owner.sign)
    named = replace(line, key_hash=WITNESS.key(checkpoint.COSIGNATURE).key_hash)
    return parsed.add(named).encode()


def opening_of(name: str, private: list[object], index: int) -> ProvedEntry:
    """An entry with its content."""
    return ProvedEntry(log().receipt(index), commitment.content(salt(name), private))


@cache
def lot() -> Evidence:
    """The chapter of no device: the verdict under two notes, the newer one cosigned."""
    newest = Proofs(
        cosigned(log().note()),
        (),
        (replace(opening_of("verdict", VERDICT, 3), document=HISTORY),),
        Extension(OLD, log().consistency(OLD)),
    )
    old = Proofs(log().note(OLD), ())
    witness = WITNESS.key(checkpoint.COSIGNATURE).vkey
    who = ("", build.ORIGIN, VKEY, build.START_UTC_MS)
    return Evidence(*who, (), (), (old, newest), (witness,))


def bare() -> Evidence:
    """The lot's chapter without what its entry names."""
    old, newest = lot().proofs
    (entry,) = newest.entries
    return replace(lot(), proofs=(old, replace(newest, entries=(replace(entry, document=b""),))))


@cache
def truck() -> Evidence:
    """The chapter of a truck: its readings, its positions left out."""
    shown = [one for one in chain() if one.record.kind is not Kind.POSITION]
    hashes = tuple(merkle.leaf_hash(one.sealed) for one in chain())
    proofs = (Proofs(log().note(), (ProvedLeaf(log().receipt(2), hashes),)),)
    who = (KEY.device, build.ORIGIN, VKEY, build.START_UTC_MS)
    return Evidence(*who, (KEY.cose_key,), tuple(build.raw(shown)), proofs)


def evidence_file() -> dict[str, object]:
    """Evidence files with what they prove, and forged ones with every problem that shows."""
    good = (
        ("a lot's file: verdict, witness, two checkpoints, a truck's readings", (lot(), truck())),
        ("a truck alone", (truck(),)),
        ("a verdict whose history is not in the file", (bare(),)),
        ("nothing but a checkpoint", (replace(lot(), proofs=lot().proofs[:1], witnesses=()),)),
    )
    return {
        "about": "Evidence files, judged with the log key `pinned`. Golden: a report per chapter. "
        "Negative: the problems found, sorted, each once; or the one that the file is refused for.",
        "pinned": VKEY,
        "golden": [
            {"why": why, "file": bundle.write(*chapters).hex(), "reports": reports(chapters)}
            for why, chapters in good
        ],
        "negative": [
            {"why": why, "file": data.hex(), "problems": problems(data)} for why, data in forged()
        ],
    }


def judged(chapter: Evidence) -> Report:
    """One chapter, the log's key known from elsewhere."""
    return evidence.examine(chapter, build.verify_es256, build.verify_ed25519, VKEY)


def reports(chapters: Sequence[Evidence]) -> list[dict[str, object]]:
    """What each chapter proves."""
    told = [
        evidence.examine(one, build.verify_es256, build.verify_ed25519, VKEY) for one in chapters
    ]
    return [
        {
            "records": one.records,
            "signed": one.signed,
            "chained": one.chained,
            "proved": one.proved,
            "left_out": one.left_out,
            "entries": [
                [e.service, e.kind, e.index, _plain(e.private), e.document.hex()]
                for e in one.entries
            ],
            "cosigned": [[c.witness, c.utc_s] for c in one.cosigned],
        }
        for one in told
    ]


def _plain(private: list[object]) -> list[object]:
    return [one.hex() if isinstance(one, bytes) else one for one in private]


def problems(data: bytes) -> list[str]:
    """Every problem of a file by name. A forgery that nothing finds is no vector."""
    try:
        chapters = bundle.read_chapters(data)
    except ProtocolError as error:
        return [error.problem.value]
    told = [
        evidence.examine(one, build.verify_es256, build.verify_ed25519, VKEY) for one in chapters
    ]
    found = sorted({one.problem.value for report in told for one in report.findings})
    if not found:
        raise AssertionError("a negative vector in which nothing is found")
    return found


Forged = tuple[str, bytes]


def forged() -> list[Forged]:
    """Every way that we could think of."""
    ways = (_entries(), _notes(), _consistency(), _witnesses(), _records(), _leaves(), _shapes())
    return [one for way in ways for one in way]


def with_entry(**changes: object) -> bytes:
    """The lot's file with another entry in it."""
    old, newest = lot().proofs
    entry = newest.entries[0]
    receipt = {name: getattr(entry.receipt, name) for name in Receipt.__slots__}
    content = changes.pop("content", entry.content)
    document = changes.pop("document", entry.document)
    assert isinstance(content, bytes) and isinstance(document, bytes)
    made = ProvedEntry(Receipt(**{**receipt, **changes}), content, document)
    return bundle.write(replace(lot(), proofs=(old, replace(newest, entries=(made,)))))


def _entries() -> Iterator[Forged]:
    path, leaf = log().receipt(3).path, log().receipt(3).leaf
    better = [*VERDICT[:3], '{"grade":"very good"}', *VERDICT[4:]]
    yield "a better verdict", with_entry(content=commitment.content(salt("verdict"), better))
    yield "another salt", with_entry(content=commitment.content(salt("x"), VERDICT))
    yield "a salt of 8 bytes", with_entry(content=cbor.encode([bytes(8), VERDICT]))
    yield "a content that is no list", with_entry(content=cbor.encode({0: 1}))
    yield "the content of another entry", with_entry(content=commitment.content(salt("other"), [1]))
    lying = commitment.commitment(salt("verdict"), better)
    other = encode_leaf(ServiceLeaf("coldchain", "verdict", {}, lying))
    yield (
        "a leaf that commits to a better verdict",
        with_entry(leaf=other, content=commitment.content(salt("verdict"), better)),
    )
    yield "another kind in the leaf", with_entry(leaf=leaf.replace(b"verdict", b"verdicT"))
    yield "another place in the log", with_entry(index=2)
    yield "a place beyond the log", with_entry(index=SIZE)
    yield "a path hash too few", with_entry(path=path[:-1])
    yield "a path hash too many", with_entry(path=(*path, bytes(32)))
    yield "path hashes exchanged", with_entry(path=path[::-1])
    yield "one bit of a path hash", with_entry(path=(*path[:-1], flipped(path[-1], 5)))
    yield "another history", with_entry(document=HISTORY.replace(b"1", b"2"))
    tick = log().receipt(4)
    yield "a tick for an entry", with_entry(leaf=tick.leaf, index=4, path=tick.path)
    span = log().receipt(2)
    yield "a span for an entry", with_entry(leaf=span.leaf, index=2, path=span.path)


def flipped(data: bytes, at: int) -> bytes:
    """With one bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_note(note: str) -> bytes:
    """The lot's file under another note."""
    old, newest = lot().proofs
    return bundle.write(replace(lot(), proofs=(old, replace(newest, note=note))))


def _notes() -> Iterator[Forged]:
    note = lot().proofs[1].note
    thief = Log(note_key(seed="thief")).grow(*log().leaves)
    yield "signed by another key of the same name", with_note(cosigned(thief.note()))
    yield "another size under the signature", with_note(note.replace("\n5\n", "\n6\n", 1))
    lines = note.split("\n")
    root = log(9).note().split("\n")[2]
    yield "another root under the signature", with_note("\n".join([*lines[:2], root, *lines[3:]]))
    yield "no signature of the log", with_note("\n".join([*lines[:4], *lines[5:]]))
    yield "an older note, truly signed", with_note(cosigned(log().note(4)))
    yield "another history, truly signed", with_note(cosigned(log(9).note()))
    yield "no empty line", with_note(note.replace("\n\n", "\n", 1))
    thieves = note_key(seed="thief").key().vkey
    yield "a log key of the forger's", bundle.write(replace(lot(), log_vkey=thieves))
    yield "another origin", bundle.write(replace(lot(), origin="log.elsewhere"))


def with_extension(extends: Extension) -> bytes:
    """The lot's file with another consistency proof."""
    old, newest = lot().proofs
    return bundle.write(replace(lot(), proofs=(old, replace(newest, extends=extends))))


def _consistency() -> Iterator[Forged]:
    path = log().consistency(OLD)
    yield "a proof from a size nobody showed", with_extension(Extension(3, log().consistency(3)))
    yield (
        "one bit of the consistency proof",
        with_extension(Extension(OLD, (flipped(path[0], 0), *path[1:]))),
    )
    yield "a consistency proof without hashes", with_extension(Extension(OLD, ()))
    old, newest = lot().proofs
    rewritten = replace(old, note=log(9).note(OLD))
    yield (
        "an older note of a rewritten log",
        bundle.write(replace(lot(), proofs=(rewritten, newest))),
    )
    two = (*lot().proofs, Proofs(cosigned(log(9).note()), ()))
    yield "two notes of one size with two roots", bundle.write(replace(lot(), proofs=two))


def _witnesses() -> Iterator[Forged]:
    note = log().note()
    yield "cosigned by another key", with_note(cosigned(note, by="thief"))
    text, _, line = cosigned(note).rstrip("\n").rpartition("\n")
    later = cosigned(note, SEEN_S + 1).rstrip("\n").rpartition("\n")[2]
    mixed = checkpoint.parse_note(f"{text}\n{later}\n").signatures[-1].value[:8]
    own = checkpoint.parse_note(f"{text}\n{line}\n").signatures[-1]
    forged_time = replace(own, value=mixed + own.value[8:])
    yield (
        "cosigned at another time",
        with_note(checkpoint.parse_note(note).add(forged_time).encode()),
    )
    yield "not cosigned", with_note(note)
    log_key = replace(lot(), witnesses=(WITNESS.key().vkey,))
    yield "a witness whose key is a log's", bundle.write(log_key)
    yield "a witness key that is none", bundle.write(replace(lot(), witnesses=("witness",)))
    yield "a witness of nothing", bundle.write(replace(lot(), proofs=()))


def with_records(*records: bytes) -> bytes:
    """The truck's file with other records."""
    return bundle.write(replace(truck(), records=records))


def _records() -> Iterator[Forged]:
    records = truck().records
    first, second = records[:2], records[2:]
    yield "one bit of a reading", with_records(*first, flipped(second[0], 60), *second[1:])
    yield "one bit of a signature", with_records(*first, flipped(second[0], -9), *second[1:])
    yield "a record twice", with_records(*records, records[2])
    fork = build.append(list(chain()[:3]), build.reading(77))[-1].sealed
    yield "two records of one number", with_records(*records, fork)
    stranger = build.chain(3, who=build.key("thief"))
    yield "a record of a stranger", with_records(*records, build.raw(stranger)[1])
    key = build.key("thief").cose_key
    yield "a key that no rotation brings", bundle.write(replace(truck(), keys=(KEY.cose_key, key)))
    yield "no key", bundle.write(replace(truck(), keys=()))
    yield "another device's name", bundle.write(replace(truck(), device=build.key("thief").device))
    yield "garbage for a record", with_records(*records, b"garbage")
    yield "an opening for another log", bundle.write(replace(truck(), origin="log.elsewhere"))


def with_leaf(leaf: ProvedLeaf) -> bytes:
    """The truck's file with another leaf."""
    (under,) = truck().proofs
    return bundle.write(replace(truck(), proofs=(replace(under, leaves=(leaf,)),)))


def _leaves() -> Iterator[Forged]:
    good = truck().proofs[0].leaves[0]
    hashes = good.hashes
    yield "positions left out, and no hashes", with_leaf(replace(good, hashes=()))
    yield "a hash replaced", with_leaf(replace(good, hashes=(*hashes[:4], bytes(32), *hashes[5:])))
    yield "a hash too few", with_leaf(replace(good, hashes=hashes[:-1]))
    yield (
        "two hashes exchanged",
        with_leaf(replace(good, hashes=(hashes[1], hashes[0], *hashes[2:]))),
    )
    verdict = log().receipt(3)
    yield (
        "an entry's leaf in the span's place",
        with_leaf(replace(good, receipt=replace(good.receipt, leaf=verdict.leaf))),
    )
    yield "a leaf that is none", with_leaf(replace(good, receipt=Receipt(b"\x00", 2, ())))


def _shapes() -> Iterator[Forged]:
    data = bundle.write(lot(), truck())
    header = dict(enumerate([1, bundle.MAGIC, None, build.ORIGIN, VKEY, 0]))
    items = cbor.encode(header)
    yield "nothing", b""
    yield "another file", b"%PDF-1.7"
    yield "cut short", data[:-1]
    yield "a byte follows", data + b"\x00"
    yield "version 2", cbor.encode({**header, 0: 2})
    yield "an unknown item", items + cbor.encode([9, 1])
    yield "a record of no device", items + cbor.encode([2, truck().records[0]])
    yield "a document before any entry", items + cbor.encode([3, ""]) + cbor.encode([8, b"{}"])
    entry = cbor.encode([3, ""]) + cbor.encode([5, b"", 0, [], b""])
    yield "an empty document", items + entry + cbor.encode([8, b""])
    yield "two documents of one entry", items + entry + cbor.encode([8, b"{}"]) * 2
    yield "an entry before any note", items + cbor.encode([5, b"", 0, [], b""])
    yield "a consistency proof before any note", items + cbor.encode([6, 1, []])
    yield "a witness behind a note", items + cbor.encode([3, "note"]) + cbor.encode([7, VKEY])
    yield (
        "a path of 65",
        items + cbor.encode([3, ""]) + cbor.encode([5, b"", 0, [bytes(32)] * 65, b""]),
    )
    yield "65 chapters", items * 65
