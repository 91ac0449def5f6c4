"""What may not be logged, taken out of every record at any depth: the last line of defence before a line is written.

The rules:

1. A configured secret goes wherever it stands: as it is, URL-quoted, JSON-escaped, or inside base64 (a Basic header).
2. What looks like a secret goes too, whoever's it is: Bearer and Basic credentials, `sk-` keys, `x-twilio-signature`
   and any bare HMAC-SHA1 in base64, `token=`, `password=` and the like, the user part of a URL.
3. Audio is replaced by its size: bytes, long runs of base64, the `payload`, `audio` and `delta` of a frame.
4. Phone numbers are masked, `+1********11`. Identifiers (CallSid, StreamSid, item ids) stay as they are.
5. The words of a transcript lose secrets only: a caller may say a number, and the transcript must hold it.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
WORDS_EVENTS = frozenset({"transcript.turn", "call.transcript", "coach.insight", "coach.withdrawn"})
WORDS_KEYS = frozenset({"text", "unheard"})
SPOKEN_KEYS = WORDS_KEYS | {"arguments", "result", "transcript", "words"}

MAX_CHARS = 10_000
MAX_DEPTH = 12
SHORTEST = 4  # characters; nothing shorter is worth hiding, or can be told from an ordinary word

_ID_KEYS = frozenset(
    {"timestamp", "level", "logger", "call_sid", "stream_sid", "account_sid", "item_id", "response_id"}
)
_NUMBER_KEYS = frozenset({"from", "to", "caller", "called", "number", "phone_number", "forwarded_from"})
_AUDIO_KEYS = frozenset({"payload", "audio", "delta"})
_SECRET_KEYS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "signature", "x-twilio-signature", "password", "secret"}
    | {"token", "auth_token", "stream_token", "view_token", "twilio_auth_token", "ngrok_authtoken"}
    | {"api_key", "openai_api_key"}
)

_DIGIT = re.compile(r"\d")
_FOUR_DIGITS = re.compile(r"(?:\D*\d){4}")


def mask_number(number: str) -> str:
    """`+15550001111` -> `+1********11`: the first digit and the last two stay, and so does whatever is no digit.

    A SIP address or a client's name keeps its scheme, first letter and host. "anonymous" and numbers of three digits
    (911) are nobody's secret. Masking twice changes nothing.
    """
    scheme, colon, address = number.partition(":")
    if not scheme.isalpha():
        scheme, colon, address = "", "", number
    user, at, host = address.partition("@")
    if _FOUR_DIGITS.match(user):
        user = _mask_digits(user)
    elif (at or scheme == "client") and "*" not in user:
        user = user[:1] + "*" * (len(user) - 1)
    return f"{scheme}{colon}{user}{at}{host}"


def _mask_digits(text: str) -> str:
    last = len(_DIGIT.findall(text)) - 1
    place = count()
    return _DIGIT.sub(lambda digit: digit[0] if next(place) in {0, last - 1, last} else "*", text)


class _Rule(NamedTuple):
    """One shape that may not be logged; its pattern is tried only where the lower-cased text holds a needle."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _size(match: re.Match[str]) -> str:
    return f"[{len(match[0])} characters]"


def _number(match: re.Match[str]) -> str:
    return match[1] + mask_number(match[2])


# What stands between a name and its value in a header, JSON, a repr, a tuple; the second is no colon of a sentence.
_IS = r"""(?:\\?['"]?\s*[:=]|\\?['"]\s*,)\s*(?:b?\\?['"])?"""
_IS_SURELY = r"""(?:\\?['"]?\s*=|\\?['"]\s*[:,])\s*(?:b?\\?['"])?"""
_HEADER = rf"(?i)((?:x-twilio-signature|authorization){_IS})(?:(?:basic|bearer)\s+)?[^\s'\",;\\]+"
_NAMED = rf"(?i)((?:token|api_?key|password|secret|signature)(?:\\?['\"]\s+value)?{_IS_SURELY})[^\s'\"&<>,;)\\]+"
_FRAME = r"""(?<=["'])((?:payload|audio|delta)\\?["']\s*:\s*\\?["'])[^"']*?(?=\\?["']|$)"""
_QUOTED_FRAME_NAMES = tuple(quote + name for quote in "\"'" for name in ("payload", "audio", "delta"))

_KEYS = _Rule(("sk-", "ek_"), re.compile(r"(?<![A-Za-z0-9])(?:sk-|ek_)[\w*-]{4,}"), REDACTED)
_RULES = (
    _Rule(("x-twilio", "authorization"), re.compile(_HEADER), rf"\1{REDACTED}"),
    _Rule(("bearer",), re.compile(r"(?i)(bearer\s+)(?=\S*[\d_~+/=]|\S{16})[\w.~+/=-]+"), rf"\1{REDACTED}"),
    _Rule(("basic",), re.compile(r"(?i)(basic\s+)[A-Za-z0-9+/]{16,}={0,2}"), rf"\1{REDACTED}"),
    _Rule(("token", "key", "password", "secret", "signature"), re.compile(_NAMED), rf"\1{REDACTED}"),
    _Rule(("://",), re.compile(r"(://)[^\s/@'\"]+@"), rf"\1{REDACTED}@"),
    _Rule(_QUOTED_FRAME_NAMES, re.compile(_FRAME), r"\1[audio]"),
    _Rule(("=",), re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{27}=(?![A-Za-z0-9+/=])"), REDACTED),
    _Rule(("\\x",), re.compile(r"(?:\\x[0-9a-fA-F]{2}[^\\]{0,4}){12,}"), _size),
    _Rule(("+", "%2b", "sip:", "tel:"), re.compile(r"(?i)(%2b|(?<=sip:)|(?<=tel:)|\+)(\d{7,15})(?!\d)"), _number),
)
_PLAIN = re.compile(r"[\w.-]*")  # a name, an event, a figure, a date: no rule finds anything in these
_NEVER = r"(?!)"
_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/\\]{100,}={0,2}")


