"""What the kernel knows of a server's processes."""

from __future__ import annotations

from pathlib import Path


def worker_of(master: int) -> int:
    """The process that answers; it is another one after a crash."""
    return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])


def rss(pid: int) -> int:
    """Bytes in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
