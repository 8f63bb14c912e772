"""File systems for a short while: made, mounted through a loop device, and gone again.

Everything is mounted with `-o loop`, so that a loop device ends with its mount. Programs that use
this run in a mount namespace of their own (`alone`): should they be killed, their mounts and loop
devices go with them, and nobody else ever sees or detaches one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = ("mkfs.ext4", "e2fsck", "mount", "umount", "unshare")
AT_ONCE = "lazy_itable_init=0,lazy_journal_init=0,nodiscard"


class Unmountable(Exception):
    """The kernel refuses this file system."""


NODES = (Path("/dev/fuse"), Path("/dev/loop-control"))


@functools.cache
def available() -> bool:
    """Whether this machine lets us build file systems and break them."""
    there = all(node.exists() for node in NODES) and all(map(shutil.which, TOOLS))
    if os.geteuid() or not there:
        return False
    # In a container root may still be told no.
    return not subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode


def alone(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run one of our modules in a mount namespace of its own; its output is captured."""
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def make(device: Path, block: int = 1024) -> None:
    """A small ext4 with a journal of 4 MB; small blocks can be lost one by one."""
    _call("mkfs.ext4", "-q", "-F", "-b", str(block), "-J", "size=4", "-E", AT_ONCE, str(device))


def repair(device: Path) -> bool:
    """What a computer does at boot before it mounts; False: it would ask a person."""
    done = subprocess.run(["e2fsck", "-p", str(device)], capture_output=True, check=False)
    return done.returncode <= 1


@contextlib.contextmanager
def mounted(device: Path, folder: Path, options: str = "noatime") -> Iterator[Path]:
    """Mount the file for the length of a `with`. Raises Unmountable."""
    folder.mkdir(exist_ok=True)
    try:
        _call("mount", "-o", f"loop,{options}", str(device), str(folder))
    except subprocess.CalledProcessError as error:
        raise Unmountable(error.stderr.strip()) from error
    try:
        yield folder
    finally:
        _call("umount", str(folder))


@contextlib.contextmanager
def recorded(folder: Path, megabytes: int) -> Iterator[Path]:
    """A recorder's file for the length of a `with`; the tape is whole afterwards."""
    file = folder / "device"
    file.touch()
    arguments = [str(file), str(megabytes), str(folder / "tape"), str(folder / "counter")]
    recorder = subprocess.Popen(
        [sys.executable, "-m", "tests.power.recorder", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == b"ready\n", "the recorder did not start"
        yield file
    finally:
        _call("umount", str(file))
        if recorder.wait(30) != 0:
            raise RuntimeError("the recorder failed: its tape cannot be trusted")


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
