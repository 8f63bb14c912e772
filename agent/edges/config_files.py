"""The files of a configuration: the last good document, and what is going on beside it.

`config.good` is the document that was confirmed last, as it was signed. `config.state` holds the
one on trial, how often that was begun, and the newest decision. Each step is one rename, the good
document's first, so a power cut leaves a state that the next start knows how to go on from:

| config.good | config.state | the next start |
|---|---|---|
| none | none or unreadable | goes by the device's own settings |
| old | a trial | begins the trial again, or gives it up |
| new | a trial of the same | takes it as confirmed |
| unreadable | anything | goes by the device's own settings; the trial goes on |

They lie in the state directory and never in the outbox. Nothing here raises for what it finds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.core.trial import MOST_STARTS, Book, Standing, mended
from agent.edges import files
from protocol import cbor, configuration, fields
from protocol.checkpoint import LogKey
from protocol.configuration import MAX_BYTES, Signed
from protocol.cose import Verify
from protocol.errors import ProtocolError
from protocol.settable import Stage, Why

VERSION: Final = 1
DIGEST: Final = 32
MOST_BYTES: Final = MAX_BYTES + 512
_STAGES: Final = fields.codes(Stage)
_WHYS: Final = fields.codes(Why)


@dataclass(frozen=True, slots=True)
class Found:
    """What lies there; `damaged`: something does that cannot be read."""

    book: Book
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """See the module's text. Only what `key` has signed for `device` is ever handed out."""

    folder: Path
    device: str
    key: LogKey
    verify: Verify

    def read(self) -> Found:
        """Everything that lies there and can be read."""
        good, bad_good = self._good()
        kept, bad_state = self._state()
        book = Book(good, kept.trial, kept.starts, kept.newest)
        return Found(mended(book), damaged=bad_good or bad_state)

    def write(self, book: Book) -> None:
        """Make the book durable. Raises OSError: what lay there before, or half of the step."""
        good = book.good.raw if book.good else None
        if good is not None and good != _bytes(self._path("good")):
            files.replace(self._path("good"), good)
        files.replace(self._path("state"), _encoded(book))

    def _good(self) -> tuple[Signed | None, bool]:
        raw = _bytes(self._path("good"))
        if raw is None:
            return None, self._path("good").exists()
        good = self._opened(raw)
        return good, good is None

    def _state(self) -> tuple[Book, bool]:
        raw = _bytes(self._path("state"))
        if raw is None:
            return Book(), self._path("state").exists()
        try:
            return self._decoded(raw), False
        except ProtocolError:
            return Book(), True

    def _decoded(self, raw: bytes) -> Book:
        body, digest = raw[:-DIGEST], raw[-DIGEST:]
        if hashlib.sha256(body).digest() != digest:
            raise fields.malformed("the state has another digest")
        row = fields.row(cbor.decode(body, max_bytes=MOST_BYTES), 4, "state")
        fields.integer(row[0], VERSION, VERSION, "version")
        starts = fields.integer(row[1], 0, MOST_STARTS, "starts")
        trial = None if row[2] is None else fields.some_octets(row[2], MAX_BYTES, "trial")
        newest = None if row[3] is None else _standing(row[3])
        return Book(None, self._opened(trial) if trial else None, starts, newest)

    def _opened(self, raw: bytes) -> Signed | None:
        """A document that is ours; whatever else lies there is none."""
        try:
            found = configuration.open_signed(raw, self.key, self.verify)
        except ProtocolError:
            return None
        return found if found.content.device == self.device else None

    def _path(self, name: str) -> Path:
        return self.folder / f"config.{name}"


def _bytes(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError:
        return None


def _encoded(book: Book) -> bytes:
    trial, newest = book.trial, book.newest
    body = cbor.encode(
        [
            VERSION,
            book.starts,
            trial.raw if trial else None,
            [newest.version, newest.digest, int(newest.stage), newest.why and int(newest.why)]
            if newest
            else None,
        ]
    )
    return body + hashlib.sha256(body).digest()


def _standing(value: object) -> Standing:
    version, digest, stage, why = fields.row(value, 4, "standing")
    return Standing(
        fields.code(_STAGES, stage, "stage"),
        fields.octets(digest, DIGEST, "digest"),
        fields.integer(version, 1, fields.U32, "version"),
        None if why is None else fields.code(_WHYS, why, "why"),
    )
