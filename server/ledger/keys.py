"""The log's keys: made once, together, owner-only; and the one door for chance on the server.

`keys/` holds three Ed25519 pairs and Django's secret. The log key signs checkpoints. The recovery
key signs one thing only, the statement that names a lost log's successor, and belongs on paper or
on a stick in a safe. The configuration key signs what devices are told to do. A `.pub` file holds
the verifier key as text (C2SP signed-note), so a private half may be taken away.

It refuses to replace a key, and to use one that others may read. The directory appears by one
rename: a crash leaves all of it or none. Specification: docs/protocol.md, "Keys".
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from protocol.checkpoint import ED25519, LogKey, NoteSigner
from protocol.cose import Sign
from protocol.errors import ProtocolError

LOG, RECOVERY, CONFIG = "log", "recovery", "config"
SECRET = "secret"
MIN_SECRET = 32
SECRET_BYTES = 32


class KeyRefused(Exception):
    """Keys are missing, unreadable, exposed or misfitting; the text is for the operator."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What this log is known by, and the one signature that it makes by itself."""

    log: LogKey
    recovery: LogKey
    config: LogKey
    sign: Sign
    """Signs with the log key: message -> 64 bytes."""

    @property
    def origin(self) -> str:
        """The log's name, as in every checkpoint."""
        return self.log.name

    @property
    def signer(self) -> NoteSigner:
        """The log key as a signer of notes."""
        return NoteSigner(self.log.name, ED25519, self.log.public, self.sign)


def current() -> Keys:
    """The keys of this installation, read once per process. Raises KeyRefused."""
    return _read_once(settings.JAGALCHI.home / "keys")


def entropy(count: int) -> bytes:
    """``count`` bytes that nobody can guess."""
    return secrets.token_bytes(count)


def make_secret(path: Path) -> None:
    """Make a file of SECRET_BYTES random bytes, owner-only; whoever comes first makes it.

    It appears by one link of a synced file: a crash leaves all of it or none.
    """
    new = path.with_name(f".{path.name}.{entropy(8).hex()}")
    try:
        _write(new, entropy(SECRET_BYTES))
        path.hardlink_to(new)
        _sync(path.parent)
    except FileExistsError:
        return
    finally:
        new.unlink(missing_ok=True)


def read_secret(path: Path) -> bytes:
    """What `make_secret` wrote. Raises KeyRefused for a file that is exposed or damaged."""
    secret = _private_text(path)
    if len(secret) != SECRET_BYTES:
        raise KeyRefused(f"{path} is damaged: put a copy of it back")
    return secret


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` verifies under ``public`` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def create(directory: Path, origin: str = "") -> Keys:
    """Make all keys; an empty origin becomes one made from the log key, so that it is unique."""
    new = directory.with_name(directory.name + ".new")
    shutil.rmtree(new, ignore_errors=True)  # an earlier try that a crash cut short
    new.mkdir(mode=0o700, parents=True)
    pairs = {name: Ed25519PrivateKey.generate() for name in (LOG, RECOVERY, CONFIG)}
    origin = origin or "jagalchi.localhost/" + sha256(_public(pairs[LOG])).hexdigest()[:12]
    names = {LOG: origin, RECOVERY: f"{origin}/recovery", CONFIG: f"{origin}/config"}
    for name, pair in pairs.items():
        _write(new / f"{name}.key", _pem(pair))
        _write(new / f"{name}.pub", LogKey.of(names[name], _public(pair)).vkey.encode() + b"\n")
    _write(new / SECRET, secrets.token_urlsafe(50).encode())
    _sync(new)
    new.rename(directory)
    _sync(directory.parent)
    return read(directory)


def read(directory: Path) -> Keys:
    """Read the keys. Raises KeyRefused, naming the file and what to do."""
    if directory.stat().st_mode & 0o077:
        raise KeyRefused(f"{directory} is open to others: chmod 700 {directory}")
    pair, log = _private(directory / f"{LOG}.key"), _verifier(directory / f"{LOG}.pub")
    if _public(pair) != log.public:
        raise KeyRefused(f"{directory}/{LOG}.key and {LOG}.pub are not halves of one key")
    recovery, config = (_verifier(directory / f"{name}.pub") for name in (RECOVERY, CONFIG))
    secret = _private_text(directory / SECRET)
    if len(secret) < MIN_SECRET or not secret.isascii():
        raise KeyRefused(f"{directory / SECRET} is damaged: put a copy of it back")
    return Keys(log, recovery, config, pair.sign)


def private_signer(path: Path, public: LogKey) -> Sign:
    """Signs with the private key in that file, which must fit the public one. Raises KeyRefused."""
    pair = _private(path)
    if _public(pair) != public.public:
        raise KeyRefused(f"{path} is not the private half of {public.name}")
    return pair.sign


def public_half(path: Path, name: str) -> LogKey:
    """The public key, under this name, of the private key in that file. Raises KeyRefused."""
    return LogKey.of(name, _public(_private(path)))


def verifier(path: Path) -> LogKey:
    """The public key in that file. Raises KeyRefused."""
    return _verifier(path)


def recovery_is_online(directory: Path) -> bool:
    """Whether the private recovery key still lies beside the log that it is to outlive."""
    return (directory / f"{RECOVERY}.key").exists()


@lru_cache(maxsize=4)
def _read_once(directory: Path) -> Keys:
    return read(directory)


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(_private_text(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyRefused(f"{path} is not an unencrypted PEM key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{path} is not an Ed25519 key")
    return key


def _private_text(path: Path) -> bytes:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise KeyRefused(f"{path} may be read by others (mode {mode:04o}): chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise KeyRefused(f"{path} cannot be read: {error.strerror}") from None


def _verifier(path: Path) -> LogKey:
    try:
        return LogKey.parse(path.read_text("utf-8").strip())
    except OSError as error:
        raise KeyRefused(f"{path} cannot be read: {error.strerror}") from None
    except (ProtocolError, UnicodeDecodeError):
        raise KeyRefused(f"{path} is not a verifier key") from None


def _public(pair: Ed25519PrivateKey) -> bytes:
    return pair.public_key().public_bytes_raw()


def _pem(pair: Ed25519PrivateKey) -> bytes:
    return pair.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
