"""The settings: the only place that reads the environment (and `.env`).

Every field is the environment variable of the same name in capitals; an empty value counts as not set.
"""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import ConfigError
from .store.url import DEFAULT_URL, parse_url

Secret = Annotated[str, Field(repr=False)]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]


def _origin(value: str) -> str:
    """`https://host[:port]` from an origin written with or without its scheme."""
    parts = urlsplit(value if "://" in value else f"https://{value}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("expected an origin such as https://voice.example.org")
    _ = parts.port  # raises where it is none
    return f"{parts.scheme}://{parts.netloc}"


def _base_url(value: str) -> str:
    """A base URL such as the `openai` package takes."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError("expected a URL such as https://api.openai.com/v1")
    _ = parts.port
    return value


def _database_url(value: str) -> str:
    parse_url(value)
    return value


def _first_language(value: object) -> object:
    """The first of a colon list: desktops export LANGUAGE=en_US:en for gettext."""
    return value.split(":")[0] if isinstance(value, str) else value


def _readable(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"no such file: {path}")
    return path


Origin = Annotated[str, AfterValidator(_origin)]
Language = Annotated[str, BeforeValidator(_first_language), Field(pattern=r"^[A-Za-z]{2}([-_][A-Za-z]{2})?$")]
DatabaseUrl = Annotated[str, AfterValidator(_database_url), Field(repr=False)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]


class Settings(BaseSettings):
    """What an operator may set; frozen once read. Units are in the names or in the documentation of the variable."""

    model_config = SettingsConfigDict(frozen=True, env_file=".env", env_ignore_empty=True, extra="ignore")

    # The server (uvicorn's own settings, under the names that the project began with)
    host: str = "0.0.0.0"
    port: Annotated[int, Field(ge=0, le=65535)] = 5001
    log_level: LogLevel = "info"
    reload: bool = False
    limit_concurrency: Count = 1000
    backlog: Count = 2048
    timeout_keep_alive: Annotated[int, Field(ge=0)] = 5
    ws_ping_interval: Seconds = 30
    ws_ping_timeout: Seconds = 30
    ws_max_size: Count = 1_048_576
    ws_max_queue: Count = 64
    forwarded_allow_ips: str = "127.0.0.1"
    public_url: Origin | None = None
    ngrok_url: Origin | None = None

    # Who we are at Twilio and at the model
    twilio_account_sid: str = ""
    twilio_auth_token: Secret = ""
    twilio_api_url: Origin = "https://api.twilio.com"
    openai_api_key: Secret = ""
    openai_base_url: BaseUrl = "https://api.openai.com/v1"

    # The agent
    openai_model: str = "gpt-realtime-2.1"
    openai_voice: str = "marin"
    openai_transcription_model: str = "gpt-transcribe"
    prompt_file: ReadableFile | None = None
    greeting: str = "Greet the caller in one short sentence and ask how you can help."
    greeting_interruptible: bool = True
    language: Language | None = None
    tools: ReadableFile | None = None
    calendar_file: ReadableFile | None = None
    transfer_number: str | None = None
    fallback_number: str | None = None

    # How the model listens (the Realtime API's own words)
    vad_mode: Literal["server_vad", "semantic_vad"] = "server_vad"
    vad_threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    vad_silence_ms: Annotated[int, Field(gt=0)] = 500
    vad_prefix_ms: Annotated[int, Field(ge=0)] = 300
    noise_reduction: Literal["near_field", "far_field", "none"] = "near_field"

    # Limits
    max_calls: Count = 200
    max_call_seconds: Seconds = 3600
    predial_seconds: Seconds = 10
    reconnect_seconds: Seconds = 10
    drain_seconds: Annotated[float, Field(ge=0)] = 300

    # The log
    log_format: Literal["json", "console", "auto"] = "auto"
    show_unheard: bool = False
    log_transcripts: bool = True
    database_url: DatabaseUrl = DEFAULT_URL
    call_trace_dir: Path | None = None
    call_trace_audio: bool = False

    @property
    def origin(self) -> str | None:
        """The public origin as configured: `PUBLIC_URL`, else `NGROK_URL`, else None (then each request tells)."""
        return self.public_url or self.ngrok_url

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be logged."""
        password = urlsplit(self.database_url).password
        return tuple(value for value in (self.twilio_auth_token, self.openai_api_key, password) if value)

    def require_keys(self) -> "Settings":
        """These settings, once it is sure that a server can run on them.

        Raises:
            ConfigError: a required variable is not set.
        """
        for name in ("twilio_account_sid", "twilio_auth_token", "openai_api_key"):
            if not getattr(self, name):
                raise ConfigError(f"{name.upper()} is not set: put it into .env or the environment (see .env.example)")
        return self


def from_env(**overrides: object) -> Settings:
    """The settings from `.env` and the environment; `overrides` win over both.

    Raises:
        ConfigError: a value is wrong. One line: the variable, what was expected, what came.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper() if first["loc"] else "settings"
    reason = first["msg"].removeprefix("Value error, ")
    field = Settings.model_fields.get(name.lower())
    shown = "" if field is not None and field.repr is False else f" (it is {first['input']!r})"
    return f"{name} is wrong: {reason[0].lower()}{reason[1:]}{shown}"
