"""A signed call through the tunnel, made inside the server's container by `deploy/check_containers.sh`.

A stand-in model listens where the server looks for OpenAI (OPENAI_BASE_URL=http://127.0.0.1:9000/v1), and a stand-in
phone rings the tunnel as Twilio would: signed, by its public name, over the tunnel's container. A stranger rings first.
"""

import asyncio
import json
import os
import sys
import urllib.request

from twilio_openai.rehearsal import answers, speech
from twilio_openai.rehearsal.model import Model
from twilio_openai.rehearsal.phone import Phone
from twilio_openai.rehearsal.twiml import stream_url

TUNNEL = "http://ngrok:8080"
TUNNEL_API = "http://ngrok:4040/api/tunnels"
MODEL_PORT = 9000
HEARD_MS = 1000.0
DEADLINE_SECONDS = 60.0


def expect(holds: bool, what: str) -> None:
    """Ends the process with one line unless `holds`."""
    if not holds:
        sys.exit(f"call: {what}")


def public_url() -> str:
    """The tunnel's public address, from its local API."""
    with urllib.request.urlopen(TUNNEL_API, timeout=10) as answer:
        return str(json.load(answer)["tunnels"][0]["public_url"])


def phone(url: str) -> Phone:
    return Phone(
        TUNNEL,
        public_url=url,
        auth_token=os.environ["TWILIO_AUTH_TOKEN"],
        account_sid=os.environ["TWILIO_ACCOUNT_SID"],
    )


async def refuse_a_stranger(url: str, model: Model) -> None:
    async with phone(url) as stranger:
        document = await stranger.ring(signature=None)
        expect(document.status == 403, f"an unsigned webhook was answered with {document.status}, not with 403")
    expect(not model.handshakes, "an unsigned webhook cost a model session")


async def call(url: str, model: Model) -> None:
    """One call: the greeting is heard for a while, then the caller hangs up."""
    async with phone(url) as caller:
        document = await caller.ring()
        expect(document.status == 200, f"a signed webhook was answered with {document.status}: {document.notices}")
        address = stream_url(document.stream, document.url) if document.stream else "nowhere"
        wanted = url.replace("https://", "wss://") + "/media-stream"
        expect(address == wanted, f"the stream is at {address}, not at {wanted}: the server did not trust the tunnel")
        expect(await caller.connect(), f"the signed stream was refused: {caller.notices}")
        await caller.heard(HEARD_MS)
        caller.hang_up()
        await caller.over()
        expect(not caller.warnings, f"Twilio would complain: {caller.warnings}")
    expect(not model.refusals, f"the model refused: {model.refusals}")


async def main() -> None:
    url = public_url()
    async with asyncio.timeout(DEADLINE_SECONDS):
        async with Model([answers.say(speech.load("agent-greeting"))], port=MODEL_PORT) as model:
            await refuse_a_stranger(url, model)
            await call(url, model)
    sys.stdout.write(f"{HEARD_MS:.0f} ms heard through {url}\n")


if __name__ == "__main__":
    asyncio.run(main())
