"""What every test stands on: settings that come from the test alone, and whole calls played beside each other."""

import os
import sys

import hypothesis  # noqa: F401  its plugin would import it at the very end, deep in a stack that Python 3.11 miscounts
import pytest
from house import WORKER
from stage import STAGE

from twilio_openai.config import Settings

for name in Settings.model_fields:
    os.environ.pop(name.upper(), None)


def pytest_configure(config: pytest.Config) -> None:
    """Twilio's async client still speaks aiohttp's older dialect."""
    for message in ("BasicAuth is deprecated", "The 'auth' parameter is deprecated"):
        config.addinivalue_line("filterwarnings", f"ignore:{message}:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole calls come last and side by side: while they are played nothing else may hold up their loop."""
    items.sort(key=lambda item: (_scene(item) is not None, _is_alone(item)))


def pytest_collection_finish(session: pytest.Session) -> None:
    for item in session.items:
        scene = _scene(item)
        if scene and not _is_alone(item):
            STAGE.plan(scene, item.callspec.params if hasattr(item, "callspec") else {})


def pytest_unconfigure() -> None:
    sys.excepthook = sys.__excepthook__  # ours writes to the log of the houses, which nobody reads any more
    STAGE.close(WORKER.close)


def _scene(item: pytest.Item):  # type: ignore[no-untyped-def]
    return getattr(getattr(item, "obj", None), "scene", None)


def _is_alone(item: pytest.Item) -> bool:
    return getattr(getattr(item, "obj", None), "alone", False)
