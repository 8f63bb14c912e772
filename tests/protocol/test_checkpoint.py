"""Checkpoints, notes and cosignatures: what others publish opens here, and nothing altered does."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import checkpoint
from protocol.checkpoint import COSIGNATURE, ED25519, Checkpoint, LogKey, Note, Signature
from protocol.errors import Problem, ProtocolError
from tests.protocol.build import ORIGIN, verify_ed25519
from tests.protocol.testlog import Log, NoteKey, note_key

# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of c2sp.org/tlog-checkpoint.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

LOG = Log().grow(b"one", b"two", b"three")
NOTE = LOG.note()
KEY = LOG.owner.key()
WITNESS = note_key("witness.test/w1")


def refusal(note: str, key: LogKey = KEY) -> Problem:
    with pytest.raises(ProtocolError) as caught:
        checkpoint.open_checkpoint(note, key, verify_ed25519)
    return caught.value.problem


def signed(text: str, owner: NoteKey | None = None) -> str:
    return checkpoint.sign_note(text, [(owner or LOG.owner).signer()])


def test_a_note_published_by_others_opens() -> None:
    key = LogKey.parse(PETER)
    assert key.name == "PeterNeumann"
    assert key.vkey == PETER
    note = checkpoint.open_note(PETERS_NOTE, key, verify_ed25519)
    assert note.text == PETERS_NOTE.partition("\n\n")[0] + "\n"
    assert note.encode() == PETERS_NOTE


def test_the_published_checkpoint_reads_and_writes_back() -> None:
    found = checkpoint.parse_text(SOFA)
    assert found.origin == "example.com/behind-the-sofa"
    assert found.size == 20852163
    assert found.root.hex().startswith("0ac5186a91863e8e")
    assert checkpoint.encode(found) == SOFA


def test_our_checkpoint_opens_under_our_key() -> None:
    found = checkpoint.open_checkpoint(NOTE, KEY, verify_ed25519)
    assert found == Checkpoint(ORIGIN, 3, LOG.root(3))


def test_a_vkey_reads_back() -> None:
    for algorithm in (ED25519, COSIGNATURE):
        key = WITNESS.key(algorithm)
        assert LogKey.parse(key.vkey) == key
    assert WITNESS.key().key_hash != WITNESS.key(COSIGNATURE).key_hash


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        PETER + "\n",
        " " + PETER,
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "PeterNeuman"),
        PETER.replace("+ARpc", "+AhpC"),
        PETER[:-4],
        PETER[:-1],
        PETER[:-2] + "TX",
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", ""),
        "a+b+" + PETER,
    ],
)
def test_a_key_that_is_not_one_is_refused(vkey: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        LogKey.parse(vkey)
    assert caught.value.problem is Problem.BAD_NOTE


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x01b", "a\u2003b"])
def test_a_name_that_no_note_can_bear_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        LogKey.of(name, bytes(32))


def test_a_key_of_another_length_or_type_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        LogKey.of("a", bytes(31))
    ecdsa = LogKey.of("a", bytes(32), 2)
    with pytest.raises(ProtocolError) as caught:
        LogKey.parse(ecdsa.vkey)
    assert caught.value.problem is Problem.BAD_NOTE


@pytest.mark.parametrize("size", [0, 1, 2**53 - 1])
def test_every_size_up_to_the_largest_reads_back(size: int) -> None:
    most = Checkpoint(ORIGIN, size, LOG.root(3))
    assert checkpoint.parse_text(checkpoint.encode(most)) == most


ROOT = b64encode(LOG.root(3)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n3\n",
        f"{ORIGIN}\n3\n{ROOT}",
        f"\n3\n{ROOT}\n",
        f"{ORIGIN}\n03\n{ROOT}\n",
        f"{ORIGIN}\n+3\n{ROOT}\n",
        f"{ORIGIN}\n-3\n{ROOT}\n",
        f"{ORIGIN}\n 3\n{ROOT}\n",
        f"{ORIGIN}\n3_0\n{ROOT}\n",
        f"{ORIGIN}\n\u0663\n{ROOT}\n",
        f"{ORIGIN}\n{2**53}\n{ROOT}\n",
        f"{ORIGIN}\n{10**400}\n{ROOT}\n",
        f"{ORIGIN}\n3\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n3\n{ROOT.rstrip('=')}\n",
        f"{ORIGIN}\n3\n{ROOT} \n",
        f"{ORIGIN}\n3\n{ROOT[:-2]}{chr(ord(ROOT[-2]) + 1)}=\n",
        f"{ORIGIN}\n3\n{ROOT}\n\nextension after an empty line\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        checkpoint.parse_text(text)
    assert caught.value.problem is Problem.BAD_NOTE
    if text.endswith("\n"):
        assert refusal(signed(text)) is Problem.BAD_NOTE


def test_extension_lines_are_signed_and_ignored() -> None:
    text = f"{ORIGIN}\n3\n{ROOT}\nan extension\nanother\n"
    found = checkpoint.open_checkpoint(signed(text), KEY, verify_ed25519)
    assert found.size == 3


@pytest.mark.parametrize(
    "bad",
    [
        Checkpoint("", 0, bytes(32)),
        Checkpoint("a\nb", 0, bytes(32)),
        Checkpoint("a", -1, bytes(32)),
        Checkpoint("a", 2**53, bytes(32)),
        Checkpoint("a", 1, bytes(31)),
    ],
)
def test_an_impossible_checkpoint_is_not_encoded(bad: Checkpoint) -> None:
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.encode(bad)


LINE = NOTE.partition("\n\n")[2]
MUTATIONS: list[Callable[[str], str]] = [
    lambda note: "",
    lambda note: note[:-1],
    lambda note: note + "\n",
    lambda note: note + " ",
    lambda note: "\n" + note,
    lambda note: "\ufeff" + note,
    lambda note: note.replace("\n", "\r\n"),
    lambda note: note.replace("\n3\n", "\n4\n"),
    lambda note: note.replace("\u2014 ", "- "),
    lambda note: note.replace("\u2014 ", "\u2014"),
    lambda note: note.replace("\u2014 ", "\u2014  "),
    lambda note: note.replace("\n\n", "\n"),
    lambda note: note.replace("\n\n", "\n\n\n"),
    lambda note: note.replace(LINE, ""),
    lambda note: note.replace(LINE, "\u2014 x AAAA\n"),
    lambda note: note.replace(LINE, "\u2014 x AAAAAA==\n"),
    lambda note: note + "no signature line\n",
    lambda note: note + LINE.replace("\n", " \n"),
    lambda note: note + "\u2014 x+y AAAAAAAA\n",
    lambda note: note + "\u2014  AAAAAAAA\n",
    lambda note: note + "\u2014 x A-AAAAA_\n",
    lambda note: note + "\u2014 x AAAAAAB=\n",
    lambda note: note.replace("\n3", "\n3\t"),
    lambda note: note.replace("\n3", "\n3\x00"),
    lambda note: note + "\u2014 \ud800 AAAAAAAA\n",
    lambda note: note + "\u2014 x AAAAAAAA\n" * 100,
    lambda note: "x" * (1 << 20) + note,
    lambda note: "\u20ac" * (1 << 19) + note,
]


@pytest.mark.parametrize("number", range(len(MUTATIONS)))
def test_every_other_spelling_of_a_note_is_refused(number: int) -> None:
    assert refusal(MUTATIONS[number](NOTE)) is Problem.BAD_NOTE


@pytest.mark.parametrize(
    "line", ["x AAAAAAAA", "\u2014 x AAAA", "\u2014 x AAAAAA==", "\u2014 x", "\u2014 AAAAAAAA", ""]
)
def test_one_line_that_is_no_signature_spoils_a_note_that_is_signed(line: str) -> None:
    assert refusal(NOTE + line + "\n") is Problem.BAD_NOTE
    assert len(checkpoint.parse_note(NOTE + "\u2014 x AAAAAAA=\n").signatures) == 2


def test_signature_lines_without_a_text_are_no_note() -> None:
    with pytest.raises(ProtocolError) as caught:
        checkpoint.parse_note(LINE)
    assert caught.value.problem is Problem.BAD_NOTE


def test_a_note_has_at_most_100_signatures() -> None:
    full = NOTE + "\u2014 x AAAAAAAA\n" * 99
    assert len(checkpoint.parse_note(full).signatures) == 100
    assert refusal(full + "\u2014 x AAAAAAAA\n") is Problem.BAD_NOTE


@pytest.mark.parametrize("filling", ["x", "\u20ac"])
def test_a_note_has_at_most_a_mebibyte(filling: str) -> None:
    room = (1 << 20) - len(f"\n\n{LINE}".encode())
    each = len(filling.encode())
    text = filling * (room // each) + "x" * (room % each)
    assert len(checkpoint.parse_note(f"{text}\n\n{LINE}").text) == len(text) + 1
    with pytest.raises(ProtocolError) as caught:
        checkpoint.parse_note(f"x{text}\n\n{LINE}")
    assert caught.value.problem is Problem.BAD_NOTE


@given(st.integers(0, len(NOTE) - 1), st.sampled_from("\n +=/aAzZ09\u2014\u00e9\x7f"))
def test_one_changed_character_is_refused(at: int, other: str) -> None:
    changed = NOTE[:at] + other + NOTE[at + 1 :]
    if changed != NOTE:
        assert refusal(changed) is Problem.BAD_NOTE


@given(st.text(max_size=200))
def test_garbage_is_refused_and_nothing_else_is_raised(garbage: str) -> None:
    assert refusal(garbage) is Problem.BAD_NOTE
    assert refusal(garbage + NOTE[NOTE.index("\n\n") :]) is Problem.BAD_NOTE


def test_a_foreign_key_of_the_same_name_does_not_count() -> None:
    text = NOTE.partition("\n\n")[0] + "\n"
    impostor = note_key(ORIGIN, "another")
    assert refusal(signed(text, impostor)) is Problem.BAD_NOTE
    forged = Note(text, (Signature(ORIGIN, KEY.key_hash, impostor.sign(text.encode())),))
    assert refusal(forged.encode()) is Problem.BAD_NOTE


def test_a_checkpoint_of_another_origin_is_refused_though_signed() -> None:
    assert refusal(signed(f"other.test/log\n3\n{ROOT}\n")) is Problem.BAD_NOTE


def test_signatures_of_strangers_are_ignored_and_kept() -> None:
    stranger = note_key("stranger.test")
    both = checkpoint.sign_note(
        NOTE.partition("\n\n")[0] + "\n", [stranger.signer(), LOG.owner.signer()]
    )
    assert checkpoint.open_checkpoint(both, KEY, verify_ed25519).size == 3
    assert len(checkpoint.parse_note(both).signatures) == 2


def test_during_a_rotation_the_old_and_the_new_key_both_open_the_note() -> None:
    newer = note_key(ORIGIN, "newer")
    text = NOTE.partition("\n\n")[0] + "\n"
    note = checkpoint.sign_note(text, [LOG.owner.signer(), newer.signer()])
    for key in (KEY, newer.key()):
        assert checkpoint.open_checkpoint(note, key, verify_ed25519).size == 3


@pytest.mark.parametrize("text", ["no newline", "tab\there\n", "return\r\n", ""])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        signed(text)


def test_a_cosignature_says_when_and_stands_beside_the_logs_signature() -> None:
    key = WITNESS.key(COSIGNATURE)
    note = checkpoint.parse_note(NOTE)
    line = checkpoint.cosign(note.text, key, 1679315147, WITNESS.sign)
    cosigned = checkpoint.parse_note(note.add(line).encode())
    assert checkpoint.cosigned_at(cosigned, key, verify_ed25519) == 1679315147
    assert checkpoint.open_checkpoint(cosigned.encode(), KEY, verify_ed25519).size == 3
    raw = b64decode(cosigned.encode().split("\n")[-2].split(" ")[2])
    assert raw == key.key_hash + (1679315147).to_bytes(8, "big") + line.value[8:]
    message = b"cosignature/v1\ntime 1679315147\n" + note.text.encode()
    assert verify_ed25519(WITNESS.public, message, raw[12:])


def test_a_newer_cosignature_replaces_the_older() -> None:
    key = WITNESS.key(COSIGNATURE)
    note = checkpoint.parse_note(NOTE)
    for utc_s in (100, 200):
        note = note.add(checkpoint.cosign(note.text, key, utc_s, WITNESS.sign))
    assert len(note.signatures) == 2
    assert checkpoint.cosigned_at(note, key, verify_ed25519) == 200


def spoilt_cosignatures() -> list[Signature]:
    key = WITNESS.key(COSIGNATURE)
    text = checkpoint.parse_note(NOTE).text
    good = checkpoint.cosign(text, key, 100, WITNESS.sign)
    other = checkpoint.cosign(text.replace("\n3\n", "\n4\n"), key, 100, WITNESS.sign)
    late = checkpoint.cosign(text, key, 1 << 63, WITNESS.sign)
    values = [
        (101).to_bytes(8, "big") + good.value[8:],
        good.value[:-1],
        good.value + b"\x00",
        good.value[8:],
        other.value,
        late.value,
        bytes(8) + WITNESS.sign(text.encode()),
    ]
    spoilt = [Signature(key.name, key.key_hash, value) for value in values]
    return [*spoilt, Signature("witness.test/w2", key.key_hash, good.value)]


@pytest.mark.parametrize("signature", spoilt_cosignatures())
def test_a_spoilt_cosignature_is_refused(signature: Signature) -> None:
    note = checkpoint.parse_note(NOTE).add(signature)
    with pytest.raises(ProtocolError) as caught:
        checkpoint.cosigned_at(note, WITNESS.key(COSIGNATURE), verify_ed25519)
    assert caught.value.problem is Problem.BAD_NOTE


def test_a_plain_signature_is_no_cosignature_nor_the_other_way_round() -> None:
    note = checkpoint.parse_note(NOTE)
    text, plain, timed = note.text, WITNESS.key(), WITNESS.key(COSIGNATURE)
    cosignature = checkpoint.cosign(text, timed, 100, WITNESS.sign)
    swapped = note.add(Signature(timed.name, timed.key_hash, WITNESS.sign(text.encode())))
    swapped = swapped.add(Signature(plain.name, plain.key_hash, cosignature.value))
    with pytest.raises(ProtocolError):
        checkpoint.open_note(swapped.encode(), timed, verify_ed25519)
    with pytest.raises(ProtocolError):
        checkpoint.cosigned_at(swapped, plain, verify_ed25519)


@pytest.mark.parametrize("length", [1, 8, 71, 73])
def test_a_cosignature_of_another_length_never_reaches_the_verifier(length: int) -> None:
    key = WITNESS.key(COSIGNATURE)
    note = checkpoint.parse_note(NOTE).add(Signature(key.name, key.key_hash, bytes(length)))
    with pytest.raises(ProtocolError):
        checkpoint.cosigned_at(note, key, lambda *_: True)


def test_a_cosigners_key_opens_no_note_and_a_logs_key_makes_no_cosignature() -> None:
    text = checkpoint.parse_note(NOTE).text
    key = WITNESS.key(COSIGNATURE)
    cosigned = checkpoint.parse_note(NOTE).add(checkpoint.cosign(text, key, 1, WITNESS.sign))
    assert refusal(cosigned.encode(), key) is Problem.BAD_NOTE
    with pytest.raises(ValueError, match="cosignature"):
        checkpoint.cosign(text, WITNESS.key(), 1, WITNESS.sign)
    with pytest.raises(ValueError, match="cosign"):
        checkpoint.sign_note(text, [("a", COSIGNATURE, bytes(32), WITNESS.sign)])
