"""How far the account of S1 to S5 is from the truth: `python tests/figures.py [CALLS_OF_EACH]`."""

import asyncio
import sys
from statistics import fmean

from barge_ins import SCENES, Outcome, play
from house import WORKER

AT_ONCE = 6


async def main(calls: int) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(kind: str, seed: int) -> Outcome | BaseException:
        async with places:
            try:
                return await asyncio.wait_for(play(kind, seed), 60)
            except (AssertionError, TimeoutError) as error:
                return error

    for kind, scene in SCENES.items():
        outcomes = await asyncio.gather(*(one(kind, seed) for seed in range(100, 100 + calls)))
        report(kind, (scene.__doc__ or "").strip(), outcomes)
    await WORKER.close()


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def report(kind: str, what: str, outcomes: list[Outcome | BaseException]) -> None:
    tell(f"\n{kind}  {what}")
    good = [o for o in outcomes if isinstance(o, Outcome)]
    for failed in outcomes:
        if not isinstance(failed, Outcome):
            tell(f"   FAILED {type(failed).__name__} {failed}")
    errors = [error for o in good for error in o.errors]
    for o in good:
        for error in o.errors:
            told = f" told {error.told_ms}" if error.told_ms else ""
            figures = f"{error.ms:+7.1f} ms {error.words:+d} words  played {error.played_ms:.0f}{told}"
            tell(f"   {o.seed} {figures}  {error.text[:40]}")
        for trouble in o.refusals + o.warnings:
            tell(f"   {o.seed} {trouble}")
    ms, words = [abs(e.ms) for e in errors], [abs(e.words) for e in errors]
    refusals = sum(len(o.refusals) for o in good)
    tell(
        f"   {len(good)} calls, {len(errors)} items: mean {fmean(ms):.1f} ms, max {max(ms):.1f} ms; "
        f"words mean {fmean(words):.2f}, max {max(words)}; {refusals} refusals"
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 6))
