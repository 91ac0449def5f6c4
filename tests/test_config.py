"""The settings: defaults, what reading does to them, and one line for whoever got one wrong."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from twilio_openai.config import Settings, from_env
from twilio_openai.errors import ConfigError

KEYS = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "a1b2c3d4e5f6", "OPENAI_API_KEY": "sk-Ab3xYz"}


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        for written in (name, name.upper()):
            monkeypatch.delenv(written, raising=False)
    monkeypatch.chdir(tmp_path)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return from_env()


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("HOST", "0.0.0.0"),
        ("PORT", 5001),
        ("LOG_LEVEL", "info"),
        ("RELOAD", False),
        ("NGROK_URL", None),
        ("PUBLIC_URL", None),
        ("LIMIT_CONCURRENCY", 1000),
        ("BACKLOG", 2048),
        ("TIMEOUT_KEEP_ALIVE", 5),
        ("WS_PING_INTERVAL", 30),
        ("WS_PING_TIMEOUT", 30),
        ("WS_MAX_SIZE", 1_048_576),
        ("WS_MAX_QUEUE", 64),
        ("FORWARDED_ALLOW_IPS", "127.0.0.1"),
        ("TWILIO_ACCOUNT_SID", ""),
        ("TWILIO_AUTH_TOKEN", ""),
        ("OPENAI_API_KEY", ""),
        ("TWILIO_API_URL", "https://api.twilio.com"),
        ("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        ("PROMPT_FILE", None),
        ("GREETING_INTERRUPTIBLE", True),
        ("LANGUAGE", None),
        ("TOOLS", None),
        ("CALENDAR_FILE", None),
        ("FALLBACK_NUMBER", None),
        ("TRANSFER_NUMBER", None),
        ("VAD_MODE", "server_vad"),
        ("VAD_THRESHOLD", 0.5),
        ("VAD_SILENCE_MS", 500),
        ("VAD_PREFIX_MS", 300),
        ("NOISE_REDUCTION", "near_field"),
        ("MAX_CALLS", 200),
        ("RECONNECT_SECONDS", 10),
        ("LOG_FORMAT", "auto"),
        ("SHOW_UNHEARD", False),
        ("LOG_TRANSCRIPTS", True),
        ("CALL_TRACE_DIR", None),
    ],
)
def test_the_defaults(name: str, default: object) -> None:
    assert getattr(from_env(), name.lower()) == default


def test_no_default_is_a_model_that_is_about_to_be_shut_down() -> None:
    settings = from_env()
    assert settings.openai_model not in ("gpt-realtime", "gpt-realtime-mini", "gpt-realtime-2025-08-28")
    assert not settings.openai_transcription_model.startswith(("whisper-1", "gpt-4o"))


@pytest.mark.parametrize(
    ("name", "value", "read_as"),
    [
        ("HOST", "127.0.0.1", "127.0.0.1"),
        ("PORT", "8080", 8080),
        ("LOG_LEVEL", "debug", "debug"),
        ("RELOAD", "true", True),
        ("RELOAD", "0", False),
        ("NGROK_URL", "abc.ngrok-free.app", "https://abc.ngrok-free.app"),
        ("NGROK_URL", "https://abc.ngrok-free.app/", "https://abc.ngrok-free.app"),
        ("PUBLIC_URL", "http://127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("PUBLIC_URL", "HTTPS://voice.example.org:8443", "https://voice.example.org:8443"),
        ("PUBLIC_URL", "localhost:5001", "https://localhost:5001"),
        ("LIMIT_CONCURRENCY", "10", 10),
        ("BACKLOG", "11", 11),
        ("TIMEOUT_KEEP_ALIVE", "0", 0),
        ("WS_PING_INTERVAL", "12.5", 12.5),
        ("WS_PING_TIMEOUT", "13", 13),
        ("WS_MAX_SIZE", "14", 14),
        ("WS_MAX_QUEUE", "15", 15),
        ("FORWARDED_ALLOW_IPS", "*", "*"),
        ("TWILIO_ACCOUNT_SID", "AC1", "AC1"),
        ("TWILIO_API_URL", "http://127.0.0.1:9", "http://127.0.0.1:9"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9000/v1", "http://127.0.0.1:9000/v1"),
        ("OPENAI_MODEL", "gpt-realtime-2", "gpt-realtime-2"),
        ("OPENAI_VOICE", "cedar", "cedar"),
        ("OPENAI_TRANSCRIPTION_MODEL", "gpt-live-transcribe", "gpt-live-transcribe"),
        ("GREETING", "Say hi.", "Say hi."),
        ("GREETING_INTERRUPTIBLE", "false", False),
        ("LANGUAGE", "es-MX", "es-MX"),
        ("FALLBACK_NUMBER", "+15550001111", "+15550001111"),
        ("TRANSFER_NUMBER", "+15550002222", "+15550002222"),
        ("VAD_MODE", "semantic_vad", "semantic_vad"),
        ("VAD_THRESHOLD", "0.7", 0.7),
        ("VAD_SILENCE_MS", "700", 700),
        ("VAD_PREFIX_MS", "0", 0),
        ("NOISE_REDUCTION", "none", "none"),
        ("MAX_CALLS", "3", 3),
        ("MAX_CALL_SECONDS", "60", 60),
        ("RECONNECT_SECONDS", "1.5", 1.5),
        ("LOG_FORMAT", "console", "console"),
        ("SHOW_UNHEARD", "yes", True),
        ("LOG_TRANSCRIPTS", "false", False),
    ],
)
def test_what_is_set_is_read(monkeypatch: pytest.MonkeyPatch, name: str, value: str, read_as: object) -> None:
    assert getattr(read(monkeypatch, **{name: value}), name.lower()) == read_as


@pytest.mark.parametrize("name", ["PROMPT_FILE", "TOOLS", "CALENDAR_FILE"])
def test_files_are_read_if_they_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    assert getattr(read(monkeypatch, **{name: str(tmp_path / "file")}), name.lower()) == tmp_path / "file"


def test_every_setting_can_be_empty_which_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = from_env()
    assert read(monkeypatch, **{name.upper(): "" for name in Settings.model_fields}) == defaults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("LOG_LEVEL", "loud"),
        ("RELOAD", "perhaps"),
        ("LIMIT_CONCURRENCY", "0"),
        ("BACKLOG", "-5"),
        ("TIMEOUT_KEEP_ALIVE", "1.5"),
        ("WS_PING_INTERVAL", "0"),
        ("WS_PING_TIMEOUT", "soon"),
        ("WS_MAX_SIZE", "1MB"),
        ("WS_MAX_QUEUE", "0"),
        ("PUBLIC_URL", "ftp://voice.example.org"),
        ("PUBLIC_URL", "https://voice.example.org/incoming-call"),
        ("PUBLIC_URL", "https://voice.example.org?x=1"),
        ("PUBLIC_URL", "https://"),
        ("NGROK_URL", "wss://abc.ngrok-free.app"),
        ("TWILIO_API_URL", "https://[::1"),
        ("PROMPT_FILE", "/nowhere/prompt.md"),
        ("TOOLS", "/nowhere"),
        ("CALENDAR_FILE", "."),
        ("GREETING_INTERRUPTIBLE", "sometimes"),
        ("LANGUAGE", "English"),
        ("VAD_MODE", "none"),
        ("VAD_THRESHOLD", "1.5"),
        ("VAD_SILENCE_MS", "0"),
        ("VAD_PREFIX_MS", "-1"),
        ("NOISE_REDUCTION", "loud"),
        ("MAX_CALLS", "many"),
        ("MAX_CALL_SECONDS", "-1"),
        ("RECONNECT_SECONDS", "0"),
        ("LOG_FORMAT", "xml"),
        ("SHOW_UNHEARD", "2"),
        ("LOG_TRANSCRIPTS", "nope"),
    ],
)
def test_a_wrong_value_gives_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read(monkeypatch, **{name: value})
    message = str(raised.value)
    assert message.startswith(f"{name} is wrong: ")
    assert repr(value)[1:-1] in message
    assert "\n" not in message


def test_an_origin_has_a_port_that_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError):
        read(monkeypatch, PUBLIC_URL="https://voice.example.org:99999")


def test_the_models_address_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError):
        read(monkeypatch, OPENAI_BASE_URL="api.openai.com")


@pytest.mark.parametrize("missing", KEYS)
def test_a_missing_key_gives_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    settings = read(monkeypatch, **{name: value for name, value in KEYS.items() if name != missing})
    with pytest.raises(ConfigError) as raised:
        settings.require_keys()
    message = str(raised.value)
    assert message.startswith(f"{missing} is not set")
    assert "\n" not in message
    assert not any(value in message for value in KEYS.values())


def test_with_all_keys_a_server_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **KEYS)
    assert settings.require_keys() is settings


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **KEYS)
    assert set(settings.secrets) == {KEYS["TWILIO_AUTH_TOKEN"], KEYS["OPENAI_API_KEY"]}
    for secret in settings.secrets:
        assert secret not in repr(settings)
        assert secret not in str(settings)


@pytest.mark.parametrize("name", ["twilio_auth_token", "openai_api_key"])
def test_a_wrong_secret_is_not_shown_either(name: str) -> None:
    with pytest.raises(ConfigError) as raised:
        from_env(**{name: b"\xffsk-secret"})
    assert str(raised.value).startswith(name.upper())
    assert "secret" not in str(raised.value)


def test_no_setting_that_is_not_set_is_a_secret() -> None:
    assert from_env().secrets == ()


def test_the_public_origin_is_public_url_else_ngrok_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_env().origin is None
    assert read(monkeypatch, NGROK_URL="abc.ngrok.app").origin == "https://abc.ngrok.app"
    assert read(monkeypatch, PUBLIC_URL="https://voice.example.org").origin == "https://voice.example.org"


def test_the_environment_wins_over_the_file_and_an_override_over_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text('PORT=6001\nMAX_CALLS="7"\n# a comment\nNGROK_AUTHTOKEN=not-ours\n')
    assert (from_env().port, from_env().max_calls) == (6001, 7)
    assert read(monkeypatch, PORT="6002").port == 6002
    assert from_env(port=6003).port == 6003


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **KEYS)
    with pytest.raises(ValidationError):
        settings.port = 1
    os.environ["PORT"] = "6002"
    assert settings.port == 5001
