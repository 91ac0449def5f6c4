"""Prints what pyproject.toml requires, one requirement a line, so that it can be installed apart from the program.

`requirements.py PYPROJECT [GROUP ...]`: a group is an optional one (`dev`), or `build` for what building needs.
"""

import sys
import tomllib
from pathlib import Path


def requirements(pyproject: Path, groups: list[str]) -> list[str]:
    """The requirements of `pyproject` and of its `groups`. Raises KeyError for a group that it does not have."""
    document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = document["project"]
    known = {**project.get("optional-dependencies", {}), "build": document["build-system"]["requires"]}
    return [*project["dependencies"], *(one for group in groups for one in known[group])]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{one}\n" for one in requirements(Path(sys.argv[1]), sys.argv[2:])))
