"""Check the vectors with code that is not ours: `cwt` for COSE, `pymerkle` for the tree.

Runs in an environment of its own (both are needed by no one else, and pymerkle is GPL), so it
imports nothing of this project: only the JSON files are shared. Prints what it checked, and ends
with status 1 at the first difference.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cwt import COSE, COSEKey
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

VECTORS = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Any:
    """One file of vectors."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def check(holds: bool, what: str) -> None:
    """Stop at the first difference."""
    if not holds:
        sys.exit(f"difference: {what}")


def check_cbor() -> int:
    """Another decoder reads the golden encodings, and writes the same bytes."""
    cases = load("cbor")["golden"]
    for case in cases:
        data = bytes.fromhex(case["cbor"])
        value = cbor2.loads(data)
        check(repr(value) == case["value"], case["value"])
        check(cbor2.dumps(value, canonical=True) == data, case["value"])
    return len(cases)


def check_names() -> int:
    """Key id and device name from the thumbprint, computed here."""
    cases = load("keys")["golden"]
    for case in cases:
        print_ = hashlib.sha256(bytes.fromhex(case["cose_key"])).digest()
        check(print_[:8].hex() == case["kid"], "kid")
        check(base64.b32encode(print_[:10]).decode().lower() == case["device"], "device")
    return len(cases)


def check_records() -> int:
    """`cwt` verifies each golden record, and none of the negative ones with a bad signature."""
    key = COSEKey.new({**cbor2.loads(bytes.fromhex(load("keys")["golden"][0]["cose_key"])), 3: -7})
    known = COSEKey.new({**key.to_dict(), 2: bytes.fromhex(load("keys")["golden"][0]["kid"])})
    cases = load("records")
    for case in cases["golden"]:
        sealed = bytes.fromhex(case["sealed"])
        check(_cose_payload(sealed, known) == bytes.fromhex(case["payload"]), case["kind"])
        check(hashlib.sha256(sealed).hexdigest() == case["hash"], f"hash of {case['kind']}")
    for case in cases["negative"]:
        if case["problem"] in ("bad-signature", "wrong-domain"):
            check(_cose_payload(bytes.fromhex(case["sealed"]), known) is None, case["why"])
    return len(cases["golden"])


def _cose_payload(sealed: bytes, key: COSEKey) -> bytes | None:
    try:
        payload = COSE.new().decode(sealed, key, external_aad=b"jagalchi/record/1")
    except Exception:  # whatever that library raises means: it does not verify
        return None
    return payload if isinstance(payload, bytes) else None


def check_tree() -> int:
    """`pymerkle` builds the same roots, makes the same audit paths, and joins our roots.

    Its consistency proofs have a form of their own; ours are checked by Go's code (tests/go).
    """
    file, tree, count = load("tree"), InmemoryTree(algorithm="sha256"), 0
    for size in range(1, 14):
        tree.append_entry(str(size - 1).encode())
        if str(size) in file["roots"]:
            check(tree.get_root(size).hex() == file["roots"][str(size)], f"root of {size}")
            count += 1
    for case in file["inclusion"]:
        proof = tree.prove_inclusion(case["index"] + 1, 13)
        base = bytes.fromhex(case["leaf_hash"])
        verify_inclusion(base, bytes.fromhex(case["root"]), proof)
        check([one.hex() for one in proof.path[1:]] == case["path"], f"leaf {case['index']}")
    for case in file["consistency"][1:]:
        old, new = bytes.fromhex(case["old_root"]), bytes.fromhex(case["root"])
        verify_consistency(old, new, tree.prove_consistency(case["old_size"], 13))
    return count + len(file["inclusion"]) + len(file["consistency"]) - 1


def check_notes() -> int:
    """The signature line of a note is over its text, under the vkey's key."""
    case = load("notes")["golden"][0]
    text, signatures = case["note"].split("\n\n", 1)
    name, key_hash, blob = case["vkey"].split("+", 2)
    public = base64.b64decode(blob)
    raw = base64.b64decode(signatures.split(" ")[2])
    computed = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    check(public[0] == 1 and raw[:4].hex() == key_hash == computed.hex(), "key hash")
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(raw[4:], f"{text}\n".encode())
    lines = text.split("\n")
    check(lines[1] == str(case["size"]), "size")
    check(base64.b64decode(lines[2]).hex() == case["root"], "root")
    return 1


def main() -> None:
    """Check everything and say how much that was."""
    for name, act in (
        ("CBOR values", check_cbor),
        ("key names", check_names),
        ("records by cwt", check_records),
        ("roots and proofs by pymerkle", check_tree),
        ("notes", check_notes),
    ):
        print(f"{name}: {act()} equal")


if __name__ == "__main__":
    main()
