"""What your agent can do besides talking (TOOLS=agent/tools.py). A change counts when the server starts again.

A tool is one function with types and a docstring: the model calls it by its name, and reads the docstring to know when.
"""

from typing import Literal

from twilio_openai.tools import tool

PRICES = {"bagel": 2.35, "soda": 2.00, "coffee": 2.50}  # dollars


@tool
def price(items: list[Literal["bagel", "soda", "coffee"]]) -> str:
    """What an order costs. Name no price without it. List every piece: two bagels are ["bagel", "bagel"]."""
    return f"${sum(PRICES[item] for item in items):.2f}"


@tool(requires_heard="${total:.2f}")
def place_order(items: list[Literal["bagel", "soda", "coffee"]], total: float) -> str:
    """Place the order, once the caller has heard its price and said yes. Needs the total that `price` gave."""
    return f"The order is placed: {', '.join(items)} for ${total:.2f}, ready in ten minutes."
