"""The cold chain's story while a demonstration runs: begun at once, told on as its devices' hours
pass, and what of it is shown in the terminal. It starts no process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from server import qr
from server.fleet import STORY_S, STORY_SPEED, now_ms

MINUTE_MS = 60_000
PACE_MS = 10 * MINUTE_MS
"""Between two deliveries of the story's devices, half a second of ours: at their speed each sends
as much as a thousand trucks, and the server would read of nothing else."""
WARM = "warmth-began"


def slow_down(assets: Iterable[str]) -> None:
    """Tell the devices of these assets, as an operator would, to deliver less often."""
    from django.conf import settings
    from django.db import connection

    from protocol.settable import Setting
    from server.devices import tuning
    from server.devices.tuning import Wish
    from server.ledger import keys

    path = settings.JAGALCHI.home / "keys" / f"{keys.CONFIG}.key"
    signer = keys.private_signer(path, keys.current().config)
    wish = Wish(((Setting.SYNC_PACE, PACE_MS),), ())
    for asset in assets:
        for device in tuning.devices_of(asset):
            tuning.publish(device, wish, 1, signer, now_ms())
    connection.close()


class Telling:
    """One story. folder: of the server; begun_ms: when the story's devices were started."""

    def __init__(self, organisations: Mapping[str, str], begun_ms: int, folder: Path) -> None:
        """Nothing is told yet."""
        from server.coldchain.seed import Story

        self._begun_ms, self._folder = begun_ms, folder
        started_ms = begun_ms - STORY_S * (STORY_SPEED - 1) * 1000
        self._story = Story(organisations, started_ms, now_ms())
        self._over = self._heard = False

    def begin(self, site: str) -> Mapping[str, str]:
        """Tell how it begins, and show what its shoppers will scan."""
        from django.db import connection

        found = self._story.begin(site)
        connection.close()
        print(f"mackerel    {found.shopper_url}")
        print(f"monkfish    {found.monkfish_url}")
        print(f"messages    {self._folder / 'messages.txt'}")
        for line in qr.lines(found.shopper_url, coloured=sys.stdout.isatty()):
            print(line)
        sys.stdout.flush()
        return asdict(found)

    def go_on(self, say: Callable[[str], None]) -> None:
        """Tell what has happened by now; `say` the first word of an excursion that went out."""
        from django.db import connection

        if not self._over:
            minute = (now_ms() - self._begun_ms) * STORY_SPEED // MINUTE_MS
            self._over = self._story.go_on(minute, now_ms())
        if not self._heard and (line := self._warning()):
            self._heard = True
            say(line)
        connection.close()

    def _warning(self) -> str:
        """The first notice of warmth as the message port wrote it; "" before it has."""
        from server.messages.models import Message, State

        sent = Message.objects.filter(template=WARM, state=State.SENT).order_by("id").first()
        if sent is None:
            return ""
        lines = (self._folder / "messages.txt").read_text("utf-8").splitlines()
        return next((one for one in lines if one.startswith(f"[{sent.id}]")), "")
