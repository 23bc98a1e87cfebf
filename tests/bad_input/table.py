"""Sends each of cases.py to a server, and compares the answer."""
import json

import cases
from assertions import equal
from websocket import TEXT, Closed, WebSocket, frame, raw_request, tcp_connection

CONNECT_JSON = '{"id":1,"connect":{}}'
CONNECT_PROTOBUF = b"\x04\x08\x01\x22\x00"


def connected(server, protobuf=False):
    client = WebSocket(server.address, subprotocol="centrifuge-protobuf" if protobuf else None)
    if protobuf:
        client.send_binary(CONNECT_PROTOBUF)
    else:
        client.send_text(CONNECT_JSON)
    client.receive()
    return client


def json_answer(client):
    """The code of the first reply or of the close."""
    while True:
        try:
            for message in client.receive().splitlines():
                reply = json.loads(message)
                if "id" in reply:
                    return reply.get("error", {}).get("code", cases.OK)
        except Closed as closed:
            return closed.code


def protobuf_answer(client):
    while True:
        try:
            message = client.receive()
        except Closed as closed:
            return closed.code
        # One reply of a test is short: its length, then id (field 1), then error (field 2) with its code (field 1).
        if message[1:2] == b"\x08":
            return message[6] if message[3] == 0x12 else cases.OK


def http_answer(server, data):
    with tcp_connection(server.address) as connection:
        connection.sendall(data)
        answer = b""
        while b"\r\n" not in answer:
            try:
                more = connection.recv(4096)
            except ConnectionError:
                more = b""
            if not more:
                break
            answer += more
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def api_answer(server, method, body):
    """The code of the error in the body, or the status when it is not 200."""
    head = f"POST /api/{method} HTTP/1.1\r\nHost: a\r\nX-API-Key: {server.api_key}\r\nConnection: close\r\n"
    answer = raw_request(server.address, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    status = int(answer.split(b" ")[1])
    if status != 200:
        return status
    return json.loads(answer.split(b"\r\n\r\n", 1)[1]).get("error", {}).get("code", cases.OK)


def ask_json(server, text):
    with connected(server) as client:
        client.send_text(text)
        return json_answer(client)


def ask_protobuf(server, data):
    with connected(server, protobuf=True) as client:
        client.send_binary(data)
        return protobuf_answer(client)


def ask_first(server, data):
    with WebSocket(server.address) as client:
        client.send_raw(data)
        return json_answer(client)


def cases_of_table(server):
    def case(group, name, expected, ask, *sent):
        return f"{group}: {name}", lambda: equal(ask(server, *sent), expected)

    for name, text, expected in cases.COMMANDS:
        yield case("command", name, expected, ask_json, text)
    for name, channel, expected in cases.CHANNELS:
        command = json.dumps({"id": 2, "subscribe": {"channel": channel}})
        yield case("channel", name, expected, ask_json, command)
    for name, token, expected in cases.tokens():
        connect = json.dumps({"id": 1, "connect": {"token": token}}).encode()
        yield case("token", name, expected, ask_first, frame(TEXT, connect))
    for name, data, expected in cases.PROTOBUF:
        yield case("protobuf", name, expected, ask_protobuf, data)
    for name, data, expected in cases.FRAMES:
        yield case("frame", name, expected, ask_first, data)
    for name, data, expected in cases.HTTP:
        yield case("http", name, expected, http_answer, data)
    for name, method, body, expected in cases.API:
        yield case("api", f"{method}: {name}", expected, api_answer, method, body)
