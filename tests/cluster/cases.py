"""What holds for several nodes with one Redis. The cases that break something come last and put it right again."""
import itertools
import json
import random
import threading
import time

import jwt
from event_stream import EventStream

from assertions import SLACK_SECONDS, WAIT_SECONDS, eventually
from runner import note

WITHIN_SECONDS = 1 + SLACK_SECONDS  # what an API call on one node takes to reach a user on another


def close(opened):
    for library, name, _ in opened:
        library.close(name)


def stream_of(node, channel):
    """(offset, n) of each publication in the channel's history, and its epoch."""
    history = node.api("history", {"channel": channel, "limit": -1})
    return [(each["offset"], each["data"]["n"]) for each in history["publications"]], history["epoch"]


def assert_everybody_has(cluster, opened, channel, stream, seconds=WAIT_SECONDS):
    """Exactly these publications, in this order, to each of the clients."""
    for _, name, _ in opened:
        cluster.events.wait(name, "publication", count=len(stream), seconds=seconds, channel=channel)
        got = [(e["offset"], e["data"]["n"]) for e in cluster.events.of(name, "publication", channel=channel)]
        if got != stream:
            wrong = next((i for i, pair in enumerate(zip(got, stream)) if pair[0] != pair[1]), len(stream))
            raise AssertionError(f"{name} has {got[wrong - 2:wrong + 5]} where {stream[wrong - 2:wrong + 5]} was published")


def test_one_order_for_all(cluster):
    """Published on all nodes at once, by the API and by clients; everybody sees it, in the order of the history."""
    channels = ["order-1", "order-2"]
    opened = cluster.open_everywhere("order", channels)
    seeds = random.Random(1)

    def publish(node, first):
        for n in range(first, first + 100):
            node.api("publish", {"channel": seeds.choice(channels), "data": {"n": n}})

    threads = [threading.Thread(target=publish, args=(node, 1000 * index)) for index, node in enumerate(cluster.nodes)]
    for thread in threads:
        thread.start()
    for n in range(60):
        library, name, _ = opened[n % len(opened)]
        library.call(name, "publish", channels[n % 2], {"n": 5000 + n})
    for thread in threads:
        thread.join()
    total = 0
    for channel in channels:
        streams = [stream_of(node, channel) for node in cluster.nodes]
        assert streams[0] == streams[1] == streams[2], "the nodes' histories differ"
        stream, _ = streams[0]
        assert [offset for offset, _ in stream] == list(range(1, len(stream) + 1)), "offsets are not 1, 2, 3 …"
        total += len(stream)
        assert_everybody_has(cluster, opened, channel, stream)
    assert total == 360, total
    close(opened)


def test_presence_of_all_nodes(cluster):
    opened = cluster.open_everywhere("presence", ["presence"])
    names = sorted(name for _, name, _ in opened)
    library, name, node = opened[0]
    library.open("presence-again", cluster.nodes[2].url, name, ["presence"])  # a user with two clients
    cluster.events.wait("presence-again", "subscribed")
    for node in cluster.nodes:
        present = node.api("presence", {"channel": "presence"})["presence"].values()
        assert sorted(info["user"] for info in present) == sorted([*names, name]), present
        assert node.api("presence_stats", {"channel": "presence"}) == {"num_clients": 7, "num_users": 6}
    for each_library, each_name, _ in opened:
        assert each_library.call(each_name, "presence", "presence") == sorted([*names, name])
        assert each_library.call(each_name, "presence_stats", "presence") == [7, 6]
    library.close("presence-again")
    close(opened)
    eventually(lambda: cluster.nodes[1].api("presence_stats", {"channel": "presence"}).get("num_clients", 0) == 0,
               "nobody is present")


def test_all_nodes_answer(cluster):
    """`info` and `channels` speak for the cluster, whichever node is asked."""
    library = cluster.libraries[0]
    for index, node in enumerate(cluster.nodes):
        library.open(f"only-{index}", node.url, "ada", [f"only-{index}", "shared"])
        cluster.events.wait(f"only-{index}", "subscribed", count=2)
    for node in cluster.nodes:
        nodes = node.api("info", {})["nodes"]
        assert len(nodes) == 3 and len({each["uid"] for each in nodes}) == 3, nodes
        channels = node.api("channels", {"pattern": "only-*"})["channels"]
        assert {name: each["num_clients"] for name, each in channels.items()} == {
            "only-0": 1, "only-1": 1, "only-2": 1}, channels
        assert node.api("channels", {"pattern": "shared"})["channels"]["shared"]["num_clients"] == 3
    for index in range(3):
        library.close(f"only-{index}")


