"""The device key: made here, kept here, used on the sampling schedule only.

The default signer is python-ecdsa by RFC 6979, so that a bad random source at first boot cannot
leak the key, with low-S only; `agent.edges.openssl` is the other. Neither takes a key that others
may read, nor makes a second key where one is. Spec: docs/protocol.md, section Signatures.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from ecdsa import NIST256p, SigningKey, VerifyingKey
from ecdsa.curves import Ed25519
from ecdsa.errors import MalformedPointError
from ecdsa.keys import BadSignatureError
from ecdsa.util import sigencode_string_canonize

from agent.edges import files
from agent.exits import RefusedError
from protocol import cose

SIGNATURE_BYTES = 64
MAX_KEY_FILE_BYTES = 8_192


class KeyFileError(RefusedError):
    """The key file cannot be used as it is; the message says why and what to do."""


class Signer(Protocol):
    """One device key. Only the loop holds it; nothing remote can ask it for a signature."""

    @property
    def public(self) -> bytes:
        """The deterministic COSE_Key."""
        ...

    @property
    def kid(self) -> bytes:
        """First 8 bytes of SHA-256 over `public`."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return r || s, 64 bytes, low-S."""
        ...


class Maker(Protocol):
    """A kind of signer: how it opens the key's file, and makes one."""

    def load(self, path: Path) -> Signer:
        """Read the key file. KeyFileError if missing, foreign-readable or not a P-256 key."""
        ...

    def create(self, path: Path) -> Signer:
        """Make the device's key, 0600, all or nothing. Raises KeyFileError if there is one."""
        ...


class EcdsaSigner:
    """A P-256 key in memory. Its timing leaks (CVE-2024-23342) to whoever runs on this machine."""

    def __init__(self, key: SigningKey) -> None:
        """Take a P-256 key; see `load`, `create` and `from_seed`."""
        self._key = key
        xy: bytes = key.get_verifying_key().to_string()
        self._public = cose.encode_key(xy)
        self._kid = cose.key_id(self._public)

    @classmethod
    def load(cls, path: Path) -> EcdsaSigner:
        """Read the key file. KeyFileError if missing, foreign-readable or not a P-256 key."""
        return cls(_parse(path, read_private(path)))

    @classmethod
    def create(cls, path: Path) -> EcdsaSigner:
        """Make the device's key, 0600, all or nothing. Raises KeyFileError if there is one."""
        key = SigningKey.generate(curve=NIST256p)
        # SEC 1 form: what python-ecdsa writes as PKCS #8 is refused by the cryptography library
        keep_private(path, key.to_pem())
        return cls(key)

    @classmethod
    def from_seed(cls, seed: int) -> EcdsaSigner:
        """Make a key anybody can guess: for simulations, whose records say so."""
        digest = sha256(b"jagalchi simulation %d" % seed).digest()
        secret = int.from_bytes(digest[:31], "big") + 1
        return cls(SigningKey.from_secret_exponent(secret, NIST256p))

    @property
    def public(self) -> bytes:
        """The deterministic COSE_Key."""
        return self._public

    @property
    def kid(self) -> bytes:
        """First 8 bytes of SHA-256 over `public`."""
        return self._kid

    def sign(self, message: bytes) -> bytes:
        """Return r || s, 64 bytes, low-S; the nonce comes from key and message alone."""
        signature: bytes = self._key.sign_deterministic(
            message, hashfunc=sha256, sigencode=sigencode_string_canonize
        )
        return signature


def verify_es256(xy: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a P-256 key (64 bytes) signed `message` (r || s). False for anything malformed."""
    return _holds(_p256_key(xy), message, signature)


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 key (32 bytes) signed `message`. False for anything malformed."""
    return _holds(_ed25519_key(public), message, signature)


def _holds(key: VerifyingKey | None, message: bytes, signature: bytes) -> bool:
    if key is None or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        return bool(key.verify(signature, message, hashfunc=None if _is_edwards(key) else sha256))
    except (BadSignatureError, ValueError):
        return False


def _is_edwards(key: VerifyingKey) -> bool:
    return key.curve is Ed25519


@lru_cache(maxsize=8)
def _p256_key(xy: bytes) -> VerifyingKey | None:
    try:
        return VerifyingKey.from_string(xy, NIST256p, sha256, valid_encodings=("raw",))
    except (MalformedPointError, ValueError):
        return None


@lru_cache(maxsize=8)
def _ed25519_key(public: bytes) -> VerifyingKey | None:
    """The log's key verifies again and again: a table of 70 KiB makes that three times faster."""
    try:
        key = VerifyingKey.from_string(public, Ed25519)
        key.precompute(lazy=True)
    except (MalformedPointError, ValueError):
        return None
    return key


def keep_private(path: Path, pem: bytes) -> None:
    """Write a key's file, 0600, all or nothing. Raises KeyFileError, also if there is one."""
    try:
        files.create(path, pem)
    except FileExistsError:
        raise KeyFileError(f"{path}: there is a key already, and it is kept") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot write the key: {error.strerror}") from None


def read_private(path: Path) -> bytes:
    """The bytes of a key's file. Raises KeyFileError, also for one that others may read."""
    try:
        if files.readable_by_others(path):
            raise KeyFileError(f"{path}: others may read this key; run: chmod 600 {path}")
        with path.open("rb") as file:
            return file.read(MAX_KEY_FILE_BYTES)
    except FileNotFoundError:
        raise KeyFileError(f"{path}: no key here; run: jagalchi-agent enrol URL TOKEN") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot read the key: {error.strerror}") from None


def _parse(path: Path, pem: bytes) -> SigningKey:
    """Our own words for every way a file can fail to be a key; never a byte of it in a message."""
    try:
        key = SigningKey.from_pem(pem)
    except Exception:  # python-ecdsa has ten kinds of error for ten kinds of garbage
        raise KeyFileError(f"{path}: this is not a private key in PEM form") from None
    if key.curve != NIST256p:
        raise KeyFileError(f"{path}: this key is not on the curve P-256")
    return key
