"""`jagalchi-server demo`: a server and three simulated trucks on this machine, as real processes.

It starts them in a fresh folder, shows one live line, stops them in order (on Ctrl-C or after
--for), lets the trucks deliver what they still hold, and then counts: what each truck sealed,
against what the server holds and what the truck has itself seen proved. Exit status 1 if anything
was lost or is unproved. It refuses a port that somebody uses.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from server import demo_report, demo_story
from server.demo_report import Count, Line
from server.fleet import (
    CAST,
    HOST,
    STORY,
    STORY_S,
    STORY_SPEED,
    Cast,
    Child,
    ChildFailed,
    Truck,
    answers,
    is_free,
    now_ms,
)

DEFAULT_PORT = 8000
DRAIN_S = 60
START_S = 90
STOP_S = 20
UNUSABLE = 78
INTERRUPTED = 130
SPEED = 60
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--for, --json, --port, --speed."""
    parser.add_argument(
        "--for",
        dest="seconds",
        type=_seconds,
        metavar="TIME",
        help="stop after this long, like 40s or 5m, counted from when the server answers",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the final counts there")
    parser.add_argument(
        "--port", type=_port, default=None, help=f"port (default: $PORT, or {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=SPEED,
        metavar="N",
        help="how much faster than real the trucks' time passes (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Run server and trucks until Ctrl-C or --for; return the exit status."""
    try:
        port = options.port or _port(os.environ.get("PORT") or str(DEFAULT_PORT))
    except argparse.ArgumentTypeError as error:
        return _give_up(f"PORT: {error}")
    if not is_free(port):
        return _give_up(
            f"Port {port} on {HOST} is taken. Choose another: PORT={port + 1} make run"
            f" (or: jagalchi-server demo --port {port + 1})."
        )
    try:
        with ExitStack() as stack:
            demo = Demo(port, options.speed, _fresh_folder(port))
            stack.callback(demo.end)
            stack.enter_context(_polite_signals())
            counts = demo.play(options.seconds)
    except ChildFailed as error:
        print(f"\njagalchi-server: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    demo_report.show(counts)
    if options.json:
        demo_report.write(options.json, counts, demo.story)
    return 0 if all(count.whole for count in counts) else 1


class Demo:
    """One demonstration: its folder, its processes and their order of coming and going."""

    def __init__(self, port: int, speed: int, folder: Path) -> None:
        self._port, self._speed, self._folder = port, speed, folder
        # A socket's address has to be short, whatever the length of the folder's.
        self._sockets = Path(tempfile.mkdtemp(prefix="jagalchi-"))
        self._env = _environment(folder, port)
        self._line = Line()
        self._server: Child | None = None
        made = [
            Truck(cast, folder / f"{name}-{number}", self._sockets / f"{name}{number}.sock")
            for name, casts in (("truck", CAST), ("story", STORY))
            for number, cast in enumerate(casts, 1)
        ]
        self._all, self._trucks, self._actors = made, made[: len(CAST)], made[len(CAST) :]
        self._telling: demo_story.Telling | None = None
        self.story: Mapping[str, str] = {}

    def play(self, seconds: int | None) -> list[Count]:
        """Start everything, watch it for that long (None: until Ctrl-C), stop it and count."""
        interrupted = False
        try:
            server = self._open()
            started = now_ms()
            self._enrol(server)
            self._watch(server, started, seconds)
        except KeyboardInterrupt:
            interrupted = True
        if interrupted:
            self._line.say("stopping; Ctrl-C again to stop at once")
        return self._close()

    def end(self) -> None:
        """End whatever still runs, and remove the sockets."""
        children = [truck.child for truck in self._all if truck.child]
        for child in [*children, *([self._server] if self._server else [])]:
            child.tell(signal.SIGTERM)
            child.end(STOP_S if child is self._server else 3)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _open(self) -> Child:
        """Start the server and wait until it answers."""
        port = str(self._port)
        argv = ["server", "run", "--host", HOST, "--port", port]
        server = Child.start("server", argv, self._env, self._folder / "server.log")
        self._server = server
        begun = now_ms()
        while not answers(self._port):
            if not server.running:
                raise server.failure("did not start")
            if now_ms() - begun > START_S * 1000:
                raise server.failure(f"did not answer within {START_S} s")
            _pause(0.1)
        url = f"http://{HOST}:{port}"
        print(f"devices     {url}/")
        print(f"pilots      {url}/pilots")
        print(f"checkpoint  {url}/checkpoint")
        print(f"interface   {url}/api/openapi.json")
        print(f"state       {self._folder}", flush=True)
        return server

    def _enrol(self, server: Child) -> None:
        """Give each truck a token and let it enrol; then let them drive, and tell the story."""
        url, site = f"http://{HOST}:{self._port}", f"http://localhost:{self._port}"
        for truck in self._all:
            truck.prepare()
        tokens, places = _admit([truck.cast for truck in self._all], site)
        enrolments = [
            truck.enrol(url, token, self._env)
            for truck, token in zip(self._all, tokens, strict=True)
        ]
        for child in enrolments:
            if child.end(START_S):
                raise child.failure("could not enrol")
        if not server.running:
            raise server.failure("ended")
        demo_story.slow_down(truck.cast.plate for truck in self._actors)
        drain = ["--drain", str(DRAIN_S)]
        begun = now_ms()
        for truck in self._actors:
            pace = ["--speed", str(STORY_SPEED), "--span", f"{STORY_S}s"]
            truck.drive([*pace, *drain], self._env)
        for truck in self._trucks:
            truck.drive(["--speed", str(self._speed), *drain], self._env)
        self._telling = demo_story.Telling(places, begun, self._folder / "server")
        self.story = self._telling.begin(site)

    def _watch(self, server: Child, started: int, seconds: int | None) -> None:
        while seconds is None or now_ms() - started < seconds * 1000:
            self._look(f"{(now_ms() - started) // 1000:>4} s")
            for child in (server, *(truck.child for truck in self._all)):
                if child is not None and not child.running:
                    raise child.failure(f"ended with status {child.process.returncode}")
            if self._telling:
                self._telling.go_on(self._line.say)
            _pause(0.5)

    def _close(self) -> list[Count]:
        """Stop the trucks, let them drain, stop the server, count."""
        for truck in self._all:
            if truck.child:
                truck.child.tell(signal.SIGTERM)
        stopped = now_ms()
        try:
            while any(truck.running for truck in self._all):
                self._look("drain ")
                if now_ms() - stopped > (DRAIN_S + STOP_S) * 1000:
                    break
                _pause(0.5)
        except KeyboardInterrupt:
            self._line.say("stopping at once")
        self._line.end()
        for truck in self._all:
            if truck.child:
                truck.child.tell(signal.SIGTERM)
                truck.child.end(5)
                truck.look_at_rest(self._env)
        if self._server:
            self._server.tell(signal.SIGTERM)
            self._server.end(STOP_S)
        return _counts([truck for truck in self._trucks if truck.child])

    def _look(self, when: str) -> None:
        for truck in self._all:
            if truck.running:
                truck.look()
        self._line.show(" | ".join([when, *map(demo_report.progress, self._trucks)]))


def _admit(casts: Sequence[Cast], address: str) -> tuple[list[str], Mapping[str, str]]:
    """Make the people, then enrolment tokens: an operator would use `jagalchi-server`.

    The tokens, and the organisations by kind.
    """
    _set_up()
    from django.db import connection

    from server import demo_people
    from server.devices.commands import issue_token
    from server.ledger.keys import entropy
    from server.pilots import seed

    made = demo_people.make(now_ms())
    seed.fill(now_ms())
    seed.rehearse(now_ms())
    print(f"sign in     {address}/sign-in   password of all: {made.password}")
    print(f"            as {made.accounts}", flush=True)
    tokens = [
        issue_token(
            cast.plate,
            now_ms=now_ms(),
            entropy=entropy(20),
            organisation=made.places[cast.owner],
        )
        for cast in casts
    ]
    connection.close()
    return tokens, made.places


def _counts(trucks: Sequence[Truck]) -> list[Count]:
    """Compare what the trucks say with what the server's database holds."""
    _set_up()
    from server.devices.overview import rows_of

    return [demo_report.count(truck, *rows_of(truck.device)) for truck in trucks]


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"
    import django

    django.setup()


def _environment(folder: Path, port: int) -> dict[str, str]:
    """What the children see, and we: nothing of another installation's settings."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("JAGALCHI_")}
    for name in set(os.environ) - set(rest):
        del os.environ[name]
    root = str(Path(__file__).resolve().parent.parent)
    found = [root, *filter(None, [rest.get("PYTHONPATH")])]
    ours = {
        "JAGALCHI_HOME": str(folder / "server"),
        "JAGALCHI_DEMO": "1",
        "JAGALCHI_ADDRESS": f"http://localhost:{port}",
    }
    os.environ.update(ours)
    return {**rest, **ours, "PYTHONPATH": os.pathsep.join(found), "PYTHONUNBUFFERED": "1"}


def _fresh_folder(port: int) -> Path:
    """An empty folder: build/demo in a checkout, else in the temporary directory."""
    here = Path("build") if Path("setup.cfg").is_file() else Path(tempfile.gettempdir())
    folder = (here / "demo" / str(port)).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


@contextmanager
def _polite_signals() -> Iterator[None]:
    """SIGTERM ends a demonstration as Ctrl-C does, also where a shell had them ignored."""
    wishes = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(wish, signal.default_int_handler) for wish in wishes]
    try:
        yield
    finally:
        for wish, handler in zip(wishes, before, strict=True):
            signal.signal(wish, handler)


def _give_up(text: str) -> int:
    print(f"jagalchi-server: {text}", file=sys.stderr)
    return UNUSABLE


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([smh]?)", text)
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a time like 40s or 5m")
    return int(found[1]) * UNITS[found[2]]


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 1 to 65535")
    return int(text)


def _speed(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= 10_000):
        raise argparse.ArgumentTypeError(f"{text!r}: expected 1 to 10000")
    return int(text)
