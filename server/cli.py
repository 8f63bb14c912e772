"""The command line of the server: run, demo, migrate, devices, people (admission.py), upkeep.

Every expected trouble ends in one plain sentence on stderr and an exit status: 64 for a wrong
command line, 78 for a configuration, a state directory or a port that cannot be used. Settings
come from the environment and from the file named by JAGALCHI_CONFIG (see config/server.toml).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from server import admission, configuring, demo, options, upkeep, walls

NO, USAGE, MISCONFIGURED = 1, 64, 78
MAX_ASSET = 64
CODES = ("svg", "png")
SHOWN = 20
HINTS = {"opening-first": ": export without --since, or with an earlier one"}
EPILOG = """\
Settings are environment variables, or keys of the file named by JAGALCHI_CONFIG:
  JAGALCHI_HOME           keys, database and journal live here (owner-only)
  JAGALCHI_JOURNAL        journal directory, best on another disk
  JAGALCHI_DATABASE_URL   postgresql://user@/name?host=/socket/dir; unset: SQLite in the home
  JAGALCHI_ORIGIN         name of the log, for ever; unset: made from its key
  JAGALCHI_ALLOWED_HOSTS  host names this server answers to, separated by commas
  JAGALCHI_HTTPS          1 if browsers reach it by https (default), else 0
  JAGALCHI_DEMO           1 to accept simulated readings
  JAGALCHI_ADDRESS        how people reach this server, for links in messages
