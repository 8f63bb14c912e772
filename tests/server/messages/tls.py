"""Real TLS on loopback: an authority of our own, and an other end that records what it gets."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Taker:
    """A TLS server that records one request and answers with what it was told."""

    def __init__(self, folder: Path, answer: bytes = b"") -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "host.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer, self.got = answer, b""
        self.dialled: list[str] = []

    def dial(self, address: str, _port: int) -> socket.socket:
        self.dialled.append(address)
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self.listener.accept()
            with self.context.wrap_socket(connection, server_side=True) as secured:
                self.talk(secured)

    def talk(self, secured: ssl.SSLSocket) -> None:
        while b"\r\n\r\n" not in self.got or not self._is_whole():
            piece = secured.recv(65536)
            if not piece:
                break
            self.got += piece
        secured.sendall(self.answer)

    def _is_whole(self) -> bool:
        head, _, body = self.got.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
        return len(body) >= length


class Mailbox(Taker):
    """A mail server that takes one message."""

    def talk(self, secured: ssl.SSLSocket) -> None:
        secured.sendall(b"220 ready\r\n")
        with secured.makefile("rb") as lines:
            for line in lines:
                self.got += line
                if not self._in_data(line):
                    secured.sendall(self._said(line))

    def _in_data(self, line: bytes) -> bool:
        """Between DATA and its lone dot nothing is answered."""
        return b"DATA\r\n" in self.got and b"\r\n.\r\n" not in self.got and line != b"DATA\r\n"

    def _said(self, line: bytes) -> bytes:
        word = line.strip().upper()
        return {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n")


def make_authority(folder: Path) -> None:
    """A certificate for hook.example.org and this machine, and the authority that vouches."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    names = x509.SubjectAlternativeName(
        [x509.DNSName("hook.example.org"), x509.DNSName("localhost"),
         x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36500))
        .add_extension(names, False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "host.pem").write_bytes(private + pem)
    (folder / "authority.pem").write_bytes(pem)


def taken(taker: Taker, carry: Callable[[], str]) -> str:
    """What a carrier says while the other end listens."""
    thread = threading.Thread(target=taker.serve)
    thread.start()
    try:
        return carry()
    finally:
        taker.listener.close()
        thread.join(20)
