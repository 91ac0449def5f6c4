"""The log: one door to standard output for our own events and for whatever any library says.

The rules:

1. Every line leaves by one handler on the root logger: our events (structlog), every library's `logging`, warnings,
   and exceptions that nobody caught. In json each line is one JSON object, and nothing goes to standard error.
2. LOG_LEVEL is for us. A library never gets below INFO, and one that names URLs, numbers or SQL not below WARNING: at
   their debug level they log whole frames and headers, so the handler refuses that, whoever changed a logger's level.
3. Every record passes the `Redactor`, whatever its source; then it is rendered. No way leads around it.
4. A record is written in one piece and at once: what a killed server has logged is what its calls have said so far.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from twilio_openai.console import ConsoleRenderer
from twilio_openai.redaction import Redactor, hide_words

LogFormat = Literal["json", "console", "auto"]

OURS: Final = "twilio_openai"
LEVELS: Final = {
    "trace": logging.DEBUG,  # uvicorn's name for its lowest
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
QUIET: Final = frozenset(
    {"httpx", "httpcore", "urllib3", "requests", "twilio", "aiohttp", "sqlalchemy", "uvicorn", "websockets"}
)
"""Libraries whose INFO lines name URLs, parameters or SQL, or repeat what we log ourselves: heard from WARNING on."""

_FIELD_NAMES = {"from_": "from"}
_CALL_FIELDS = ("call_sid", "stream_sid")

logging.getLogger(OURS).addHandler(logging.NullHandler())  # silent until configured, as a library should be


class Logger(structlog.stdlib.BoundLogger):
    """Our bound logger; a line below the level costs no more than asking for the level."""

    def debug(self, event: str | None = None, *args: Any, **kw: Any) -> Any:
        if self._logger.isEnabledFor(logging.DEBUG):
            super().debug(event, *args, **kw)

    def info(self, event: str | None = None, *args: Any, **kw: Any) -> Any:
        if self._logger.isEnabledFor(logging.INFO):
            super().info(event, *args, **kw)


def get_logger(name: str) -> Logger:
    """The logger of a module: `log.info("call.started", call_sid=..., from_=...)`; `from_` is logged as `from`.

    It may be made before `configure` is called, and follows every later call of it.
    """
    chain: list[Processor] = [structlog.contextvars.merge_contextvars, ProcessorFormatter.wrap_for_formatter]
    return Logger(logging.getLogger(name), processors=chain, context={})


def configure(
    level: str,
    log_format: LogFormat,
    *,
    show_unheard: bool = False,
    log_transcripts: bool = True,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every line of this process to `stream`, or to whatever is standard output when the line is written.

    May be called again: the last call holds. `auto` is the console on a terminal and json elsewhere; colours appear on
    a terminal only, and not under NO_COLOR. Raises `ValueError`, naming the variable, for an unknown level or format.
    """
    threshold = _threshold(level)
    terminal = (stream or sys.stdout).isatty()
    redact: list[Processor] = [Redactor(secrets)] if log_transcripts else [hide_words, Redactor(secrets)]
    if _wants_json(log_format, terminal):
        render: Processor = _to_json
    else:
        render = ConsoleRenderer(colour=terminal and not os.environ.get("NO_COLOR"), show_unheard=show_unheard)
    handler = _Door(stream)
    handler.setLevel(threshold)
    handler.setFormatter(
        ProcessorFormatter(processors=[structlog.processors.format_exc_info, _name_fields, *redact, render])
    )
    _replace_handlers(handler)
    _set_levels(threshold)
    _catch_strays()


class _Door(logging.Handler):
    """The one way out: refuses what a library may not say, and writes each record in one piece."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < _floor(record.name):
            return
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - the call goes on whatever a logged object's own __str__ raises
            line = _broken(record, error)
        if line:
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        stream = self._stream or sys.stdout
        with contextlib.suppress(OSError, ValueError):  # the reader has gone, or the stream is closed: nobody to tell
            try:
                stream.write(text)
            except UnicodeEncodeError:  # a terminal without UTF-8
                stream.write(text.encode("ascii", "replace").decode())
            stream.flush()


def _broken(record: logging.LogRecord, error: Exception) -> str:
    """A line about a record that could not be formatted. It repeats nothing of it: that has not been redacted."""
    fields = {"event": "log.failed", "logger": record.name, "at": f"{record.filename}:{record.lineno}"}
    return json.dumps({**_head(record), **fields, "error": type(error).__name__})


def _threshold(level: str) -> int:
    try:
        return LEVELS[level.strip().lower()]
    except KeyError:
        raise ValueError(f"LOG_LEVEL={level!r} is none of {', '.join(LEVELS)}") from None


def _wants_json(log_format: str, terminal: bool) -> bool:
    if log_format not in ("json", "console", "auto"):
        raise ValueError(f"LOG_FORMAT={log_format!r} is none of json, console, auto")
    return log_format == "json" or (log_format == "auto" and not terminal)


def _floor(name: str) -> int:
    """The lowest level at which the logger `name` is heard at all."""
    top = name.partition(".")[0]
    if top == OURS:
        return logging.NOTSET
    return logging.WARNING if top in QUIET or name in QUIET else logging.INFO


def _replace_handlers(handler: logging.Handler) -> None:
    """Ours on the root, and nobody's plain stream handler beside it or on a library's own logger."""
    known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    for logger in (logging.root, *known):
        for old in list(logger.handlers):
            if isinstance(old, _Door) or type(old) is logging.StreamHandler:
                logger.removeHandler(old)
                logger.propagate = True
    logging.root.addHandler(handler)


def _set_levels(threshold: int) -> None:
    """Spare the libraries the work of making lines that the door would refuse."""
    logging.root.setLevel(max(threshold, logging.INFO))
    logging.getLogger(OURS).setLevel(threshold)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def _head(record: logging.LogRecord) -> dict[str, Any]:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {"timestamp": moment, "level": record.levelname.lower()}


def _name_fields(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    """A structlog processor: the record's fields in the order in which they are written, without structlog's own."""
    record: logging.LogRecord = event_dict.pop("_record")
    del event_dict["_from_structlog"]
    fields = {**_head(record), "event": event_dict.pop("event", ""), "logger": record.name}
    for key in _CALL_FIELDS:
        if (value := event_dict.pop(key, None)) is not None:
            fields[key] = value
    for key, value in event_dict.items():
        fields.setdefault(_FIELD_NAMES.get(key, key), value)
    return fields


def _to_json(_logger: object, _method: str, fields: Mapping[str, Any]) -> str:
    """ASCII, so that no terminal, no encoding and no line splitter can break a line."""
    return json.dumps(fields)


def _catch_strays() -> None:
    """Warnings and exceptions that nobody caught come here too; a test runner's own hooks are left in place."""
    warnings.showwarning = _log_warning
    sys.excepthook = _log_uncaught
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _log_uncaught_in_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _log_unraisable


_strays = get_logger(f"{OURS}.strays")


def _log_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
) -> None:
    _strays.warning("python.warning", category=category.__name__, message=str(message), at=f"{filename}:{lineno}")


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        _strays.info("python.interrupted")
    else:
        _strays.critical("python.uncaught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread else "?"
        _strays.critical("python.uncaught", thread=name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def _log_unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        where = repr(args.object)
        exc_info = (args.exc_type, args.exc_value, args.exc_traceback)
        _strays.error("python.unraisable", where=where, note=args.err_msg or "", exc_info=exc_info)
