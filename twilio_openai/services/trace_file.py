"""Traces on disk: one file for each media stream, in `CALL_TRACE_DIR`."""

import json
import re
from pathlib import Path
from typing import Any, Self, TextIO

from ..logs import get_logger

log = get_logger(__name__)


class TraceFile:
    """The trace of one stream as it grows. A disk that fails is said once, and never touches the call."""

    def __init__(self, file: TextIO) -> None:
        self._file: TextIO | None = file

    @classmethod
    def open(cls, folder: Path | None, *, call_sid: str, stream_sid: str) -> Self | None:
        """A new trace; None where none is wanted or none can be written."""
        if folder is None:
            return None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^A-Za-z0-9-]", "_", f"{call_sid}-{stream_sid}")
            return cls((folder / f"{name}.jsonl").open("w", encoding="utf-8"))
        except OSError as error:
            log.error("trace.failed", call_sid=call_sid, reason=str(error))
            return None

    def write(self, line: str) -> None:
        """One line more."""
        if self._file is None:
            return
        try:
            self._file.write(line + "\n")
            if not line.startswith('["from_'):
                self._file.flush()
        except OSError as error:
            self._file = None
            log.error("trace.failed", reason=str(error))

    def close(self, turns: list[dict[str, Any]]) -> None:
        """The last line: the transcript as it went into the call's record."""
        self.write(json.dumps({"turns": turns}, ensure_ascii=False))
        if self._file is not None:
            self._file.close()


def find_trace(folder: Path | None, call: str) -> Path | None:
    """The newest trace of a call, by its CallSid or the end of it."""
    if folder is None or not folder.is_dir():
        return None
    found = [path for path in folder.glob("*.jsonl") if path.stem.partition("-")[0].endswith(call)]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
