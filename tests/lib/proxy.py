"""A TCP proxy that does harm: it delays, stalls, cuts, half-closes, or swallows what passes. Steered while it runs."""
import asyncio
import socket
import struct
import threading


class Proxy:
    """Forwards 127.0.0.1:`port` to `target` (host, port), which may change for later connections; a thread of its
    own."""

    def __init__(self, target):
        self.target = target
        self._loop = asyncio.new_event_loop()
        self._pairs = set()
        self.delay = 0.0  # seconds, each way
        self.delay_of_every_other = 0.0  # the same, for every other connection only
        self._accepted = 0
        self.stalled = False  # bytes wait until it ends
        self.swallow = frozenset()  # half-open: bytes "there" (to the target), "back" or both vanish, nobody is told
        self.refuse = False  # new connections are cut at once
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def cut(self):
        """Resets every connection there is."""
        self._call(self._cut)

    def half_close(self):
        """Says to both ends of every connection that nothing more will come, and goes on carrying the rest."""
        self._call(self._half_close)

    def connections(self):
        return len(self._pairs)

    def _call(self, function):
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (function(), done.set()))
        done.wait()

    def _cut(self):
        for writers in list(self._pairs):
            for writer in writers:
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()

    def _half_close(self):
        for writers in list(self._pairs):
            for writer in writers:
                if writer.can_write_eof():
                    writer.write_eof()

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        for task in (tasks := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _accept(self, reader, writer):
        try:
            await self._forward(reader, writer)
        except asyncio.CancelledError:  # the proxy ends
            pass

    async def _forward(self, reader, writer):
        if self.refuse:
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, there_writer)
        self._pairs.add(pair)
        self._accepted += 1
        odd = self._accepted % 2 == 1
        await asyncio.gather(self._carry(reader, there_writer, "there", odd),
                             self._carry(there_reader, writer, "back", odd))
        self._pairs.discard(pair)
        for end in pair:
            end.close()

    async def _carry(self, reader, writer, direction, odd):
        try:
            while data := await reader.read(65536):
                while self.stalled:
                    await asyncio.sleep(0.01)
                if direction in self.swallow:
                    continue
                if delay := self.delay + odd * self.delay_of_every_other:
                    await asyncio.sleep(delay)
                writer.write(data)
                await writer.drain()
            while direction in self.swallow:
                await asyncio.sleep(0.01)
            if writer.can_write_eof():
                writer.write_eof()
        except (OSError, RuntimeError):  # RuntimeError: after half_close there is no writing
            pass
