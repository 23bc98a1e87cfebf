"""What clients can take of the history, and that the others still have theirs."""
import json
import re

from assertions import check, equal, eventually
from node import OPEN, Client, Node, token
from runner import note

MIB = 1 << 20
HISTORY = OPEN + "history_size = 100\nhistory_ttl = '300s'\nforce_recovery = true\n"
CHANNELS = 12_000
PAIRS_PER_FRAME = 20


def test_empty_streams(binary, folder):
    """a client that subscribes to thousands of channels and leaves them takes nothing of broker.history_bytes_max"""
    settings = HISTORY + f"[broker]\nhistory_bytes_max = {MIB}\n"
    with Node(binary, folder, settings) as node:
        keeper = Client(node.address)
        position = keeper.subscribe("kept", recoverable=True)
        client = Client(node.address)
        before = node.rss_bytes()
        for first in range(0, CHANNELS, PAIRS_PER_FRAME):
            visit(client, range(first, first + PAIRS_PER_FRAME))
        eventually(lambda: node.metrics()["tidemill_broker_channels"] == 1, "the last one is forgotten, too")
        note(f"memory grew by {(node.rss_bytes() - before) / MIB:.1f} MiB")
        equal(node.metrics()["tidemill_broker_history_bytes"], 0)
        for number in range(100):
            equal(node.api("publish", {"channel": "kept", "data": number})["offset"], number + 1)
        equal(keeper.next_data(), 0)
        late = Client(node.address)
        recovered = late.subscribe("kept", recover=True, offset=0, epoch=position["epoch"])
        check(recovered["recovered"] and len(recovered["publications"]) == 100, recovered)
        again = client.subscribe("c-0", recoverable=True)
        check(again.get("offset", 0) == 0 and again["epoch"], again)


def visit(client, numbers):
    """Subscribes to the channels and leaves them, in one frame."""
    commands = []
    for number in numbers:
        for method in ("subscribe", "unsubscribe"):
            commands.append(json.dumps({"id": 1000 + len(commands), method: {"channel": f"c-{number}"}}))
    client.send_text("\n".join(commands))
    replies = []
    while len(replies) < len(commands):
        replies += [json.loads(line) for line in client.receive(10).splitlines() if line != "{}"]
    check(not any("error" in reply for reply in replies), replies)


def test_share(binary, folder):
    """the clients of one user fill broker.history_bytes_per_user_max and no more; refusals are logged and counted"""
    settings = HISTORY + f"[broker]\nhistory_bytes_max = {8 * MIB}\n"  # a quarter, shared out by loop
    with Node(binary, folder, "loops = 1\n" + settings) as node:
        clients = [Client(node.address, {"token": token("greedy")}) for _ in range(2)]
        data = "x" * 50_000
        kept = 0
        try:
            for kept in range(200):
                clients[kept % 2].call("publish", {"channel": f"a-{kept // 10}", "data": data})
        except AssertionError as refused:
            check("'code': 111" in str(refused), refused)
        note(f"{kept} publications of 50 kB were kept")
        check(35 <= kept <= 42, f"{kept} were kept")
        Client(node.address, {"token": token("modest")}).call("publish", {"channel": "a-0", "data": data})
        node.api("publish", {"channel": "a-0", "data": data})
        metrics = node.metrics()
        equal(metrics["tidemill_broker_history_refused_total"], 1)
        equal(metrics["tidemill_broker_history_max_bytes"], 8 * MIB)
        line = re.search(r"broker\.history_refused.*", node.log_with(r"broker\.history_refused"))
        check("greedy" in line[0] and "broker.history_bytes_per_user_max" in line[0], line[0])


def test_warning(binary, folder):
    """the history at four fifths of broker.history_bytes_max is logged once, and counts of channels need no walk"""
    with Node(binary, folder, "loops = 1\n" + HISTORY + f"[broker]\nhistory_bytes_max = {MIB}\n") as node:
        for number in range(18):
            node.api("publish", {"channel": f"a-{number}", "data": "x" * 50_000})
        lines = re.findall(r"broker\.history_filled.*", node.log_with(r"broker\.history_filled"))
        equal(len(lines), 1)
        check("setting=broker.history_bytes_max" in lines[0], lines)
        equal(node.metrics()["tidemill_broker_history_refused_total"], 0)
        clients = [Client(node.address) for _ in range(2)]
        for client in clients:
            client.subscribe("both")
        clients[0].subscribe("one")
        equal(node.api("info", {})["nodes"][0]["num_channels"], 2)
        equal(node.api("channels", {})["channels"], {"both": {"num_clients": 2}, "one": {"num_clients": 1}})
