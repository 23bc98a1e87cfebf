"""A client that floods the server is alone with it: the others go on, and once it is closed its bytes are not read."""
import contextlib
import json
import statistics
import threading
import time

from assertions import check, equal
from node import OPEN, Client, Node
from websocket import PING, PONG, TEXT, WebSocket, frame, tcp_connection

ONE_LOOP = "loops = 1\n" + OPEN
BLOCK_BYTES = 64 * 1024
MASK = b"\x12\x34\x56\x78"
SETTLE_SECONDS = 2
ROUND_TRIPS = 60
# Of the server's CPU time, all of which goes to the flood meanwhile: a busy machine does not make it longer. A neighbour
# that is not held back takes more with every second, and a hundred times this value in the end.
MEDIAN_MS_MAX = 100
# Taken from a client that was closed: what is dropped, and what the kernels of both sides hold.
DROPPED_BYTES_MAX = 32 << 20


def block_of(unit):
    return unit * (BLOCK_BYTES // len(unit))


def fragments(payload):
    """A message of one byte a frame."""
    pieces = [frame(TEXT if at == 0 else 0, payload[at:at + 1], fin=at == len(payload) - 1, mask=MASK)
              for at in range(len(payload))]
    return b"".join(pieces)


COMMAND = b'{"id":2,"unsubscribe":{"channel":"x"}}'
FLOODS = {
    "empty pings": block_of(frame(PING, mask=MASK)),
    "empty pongs": block_of(frame(PONG, mask=MASK)),
    "tiny fragments": block_of(fragments(COMMAND)),
    "commands": block_of(frame(TEXT, COMMAND, mask=MASK)),
    "commands in one frame": block_of(frame(TEXT, b"\n".join([COMMAND] * 1000), mask=MASK)),
    "HTTP without a login": block_of(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
}


@contextlib.contextmanager
def flooded(connection, block):
    """Sends the block again and again, and reads whatever comes."""
    stop = threading.Event()
    connection.settimeout(0.2)

    def send():
        rest = b""
        while not stop.is_set():
            rest = rest or block
            with contextlib.suppress(TimeoutError):
                rest = rest[connection.send(rest):]

    def read():
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection.recv(1 << 20)

    threads = [threading.Thread(target=work) for work in (send, read)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def flooder_of(node, name):
    if name.startswith("HTTP"):
        return tcp_connection(node.address)
    return Client(node.address).connection


def test_floods(binary, folder):
    """a client's publications come back in time beside a flood of any kind"""
    for name, block in FLOODS.items():
        with Node(binary, folder, ONE_LOOP) as node:
            witness = Client(node.address)
            witness.subscribe("news")
            with flooded(flooder_of(node, name), block):
                time.sleep(SETTLE_SECONDS)
                took = []
                for number in range(ROUND_TRIPS):
                    began = node.cpu_seconds()
                    witness.call("publish", {"channel": "news", "data": number})
                    equal(witness.next_data(), number)
                    took.append((node.cpu_seconds() - began) * 1000)
            median = statistics.median(took)
            check(median < MEDIAN_MS_MAX, f"beside {name} a round trip takes {median:.1f} ms of CPU time")


def test_control_frames_count(binary, folder):
    """pings, pongs and fragments beyond client.commands_per_second end the connection with 3013"""
    for name in ("empty pings", "empty pongs", "tiny fragments"):
        with Node(binary, folder, ONE_LOOP.replace("[client]", "[client]\ncommands_per_second = 100")) as node:
            client = Client(node.address)
            client.connection.sendall(FLOODS[name])
            equal(client.close_code(), 3013)


def taken_after(connection, seconds):
    """Bytes that the server's side takes of a flood in this time."""
    taken = 0
    connection.setblocking(False)
    end = time.monotonic() + seconds
    block = b"\x89\x80\x12\x34\x56\x78" * (BLOCK_BYTES // 6)
    while time.monotonic() < end:
        try:
            taken += connection.send(block)
        except BlockingIOError:
            time.sleep(0.01)
        except ConnectionError:
            break
    return taken


def test_closed_flooders(binary, folder):
    """after a connection was refused or closed, little is taken of what it goes on to send"""
    with Node(binary, folder, ONE_LOOP) as node:
        wrong_frame = WebSocket(node.address).connection
        wrong_frame.sendall(frame(TEXT, b"not masked", masked=False))
        wrong_request = tcp_connection(node.address)
        wrong_request.sendall(b"GET  / HTTP/1.1\r\n\r\n")
        wrong_command = Client(node.address).connection
        wrong_command.sendall(frame(TEXT, json.dumps({"id": 2, "nothing": {}}).encode()))
        for connection in (wrong_frame, wrong_request, wrong_command):
            connection.settimeout(10)
            check(connection.recv(4096), "the server says why it closes")
            taken = taken_after(connection, 1.5)
            check(taken < DROPPED_BYTES_MAX, f"{taken >> 20} MiB were taken")
            connection.close()
