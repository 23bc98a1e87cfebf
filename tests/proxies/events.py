"""What happens to channels and connections, told to a service: in order, again until it takes it, once for all nodes."""
import base64
import hashlib
import hmac
import json
import threading
import time

from assertions import check, equal, eventually
from client import Client
from jwt import sign
from redis_server import RedisServer
from runner import fixture
from server import Server
from service import Service, status

SECRET = base64.b64encode(b"0123456789abcdefghijklmn").decode()

CONFIG = """
loops = 2

[channel.proxy.state]
endpoint = "{url}"
connections = true
vacated_event_delay = "300ms"
secrets = ["whsec_{secret}"]

[[channel.namespaces]]
name = "room"
allow_subscribe_for_client = true
state_proxy_enabled = true

[[channel.namespaces]]
name = "seat"
allow_subscribe_for_client = true
state_proxy_join_leave = true

[[channel.namespaces]]
name = "quiet"
allow_subscribe_for_client = true
"""


@fixture
def service():
    with Service() as service:
        yield service


def serve(binary, folder, service, *flags):
    path = f"{folder}/events.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(url=service.url("/events"), secret=SECRET))
    return Server(binary, "--config", path, "--http_api.key=secret", "--client.token.hmac_secret_key=secret", *flags)


def begin(service):
    service.asked.clear()
    service.answers.clear()


def connect(server, user="ann"):
    return Client(server, {"token": sign({"sub": user}), "name": "py"})


def taken(service):
    """What was answered well, each batch once: the events in the order in which they came."""
    seen, events = set(), []
    for question in service.questions("/events"):
        number = question.headers["webhook-id"][0]
        if number not in seen:
            seen.add(number)
            events += question.body["events"]
    return events


def metric(server, name):
    _, _, text = server.get("/metrics")
    for line in text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    raise AssertionError(f"no {name}")


def of_channels(service):
    return [(event["type"], event["channel"]) for event in taken(service) if event["type"] in ("occupied", "vacated")]


def until_channels(service, wanted):
    eventually(lambda: len(of_channels(service)) >= len(wanted), f"{wanted}")
    equal(of_channels(service), wanted)


def test_occupied_and_vacated(binary, folder, service):
    """a channel's first subscriber and its last one are told, but not one who is back at once; requests are signed"""
    begin(service)
    with serve(binary, folder, service) as server, connect(server) as ann, connect(server, "bob") as bob:
        began = time.time() * 1000
        ann.ask("subscribe", {"channel": "room:a"})
        until_channels(service, [("occupied", "room:a")])
        bob.ask("subscribe", {"channel": "room:a"})
        ann.ask("unsubscribe", {"channel": "room:a"})
        bob.ask("unsubscribe", {"channel": "room:a"})
        ann.ask("subscribe", {"channel": "room:a"})
        ann.ask("subscribe", {"channel": "quiet:a"})
        time.sleep(0.6)
        until_channels(service, [("occupied", "room:a")])
        ann.ask("unsubscribe", {"channel": "room:a"})
        until_channels(service, [("occupied", "room:a"), ("vacated", "room:a")])
        event = next(event for event in taken(service) if event["type"] == "occupied")
        check(began - 1000 < event["time_ms"] < time.time() * 1000 + 1000, event)
        question = service.questions("/events")[0]
        number, when = question.headers["webhook-id"][0], question.headers["webhook-timestamp"][0]
        # The service has read the body as JSON: what was sent is without blanks, as this is.
        text = json.dumps(question.body, separators=(",", ":"))
        signed = hmac.new(base64.b64decode(SECRET), f"{number}.{when}.{text}".encode(), hashlib.sha256).digest()
        equal(question.headers["webhook-signature"], ["v1," + base64.b64encode(signed).decode()])


def test_clients(binary, folder, service):
    """who connects and joins is told, and how it ended"""
    begin(service)
    with serve(binary, folder, service) as server:
        with connect(server) as client:
            client.ask("subscribe", {"channel": "seat:a"})
            client.ask("subscribe", {"channel": "room:b"})
            eventually(lambda: len(taken(service)) >= 3, "they are told")
            server.api("disconnect", {"user": "ann", "disconnect": {"code": 4100, "reason": "bye"}})
            eventually(lambda: any(event["type"] == "disconnect" for event in taken(service)), "the end is told")
        events = {event["type"]: event for event in taken(service)}
        number = client.connected["client"]
        for event in events.values():
            check(event.pop("time_ms") > 0, event)
        equal(events["connect"],
              {"type": "connect", "user": "ann", "client": number, "transport": "websocket", "name": "py"})
        equal(events["join"], {"type": "join", "channel": "seat:a", "user": "ann", "client": number})
        eventually(lambda: any(event["type"] == "leave" for event in taken(service)), "it has left")
        equal(events["disconnect"], {"type": "disconnect", "user": "ann", "client": number, "code": 4100, "reason": "bye"})


