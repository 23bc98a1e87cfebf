"""What is said and what is answered, word for word: Faktory's own transcript, and every verb beyond it."""
import json
import re

from assertions import check, equal, eventually
from faktory_wire import Refused, Wire, password_hash
from runner import fixture
from shared import JobServer


@fixture
def server(binary):
    import tempfile
    with tempfile.TemporaryDirectory() as folder, JobServer(binary, folder) as made:
        yield made


# Faktory's server_test.go, and the replies of its commands.go: a line, and what the answer must match from its
# beginning to its end.
GOLDEN = [
    ("PUSH", r"-ERR .*"),
    ("PUSH {", r"-ERR invalid JSON.*"),
    ('PUSH {"jid":"1234","jobtype":"x","args":[]}', r"-ERR jobs must have a reasonable jid parameter.*"),
    ('PUSH {"jid":"12345678901","args":[]}', r"-ERR jobs must have a jobtype parameter"),
    ('PUSH {"jid":"12345678901","jobtype":"Thing"}', r"-ERR jobs must have an args parameter"),
    ('PUSH {"jid":"12345678901","jobtype":"Thing","args":[],"reserve_for":86401}',
     r"-ERR jobs cannot be reserved for more than one day"),
    ('PUSH {"jid":"12345678901","jobtype":"Thing","args":[],"at":"tomorrow"}', r"-ERR invalid timestamp for 'at': .*"),
    ('PUSH {"jid":"12345678901","jobtype":"Thing","args":[],"queue":"a b"}', r"-ERR queue names must match .*"),
    ('PUSH {"jid":"12345678901","jobtype":"Thing","args":[123],"queue":"default"}', r"\+OK"),
    ("FETCH default some other",
     r'\$\d+\r\n{"jid":"12345678901","jobtype":"Thing","args":\[123\],"queue":"default",.*}'),
    ('ACK {"jid":"12345678901"}', r"\+OK"),
    ('ACK {"jid":"12345678901"}', r"\+OK"),
    ('ACK {"jid":"nobody has it"}', r"-ERR invalid ACK: .*"),
    ('ACK {"jid":"nobody-has-it"}', r"\+OK"),
    ("ACK", r"-ERR internal error"),
    ("FAIL", r"-ERR internal error"),
    ("ACK x", r"-ERR invalid ACK.*"),
    ("FAIL x", r"-ERR invalid FAIL.*"),
    ('FAIL {"jid":"nobody-has-it","errtype":"E","message":"m"}', r"-ERR Job not found nobody-has-it"),
    ("FETCH", r"-ERR must call fetch with at least one queue"),
    ("BEAT x", r"-ERR invalid BEAT.*"),
    ('BEAT {"wid":"nobody-known"}', r"-ERR unknown worker nobody-known"),
    ("PUSHB x", r"-ERR invalid JSON.*"),
    ("PUSHB []", r"\$2\r\n{}"),
    ('PUSHB [{"jid":"bulk-0001","jobtype":"a","args":[],"queue":"bulk"},{"jid":"bulk-0002","args":[]}]',
     r'\$\d+\r\n{"bulk-0002":"jobs must have a jobtype parameter"}'),
    ("QUEUE PAUSE bulk", r"\+OK"),
    ("QUEUE resume bulk nobody-knows-it", r"\+OK"),
    ("QUEUE LATENCY *", r"-ERR QUEUE LATENCY does not support wildcards"),
    ("QUEUE LATENCY nobody-knows-it", r'\$\d+\r\n{"nobody-knows-it":0}'),
    ("QUEUE DANCE", r"-ERR no such QUEUE subcommand: DANCE"),
    ("QUEUE REMOVE bulk nobody-knows-it", r"\+OK"),
    ('MUTATE {"cmd":"dance","target":"dead"}', r"-ERR unknown mutate operation.*"),
    ('MUTATE {"cmd":"kill","target":"moon"}', r"-ERR invalid target for mutation command.*"),
    ('MUTATE {"cmd":"clear","target":"dead"}', r"\+OK"),
    ('MUTATE { "cmd": "discard", "target": "retries", "filter": { "jobtype": "x" } }', r"\+OK"),
    ('TRACK GET nobody-has-it', r'\$\d+\r\n{"jid":"nobody-has-it","state":"unknown","updated_at":""}'),
    ('TRACK SET {"jid":"nobody-has-it","percent":5}', r"-ERR Job not found nobody-has-it"),
    ('REQUEUE {"jid":"nobody-has-it"}', r"-ERR Job not found nobody-has-it"),
    ('CANCEL {"jid":"nobody-has-it"}', r"-ERR Job not found nobody-has-it"),
    ("DANCE now", r"-ERR unknown command DANCE"),
    ("push {}", r"-ERR unknown command push"),
    ("", r"-ERR unknown command.*"),
    ("FLUSH", r"\+OK"),
]


