"""Each proxy against a service that does its work."""
import base64
import json
import pathlib
import signal
import ssl
import subprocess
import time

from assertions import check, equal, eventually
from client import Client, serve
from jwt import sign
from runner import fixture
from service import Service, status


@fixture
def service():
    with Service() as service:
        yield service


def started(binary, folder, service, *flags, more=""):
    service.answers.clear()
    service.asked.clear()
    service.answers["/connect"] = {"result": {"user": "ann", "meta": {"m": 1}}}
    return serve(binary, folder, service, *flags, more=more)


def test_connect(binary, folder, service):
    """connect says who a client without a token is, and gets its headers as they are listed"""
    with started(binary, folder, service) as server:
        service.answers["/connect"] = {"result": {
            "user": "ann", "info": {"name": "Ann"}, "data": {"hello": 1}, "channels": ["plain:a"],
            "subs": {"plain:b": {"data": [2], "override": {"presence": {"value": False}}}}}}
        with Client(server, {"name": "py", "version": "1", "data": {"ticket": 7}, "subs": {"plain:z": {}},
                             "headers": {"Authorization": "Bearer mine", "X-Key": "forged", "Cookie": "forged"}},
                    {"Cookie": "a=1", "X-Other": "o"}) as client:
            connected = client.connected
            equal(connected["data"], {"hello": 1})
            equal({name: sub.get("data") for name, sub in connected["subs"].items()}, {"plain:a": None, "plain:b": [2]})
            check("expires" not in connected, connected)
            question = service.last("/connect")
            equal(question.body, {"client": connected["client"], "transport": "websocket", "protocol": "json",
                                  "encoding": "json", "data": {"ticket": 7}, "name": "py", "version": "1",
                                  "channels": ["plain:z"]})
            equal([question.headers.get(name) for name in ("cookie", "authorization", "x-key", "x-other", "content-type")],
                  [["a=1"], ["Bearer mine"], ["k"], None, ["application/json"]])
            presence = client.ask("presence", {"channel": "plain:a"})["presence"]["presence"]
            equal(presence, {connected["client"]: {"user": "ann", "client": connected["client"], "conn_info": {"name": "Ann"}}})
            equal(client.ask("presence", {"channel": "plain:b"})["presence"], {"presence": {}})
        service.asked.clear()
        with Client(server, {"token": sign({"sub": "bob"})}) as client:
            check(client.connected and not service.asked, "with a token nobody is asked")


def test_connect_refused(binary, folder, service):
    """who is not known is closed with 3501, or is anonymous where the settings allow it; errors and ends are the service's"""
    with started(binary, folder, service) as server:
        for answer, wanted in [({"result": None}, {"closed": (3501, "bad request")}),
                               ({}, {"closed": (3501, "bad request")}),
                               ({"disconnect": {"code": 4501, "reason": "go"}}, {"closed": (4501, "go")}),
                               ({"error": {"code": 1001, "message": "later", "temporary": True}},
                                {"error": {"code": 1001, "message": "later", "temporary": True}}),
                               ({"result": {"user": "a", "channels": ["none:x"]}},
                                {"error": {"code": 102, "message": "unknown channel"}}),
                               ({"result": {"user": "a", "expire_at": 1}}, {"error": {"code": 110, "message": "expired"}})]:
            service.answers["/connect"] = answer
            with Client(server) as client:
                equal(client.reply, {"id": 1, **wanted})
    with started(binary, folder, service, "--client.allow_anonymous_connect_without_token=true") as server:
        service.answers["/connect"] = {"result": None}
        with Client(server) as client:
            check(client.connected, client.reply)


