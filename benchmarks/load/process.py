"""What a process and its children use: CPU from the scheduler's own account, and resident memory (Linux)."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Use:
    """CPU time in ms since the start, resident memory in KB."""

    cpu_ms: float
    memory_kb: float


def use(pid: int) -> Use:
    """Of this process and everything that it started."""
    pids = _family(pid)
    cpu_ns = sum(_cpu_ns(PROC / str(one)) for one in pids)
    pages = sum(int(_read(PROC / str(one) / "statm", "0 0").split()[1]) for one in pids)
    return Use(cpu_ns / 1e6, pages * os.sysconf("SC_PAGE_SIZE") / 1024)


def _family(pid: int) -> list[int]:
    parents = {int(folder.name): _parent(folder) for folder in PROC.iterdir() if folder.name.isdigit()}
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _parent(folder: Path) -> int:
    stat = _read(folder / "stat", ") ? 0")
    return int(stat[stat.rindex(")") :].split()[2])


def _cpu_ns(folder: Path) -> int:
    return sum(int(_read(path, "0").split()[0]) for path in folder.glob("task/*/schedstat"))


def _read(path: Path, default: str) -> str:
    try:
        return path.read_text() or default
    except OSError:  # it has just ended
        return default
