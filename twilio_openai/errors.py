"""Everything that can go wrong with a call, by who is at fault.

TwilioOpenAIError
├── ConfigError               a setting is missing or wrong: one line that names the variable
└── CallError                 a call cannot go on
    ├── CallerProtocolError   what Twilio (or a stranger) sent is not a media stream of ours
    └── ModelUnavailable      there is no session with the model
        └── ModelRefused      and trying again will not help: the key, the model or the session was refused
"""


class TwilioOpenAIError(Exception):
    """Root of this package's errors."""


class ConfigError(TwilioOpenAIError):
    """A setting is missing or wrong. The message is one line and names the environment variable."""


class CallError(TwilioOpenAIError):
    """A call cannot go on.

    `close_code` and the message go into the close frame of the caller's socket (RFC 6455, section 7.4).
    """

    close_code = 1011


class CallerProtocolError(CallError):
    """What came over the media stream is not what Twilio sends for a call that we let in."""

    close_code = 1008


class ModelUnavailable(CallError):
    """The model's session could not be opened in time, or was lost."""

    close_code = 1013


class ModelRefused(ModelUnavailable):
    """The model's side said no (bad key, unknown model, refused session): another attempt would end the same way."""