def cases_golden(server):
    with server.wire() as wire:
        wire.call("FLUSH")
        for number, (line, pattern) in enumerate(GOLDEN):
            def case(line=line, pattern=pattern):
                wire.send(line)
                answer = wire.answer_text()
                check(answer and re.fullmatch(pattern, answer), f"{line!r} was answered {answer!r}")
            yield f"{number}: {line[:60]}", case


def test_greeting(server):
    """HI has no blanks in its JSON, and HELLO is answered"""
    with Wire(server.faktory, greet=False) as wire:
        equal(wire.line(), '+HI {"v":2}')
        equal(wire.call('HELLO {"v":2}'), "OK")


def test_no_hello(server):
    """what is no HELLO is closed without a word; so is who says nothing"""
    for line in ("PUSH {}", "HELLO", "HELLO x", 'HELLO {"v":', "HELLO " + "x" * 100, ""):
        with Wire(server.faktory, greet=False) as wire:
            wire.line()
            wire.send(line)
            equal(wire.line(), "")
    with Wire(server.faktory, greet=False) as wire:
        wire.line()
        equal(wire.line(), "")


def test_password(binary, folder):
    """a password is asked for, in both ways of hashing; a wrong one is refused"""
    with JobServer(binary, folder, "--jobs.faktory.password=foobar") as server:
        with server.wire(password="foobar") as wire:
            equal(wire.push("12345678"), "OK")
        with Wire(server.faktory, greet=False) as wire:
            challenge = json.loads(wire.line()[4:])
            check(4000 <= challenge["i"] < 8096, challenge)
            equal(wire.call('HELLO {"pwdhash":"%s"}' % password_hash("foobar", challenge["s"], 1)), "OK")
        for given in ("", "a" * 64, "a" * 100):
            with Wire(server.faktory, greet=False) as wire:
                wire.line()
                wire.send('HELLO {"v":2,"pwdhash":"%s"}' % given)
                equal(wire.line(), "-ERR Invalid password")
                equal(wire.line(), "")
        equal(server.log().count("foobar"), 0)


def test_life(server):
    """pushed, fetched, failed, tried again, dead: as INFO counts it"""
    with server.worker("life-1") as wire:
        wire.call("FLUSH")
        equal(wire.push("life-0001", args=[1], retry=1), "OK")
        equal(wire.push("life-0002", args=[2], at="2099-01-01T00:00:00Z"), "OK")
        info = wire.info()["faktory"]
        equal(info["queues"]["default"], 1)
        equal(info["tasks"]["Scheduled"]["size"], 1)
        job = wire.fetch()
        equal((job["jid"], job["args"], job["queue"]), ("life-0001", [1], "default"))
        check(job["created_at"] and job["enqueued_at"], job)
        equal(wire.info()["faktory"]["tasks"]["Busy"]["size"], 1)
        equal(wire.fail("life-0001", message="m" * 2000, backtrace=["line"] * 100), "OK")
        equal(wire.info()["faktory"]["tasks"]["Retries"]["size"], 1)
        equal(wire.call('MUTATE {"cmd":"requeue","target":"retries","filter":{"jids":["life-0001"]}}'), "OK")
        again = wire.fetch()
        failure = again["failure"]
        equal((failure["retry_count"], failure["remaining"], len(failure["message"]), len(failure["backtrace"])),
              (0, 1, 1000, 50))
        equal(wire.fail("life-0001"), "OK")
        eventually(lambda: wire.info()["faktory"]["tasks"]["Dead"]["size"] == 1, "it is dead")
        equal(wire.call('MUTATE {"cmd":"clear","target":"dead"}'), "OK")
        equal(wire.info()["faktory"]["tasks"]["Dead"]["size"], 0)
        equal(wire.info()["faktory"]["total_failures"] >= 2, True)


