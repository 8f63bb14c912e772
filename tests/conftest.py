"""What every test stands on: how hard to search, and what a test needs from this machine.

A test marked with a name of NEEDS (`go`, `browser`, `epcis` ...) is skipped with its reason where
that is missing. JAGALCHI_MUST_RUN names markers (space separated) that may not be skipped: CI
sets it, so that a green run can never mean "nothing was there to test with".
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests import reliability
from tests.boot import debian
from tests.e2e import wrongclock
from tests.net import link
from tests.power import device
from tests.server.coldchain.epcis import schema

# A gate gives the same answer twice; chance belongs to the campaign, which searches.
# No deadline: on a busy two-core machine it would measure the neighbours, not the code.
DATABASE = DirectoryBasedExampleDatabase("build/hypothesis")
settings.register_profile("gate", deadline=None, max_examples=60, derandomize=True)
settings.register_profile("campaign", deadline=None, max_examples=600, database=DATABASE)
CHOSEN = "campaign" if os.environ.get("JAGALCHI_CAMPAIGN") else "gate"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", CHOSEN))


def _go() -> bool:
    return shutil.which("go") is not None


def _browser() -> bool:
    return any(shutil.which(name) for name in ("chromium", "chromium-browser"))


def _postgres() -> bool:
    return bool(os.environ.get("JAGALCHI_TEST_DATABASE_URL"))


NEEDS: Mapping[str, tuple[Callable[[], bool], str]] = {
    "go": (_go, "needs Go: sudo apt install golang-go golang-golang-x-mod-dev"),
    "browser": (_browser, "needs Chromium: sudo apt install chromium"),
    "postgres": (_postgres, "needs JAGALCHI_TEST_DATABASE_URL (see .ci/run)"),
    "epcis": (schema.available, "needs npm and its registry, for the published EPCIS schema"),
    "netns": (link.available, "needs root, iproute2 and iptables (its statistic match, tc's tbf)"),
    "boot": (debian.available, "needs root and: sudo apt install systemd-container mmdebstrap"),
    "faketime": (wrongclock.available, "needs root, unshare and: sudo apt install faketime"),
    "power": (device.available, "needs root, /dev/fuse, loop devices and e2fsprogs"),
}


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """What is run in this process may hide its files from others, and stop there."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run, or fail when it was told that it must."""
    required = os.environ.get("JAGALCHI_MUST_RUN", "").split()
    for marker, (present, reason) in NEEDS.items():
        if item.get_closest_marker(marker) is None or present():
            continue
        if marker in required:
            pytest.fail(f"{marker} must run here, but {reason}", pytrace=False)
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what every fault that was injected in this run came to."""
    if not reliability.told:
        return
    terminalreporter.section("faults injected")
    for row in reliability.told:
        terminalreporter.write_line(f"{row.id:4} {row.times:6,} x {row.how}: {row.result}")
