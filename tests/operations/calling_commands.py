"""The commands that call the HTTP API of a running server."""
import json
import os

from assertions import check, equal, eventually
from node import OPEN, Client, Node, run_command, token
from server import Server

KEEPS = OPEN + """
presence = true
history_size = 100
history_ttl = "1m"
allow_history_for_client = true
"""


def caller(binary, node, key="secret"):
    """Calls a command on the node; gives standard output, and fails unless the command did as it should."""
    def call(*arguments, code=0):
        done = run_command(binary, *arguments, "--url", node.http, "--key", key)
        equal((arguments, done[0]), (arguments, code))
        return done[1] if code == 0 else done[2]
    return call


def test_tables(binary, folder):
    """info, channels, presence and history are tables for people, and the server's result with --json"""
    with Node(binary, folder, KEEPS) as node:
        call = caller(binary, node)
        ada = Client(node.address, {"token": token("ada", info={"n": 1})})
        ada.subscribe("news")
        for n in range(1, 4):
            node.api("publish", {"channel": "news", "data": n})
        equal(call("info").split()[:7], ["NODE", "VERSION", "UP", "CLIENTS", "USERS", "SUBSCRIPTIONS", "CHANNELS"])
        equal(call("info").split()[-4:], ["1", "1", "1", "1"])
        equal(json.loads(call("info", "--json"))["nodes"][0]["num_clients"], 1)
        equal(call("channels"), "CLIENTS  CHANNEL\n      1  news\n")
        equal(call("channels", "x*"), "CLIENTS  CHANNEL\n")
        equal(json.loads(call("channels", "n*", "--json")), {"channels": {"news": {"num_clients": 1}}})
        head, row = call("presence", "news").splitlines()
        equal((head.split(), row.split()[0], json.loads(row.split(None, 2)[2])),
              (["USER", "CLIENT", "CONN_INFO", "CHAN_INFO"], "ada", {"n": 1}))
        equal(call("presence", "news", "--count"), "CLIENTS  USERS\n      1      1\n")
        lines = call("history", "news").splitlines()
        equal([line.split() for line in lines[:4]],
              [["OFFSET", "USER", "DATA"], ["3", "3"], ["2", "2"], ["1", "1"]])
        epoch = lines[4].removeprefix("top: offset 3 of epoch ")
        equal([line.split()[0] for line in call("history", "news", "--forward", "--limit", "2").splitlines()],
              ["OFFSET", "1", "2", "top:"])
        equal(call("history", "news", "--since", "2", "--epoch", epoch).splitlines()[1].split(), ["3", "3"])
        equal(len(json.loads(call("history", "news", "--limit", "0", "--json"))["publications"]), 3)


def test_actions(binary, folder):
    """subscribe, unsubscribe, refresh and disconnect act on the user's connections, broadcast on many channels"""
    with Node(binary, folder, KEEPS) as node:
        call = caller(binary, node)
        ada, bob = (Client(node.address, {"token": token(user)}) for user in ("ada", "bob"))
        equal(call("subscribe", "ada", "news"), "subscribed\n")
        eventually(lambda: "news" in call("channels"), "ada is subscribed")
        out = call("broadcast", '{"a":1}', "news", "other")
        equal([line.split()[:2] for line in out.splitlines()],
              [["CHANNEL", "OUTCOME"], ["news", "published"], ["other", "published"]])
        equal(call("unsubscribe", "ada", "news"), "unsubscribed\n")
        eventually(lambda: "news" not in call("channels"), "ada is not subscribed")
        equal(call("refresh", "ada", "--ttl", "1h"), "refreshed\n")
        equal(call("disconnect", "ada", "--code", "4600", "--reason", "bye"), "disconnected\n")
        equal(ada.close_code(), 4600)
        equal(call("refresh", "bob", "--expired"), "expired\n")
        equal(bob.close_code(), 3005)


def test_refusals(binary, folder):
    """what the server refuses ends with 1 and says why; what is wrong with the command line, with 2"""
    with Node(binary, folder, KEEPS) as node:
        call = caller(binary, node)
        for command in ("presence", "history"):
            check("error 102" in call(command, "nons:x", code=1), command)
        check("1 of 2 channels refused it" in call("broadcast", "1", "news", "nons:x", code=1), "broadcast")
        check("name the CHANNEL" in call("unsubscribe", "ada", code=2), "unsubscribe")
        check("--expired" in call("refresh", "ada", code=2), "refresh")
        check("--epoch" in call("history", "news", "--since", "1", code=2), "history")
        check("--limit" in call("history", "news", "--limit", "x", code=2), "history")
        check("not a number" in call("disconnect", "ada", "--code", "x", code=2), "disconnect")
        check("not JSON" in call("subscribe", "ada", "news", "--info", "{", code=2), "subscribe")
        check("not JSON" in call("broadcast", "{", "news", code=2), "broadcast")
        wrong = caller(binary, node, key="wrong")
        commands = (["info"], ["channels"], ["presence", "news"], ["history", "news"], ["disconnect", "ada"],
                    ["unsubscribe", "ada", "news"], ["subscribe", "ada", "news"], ["refresh", "ada", "--expired"],
                    ["broadcast", "1", "news"])
        for arguments in commands:
            check("refused the API key" in wrong(*arguments, code=1), arguments)
    for arguments in commands:
        code, _, error = run_command(binary, *arguments, "--port", "1", "--key", "k")
        equal((arguments, code, "is the server running?" in error), (arguments, 1, True))


def test_dev_key(binary, folder):
    """beside serve --dev they need no key"""
    folder.chmod(0o700)
    old = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        with Server(binary, "--dev") as server:
            for arguments in (["info"], ["history", "demo:chat"], ["disconnect", "nobody"]):
                code, out, error = run_command(binary, *arguments, "--url", server.http)
                equal((arguments, code, error), (arguments, 0, ""))
                check(out, arguments)
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if old is not None:
            os.environ["XDG_RUNTIME_DIR"] = old


def test_hostile_names(binary, folder):
    """a name that commands a terminal is shown, not obeyed"""
    settings = KEEPS + 'channel_regex = ""\n'
    with Node(binary, folder, settings) as node:
        Client(node.address, {"token": token("a\x1b[2Jb")}).subscribe("news")
        table = caller(binary, node)("presence", "news")
        check("a\\x1b[2Jb" in table and "\x1b" not in table, table)
