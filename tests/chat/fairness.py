"""Nobody waits for others: floods of sends, typing and presence, a reader that is stuck."""
import re
import socket
import statistics
import threading
import time

from assertions import check
from chat import Person, serving, storages
from runner import note
from server import LONGEST_TURN
from watch import Watchers


def stuck_reader(address, token, channel):
    """A client that subscribes and never reads again."""
    import base64
    import json
    import os
    host, port = address.split(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect((host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall((f"GET /connection/websocket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
    sock.recv(4096)
    text = "\n".join(json.dumps(each) for each in ({"id": 1, "connect": {"token": token}}, {"id": 2, "subscribe": {"channel": channel}})).encode()
    mask = b"\0\0\0\0"
    head = bytes([0x81, 0x80 | 126]) + len(text).to_bytes(2, "big") if len(text) > 125 else bytes([0x81, 0x80 | len(text)])
    sock.sendall(head + mask + text)
    return sock


def test_floods(binary, folder):
    """a witness of another room is answered soon, whatever others do"""
    with storages(folder) as both, serving(binary, both["sqlite"]) as server, Watchers() as watchers:
        founder = Person(server).here()
        people = [Person(server).here() for _ in range(12)]
        loud = founder.make_room(*people)
        quiet = founder.make_room()
        stuck = [stuck_reader(server.address, person.token, f"chat:room/{loud['id']}") for person in people[:3]]
        going = True

        def flood(person, kind):
            mine = Person(server, person.id)
            number = 0
            while going:
                number += 1
                if kind == "send":
                    mine.send(loud, "x" * 1000)
                elif kind == "typing":
                    mine.post(f"/rooms/{loud['id']}/typing")
                else:
                    mine.put("/users/me/presence", {"state": ("online", "away", "dnd")[number % 3]})
        threads = [threading.Thread(target=flood, args=(person, ("send", "send", "typing", "presence")[number % 4]), daemon=True)
                   for number, person in enumerate(people)]
        comers = [watchers.watch(server.address, person.id, f"chat:user/{person.id}", "chat:all", **person.claims) for person in people]
        for thread in threads:
            thread.start()
        witness = Person(server, founder.id)
        times = []
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            begun = time.monotonic()
            witness.send(quiet, "witness")
            times.append(time.monotonic() - begun)
        going = False
        for thread in threads:
            thread.join(30)
        for each in stuck:
            each.close()
        times.sort()
        p99 = times[int(len(times) * 0.99) - 1]
        changes = sum(len(each.events("chat:all", "presence.changed")) for each in comers[:1])
        check(changes <= 15, f"{changes} events of presence in 8 s")
        check(p99 < 2, f"the witness waited {p99:.3f} s")
        note(f"{len(times)} sends of the witness: p50 {statistics.median(times) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms; "
             f"{changes} events of presence")
        server.stop()
        longest = re.search(LONGEST_TURN, server.log())
        note(f"longest turn {int(longest[1]) / 1000:.1f} ms of CPU" if longest else "no turn was logged")
