"""Ending background tasks without hiding what went wrong in them."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def settled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks, wait for them, and raise the first error that one of them ended with."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