def test_commands_reach_other_nodes(cluster):
    """Each command, made on one node, reaches the user's clients on all nodes within a second."""
    here = cluster.nodes[0]
    slowest = {}

    def command(method, request, event, clients, **fields):
        begun = time.monotonic()
        here.api(method, request)
        for name in clients:
            found = cluster.events.wait(name, event, since=begun, **fields)[0]
            took = found["at"] - begun
            slowest[method] = max(slowest.get(method, 0), took)
            assert took < WITHIN_SECONDS, f"{method} reached {name} after {took:.2f} s"

    for library in cluster.libraries:
        user = f"user-{cluster.libraries.index(library)}"
        clients = [f"{user}-{index}" for index in range(3)]
        for name, node in zip(clients, cluster.nodes):
            library.open(name, node.url, user, ["commands"])
            cluster.events.wait(name, "subscribed")
        command("subscribe", {"user": user, "channel": "given"}, "server_subscribed", clients, channel="given")
        here.api("publish", {"channel": "given", "data": {"n": 1}})
        for name in clients:
            cluster.events.wait(name, "server_publication", channel="given")
        command("unsubscribe", {"user": user, "channel": "commands"}, "unsubscribed", clients, code=2000)
        command("refresh", {"user": user, "expired": True}, "connecting", clients, code=3005)
        for name in clients:
            cluster.events.wait(name, "connected", count=2)
        command("disconnect", {"user": user}, "disconnected", clients, code=3503)
        for name in clients:
            library.close(name)
    note("slowest, ms: " + ", ".join(f"{name} {1000 * took:.0f}" for name, took in slowest.items()))


def test_who_is_blocked_or_revoked_is_out_everywhere(cluster):
    """Ended on every node within a second, kept out of each, and of one that starts later."""
    now = int(time.time())
    for library, kind in zip(cluster.libraries, ("js", "py")):
        blocked, victim, hasty = f"mallory-{kind}", f"alice-{kind}", f"eve-{kind}"
        stolen = {"jti": f"stolen-{kind}"}
        end_everywhere(cluster, library, "block_user", {"user": blocked}, 3507, (blocked, {}), ("bob", {}))
        end_everywhere(cluster, library, "revoke_token", {"uid": stolen["jti"]}, 3500, (victim, stolen), (victim, {}))
        end_everywhere(cluster, library, "invalidate_user_tokens", {"user": hasty, "issued_before": now}, 3500,
                       (hasty, {"iat": now - 5}), (hasty, {"iat": now + 5}))
        cluster.nodes[1].api("unblock_user", {"user": blocked})
        library.open(f"back-{kind}", cluster.nodes[2].url, blocked, [])
        cluster.events.wait(f"back-{kind}", "connected")
        library.close(f"back-{kind}")


def end_everywhere(cluster, library, method, request, code, who, bystander):
    """`who` and `bystander`: a user and more claims of its tokens."""
    case = f"{method}-{who[0]}"
    names = [f"{case}-{index}" for index in range(3)]
    for name, node in zip(names, cluster.nodes):
        library.open(name, node.url, who[0], [], claims=who[1])
        cluster.events.wait(name, "connected")
    library.open(f"beside-{case}", cluster.nodes[1].url, bystander[0], [], claims=bystander[1])
    cluster.events.wait(f"beside-{case}", "connected")
    begun = time.monotonic()
    cluster.nodes[0].api(method, {**request, "expire_at": int(time.time()) + 3600})
    for name in names:
        took = cluster.events.wait(name, "disconnected", since=begun, code=code)[0]["at"] - begun
        assert took < WITHIN_SECONDS, f"{method} reached {name} after {took:.2f} s"
        library.close(name)
    assert not cluster.events.of(f"beside-{case}", "disconnected")
    library.close(f"beside-{case}")
    newcomer = cluster.new_node()
    for index, node in enumerate([*cluster.nodes, newcomer]):
        late = f"late-{case}-{index}"
        library.open(late, node.url, who[0], [], claims=who[1])
        cluster.events.wait(late, "disconnected", code=code)
        library.close(late)
    assert newcomer.stop() == 0


