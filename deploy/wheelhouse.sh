#!/usr/bin/env bash
# Fetches every package that the images need into ./wheelhouse, with this machine's pip, its index and its certificates.
# Afterwards the images build without a network:  PIP_NO_INDEX=1 docker compose up --build
#
#   deploy/wheelhouse.sh                        the Python here must be of the same version as PYTHON_IMAGE's
#   PYTHON=python3.12 deploy/wheelhouse.sh
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
requirements=$(mktemp)
trap 'rm -f "$requirements"' EXIT

"$python" deploy/requirements.py pyproject.toml dev build >"$requirements"
"$python" -m pip wheel -q -c constraints.txt --wheel-dir wheelhouse -r "$requirements"
echo "wheelhouse: $(find wheelhouse -name '*.whl' | wc -l) packages for $("$python" -V)"
