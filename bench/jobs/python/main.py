"""arq: what the job benchmark asks of it; ../README.md says what the scenarios are."""
import asyncio
import json
import sys
import time
import uuid

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

SCENARIOS = {}


def scenario(run):
    SCENARIOS[run.__name__] = run
    return run


class Ledger:
    """Which jobs ran, and how often."""

    def __init__(self, count):
        self.runs, self.left, self.done = bytearray(count), count, asyncio.Event()
        self.waited = []

    async def job(self, _context, n, at):
        if at:
            self.waited.append(time.time() * 1000 - at)
        self.runs[n] += 1
        if self.runs[n] == 1:
            self.left -= 1
            if self.left == 0:
                self.done.set()

    async def wait(self, seconds):
        try:
            await asyncio.wait_for(self.done.wait(), seconds)
        except TimeoutError:
            pass

    async def verdict(self):
        """After a moment in which a second run of a job would show."""
        await asyncio.sleep(0.3)
        figures = {"missing": self.left, "twice": sum(runs > 1 for runs in self.runs)}
        if self.waited:
            ordered = sorted(self.waited)
            last = len(ordered) - 1
            figures |= {"p50_ms": ordered[last // 2], "p99_ms": ordered[int(last * 0.99)], "max_ms": ordered[last]}
        return figures


class Client:
    def __init__(self, options, redis):
        self.options, self.redis = options, redis
        self.settings = RedisSettings.from_dsn(options["url"])
        self.worker = None

    def push(self, n, at=0, **when):
        return self.redis.enqueue_job("job", n, at, _job_id=uuid.uuid4().hex, **when)

    async def push_all(self, jobs, width):
        numbers = iter(range(jobs))

        async def line():
            for n in numbers:
                await self.push(n)

        await asyncio.gather(*(line() for _ in range(width)))

    def work(self, ledger):
        self.worker = Worker([func(ledger.job, name="job", keep_result=0)], redis_settings=self.settings, handle_signals=False,
                             max_jobs=self.options["workers"], poll_delay=0.01, keep_result=0, burst=False)
        self.running = asyncio.create_task(self.worker.async_run())


def begun_seconds():
    begun = time.monotonic()
    return lambda: time.monotonic() - begun


@scenario
async def push(client, options):
    seconds = begun_seconds()
    await client.push_all(options["jobs"], options["width"])
    return {"seconds": seconds()}


@scenario
async def backlog(client, options):
    return await push(client, {**options, "width": 64})


@scenario
async def bulk(client, options):
    """It has no command for many jobs at once."""
    return await backlog(client, options)


@scenario
async def work(client, options):
    ledger = Ledger(options["jobs"])
    client.work(ledger)
    seconds = begun_seconds()
    await client.push_all(options["jobs"], options["width"])
    await ledger.wait(options["seconds_max"])
    return {"seconds": seconds(), **await ledger.verdict()}


@scenario
async def drain(client, options):
    ledger = Ledger(options["jobs"])
    await client.push_all(options["jobs"], 64)
    seconds = begun_seconds()
    client.work(ledger)
    await ledger.wait(options["seconds_max"])
    return {"seconds": seconds(), **await ledger.verdict()}


@scenario
async def latency(client, options):
    jobs = options["rate"] * options["seconds"]
    ledger, pushes, begun, n = Ledger(jobs), [], time.monotonic(), 0
    client.work(ledger)
    while n < jobs:
        due = min(jobs, int((time.monotonic() - begun) * options["rate"]))
        pushes += [asyncio.create_task(client.push(each, time.time() * 1000)) for each in range(n, due)]
        n = due
        await asyncio.sleep(0.001)
    await asyncio.gather(*pushes)
    await ledger.wait(options["seconds_max"])
    return await ledger.verdict()


@scenario
async def burst(client, options):
    ledger = Ledger(options["jobs"])
    at = time.time() + options["ahead_s"]
    for first in range(0, options["jobs"], 64):
        last = min(options["jobs"], first + 64)
        await asyncio.gather(*(client.push(n, at * 1000, _defer_by=max(0.0, at - time.time())) for n in range(first, last)))
    pushed = time.time() < at
    client.work(ledger)
    await asyncio.sleep(max(0.0, at - time.time()))
    await ledger.wait(options["seconds_max"])
    return {**await ledger.verdict(), "pushed_in_time": pushed, "early": sum(ms < -1 for ms in ledger.waited)}


async def main():
    name, options = sys.argv[1], json.loads(sys.argv[2])
    redis = await create_pool(RedisSettings.from_dsn(options["url"]))
    figures = await SCENARIOS[name](Client(options, redis), options)
    print(json.dumps(figures), flush=True)


asyncio.run(main())