def test_connections_of_all_nodes(cluster):
    """Read in pages from any node, each once."""
    opened = cluster.open_everywhere("listed", ["listed"])
    users = sorted(name for _, name, _ in opened)
    for node in cluster.nodes:
        seen, request = {}, {"limit": 2}
        while True:
            page = node.api("connections", request)
            assert len(page["connections"]) <= 2 and not seen.keys() & page["connections"].keys(), page
            seen.update(page["connections"])
            if "cursor" not in page:
                break
            request["cursor"] = page["cursor"]
        listed = [each for each in seen.values() if each["user"] in users]
        assert sorted(each["user"] for each in listed) == users, seen
        assert all(each["num_subs"] == 1 and each["state"]["channels"] == {"listed": {}} for each in listed), listed
        mine = node.api("connections", {"user": users[0]})["connections"]
        assert len(mine) == 1 and mine.items() <= seen.items(), mine
    close(opened)


def test_requests_reach_the_node_of_their_stream(cluster):
    """Clients over HTTP whose streams are on one node and whose requests come to another."""
    library = cluster.libraries[0]
    stream, other = cluster.nodes[:2]
    for transport in ("http_stream", "sse"):
        name, channel = f"emulated-{transport}", f"emulated-{transport}"
        library.open(name, f"{stream.http}/connection/{transport}", name, [channel], transport=transport,
                     emulation=f"{other.http}/emulation")
        cluster.events.wait(name, "subscribed", channel=channel)
        for n in range(20):
            library.call(name, "publish", channel, {"n": n})
        assert_everybody_has(cluster, [(library, name, stream)], channel, stream_of(other, channel)[0])
        assert library.call(name, "presence", channel) == [name]
        time.sleep(3.5)  # one ping and more, whose pong goes the same way
        assert not cluster.events.of(name, "disconnected") and len(cluster.events.of(name, "connecting")) == 1
        library.close(name)


def test_foreign_requests_are_refused_by_name(cluster):
    stream, other = cluster.nodes[:2]
    with EventStream(stream, {"id": 1, "connect": {"token": jwt.sign({"sub": "mallory"})}}) as events:
        connected = events.next()["connect"]
        session, node = connected["session"], connected["node"]
        nodes = [each["uid"] for each in other.api("info", {})["nodes"]]
        assert node in nodes, (node, nodes)

        def emulate(at, **changed):
            request = {"session": session, "node": node, "data": '{"id":2,"rpc":{}}', **changed}
            status, _, body = at.request("POST", "/emulation", json.dumps(request))
            return status, body

        for at in (stream, other):
            assert emulate(at)[0] == 204, emulate(at)
        assert [events.next()["error"]["code"] for _ in range(2)] == [108, 108]
        guessed = session[:-1] + ("0" if session[-1] != "0" else "1")
        elsewhere = next(each for each in nodes if each != node)
        for what in ({"session": guessed}, {"node": elsewhere}, {"node": "nobody"}, {"session": ""}):
            for at in (stream, other):
                status, body = emulate(at, **what)
                assert status == 404 and "no such" in body, (what, status, body)
    eventually(lambda: emulate(other)[0] == 404, "the session has ended")


def test_publishes_act_once(cluster):
    """An idempotency key or a version that one node has seen counts on the others."""
    first = cluster.nodes[0].api("publish", {"channel": "once", "data": {"n": 1}, "idempotency_key": "k"})
    for node in cluster.nodes:
        again = node.api("publish", {"channel": "once", "data": {"n": 2}, "idempotency_key": "k"})
        assert again == first, (again, first)
    for node, version in zip(cluster.nodes, (5, 4, 6)):
        node.api("publish", {"channel": "once", "data": {"n": 10 + version}, "version": version})
    stream, _ = stream_of(cluster.nodes[1], "once")
    assert stream == [(1, 1), (2, 15), (3, 16)], stream


