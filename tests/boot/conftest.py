"""One truck for all tests here: booted, its server beside it, installed, enrolled and recording.

Each test finds it recording and leaves it so, but for the very last.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot import debian, wheels
from tests.boot.container import booted
from tests.boot.truck import STATE, Truck


@pytest.fixture(scope="session")
def houses() -> Iterator[Path]:
    """The wheelhouses: what `make wheelhouse` makes, a later version, a later broken one, and one
    for a Raspberry Pi."""
    folder = debian.CACHE / "houses"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first = wheels.agent(folder / "first")
    wheels.another(first, folder / "second", "0.1.1")
    wheels.another(first, folder / "broken", "0.1.2", broken=True)
    wheels.another(wheels.agent(folder / "full", "pi,openssl"), folder / "pi", "0.1.3")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def fitted(houses: Path) -> Iterator[Truck]:
    """The truck, after its first boot."""
    shared = {houses: "/wheels", wheels.server(): "/server"}
    with booted(houses.parent, shared, STATE) as system:
        truck = Truck(system)
        truck.serve()
        truck.fit(time.monotonic)
        yield truck


@pytest.fixture
def truck(fitted: Truck) -> Truck:
    """The truck, recording."""
    fitted.system.until(fitted.recording, 60, "a recording agent")
    return fitted
