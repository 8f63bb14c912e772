"""The device key: RFC 6979 and low-S, whole or absent on disk, and for its owner only.

One suite for both signers: what one has made the other reads, and they sign the same bytes.
"""

from __future__ import annotations

import ast
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from ecdsa import NIST256p, NIST384p, SigningKey
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.edges import files
from agent.edges.keys import MAKERS
from agent.edges.openssl import OpensslSigner
from agent.edges.signer import (
    EcdsaSigner,
    KeyFileError,
    Maker,
    Signer,
    verify_ed25519,
    verify_es256,
)
from agent.settings import SignerKind
from protocol import cose
from tests.tidy.source import product

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RFC6979_KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC6979 = {  # A.2.5, P-256 with SHA-256: message -> r, s as printed (s may be the high one)
    b"sample": (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    b"test": (
        0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
        0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
    ),
}


def _split(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _xy(signer: Signer) -> bytes:
    return cose.decode_key(signer.public)


@pytest.fixture(params=SignerKind)
def maker(request: pytest.FixtureRequest) -> Maker:
    return MAKERS[request.param]


def _with_secret(kind: SignerKind, secret: int) -> Signer:
    if kind is SignerKind.OPENSSL:
        return OpensslSigner(ec.derive_private_key(secret, ec.SECP256R1()))
    return EcdsaSigner(SigningKey.from_secret_exponent(secret, NIST256p))


@pytest.mark.parametrize("kind", SignerKind)
@pytest.mark.parametrize("message", RFC6979)
def test_signatures_are_those_of_rfc_6979_with_the_low_s(message: bytes, kind: SignerKind) -> None:
    signer = _with_secret(kind, RFC6979_KEY)
    r, s = RFC6979[message]
    assert _split(signer.sign(message)) == (r, min(s, ORDER - s))


@settings(max_examples=20)
@given(st.integers(1, ORDER - 1), st.binary(max_size=64))
def test_both_signers_have_the_same_public_key_and_sign_the_same_bytes(
    secret: int, message: bytes
) -> None:
    one, other = (_with_secret(kind, secret) for kind in SignerKind)
    assert (one.public, one.kid) == (other.public, other.kid)
    assert one.sign(message) == other.sign(message)


def test_what_one_signer_has_made_the_other_reads(tmp_path: Path) -> None:
    for kind, made in MAKERS.items():
        path = tmp_path / kind
        signed = made.create(path).sign(b"m")
        assert [read.load(path).sign(b"m") for read in MAKERS.values()] == [signed] * len(MAKERS)


def test_nothing_signs_but_the_sampling_loop_and_enrolment() -> None:
    """No question, answer or command reaches a signature by another way; the note rests on this."""
    signing = {
        source.path
        for source in product()
        for node in ast.walk(source.tree)
        if source.path.startswith("agent/") and isinstance(node, ast.Attribute)
        if node.attr in ("sign", "sign_deterministic")
    }
    mine = {"agent/edges/openssl.py", "agent/edges/signer.py"}
    assert signing - mine == {"agent/edges/enrolment.py", "agent/edges/sealer.py"}


EC = "cryptography.hazmat.primitives.asymmetric.ec"


def _without_the_extra(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, EC, None)


def _with_debians_own_of_2022(patch: pytest.MonkeyPatch) -> None:
    """cryptography 38 takes one argument."""
    patch.setattr(ec, "ECDSA", lambda algorithm: algorithm)


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        (_without_the_extra, r"not installed: pip install 'jagalchi\[openssl\]'"),
        (_with_debians_own_of_2022, "wants OpenSSL 3.2 or later with cryptography 43"),
    ],
)
def test_what_openssl_lacks_is_said_and_no_other_signer_takes_its_place(
    lacking: Callable[[pytest.MonkeyPatch], None],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lacking(monkeypatch)
    for open_key in (OpensslSigner.create, OpensslSigner.load):
        with pytest.raises(KeyFileError, match=told):
            open_key(tmp_path / "device.key")
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=20)
@given(st.binary(max_size=64))
def test_openssl_accepts_every_signature_and_s_is_never_high(message: bytes) -> None:
    signer = EcdsaSigner.from_seed(7)
    public = ec.EllipticCurvePublicNumbers(
        int.from_bytes(_xy(signer)[:32], "big"),
        int.from_bytes(_xy(signer)[32:], "big"),
        ec.SECP256R1(),
    ).public_key()
    r, s = _split(signer.sign(message))
    assert s <= ORDER // 2
    public.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))


