"""What can go wrong with the store. Whoever talks to it catches these, and never a driver's own errors.

StoreError
├── StoreAway      nobody answers, or not now: trying again may help
└── StoreRefused   the store will not have these very rows: trying again ends the same way
"""

from ..errors import TwilioOpenAIError


class StoreError(TwilioOpenAIError):
    """The store did not do what it was asked to. The message is one line, without secrets and without words."""


class StoreAway(StoreError):
    """The store cannot be reached, is locked, full, or being repaired."""


class StoreRefused(StoreError):
    """A row cannot be stored as it is."""