def test_fetch_waits(server):
    """FETCH goes by the order of its queues, waits for a job, and gives none after two seconds"""
    with server.worker("wait-1") as wire, server.wire() as other:
        wire.call("FLUSH")
        for queue in ("low", "high"):
            other.push(f"order-{queue}", queue=queue)
        equal(wire.fetch("high", "low")["jid"], "order-high")
        equal(wire.fetch("high", "low")["jid"], "order-low")
        wire.send("FETCH high low")
        other.push("late-0001", queue="low")
        equal(wire.answer()["jid"], "late-0001")
        equal(wire.fetch("high", "low"), None)


def test_pipeline(server):
    """commands that are sent at once are answered in their order"""
    with server.worker("pipe-1") as wire:
        wire.call("FLUSH")
        pushes = ['PUSH {"jid":"pipe-%04d","jobtype":"p","args":[%d],"queue":"pipe"}' % (i, i) for i in range(500)]
        wire.send(*pushes, "DANCE", "FETCH pipe", 'ACK {"jid":"pipe-0000"}', "INFO")
        for _ in pushes:
            equal(wire.answer(), "OK")
        equal(wire.answer_text(), "-ERR unknown command DANCE")
        equal(wire.answer()["args"], [0])
        equal(wire.answer(), "OK")
        equal(wire.answer()["faktory"]["queues"]["pipe"], 499)
        wire.send("END")
        equal(wire.line(), "")


def test_bulk(server):
    """PUSHB of ten thousand jobs names those that are refused; others are served meanwhile"""
    with server.wire() as wire:
        wire.call("FLUSH")
        jobs = [{"jid": f"bulk-{i:06d}", "jobtype": "b", "args": [i], "queue": "bulk"} for i in range(10_000)]
        jobs[77]["args"] = "none"
        del jobs[78]["jobtype"]
        errors = wire.push_bulk(jobs)
        equal(sorted(errors), ["bulk-000077", "bulk-000078"])
        equal(wire.info()["faktory"]["queues"]["bulk"], 9998)
        equal(wire.call("QUEUE REMOVE bulk"), "OK")
        equal(wire.info()["faktory"]["queues"].get("bulk", 0), 0)


def test_queues(server):
    """a paused queue gives nothing, a star is every queue, LATENCY is the age of what waits"""
    with server.worker("queues-1") as wire:
        wire.call("FLUSH")
        wire.push("queue-0001", queue="alpha")
        wire.push("queue-0002", queue="beta")
        check({"alpha", "beta"} <= set(wire.call("QUEUE LIST")), "both are there")
        equal(wire.call("QUEUE PAUSE *"), "OK")
        equal(wire.fetch("alpha", "beta"), None)
        equal(wire.call("QUEUE RESUME beta"), "OK")
        equal(wire.fetch("alpha", "beta")["jid"], "queue-0002")
        latency = wire.call("QUEUE LATENCY alpha beta")
        check(latency["alpha"] > 1 and latency["beta"] == 0, latency)
        equal(wire.call("QUEUE RESUME *"), "OK")
        equal(wire.fetch("alpha")["jid"], "queue-0001")


def test_quiet(server):
    """a worker that is quiet gets nothing on any of its connections: Faktory looks at one of them only"""
    with server.worker("quiet-1") as first, server.worker("quiet-1") as second, server.wire() as other:
        other.call("FLUSH")
        equal(first.beat("quiet-1"), "OK")
        equal(first.beat("quiet-1", current_state="quiet"), {"state": "quiet"})
        other.push("quiet-0001")
        for wire in (first, second):
            equal(wire.fetch(), None)
        equal(other.fetch()["jid"], "quiet-0001")


