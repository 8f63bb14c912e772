"""What is carried to the truck: the real wheelhouse, and two that differ from it by a version.

The later ones are the first one's wheel with another number in it, and one of them with a program
that does not start. The server's wheels are for the system in the container too.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import zipfile
from pathlib import Path

from agent import __version__
from tests.boot.debian import CACHE, ROOT

PYTHON = "3.11"
"""What Debian 12 has."""

BROKEN = b'raise RuntimeError("this version does not start")\n'


def agent(folder: Path, extras: str = "") -> Path:
    """What `make wheelhouse` makes, for the container's Python."""
    _make(extras, folder)
    return folder


def server() -> Path:
    """The server's wheels without ours; kept, since they change only with the requirements."""
    wanted = hashlib.sha256((ROOT / "setup.cfg").read_bytes()).hexdigest()[:16]
    folder = CACHE / f"server-{wanted}"
    if not folder.exists():
        fresh = CACHE / "unfinished-server"
        _make("server", fresh)
        fresh.rename(folder)
    return folder


def another(first: Path, folder: Path, version: str, *, broken: bool = False) -> Path:
    """The same wheelhouse with another version of ours in it."""
    shutil.copytree(first, folder)
    (old,) = folder.glob("jagalchi-*.whl")
    with (
        zipfile.ZipFile(old) as source,
        zipfile.ZipFile(folder / old.name.replace(__version__, version), "w") as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "agent/daemon.py" and broken:
                content = BROKEN
            if item.filename.endswith(("agent/__init__.py", "METADATA")):
                content = content.replace(__version__.encode(), version.encode())
            target.writestr(item.filename.replace(__version__, version), content)
    old.unlink()
    sums = folder / "SHA256SUMS"
    sums.unlink()
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    lines = (
        f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(folder)}" for f in files
    )
    sums.write_text("\n".join(lines) + "\n")
    return folder


def _make(extras: str, folder: Path) -> None:
    command = ["bash", ".ci/wheelhouse.sh", extras, f"linux_{platform.machine()}", PYTHON]
    made = subprocess.run(
        [*command, os.path.relpath(folder, ROOT)], cwd=ROOT, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr
