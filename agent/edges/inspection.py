"""The commissioning test of what is on the card and who is at the other end. Reads; never writes.

Key, enrolment, server and chain: each is looked at as the agent would find it, and what is wrong
becomes a finding, never an exception. It signs nothing and ships nothing: of the server it asks the
newest checkpoint, which everybody may ask for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from agent.core.finding import Finding, Grade, command, good
from agent.edges import contents, enrolment, openssl, rows
from agent.edges.courier import LinkLost, Transport
from agent.edges.enrolment import Enrolment, NotEnrolledError
from agent.edges.keys import KeyFiles
from agent.edges.lookout import NoOutboxError, believed, reading
from agent.edges.signer import KeyFileError, Signer, verify_ed25519, verify_es256
from agent.settings import Settings, SignerKind
from protocol import cose, record
from protocol.checkpoint import LogKey, open_checkpoint
from protocol.errors import ProtocolError
from protocol.record import Sealed
from protocol.registry import Text
from protocol.span import Span

LOOKED_AT = 500
"""Records of the newest run whose joints are checked; of the last few the signature too."""
VERIFIED = 20
DEADLINE_S = 10.0
SIGNERS = {
    SignerKind.ECDSA: Text("signs in pure Python", "파이썬으로 서명"),
    SignerKind.OPENSSL: Text("signs by OpenSSL", "OpenSSL로 서명"),
}
ENROL = command("sudo jagalchi-agent enrol URL TOKEN")
EXPORT = command("sudo jagalchi-agent export --to /media/usb")


def identity(settings: Settings) -> tuple[Enrolment | None, Signer | None, list[Finding]]:
    """Who this device is, as far as can be read, and what is wrong with that."""
    try:
        enrolled = enrolment.load(settings)
    except NotEnrolledError as error:
        return None, None, [_failed("enrolment", str(error), "등록되지 않음", ENROL)]
    device = enrolled.answer.device
    found = [good("enrolment", f"{device} at {enrolled.url}", f"{device}, {enrolled.url}")]
    try:
        signer = KeyFiles.of(settings, device).load()
    except KeyFileError as error:
        return enrolled, None, [*found, _unusable(settings, error)]
    kid, by = signer.kid.hex(), SIGNERS[settings.signer]
    return enrolled, signer, [*found, good("key", f"{kid}, {by.en}", f"{kid}, {by.ko}")]


def _unusable(settings: Settings, error: KeyFileError) -> Finding:
    """The file, or the library that shall sign with it."""
    if settings.signer is SignerKind.OPENSSL and openssl.is_missing():
        return _failed("key", str(error), "서명 라이브러리(OpenSSL)가 없음", command(openssl.EXTRA))
    mend = command(f"sudo ls -l {settings.key_path.parent}")
    return _failed("key", str(error), "키를 쓸 수 없음", mend)


def server(vkey: str, transport: Transport) -> Iterator[Finding]:
    """Whether the log is there and signs with the key that is believed. No network is a warning."""
    try:
        response = transport.send("GET", "/checkpoint", b"", DEADLINE_S)
    except LinkLost as lost:
        mend = Text("check SIM, antenna and APN", "SIM, 안테나, APN을 확인하세요")
        seen = Text(f"not reached ({lost}); records are kept", "연결되지 않음; 기록은 보관됨")
        yield Finding("server", Grade.WARNING, seen, mend)
        return
    try:
        key = LogKey.parse(vkey)
        seen_log = open_checkpoint(response.body.decode("utf-8", "replace"), key, verify_ed25519)
    except ProtocolError:
        mend = Text(
            "is there a login page between? else call the operator",
            "로그인 화면이 끼어 있는지 확인하고, 아니면 운영자에게 연락하세요",
        )
        told = f"HTTP {response.status}: not our log's answer"
        yield _failed("server", told, f"HTTP {response.status}: 우리 로그의 응답이 아님", mend)
        return
    count = seen_log.size
    yield good("server", f"signs {count} entries", f"항목 {count}개에 서명함")


def chain(sealed: Sequence[bytes], signer: Signer | None) -> Iterator[Finding]:
    """Whether the newest records follow each other and are signed by this device's key."""
    if not sealed:
        mend = command("sudo systemctl start jagalchi-agent")
        yield Finding("chain", Grade.WARNING, Text("no records yet", "아직 기록 없음"), mend)
        return
    try:
        span = Span.open(sealed)
        signed = _signed(span.records[-VERIFIED:], signer)
    except ProtocolError as error:
        yield _failed("chain", f"broken: {error}", f"이어지지 않음: {error.problem.value}", EXPORT)
        return
    checked = f"{len(sealed)}/{signed}"
    yield good("chain", f"{checked} records follow/are signed", f"{checked}건 연결/서명 확인")


def at_rest(settings: Settings, enrolled: Enrolment) -> tuple[str, list[bytes]]:
    """The verifier key of the log that is believed, and the newest records, read from the card."""
    try:
        with reading(settings.outbox_path) as sql:
            return believed(sql, enrolled.answer).vkey, _newest_run(sql)
    except NoOutboxError:
        return enrolled.answer.log_vkey, []


def _newest_run(sql: sqlite3.Connection) -> list[bytes]:
    last = rows.newest(sql)
    for shelf in contents.shelves(sql).values():
        if last is not None and shelf.epoch == last.epoch:
            first = max(0, shelf.last - LOOKED_AT + 1)
            return [one for _, _, one in rows.between(sql, shelf.number, first, shelf.last)]
    return []


def _signed(records: Sequence[Sealed], signer: Signer | None) -> int:
    """How many of them are signed by this key. Raises ProtocolError for one that only seems so."""
    if signer is None:
        return 0
    mine = [one for one in records if one.kid == signer.kid]
    xy = cose.decode_key(signer.public)
    for one in mine:
        record.verify(one, xy, verify_es256)
    return len(mine)


def _failed(part: str, en: str, ko: str, mend: Text) -> Finding:
    return Finding(part, Grade.FAILED, Text(en, ko), mend)