def test_unique(server):
    """a job that is there already is not pushed again until it is done"""
    unique = {"jobtype": "u", "args": [1], "custom": {"unique_for": 60}}
    with server.worker("unique-1") as wire:
        wire.call("FLUSH")
        equal(wire.push("unique-001", **unique), "OK")
        wire.send('PUSH {"jid":"unique-002","jobtype":"u","args":[1],"custom":{"unique_for":60}}')
        equal(wire.answer_text(), "-NOTUNIQUE Job not unique")
        equal(wire.push_bulk([{"jid": "unique-003", **unique}]), {"unique-003": "Job not unique"})
        equal(wire.fetch()["jid"], "unique-001")
        equal(wire.ack("unique-001"), "OK")
        equal(wire.push("unique-004", **unique), "OK")


def test_expiry(server):
    """a job that came too late for its worker is passed over"""
    with server.worker("expiry-1") as wire:
        wire.call("FLUSH")
        wire.push("expired-01", custom={"expires_at": "2020-01-01T00:00:00Z"})
        wire.push("expired-02")
        equal(wire.fetch()["jid"], "expired-02")


def test_tracking(server):
    """TRACK: from enqueued to success, with progress and a checkpoint"""
    with server.worker("track-1") as wire:
        wire.call("FLUSH")
        wire.push("tracked-01", custom={"track": 1})
        equal(wire.call("TRACK GET tracked-01")["state"], "enqueued")
        wire.fetch()
        equal(wire.call("TRACK GET tracked-01")["state"], "working")
        equal(wire.call('TRACK SET {"jid":"tracked-01","percent":17,"desc":"half","checkpoint":{"page":3}}'), "OK")
        state = wire.call("TRACK GET tracked-01")
        equal((state["percent"], state["desc"]), (17, "half"))
        equal(wire.fail("tracked-01"), "OK")
        equal(wire.call("TRACK GET tracked-01")["state"], "failed")
        wire.call('MUTATE {"cmd":"requeue","target":"retries"}')
        equal(wire.fetch()["custom"]["checkpoint"], {"page": 3})
        equal(wire.ack("tracked-01"), "OK")
        equal(wire.call("TRACK GET tracked-01")["state"], "success")
        equal(wire.call('TRACK SET {"jid":"tracked-01","percent":100}'), "OK")
        state = wire.call("TRACK GET tracked-01")
        equal((state["state"], state["percent"]), ("success", 100))


def test_not_tracked(server):
    """TRACK GET of a job that was pushed without custom.track: unknown, until its worker says something"""
    with server.worker("track-2") as wire:
        wire.call("FLUSH")
        wire.push("ordinary-1")
        equal(wire.call("TRACK GET ordinary-1"), {"jid": "ordinary-1", "state": "unknown", "updated_at": ""})
        wire.fetch()
        equal(wire.call("TRACK GET ordinary-1")["state"], "unknown")
        equal(wire.call('TRACK SET {"jid":"ordinary-1","percent":1}'), "OK")
        equal(wire.call("TRACK GET ordinary-1")["state"], "working")


def test_give_back(server):
    """REQUEUE gives a job back, and no failure is counted; CANCEL removes what has not begun"""
    with server.worker("back-1") as wire:
        wire.call("FLUSH")
        wire.push("back-00001", retry=0)
        wire.push("back-00002")
        equal(wire.fetch()["jid"], "back-00001")
        equal(wire.call('REQUEUE {"jid":"back-00001"}'), "OK")
        job = wire.fetch()
        equal((job["jid"], "failure" in job), ("back-00001", False))
        equal(wire.call('CANCEL {"jid":"back-00002"}'), "OK")
        equal(wire.fetch(), None)
        equal(wire.ack("back-00001"), "OK")


