"""What a page sees of jobs in their channels, and jobs that wait for a signal only so long."""
import json
import tempfile

from assertions import check, equal, eventually
from job_server import JobServer
from runner import fixture
from websocket import WebSocket

OPEN = ("--client.allow_anonymous_connect_without_token=true", "--channel.namespaces=batch",
        "--channel.namespaces.batch.allow_subscribe_for_client=true",
        "--channel.namespaces.batch.allow_subscribe_for_anonymous=true")


@fixture
def followed(binary):
    with tempfile.TemporaryDirectory() as folder, JobServer(binary, folder, *OPEN) as started:
        yield started


def data_of(page, channel):
    """The data of the publications that come with the next message."""
    messages = [json.loads(line) for line in page.receive().splitlines()]
    if {} in messages:
        page.send_text("{}")
    pushes = [message["push"] for message in messages if "push" in message]
    return [push["pub"]["data"] for push in pushes if push.get("channel") == channel and "pub" in push]


def test_a_batch_is_followed(followed):
    """its totals come ten times a second at most, and the last one is what has become of it"""
    bid = followed.api("jobs_batch_new", {"description": "import", "success": {"jobtype": "s", "args": [],
                                                                               "queue": "after"}})["bid"]
    channel = f"batch:{bid}"
    with WebSocket(followed.address) as page:
        page.send_text('{"id":1,"connect":{}}')
        page.send_text(json.dumps({"id": 2, "subscribe": {"channel": channel}}))
        eventually(lambda: '"id":2' in page.receive(), "it follows")
        followed.api("jobs_push_bulk", {"jobs": [{"jobtype": "t", "args": [i], "queue": "parts", "custom": {"bid": bid}}
                                                 for i in range(200)]})
        followed.api("jobs_batch_commit", {"bid": bid})
        for _ in range(2):
            for job in followed.fetch(queues=["parts"], count=100):
                followed.api("jobs_ack", {"jid": job["jid"]})
        [after] = followed.fetch(queues=["after"], wait=10)
        followed.api("jobs_ack", {"jid": after["jid"]})
        seen = []
        eventually(lambda: seen.extend(data_of(page, channel)) or (seen and seen[-1].get("success") == "succeeded"),
                   "it is done")
    equal(seen[-1], {"batch": bid, "description": "import", "committed": True, "total": 200, "pending": 0, "failed": 0,
                     "success": "succeeded"})
    check(len(seen) < 200, f"{len(seen)} publications of 401 changes")


def test_a_signal_that_does_not_come(server):
    for jid, more in (("late-fail", {}), ("late-goes-on", {"on_timeout": "continue"})):
        server.push(jid=jid, queue="late", custom={"signals": ["paid"], "signals_within": 1, **more})
    equal([server.state(jid) for jid in ("late-fail", "late-goes-on")], ["blocked", "blocked"])
    [job] = server.fetch(queues=["late"], wait=10)
    equal((job["jid"], job["custom"]["_timed_out"]), ("late-goes-on", ["paid"]))
    eventually(lambda: server.state("late-fail") == "dead", "it is dead")
    failure = server.api("jobs_get", {"jid": "late-fail"})["job"]["failure"]
    equal((failure["errtype"], failure["message"]), ("SignalTimeout", "signal paid has not come in time"))
    equal(server.refused("jobs_push", {"jobtype": "t", "args": [], "custom": {"signals_within": 1}})[0], 107)
