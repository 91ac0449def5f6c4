"""One run: a server, the generator, and what was seen of both."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import servers
from .process import Use, use

SOURCE = Path(__file__).with_name("generator.c")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run showed. CPU is ms per second of a call; memory is all of the server, in KB."""

    server: str
    calls: int
    cpu_ms: float
    idle_kb: float
    memory_kb: float
    seen: dict[str, Any]
    """The generator's report."""

    @property
    def sound(self) -> bool:
        """Whether every call lasted, no frame was lost or misled, and no session was left open."""
        faults = ("lost", "swapped", "wrong", "malformed", "models_left_open", "dropped")
        return self.seen["lasted"] == self.calls and not any(self.seen[fault] for fault in faults)


@cache
def _generator() -> str:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("the load generator is a small C program: a compiler (cc or gcc) is needed")
    binary = str(Path(tempfile.mkdtemp(prefix="load-")) / "generator")
    subprocess.run([compiler, "-O2", "-o", binary, str(SOURCE)], check=True)
    return binary


def run(server: str, calls: int, seconds: float, cores: tuple[int, int] | None) -> Figures:
    """Load `server` with so many calls. `cores` are those of the server and of the generator, where there are two."""
    port, model_port = _free_port(), _free_port()
    with servers.running(server, port, model_port, cores and cores[0]) as pid:
        time.sleep(1)
        idle = use(pid)
        pin = ["taskset", "-c", str(cores[1])] if cores else []
        arguments = [str(port), str(model_port), str(seconds), servers.stream_signature()]
        with subprocess.Popen(
            [*pin, _generator(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as generator:
            assert generator.stdin
            assert generator.stdout
            for number in range(calls):
                call_sid = f"CA{time.time_ns():016x}{number:016x}"
                call_token = "none" if server == servers.YARDSTICK else servers.token(port, call_sid)
                generator.stdin.write(f"{call_sid}\t{call_token}\n")
            generator.stdin.close()
            return _watch(server, calls, pid, idle, generator.stdout)


def _watch(server: str, calls: int, pid: int, idle: Use, output: Any) -> Figures:
    marks: dict[str, tuple[float, Use]] = {}
    for line in output:
        if line.startswith("{"):
            (began_s, before), (ended_s, after) = marks["window"], marks["end"]
            cpu_ms = (after.cpu_ms - before.cpu_ms) / (ended_s - began_s) / calls
            return Figures(server, calls, cpu_ms, idle.memory_kb, after.memory_kb, json.loads(line))
        marks[line.strip()] = time.monotonic(), use(pid)
    raise SystemExit("the generator ended early")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
