"""A small Debian 12 as a folder: made once, kept in build/, copied for each run.

Made by mmdebstrap from wherever this machine takes its own packages. Python, systemd, D-Bus and
chrony are in it, and neither pip nor anything of ours.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "boot"
SUITE = "bookworm"
PACKAGES = ("systemd", "systemd-sysv", "dbus", "python3", "iproute2", "chrony")
TOOLS = ("systemd-nspawn", "mmdebstrap", "nsenter", "setpriv")
REPOSITORY = "$(REPO_URI) $(RELEASE) $(COMPONENT)"


@functools.cache
def available() -> bool:
    """Whether this machine can boot a container."""
    if os.geteuid() or not all(map(shutil.which, TOOLS)):
        return False
    # Inside a container root may still be told no.
    alone = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True)
    return not alone.returncode


def pristine() -> Path:
    """The folder of the untouched system; the first call on a machine takes most of a minute."""
    kept = CACHE / "-".join((SUITE, *PACKAGES))
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = CACHE / "unfinished"
        shutil.rmtree(fresh, ignore_errors=True)
        _bootstrap(fresh)
        # mmdebstrap copies this machine's name server; there is no network in the container.
        (fresh / "etc/resolv.conf").unlink(missing_ok=True)
        (fresh / "etc/hosts").write_text("127.0.0.1 localhost\n")
        (fresh / "etc/hosts").chmod(0o644)
        fresh.rename(kept)
    return kept


def _bootstrap(folder: Path) -> None:
    include = ",".join(PACKAGES)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}", SUITE]
    source = f"deb {_mirror()} {SUITE} main\n"
    made = subprocess.run(
        [*command, str(folder), "-"], input=source, capture_output=True, text=True
    )
    assert made.returncode == 0, f"no Debian could be made:\n{made.stderr}"


def _mirror() -> str:
    """Where this machine has its own packages from; Debian's own address where it does not say."""
    asked = ["apt-get", "indextargets", "--format", REPOSITORY, "Created-By: Packages"]
    told = subprocess.run(asked, capture_output=True, text=True).stdout
    found = re.search(rf"^(\S+) {SUITE} main$", told, re.MULTILINE)
    return found.group(1) if found else "http://deb.debian.org/debian"
