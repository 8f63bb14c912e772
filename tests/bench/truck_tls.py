"""The same agent as it meets a server in earnest: over TLS, with all the usual authorities loaded.

The relay only takes the TLS off, as a proxy before the server would.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi

from tests.agent.authority import Depot
from tests.bench.figure import Figure
from tests.bench.truck_stage import ALL_PARTS, Truck
from tests.e2e.processes import Server

PIECE = 65_536
PROVED = 100


def figures(truck: Truck, server: Server) -> Iterator[Figure]:
    """Memory after a few batches."""
    depot = Depot.founded(truck.folder, "depot")
    trusted = truck.folder / "ca.pem"
    trusted.write_bytes(Path(certifi.where()).read_bytes() + depot.certificate.read_bytes())
    with _relay(depot, server.port) as port:
        truck.set(ALL_PARTS, url=f"https://127.0.0.1:{port}", ca_file=trusted)
        with truck.driven("--speed", "200") as agent:
            agent.hear("READY=1")
            enough = truck.counters().proved + PROVED
            agent.until(lambda: truck.counters().proved >= enough)
            reference = f"ThingsBoard 61, without TLS; at most {agent.peak():.1f}"
            yield Figure("resident, syncing over TLS", agent.memory(), "MiB", 36, reference)


@contextmanager
def _relay(depot: Depot, port: int) -> Iterator[int]:
    """Take TLS off what comes to the port that is yielded, and hand it on to `port`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    loop = asyncio.new_event_loop()
    opening = asyncio.start_server(serve, "127.0.0.1", 0, ssl=depot.context())
    relay = loop.run_until_complete(opening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(relay.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
