"""What producers ask for: jobs_push, jobs_push_bulk."""
import time

from assertions import check, equal
from job_server import JobServer


def test_push_keeps_what_the_producer_wrote(server):
    jid = server.push("email", [1, {"a": [None, "ä"]}, 12345678901234567890], queue="keep", priority=7, mine={"x": 1})
    check(len(jid) >= 8, jid)
    [job] = server.fetch(queues=["keep"])
    equal((job["jid"], job["jobtype"], job["queue"], job["priority"], job["mine"]), (jid, "email", "keep", 7, {"x": 1}))
    equal(job["args"], [1, {"a": [None, "ä"]}, 12345678901234567890])
    server.api("jobs_ack", {"jid": jid})


def test_a_jid_of_its_own(server):
    equal(server.push("t", jid="my-own-jid"), "my-own-jid")
    equal(server.state("my-own-jid"), "queued")
    equal(server.api("jobs_cancel", {"jid": "my-own-jid"}), {"was": "queued"})
    equal(server.state("my-own-jid"), "unknown")


def cases_refused(server):
    for name, job, code, words in [
        ("no type", {"args": []}, 107, "jobtype"),
        ("no args", {"jobtype": "t"}, 107, "args"),
        ("args are no array", {"jobtype": "t", "args": {}}, 107, "args"),
        ("a short jid", {"jobtype": "t", "args": [], "jid": "1"}, 107, "jid"),
        ("a jid that is a number", {"jobtype": "t", "args": [], "jid": 12345678}, 107, "jid"),
        ("a queue with a blank", {"jobtype": "t", "args": [], "queue": "a b"}, 107, "queue"),
        ("a priority of 10", {"jobtype": "t", "args": [], "priority": 10}, 107, "priority"),
        ("at is no time", {"jobtype": "t", "args": [], "at": "soon"}, 107, "at"),
        ("reserved for too long", {"jobtype": "t", "args": [], "reserve_for": 100_000}, 107, "reserved"),
        ("unique for a text", {"jobtype": "t", "args": [], "custom": {"unique_for": "x"}}, 107, "unique_for"),
        ("too large", {"jobtype": "t", "args": ["x" * (1 << 20)]}, 106, "1048576"),
        ("no object", [], 107, "a JSON object"),
    ]:
        def case(job=job, code=code, words=words):
            got = server.refused("jobs_push", job)
            check(got[0] == code and words in got[1], got)
        yield name, case


def test_malformed_json_is_400(server):
    status, text = server.answer("jobs_push", '{"jobtype":')
    equal((status, text[:13]), (400, "Bad Request: "))


def test_a_unique_job_is_taken_once(server):
    job = {"queue": "unique", "custom": {"unique_for": 60}}
    first = server.push("once", [7], **job)
    code, message = server.refused("jobs_push", {"jobtype": "once", "args": [7], **job})
    check(code == 114 and first in message, (code, message))
    server.push("once", [8], **job)
    [fetched] = server.fetch(queues=["unique"])
    server.api("jobs_ack", {"jid": fetched["jid"]})
    server.push("once", [7], **job)


def test_bulk_says_of_each_what_became_of_it(server):
    jobs = [{"jobtype": "b", "args": [i], "queue": "bulk"} for i in range(1000)]
    jobs[10] = {"jobtype": "b", "queue": "bulk"}
    jobs[20] = 5
    told = server.api("jobs_push_bulk", {"jobs": jobs})["jobs"]
    equal([i for i, each in enumerate(told) if "error" in each], [10, 20])
    equal(len({each["jid"] for each in told if "error" not in each}), 998)
    got = []
    while more := server.fetch(queues=["bulk"], count=100):
        got += [job["args"][0] for job in more]
        server.api("batch", {"commands": [{"jobs_ack": {"jid": job["jid"]}} for job in more]})
    equal(got, [i for i in range(1000) if i not in (10, 20)])


def test_bulk_has_a_limit(server):
    equal(server.refused("jobs_push_bulk", {"jobs": [1] * 10_001}), (106, 'limit exceeded: "jobs" has at most 10000'))
    equal(server.refused("jobs_push_bulk", {})[1], 'bad request: "jobs" is missing')
    equal(server.refused("jobs_push_bulk", {"job": []})[1],
          'bad request: unknown field "job": did you mean "jobs"?')


def test_a_full_queue_names_its_limit(binary, folder):
    with JobServer(binary, folder, "--jobs.depth_max=3") as server:
        for _ in range(3):
            server.push()
        code, message = server.refused("jobs_push", {"jobtype": "t", "args": []})
        check(code == 106 and "depth_max" in message, message)
        status, _, _ = server.request("POST", "/api/jobs_push", b'{"jobtype":"t","args":[]}',
                                      {"X-API-Key": "secret", "X-Tidemill-Error-Mode": "transport"})
        equal(status, 503)


def test_scheduled_jobs_come_at_their_time(server):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    jid = server.push("later", queue="later", at=at)
    equal(server.state(jid), "scheduled")
    equal(server.fetch(queues=["later"]), [])
    equal([job["jid"] for job in server.fetch(queues=["later"], wait=30)], [jid])
    server.api("jobs_ack", {"jid": jid})


def test_what_was_answered_survives_a_crash(binary, folder):
    with JobServer(binary, folder) as server:
        jids = {server.push("t", [i]) for i in range(20)}
        server.kill()
    with JobServer(binary, folder) as server:
        equal({job["jid"] for job in server.fetch(count=100)}, jids)
