"""Our server with a feature switched off, here only: `python -m benchmarks.load.variants no-log`, then as `serve`.

A switch takes the feature's work away and leaves the call working as far as the load generator needs it.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from twilio_openai import call, cli, main
from twilio_openai.call_keeper import CallKeeper
from twilio_openai.ledger import PlaybackLedger
from twilio_openai.protocols import openai_realtime
from twilio_openai.store import StoreWriter
from twilio_openai.transcript import WordCount

from . import bare


def without_everything() -> None:
    """The bare relay."""
    main.handle_call = bare.handle_call  # type: ignore[attr-defined]


def without_ledger() -> None:
    """Marks are sent and forgotten; nothing is known of what was heard."""
    _replace(PlaybackLedger, is_dry=lambda self, now_ms: False, sent=_sent, echoed=lambda self, mark, now_ms: False)
    _replace(PlaybackLedger, playing=lambda self, item_id: False, settle=lambda self, *_: [])


def without_transcript() -> None:
    """Words are not read."""
    for kind in [kind for kind in openai_realtime._READERS if "transcript" in kind]:
        del openai_realtime._READERS[kind]


def without_log() -> None:
    """Nothing is written below critical."""
    os.environ["LOG_LEVEL"] = "critical"


def without_metrics() -> None:
    """Nothing is counted."""
    for kind, name in ((Counter, "inc"), (Gauge, "inc"), (Gauge, "dec"), (Histogram, "observe")):
        setattr(kind, name, lambda self, *_: None)


def without_store() -> None:
    """Nothing is stored."""
    _replace(StoreWriter, put=lambda self, change: None)
    _replace(CallKeeper, progress=lambda self, now_ms: None)


def without_alignment() -> None:
    """No word of a cut answer counts as heard, so none is looked for."""

    async def no_words(self: Any, cut: Any) -> None:
        self._bridge.act(self._adapter.words_counted(cut.item_id, WordCount(0, 0.0)))

    _replace(call.Call, _count_words=no_words)


def _sent(self: Any, item_id: str, size_bytes: int, now_ms: float) -> str:
    self._marks += 1
    return f"g{self._marks}"


def _replace(owner: type, **functions: Callable[..., Any]) -> None:
    for name, function in functions.items():
        if not hasattr(owner, name):
            raise SystemExit(f"{owner.__name__}.{name} is gone: this switch must be made anew")
        setattr(owner, name, function)


SWITCHES: dict[str, Callable[[], None]] = {
    "bare": without_everything,
    "no-ledger": without_ledger,
    "no-transcript": without_transcript,
    "no-log": without_log,
    "no-metrics": without_metrics,
    "no-store": without_store,
    "no-alignment": without_alignment,
}

if __name__ == "__main__":
    SWITCHES[sys.argv[1]]()
    sys.argv[1:] = ["serve"]
    cli.main()
