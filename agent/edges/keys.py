"""The device's key files: the key in use, the next one while a rotation is under way, the first.

`device.key` signs. `device.key.next` is a wish: it was made here by `rotate`, and takes over when
the log has proved the record that introduces it. `device.first` is the public half that the device
is named after, kept from the first rotation on. Every step is one rename, so a power cut leaves:

| device.key | .next | what the next start does |
|---|---|---|
| old | none | goes on under the old key |
| old | new | seals the rotation, or waits for its proof, or takes the new key into use |
| new | none | opens its epoch under the new key |

It refuses to make a key where one is, and a key whose place in the device's life it cannot tell.
Spec: docs/protocol.md, section "Enrolment, rotation, revocation".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.edges import files
from agent.edges.openssl import OpensslSigner
from agent.edges.signer import EcdsaSigner, KeyFileError, Maker, Signer
from agent.settings import Settings, SignerKind
from protocol import cose

NEXT = ".next"
FIRST = "device.first"
MAKERS: Mapping[SignerKind, Maker] = {
    SignerKind.ECDSA: EcdsaSigner,
    SignerKind.OPENSSL: OpensslSigner,
}


class Heirs(Protocol):
    """Where the loop looks for a key that shall take over."""

    def heir(self) -> Signer | None:
        """The next key, None while none is wished for. Raises KeyFileError."""
        ...

    def promote(self) -> None:
        """Let the next key take the place of the one in use. Raises OSError: nothing changed."""
        ...


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """See the module's text. `path` is that of the key in use; `device` the device's name."""

    path: Path
    device: str
    maker: Maker = EcdsaSigner

    @classmethod
    def of(cls, settings: Settings, device: str) -> KeyFiles:
        """The key files of an agent with these settings."""
        return cls(settings.key_path, device, MAKERS[settings.signer])

    def load(self) -> Signer:
        """The key in use. Raises KeyFileError, also for the key of another device."""
        signer = self.maker.load(self.path)
        if self.device not in (cose.device_id(signer.public), cose.device_id(self._kept())):
            raise KeyFileError(
                f"{self.path}: this key is {cose.device_id(signer.public)}'s, but {self.device} is"
                " enrolled here; bring back the right key, or start anew with an empty"
                f" {self.path.parent}"
            )
        return signer

    def first(self) -> bytes:
        """The COSE_Key that the device is named after. Raises KeyFileError.

        Read by the library that is always there: evidence is written wherever the card is put in.
        """
        return self._kept() or EcdsaSigner.load(self.path).public

    def heir(self) -> Signer | None:
        """See Heirs."""
        return self.maker.load(self._next) if self._next.exists() else None

    def make_heir(self) -> Signer:
        """Make the next key. Raises KeyFileError, also while a rotation is under way already."""
        public = self.first()
        if self._next.exists():
            raise KeyFileError(f"{self._next}: a rotation is under way already; let it finish")
        try:
            if not self._first.exists():
                files.create(self._first, public)
        except OSError as error:
            raise KeyFileError(f"{self._first}: cannot be written: {error.strerror}") from None
        return self.maker.create(self._next)

    def promote(self) -> None:
        """See Heirs."""
        files.rename(self._next, self.path)

    def _kept(self) -> bytes:
        """The first public key as it was kept; empty before the first rotation."""
        try:
            return self._first.read_bytes()[: cose.KEY_BYTES]
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise KeyFileError(f"{self._first}: cannot be read: {error.strerror}") from None

    @property
    def _next(self) -> Path:
        return self.path.with_name(self.path.name + NEXT)

    @property
    def _first(self) -> Path:
        return self.path.with_name(FIRST)
