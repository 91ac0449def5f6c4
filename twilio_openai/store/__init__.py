"""The call store: what was said in which call, kept in SQL while it is said. No call ever waits for it.

`StoreWriter` is what calls talk to, `CallStore` what they are read from, `services/store_service.py` what opens it.
"""

from .call_store import CallStore
from .changes import Change, Ended, Said, Started
from .errors import StoreAway, StoreError, StoreRefused
from .stored import StoredCall, StoredTurn
from .url import DEFAULT_URL, parse_url
from .writer import StoreWriter

__all__ = [
    "DEFAULT_URL",
    "CallStore",
    "Change",
    "Ended",
    "Said",
    "Started",
    "StoreAway",
    "StoreError",
    "StoreRefused",
    "StoreWriter",
    "StoredCall",
    "StoredTurn",
    "parse_url",
]
