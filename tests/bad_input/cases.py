"""What a client may send and should not, with the exact answer.

An answer is the code of an error reply, the code the connection is closed with (1000 and up), or OK.
"""
import json
import time

import jwt
from websocket import BINARY, PING, TEXT, frame

OK = 0
CONTINUATION, RESERVED = 0, 3

# After connect, as JSON.
COMMANDS = [
    ("an open brace", "{", 3501),
    ("an array", "[]", 3501),
    ("null", "null", 3501),
    ("a number", "1", 3501),
    ("a string", '"x"', 3501),
    ("a blank", " ", 3501),
    ("a newline", "\n", 3501),
    ("half a command", '{"id":2', 3501),
    ("a trailing comma", '{"id":2,"unsubscribe":{"channel":"x"},}', 3501),
    ("single quotes", "{'id':2,'unsubscribe':{'channel':'x'}}", 3501),
    ("a byte order mark", '\ufeff{"id":2,"unsubscribe":{"channel":"x"}}', 3501),
    ("a comment", '{"id":2,/**/"unsubscribe":{"channel":"x"}}', 3501),
    ("a NUL", '{"id":2,"unsubscribe":{"channel":"x"}}\0', 3501),
    ("a raw control character in a string", '{"id":2,"unsubscribe":{"channel":"\x01"}}', 3501),
    ("two objects on one line", '{"id":2,"unsubscribe":{"channel":"x"}}{}', 3501),
    ("10,000 arrays in each other", '{"id":2,"publish":{"channel":"plain:x","data":' + "[" * 10000 + "}}", 3501),
    ("30,000 closed arrays in each other",
     '{"id":2,"publish":{"channel":"plain:x","data":' + "[" * 30000 + "]" * 30000 + "}}", 3501),
    ("no command", '{"id":2}', 3501),
    ("a command that is null", '{"id":2,"subscribe":null}', 3501),
    ("a command that is a list", '{"id":2,"subscribe":[]}', 3501),
    ("a command that is text", '{"id":2,"subscribe":"x"}', 3501),
    ("a channel that is a number", '{"id":2,"subscribe":{"channel":5}}', 3501),
    ("an offset that is text", '{"id":2,"subscribe":{"channel":"plain:x","offset":"1"}}', 3501),
    ("a negative offset", '{"id":2,"subscribe":{"channel":"plain:x","offset":-1}}', 3501),
    ("an offset beyond 64 bits", '{"id":2,"subscribe":{"channel":"plain:x","offset":18446744073709551616}}', 3501),
    ("a negative id", '{"id":-1,"unsubscribe":{"channel":"x"}}', 3501),
    ("an id beyond 32 bits", '{"id":4294967296,"unsubscribe":{"channel":"x"}}', 3501),
    ("an id with a fraction", '{"id":2.5,"unsubscribe":{"channel":"x"}}', 3501),
    ("an id that is text", '{"id":"2","unsubscribe":{"channel":"x"}}', 3501),
    ("no id", '{"unsubscribe":{"channel":"x"}}', 3501),
    ("an id of zero", '{"id":0,"subscribe":{"channel":"plain:x"}}', 3501),
    ("publish without a channel", '{"id":2,"publish":{"data":{}}}', 3501),
    ("publish without data", '{"id":2,"publish":{"channel":"plain:x"}}', 107),
    ("unsubscribe without a channel", '{"id":2,"unsubscribe":{}}', 3501),
    ("presence without a channel", '{"id":2,"presence":{}}', 3501),
    ("presence_stats without a channel", '{"id":2,"presence_stats":{}}', 3501),
    ("history without a channel", '{"id":2,"history":{}}', 3501),
    ("refresh without a token", '{"id":2,"refresh":{}}', 3501),
    ("sub_refresh without a channel", '{"id":2,"sub_refresh":{"token":"x"}}', 3501),
    ("history backwards from the start", '{"id":2,"history":{"channel":"a","limit":1,"reverse":true,'
     '"since":{"offset":0,"epoch":""}}}', 107),
    ("a remote call", '{"id":2,"rpc":{"method":"no.such","data":{}}}', 108),
    ("a map subscription", '{"id":2,"subscribe":{"channel":"plain:x","type":1,"phase":2}}', 103),
    ("an unknown type of subscription", '{"id":2,"subscribe":{"channel":"plain:x","type":77}}', 103),
    ("an unknown field", '{"id":2,"unsubscribe":{"channel":"x","what":[1,{"a":null}]},"is":"this"}', OK),
    ("white space", ' { "id" : 2 ,\t"unsubscribe" : { "channel" : "x" } } ', OK),
    ("a newline at the end", '{"id":2,"unsubscribe":{"channel":"x"}}\n', OK),
    ("escapes in a key", '{"id":2,"\\u0075nsubscribe":{"channel":"x"}}', OK),
]

