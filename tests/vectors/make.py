"""Write the vectors: `python -m tests.vectors.make`. Same code, same bytes, every time.

Each file is one JSON object {"about", "golden": [...], "negative": [...]}; bytes are hex.
A golden case gives inputs and outputs; a negative one gives bytes and the problem they must cause.
The cases live in tests/vectors/cases_*.py; docs/protocol.md, section "Vectors", describes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.vectors import (
    cases_configuration,
    cases_evidence,
    cases_log,
    cases_record,
    cases_rules,
    cases_succession,
)

FOLDER = Path(__file__).parent

FILES: Mapping[str, Callable[[], dict[str, object]]] = {
    "cbor": cases_record.cbor_file,
    "keys": cases_record.keys_file,
    "records": cases_record.records_file,
    "spans": cases_record.spans_file,
    "leaves": cases_log.leaves_file,
    "tree": cases_log.tree_file,
    "notes": cases_log.notes_file,
    "receipts": cases_log.receipts_file,
    "succession": cases_succession.succession_file,
    "readmission": cases_succession.readmission_file,
    "evidence": cases_evidence.evidence_file,
    "enrolment": cases_rules.enrolment_file,
    "configurations": cases_configuration.configurations_file,
    "excursions": cases_rules.excursions_file,
}


def text_of(name: str) -> str:
    """The file's content as it must be."""
    return json.dumps(FILES[name](), indent=1, ensure_ascii=False) + "\n"


def path_of(name: str) -> Path:
    """Where the file lies."""
    return FOLDER / f"{name}.json"


def main() -> None:
    """Write all of them."""
    for name in FILES:
        path_of(name).write_text(text_of(name), encoding="utf-8")
        print(f"wrote {path_of(name).name}")


if __name__ == "__main__":
    main()
