"""Many trucks at once, as clients of a real server: `python -m tests.net.fleet FILE SEED`.

Each truck was signed for beforehand and is a script of requests, which it goes through as an agent
does: one at a time, each until it is served, waiting between tries for as long as the server says,
and longer by chance. Bounded in tries. Written out: one line of JSON, a list of [seconds, status]
for every try; status 0 is a connection that failed.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

import cbor2

from agent.core.answers import LEAST_WAIT_MS, SERVER_CAP_MS
from protocol import wire
from protocol.record import Sealed
from tests.e2e.processes import ROOT
from tests.net.http import length, response_of
from tests.protocol import build

TRIES = 60
PATIENCE_S = 60.0

Script = list[bytes]
"""The requests of one truck, whole."""


def script(key: build.Key, answer: bytes, cuts: Sequence[int]) -> Script:
    """A truck back from a dead zone: what is held of me?, and then all it has in one batch.

    cuts: where its chain is cut into spans; the last is its length.
    """
    pinned = wire.decode_enrol_answer(answer)
    prev = wire.first_prev(answer)
    chain = build.chain(cuts[-1], who=key, first_prev=prev, origin=pinned.origin)
    spans = [chain[a:b] for a, b in pairwise([0, *cuts])]
    return [get(f"/api/devices/{key.device}/head"), post(key.device, spans)]


def post(device: str, spans: Sequence[Sequence[Sealed]]) -> bytes:
    """A batch as a request."""
    body = wire.encode_batch([build.raw(span) for span in spans])
    head = f"POST /api/devices/{device}/spans?since=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Content-Type: {wire.MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def get(path: str) -> bytes:
    """A question."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@dataclass
class Client:
    """One truck's connection, kept as long as the server keeps it."""

    port: int
    chance: Random
    tries: list[tuple[float, int]] = field(default_factory=list)
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def live(self, requests: Script) -> None:
        """Go through the script."""
        for request in requests:
            await self._until_served(request)
        self._leave()

    async def _until_served(self, request: bytes) -> None:
        for attempt in range(TRIES):
            status, wait_s = await self._once(request)
            if status in (200, 202):
                return
            ceiling_s = min(SERVER_CAP_MS, LEAST_WAIT_MS << attempt) / 1_000
            await _pass(max(wait_s, 1.0, ceiling_s * self.chance.random()))
        raise AssertionError(f"not served in {TRIES} tries")

    async def _once(self, request: bytes) -> tuple[int, float]:
        began = time.perf_counter()
        try:
            answer = await asyncio.wait_for(self._exchange(request), PATIENCE_S)
            response = response_of(answer)
            status, wait_s = response.status, float(response.headers.get("retry-after", 0))
            if response.headers.get("connection", "").lower() == "close":
                self._leave()
        except (OSError, EOFError, ValueError, TimeoutError):
            self._leave()
            status, wait_s = 0, 0.0
        self.tries.append((time.perf_counter() - began, status))
        return status, wait_s

    async def _exchange(self, request: bytes) -> bytes:
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        return head + await self.reader.readexactly(length(head))

    def _leave(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def _pass(seconds: float) -> None:
    """Let time pass for this truck."""
    await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=seconds)


async def _all(port: int, scripts: Sequence[Script], chance: Random) -> list[tuple[float, int]]:
    clients = [Client(port, Random(chance.random())) for _ in scripts]
    pairs = zip(clients, scripts, strict=True)
    await asyncio.gather(*(client.live(one) for client, one in pairs))
    return [one for client in clients for one in client.tries]


def main(path: Path, seed: int) -> None:
    """Let every truck of the file loose at once, in an order of our own."""
    port, scripts = cbor2.loads(path.read_bytes())
    chance = Random(seed)
    chance.shuffle(scripts)
    print(json.dumps(asyncio.run(_all(port, scripts, chance))))


def loose(port: int, parts: Sequence[Sequence[Script]], folder: Path) -> list[tuple[float, int]]:
    """Run every part in a process of its own, all at the same time; all their tries."""
    running = []
    for number, scripts in enumerate(parts):
        file = folder / f"fleet-{number}.cbor"
        file.write_bytes(cbor2.dumps([port, list(scripts)]))
        command = [sys.executable, "-m", "tests.net.fleet", str(file), str(number)]
        running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE))
    tries: list[tuple[float, int]] = []
    for process in running:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        tries += [(seconds, status) for seconds, status in json.loads(output)]
    return tries


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
