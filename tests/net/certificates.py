"""Certificates for a day: an authority of our own, and leaves right or wrong in one way."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Leaf:
    """What a server's certificate says; valid from and until so many days from now."""

    host: str = HERE
    begins: float = -1
    ends: float = 1


class Authority:
    """Signs leaves; its own certificate lies in `path`."""

    def __init__(self, folder: Path, name: str = "ours") -> None:
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._made = _certificate(name, self._key, name, self._key, Leaf())
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(_pem(self._made))

    def server(self, leaf: Leaf) -> ssl.SSLContext:
        """What a server with such a certificate speaks with."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate("server", key, self._name, self._key, leaf)
        return self._context(made, key)

    def alone(self, leaf: Leaf) -> ssl.SSLContext:
        """The same, but signed by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._context(_certificate("server", key, "server", key, leaf), key)

    def _context(
        self, made: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> ssl.SSLContext:
        both = self._folder / "server.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        both.write_bytes(_pem(made) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    leaf: Leaf,
) -> x509.Certificate:
    is_authority = subject == issuer and subject != "server"
    host: x509.GeneralName = x509.DNSName(leaf.host)
    if leaf.host == HERE:
        host = x509.IPAddress(ipaddress.ip_address(leaf.host))
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + leaf.begins * DAY)
        .not_valid_after(NOW + leaf.ends * DAY)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
    )
    return builder.sign(signer, SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)
