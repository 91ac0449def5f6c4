"""The tool of the rehearsal's `order`: no order without its price having been heard."""

from typing import Literal

from twilio_openai.tools import tool


@tool(requires_heard="${total:.2f}")
def place_order(items: list[Literal["bagel", "soda", "coffee"]], total: float) -> str:
    """Place the order, once the caller has heard its price and said yes."""
    return f"The order is placed: {', '.join(items)} for ${total:.2f}, ready in ten minutes."
