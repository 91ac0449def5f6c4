#!/usr/bin/env bash
# Proves the containers on this machine: both compose files, the image, the volume, a signed call through a tunnel, the
# rehearsal, the tests (and that a broken test is noticed). It works on a copy of the checkout, without its .env, under a
# project name of its own, and leaves nothing running. Where no container engine answers, it says so and ends well.
#
#   deploy/check_containers.sh                       PYTHON_IMAGE names a base image; else deploy/base_image.sh makes one
#   CHECK_TESTS=no deploy/check_containers.sh        all but the tests in the container
set -euo pipefail
cd "$(dirname "$0")/.."

export PYTHON_IMAGE=${PYTHON_IMAGE:-twilio-openai-base:local}
project=twilio-openai-check
tunnel=twilio-openai-tunnel:local

if ! timeout 20 docker version >/dev/null 2>&1; then
    echo "containers: no engine answers here, so nothing was checked"
    exit 0
fi
composes=()
docker compose version >/dev/null 2>&1 && composes+=("docker compose")
docker-compose version >/dev/null 2>&1 && composes+=("docker-compose")
if [ ${#composes[@]} -eq 0 ]; then
    echo "containers: there is an engine but no Compose, so nothing was checked"
    exit 0
fi

work=$(mktemp -d)
copy=$work/checkout
log=$work/log

# Compose as a user has it on the first day: no settings but those given as NAME=VALUE before the command.
compose() {
    local -a settings=()
    while [[ ${1-} == *=* ]]; do settings+=("$1"); shift; done
    (cd "$copy" && env -i PATH="$PATH" HOME="$HOME" PYTHON_IMAGE="$PYTHON_IMAGE" COMPOSE_PROJECT_NAME="$project" \
        PORT="$port" NGROK_WEB_PORT="$web_port" NGROK_IMAGE="$tunnel" "${builder[@]}" "${settings[@]}" \
        timeout "${limit:-120}" ${composes[0]} "$@")
}
# What decides how images are built and which engine builds them is taken from this machine.
mapfile -t builder < <(env | grep -E '^(PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|NO_INDEX|CERT)|BUILD_NETWORK|DOCKER_[A-Z_]+)=' || true)
tests() { compose "$@" -f docker-compose.test.yml up --no-color --exit-code-from tests; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
container() { compose ps -q "$1"; }
server_says() { compose exec -T server "$@"; }

fail() {
    echo "containers: FAILED: $1" >&2
    [ ! -s "$log" ] || tail -n 40 "$log" >&2
    exit 1
}
# check WHAT COMMAND...: silent unless it fails
check() {
    local what=$1 began=$SECONDS; shift
    : >"$log"
    "$@" >>"$log" 2>&1 || fail "$what"
    echo "containers: $what ($((SECONDS - began)) s)"
}
tear_down() {
    compose down --volumes --remove-orphans --timeout 10 >/dev/null 2>&1 || true
    compose -f docker-compose.test.yml down --volumes --remove-orphans >/dev/null 2>&1 || true
    rm -rf "$work"
}

copy_checkout() {
    mkdir -p "$copy"
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard
    else
        find . -type f ! -path './.venv/*' ! -path '*/.*_cache/*' ! -path '*/__pycache__/*' ! -name .env -print0
    fi | tar --null --ignore-failed-read -T - -c 2>/dev/null | tar -C "$copy" -x
}
files_hold() {
    local each file
    for each in "${composes[@]}"; do
        for file in docker-compose.yml docker-compose.test.yml; do
            (cd "$copy" && env -i PATH="$PATH" HOME="$HOME" $each -f "$file" config --quiet) || return 1
        done
    done
    ! grep -nE '^# *syntax=|--mount' "$copy"/Dockerfile "$copy"/deploy/tunnel/Dockerfile
}
healthy() {
    local id state; id=$(container server)
    for _ in $(seq 60); do
        state=$(docker inspect -f '{{.State.Health.Status}}' "$id")
        [ "$state" != healthy ] || return 0
        sleep 1
    done
    echo "the server is $state"
    compose logs --no-color server
    return 1
}
all_files_installed() {
    (cd "$copy" && find twilio_openai -type f ! -name '*.pyc' | sort) >"$work/source"
    compose run --rm -T server sh -c 'cd /opt/venv/lib/python*/site-packages && find twilio_openai -type f ! -name "*.pyc" | sort' >"$work/image"
    diff "$work/source" "$work/image"
}
only_this_machine() { [[ $(compose port "$1" "$2") == 127.0.0.1:* ]]; }
not_root() { [ "$(server_says id -u | tr -d '\r')" -ne 0 ]; }
tunnel_named() { curl -fsS -m 10 --retry 5 --retry-all-errors "http://127.0.0.1:$web_port/api/tunnels" | grep -F "https://$1"; }
settings=(TWILIO_ACCOUNT_SID="AC$(printf '%032d' 7)" TWILIO_AUTH_TOKEN=check-auth-token OPENAI_API_KEY=check-api-key
    OPENAI_BASE_URL=http://127.0.0.1:9000/v1)
up() { limit=400 compose "${settings[@]}" "$@" up -d --no-color; }
call() { compose exec -T server python3 - <"$copy/deploy/tunnel/call.py"; }
told_in_the_log() { compose logs --no-color server | grep -E 'agent +Thanks for'; }
kept_from_the_log() { ! compose logs --no-color server | grep -nE 'check-auth-token|check-api-key'; }
data_survives() {
    server_says sh -c 'echo kept >/data/check' && compose "${settings[@]}" down --timeout 20 && up && [ "$(server_says cat /data/check | tr -d '\r')" = kept ]
}
stops_well() {
    local id; id=$(container server)
    compose stop && [[ $(docker inspect -f '{{.State.ExitCode}}' "$id") =~ ^(0|143)$ ]]
}
broken_test_is_noticed() {
    echo 'def test_broken() -> None: raise AssertionError("on purpose")' >"$copy/tests/test_broken_on_purpose.py"
    ! tests PYTEST_ADDOPTS="tests/test_broken_on_purpose.py" && compose -f docker-compose.test.yml logs --no-color | grep -q 'on purpose'
}

port=$(free_port)
web_port=$(free_port)
copy_checkout
trap tear_down EXIT

check "compose files hold for ${composes[*]}" files_hold
docker image inspect "$PYTHON_IMAGE" >/dev/null 2>&1 || check "base image" deploy/base_image.sh "$PYTHON_IMAGE"
limit=400 check "image builds" compose build server
check "tunnel's stand-in builds" docker build -q --build-arg PYTHON_IMAGE="$PYTHON_IMAGE" -t "$tunnel" deploy/tunnel
check "every file of the package is in the image" all_files_installed
check "rehearsal without an .env" compose run --rm -T server twilio-openai rehearse
check "up" up
check "healthy" healthy
check "the port is for this machine only" only_this_machine server "$port"
check "ngrok's dashboard is for this machine only" only_this_machine ngrok 4040
check "the server is not root" not_root
check "a signed call through the tunnel" call
check "the log tells what was heard" told_in_the_log
check "no secret in the log" kept_from_the_log
check "data survives down and up" data_survives
check "up with NGROK_URL" up NGROK_URL=https://voice.tunnel.test
check "healthy again" healthy
check "the tunnel has that name" tunnel_named voice.tunnel.test
check "a signed call by that name" call
check "stops by itself" stops_well
if [ "${CHECK_TESTS:-yes}" = yes ]; then
    limit=400 check "tests' image builds" compose -f docker-compose.test.yml build
    limit=420 check "the tests pass in the container" tests
    check "a broken test is noticed" broken_test_is_noticed
fi
