"""Checkpoints: what a log signs, exactly as C2SP publishes it.

A checkpoint is a text of three lines (origin, size, root) inside a *signed note*; a witness adds a
*cosignature*, which carries its own time. The formats are those of c2sp.org/signed-note,
c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature, so any tool that reads them reads ours;
tiles are in ``tiles.py``.

It refuses to sign or verify by itself: signing and verifying functions are passed in. It refuses
every second spelling of the same note: loose base64, leading zeros, control characters.
Specification: docs/protocol.md, section "The log as published".
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import NamedTuple

from protocol.cbor import MAX_INT
from protocol.cose import Sign, Verify
from protocol.errors import Problem, ProtocolError
from protocol.merkle import HASH_SIZE

ED25519 = 1
"""Signature type of a log's own signature over the text."""

COSIGNATURE = 4
"""Signature type of a witness's cosignature/v1."""

MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 100

_KEY_SIZE = 32
_SIGNATURE_SIZE = 64
_TIME_SIZE = 8
_ID_SIZE = 4
_LINE_START = "\u2014 "
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: ``size`` leaves whose root is ``root`` (32 bytes)."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class LogKey:
    """A verifier key: whose it is, its 32 public bytes, and the 4-byte id notes name it by."""

    name: str
    public: bytes
    key_hash: bytes
    algorithm: int = ED25519

    @classmethod
    def of(cls, name: str, public: bytes, algorithm: int = ED25519) -> LogKey:
        """Make the key, computing its id. Raises ValueError for a name that no note can bear."""
        if not _is_name(name) or len(public) != _KEY_SIZE:
            raise ValueError(f"not a key: name {name!r}, {len(public)} bytes")
        return cls(name, public, _key_hash(name, public, algorithm), algorithm)

    @classmethod
    def parse(cls, vkey: str) -> LogKey:
        """Read ``name+id+base64``. Raises ProtocolError BAD_NOTE, also when the id does not fit."""
        match = _VKEY.fullmatch(vkey)
        raw = _unbase64(match[3]) if match else b""
        if not match or len(raw) != 1 + _KEY_SIZE or raw[0] not in (ED25519, COSIGNATURE):
            raise _bad("not a verifier key")
        if not _is_name(match[1]):
            raise _bad("a verifier key's name holds a space or a control character")
        key = cls.of(match[1], raw[1:], raw[0])
        if key.key_hash.hex() != match[2]:
            raise _bad("the verifier key's id does not fit the key")
        return key

    @property
    def vkey(self) -> str:
        """The key as text: ``name+id+base64(type and public bytes)``."""
        public = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_hash.hex()}+{public}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name and id, and the bytes the key's type gives them."""

    name: str
    key_hash: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its signature lines, none of them verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        """The note as published."""
        return self.text + "\n" + "".join(map(_encode_line, self.signatures))

    def add(self, signature: Signature) -> Note:
        """The note with one more signature, replacing an older one by the same key."""
        kept = [s for s in self.signatures if not _same_key(s, signature)]
        return replace(self, signatures=(*kept, signature))


class NoteSigner(NamedTuple):
    """Somebody who signs notes; a plain tuple of the same shape does as well."""

    name: str
    algorithm: int
    public: bytes
    sign: Sign


