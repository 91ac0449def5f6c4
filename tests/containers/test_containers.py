"""The containers themselves: RUN_CONTAINER_TESTS=1, where an engine answers. They take minutes."""

import os
import subprocess
from pathlib import Path

import pytest

CHECK = Path(__file__).parents[2] / "deploy" / "check_containers.sh"


@pytest.mark.skipif(os.environ.get("RUN_CONTAINER_TESTS") != "1", reason="RUN_CONTAINER_TESTS=1 asks for it")
def test_containers() -> None:
    done = subprocess.run([CHECK], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