def test_a_created_key_is_whole_private_and_the_same_when_loaded(
    tmp_path: Path, maker: Maker
) -> None:
    path = tmp_path / "device.key"
    made = maker.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert maker.load(path).public == made.public
    pem = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(pem, ec.EllipticCurvePrivateKey)


def test_there_is_never_a_second_key(tmp_path: Path, maker: Maker) -> None:
    path = tmp_path / "device.key"
    before = maker.create(path).public
    with pytest.raises(KeyFileError, match="there is a key already"):
        maker.create(path)
    assert maker.load(path).public == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_left_over_of_a_power_cut_does_not_hinder_the_next_try(
    tmp_path: Path, maker: Maker
) -> None:
    (tmp_path / "device.key.new").write_bytes(b"half a k")
    maker.create(tmp_path / "device.key")
    assert [path.name for path in tmp_path.iterdir()] == ["device.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int, maker: Maker) -> None:
    path = tmp_path / "device.key"
    maker.create(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        maker.load(path)


def test_a_missing_key_says_how_to_get_one(tmp_path: Path, maker: Maker) -> None:
    with pytest.raises(KeyFileError, match="jagalchi-agent enrol"):
        maker.load(tmp_path / "device.key")


def _pems() -> list[bytes]:
    good = SigningKey.generate(NIST256p).to_pem(format="pkcs8")
    other = SigningKey.generate(NIST384p).to_pem(format="pkcs8")
    return [b"", b"no key", good[:80], good.replace(b"PRIVATE", b"PUBLIC"), other, bytes(9_000)]


@pytest.mark.parametrize("content", _pems())
def test_what_is_no_p256_key_is_refused_without_showing_it(
    tmp_path: Path, content: bytes, maker: Maker
) -> None:
    path = tmp_path / "device.key"
    files.create(path, content)
    with pytest.raises(KeyFileError) as caught:
        maker.load(path)
    assert str(caught.value).startswith(f"{path}: this ")
    assert len(str(caught.value)) < len(str(path)) + 60


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, maker: Maker) -> None:
    with pytest.raises(KeyFileError, match="cannot write the key"):
        maker.create(tmp_path / "absent" / "device.key")


def test_replacing_a_file_leaves_no_trace_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "enrolment.cbor"
    files.replace(path, b"one")
    files.replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["enrolment.cbor"]  # noqa: PTH208 - names only
    assert not files.readable_by_others(path)


def test_es256_verification_accepts_the_right_and_nothing_else() -> None:
    signer = EcdsaSigner.from_seed(1)
    xy, signature = _xy(signer), signer.sign(b"m")
    assert verify_es256(xy, b"m", signature)
    flipped = bytes([signature[0] ^ 1]) + signature[1:]
    for bad in (
        (xy, b"n", signature),
        (xy, b"m", flipped),
        (xy, b"m", signature[:-1]),
        (xy, b"m", bytes(64)),
        (xy, b"m", b"\xff" * 64),
        (bytes(64), b"m", signature),
        (xy[:-1], b"m", signature),
        (_xy(EcdsaSigner.from_seed(2)), b"m", signature),
    ):
        assert not verify_es256(*bad)


def test_ed25519_verification_agrees_with_openssl() -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"note")
    assert verify_ed25519(public, b"note", signature)
    flipped = signature[:40] + bytes([signature[40] ^ 4]) + signature[41:]
    for bad in (
        (public, b"etoN", signature),
        (public, b"note", flipped),
        (public, b"note", b""),
        (public[:-1], b"note", signature),
        (b"\x02" + bytes(31), b"note", signature),
    ):
        assert not verify_ed25519(*bad)
    with pytest.raises(InvalidSignature):
        key.public_key().verify(flipped, b"note")