def test_a_service_that_fails(binary, folder, service):
    """nothing is lost and nothing overtakes while the service fails; what was undone meanwhile is not told"""
    begin(service)
    service.answers["/events"] = status(503)
    with serve(binary, folder, service) as server, connect(server) as client:
        client.ask("subscribe", {"channel": "room:stays"})
        eventually(lambda: service.questions("/events"), "it is asked")
        for number in range(20):
            client.ask("subscribe", {"channel": f"room:{number}"})
        for number in range(0, 20, 2):
            client.ask("unsubscribe", {"channel": f"room:{number}"})
        time.sleep(0.6)
        failed = len(service.questions("/events"))
        service.answers.clear()
        wanted = {("occupied", "room:stays"), *(("occupied", f"room:{number}") for number in range(1, 20, 2))}
        eventually(lambda: wanted <= set(of_channels(service)), "all is told", 30)
        told = of_channels(service)
        check(failed >= 2, failed)
        for number in range(1, 20, 2):
            equal(told.count(("occupied", f"room:{number}")), 1)
        for channel in {channel for _, channel in told}:
            kinds = [kind for kind, name in told if name == channel]
            equal(kinds, ["occupied", "vacated"][:len(kinds)])


def test_a_hostile_client(binary, folder, service):
    """one who comes to and leaves thousands of channels a second keeps nobody's events back for long, and nothing grows"""
    begin(service)

    def slowly(question):
        time.sleep(0.02)
        return {"result": {}}

    service.answers["/events"] = slowly
    stop = threading.Event()
    with serve(binary, folder, service, "--client.commands_per_second=0") as server:
        def flood():
            with connect(server, "flood") as client:
                number = 0
                while not stop.is_set():
                    frame = []
                    for _ in range(100):
                        number += 1
                        channel = f"room:x{number}"
                        frame.append({"id": 2 * number, "subscribe": {"channel": channel}})
                        frame.append({"id": 2 * number + 1, "unsubscribe": {"channel": channel}})
                    client.socket.send_text("\n".join(json.dumps(each) for each in frame))
                    heard = 0
                    while heard < 200:
                        heard += len(client.socket.receive().split("\n"))

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            time.sleep(2)
            with connect(server) as client:
                asked = time.monotonic()
                client.ask("subscribe", {"channel": "room:mine"})
                eventually(lambda: ("occupied", "room:mine") in of_channels(service), "the other's event is told", 20)
                check(time.monotonic() - asked < 10, time.monotonic() - asked)
            equal(metric(server, 'tidemill_events_lost_total{reason="channels_max"}'), 0)
        finally:
            stop.set()
            thread.join()
        eventually(lambda: metric(server, "tidemill_events_channels") == 0, "nothing is kept of it", 60)


def test_the_end_of_a_node(binary, folder, service):
    """a node that stops tells what its end has brought"""
    begin(service)
    with serve(binary, folder, service, "--channel.proxy.state.vacated_event_delay=1m") as server:
        client = connect(server)
        client.ask("subscribe", {"channel": "room:a"})
        until_channels(service, [("occupied", "room:a")])
        server.stop()
        client.socket.abort()
    equal(of_channels(service), [("occupied", "room:a"), ("vacated", "room:a")])
    equal([event["code"] for event in taken(service) if event["type"] == "disconnect"], [3001])


def test_two_nodes(binary, folder, service):
    """with Redis a channel is occupied once for all nodes; when one dies, what it alone had is vacated"""
    begin(service)
    redis = RedisServer()
    try:
        flags = [f"--broker.redis.address=redis://127.0.0.1:{redis.port}"]
        with serve(binary, folder, service, *flags) as one, serve(binary, folder, service, *flags) as two:
            with connect(one) as ann, connect(two, "bob") as bob:
                ann.ask("subscribe", {"channel": "room:both"})
                until_channels(service, [("occupied", "room:both")])
                bob.ask("subscribe", {"channel": "room:both"})
                bob.ask("subscribe", {"channel": "room:two"})
                until_channels(service, [("occupied", "room:both"), ("occupied", "room:two")])
                ann.ask("unsubscribe", {"channel": "room:both"})
                ann.ask("subscribe", {"channel": "room:one"})
                eventually(lambda: len(of_channels(service)) == 3, "the third")
                time.sleep(1)
                equal(len(of_channels(service)), 3)
                one.kill()
                eventually(lambda: ("vacated", "room:one") in of_channels(service), "its channel is vacated", 60)
                check(("vacated", "room:both") not in of_channels(service), of_channels(service))
                bob.ask("unsubscribe", {"channel": "room:both"})
                eventually(lambda: ("vacated", "room:both") in of_channels(service), "by the last one", 30)
    finally:
        redis.close()