def test_rpc(binary, folder, service):
    """rpc gives the service's answer, by namespace, with meta, and as base64 where asked"""
    with started(binary, folder, service) as server, Client(server) as client:
        service.answers["/rpc"] = lambda question: {"result": {"data": {"got": question.body["data"]}}}
        equal(client.ask("rpc", {"method": "m", "data": {"q": 1}})["rpc"], {"data": {"got": {"q": 1}}})
        equal(service.last("/rpc").body, {"client": client.connected["client"], "transport": "websocket", "protocol": "json",
                                          "encoding": "json", "user": "ann", "method": "m", "data": {"q": 1}, "meta": {"m": 1}})
        service.answers["/binary"] = {"result": {"b64data": base64.b64encode(b'{"x":2}').decode()}}
        equal(client.ask("rpc", {"method": "binary:m", "data": "é"})["rpc"], {"data": {"x": 2}})
        body = service.last("/binary").body
        equal((body["encoding"], base64.b64decode(body["b64data"]), "data" in body, "meta" in body),
              ("binary", json.dumps("é").encode(), False, False))
        equal(client.ask("rpc", {"method": "other:m"})["error"], {"code": 104, "message": "method not found"})
        service.answers["/rpc"] = status(404)
        equal(client.ask("rpc", {"method": "m"})["error"], {"code": 1404, "message": "no such method"})
        service.answers["/rpc"] = status(403)
        equal(client.ask("rpc", {"method": "m"})["closed"], (4503, "banned"))


def test_subscribe(binary, folder, service):
    """subscribe grants by the service's word, after tokens and not in channels that need one or list their users"""
    with started(binary, folder, service) as server, Client(server) as client:
        service.answers["/subscribe"] = {"result": {"data": {"s": 1}, "info": {"seat": 2}, "expire_at": int(time.time()) + 100,
                                                    "override": {"force_recovery": {"value": True}}}}
        reply = client.ask("subscribe", {"channel": "asks:a", "data": {"why": 1}})["subscribe"]
        equal((reply["data"], reply.get("recoverable"), "ttl" in reply), ({"s": 1}, True, False))
        equal(service.last("/subscribe").body,
              {"client": client.connected["client"], "transport": "websocket", "protocol": "json", "encoding": "json",
               "user": "ann", "channel": "asks:a", "data": {"why": 1}})
        service.asked.clear()
        equal(client.ask("subscribe", {"channel": "$asks:a"})["error"]["code"], 103)
        check("subscribe" in client.ask("subscribe", {"channel": "asks:#ann,bob"}), "a channel that lists its users")
        equal(client.ask("subscribe", {"channel": "asks:#bob"})["error"]["code"], 103)
        check("subscribe" in client.ask("subscribe", {"channel": "asks:t", "token": sign({"sub": "ann", "channel": "asks:t"})}),
              "a token is enough")
        equal(service.asked, [])
        for answer, wanted in [({"error": {"code": 403, "message": "not you"}}, {"error": {"code": 403, "message": "not you"}}),
                               ({"result": {"expire_at": 1}}, {"error": {"code": 110, "message": "expired"}}),
                               ({"disconnect": {"code": 3999, "reason": "out"}}, {"closed": (3999, "out")})]:
            service.answers["/subscribe"] = answer
            reply = client.ask("subscribe", {"channel": "asks:b"})
            equal({name: value for name, value in reply.items() if name != "id"}, wanted)


def test_publish(binary, folder, service):
    """publish goes to the service first, which changes and refuses it; it runs to its end whoever hangs up"""
    with started(binary, folder, service) as server, Client(server) as reader, Client(server) as client:
        reader.ask("subscribe", {"channel": "asks:a"})
        service.answers["/publish"] = {"result": {"data": {"clean": 1}, "tags": {"t": "v"}, "skip_history": True}}
        equal(client.ask("publish", {"channel": "asks:a", "data": {"rude": 1}})["publish"], {})
        pub = reader.push()["push"]["pub"]
        equal((pub["data"], pub["tags"], pub["info"]["user"]), ({"clean": 1}, {"t": "v"}, "ann"))
        equal(service.last("/publish").body["data"], {"rude": 1})
        equal(server.api("history", {"channel": "asks:a", "limit": 10})["publications"], [])
        service.answers["/publish"] = {"error": {"code": 400, "message": "rude"}}
        equal(client.ask("publish", {"channel": "asks:a", "data": 1})["error"], {"code": 400, "message": "rude"})

        def slowly(question):
            time.sleep(0.3)
            return {"result": {}}

        service.answers["/publish"] = slowly
        client.send("publish", {"channel": "asks:a", "data": {"last": 1}})
        eventually(lambda: len(service.questions("/publish")) == 3, "the service is asked")
        client.socket.abort()
        equal(reader.push()["push"]["pub"]["data"], {"last": 1})


