"""Go's checksum-database code believes what the log publishes, and nothing that was tampered with.

The published bytes are fetched from the public addresses, laid out as files and given to
tests/go/main.go, which stands on golang.org/x/mod/sumdb alone.
"""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from protocol.checkpoint import LogKey
from protocol.merkle import leaf_hash
from protocol.tiles import tile_path, tile_width
from server.ledger import keys, log
from server.ledger.writing import writing
from tests.server.conftest import NOW_MS, ORIGIN

pytestmark = [
    pytest.mark.go,
    pytest.mark.django_db,
]

SOURCE = Path(__file__).parents[2] / "go" / "main.go"
Case = dict[str, Any]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, built against Debian's copy of Go's module."""
    built = tmp_path_factory.mktemp("go") / "check"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    environment.setdefault("GOCACHE", str(built.parent / "cache"))
    command = ["go", "build", "-o", str(built), str(SOURCE)]
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return built


def publish(client: Client, directory: Path, old_size: int, size: int) -> None:
    """Grow the log in two steps and keep everything that it publishes."""
    leaves = [b"leaf %d" % number for number in range(size)]
    old = append(leaves[:old_size])
    append(leaves[old_size:])
    save(client, directory, "checkpoint")
    for level in (None, 0, 1):
        index = 0
        while width := tile_width(level, index, size):
            save(client, directory, tile_path(level, index, width))
            index += 1
    (directory / "case.json").write_text(json.dumps(case(old, leaves, size)))


def append(leaves: list[bytes]) -> log.Checkpoint:
    with writing():
        log.stage_all([(leaf, b"") for leaf in leaves])
    return log.sequence(NOW_MS)


def save(client: Client, directory: Path, path: str) -> None:
    response = client.get(f"/{path}")
    assert response.status_code == 200, path
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(response.content)


def case(old: log.Checkpoint, leaves: list[bytes], size: int) -> Case:
    chosen = sorted({0, old.size - 1, old.size, size // 2, size - 1} & set(range(size)))
    receipts = log.receipts([leaf_hash(leaves[number]) for number in chosen], size)
    return {
        "Vkey": keys.current().log.vkey,
        "Old": old.note,
        "Inclusion": [
            {"Index": r.index, "Leaf": text(r.leaf), "Path": list(map(text, r.path))}
            for r in receipts
        ],
        "Consistency": list(map(text, log.consistency(old.size, size))),
    }


def text(data: bytes) -> str:
    return b64encode(data).decode()


def judged(program: Path, directory: Path) -> tuple[int, str]:
    done = subprocess.run([program, directory], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize(
    ("old_size", "size"), [(1, 1), (1, 2), (3, 7), (5, 256), (256, 257), (300, 1000), (512, 1025)]
)
def test_go_believes_the_log(
    program: Path, client: Client, tmp_path: Path, old_size: int, size: int
) -> None:
    publish(client, tmp_path, old_size, size)
    status, said = judged(program, tmp_path)
    assert (status, said.split()[0]) == (0, "ok"), said


def edit_case(change: Callable[[Case], object]) -> Callable[[Path], object]:
    def tamper(directory: Path) -> None:
        file = directory / "case.json"
        case = json.loads(file.read_text())
        change(case)
        file.write_text(json.dumps(case))

    return tamper


def edit_file(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def tamper(directory: Path) -> None:
        file = directory / path
        file.write_bytes(change(file.read_bytes()))

    return tamper


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flip_text(encoded: str) -> str:
    return text(flipped(0)(b64decode(encoded)))


OTHER_KEY = LogKey.of(ORIGIN, bytes(range(32))).vkey
TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "another size": (edit_file("checkpoint", lambda d: d.replace(b"\n600\n", b"\n601\n")), "check"),
    "another root": (edit_file("checkpoint", flipped(30)), "checkpoint:"),
    "another signature": (edit_file("checkpoint", lambda d: d[:-9] + b"AAAAAAA=\n"), "checkpoint:"),
    "another key": (edit_case(lambda c: c.update(Vkey=OTHER_KEY)), "checkpoint:"),
    "another old note": (edit_case(lambda c: c.update(Old=c["Old"].replace("200", "201"))), "old"),
    "another leaf": (edit_case(lambda c: c["Inclusion"][1].update(Leaf="AAAA")), "inclusion of"),
    "another index": (edit_case(lambda c: c["Inclusion"][1].update(Index=3)), "inclusion of 3"),
    "a missing hash": (edit_case(lambda c: c["Inclusion"][2]["Path"].pop()), "inclusion of"),
    "an extra hash": (edit_case(lambda c: c["Consistency"].append(text(bytes(32)))), "consistency"),
    "a missing step": (edit_case(lambda c: c["Consistency"].pop()), "consistency"),
    "a wrong step": (
        edit_case(lambda c: c["Consistency"].append(flip_text(c["Consistency"].pop()))),
        "consistency",
    ),
    "a short hash": (
        edit_case(lambda c: c["Inclusion"][0]["Path"].append(text(bytes(31)))),
        "31 bytes",
    ),
    "a flipped tile": (edit_file("tile/0/000", flipped(0)), "tiles"),
    "a flipped partial tile": (edit_file("tile/0/002.p/88", flipped(87 * 32)), "tiles"),
    "a flipped upper tile": (edit_file("tile/1/000.p/2", flipped(5)), "tiles"),
    "a cut tile": (edit_file("tile/0/001", lambda d: d[:-32]), "tiles"),
    "a missing tile": (lambda directory: (directory / "tile/0/001").unlink(), "tiles"),
    "a changed entry": (edit_file("tile/entries/001", flipped(9)), "entries"),
    "a cut bundle": (edit_file("tile/entries/002.p/88", lambda d: d[:-1]), "entries"),
    "a longer bundle": (edit_file("tile/entries/002.p/88", lambda d: d + b"\0\0"), "entries"),
    "swapped bundles": (
        lambda directory: (directory / "tile/entries/001").write_bytes(
            (directory / "tile/entries/000").read_bytes()
        ),
        "entries",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_go_refuses_each_tampering(
    program: Path, client: Client, tmp_path: Path, name: str
) -> None:
    publish(client, tmp_path, 200, 600)
    assert judged(program, tmp_path)[0] == 0
    tamper, where = TAMPERINGS[name]
    tamper(tmp_path)
    status, said = judged(program, tmp_path)
    assert status == 1
    assert said.startswith("refused: ") and where in said
