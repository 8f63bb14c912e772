"""A truck's computer in a container: what a technician would type there, and what he would see."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.boot.container import Container

OPT = "/opt/jagalchi"
STATE = "/var/lib/jagalchi"
SERVER = "http://localhost:8000"
AGENT = "jagalchi-agent"
CONFIG = """\
[agent]
profile = "truck"
name = "boot"
sample_period_ms = 1000
[server]
deadline_ms = 5000
[[sensor]]
number = 1
name = "air-front"
part = "mock-truck"
options = { channel = "air-front" }
"""
SERVER_CONFIG = """\
[server]
home = "/var/lib/jagalchi-server"
demo = true
"""
PI = """\
# Sourced by bash before a script: this machine says that it is a Raspberry Pi.
grep() { command grep "${@/#\\/proc\\/device-tree\\/model//root/model}"; }
"""
MODEL = "Raspberry Pi 4 Model B Rev 1.5\0"
KNIFE = """\
# Sourced by bash before a script: SIGKILL before its command number $KNIFE, and never a verdict.
set -o functrace
trap 'case $BASH_COMMAND in *"start jagalchi-settle"*) kill -KILL $$ ;; esac
      ((++KNIFE_AT == KNIFE)) && kill -KILL $$' DEBUG
"""


@dataclass(slots=True)
class Truck:
    """The system, with wheelhouses at /wheels.

    `began` and `installed_s`: when it was installed, and how fast. `alone`: how many records lay on
    the card when the server came back.
    """

    system: Container
    began: float = 0.0
    installed_s: float = 0.0
    alone: int = 0

    def fit(self, clock: Callable[[], float]) -> None:
        """What an installer does: one card with a file on it, one command."""
        self.write("/root/agent.toml", CONFIG)
        self.write("/root/knife.sh", KNIFE)
        order = f'[enrol]\nurl = "{SERVER}"\ntoken = "{self.token()}"\n'
        self.write("/boot/firmware/jagalchi.toml", order)
        self.began = clock()
        self.installed("first", "--config", "/root/agent.toml")
        self.installed_s = clock() - self.began

    def install(self, house: str, *more: str, knife: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a wheelhouse's installer; with a knife it is killed before that command."""
        armed = ("env", "BASH_ENV=/root/knife.sh", f"KNIFE={knife}") if knife else ()
        return self.system.attempt(*armed, f"/wheels/{house}/install.sh", *more, seconds=300)

    def packages(self) -> set[str]:
        """What is installed with the current version."""
        folder = self.inside(OPT) / self.inside(f"{OPT}/current").readlink()
        return {path.name.partition("-")[0].lower() for path in folder.rglob("*.dist-info")}

    def installed(self, house: str, *more: str) -> str:
        """Run a wheelhouse's installer to its end; what it said."""
        done = self.install(house, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        """What the agent says of itself, or what lies on the card."""
        told = self.system.attempt(AGENT, "status", "--json").stdout
        return dict(json.loads(told)) if told else {"running": False}

    def count(self, name: str = "committed") -> int:
        """One number of the balance, running or not."""
        return int(self.status().get("counters", {}).get(name, 0))

    def recording(self, beyond: int = 0) -> bool:
        """Whether more than so many records lie on the card, by an agent that runs."""
        told = self.status()
        return bool(told["running"]) and told["counters"]["committed"] > beyond

    def await_record(self, seconds: float = 30) -> None:
        """Wait for a record that is not on the card yet."""
        before = self.count()
        self.system.until(lambda: self.recording(before), seconds, "a new record on the card")

    def version(self, link: str = "current") -> str:
        """The version that a link leads to, without its checksum; "" without a link."""
        path = self.inside(f"{OPT}/{link}")
        return path.readlink().name.partition("-")[0] if path.is_symlink() else ""

    def runs(self) -> str:
        """The version whose interpreter is recording."""
        line = self.inside_text(f"/proc/{self.pid()}/cmdline")
        return line.removeprefix(f"{OPT}/versions/").partition("/")[0].partition("-")[0]

    def pid(self) -> int:
        """The running agent; 0 where there is none."""
        return int(self.system.show(AGENT, "MainPID"))

    def inside(self, path: str) -> Path:
        """A file of the container as seen from here."""
        return self.system.folder / path.lstrip("/")

    def inside_text(self, path: str) -> str:
        """What a command inside reads there: /proc, /run and /dev are not seen from here."""
        return self.system.run("cat", path)

    def write(self, path: str, text: str) -> None:
        """A file of the container, with the folders above it."""
        self.inside(path).parent.mkdir(parents=True, exist_ok=True)
        self.inside(path).write_text(text, "utf-8")

    def identity(self) -> tuple[bytes, bytes]:
        """What must outlive everything: the key, and what was agreed with the server."""
        folder = self.inside(STATE)
        return (folder / "device.key").read_bytes(), (folder / "enrolment.cbor").read_bytes()

    def serve(self) -> None:
        """Install the server as systemd/README.md says, and start it."""
        run, venv = self.system.run, "/opt/jagalchi-server/venv"
        run("python3", "-m", "venv", "--without-pip", venv)
        (pip,) = self.system.run("sh", "-c", "ls /server/pip-*.whl").split()
        (ours,) = self.system.run("sh", "-c", "ls /wheels/first/jagalchi-*.whl").split()
        run(f"{venv}/bin/python", f"{pip}/pip", "install", "--quiet", "--no-index",
            "--find-links=/server", f"{ours}[server]", seconds=300)  # fmt: skip
        self.write("/etc/jagalchi/server.toml", SERVER_CONFIG)
        run("systemd-sysusers", "/wheels/first/sysusers-server.conf")
        run("cp", "/wheels/first/jagalchi-server.service", "/etc/systemd/system/")
        run("systemctl", "daemon-reload")
        run("systemctl", "start", "jagalchi-server", seconds=120)

    def token(self) -> str:
        """A token, made by the operator beside the running server."""
        words = ("env", "JAGALCHI_CONFIG=/etc/jagalchi/server.toml", "setpriv",
                 "--reuid=jagalchi-server", "--regid=jagalchi-server", "--init-groups",
                 "/opt/jagalchi-server/venv/bin/jagalchi-server",
                 "token", "--asset", "boot", "--url", SERVER)  # fmt: skip
        return self.system.run(*words).split("hours:")[1].split()[0]
