"""What an operator may choose: environment variables over one TOML file, as frozen Options.

It refuses an unknown key, a wrong type and an impossible value, and every refusal names where the
value stands, which one it is, what it says and what was expected. It creates nothing and connects
to nothing: importing the settings must be harmless. Documented in config/server.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "JAGALCHI_"
CONFIG = "JAGALCHI_CONFIG"
MAX_ORIGIN_BYTES = 255
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


class OptionError(ValueError):
    """A setting cannot be used; the text is meant for the operator."""


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that may be set. Each field is a TOML key and, in capitals, JAGALCHI_<FIELD>."""

    home: Path
    """State of this installation: keys, database (when it is SQLite), journal. Owner-only."""
    journal: Path
    """Directory of the journal; best on another disk than the database."""
    database_url: str = ""
    """postgresql://user@/name?host=/socket/dir; empty means SQLite inside `home`."""
    origin: str = ""
    """Name of the log, for ever; empty lets the first start make one from its key."""
    demo: bool = False
    """Accept simulated readings, and say so on every page."""
    allowed_hosts: tuple[str, ...] = LOCAL_HOSTS
    """Host names that this server answers to."""
    https: bool = True
    """Browsers reach this server by https (through a proxy): cookies are marked secure."""
    address: str = "http://localhost:8000"
    """How people reach this server, for links in messages."""

    def database(self) -> dict[str, object]:
        """The Django database that these options describe. Raises OptionError."""
        return _postgres(self.database_url) if self.database_url else sqlite(self.home)


def load(environ: Mapping[str, str]) -> Options:
    """Read the options; the file named by JAGALCHI_CONFIG first, the environment over it."""
    file = environ.get(CONFIG, "")
    values = _from_file(Path(file)) if file else {}
    names = [field.name for field in fields(Options)]
    values |= {n: environ[PREFIX + n.upper()] for n in names if PREFIX + n.upper() in environ}
    return _options(values, environ, file)


def sqlite(home: Path) -> dict[str, object]:
    """SQLite as this server wants it: durable, one writer at a time, readers never waiting."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(home / "db.sqlite3"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # wal_autocheckpoint=0: only server/ledger/writing.py moves the WAL into the file.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-32768; PRAGMA mmap_size=1073741824;",
        },
    }


def _from_file(path: Path) -> dict[str, object]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise OptionError(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise OptionError(f"{path}: is nested too deeply") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: is not TOML: {error}") from None
    known = {field.name for field in fields(Options)}
    server = table.get("server", {})
    if set(table) - {"server"} or not isinstance(server, dict):
        raise OptionError(f"{path}: expected one table, [server]; found {', '.join(table)}")
    if unknown := sorted(set(server) - known):
        raise OptionError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
    return server


def _options(values: dict[str, object], environ: Mapping[str, str], file: str) -> Options:
    def where(name: str) -> str:
        variable = PREFIX + name.upper()
        return variable if variable in environ or not file else f"{file}: {name}"

    def text(name: str) -> str:
        value = values.get(name, "")
        if not isinstance(value, str) or not value.isprintable():
            raise OptionError(f"{where(name)} is {value!r}; expected one line of text")
        return value

    def flag(name: str, default: bool) -> bool:
        value = values.get(name, default)
        value = YES_NO.get(value.lower()) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise OptionError(f"{where(name)} is {values[name]!r}; expected 1 or 0, true or false")
        return value

    def hosts(name: str) -> tuple[str, ...]:
        value = values.get(name, LOCAL_HOSTS)
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
            raise OptionError(f"{where(name)} is {value!r}; expected host names")
        return tuple(stripped for item in items if (stripped := item.strip()))

    def path(name: str, default: Path | str) -> Path:
        try:
            return Path(text(name) or default).expanduser()
        except RuntimeError:
            raise OptionError(f"{where(name)} is {text(name)!r}; whose home is that?") from None

    home = path("home", default_home(environ))
    demo = flag("demo", False)
    origin = text("origin")
    if "+" in origin or " " in origin or len(origin.encode()) > MAX_ORIGIN_BYTES:
        raise OptionError(
            f"{where('origin')} is {origin[:80]!r}; expected at most {MAX_ORIGIN_BYTES} bytes,"
            " no space and no '+' in it"
        )
    options = Options(
        home=home,
        journal=path("journal", home / "journal"),
        database_url=text("database_url"),
        origin=origin,
        demo=demo,
        allowed_hosts=hosts("allowed_hosts"),
        https=flag("https", not demo),
    )
    options.database()
    return options


def default_home(environ: Mapping[str, str]) -> str:
    """The state directory: what systemd gives, else the user's own."""
    if given := environ.get("STATE_DIRECTORY", ""):
        return given
    state = environ.get("XDG_STATE_HOME") or f"{environ.get('HOME', '~')}/.local/state"
    return f"{state}/jagalchi-server"


def _postgres(url: str) -> dict[str, object]:
    try:
        parts = urlsplit(url)
        name, port = parts.path.removeprefix("/"), str(parts.port or "")
    except ValueError:
        parts, name, port = urlsplit(""), "", ""
    if parts.scheme not in ("postgresql", "postgres") or not name:
        # The rest may hold a password.
        raise OptionError(
            f"{PREFIX}DATABASE_URL starts {url[:12]!r}; expected postgresql://user@host/name "
            "or postgresql://user@/name?host=/socket/directory"
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(name),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", port),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 10, **query},
    }
