"""HTTP/1.1 as RFC 9112 wants it read, over raw sockets.

Each case is a request followed by a second one that must never be answered if the first was refused: what is left
behind a refused request is where smuggled requests hide.
"""
import re
import time

from assertions import SLACK_SECONDS, check, equal
from runner import fixture
from server import Server
from websocket import tcp_connection

NEXT = b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n"
KEY = b"X-API-Key: secret\r\n"
BODY = b'{"channel":"a","data":1}'


def head(*lines, start=b"GET /health HTTP/1.1", host=b"Host: h"):
    return b"\r\n".join([start, *([host] if host else []), *lines]) + b"\r\n\r\n"


def post(*lines, body=b""):
    return head(*lines, start=b"POST /api/publish HTTP/1.1") + body


def chunked(body):
    return post(b"Transfer-Encoding: chunked", KEY.strip(), body=body)


# name, bytes, status of the answer; 200, 204 and 404 keep the connection, everything else ends it
CASES = [
    ("plain", head(), 200),
    ("no such path", head(start=b"GET /none HTTP/1.1"), 404),
    ("dot segments are no path of ours", head(start=b"GET /../health HTTP/1.1"), 404),
    ("encoded path is another path", head(start=b"GET /%68ealth HTTP/1.1"), 404),
    ("bare LF everywhere", b"GET /health HTTP/1.1\nHost: h\n\n", 400),
    ("bare LF after the request line", b"GET /health HTTP/1.1\nHost: h\r\n\r\n", 400),
    ("bare LF as the empty line", b"GET /health HTTP/1.1\r\nHost: h\r\n\n", 400),
    ("bare CR in a value", head(b"A: b\rc"), 400),
    ("folded header", head(b"A: b", b" c"), 400),
    ("folded by a tab", head(b"A: b", b"\tc"), 400),
    ("space before the colon", head(b"A : b"), 400),
    ("tab before the colon", head(b"A\t: b"), 400),
    ("empty header name", head(b": b"), 400),
    ("NUL in a value", head(b"A: b\0c"), 400),
    ("NUL in a name", head(b"A\0: b"), 400),
    ("no Host", head(host=None), 400),
    ("two Hosts", head(b"Host: i"), 400),
    ("Host with a path", head(host=b"Host: h/x"), 400),
    ("Host with a blank", head(host=b"Host: h i"), 400),
    ("Host with an empty port", head(host=b"Host: h:"), 200),
    ("absolute form beside an empty port", head(start=b"GET http://h/health HTTP/1.1", host=b"Host: h:"), 200),
    ("OPTIONS of the server", head(start=b"OPTIONS * HTTP/1.1"), 204),
    ("OPTIONS of the server with a body", head(b"Content-Length: 2", start=b"OPTIONS * HTTP/1.1") + b"ab", 204),
    ("absolute form", head(start=b"GET http://h/health HTTP/1.1"), 200),
    ("absolute form of another host", head(start=b"GET http://i/health HTTP/1.1"), 400),
    ("absolute form with credentials", head(start=b"GET http://a@h/health HTTP/1.1"), 400),
    ("absolute form of another scheme", head(start=b"GET ftp://h/health HTTP/1.1"), 400),
    ("authority form", head(start=b"CONNECT h:1 HTTP/1.1"), 400),
    ("space in the target", head(start=b"GET /he alth HTTP/1.1"), 400),
    ("two spaces", head(start=b"GET  /health HTTP/1.1"), 400),
    ("no version", head(start=b"GET /health"), 400),
    ("HTTP/1.9", head(start=b"GET /health HTTP/1.9"), 505),
    ("HTTP/2.0", head(start=b"GET /health HTTP/2.0"), 505),
    ("HTTP/a.b", head(start=b"GET /health HTTP/a.b"), 400),
    ("HTTP/11", head(start=b"GET /health HTTP/11"), 400),
    ("lower-case http", head(start=b"GET /health http/1.1"), 400),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("TLS hello on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ("long request line", head(start=b"GET /" + b"a" * 9000 + b" HTTP/1.1"), 414),
    ("many headers", head(*[b"A%d: b" % i for i in range(200)]), 431),
    ("long headers", head(*[b"A%d: " % i + b"b" * 1000 for i in range(60)]), 431),
    ("length", post(KEY.strip(), b"Content-Length: %d" % len(BODY), body=BODY), 200),
    ("length with leading zeros", post(KEY.strip(), b"Content-Length: %040d" % len(BODY), body=BODY), 200),
    ("two equal lengths", post(b"Content-Length: 4", b"Content-Length: 4", body=b"abcd"), 400),
    ("two lengths", post(b"Content-Length: 4", b"Content-Length: 5", body=b"abcd"), 400),
    ("list of lengths", post(b"Content-Length: 4, 4", body=b"abcd"), 400),
    ("length +4", post(b"Content-Length: +4", body=b"abcd"), 400),
    ("length -1", post(b"Content-Length: -1"), 400),
    ("length 0x4", post(b"Content-Length: 0x4", body=b"abcd"), 400),
    ("length 4_0", post(b"Content-Length: 4_0", body=b"abcd"), 400),
    ("empty length", post(b"Content-Length:", body=b"abcd"), 400),
    ("length over 64 bits", post(b"Content-Length: 18446744073709551616"), 400),
    ("length over the limit", post(b"Content-Length: 999999999"), 413),
    ("chunks", chunked(b"18\r\n" + BODY + b"\r\n0\r\n\r\n"), 200),
    ("chunks with an extension and a trailer", chunked(b"18;a=b\r\n" + BODY + b"\r\n0\r\nT: v\r\n\r\n"), 200),
    ("length and chunks", post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ("chunks and length", post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n"), 400),
    ("chunked twice", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 400),
    ("chunked, identity", post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), 400),
    ("xchunked", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 400),
    ("chunked behind a vertical tab", post(b"Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"), 400),
    ("quoted chunked", post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), 400),
    ("chunks in HTTP/1.0", b"POST /api/publish HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunk size 0x18", chunked(b"0x18\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    ("chunk size +18", chunked(b"+18\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    ("chunk size with a blank", chunked(b"18 \r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    ("chunk size with leading zeros", chunked(b"00000000000000018\r\n" + BODY + b"\r\n0\r\n\r\n"), 200),
    ("chunk size of 17 digits", chunked(b"10000000000000018\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    ("chunk extensions without end", chunked(b"1;%s\r\na\r\n" % (b"x" * 200) * 60), 400),
    ("chunk line with a bare LF", chunked(b"18\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    ("chunk longer than it says", chunked(b"10\r\n" + BODY + b"\r\n0\r\n\r\n"), 400),
    ("last chunk with a bare LF", chunked(b"18\r\n" + BODY + b"\r\n0\n\n"), 400),
    ("malformed trailer", chunked(b"0\r\nno colon\r\n\r\n"), 400),
    ("upgrade of a wrong version", head(b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 7",
                                        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                        start=b"GET /connection/websocket HTTP/1.1"), 426),
    ("upgrade without a key", head(b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
                                   start=b"GET /connection/websocket HTTP/1.1"), 400),
    ("upgrade from another site", head(b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
                                       b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Origin: http://evil.com",
                                       start=b"GET /connection/websocket HTTP/1.1"), 403),
]


@fixture
def address(binary):
    with Server(binary, "--http_api.key=secret", "--http_server.headers_timeout=1s") as server:
        yield server.address


def exchange(address, request):
    """All that the server answers to `request` and the next one, and whether it then closed."""
    with tcp_connection(address, timeout=5) as peer:
        answer = b""
        closed = False
        try:
            peer.sendall(request + NEXT)
            while len(statuses(answer)) < 2:
                piece = peer.recv(65536)
                if not piece:
                    closed = True
                    break
                answer += piece
        except ConnectionError:
            closed = True
        return answer, closed


def statuses(answer):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def ask(address, request, wanted):
    answer, closed = exchange(address, request)
    kept = wanted in (200, 204, 404)
    equal(statuses(answer), [wanted, 200] if kept else [wanted])
    check(kept or closed, "the connection stayed open")


def cases_requests(address):
    for name, request, wanted in CASES:
        yield name, lambda r=request, w=wanted: ask(address, r, w)


def cases_close_beats_keep_alive(address):
    """`close` ends the connection, whatever stands beside it, in HTTP/1.0 and 1.1"""
    for version in (b"1.0", b"1.1"):
        for lines in ([b"Connection: keep-alive, close"], [b"Connection: close", b"Connection: keep-alive"]):
            request = head(*lines, start=b"GET /health HTTP/" + version)
            yield f"{version} {lines}", lambda r=request: check(exchange(address, r)[1], "the connection stayed open")


def test_refused_head(address):
    """a refused HEAD has no body"""
    answer, closed = exchange(address, b"HEAD /health HTTP/1.1\r\n\r\n")
    equal(statuses(answer), [400])
    check(closed and answer.endswith(b"\r\n\r\n"), f"a body follows: {answer!r}")


def test_slow_headers(address):
    """a byte now and then does not move the deadline, which is one second here"""
    begun = time.monotonic()
    with tcp_connection(address, timeout=5) as peer:
        peer.settimeout(0.1)
        answer = b""
        while time.monotonic() - begun < SLACK_SECONDS:
            try:
                peer.sendall(b"A")
                piece = peer.recv(4096)
                if not piece:
                    break
                answer += piece
            except TimeoutError:
                continue
            except ConnectionError:
                break
    seconds = time.monotonic() - begun
    check(seconds < SLACK_SECONDS and (not answer or statuses(answer) == [408]), f"{statuses(answer)} after {seconds:.1f} s")
