"""What we answer Twilio's webhooks with: one function per situation, each returning a whole TwiML document.

Facts: `<Connect>` blocks until the stream ends and then asks `action`; verbs after it would not be reached.
"""

from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

from ..phrases import Phrases

INCOMING_PATH = "/incoming-call"
STREAM_PATH = "/media-stream"
ACTION_PATH = "/stream-ended"

DIAL_TIMEOUT_S = 30


def connect(stream_url: str, action_url: str, parameters: dict[str, str]) -> str:
    """Bridge the call to our media stream; `parameters` come back in the stream's `start`."""
    response = VoiceResponse()
    link = Connect(action=action_url)
    stream = link.stream(url=stream_url)
    for name, value in parameters.items():
        stream.parameter(name=name, value=value)
    response.append(link)
    return str(response)


def hang_up() -> str:
    """End the call."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def say_and_hang_up(sentence: str, phrases: Phrases) -> str:
    """Tell the caller why, then end the call."""
    response = VoiceResponse()
    response.say(sentence, language=phrases.language)
    response.hangup()
    return str(response)


def apologise(phrases: Phrases, fallback_number: str | None) -> str:
    """The model is away: say so, and put the caller through to a human where there is one."""
    response = VoiceResponse()
    response.say(phrases.away, language=phrases.language)
    if fallback_number:
        response.append(_dial(fallback_number))
    response.hangup()
    return str(response)


def transfer(number: str, action_url: str) -> str:
    """Put the caller through; `action_url` is asked how it went."""
    response = VoiceResponse()
    response.append(_dial(number, action=action_url))
    return str(response)


def _dial(number: str, **attributes: str) -> Dial:
    dial = Dial(timeout=DIAL_TIMEOUT_S, **attributes)
    dial.number(number)
    return dial
