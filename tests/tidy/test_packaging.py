"""What is installed: every package, every template, and on a truck nothing of the server."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.tidy.source import PACKAGES, ROOT, product

SERVER_ONLY = (
    *("django", "ninja", "cryptography", "openpyxl", "segno", "psycopg", "gunicorn", "pydantic"),
)
# Runs in a fresh interpreter: blocks what a truck does not have, then imports what it runs.
TRUCK = """
import importlib, json, sys
blocked, wanted = json.loads(sys.stdin.read())
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r} (not on a truck)", name=name)
sys.meta_path.insert(0, Absent())
for name in wanted:
    importlib.import_module(name)
"""


def _setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def _listed(section: str, key: str) -> list[str]:
    lines = (line.strip() for line in _setup()[section][key].splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def packages_on_disk(root: Path) -> set[str]:
    """Every folder of ours that holds Python files, as a dotted package."""
    files = (path for top in PACKAGES for path in (root / top).rglob("*.py"))
    return {".".join(path.parent.relative_to(root).parts) for path in files}


def unpacked_data(root: Path, patterns: dict[str, list[str]]) -> set[str]:
    """Files beside the code that no package_data pattern names."""
    ours = (path for top in PACKAGES for path in (root / top).rglob("*") if path.is_file())
    kept = {path for path in ours if path.suffix not in {".py", ".pyc"} and path.name != "py.typed"}
    for package, globs in patterns.items():
        for pattern in globs:
            kept -= set((root / package.replace(".", "/")).glob(pattern))
    return {path.relative_to(root).as_posix() for path in kept}


def test_the_package_list_is_complete_and_holds_nothing_else() -> None:
    assert set(_listed("options", "packages")) == packages_on_disk(ROOT)


def test_every_package_has_its_init() -> None:
    inits = {p: ROOT / p.replace(".", "/") / "__init__.py" for p in packages_on_disk(ROOT)}
    assert [package for package, init in inits.items() if not init.exists()] == []


def test_templates_static_files_and_migrations_are_packed() -> None:
    section = "options.package_data"
    data = {package: _listed(section, package) for package in _setup()[section]}
    assert unpacked_data(ROOT, data) == set()


def test_a_forgotten_package_and_a_forgotten_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "server" / "new" / "templates").mkdir(parents=True)
    (tmp_path / "server" / "new" / "views.py").touch()
    (tmp_path / "server" / "new" / "templates" / "page.html").touch()
    assert packages_on_disk(tmp_path) == {"server.new"}
    assert unpacked_data(tmp_path, {}) == {"server/new/templates/page.html"}
    assert unpacked_data(tmp_path, {"server.new": ["templates/*.html"]}) == set()


def test_console_scripts_point_at_functions() -> None:
    for line in _listed("options.entry_points", "console_scripts"):
        module, _, function = line.partition("=")[2].strip().partition(":")
        path = ROOT / (module.replace(".", "/") + ".py")
        assert re.search(rf"^def {function}\(", path.read_text("utf-8"), re.MULTILINE), line


def test_pyproject_says_only_how_to_build() -> None:
    assert len((ROOT / "pyproject.toml").read_text("utf-8").splitlines()) == 3


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _base_closure() -> set[str]:
    """Distributions that `pip install jagalchi`, without extras, brings to this machine."""
    todo = [Requirement(line) for line in _listed("options", "install_requires")]
    seen: set[str] = set()
    while todo:
        wanted = todo.pop()
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        if _normal(wanted.name) not in seen:
            seen.add(_normal(wanted.name))
            todo += [Requirement(line) for line in metadata.requires(wanted.name) or ()]
    return seen


def _absent_on_a_truck() -> list[str]:
    base = _base_closure() | {"jagalchi"}
    owners = metadata.packages_distributions()
    return sorted(top for top, names in owners.items() if not {_normal(n) for n in names} & base)


def _import_on_a_truck(wanted: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TRUCK],
        input=json.dumps([_absent_on_a_truck(), wanted]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _modules(*packages: str) -> list[str]:
    paths = (s.path for s in product() if s.path.split("/")[0] in packages)
    names = (path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in paths)
    return [name for name in names if not name.startswith("hal.pi") and name != "agent.__main__"]


def test_base_requirements_hold_nothing_of_the_server() -> None:
    assert _base_closure().isdisjoint(_normal(name) for name in SERVER_ONLY)


def test_every_module_of_a_truck_imports_with_base_requirements_only() -> None:
    result = _import_on_a_truck(["agent.cli", *_modules("agent", "hal", "protocol", "science")])
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["django", "cryptography"])
def test_the_blocked_truck_really_lacks_server_libraries(name: str) -> None:
    result = _import_on_a_truck([name])
    assert "not on a truck" in result.stderr