# Channels, by subscribe.
CHANNELS = [
    ("255 letters", "plain:" + "x" * 249, OK),
    ("256 letters", "plain:" + "x" * 250, 107),
    ("a space", "plain:a b", OK),
    ("only a space", "plain: ", OK),
    ("a tab", "plain:\t", OK),
    ("a newline", "plain:\n", OK),
    ("a NUL", "plain:\0", OK),
    ("DEL", "plain:\x7f", OK),
    ("an umlaut", "plain:ä", 107),
    ("an emoji", "plain:🌊", 107),
    ("a right-to-left override", "plain:\u202ex", 107),
    ("an unknown namespace", "nons:x", 102),
    ("a namespace of other case", "Plain:x", 102),
    ("a namespace with a space", "pl ain:x", 102),
    ("a namespace with an umlaut", "plän:x", 102),
    ("an umlaut in an unknown namespace", "nons:ä", 102),
    ("a private channel without a token", "$plain:x", 103),
    ("only the private mark", "$", 103),
    ("a '#' where it lists no users", "plain:x#42", OK),
    ("a closed namespace", "closed:x", 103),
    ("a path", "plain:../../etc/passwd", OK),
    ("markup", "plain:<script>", OK),
]


def tokens():
    """Connection tokens; made when they are used, since they tell the time."""
    now = int(time.time())
    good = jwt.sign({"sub": "u"})
    head, claims, signature = good.split(".")
    none = jwt.encode(b'{"alg":"none","typ":"JWT"}')
    return [
        ("a good token", good, OK),
        ("the algorithm none", f"{none}.{claims}.", 3500),
        ("the algorithm none with a signature", f"{none}.{claims}.{signature}", 3500),
        ("no algorithm", jwt.sign({"sub": "u"}, header={"typ": "JWT"}), 3500),
        ("an unknown algorithm", jwt.sign({"sub": "u"}, header={"alg": "HS1"}), 3500),
        ("the shared secret passed off as a public key", jwt.sign({"sub": "u"}, header={"alg": "RS256"}), 3500),
        ("a header that is no object", jwt.sign({"sub": "u"}, header=b"[]"), 3500),
        ("a header that is no JSON", jwt.sign({"sub": "u"}, header=b"{"), 3500),
        ("another secret", jwt.sign({"sub": "u"}, secret="other"), 3500),
        ("an empty secret", jwt.sign({"sub": "u"}, secret=""), 3500),
        ("changed claims", f"{head}.{jwt.encode(json.dumps({'sub': 'admin'}).encode())}.{signature}", 3500),
        ("a shortened signature", good[:-4], 3500),
        ("no signature", f"{head}.{claims}.", 3500),
        ("two parts", f"{head}.{claims}", 3500),
        ("four parts", f"{good}.x", 3500),
        ("only dots", "..", 3500),
        ("not base64", f"{head}.!!!.{signature}", 3500),
        ("white space around", f" {good} ", 3500),
        ("claims that are no object", jwt.sign(b"[]"), 3500),
        ("claims that are no JSON", jwt.sign(b'{"sub":'), 3500),
        ("claims with bytes that are no UTF-8", jwt.sign(b'{"sub":"\xff\xfe"}'), 3500),
        ("a user that is a number", jwt.sign({"sub": 42}), 3500),
        ("an end that is text", jwt.sign({"sub": "u", "exp": "tomorrow"}), 3500),
        ("an end long ago", jwt.sign({"sub": "u", "exp": 1}), 109),
        ("an end just passed", jwt.sign({"sub": "u", "exp": now - 1}), 109),
        ("a start in the future", jwt.sign({"sub": "u", "nbf": now + 1000}), 109),
        ("channels that are text", jwt.sign({"sub": "u", "channels": "a"}), 3500),
        ("60,000 bytes", "x" * 60000, 3500),
        ("a user of 30,000 bytes", jwt.sign({"sub": "u" * 30000}), 3500),
    ]


