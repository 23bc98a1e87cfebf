"""What keeps the server busy beside the witness: the one table of `./dev bench neighbours`."""
import base64
import dataclasses
import hashlib
import hmac
import json
import zlib

API_KEY = "bench"
TOKEN_SECRET = "a secret of thirty-two characters"
USER = "many"                    # who has thousands of connections
DEEP, HEAVY, CROWD, JOINED = "deep:a", "heavy:a", "crowd:a", "joined:a"
DEEP_ENTRIES, HEAVY_ENTRIES, HEAVY_BYTES = 10_000, 300, 10_000
# Options of the channels, by namespace; the servers have the same names for them.
NAMESPACES = {
    "deep": {"history_size": DEEP_ENTRIES, "history_ttl": "600s"},
    "heavy": {"history_size": HEAVY_ENTRIES, "history_ttl": "600s", "force_recovery": True},
    "crowd": {"presence": True},
    "joined": {},
}
SUBSCRIPTIONS = 100               # of a connection that comes and goes
MASK = bytes((0x12, 0x34, 0x56, 0x78))
COMPRESSED, BOMB_BYTES = 0x40, 60_000
BLOCK_BYTES = 1 << 16
TEXT, CONTINUATION, PING, PONG, FINAL = 1, 0, 9, 10, 0x80


def frame(opcode, payload=b""):
    """A client's frame; the opcode says whether it is the last of its message."""
    size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes((opcode,)) + size + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


def lines(commands):
    return "\n".join(json.dumps(command, separators=(",", ":")) for command in commands).encode()


def pieces(payload):
    """A text message of one byte a frame."""
    last = len(payload) - 1
    return b"".join(frame((CONTINUATION if at else TEXT) | (FINAL if at == last else 0), payload[at:at + 1])
                    for at in range(len(payload)))


def post(path, body, key=API_KEY):
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"X-API-Key: {key}\r\n" if key else ""
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def call(method, request):
    return post(f"/api/{method}", json.dumps(request).encode())


def publish(target, channel, data):
    """The HTTP request; the peers have one path of their own."""
    body = json.dumps({"channel": channel, "data": data}).encode()
    return post("/api/publish" if target.speaks == "centrifuge" else "/publish", body)


def command(target):
    """A command that a client may repeat."""
    if target.speaks == "centrifuge":
        return lines([{"id": 5, "publish": {"channel": "flood", "data": {}}}])
    return b'{"subscribe":"flood"}' if target.speaks == "plain" else b'420["subscribe","flood"]'


def token(**claims):
    def encode(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    signed = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(claims).encode())
    return (signed + b"." + encode(hmac.digest(TOKEN_SECRET.encode(), signed, hashlib.sha256))).decode()