def test_refresh(binary, folder, service):
    """refresh prolongs connections at their end, and 3005 ends those that it does not; the client is told of neither"""
    more = f'\n[client.proxy.refresh]\nenabled = true\nendpoint = "{service.url("/refresh")}"\ninclude_connection_meta = true\n'
    with started(binary, folder, service, more=more) as server:
        service.answers["/connect"] = {"result": {"user": "ann", "expire_at": int(time.time()) + 2, "meta": {"m": 1}}}
        service.answers["/refresh"] = lambda question: {"result": {"expire_at": int(time.time()) + 2, "meta": {"m": 2}}}
        with Client(server) as client:
            check("expires" not in client.connected, client.connected)
            eventually(lambda: len(service.questions("/refresh")) >= 2, "it is refreshed twice")
            first, second = (question.body for question in service.questions("/refresh")[:2])
            equal(first, {"client": client.connected["client"], "transport": "websocket", "protocol": "json",
                          "encoding": "json", "user": "ann", "meta": {"m": 1}})
            equal(second["meta"], {"m": 2})
            check("rpc" in client.ask("rpc", {"method": "m"}), "it is still there")
            service.answers["/refresh"] = {"result": {"expired": True}}
            equal(client.push()["closed"], (3005, "connection expired"))
        with Client(server) as client:
            equal(client.ask("refresh", {"token": sign({"sub": "ann"})})["closed"], (3501, "bad request"))


def test_sub_refresh(binary, folder, service):
    """sub_refresh prolongs subscriptions, and 2501 ends those that it does not"""
    with started(binary, folder, service, "--client.expired_sub_close_delay=1s") as server, Client(server) as client:
        service.answers["/subscribe"] = {"result": {"expire_at": int(time.time()) + 1}}
        service.answers["/sub_refresh"] = lambda question: {"result": {"expire_at": int(time.time()) + 1}}
        reply = client.ask("subscribe", {"channel": "asks:a"})
        equal(reply["subscribe"].get("expires"), None)
        eventually(lambda: len(service.questions("/sub_refresh")) >= 2, "it is refreshed twice")
        equal(service.questions("/sub_refresh")[0].body,
              {"client": client.connected["client"], "transport": "websocket", "protocol": "json", "encoding": "json",
               "user": "ann", "channel": "asks:a"})
        service.answers["/sub_refresh"] = {"result": {"expired": True}}
        equal(client.push()["push"], {"channel": "asks:a", "unsubscribe": {"code": 2501, "reason": "subscription expired"}})


def test_keys(binary, folder, service):
    """map_publish and map_remove choose the key, and refuse it"""
    with started(binary, folder, service) as server, Client(server) as client:
        service.answers["/map_publish"] = {"result": {"key": "theirs", "data": {"v": 2}}}
        equal(client.ask("publish", {"channel": "keys:a", "key": "mine", "data": {"v": 1}, "type": 1})["publish"], {})
        body = service.last("/map_publish").body
        equal((body["key"], body["data"], body["user"]), ("mine", {"v": 1}, "ann"))
        state = server.api("map_read_state", {"channel": "keys:a", "limit": 10})
        equal([(each["key"], each["data"]) for each in state["entries"]], [("theirs", {"v": 2})])
        service.answers["/map_remove"] = {"error": {"code": 400, "message": "keep it"}}
        refused = client.ask("publish", {"channel": "keys:a", "key": "theirs", "removed": True, "type": 1})
        equal(refused["error"], {"code": 400, "message": "keep it"})
        service.answers["/map_remove"] = {"result": {"key": "theirs"}}
        equal(client.ask("publish", {"channel": "keys:a", "key": "x", "removed": True, "type": 1})["publish"], {})
        equal(server.api("map_read_state", {"channel": "keys:a", "limit": 10})["entries"], [])


