"""Sends each of cases.py to a server, and compares the answer."""
import json
import socket

import cases
from websocket import Closed, WebSocket

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
    host, port = server.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as connection:
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
    host, port = server.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = connection.makefile("rb").read()
    status = int(answer.split(b" ")[1])
    if status != 200:
        return status
    return json.loads(answer.split(b"\r\n\r\n", 1)[1]).get("error", {}).get("code", cases.OK)


def run(server, tally):
    def check(group, name, expected, ask):
        try:
            got = ask()
            problem = None if got == expected else f"answered with {got}, expected {expected}"
        except (Closed, TimeoutError, OSError, ValueError) as error:
            problem = repr(error)
        tally.record(f"{group}: {name}", problem)

    def ask_json(text):
        with connected(server) as client:
            client.send_text(text)
            return json_answer(client)

    def ask_protobuf(data):
        with connected(server, protobuf=True) as client:
            client.send_binary(data)
            return protobuf_answer(client)

    def ask_first(data):
        with WebSocket(server.address) as client:
            client.send_raw(data)
            return json_answer(client)

    for name, text, expected in cases.COMMANDS:
        check("command", name, expected, lambda: ask_json(text))
    for name, channel, expected in cases.CHANNELS:
        command = json.dumps({"id": 2, "subscribe": {"channel": channel}})
        check("channel", name, expected, lambda: ask_json(command))
    for name, token, expected in cases.tokens():
        connect = json.dumps({"id": 1, "connect": {"token": token}}).encode()
        check("token", name, expected, lambda: ask_first(cases.frame(cases.TEXT, connect)))
    for name, data, expected in cases.PROTOBUF:
        check("protobuf", name, expected, lambda: ask_protobuf(data))
    for name, data, expected in cases.FRAMES:
        check("frame", name, expected, lambda: ask_first(data))
    for name, data, expected in cases.HTTP:
        check("http", name, expected, lambda: http_answer(server, data))
    for name, method, body, expected in cases.API:
        check("api", f"{method}: {name}", expected, lambda: api_answer(server, method, body))
