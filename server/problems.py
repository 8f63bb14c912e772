"""What a refusal says: a problem document (RFC 9457) of the closed list, as bytes. Knows no Django.

Spec: docs/protocol.md, section "Registries and problems".
"""

from __future__ import annotations

import json

from protocol.registry import PROBLEMS, Problem

MEDIA_TYPE = "application/problem+json"


def document(kind: Problem, detail: str, **where: int | None) -> bytes:
    """The document; `where` names span and index."""
    text = PROBLEMS[kind]
    said = {
        "type": f"urn:jagalchi:problem:{kind}",
        "title": text.title.en,
        "title_ko": text.title.ko,
        "status": text.status,
        "detail": detail,
    }
    said |= {name: value for name, value in where.items() if value is not None}
    return json.dumps(said, ensure_ascii=False).encode()
