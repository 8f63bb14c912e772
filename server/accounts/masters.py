"""Two master secrets, and every key that is derived from them.

`keys/vault` opens what is personal; `keys/subjects` makes pseudonyms, links and signatures. They
are two, so that one can be changed without the other. They are made when first needed. It
refuses to make a new one where the database already rests on one that is missing.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from server.accounts.models import VaultKey
from server.ledger import keys

VAULT, SUBJECTS = "vault", "subjects"
LENGTH = 32


def derived(master: str, purpose: str) -> bytes:
    """32 bytes for one purpose; the same for ever. Raises keys.KeyRefused."""
    return _derived(settings.JAGALCHI.home / "keys" / master, purpose)


@lru_cache(maxsize=256)
def _derived(path: Path, purpose: str) -> bytes:
    if not path.exists():
        _make(path)
    info = f"jagalchi/{path.name}/{purpose}".encode()
    return HKDF(SHA256(), LENGTH, None, info).derive(keys.read_secret(path))


def _make(path: Path) -> None:
    """Make both; a crash in between leaves one, and nothing yet that rests on either."""
    if VaultKey.objects.exists():
        raise keys.KeyRefused(f"{path} is missing and data rests on it: put a copy of it back")
    for name in (VAULT, SUBJECTS):
        if not path.with_name(name).exists():
            keys.make_secret(path.with_name(name))
