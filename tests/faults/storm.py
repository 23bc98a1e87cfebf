"""The reconnect storm: all nodes are killed at once and started again, and all their clients come back.

    PYTHONPATH=tests/lib tests/faults/storm.py BINARY [--processes 6] [--clients 16000] [--svg FILE]

Each of the processes of the server has a process of clients. What was published while they were away must come to
each of them, once and in order: "exactly" below.
"""
import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from xml.sax.saxutils import escape

import storm_clients
from assertions import eventually
from redis_server import RedisServer, free_port
from server import Server

CHANNELS = [f"storm-{index}" for index in range(1000)]
SAMPLE_SECONDS = 0.25
WATCH_SECONDS = 90
GOAL_SHARE, GOAL_SECONDS = 0.999, 60
CONFIG = """
client.insecure = true
http_api.key = "secret"
broker.redis.address = "%s"
[channel.without_namespace]
history_size = 100
history_ttl = "600s"
force_recovery = true
"""


class Storm:
    def __init__(self, arguments, stack):
        self._stack = stack
        self._redis = stack.enter_context(RedisServer())
        config = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".toml"))
        config.write(CONFIG % self._redis.url)
        config.flush()
        self._command = (arguments.binary, "--config", config.name)
        self._addresses = [f"127.0.0.1:{free_port()}" for _ in range(arguments.processes)]
        self.total = arguments.processes * arguments.clients
        self.servers = []
        self.start()
        self._pipes, self._counters = [], []
        for index, address in enumerate(self._addresses):
            self._start_clients(index, address, arguments.clients)

    def start(self):
        self.servers = [Server(*self._command, address=address) for address in self._addresses]
        for server in self.servers:
            server.__enter__()
            self._stack.callback(self._end, server)

    def kill(self):
        for server in self.servers:
            server.process.kill()  # all at once; then one after the other is waited for
        for server in self.servers:
            server.kill()

    def count(self, what):
        return sum(counters[what] for counters in self._counters)

    def publish(self, number):
        commands = [{"publish": {"channel": channel, "data": {"n": number}}} for channel in CHANNELS]
        self._batch(commands)

    def exact(self):
        """How many clients have everything that is in the history, once and in order."""
        replies = self._batch([{"history": {"channel": channel}} for channel in CHANNELS])
        tops = {channel: (reply["history"]["epoch"], reply["history"].get("offset", 0))
                for channel, reply in zip(CHANNELS, replies)}
        for pipe in self._pipes:
            pipe.send(tops)
        return sum(pipe.recv() for pipe in self._pipes)

    def _batch(self, commands):
        replies = []
        for begin in range(0, len(commands), 100):
            answer = self.servers[0].api("batch", {"commands": commands[begin:begin + 100]})
            replies += answer["replies"]
        if any("error" in reply for reply in replies):
            raise RuntimeError(next(reply for reply in replies if "error" in reply))
        return replies

    def _start_clients(self, index, address, count):
        ours, theirs = multiprocessing.Pipe()
        counters = multiprocessing.RawArray("l", len(storm_clients.COUNTERS))
        host, port = address.split(":")
        process = multiprocessing.Process(target=storm_clients.run, daemon=True, args=(
            theirs, counters, (host, int(port)), count, CHANNELS, index))
        process.start()
        self._pipes.append(ours)
        self._counters.append(counters)
        self._stack.callback(process.terminate)

    @staticmethod
    def _end(server):
        if server.alive():
            server.kill()
        os.unlink(server.log_path)


def watch(storm, killed, before):
    """(seconds, subscribed, recovered) from the kill on, until all are back or the time is up."""
    samples = []
    while (now := time.monotonic() - killed) < WATCH_SECONDS:
        recovered = storm.count(storm_clients.RECOVERED) - before
        samples.append((now, storm.count(storm_clients.SUBSCRIBED), recovered))
        if samples[-1][1] == storm.total:
            break
        time.sleep(SAMPLE_SECONDS)
    return samples


def plot(samples, total, healthy, subtitle):
    width, height, left, right, top, bottom = 760, 300, 60, 20, 56, 40
    seconds = max(10, 10 * -(-int(samples[-1][0] + 1) // 10))

    def x(value):
        return left + (width - left - right) * value / seconds

    def y(share):
        return height - bottom - (height - top - bottom) * share

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="12" '
             'font-family="system-ui, sans-serif" role="img" aria-label="Reconnect storm">',
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             f'<text x="{left}" y="22" font-size="15" font-weight="600">Clients back after all nodes were killed</text>',
             f'<text x="{left}" y="40" fill="#57606a">{escape(subtitle)}</text>']
    for percent in range(0, 101, 20):
        at = y(percent / 100)
        parts += [f'<path d="M{left} {at:.1f}H{width - right}" stroke="#e4e7eb"/>',
                  f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{percent} %</text>']
    for second in range(0, seconds + 1, max(1, seconds // 10)):
        parts.append(f'<text x="{x(second):.1f}" y="{height - bottom + 18}" text-anchor="middle">{second} s</text>')
    line = " ".join(f"{x(at):.1f},{y(recovered / total):.1f}" for at, _, recovered in samples)
    parts += [f'<path d="M{x(healthy):.1f} {top}V{height - bottom}" stroke="#57606a" stroke-dasharray="4 4"/>',
              f'<text x="{x(healthy) + 4:.1f}" y="{top + 12}" fill="#57606a">nodes healthy again</text>',
              f'<polyline points="{line}" fill="none" stroke="#1f6feb" stroke-width="2"/>', "</svg>", ""]
    return "\n".join(parts)


def storm_once(arguments):
    with ExitStack() as stack:
        storm = Storm(arguments, stack)
        eventually(lambda: storm.count(storm_clients.SUBSCRIBED) >= storm.total, "all are subscribed", 300)
        print(f"{storm.total} clients subscribed", flush=True)
        storm.publish(1)
        time.sleep(5)
        if storm.exact() != storm.total:
            raise RuntimeError("not everybody has everything before the storm")
        before = storm.count(storm_clients.RECOVERED)
        attempts = storm.count(storm_clients.ATTEMPTS)
        storm.publish(2)  # on its way to some while the nodes end
        killed = time.monotonic()
        storm.kill()
        storm.start()
        healthy = time.monotonic() - killed
        storm.publish(3)
        samples = watch(storm, killed, before)
        time.sleep(2)
        exact, total = storm.exact(), storm.total
        in_time = [at for at, _, recovered in samples if recovered >= GOAL_SHARE * total]
        shown = f"{in_time[0]:.1f} s" if in_time else "never"
        print(f"nodes healthy after {healthy:.1f} s; 99.9 % recovered after {shown}; all subscribed after "
              f"{samples[-1][0]:.1f} s: {samples[-1][1]} of {total}; exactly: {exact}; told of a loss: "
              f"{storm.count(storm_clients.TOLD)}; wrong: {storm.count(storm_clients.WRONG)}; attempts: "
              f"{storm.count(storm_clients.ATTEMPTS) - attempts}", flush=True)
        if arguments.svg:
            with open(arguments.svg, "w", encoding="utf-8") as file:
                subtitle = f"{arguments.processes} nodes, {total:,} clients, share that recovered exactly"
                file.write(plot(samples, total, healthy, subtitle))
        return bool(in_time) and in_time[0] <= GOAL_SECONDS and exact >= GOAL_SHARE * total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--clients", type=int, default=16000, help="of each process")
    parser.add_argument("--svg")
    return 0 if storm_once(parser.parse_args()) else 1


if __name__ == "__main__":
    sys.exit(main())
