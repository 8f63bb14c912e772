"""What an operator may choose: environment variables over one TOML file, as frozen Options.

It refuses an unknown key, a wrong type and an impossible value, and every refusal names where the
value stands, which one it is, what it says and what was expected. It creates nothing and connects
to nothing: importing the settings must be harmless. Documented in config/server.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "JAGALCHI_"
CONFIG = "JAGALCHI_CONFIG"
MAX_ORIGIN_BYTES = 255
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
ADDRESS, MAIL_FROM = "http://localhost:8000", "jagalchi@localhost"
LOOPBACK = ("127.0.0.1", "::1")
MESSAGES = ("console", "smtp", "gateway")
NEEDED = {"smtp": "smtp_url", "gateway": "gateway_url"}
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
    address: str = ADDRESS
    """How people reach this server, for links in messages."""
    proxies: tuple[str, ...] = LOOPBACK
    """Whose word about a client's address is taken: the last of X-Forwarded-For."""
    messages: str = "console"
    """By what way messages leave: a file in `home`, e-mail, or an SMS gateway (and e-mail)."""
    smtp_url: str = field(default="", repr=False)
    """smtp://user:password@host:587, or smtps:// with TLS from the start."""
    mail_from: str = MAIL_FROM
    """The sender of e-mail."""
    gateway_url: str = ""
    """Where SMS and 알림톡 are posted to, as JSON."""
    gateway_key: str = field(default="", repr=False)
    """The gateway's bearer token."""

    def database(self) -> dict[str, object]:
        """The Django database that these options describe. Raises OptionError."""
        return _postgres(self.database_url) if self.database_url else sqlite(self.home)


def load(environ: Mapping[str, str]) -> Options:
    """Read the options; the file named by JAGALCHI_CONFIG first, the environment over it."""
    file = environ.get(CONFIG, "")
    values = _from_file(Path(file)) if file else {}
    names = [one.name for one in fields(Options)]
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
            "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-32768; PRAGMA mmap_size=1073741824;"
            "PRAGMA secure_delete=FAST;",
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
    known = {one.name for one in fields(Options)}
    server = table.get("server", {})
    if set(table) - {"server"} or not isinstance(server, dict):
        raise OptionError(f"{path}: expected one table, [server]; found {', '.join(table)}")
    if unknown := sorted(set(server) - known):
        raise OptionError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
    return server


@dataclass(frozen=True, slots=True)
class _Reader:
    """The values that were found, and where: every refusal names both."""

    values: Mapping[str, object]
    environ: Mapping[str, str]
    file: str

    def refuse(self, name: str, value: object, expected: str) -> OptionError:
        """The error to raise."""
        variable = PREFIX + name.upper()
        ours = variable in self.environ or not self.file
        place = variable if ours else f"{self.file}: {name}"
        return OptionError(f"{place} is {value!r}; expected {expected}")

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str) or not value.isprintable():
            raise self.refuse(name, value, "one line of text")
        return value

    def word(self, name: str, words: Sequence[str]) -> str:
        value = self.text(name) or words[0]
        if value not in words:
            raise self.refuse(name, value, f"one of {', '.join(words)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        value = YES_NO.get(value.lower()) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise self.refuse(name, self.values[name], "1 or 0, true or false")
        return value

    def items(self, name: str, what: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.values.get(name, default)
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
            raise self.refuse(name, value, what)
        return tuple(stripped for item in items if (stripped := item.strip()))

    def path(self, name: str, default: Path | str) -> Path:
        try:
            return Path(self.text(name) or default).expanduser()
        except RuntimeError:
            raise self.refuse(name, self.text(name), "a folder; whose home is that?") from None

    def address(self, name: str, schemes: tuple[str, ...], default: str = "") -> str:
        """An address without its last slash. As it may hold a password, its scheme is told back."""
        value = self.text(name, default).rstrip("/")
        try:
            parts = urlsplit(value)
            fine = not value or (parts.scheme in schemes and bool(parts.hostname))
        except ValueError:
            fine = False
        if not fine:
            raise self.refuse(
                name, value.partition("//")[0][:12], f"an address like {schemes[0]}://host"
            )
        return value


def _options(values: Mapping[str, object], environ: Mapping[str, str], file: str) -> Options:
    read = _Reader(values, environ, file)
    home = read.path("home", default_home(environ))
    demo = read.flag("demo", False)
    options = Options(
        home=home,
        journal=read.path("journal", home / "journal"),
        database_url=read.text("database_url"),
        origin=_origin(read),
        demo=demo,
        allowed_hosts=read.items("allowed_hosts", "host names", LOCAL_HOSTS),
        https=read.flag("https", not demo),
        address=read.address("address", ("https", "http"), ADDRESS),
        proxies=read.items("proxies", "addresses of proxies", LOOPBACK),
        messages=read.word("messages", MESSAGES),
        smtp_url=read.address("smtp_url", ("smtp", "smtps")),
        mail_from=read.text("mail_from", MAIL_FROM),
        gateway_url=read.address("gateway_url", ("https",)),
        gateway_key=read.text("gateway_key"),
    )
    options.database()
    for way, needed in NEEDED.items():
        if options.messages == way and not getattr(options, needed):
            raise OptionError(f"messages is {way!r}, and {needed} is not set")
    return options


def _origin(read: _Reader) -> str:
    origin = read.text("origin")
    if "+" in origin or " " in origin or len(origin.encode()) > MAX_ORIGIN_BYTES:
        expected = f"at most {MAX_ORIGIN_BYTES} bytes, no space and no '+' in it"
        raise read.refuse("origin", origin[:80], expected)
    return origin


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
        "OPTIONS": {
            "connect_timeout": 10,
            # The statements of server/ledger/rows.py are parsed and planned once per connection.
            "prepare_threshold": 5,
            **query,
        },
    }