def test_one_client_is_meant(cluster):
    """A command for one client of a user, or for all but one, leaves the others alone, wherever they are."""
    library = cluster.libraries[0]
    names = [f"meant-{index}" for index in range(3)]
    for name, node in zip(names, cluster.nodes):
        library.open(name, node.url, "eve", [name])
        cluster.events.wait(name, "subscribed")
    ids = {name: next(iter(cluster.nodes[0].api("presence", {"channel": name})["presence"])) for name in names}
    cluster.nodes[0].api("disconnect", {"user": "eve", "client": ids["meant-2"]})
    cluster.events.wait("meant-2", "disconnected")
    cluster.nodes[1].api("disconnect", {"user": "eve", "whitelist": [ids["meant-1"]]})
    cluster.events.wait("meant-0", "disconnected")
    time.sleep(0.2)
    assert not cluster.events.of("meant-1", "disconnected")
    for name in names:
        library.close(name)


def code_of_rpc(cluster, name, method):
    """Nothing answers rpc: 108, unless it is refused before."""
    try:
        return cluster.libraries[0].call(name, "rpc", method, {})
    except AssertionError as error:
        return int(str(error).split(": rpc: ")[1].split()[0])


def test_users_are_counted_over_all_nodes(cluster):
    """client.rate_limit.user_command.storage = "redis": three of a kind, wherever they are sent."""
    names = [f"rates-{index}" for index in range(3)]
    for name, node in zip(names, cluster.nodes):
        cluster.libraries[0].open(name, node.url, "greta", [])
        cluster.events.wait(name, "connected")
    assert [code_of_rpc(cluster, name, "rare") for name in names] == [108, 108, 108]
    assert [code_of_rpc(cluster, name, "rare") for name in names] == [111, 111, 111]
    assert code_of_rpc(cluster, names[1], "frequent") == 108, "another method"
    cluster.libraries[0].open("rates-other", cluster.nodes[1].url, "hans", [])
    cluster.events.wait("rates-other", "connected")
    assert code_of_rpc(cluster, "rates-other", "rare") == 108, "another user"
    for name in [*names, "rates-other"]:
        cluster.libraries[0].close(name)


def test_a_stopped_node_leaves(cluster):
    """In order, so that nobody waits for its silence."""
    leaving = cluster.nodes[2]
    assert leaving.stop() == 0
    stopped = time.monotonic()
    eventually(lambda: all(len(node.api("info", {})["nodes"]) == 2 for node in cluster.nodes[:2]), "two are left", 1 + SLACK_SECONDS)
    note(f"gone from info after {1000 * (time.monotonic() - stopped):.0f} ms")
    cluster.nodes[2] = cluster.new_node()
    cluster.wait_until_complete()


def test_ready_tells_that_redis_is_away(cluster):
    """/ready is 503 while Redis is away for longer than the grace, here 1 s; clients stay, and go on afterwards."""
    channel = "away"
    opened = cluster.open_everywhere("away", [channel])
    cluster.nodes[0].api("publish", {"channel": channel, "data": {"n": 1}})
    begun = time.monotonic()
    assert [node.get("/ready")[0] for node in cluster.nodes] == [200] * 3
    cluster.redis.kill()
    assert cluster.nodes[0].get("/ready")[0] == 200, "not ready within the grace"
    eventually(lambda: [node.get("/ready")[0] for node in cluster.nodes] == [503] * 3, "no node is ready")
    assert [node.get("/health")[0] for node in cluster.nodes] == [200] * 3
    try:
        cluster.nodes[1].api("publish", {"channel": channel, "data": {"n": 99}})
        raise AssertionError("published without Redis")
    except RuntimeError as error:
        assert "100" in str(error), error
    cluster.redis.start()
    eventually(lambda: [node.get("/ready")[0] for node in cluster.nodes] == [200] * 3, "all nodes are ready")
    cluster.nodes[2].api("publish", {"channel": channel, "data": {"n": 2}})
    stream, _ = stream_of(cluster.nodes[0], channel)
    assert [n for _, n in stream] == [1, 2], stream
    assert_everybody_has(cluster, opened, channel, stream)
    for _, name, _ in opened:
        assert not cluster.events.of(name, "disconnected", since=begun), name
        assert not cluster.events.of(name, "connecting", since=begun), name
    close(opened)


