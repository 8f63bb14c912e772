"""The device key in OpenSSL's hands: constant-time signing, for whoever minds who stands beside it.

Same file, same curve, same RFC 6979 and low-S as `EcdsaSigner`, so either reads what the other has
made and signs the very same bytes. It wants the extra `openssl`, imports it when a key is opened,
and refuses, rather than sign by another rule, where the library is missing or cannot derive its
nonce from the message. Spec: docs/protocol.md, section Signatures; SECURITY.md says when to choose
it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.edges.signer import KeyFileError, keep_private, read_private
from protocol import cose

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey

EXTRA = "pip install 'jagalchi[openssl]'"
OPENSSL_WANTED = "OpenSSL 3.2 or later with cryptography 43 or later"


class OpensslSigner:
    """A P-256 key in memory that OpenSSL signs with."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        """Take a P-256 key; see `load` and `create`. Raises KeyFileError where OpenSSL is old."""
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        self._key, self._es256, self._decode = key, _deterministic(), decode_dss_signature
        numbers = key.public_key().public_numbers()
        self._public = cose.encode_key(_two(numbers.x, numbers.y))
        self._kid = cose.key_id(self._public)

    @classmethod
    def load(cls, path: Path) -> OpensslSigner:
        """Read the key file. KeyFileError as `EcdsaSigner.load`, and without the extra."""
        insist()
        return cls(_parse(path, read_private(path)))

    @classmethod
    def create(cls, path: Path) -> OpensslSigner:
        """Make the device's key, 0600, all or nothing. Raises KeyFileError if there is one."""
        insist()
        from cryptography.hazmat.primitives import serialization as forms
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        sec1 = forms.PrivateFormat.TraditionalOpenSSL
        signer = cls(key)
        keep_private(
            path, key.private_bytes(forms.Encoding.PEM, sec1, forms.NoEncryption())
        )
        return signer

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
        return cose.low_s(_two(*self._decode(self._key.sign(message, self._es256))))


def insist() -> None:
    """Raise KeyFileError where this signer cannot work, with what to install."""
    try:
        import cryptography.hazmat.primitives.asymmetric.ec  # noqa: F401
    except ImportError:
        raise KeyFileError(
            f'agent.signer = "openssl": the Python package cryptography is not installed: {EXTRA}'
            ' (by the installer: wheels made with EXTRAS=openssl), or set signer = "ecdsa"'
        ) from None
    _deterministic()


def is_missing() -> bool:
    """Whether this machine cannot sign by OpenSSL."""
    try:
        insist()
    except KeyFileError:
        return True
    return False


def _deterministic() -> ECDSA:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        return ec.ECDSA(SHA256(), deterministic_signing=True)
    except (TypeError, UnsupportedAlgorithm):
        raise KeyFileError(
            f'agent.signer = "openssl" wants {OPENSSL_WANTED}, for RFC 6979; or set'
            ' signer = "ecdsa"'
        ) from None


def _parse(path: Path, pem: bytes) -> EllipticCurvePrivateKey:
    """Our own words for every way a file can fail to be a key; never a byte of it in a message."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFileError(f"{path}: this is not a private key in PEM form") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise KeyFileError(f"{path}: this key is not on the curve P-256")
    return key


def _two(left: int, right: int) -> bytes:
    return left.to_bytes(32, "big") + right.to_bytes(32, "big")