"""


class Refused(Exception):
    """Nothing was done; the text tells the operator why."""


REFUSALS = (
    Refused,
    upkeep.UpkeepRefused,
    admission.AdmissionRefused,
    configuring.ConfiguringRefused,
    options.OptionError,
)


class Unknown(Exception):
    """The answer is no: there is no such thing here."""


class Parser(argparse.ArgumentParser):
    """argparse with our exit status for a wrong command line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to ask for help."""
        self.exit(USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.command(chosen))
    except REFUSALS as error:
        print(f"jagalchi-server: {error}", file=sys.stderr)
        return MISCONFIGURED
    except Unknown as error:
        print(f"jagalchi-server: {error}", file=sys.stderr)
        return NO
    except BrokenPipeError:
        # Whoever read our output has left; point it elsewhere or the interpreter complains too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO


def parser() -> argparse.ArgumentParser:
    """All commands and their help."""
    top = Parser(
        prog="jagalchi-server",
        description="The public log of the cold chain, and the devices that write to it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> Parser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    sub = add("run", run, "Start the server; the first start makes keys, database and journal.")
    sub.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    sub.add_argument("--port", type=_number, default=8000, help="port (%(default)s)")
    sub.add_argument("--workers", type=_number, default=1, help="processes (%(default)s)")
    sub.add_argument("--threads", type=_number, default=16, help="threads in each (%(default)s)")
    sub = add("demo", demo.run, "Show it all: this server and three simulated trucks.")
    demo.add_arguments(sub)
    add("migrate", migrate, "Bring the database's tables up to date, and check the installation.")
    sub = add("token", token, "Make a one-time token that enrols one device within 24 hours.")
    _of_asset(sub)
    text = "id of whose asset that is, from now on"
    sub.add_argument("--organisation", metavar="ID", default="", help=text)
    sub.add_argument("--url", default="http://127.0.0.1:8000", help="this server, for the device")
    for kind in CODES:
        text = "write the QR code into this new file too, to print or send"
        sub.add_argument(f"--{kind}", type=Path, metavar="FILE", help=text)
    sub = add("assign", assign, "Move a device to another asset; what it wrote stays with the old.")
    _of_device(sub)
    _of_asset(sub)
    sub = add("import", bring, "Take in devices' evidence files, as if they came by network.")
    sub.add_argument("files", type=Path, nargs="+", metavar="FILE", help="what export wrote")
    sub = add("revoke", revoke, "End a device for good; what it has delivered stays.")
    _of_device(sub)
    admission.add_commands(add, _acting)
    walls.add_command(add, _acting, _asset)
    configuring.add_commands(add, _acting)
    upkeep.add_commands(add)
    return top


def run(chosen: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    _set_up()
    from server import serve

    listen = serve.Listen(chosen.host, chosen.port, chosen.workers, chosen.threads)
    try:
        listener = serve.bind(listen)
    except serve.PortTaken as error:
        raise Refused(str(error)) from None
    print(_ready(), flush=True)
    _remind()
    serve.Server(listen, listener).run()
    return 0


def migrate(_chosen: argparse.Namespace) -> int:
    """Make or update the tables, then check that everything belongs together."""
    _set_up()
    print(_ready())
    _remind()
    return 0


def token(chosen: argparse.Namespace) -> int:
    """Print a new enrolment token and the command that uses it, as a line and as a QR code."""
    files = {kind: path for kind in CODES if (path := getattr(chosen, kind)) is not None}
    for path in files.values():
        if path.exists():
            raise Refused(f"{path}: is there already; no token was made")
    with _acting() as now_ms:
        from server.devices.commands import fitted, issue_token
        from server.ledger.keys import entropy

        before = fitted(chosen.asset)
        whose = chosen.organisation
        if whose:
            admission.known(whose)
        text = issue_token(
            chosen.asset, now_ms=now_ms, entropy=entropy(32), organisation=whose
        )
    print(f"token for {chosen.asset}, valid once within 24 hours: {text}")
    line = f"jagalchi-agent enrol {chosen.url} {text}"
    print(f"on the device: {line}")
    _show_code(line, files)
    for device in before:
        print(
            f"{device} is fitted to {chosen.asset} now, and will not be once another has enrolled;"
            " what it wrote stays. To have both there: jagalchi-server assign"
        )
    return 0


def _show_code(line: str, files: Mapping[str, Path]) -> None:
    """The line to paste as a QR code: whoever scans it has the line and types nothing."""
    from server import qr

    try:
        print("\n".join(qr.lines(line, coloured=sys.stdout.isatty())))
    except UnicodeEncodeError:
        print("(this terminal cannot show a QR code: use --svg or --png)")
    for kind, path in files.items():
        try:
            qr.write(path, line, kind)
        except OSError as error:
            why = f"cannot be written: {error.strerror}; the token is good"
            raise Refused(f"{path}: {why}") from None
        print(f"{path}: the same as a picture, good for one device: hand it over like a key")


def assign(chosen: argparse.Namespace) -> int:
    """Fit a device to another asset from now on."""
    with _acting() as now_ms:
        from server.devices import commands

        commands.assign(chosen.device, chosen.asset, now_ms=now_ms)
    print(f"{chosen.device} measures for {chosen.asset} from now on")
    return 0


def bring(chosen: argparse.Namespace) -> int:
    """Judge every record of the files; 1 if any was refused."""
    sound = True
    with _acting() as now_ms:
        for path in chosen.files:
            sound &= _brought(path, now_ms)
    return 0 if sound else NO


def _brought(path: Path, now_ms: int) -> bool:
    from protocol.bundle import MAX_EVIDENCE
    from protocol.errors import ProtocolError
    from server.devices import carried
    from server.ledger.log import LogUnavailable

    try:
        with path.open("rb") as file:
            done = carried.take(file.read(MAX_EVIDENCE + 1), now_ms)
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
    except LogUnavailable as error:
        raise Refused(f"{path}: the log cannot be extended just now ({error}); try again") from None
    except ProtocolError as error:
        print(f"jagalchi-server: {path}: {error}; nothing of it was taken", file=sys.stderr)
        return False
    print(
        f"{path}: device {done.device}: {done.records} records, {done.taken} taken,"
        f" {done.good - done.taken} held already, {done.contested} contested,"
        f" {len(done.refused)} refused"
    )
    for one in done.refused[:SHOWN]:
        print(f"  refused  {one.where}: {one.problem}{HINTS.get(one.problem, '')}")
    if len(done.refused) > SHOWN:
        print(f"  ... and {len(done.refused) - SHOWN} more")
    return not done.refused


def revoke(chosen: argparse.Namespace) -> int:
    """Refuse from now on whatever a device has not committed to before."""
    with _acting() as now_ms:
        from server.devices import commands

        commands.revoke(chosen.device, now_ms=now_ms)
    print(f"{chosen.device} is revoked; to use the truck again, enrol it with an empty card")
    return 0


@contextmanager
def _acting() -> Iterator[int]:
    """What an operator does by hand, beside a server that runs or without: gives the time."""
    _set_up()
    _ready()
    from django.db import Error

    from server.devices.commands import UnknownDevice
    from server.ledger.tick import now_ms

    try:
        yield now_ms()
    except UnknownDevice as error:
        raise Unknown(f"no device {error} is enrolled here; nothing was changed") from None
    except Error as error:
        raise Refused(f"The database cannot be used: {str(error).strip()}") from None


def _of_device(sub: Parser) -> None:
    sub.add_argument("device", metavar="DEVICE", help="its name: 16 letters and digits")


def _of_asset(sub: Parser) -> None:
    text = "truck, room or store that it is fitted to"
    sub.add_argument("--asset", type=_asset, required=True, metavar="NAME", help=text)


def _set_up() -> None:
    """Load the settings and make the state directory."""
    os.umask(0o077)
    home = options.load(os.environ).home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{home} cannot be made: {error.strerror}. Set JAGALCHI_HOME.") from None
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise Refused(f"{home} cannot be written to. Set JAGALCHI_HOME or its owner.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    import django

    django.setup()


def _ready() -> str:
    """Migrate, prepare the log, and say what there is. Raises Refused."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import call_command
    from django.db import Error, connection, transaction
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    from server import rebuilding, tables
    from server.devices import replay
    from server.ledger import keys, sequencing, startup
    from server.ledger.tick import now_ms

    try:
        # All or nothing: Django itself may record a migration after the tables are committed, and a
        # power cut in between would leave tables that the next start refuses to make again.
        with connection.constraint_checks_disabled(), transaction.atomic():
            call_command("migrate", interactive=False, verbosity=0)
        if wrong := "; ".join(tables.misfits()):
            raise Refused(f"The database's tables are not those of this version: {wrong}.")
        before, home = sequencing.newest(), settings.JAGALCHI.home
        newest = rebuilding.prepare(home, before.size if before else 0, now_ms())
        _check_people()
    except keys.KeyRefused as error:
        raise Refused(str(error)) from None
    except (Error, ImproperlyConfigured, InconsistentMigrationHistory) as error:
        raise Refused(f"The database cannot be used: {str(error).strip()}") from None
    except (startup.StartupRefused, replay.ReplayRefused) as error:
        raise Refused(str(error)) from None
    except sequencing.LogBroken as error:
        raise Refused(f"The log cannot go on: {error}. Put a backup back: restore DIR.") from None
    connection.close()
    settings.SECRET_KEY = settings.SECRET_FILE.read_text()
    return f"log {keys.current().origin}, {newest.size} entries, in {settings.JAGALCHI.home}"


def _check_people() -> None:
    """Refuse a vault's key that fits not, and a demonstration's accounts elsewhere."""
    from django.conf import settings

    from server import demo_people
    from server.accounts import vault

    vault.check()
    if not settings.JAGALCHI.demo and demo_people.leftovers():
        raise Refused(
            f"{settings.JAGALCHI.home} is a demonstration's: its accounts are known to others."
            " Set JAGALCHI_HOME to a new directory."
        )


def _remind() -> None:
    """Say that the recovery key should not lie here, as long as it does."""
    from django.conf import settings

    from server.ledger import keys

    directory = settings.JAGALCHI.home / "keys"
    if not settings.JAGALCHI.demo and keys.recovery_is_online(directory):
        print(
            f"Take the recovery key offline: move {directory}/{keys.RECOVERY}.key to a safe place"
            " away from this machine. Without it a lost log cannot be succeeded; with it here,"
            " whoever takes this machine takes the log.",
            file=sys.stderr,
        )


def _asset(text: str) -> str:
    name = text.strip()
    if not (0 < len(name) <= MAX_ASSET and name.isprintable()):
        raise argparse.ArgumentTypeError(f"expected a name of 1 to {MAX_ASSET} characters")
    return name


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 65535")
    return int(text)