def bomb():
    """A command that is a thousand times as long when it is inflated."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(lines([{"id": 5, "publish": {"channel": "flood", "data": {}}}]) + b" " * BOMB_BYTES)
    return frame(TEXT | FINAL | COMPRESSED, (packed + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff"))


def arrival():
    """The connect command of somebody with many subscriptions."""
    channels = [f"joined:{number}" for number in range(SUBSCRIPTIONS)]
    return frame(TEXT | FINAL, lines([{"id": 1, "connect": {"token": token(sub="guest", channels=channels)}}]))


def many(unit):
    return unit * max(1, BLOCK_BYTES // len(unit))


GET = b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
REFUSED_FRAME = b"\xff\x80\0\0\0\0"  # reserved bits and an opcode that does not exist


def recoveries(target):
    """One frame that subscribes with recovery and leaves again, over and over."""
    epoch = target.api("history", {"channel": HEAVY, "limit": 0})["epoch"]
    commands = []
    for number in range(10, 610, 2):
        recover = {"channel": HEAVY, "recover": True, "epoch": epoch}
        commands += [{"id": number, "subscribe": recover}, {"id": number + 1, "unsubscribe": {"channel": HEAVY}}]
    return frame(TEXT | FINAL, lines(commands))


def fill(target, channel, entries, data, at_once):
    """Publishes so many, so many with one call."""
    for _ in range(entries // at_once):
        target.api("batch", {"commands": [{"publish": {"channel": channel, "data": data}}] * at_once})


@dataclasses.dataclass(frozen=True)
class Target:
    """The server that is kept busy."""
    speaks: str         # "centrifuge", "plain" or "socketio", as the contenders' protocols
    api: object = None  # calls a method of Centrifugo's HTTP API


@dataclasses.dataclass(frozen=True)
class Neighbour:
    name: str
    title: str
    block: object = None                 # bytes, or a function of the target that gives them; None: nobody
    load: tuple[str, ...] = ()           # for the load generator
    connections: int = 1
    prepare: object = None               # a function of the target
    needs_api: bool = False              # Centrifugo's: not every contender has it
    p99_ms_at_most: float | None = None  # of the witness
    settings: tuple[tuple[str, object], ...] = ()  # of the server
    files: int = 200                     # that the server and the generator may need each


def flood(name, title, block, *load, **options):
    return Neighbour(name, title, block, load, p99_ms_at_most=5, **options)


WEBSOCKET = "--websocket"
FLOODS = (
    flood("pongs", "empty pongs", many(frame(PONG | FINAL)), WEBSOCKET),
    flood("pings", "empty pings", many(frame(PING | FINAL)), WEBSOCKET),
    flood("fragments", "a command in pieces of one byte", lambda target: many(pieces(command(target))), WEBSOCKET),
    flood("gets", "pipelined GET /x, without a key", many(GET)),
    flood("commands", "pipelined commands", lambda target: many(frame(TEXT | FINAL, command(target))),
          WEBSOCKET),
)
NEIGHBOURS = (
    Neighbour("quiet", "nobody"),
    *FLOODS,
    flood("empty_fragments", "empty pieces of a message that never ends",
          frame(TEXT) + many(frame(CONTINUATION)), WEBSOCKET),
    flood("deaf_pings", "pings, and the pongs are not read", many(frame(PING | FINAL)), WEBSOCKET, "--deaf"),
    flood("deaf_gets", "GET /x, and the answers are not read", many(GET), "--deaf"),
    flood("closed", "refused frames, and on after the close", REFUSED_FRAME + many(frame(PONG | FINAL)), WEBSOCKET,
          "--sends-on"),
    Neighbour("publishes_8", "8 × pipelined HTTP publishes", lambda target: many(publish(target, "flood", {})),
              connections=8, p99_ms_at_most=20),
    flood("bombs", "compressed commands, 60 KB in 100 bytes", many(bomb()), WEBSOCKET, "--deflate", needs_api=True,
          settings=(("websocket.compression", True),)),
    Neighbour("arrivals", "16 × connect with 100 subscriptions, and away", arrival(),
              (WEBSOCKET, "--reconnects", "--last-answer", '"id":1,"connect"'), connections=16, needs_api=True,
              p99_ms_at_most=20),
    *(Neighbour(f"{each.name}_100", f"100 × {each.title}", each.block, each.load, connections=100, p99_ms_at_most=20)
      for each in FLOODS),
    Neighbour("fanout", "5 messages/s to 5,000 subscribers", lambda target: publish(target, "wide", {"p": "x" * 100}),
              ("--subscribers", "5000", "--channel", "wide", "--answers", "1", "--blocks-per-s", "5"), files=5200),
    Neighbour("history", "histories of 10,000", call("history", {"channel": DEEP, "limit": DEEP_ENTRIES}),
              ("--answers", "1"), needs_api=True,
              prepare=lambda target: fill(target, DEEP, DEEP_ENTRIES, {"p": "x" * 100}, 100)),
    Neighbour("presence", "presences of 9,000", call("presence", {"channel": CROWD}),
              ("--subscribers", "9000", "--channel", CROWD, "--answers", "1"), files=9200, needs_api=True),
    Neighbour("recoveries", "frames of 300 × (recover 3 MB, leave)", recoveries,
              (WEBSOCKET, "--last-answer", '"id":609'), needs_api=True,
              prepare=lambda target: fill(target, HEAVY, HEAVY_ENTRIES, "x" * HEAVY_BYTES, 4)),
    Neighbour("user", "API subscribe, unsubscribe of 8,000 connections",
              call("subscribe", {"user": USER, "channel": JOINED}) + call("unsubscribe", {"user": USER, "channel": JOINED}),
              ("--subscribers", "8000", "--channel", "everybody", "--token", token(sub=USER), "--answers", "2"), files=8200,
              needs_api=True),
    Neighbour("bodies", "64 × bodies of 4 MiB to a path that does not exist", post("/nowhere", b"x" * (4 << 20), key=""),
              connections=64),
)
