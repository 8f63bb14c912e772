"""What an operator may choose, and how a wrong choice is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from server import options
from server.options import OptionError


def test_nothing_set_gives_a_safe_default() -> None:
    chosen = options.load({"HOME": "/home/me"})
    assert chosen.home == Path("/home/me/.local/state/jagalchi-server")
    assert chosen.journal == chosen.home / "journal"
    assert (chosen.demo, chosen.https, chosen.origin) == (False, True, "")
    assert chosen.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert chosen.database()["ENGINE"] == "django.db.backends.sqlite3"


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[server]\nhome = "/from/file"\norigin = "a.example/log"\ndemo = true\n')
    chosen = options.load({"JAGALCHI_CONFIG": str(file), "JAGALCHI_HOME": "/from/env"})
    assert (chosen.home, chosen.origin) == (Path("/from/env"), "a.example/log")
    assert (chosen.demo, chosen.https) == (True, False)


def test_systemds_state_directory_is_taken() -> None:
    assert options.load({"STATE_DIRECTORY": "/var/lib/x"}).home == Path("/var/lib/x")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://me@/log?host=/run/pg", ("log", "me", "", "/run/pg", "")),
        ("postgresql://me:p%40ss@db.example:5433/log", ("log", "me", "p@ss", "db.example", "5433")),
    ],
)
def test_a_postgresql_url_is_read(url: str, expected: tuple[str, ...]) -> None:
    database = options.load({"JAGALCHI_DATABASE_URL": url}).database()
    assert tuple(database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("JAGALCHI_DEMO", "perhaps", "JAGALCHI_DEMO is 'perhaps'; expected 1 or 0"),
        ("JAGALCHI_ORIGIN", "a log", "JAGALCHI_ORIGIN is 'a log'; expected .* no space"),
        ("JAGALCHI_ORIGIN", "a+b", "no space and no"),
        ("JAGALCHI_ORIGIN", "가" * 86, "expected at most 255 bytes"),
        ("JAGALCHI_ORIGIN", "a\x01b", "expected one line of text"),
        ("JAGALCHI_HOME", "~nobody-has-this-name/x", "whose home is that"),
        ("JAGALCHI_JOURNAL", "a\x00b", "expected one line of text"),
        ("JAGALCHI_DATABASE_URL", "postgresql://[::1/x", "expected postgresql://"),
        ("JAGALCHI_HOME", "a\nb", "expected one line of text"),
        ("JAGALCHI_DATABASE_URL", "mysql://x/y", "starts 'mysql://x/y'; expected postgresql://"),
        ("JAGALCHI_DATABASE_URL", "postgresql://x", "expected postgresql://"),
        ("JAGALCHI_DATABASE_URL", "postgresql://h:port/x", "expected postgresql://"),
        ("JAGALCHI_ADDRESS", "localhost:8000", "expected an address like https://host"),
        ("JAGALCHI_SMTP_URL", "smpt://me:geheim@host", "is 'smpt:'; expected .* smtp://host"),
        ("JAGALCHI_GATEWAY_URL", "http://sms.example", "expected an address like https://host"),
        ("JAGALCHI_MESSAGES", "pigeon", "expected one of console, smtp, gateway"),
        ("JAGALCHI_MESSAGES", "smtp", "messages is 'smtp', and smtp_url is not set"),
        ("JAGALCHI_MESSAGES", "gateway", "messages is 'gateway', and gateway_url is not set"),
        ("JAGALCHI_CONFIG", "/nowhere/server.toml", "cannot be read: No such file"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        options.load({name: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nhoem = 1\n", "unknown key 'hoem'; known: address, allowed_hosts"),
        ("home = 1\n", r"expected one table, \[server\]; found home"),
        ("[server]\nhome = 7\n", "server.toml: home is 7; expected one line of text"),
        ("[server]\ndemo = 1\n", "server.toml: demo is 1; expected 1 or 0, true or false"),
        ("[server]\nallowed_hosts = [1]\n", r"allowed_hosts is \[1\]; expected host names"),
        ("[server\n", "is not TOML"),
        ("[server]\nhome = \"a\\u0000b\"\n", "expected one line of text"),
        ("a = " + "[" * 20_000, "nested too deeply"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "server.toml"
    file.write_text(text)
    with pytest.raises(OptionError, match=message):
        options.load({"JAGALCHI_CONFIG": str(file)})


def test_a_password_is_not_told_back() -> None:
    with pytest.raises(OptionError) as refused:
        options.load({"JAGALCHI_DATABASE_URL": "mysql://me:geheim@host/log"})
    assert "geheim" not in str(refused.value)