class Redactor:
    """A structlog processor over whole records, for the secrets given; `text` and `words` clean one string each."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        patterns: dict[str, str] = {}
        for secret in secrets:
            if len(secret) >= SHORTEST:
                patterns |= _spellings(secret)
        longest_first = sorted(patterns, key=len, reverse=True)
        self._secrets = re.compile("|".join(patterns[form] for form in longest_first) or _NEVER)
        self._name = lru_cache(maxsize=1024)(self.text)  # field names come again in every record

    def __call__(self, _logger: object, _method: str, record: MutableMapping[str, Any]) -> Mapping[str, Any]:
        spoken = record.get("event") in WORDS_EVENTS
        return {key: self._value(key, value, spoken, 0) for key, value in record.items()}

    def words(self, text: str) -> str:
        """`text` of a person or a model, without secrets and otherwise as it was said."""
        text = self._secrets.sub(REDACTED, text)
        return _KEYS.pattern.sub(REDACTED, text) if "sk-" in text or "ek_" in text else text

    def text(self, text: str) -> str:
        """`text` without secrets, audio and phone numbers, and no longer than `MAX_CHARS`."""
        if len(text) < SHORTEST:
            return text
        if len(text) <= MAX_CHARS:
            return self._clean(text)
        # cut twice: what the first cut leaves of a secret at its edge falls to the second
        return self._clean(text[: 2 * MAX_CHARS])[:MAX_CHARS] + "…"

    def _clean(self, text: str) -> str:
        text = self.words(text)
        if len(text) >= 100:
            text = _LONG_BASE64.sub(_size, text)
        elif _PLAIN.fullmatch(text):
            return text
        lowered = text.lower()
        for needles, pattern, replacement in _RULES:
            for needle in needles:
                if needle in lowered:
                    text = pattern.sub(replacement, text)
                    break
        return text

    def _value(self, key: str, value: object, spoken: bool, depth: int) -> object:
        if isinstance(value, str):
            return self._string(key, value, spoken)
        if value is None or isinstance(value, int):
            return value
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._nested(key, value, spoken, depth + 1) if depth < MAX_DEPTH else "…"
        return self._other(value)

    def _other(self, value: object) -> object:
        if isinstance(value, float) and math.isfinite(value):  # JSON has no name for the others
            return value
        if isinstance(value, bytes | bytearray | memoryview):
            return f"[{len(value)} bytes]"
        return self.text(str(value))

    def _nested(self, key: str, value: Mapping[object, object] | Iterable[object], spoken: bool, depth: int) -> object:
        if isinstance(value, Mapping):
            return {self._name(str(k)): self._value(str(k), v, spoken, depth) for k, v in value.items()}
        return self._sequence(key, list(value), spoken, depth)

    def _sequence(self, key: str, values: list[object], spoken: bool, depth: int) -> list[object]:
        if len(values) == 2 and isinstance(values[0], str):  # a header or parameter as a pair
            return [self.text(values[0]), self._value(values[0], values[1], spoken, depth)]
        return [self._value(key, value, spoken, depth) for value in values]

    def _string(self, key: str, text: str, spoken: bool) -> str:
        if key in _ID_KEYS:
            return text
        if spoken and key in WORDS_KEYS:
            return self.words(text)
        name = key.lower()
        if name in _SECRET_KEYS:
            return REDACTED if text else text
        if name in _AUDIO_KEYS:
            return f"[{len(text)} characters]"
        if name in _NUMBER_KEYS:
            text = mask_number(text)
        return self.text(text)


def hide_words(_logger: object, _method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For LOG_TRANSCRIPTS=false, a structlog processor: whatever was said, typed or answered becomes "" at any depth.

    Ids, times and figures stay, and a record that has lost words says so: `words_logged: false`.
    """
    hidden = _without_words(record)
    return {**hidden, "words_logged": False} if hidden != record else record


def _without_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: "" if key in SPOKEN_KEYS else _without_words(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_words(item) for item in value]
    return value


def _spellings(secret: str) -> dict[str, str]:
    """Every spelling of one secret that a log line may hold -> the pattern that finds it.

    A short secret counts as a whole word only: a test's `12345` must not eat a part of every number.
    """
    in_url = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    forms = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], *in_url}
    before, after = ("", "") if len(secret) >= 16 else ("(?<![A-Za-z0-9])", "(?![A-Za-z0-9])")
    plain = {form: f"{before}{re.escape(form)}{after}" for form in forms}
    return {form: re.escape(form) for form in _base64_forms(secret)} | plain


def _base64_forms(secret: str) -> Iterable[str]:
    """What stays the same of the secret's base64 wherever it begins: base64 works on groups of three bytes.

    The characters that depend on a neighbour's bits are left off, so it is found behind `AC…:` in a Basic header too.
    """
    data = secret.encode()
    for offset in range(3):
        bits_before, bits = 8 * offset, 8 * (offset + len(data))
        encoded = base64.b64encode(bytes(offset) + data).decode()[-(-bits_before // 6) : bits // 6]
        if len(encoded) >= 12:
            yield encoded
            yield encoded.translate(str.maketrans("+/", "-_"))
