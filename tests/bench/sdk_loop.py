"""The official SDK's plain way to do the same: "create, then poll until it is done", for all at
once.

`python -m tests.bench.sdk_loop URL COUNT AT_ONCE` prints one JSON line. AT_ONCE is how many calls
are under way at a
time: 0 for as many as there are (plain `asyncio.gather`); 8 is the best that the SDK can do, as
      httpx looks through its
whole pool for each call. It books nothing, keeps nothing and downloads nothing; it polls at the
same ages as the
engine does. CPU is counted from after the imports.
"""

import asyncio
import json
import resource
import sys
import time
from contextlib import AbstractAsyncContextManager, nullcontext

import httpx
from luma_agents import AsyncLuma

from editorapp.generations.engine.poll_schedule import FIRST_LOOK, interval_seconds
from tests.bench.load import LOADS

KEY = "luma-api-measured-0000000000000000"


async def _one(client: AsyncLuma, prompt: str, turn: AbstractAsyncContextManager[object]) -> int:
    async with turn:
        made = await client.generations.create(
            model="ray-3.2",
            type="video",
            prompt=prompt,
            video={"resolution": "360p", "duration": "5s"},
        )
    began, polls = time.monotonic(), 0
    await asyncio.sleep(FIRST_LOOK)
    while made.state not in {"completed", "failed"}:
        async with turn:
            made = await client.generations.get(made.id)
        polls += 1
        if made.state not in {"completed", "failed"}:
            await asyncio.sleep(interval_seconds(time.monotonic() - began))
    assert made.state == "completed", made
    return polls


async def _all(url: str, count: int, at_once: int) -> list[int]:
    turn: AbstractAsyncContextManager[object] = (
        asyncio.Semaphore(at_once) if at_once else nullcontext()
    )
    # A paid call is never repeated by itself here either; the time limit is long enough for the
    # burst at the start.
    async with AsyncLuma(
        auth_token=KEY, base_url=url, max_retries=0, timeout=httpx.Timeout(120.0)
    ) as client:
        return await asyncio.gather(
            *(_one(client, LOADS[count].prompt(number), turn) for number in range(count))
        )


def main() -> None:
    url, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    before, began = _cpu(), time.monotonic()
    polls = asyncio.run(_all(url, count, at_once))
    print(
        json.dumps(
            {"cpu": _cpu() - before, "seconds": time.monotonic() - began, "polls": sum(polls)}
        )
    )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
