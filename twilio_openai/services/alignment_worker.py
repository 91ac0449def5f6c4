"""The process that aligns: `python -m twilio_openai.services.alignment_worker`, of low priority, one answer at a time.

    stdin   (length, pickle of (text, audio, language, complete))*      stdout  (length, pickle of Alignment)*

Lengths are 4 bytes, big-endian. Both ends are ours; it ends when its stdin does, so it never outlives its server.
"""

import os
import pickle
import signal
import struct
import sys

LENGTH = struct.Struct(">I")


def pack(value: object) -> bytes:
    """One message."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


def main() -> None:
    """Answer until there is nothing more to read."""
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # before numpy is loaded: one thread, so that the calls come first
    os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which may have calls to end
    from ..alignment import align

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        text, audio, language, complete = pickle.loads(requests.read(LENGTH.unpack(head)[0]))
        answers.write(pack(align(text, audio, language, complete)))
        answers.flush()


if __name__ == "__main__":
    main()
