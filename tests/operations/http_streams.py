"""Event streams and HTTP streaming in bytes: readers that stop, requests that are nobody's, what a configuration says."""
import json
import uuid

from assertions import check, equal, eventually
from event_stream import EventStream
from node import OPEN, Node, run_command, token

STREAMS = "loops = 2\n" + OPEN + """
[sse]
enabled = true
[http_stream]
enabled = true
[uni_sse]
enabled = true
[uni_http_stream]
enabled = true
"""
CONNECT = json.dumps({"id": 1, "connect": {}})
SLOW_READERS = 50
MEMORY_GROWTH_MAX = 128 << 20


def subscribed(node, channel, **options):
    stream = EventStream(node, CONNECT + "\n" + json.dumps({"id": 2, "subscribe": {"channel": channel}}), **options)
    equal((stream.status, "connect" in stream.next(), stream.next()["id"]), (200, True, 2))
    return stream


def emulate(node, connected, data, address=None):
    request = {"session": connected["session"], "node": connected["node"], "data": data}
    return node.request("POST", "/emulation", json.dumps(request), address=address)


def test_readers_that_stop(binary, folder):
    """streams that nobody reads are closed with 3008, memory is bounded, and the others get everything in order"""
    with Node(binary, folder, STREAMS) as node:
        slow = [subscribed(node, "big", receive_buffer=4096) for _ in range(SLOW_READERS)]
        reader = subscribed(node, "big")
        before = node.rss_bytes()
        for number in range(200):
            node.api("publish", {"channel": "big", "data": {"n": number, "text": "x" * 64 * 1024}})
            equal(reader.next()["push"]["pub"]["data"]["n"], number)
        eventually(lambda: node.metrics()['tidemill_disconnects_total{code="3008"}'] == SLOW_READERS, "all are closed")
        check(node.rss_bytes() - before < MEMORY_GROWTH_MAX, f"{(node.rss_bytes() - before) >> 20} MiB more")
        node.api("publish", {"channel": "big", "data": {"n": 200}})
        equal(reader.next()["push"]["pub"]["data"]["n"], 200)
        for stream in [*slow, reader]:
            stream.close()
        eventually(lambda: node.metrics()["tidemill_connections"] == 0, "all have gone")


def test_requests_that_are_nobodys(binary, folder):
    """guesses at sessions are 404, however many; the session that is meant is reached from either loop"""
    with Node(binary, folder, STREAMS) as node:
        stream = EventStream(node, CONNECT)
        connected = stream.next()["connect"]
        for _ in range(300):
            status, _, body = emulate(node, {**connected, "session": str(uuid.uuid4())}, '{"id":2,"rpc":{}}')
            equal((status, body), (404, "no such session\n"))
        for number in range(2, 40):  # the kernel gives connections to one loop or the other
            equal(emulate(node, connected, json.dumps({"id": number, "rpc": {}}))[0], 204)
            equal(stream.next()["id"], number)
        metrics = node.metrics()
        equal(metrics['tidemill_emulation_requests_total{result="no_session"}'], 300)
        equal(metrics['tidemill_emulation_requests_total{result="delivered"}'], 38)
        equal(metrics['tidemill_transport_connections{transport="sse"}'], 1)
        stream.close()
        eventually(lambda: emulate(node, connected, "{}")[0] == 404, "the session has ended")


def test_flood(binary, folder):
    """a client that sends more commands than it may is told so and ended; others are not held up"""
    limited = STREAMS.replace("[client]", "[client]\ncommands_per_second = 20")
    with Node(binary, folder, limited) as node:
        stream, other = EventStream(node, CONNECT), EventStream(node, CONNECT)
        connected, neighbour = stream.next()["connect"], other.next()["connect"]
        batch = "\n".join(json.dumps({"id": number, "rpc": {}}) for number in range(2, 1002))
        emulate(node, connected, batch)
        equal(emulate(node, neighbour, '{"id":2,"rpc":{}}')[0], 204)
        equal(other.next()["id"], 2)
        last = None
        while event := stream.next():
            last = event
        equal(last, {"push": {"disconnect": {"code": 3013, "reason": "too many requests"}}})
        equal(emulate(node, connected, "{}")[0], 404)
        other.close()


def test_headers(binary, folder):
    """what keeps proxies from collecting a stream"""
    with Node(binary, folder, STREAMS) as node:
        with EventStream(node, CONNECT) as stream:
            headers = stream.headers
            equal(headers["x-accel-buffering"], "no")
            check("no-cache" in headers["cache-control"] and "no-store" in headers["cache-control"], headers)
            equal(headers["content-type"], "text/event-stream; charset=utf-8")
            check("content-length" not in headers and "transfer-encoding" not in headers, headers)
        equal(node.request("OPTIONS", "/emulation")[0], 204)


def test_drain(binary, folder):
    """when the server ends, streams are told so with 3001, and their response ends"""
    with Node(binary, folder, STREAMS) as node:
        stream = subscribed(node, "news")
        listener = EventStream(node, {"token": token("u", channels=["news"])}, path="/connection/uni_sse")
        equal("connect" in listener.next(), True)
        node.stop()
        equal(stream.next(), {"push": {"disconnect": {"code": 3001, "reason": "shutdown"}}})
        equal(listener.next(), {"disconnect": {"code": 3001, "reason": "shutdown"}})
        equal((stream.next(), listener.next()), (None, None))


def test_statuses_of_listeners(binary, folder):
    """with connect_code_to_http_response a refused connect is an answer in HTTP"""
    settings = STREAMS.replace("[uni_sse]\n", """[uni_sse]
connect_code_to_http_response.enabled = true
connect_code_to_http_response.transforms = ["109 410 gone"]
""")
    with Node(binary, folder, settings) as node:
        path = "/connection/uni_sse"
        equal(node.request("POST", path, json.dumps({"token": "x"}))[::2], (401, "invalid token"))
        equal(node.request("POST", path, json.dumps({"token": token("u", exp=1)}))[::2], (410, "gone"))
        with EventStream(node, {}, path=path) as listener:
            equal((listener.status, "connect" in listener.next()), (200, True))
        equal(node.request("POST", "/connection/uni_http_stream", json.dumps({"token": "x"}))[::2],
              (200, '{"disconnect":{"code":3500,"reason":"invalid token"}}\n'))


def test_refused_settings(binary, folder):
    """what is not there is refused by name, with what to use instead"""
    for setting, instead in (("uni_grpc.enabled", "uni_sse"), ("webtransport.enabled", "http_stream"),
                             ("uni_websocket.join_push_messages", "a frame of its own")):
        code, _, said = run_command(binary, "config", "check", f"--{setting}=true")
        check(code != 0 and setting in said and instead in said, (setting, code, said))