def _field(number, payload):
    return bytes([number << 3 | 2, len(payload)]) + payload


def _command(body):
    return bytes([len(body)]) + body


UNSUBSCRIBE = b"\x08\x02" + _field(6, _field(1, b"x"))

# After connect, as Protobuf.
PROTOBUF = [
    ("no command", b"", 3501),
    ("a pong that nobody asked for", b"\x00", 3501),
    ("a length without end", b"\xff" * 12, 3501),
    ("a length beyond the frame", b"\x7f\x08\x02", 3501),
    ("half a length", b"\x80", 3501),
    ("half a field", _command(b"\x08"), 3501),
    ("a field longer than its command", _command(b"\x08\x02\x32\x7f\x0a"), 3501),
    ("a wrong wire type", _command(b"\x0a\x01\x02"), 3501),
    ("a reserved wire type", _command(b"\x0f\x01"), 3501),
    ("a field number of zero", _command(b"\x02\x01x"), 3501),
    ("no request", _command(b"\x08\x02"), 3501),
    ("no id", _command(_field(6, _field(1, b"x"))), 3501),
    ("an empty channel", _command(b"\x08\x02" + _field(5, b"")), 3501),
    ("a channel that is no UTF-8", _command(b"\x08\x02" + _field(5, _field(1, b"\xff\xfe"))), 3501),
    ("text in place of Protobuf", b'{"id":2}', 3501),
    ("an unknown field", _command(UNSUBSCRIBE + b"\xf8\x07\x01"), OK),
]