def test_reload(binary, folder, service):
    """a reload takes over where a proxy asks, for connections that are there; one that cannot be used changes nothing"""
    with started(binary, folder, service) as server, Client(server) as client:
        path = pathlib.Path(folder, "tidemill.toml")
        first = path.read_text(encoding="utf-8")

        def reload(text, event):
            path.write_text(text, encoding="utf-8")
            server.process.send_signal(signal.SIGHUP)
            server.log_with(event)

        service.answers["/rpc"] = {"result": {"data": "old"}}
        service.answers["/new"] = {"result": {"data": "new"}}
        equal(client.ask("rpc", {"method": "m"})["rpc"], {"data": "old"})
        bad = first.replace("[rpc.proxy]", '[rpc.proxy]\nhttp.tls = {enabled = true, server_ca_pem = "/nowhere.pem"}')
        reload(bad.replace(service.url("/rpc"), "https://localhost:1/"), r"server\.reload_refused.*nowhere")
        equal(client.ask("rpc", {"method": "m"})["rpc"], {"data": "old"})
        reload(first.replace("/rpc\"", "/new\""), r"server\.reloaded")
        equal(client.ask("rpc", {"method": "m"})["rpc"], {"data": "new"})
        equal(client.ask("rpc", {"method": "binary:m"})["rpc"], {})


def certificate(folder, name):
    """Paths of a certificate that vouches for itself, and of its key."""
    cert, key = f"{folder}/{name}.pem", f"{folder}/{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    key, "-out", cert, "-days", "9", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                   check=True, capture_output=True)
    return cert, key


def test_tls(binary, folder):
    """https, where each side shows the certificate that the other trusts, and nothing where it does not"""
    cert, key = certificate(folder, "service")
    own_cert, own_key = certificate(folder, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(own_cert)
    context.verify_mode = ssl.CERT_REQUIRED
    good = [f"--rpc.proxy.http.tls.{name}={value}" for name, value in
            [("enabled", "true"), ("server_ca_pem", cert), ("cert_pem", own_cert), ("key_pem", own_key)]]
    with Service() as plain, Service(context) as service:
        service.answers["/rpc"] = {"result": {"data": 1}}
        endpoint = f"--rpc.proxy.endpoint={service.url('/rpc')}"
        with started(binary, folder, plain, endpoint, *good) as server, Client(server) as client:
            equal(client.ask("rpc", {"method": "m"})["rpc"], {"data": 1})
            equal(client.ask("rpc", {"method": "m"})["rpc"], {"data": 1})
            equal(service.connections, 1)
        for flags in (good[:2], []):
            with started(binary, folder, plain, endpoint, *flags) as server, Client(server) as client:
                equal(client.ask("rpc", {"method": "m"})["error"]["code"], 100)
        equal(len(service.asked), 2)
    wrong = subprocess.run([binary, "serve", "--client.proxy.connect.enabled=true", "--client.proxy.connect.endpoint=https://a",
                            "--client.proxy.connect.http.tls.enabled=true", "--http_server.listen=127.0.0.1:0",
                            "--client.proxy.connect.http.tls.server_ca_pem=/nowhere.pem"], capture_output=True, text=True,
                           check=False)
    check(wrong.returncode != 0 and "/nowhere.pem" in wrong.stderr and "connect" in wrong.stderr, wrong.stderr)
