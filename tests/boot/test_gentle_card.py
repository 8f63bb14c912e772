"""`install.sh --gentle-card` on a real ext4: fewer journal writes, and back to what was before.

Tried in a mount namespace of its own, on a small file system of its own: these options are of a
whole file system, and no test may set them on this machine's. test_installer.py has the unit.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.boot.debian import ROOT
from tests.power import device

pytestmark = pytest.mark.power

SCRIPT = """
set -eu
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /run
mkdir /var/lib/jagalchi
mount -o "loop,$2" "$1" /var/lib/jagalchi
options() { findmnt -no OPTIONS /var/lib/jagalchi; }
options
bash systemd/install.sh --card gentle >/dev/null
bash systemd/install.sh --card gentle >/dev/null
options
bash systemd/install.sh --card plain >/dev/null
bash systemd/install.sh --card plain
options
umount /var/lib/jagalchi
"""


@pytest.mark.parametrize("before", ["relatime", "noatime", "noatime,commit=60"])
def test_a_card_is_gentle_until_it_is_plain_as_before(before: str, tmp_path: Path) -> None:
    image = tmp_path / "card"
    with image.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    device.make(image)
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", SCRIPT, "x",
         str(image), before],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, gentle, last = (set(line.split(",")) for line in done.stdout.split())
    assert {"noatime", "commit=300"} <= gentle
    assert last - {"commit=5"} == first  # five seconds are what ext4 does by itself


@pytest.mark.parametrize(
    "words", [("--card", "soft"), ("--uninstall", "--gentle-card"), ("--card",)]
)
def test_what_is_no_card_is_a_wrong_command_line(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["bash", "systemd/install.sh", *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 64, done.stderr
