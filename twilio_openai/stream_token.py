"""The stream's token: what a media stream must bring to be taken for the call whose TwiML we wrote.

Twilio's signature of the upgrade covers a static URL, the same for every call and for ever. The token binds a stream
to its CallSid and to a minute; that it is used once only is the switchboard's rule.
"""

import hmac
from hashlib import sha256

LIFETIME_S = 60.0


def _mac(key: str, call_sid: str, issued_ms: int) -> str:
    return hmac.new(b"media-stream\0" + key.encode(), f"{call_sid}\0{issued_ms}".encode(), sha256).hexdigest()


def mint(key: str, call_sid: str, now_s: float) -> str:
    """A token for this call, valid from `now_s` (Unix time in seconds) for a minute."""
    issued_ms = int(now_s * 1000)
    return f"{issued_ms}.{_mac(key, call_sid, issued_ms)}"


def is_valid(token: str, key: str, call_sid: str, now_s: float) -> bool:
    """Whether we minted this token for this call within the last minute. Anything odd is simply not valid."""
    issued, _, mac = token.partition(".")
    if issued.startswith("0") or not (issued.isascii() and issued.isdecimal() and len(issued) < 20 and mac.isascii()):
        return False
    fresh = -1.0 <= now_s - int(issued) / 1000 <= LIFETIME_S
    return fresh and hmac.compare_digest(mac, _mac(key, call_sid, int(issued)))
