"""The operator's command for configurations: `config publish`, `config show`, `config history`.

A document is signed with the configuration key, which may lie elsewhere than the server's other
keys: whoever holds it can change when a truck raises an alarm, and nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.settable import Range
    from server.devices.tuning import Published, Wish

MAX_BYTES = 65_536
MAX_DAYS = 3_650
MINUTE_MS = 60_000

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
Acting = Callable[[], AbstractContextManager[int]]


class ConfiguringRefused(Exception):
    """Nothing was published; the text tells the operator why."""


def add_commands(add: Add, acting: Acting) -> None:
    """Put the command on the program's command line; `acting` sets up, and gives the time."""

    def config(chosen: argparse.Namespace) -> int:
        with acting() as now_ms:
            return _config(chosen, now_ms)

    sub = add("config", config, "Publish settings for devices, signed; say what became of them.")
    sub.add_argument("verb", choices=("publish", "show", "history"))
    sub.add_argument("file", metavar="FILE.toml", nargs="?", type=Path, help="what to publish")
    whose = sub.add_mutually_exclusive_group(required=True)
    whose.add_argument("--asset", metavar="NAME", help="the devices fitted there now")
    whose.add_argument("--device", metavar="DEVICE", help="one device")
    text = "about how long a device may take to begin it (%(default)s)"
    sub.add_argument("--days", type=_days, default=30, metavar="N", help=text)
    text = "the configuration key, if it does not lie with the others"
    sub.add_argument("--key", type=Path, metavar="FILE", help=text)


def _config(chosen: argparse.Namespace, now_ms: int) -> int:
    from server.devices import tuning
    from server.ledger.keys import KeyRefused
    from server.ledger.log import LogUnavailable

    try:
        devices = [chosen.device] if chosen.device else tuning.devices_of(chosen.asset)
        if chosen.verb == "publish":
            return _publish(chosen, devices, now_ms)
    except (tuning.Unpublishable, KeyRefused) as error:
        raise ConfiguringRefused(f"{error}. Nothing was published.") from None
    except LogUnavailable as error:
        text = f"the log cannot be extended just now ({error}); it takes along later what was told"
        raise ConfiguringRefused(text) from None
    for device in devices:
        _tell(device, whole=chosen.verb == "history")
    return 0


def _publish(chosen: argparse.Namespace, devices: list[str], now_ms: int) -> int:
    from django.conf import settings

    from server.devices import tuning
    from server.ledger import keys

    wish = _read(chosen.file)
    path = chosen.key or settings.JAGALCHI.home / "keys" / f"{keys.CONFIG}.key"
    signer = keys.private_signer(path, keys.current().config)
    for device in devices:
        tuning.check(device, wish)
    for device in devices:
        version = tuning.publish(device, wish, chosen.days, signer, now_ms)
        print(f"{device}: version {version} is published; it asks every 15 to 20 minutes")
    return 0


def _read(path: Path | None) -> Wish:
    from server.devices import tuning

    if path is None:
        raise ConfiguringRefused("Name the file to publish: config publish FILE.toml --asset NAME")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfiguringRefused(f"{path}: too large: at most {MAX_BYTES} bytes")
        return tuning.read(data.decode())
    except OSError as error:
        raise ConfiguringRefused(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfiguringRefused(f"{path}: not UTF-8 text") from None
    except tuning.Unpublishable as error:
        raise ConfiguringRefused(f"{path}: {error}. Nothing was published.") from None


def _tell(device: str, *, whole: bool) -> None:
    from server.devices import tuning

    found = tuning.standing(device)
    used = {None: "nothing heard yet", 0: "its own settings"}
    print(f"{device}: goes by {used.get(found.in_use, f'version {found.in_use}')}")
    for one in found.documents if whole else found.documents[:1]:
        print(f"  {_line(one)}")
        for line in tuning.lines(one.signed, _key):
            print(f"    {line}")


def _key(bounds: Range) -> str:
    return bounds.key


def _line(one: Published) -> str:
    from protocol.settable import STAGES, WHYS

    stage = STAGES[one.stage].en if one.stage else "not told of yet"
    why = f": {WHYS[one.why].en}" if one.why else ""
    return f"version {one.signed.content.version}, {one.signed.digest.hex()[:16]}: {stage}{why}"


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_DAYS}")
    return int(text)