def test_mutate(server):
    """MUTATE by jids, by type and by a glob over the text"""
    with server.worker("mutate-1") as wire:
        wire.call("FLUSH")
        later = "2099-01-01T00:00:00Z"
        for number, (jobtype, name) in enumerate([("a", "bob"), ("a", "eve"), ("b", "bob"), ("b", "eve"), ("c", "x")]):
            wire.push(f"mutate-{number:03d}", jobtype, [name], at=later)

        def scheduled():
            return wire.info()["faktory"]["tasks"]["Scheduled"]["size"]

        equal(wire.call('MUTATE {"cmd":"discard","target":"scheduled","filter":{"jids":["mutate-004"]}}'), "OK")
        equal(scheduled(), 4)
        glob = json.dumps({"cmd": "kill", "target": "scheduled", "filter": {"jobtype": "a", "regexp": '*"args":\\["bob"*'}})
        equal(wire.call(f"MUTATE {glob}"), "OK")
        equal(scheduled(), 3)
        equal(wire.info()["faktory"]["tasks"]["Dead"]["size"], 1)
        equal(wire.call('MUTATE {"cmd":"requeue","target":"dead"}'), "OK")
        equal(wire.fetch()["jid"], "mutate-000")
        equal(wire.call('MUTATE {"cmd":"clear","target":"scheduled","filter":{"jobtype":"a"}}'), "OK")
        equal(scheduled(), 0)


def test_info(server):
    """INFO has Faktory's members, and a version that clients of 1.x take"""
    with server.worker("info-1") as wire:
        info = wire.info()
        equal(sorted(info), ["faktory", "now", "server", "server_utc_time"])
        equal(sorted(info["faktory"]), ["queues", "sets", "tasks", "total_enqueued", "total_failures", "total_processed",
                                        "total_queues"])
        equal(sorted(info["faktory"]["tasks"]), ["Busy", "Dead", "Retries", "Scheduled", "Workers"])
        check(info["server"]["faktory_version"].startswith("1."), info)
        before = info["faktory"]["tasks"]["Workers"]["size"]
        with server.worker("info-2"):
            equal(wire.info()["faktory"]["tasks"]["Workers"]["size"], before + 1)


def test_holes_of_faktory(server):
    """names of queues that reached other keys of Faktory's Redis are refused, wherever they stand"""
    names = ["working", "dead", "a b", "a*", "*", "a:b", "../x", "..", "", "q\u0001", "é", "a/b", "a" * 129]
    with server.wire() as wire:
        wire.call("FLUSH")
        wire.push("holes-0001", queue="dead")  # a queue like any other
        for name in names[2:]:
            if name:
                try:
                    wire.push("holes-0002", queue=name)
                    check(False, f"the queue {name!r} was taken")
                except Refused as refused:
                    check("queue names must match" in str(refused), refused)
            if name and name != "*" and " " not in name:
                wire.send(f"QUEUE PAUSE {name}")
                check(wire.answer_text().startswith("-ERR"), name)
                wire.send(f"FETCH {name}")
                check(wire.answer_text().startswith("-ERR"), name)
        info = wire.info()["faktory"]
        equal({name: count for name, count in info["queues"].items() if count}, {"dead": 1})
        equal(info["tasks"]["Dead"]["size"], 0)


def test_batch(server):
    """BATCH: complete once all have run, success once all are acknowledged and the complete callback is done"""
    with server.worker("batch-0001") as wire:
        wire.call("FLUSH")
        callback = {"jobtype": "done", "args": [], "queue": "callbacks"}
        wire.send("BATCH NEW " + json.dumps({
            "description": "two", "complete": {"jid": "complete-1", **callback}, "success": {"jid": "success-01", **callback}}))
        bid = wire.answer_text().split("\r\n")[1]
        for number in range(2):
            wire.push(f"member-{number:04d}", custom={"bid": bid})
        equal(wire.call(f"BATCH COMMIT {bid}"), "OK")
        status = wire.call(f"BATCH STATUS {bid}")
        equal((status["total"], status["pending"], status["complete_st"], status["success_st"]), (2, 2, "", ""))
        for _ in range(2):
            equal(wire.ack(wire.fetch()["jid"]), "OK")
        job = wire.fetch("callbacks")
        equal((job["jid"], job["custom"]["_bid"]), ("complete-1", bid))
        equal(wire.call(f"BATCH STATUS {bid}")["complete_st"], "1")
        equal(wire.ack("complete-1"), "OK")
        equal(wire.fetch("callbacks")["jid"], "success-01")
        equal(wire.ack("success-01"), "OK")
        equal(wire.call(f"BATCH STATUS {bid}")["success_st"], "2")
        wire.send("BATCH STATUS b-nobody-knows-it")
        equal(wire.answer_text(), "-ERR No such batch b-nobody-knows-it")
