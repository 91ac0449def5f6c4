"""What a response costs, in tokens: 1 per 100 ms of the caller's audio, 1 per 50 ms of the agent's, 1 per 4 letters."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twilio_openai.rehearsal.conversation import Item
    from twilio_openai.rehearsal.response import Response


def usage_of(response: "Response") -> dict[str, Any]:
    """The usage object of `response.done`; all zero for a response that said nothing."""
    if not response.items:
        return _usage(0, 0, 0, 0)
    session = response.session
    mine = {item.id for item in response.items}
    history = [item for item in session.conversation.items if item.id not in mine]
    text_in = len(session.config["instructions"]) // 4 + sum(_text_tokens(item) for item in history)
    audio_in = sum(_audio_tokens(item) for item in history)
    text_out = sum(_text_tokens(item) for item in response.items)
    return _usage(text_in, audio_in, text_out, sum(_audio_tokens(item) for item in response.items))


def _usage(text_in: int, audio_in: int, text_out: int, audio_out: int) -> dict[str, Any]:
    cached = text_in // 64 * 64
    return {
        "total_tokens": text_in + audio_in + text_out + audio_out,
        "input_tokens": text_in + audio_in,
        "output_tokens": text_out + audio_out,
        "input_token_details": {
            "text_tokens": text_in,
            "audio_tokens": audio_in,
            "image_tokens": 0,
            "cached_tokens": cached,
            "cached_tokens_details": {"text_tokens": cached, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
    }


def _text_tokens(item: "Item") -> int:
    return (len(item.text) + len(item.extra.get("arguments", ""))) // 4


def _audio_tokens(item: "Item") -> int:
    return int(item.generated_ms / (50 if item.role == "assistant" else 100))
