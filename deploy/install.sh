#!/bin/sh
# Installs into the image's virtual environment, with the image's own pip. Used by the Dockerfile only.
set -e
# A certificate file of the machine that builds means nothing here, unless the image has one of the same name.
[ -e "${PIP_CERT:-}" ] || unset PIP_CERT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_DEFAULT_TIMEOUT=60
exec python3 -m pip --python /opt/venv/bin/python3 install --quiet -c /build/wheelhouse/constraints.txt "$@"
