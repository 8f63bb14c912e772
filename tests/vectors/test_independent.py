"""Other people's implementations agree with our vectors.

`JAGALCHI_INDEPENDENT_PYTHON` names the interpreter of an environment with `cwt` and `pymerkle`.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent / "independent" / "check_vectors.py"
PYTHON = os.environ.get("JAGALCHI_INDEPENDENT_PYTHON")


@pytest.mark.skipif(not PYTHON, reason="JAGALCHI_INDEPENDENT_PYTHON is not set (.ci/run sets it)")
def test_cwt_and_pymerkle_agree_with_the_vectors() -> None:
    run = subprocess.run(
        [str(PYTHON), str(PROGRAM)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "records by cwt: 11 equal" in run.stdout