def encode(checkpoint: Checkpoint) -> str:
    """The checkpoint's text, ending with a newline. Raises ValueError for an impossible one."""
    origin, size, root = checkpoint.origin, checkpoint.size, checkpoint.root
    if not origin or "\n" in origin or not 0 <= size <= MAX_INT or len(root) != HASH_SIZE:
        raise ValueError(f"not a checkpoint: {checkpoint}")
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def parse_text(text: str) -> Checkpoint:
    """Read a checkpoint's text; extension lines are allowed and ignored. Raises BAD_NOTE."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise _bad("a checkpoint needs origin, size and root, each on its line")
    origin, size, root = lines[0], lines[1], _unbase64(lines[2])
    if not _SIZE.fullmatch(size) or int(size) > MAX_INT:
        raise _bad("the size is not a number")
    if len(root) != HASH_SIZE:
        raise _bad("the root is not 32 bytes")
    return Checkpoint(origin, int(size), root)


def sign_note(text: str, signers: Iterable[tuple[str, int, bytes, Sign]]) -> str:
    """Sign ``text`` with every (name, ED25519, public, sign) and return the note."""
    message = _message(text)
    note = Note(text, ())
    for name, algorithm, public, sign in signers:
        if algorithm != ED25519:
            raise ValueError("a cosignature carries a time: use cosign()")
        key = LogKey.of(name, public)
        note = note.add(Signature(name, key.key_hash, sign(message)))
    return note.encode()


def parse_note(note: str) -> Note:
    """Split a note into its text and signature lines, verifying nothing. Raises BAD_NOTE."""
    if len(note) > MAX_NOTE_BYTES or len(_utf8(note)) > MAX_NOTE_BYTES:
        raise _bad("the note is too large")
    if _CONTROL.search(note):
        raise _bad("the note holds a control character")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or lines.count("\n") > MAX_SIGNATURES:
        raise _bad("a note is a text, an empty line and up to 100 signature lines")
    return Note(text + "\n", tuple(map(_parse_line, lines[:-1].split("\n"))))


def open_note(note: str, key: LogKey, verify: Verify) -> Note:
    """Parse a note and verify that ``key`` signed its text. Raises BAD_NOTE."""
    parsed = parse_note(note)
    signature = _find(parsed, key)
    if key.algorithm != ED25519 or not verify(key.public, _utf8(parsed.text), signature):
        raise _bad(f"the signature of {key.name} does not verify")
    return parsed


def open_checkpoint(note: str, key: LogKey, verify: Verify) -> Checkpoint:
    """The checkpoint that the log ``key`` signed; its origin must be the key's name.

    Raises ProtocolError BAD_NOTE for anything else, an unsigned or foreign note included.
    """
    checkpoint = parse_text(open_note(note, key, verify).text)
    if checkpoint.origin != key.name:
        raise _bad(f"{key.name} signed a checkpoint of {checkpoint.origin}")
    return checkpoint


def cosign(text: str, key: LogKey, utc_s: int, sign: Sign) -> Signature:
    """Cosign a checkpoint's text at ``utc_s`` seconds; add it to the note with ``Note.add``."""
    if key.algorithm != COSIGNATURE:
        raise ValueError("a witness's key has the type of a cosignature")
    value = utc_s.to_bytes(_TIME_SIZE, "big") + sign(_cosigned(_message(text), utc_s))
    return Signature(key.name, key.key_hash, value)


def cosigned_at(note: Note, key: LogKey, verify: Verify) -> int:
    """When the witness ``key`` cosigned ``note``, in UTC seconds. Raises BAD_NOTE if it did not."""
    value = _find(note, key)
    if key.algorithm != COSIGNATURE or len(value) != _TIME_SIZE + _SIGNATURE_SIZE:
        raise _bad(f"{key.name} left no cosignature")
    utc_s = int.from_bytes(value[:_TIME_SIZE], "big")
    message = _cosigned(_utf8(note.text), utc_s)
    if utc_s >= 1 << 63 or not verify(key.public, message, value[_TIME_SIZE:]):
        raise _bad(f"the cosignature of {key.name} does not verify")
    return utc_s


def _cosigned(message: bytes, utc_s: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % utc_s + message


def _find(note: Note, key: LogKey) -> bytes:
    """The first signature under that name and id: later ones by the same key count for nothing."""
    for signature in note.signatures:
        if signature.name == key.name and signature.key_hash == key.key_hash:
            return signature.value
    raise _bad(f"the note is not signed by {key.name}")


def _same_key(one: Signature, other: Signature) -> bool:
    return (one.name, one.key_hash) == (other.name, other.key_hash)


def _encode_line(signature: Signature) -> str:
    encoded = b64encode(signature.key_hash + signature.value).decode()
    return f"{_LINE_START}{signature.name} {encoded}\n"


def _parse_line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_LINE_START).partition(" ")
    raw = _unbase64(encoded)
    if not line.startswith(_LINE_START) or not space or not _is_name(name) or len(raw) <= _ID_SIZE:
        raise _bad("a signature line is not a dash, a name and base64")
    return Signature(name, raw[:_ID_SIZE], raw[_ID_SIZE:])


def _key_hash(name: str, public: bytes, algorithm: int) -> bytes:
    return sha256(_utf8(name) + b"\n" + bytes([algorithm]) + public).digest()[:_ID_SIZE]


def _is_name(name: str) -> bool:
    return bool(name) and not any(c.isspace() or c == "+" or c < " " for c in name)


def _message(text: str) -> bytes:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("a note's text ends with a newline and holds no other control character")
    return text.encode()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise _bad("the note is not UTF-8") from None


def _unbase64(text: str) -> bytes:
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raise _bad("not base64") from None
    # The decoder forgives stray bits in the last character: one note would have many spellings.
    if b64encode(raw).decode() != text:
        raise _bad("not base64 in its one spelling")
    return raw


def _bad(detail: str) -> ProtocolError:
    return ProtocolError(Problem.BAD_NOTE, detail)
