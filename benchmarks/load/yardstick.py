"""The yardstick: a relay as one writes it in an afternoon. FastAPI, the `websockets` client, json, a task each way.

It forwards audio, marks what it plays, and clears and truncates at a barge-in. No signature, no transcript, no record.

    PORT=5050 OPENAI_BASE_URL=http://127.0.0.1:9000/v1 python -m benchmarks.load.yardstick
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

app = FastAPI()


class Relay:
    """One call."""

    def __init__(self, phone: WebSocket, model: ClientConnection) -> None:
        self.phone, self.model = phone, model
        self.stream_sid = ""
        self.item_id: str | None = None
        self.heard_at_ms = self.began_at_ms = 0

    async def run(self) -> None:
        """Until the phone or the model is gone."""
        up, down = asyncio.create_task(self.up()), asyncio.create_task(self.down())
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        await self.model.close()
        await asyncio.gather(up, down, return_exceptions=True)

    async def up(self) -> None:
        """What the caller says goes to the model."""
        async for text in _texts(self.phone):
            message = json.loads(text)
            if message["event"] == "media":
                self.heard_at_ms = int(message["media"]["timestamp"])
                await self._to_model("input_audio_buffer.append", audio=message["media"]["payload"])
            elif message["event"] == "start":
                self.stream_sid = message["start"]["streamSid"]

    async def down(self) -> None:
        """What the model says goes to the caller."""
        async for text in self.model:
            message = json.loads(text)
            if message["type"] == "response.output_audio.delta":
                if message["item_id"] != self.item_id:
                    self.item_id, self.began_at_ms = message["item_id"], self.heard_at_ms
                await self._to_phone("media", media={"payload": message["delta"]})
                await self._to_phone("mark", mark={"name": "part"})
            elif message["type"] == "input_audio_buffer.speech_started" and self.item_id:
                await self._to_phone("clear")
                played_ms = self.heard_at_ms - self.began_at_ms
                item = {"item_id": self.item_id, "content_index": 0, "audio_end_ms": played_ms}
                await self._to_model("conversation.item.truncate", **item)
                self.item_id = None

    async def _to_model(self, kind: str, **fields: Any) -> None:
        await self.model.send(json.dumps({"type": kind, **fields}))

    async def _to_phone(self, event: str, **fields: Any) -> None:
        await self.phone.send_text(json.dumps({"event": event, "streamSid": self.stream_sid, **fields}))


async def _texts(phone: WebSocket) -> AsyncIterator[str]:
    try:
        while True:
            yield await phone.receive_text()
    except WebSocketDisconnect:
        return


@app.websocket("/media-stream")
async def media_stream(phone: WebSocket) -> None:
    """A call."""
    await phone.accept()
    base = os.environ["OPENAI_BASE_URL"].replace("http", "ws", 1)
    async with connect(f"{base}/realtime?model=m", compression=None) as model:
        audio = {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcmu"}}}
        await model.send(json.dumps({"type": "session.update", "session": {"type": "realtime", "audio": audio}}))
        await Relay(phone, model).run()


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