# Frames, before connect.
FRAMES = [
    ("a frame without a mask", frame(TEXT, b"{}", masked=False), 1002),
    ("a reserved opcode", frame(RESERVED, b"{}"), 1002),
    ("a reserved bit", frame(TEXT, b"{}", rsv=2), 1002),
    ("compression that was not agreed on", frame(TEXT, b"{}", rsv=4), 1002),
    ("a continuation of nothing", frame(CONTINUATION, b"{}"), 1002),
    ("a message inside a message", frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
    ("a ping in pieces", frame(PING, b"x", fin=False), 1002),
    ("a ping of 126 bytes", frame(PING, b"x" * 126), 1002),
    ("a length with its highest bit", b"\x81\xff" + b"\xff" * 8 + b"\0" * 4, 1002),
    ("text that is no UTF-8", frame(TEXT, b'{"id":1,"connect":{"name":"\xff"}}'), 1007),
    ("a message over the limit", frame(TEXT, b"x" * 65537), 1009),
    ("a length over the limit, announced only", b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"\0" * 4, 1009),
    ("a message over the limit in pieces",
     frame(BINARY, b"x" * 40000, fin=False) + frame(CONTINUATION, b"x" * 40000), 1009),
    ("zeros", b"\0" * 64, 1002),
    ("a command before connect", frame(TEXT, b'{"id":1,"publish":{"channel":"a","data":1}}'), 3501),
    ("connect without an id", frame(TEXT, b'{"connect":{}}'), 3501),
    ("an empty message", frame(TEXT, b""), 3501),
]

# Bytes to the port, and the status of the answer; 0 for none.
HTTP = [
    ("no HTTP", b"hello\r\n\r\n", 400),
    ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200 + b"\r\n\r\n", 400),
    ("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two lengths", b"POST /api/info HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a length and chunks",
     b"POST /api/info HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a negative length", b"POST /api/info HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    ("a space before a colon", b"GET /health HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("a body over the limit", b"POST /api/info HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ("headers without end", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Fill: " + b"x" * 100000, 431),
    ("an upgrade without a key",
     b"GET /connection/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
     b"Sec-WebSocket-Version: 13\r\n\r\n", 400),
    ("an upgrade of another version",
     b"GET /connection/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
     b"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", 426),
    ("an upgrade from another site",
     b"GET /connection/websocket HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\n"
     b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n", 403),
    ("the API without a key", b"POST /api/info HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 401),
    ("the API with a wrong key",
     b"POST /api/info HTTP/1.1\r\nHost: a\r\nX-API-Key: secre\r\nContent-Length: 2\r\n\r\n{}", 401),
    ("the API with no JSON",
     b"POST /api/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: secret\r\nContent-Length: 2\r\n\r\n{b", 400),
    ("no such path", b"GET /etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    ("a path that climbs", b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404),
]

# Bodies for the HTTP API: method, body, and the code of the error; OK, or a status of 400 and up.
API = [
    ("nothing", "publish", b"", 400),
    ("an array", "publish", b"[]", 400),
    ("null", "publish", b"null", 400),
    ("a string", "publish", b'"x"', 400),
    ("half an object", "publish", b'{"channel":"a","data":', 400),
    ("two objects", "publish", b'{"channel":"a","data":1}{}', 400),
    ("bytes that are no UTF-8", "publish", b'{"channel":"a","data":"\xff"}', 400),
    ("a NUL", "publish", b'{"channel":"a","data":1}\0', 400),
    ("200,000 arrays in each other", "publish", b'{"channel":"a","data":' + b"[" * 200000, 400),
    ("a channel that is a number", "publish", b'{"channel":5,"data":1}', 400),
    ("no channel", "publish", b'{"data":1}', 107),
    ("an empty channel", "publish", b'{"channel":"","data":1}', 107),
    ("no data", "publish", b'{"channel":"a"}', 107),
    ("a channel with a newline", "publish", b'{"channel":"a\\n","data":1}', OK),
    ("a channel of 256 letters", "publish", b'{"channel":"' + b"x" * 256 + b'","data":1}', OK),
    ("a channel of 64 KiB", "publish", b'{"channel":"' + b"x" * 65536 + b'","data":1}', OK),
    ("a channel of more", "publish", b'{"channel":"' + b"x" * 65537 + b'","data":1}', 107),
    ("an unknown namespace", "publish", b'{"channel":"nons:a","data":1}', 102),
    ("base64 that is none", "publish", b'{"channel":"a","b64data":"%%%"}', 107),
    ("tags that are a list", "publish", b'{"channel":"a","data":1,"tags":[]}', 400),
    ("an unknown field", "publish", b'{"channel":"a","data":1,"unknown":{"x":[1]}}', OK),
    ("no channels", "broadcast", b'{"data":1}', 107),
    ("no channel in the list", "broadcast", b'{"channels":[],"data":1}', 107),
    ("channels that are text", "broadcast", b'{"channels":"a","data":1}', 400),
    ("no user", "subscribe", b'{"channel":"a"}', 107),
    ("no user to disconnect", "disconnect", b"{}", 107),
    ("the anonymous user by name", "subscribe", b'{"user":"","channel":"a"}', OK),
    ("a misspelt field of what acts on users", "unsubscribe", b'{"user":"u","chanel":"a"}', 107),
    ("no channel to subscribe", "subscribe", b'{"user":"u"}', 107),
    ("a code that no close may have", "disconnect", b'{"user":"u","disconnect":{"code":99999,"reason":"x"}}', 107),
    ("a reason longer than a close takes", "disconnect",
     b'{"user":"u","disconnect":{"code":4501,"reason":"' + b"x" * 200 + b'"}}', 107),
    ("a limit that is text", "history", b'{"channel":"a","limit":"5"}', 400),
    ("a negative offset", "history", b'{"channel":"a","since":{"offset":-1,"epoch":"x"}}', 400),
    ("an epoch that never was", "history", b'{"channel":"a","limit":5,"since":{"offset":1,"epoch":"x"}}', 112),
    ("history where none is kept", "history", b'{"channel":"plain:a"}', 108),
    ("presence where none is kept", "presence", b'{"channel":"plain:a"}', 108),
    ("an unknown method", "nosuch", b"{}", 404),
    ("a batch of nothing", "batch", b"{}", OK),
    ("a batch that is no list", "batch", b'{"commands":{}}', 400),
    ("a remote call", "rpc", b'{"method":"x"}', 104),
]