def test_without_redis_each_node_counts_for_itself(cluster):
    """With a warning and a metric; and together again when it is back."""
    names = [f"alone-{index}" for index in range(2)]
    for name, node in zip(names, cluster.nodes):
        cluster.libraries[0].open(name, node.url, "ida", [])
        cluster.events.wait(name, "connected")
    cluster.redis.kill()
    for name in names:
        assert [code_of_rpc(cluster, name, "scarce") for _ in range(3)] == [108, 108, 111], name
    for node in cluster.nodes[:2]:
        metrics = node.get("/metrics")[2]
        metrics = metrics.decode() if isinstance(metrics, bytes) else metrics
        asked = [line for line in metrics.splitlines() if line.startswith("tidemill_user_rates_unanswered_total ")]
        assert asked and float(asked[0].split()[1]) >= 2, asked
        node.log_with("user_rates.counted_here_only")
    cluster.redis.start()
    eventually(lambda: [node.get("/ready")[0] for node in cluster.nodes] == [200] * 3, "all nodes are ready")
    for name in names:
        cluster.libraries[0].close(name)
    users = itertools.count()
    eventually(lambda: counted_together(cluster, f"kurt-{next(users)}"), "all loops of all nodes count together again")


def counted_together(cluster, user):
    """Whether a user who was not here before is refused the third of a kind, each sent to another node."""
    names = [f"{user}-{index}" for index in range(3)]
    for name, node in zip(names, cluster.nodes):
        cluster.libraries[0].open(name, node.url, user, [])
        cluster.events.wait(name, "connected")
    codes = [code_of_rpc(cluster, name, "scarce") for name in names]
    for name in names:
        cluster.libraries[0].close(name)
    return codes == [108, 108, 111]


def test_clients_of_a_killed_node_recover(cluster):
    """Under load, a node is killed; its clients come back on others and have missed nothing, got nothing twice."""
    channel = "killed"
    opened = cluster.open_everywhere("killed", [channel])
    victim = cluster.nodes[2]
    living = cluster.nodes[:2]
    ending, acknowledged, problems = threading.Event(), [], []

    def publish(node, first):
        n = first
        try:
            while not ending.wait(0.003):
                node.api("publish", {"channel": channel, "data": {"n": n}})
                acknowledged.append(n)
                n += 1
        except Exception as problem:  # tell it where it is seen
            problems.append(problem)

    threads = [threading.Thread(target=publish, args=(node, 100000 * i)) for i, node in enumerate(living)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    killed = time.monotonic()
    host, port = living[0].address.split(":")
    victim.balancer.target = host, int(port)
    victim.kill()
    for _, name, node in opened:
        if node is victim:
            back = cluster.events.wait(name, "subscribed", since=killed, channel=channel)[0]
            assert back["was_recovering"] and back["recovered"], back
    time.sleep(1)
    ending.set()
    for thread in threads:
        thread.join()
    assert not problems, problems
    stream, _ = stream_of(living[0], channel)
    assert sorted(n for _, n in stream) == sorted(acknowledged), "acknowledged is not what the history has"
    assert len(stream) > 200, len(stream)
    assert_everybody_has(cluster, opened, channel, stream)
    close(opened)
    eventually(lambda: len(living[0].api("info", {})["nodes"]) == 2, "two nodes are left")
    cluster.nodes[2] = cluster.new_node()
    cluster.wait_until_complete()


def test_presence_of_a_killed_node_goes(cluster):
    channel, ttl = "gone", 3
    opened = cluster.open_everywhere("gone", [channel])
    victim = cluster.nodes[2]
    host, port = victim.address.split(":")
    victim.balancer.target = host, 1  # nobody: its clients stay away
    killed = time.monotonic()
    victim.kill()
    here = cluster.nodes[0]
    eventually(lambda: here.api("presence_stats", {"channel": channel})["num_clients"] == 4, "its clients are gone",
               ttl + 1.5 + SLACK_SECONDS)
    took = time.monotonic() - killed
    present = [info["user"] for info in here.api("presence", {"channel": channel})["presence"].values()]
    assert sorted(present) == sorted(name for _, name, node in opened if node is not victim), present
    time.sleep(ttl)  # those that live stay
    assert here.api("presence_stats", {"channel": channel}) == {"num_clients": 4, "num_users": 4}
    note(f"gone after {took:.1f} s, time to live {ttl} s")
    close(opened)
    cluster.nodes[2] = cluster.new_node()
    cluster.wait_until_complete()
