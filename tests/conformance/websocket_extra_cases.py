"""What the numbered groups do not ask: the handshake (H), exact framing (X), limits (L), offers (N)."""

import zlib

from assertions import check
from scripted_client import Client, close_payload, fragments
from websocket import BINARY, CLOSE, CONT, PING, PONG, TEXT, frame
from websocket_cases import HELLO, answers, fails
from websocket_deflate_cases import deflate

# Limits of the second endpoint.
MESSAGE_BYTES_MAX = 65536
FRAGMENTS_MAX = 64


def handshake(target):
    """(id, title, request bytes, wanted status, check of the answer or None)"""
    ask = target.request
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    host = f"http://{target.address}"

    def accepts(answer):
        check(answer.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "wrong Sec-WebSocket-Accept")
        check(answer.header("Upgrade").lower() == "websocket", "no Upgrade: websocket")
        check("upgrade" in answer.header("Connection").lower(), "no Connection: Upgrade")
        check(answer.header("Sec-WebSocket-Extensions") is None, "an extension nobody asked for")
        check(answer.header("Sec-WebSocket-Protocol") is None, "a subprotocol nobody asked for")

    def names_version(answer):
        check(answer.header("Sec-WebSocket-Version") == "13", "426 must say Sec-WebSocket-Version: 13")

    good = [
        ("plain", ask()),
        ("token in lower case", ask({"Connection": "upgrade"})),
        ("token in upper case", ask({"Connection": "UPGRADE", "Upgrade": "WEBSOCKET"})),
        ("Connection lists more", ask({"Connection": "keep-alive, Upgrade"})),
        ("Connection lists odd blanks", ask({"Connection": " foo ,\tUpgrade  , bar"})),
        ("Connection twice", ask({"Connection": "keep-alive"}, extra=[("Connection", "Upgrade")])),
        ("Upgrade lists more", ask({"Upgrade": "h2c, websocket"})),
        ("header names in lower case", ask(without=("Sec-WebSocket-Key",), extra=[("sec-websocket-key", key)])),
        ("header names in upper case", ask(without=("Sec-WebSocket-Key",), extra=[("SEC-WEBSOCKET-KEY", key)])),
        ("Content-Length: 0", ask({"Content-Length": "0"})),
        ("Origin of the same host", ask({"Origin": host})),
        ("unknown extension", ask({"Sec-WebSocket-Extensions": "x-unheard-of; a=1"})),
        ("unknown subprotocol", ask({"Sec-WebSocket-Protocol": "chat, superchat"})),
    ]
    bad = [
        ("no key", ask(without=("Sec-WebSocket-Key",)), 400),
        ("two keys", ask(extra=[("Sec-WebSocket-Key", key)]), 400),
        ("empty key", ask({"Sec-WebSocket-Key": ""}), 400),
        ("short key", ask({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j"}), 400),
        ("long key", ask({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQAA"}), 400),
        ("key is not base64", ask({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25!ZQ=="}), 400),
        ("key without padding", ask({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"}), 400),
        ("no Upgrade", ask(without=("Upgrade",)), 400),
        ("another Upgrade", ask({"Upgrade": "websockets"}), 400),
        ("no Connection", ask(without=("Connection",)), 400),
        ("Connection without upgrade", ask({"Connection": "keep-alive"}), 400),
        ("no version", ask(without=("Sec-WebSocket-Version",)), 400),
        ("two versions", ask(extra=[("Sec-WebSocket-Version", "13")]), 400),
        ("version 12", ask({"Sec-WebSocket-Version": "12"}), 426),
        ("version 8", ask({"Sec-WebSocket-Version": "8"}), 426),
        ("version 013", ask({"Sec-WebSocket-Version": "013"}), 426),
        ("version 13, 8", ask({"Sec-WebSocket-Version": "13, 8"}), 426),
        ("HTTP/1.0", ask(version="HTTP/1.0"), 400),
        ("POST", ask(method="POST"), 405),
        ("HEAD", ask(method="HEAD"), 405),
        ("a body", ask({"Content-Length": "5"}, body=b"hello"), 400),
        ("a chunked body", ask({"Transfer-Encoding": "chunked"}, body=b"0\r\n\r\n"), 400),
        ("another Origin", ask({"Origin": "http://evil.example"}), 403),
        ("another port's Origin", ask({"Origin": f"http://{target.address.split(':')[0]}:1"}), 403),
        ("Origin null", ask({"Origin": "null"}), 403),
        ("no Host", ask(without=("Host",)), 400),
        ("extensions malformed", ask({"Sec-WebSocket-Extensions": "permessage-deflate;"}), 400),
        ("extension value malformed", ask({"Sec-WebSocket-Extensions": "a; b="}), 400),
    ]
    number = 0
    for title, request in good:
        number += 1
        yield f"H.{number}", title, request, (101,), accepts
    for title, request, status in bad:
        number += 1
        # A server may know only GET for a path with an upgrade, or not know the path for another method.
        wanted = (405, 404) if status == 405 else (status,)
        yield f"H.{number}", title, request, wanted, names_version if status == 426 else None


def run_handshake(target, request, wanted, look):
    with Client(target, request=request) as client:
        check(client.answer.status in wanted, f"wanted {wanted}, got {client.answer.status}")
        if look:
            look(client.answer)
        if client.answer.status == 101:
            client.send(frame(TEXT, HELLO))
            client.expect((TEXT, HELLO))
            client.close()
        elif client.answer.status not in (404, 405):  # plain HTTP, which may go on
            client.read_rest(bytes_max=65536)  # a refusal ends the connection


def rest_is_not_a_request(target):
    """A refused upgrade with a second request behind it gets exactly one response."""
    request = target.request({"Sec-WebSocket-Version": "8"}) + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    with Client(target, request=request) as client:
        check(client.answer.status == 426, f"wanted 426, got {client.answer.status}")
        check(b"HTTP/1." not in client.read_rest(), "bytes after the refused upgrade were read as a request")


def frames_with_the_handshake(target):
    """Frames sent in one segment with the request are not lost."""
    with Client(target, request=target.request() + frame(TEXT, b"early") + frame(PING, b"p")) as client:
        client.expect((TEXT, b"early"), (PONG, b"p"))
        client.close()


def framing():
    mixed = bytes(range(256)) * 3
    top_bit = frame(TEXT, HELLO, length_form=64, length=1 << 63 | 5)
    yield "X.1", "mask key of zero", answers([frame(TEXT, HELLO, mask=b"\0\0\0\0")], (TEXT, HELLO))
    yield "X.2", "mask key of ones", answers([frame(BINARY, mixed, mask=b"\xff" * 4)], (BINARY, mixed))
    yield "X.3", "unmasked text", fails([frame(TEXT, HELLO, masked=False)], 1002)
    yield "X.4", "unmasked ping", fails([frame(PING, masked=False)], 1002)
    yield "X.5", "unmasked close", fails([frame(CLOSE, close_payload(1000), masked=False)], 1002)
    yield "X.6", "length 5 in 16 bits", fails([frame(TEXT, b"Hello", length_form=16)], 1002)
    yield "X.7", "length 125 in 16 bits", fails([frame(TEXT, b"*" * 125, length_form=16)], 1002)
    yield "X.8", "length 5 in 64 bits", fails([frame(TEXT, b"Hello", length_form=64)], 1002)
    yield "X.9", "length 65535 in 64 bits", fails([frame(TEXT, b"*" * 65535, length_form=64)], 1002)
    yield "X.10", "top bit of the length", fails([top_bit], 1002)
    yield "X.11", "all bits of the length", fails([frame(TEXT, b"", length_form=64, length=(1 << 64) - 1)], 1002)
    yield "X.12", "ping with a 16-bit length", fails([frame(PING, b"p", length_form=16)], 1002)
    yield "X.13", "binary inside a text message", fails([frame(TEXT, b"a", fin=False), frame(BINARY, b"b")], 1002)
    yield "X.14", "RSV1 on a continuation", fails([frame(TEXT, b"a", fin=False), frame(CONT, b"b", rsv=4)], 1002)
    yield "X.15", "unfinished close", fails([frame(CLOSE, close_payload(1000), fin=False)], 1002)
    for number, code in ((16, 1012), (17, 1013), (18, 1014)):
        payload = close_payload(code)

        def run(client, payload=payload):
            client.send(frame(CLOSE, payload))
            client.expect((CLOSE, payload))
            client.expect_end()

        yield f"X.{number}", f"code {code}, registered later", run
    yield "X.19", "code 1015", fails([frame(CLOSE, close_payload(1015))], 1002)
    yield "X.20", "reason cut in a character", fails([frame(CLOSE, close_payload(1000, b"\xe2\x82"))], 1007)
    yield "X.21", "garbage", fails([b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"], 1002)

    def many(client):
        """A thousand small frames in one segment come back one by one, in order."""
        client.send(b"".join(frame(TEXT, b"%d" % i) for i in range(1000)))
        client.expect(*((TEXT, b"%d" % i) for i in range(1000)))
        client.close()

    yield "X.22", "a thousand frames at once", many

    def leaves(client):
        """The end of the stream in the middle of a frame ends the connection, with or without a Close."""
        client.send(frame(BINARY, b"*" * 100)[:50])
        client.shut_down_writing()
        client.read_rest()

    yield "X.23", "the peer leaves inside a frame", leaves


def limits():
    """For the endpoint whose limits are known."""
    at_limit = b"*" * MESSAGE_BYTES_MAX
    yield "L.1", "message at the limit", answers([frame(TEXT, at_limit)], (TEXT, at_limit))
    yield "L.2", "one byte more, header only", fails([frame(TEXT, length=MESSAGE_BYTES_MAX + 1)], 1009)
    yield "L.3", "2^40 bytes, header only", fails([frame(BINARY, length=1 << 40)], 1009)
    halves = [frame(TEXT, at_limit, fin=False), frame(CONT, b"*")]
    yield "L.4", "fragments together over the limit", fails(halves, 1009)
    exact = fragments(BINARY, b"*" * FRAGMENTS_MAX, 1)
    yield "L.5", "as many fragments as allowed", answers(exact, (BINARY, b"*" * FRAGMENTS_MAX))
    yield "L.6", "a fragment more", fails(fragments(BINARY, b"*" * (FRAGMENTS_MAX + 1), 1), 1008)
    empty = [frame(BINARY, fin=False)] + [frame(CONT, fin=False)] * FRAGMENTS_MAX
    yield "L.7", "empty fragments count", fails(empty, 1008)


def offers():
    """(id, title, header, accepted): what is and what is not agreed to."""
    name = "permessage-deflate"
    table = [
        (name, True),
        (name + "; client_max_window_bits", True),
        (name + "; client_max_window_bits=8", True),
        (name + '; server_max_window_bits="12"', True),
        (name + "; client_no_context_takeover; server_no_context_takeover", True),
        (name + "; server_max_window_bits=8, " + name, True),
        (name + "; unheard_of, " + name, True),
        ("x-unheard-of, " + name, True),
        (name + "; unheard_of", False),
        (name + "; server_max_window_bits=16", False),
        (name + "; server_max_window_bits=7", False),
        (name + "; server_max_window_bits=08", False),
        (name + "; server_max_window_bits", False),
        (name + "; client_max_window_bits=16", False),
        (name + "; server_no_context_takeover=1", False),
        (name + "; server_no_context_takeover; server_no_context_takeover", False),
        ("x-webkit-deflate-frame", False),
    ]
    for number, (header, accepted) in enumerate(table, 1):
        yield f"N.{number}", header, header, accepted


def run_offer(target, header, accepted):
    with Client(target, extensions=header) as client:
        agreed = client.answer.header("Sec-WebSocket-Extensions")
        check((agreed is not None) == accepted, f"answered {agreed}")
        client.send(frame(TEXT, HELLO))
        if agreed:
            client.use_deflate()
        client.expect((TEXT, HELLO))
        client.close()


def squeezed(payload, rsv=4):
    return frame(TEXT, deflate(payload), rsv=rsv)


def inflating():
    """With permessage-deflate agreed on, on the endpoint whose limits are known."""
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = zeros.compress(b"\0" * (60 << 20)) + zeros.flush(zlib.Z_SYNC_FLUSH)
    yield "D.1", "60 MiB in a message under the limit", fails([frame(BINARY, bomb[:-4], rsv=4)], 1009)
    yield "D.2", "not deflate data", fails([frame(BINARY, b"\xff" * 20, rsv=4)], 1007)
    yield "D.3", "cut in a block", fails([frame(BINARY, deflate(b"abcabcabc" * 20)[:-6], rsv=4)], 1007)
    yield "D.4", "text is not UTF-8 inside", fails([squeezed(b"\xc0\xaf")], 1007)
    yield "D.5", "RSV1 on ping", fails([frame(PING, b"p", rsv=4)], 1002)
    yield "D.6", "RSV1 on a continuation", fails([frame(TEXT, b"", fin=False, rsv=4), frame(CONT, rsv=4)], 1002)
    mixed = [frame(TEXT, HELLO), squeezed(HELLO)]
    yield "D.7", "uncompressed among compressed", answers(mixed, (TEXT, HELLO), (TEXT, HELLO))
    last = frame(TEXT, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", rsv=4)
    yield "D.8", "block marked as last (7.2.3.4)", answers([last, squeezed(HELLO)], (TEXT, b"Hello"), (TEXT, HELLO))
    stored = frame(TEXT, b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", rsv=4)
    yield "D.9", "stored block (7.2.3.3)", answers([stored], (TEXT, b"Hello"))
    two = frame(TEXT, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", rsv=4)
    yield "D.10", "two blocks (7.2.3.5)", answers([two], (TEXT, b"Hello"))
    yield "D.11", "empty message (7.2.3.6)", answers([frame(TEXT, b"\x00", rsv=4)], (TEXT, b""))
    parts = fragments(TEXT, deflate(HELLO), 3, rsv=4)
    yield "D.12", "ping among compressed fragments", answers(
        [parts[0], frame(PING, b"p"), *parts[1:]], (PONG, b"p"), (TEXT, HELLO))
