"""The servers that can be put under load, and how each is started."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

ROOT = Path(__file__).parents[2]
AUTH_TOKEN = "load"
ACCOUNT_SID = "AC" + "0" * 32
PUBLIC_URL = "https://load.example.org"
START_TIMEOUT_S = 60.0
OURS, YARDSTICK = "ours", "yardstick"


def command(name: str) -> list[str]:
    """How to start `ours`, `yardstick`, or ours without features: `bare`, `no-log`, ... (see `variants`)."""
    if name == OURS:
        return [sys.executable, "-c", "from twilio_openai.cli import main; main()", "serve"]
    if name == YARDSTICK:
        return [sys.executable, "-m", "benchmarks.load.yardstick"]
    return [sys.executable, "-m", "benchmarks.load.variants", name]


@contextlib.contextmanager
def running(name: str, port: int, model_port: int, core: int | None) -> Iterator[int]:
    """A server on `port` that calls the model on `model_port`: its process id."""
    environment = os.environ | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": PUBLIC_URL,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "OPENAI_API_KEY": "load",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "MAX_CALLS": "10000",
        "LIMIT_CONCURRENCY": "10000",
        "LOG_FORMAT": "json",
    }
    environment["PYTHONPATH"] = str(ROOT)
    pin = [] if core is None else ["taskset", "-c", str(core)]
    folder = tempfile.TemporaryDirectory(prefix="load-")  # for whatever a server stores where it runs
    server = subprocess.Popen([*pin, *command(name)], cwd=folder.name, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(server, port)
        yield server.pid
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        folder.cleanup()


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Until the server answers; any answer will do."""
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            except urllib.error.HTTPError as answer:
                answer.close()
            return
        time.sleep(0.1)
    raise SystemExit(f"the server did not start: {server.args!r}")


def token(port: int, call_sid: str) -> str:
    """The token of a call, from the webhook's TwiML, as Twilio would be given it."""
    form = {"CallSid": call_sid, "AccountSid": ACCOUNT_SID, "From": "+15550100001", "To": "+15550100002"}
    signature = RequestValidator(AUTH_TOKEN).compute_signature(f"{PUBLIC_URL}/incoming-call", form)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/incoming-call", urlencode(form).encode())
    request.add_header("X-Twilio-Signature", signature)
    with urllib.request.urlopen(request, timeout=10) as answer:
        twiml: str = answer.read().decode()
    return twiml.split('name="token" value="', 1)[1].split('"', 1)[0]


def stream_signature() -> str:
    """Twilio's signature of the stream's upgrade."""
    url = PUBLIC_URL.replace("http", "ws", 1) + "/media-stream"
    signature: str = RequestValidator(AUTH_TOKEN).compute_signature(url, {})
    return signature
