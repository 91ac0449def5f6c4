"""What the container files promise, as far as it can be read off them; `deploy/check_containers.sh` proves the rest."""

import re
from pathlib import Path

import pytest

from twilio_openai.config import Settings

ROOT = Path(__file__).parents[2]
COMPOSE_FILES = ("docker-compose.yml", "docker-compose.test.yml")
DOCKERFILES = ("Dockerfile", "deploy/tunnel/Dockerfile")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def service(name: str) -> str:
    """The lines of one service of docker-compose.yml."""
    found = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", read("docker-compose.yml"), re.MULTILINE)
    assert found
    return found[1]


def handed_on(name: str) -> set[str]:
    """The variables that a service gets from .env and the shell."""
    return set(re.findall(r"^      - ([A-Z_]+)(?:=.*)?$", service(name), re.MULTILINE))


def test_every_setting_reaches_the_server() -> None:
    settings = {field.upper() for field in Settings.model_fields}
    assert settings - handed_on("server") == set()


def test_every_variable_of_the_example_reaches_a_service() -> None:
    example = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE))
    build = set(re.findall(r"\$\{([A-Z_]+)", read("docker-compose.yml")))
    assert example
    assert example - handed_on("server") - handed_on("ngrok") - build == set()


def test_ports_are_published_to_this_machine_only() -> None:
    ports = re.findall(r'^      - "(.*:.*)"$', read("docker-compose.yml"), re.MULTILINE)
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_ngrok_gets_an_address_only_when_one_is_set() -> None:
    assert "http://" not in service("ngrok")
    assert re.search(r'\$\$\{NGROK_URL:\+--url "\$\$NGROK_URL"\}', service("ngrok"))


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_compose_files_hold_for_the_old_compose_too(name: str) -> None:
    """No `version`, and of the substitutions only those that Compose 1.29 knows: `${NAME:-default}`."""
    text = read(name).replace("$$", "")
    assert not re.search(r"^(version|name):", text, re.MULTILINE)
    assert re.findall(r"\$(?!\{[A-Z_]+:-[^{}]*\})", text) == []


@pytest.mark.parametrize("name", DOCKERFILES)
def test_dockerfiles_build_without_buildkit_and_without_a_registry(name: str) -> None:
    text = read(name)
    assert not re.search(r"^# *syntax *=|--mount", text, re.MULTILINE)
    images = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) - set(re.findall(r" AS (\S+)$", text, re.MULTILINE))
    assert images == {"${PYTHON_IMAGE}"}


def test_nothing_secret_is_in_the_build_context() -> None:
    ignored = read(".dockerignore").splitlines()
    assert {".env", ".env.*", ".git"} <= set(ignored)
