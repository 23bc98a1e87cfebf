"""What people ask for: jobs_list, jobs_get, jobs_counts, jobs_queues, and what they do with many jobs."""
from assertions import check, equal, eventually
from job_server import JobServer


def jids(page):
    return [job["jid"] for job in page["jobs"]]


def die(server, count, **job):
    """Jobs that fail for good."""
    dead = [server.push(retry=-1, **job) for _ in range(count)]
    for jid in dead:
        server.fetch(queues=[job["queue"]])
        server.api("jobs_fail", {"jid": jid, "message": "for good"})
    return dead


def test_pages(server):
    pushed = [server.push("p", [i], queue="pages") for i in range(25)]
    seen, cursor = [], {}
    while True:
        page = server.api("jobs_list", {"state": "queued", "queue": "pages", "limit": 10, **cursor})
        seen += jids(page)
        if "next" not in page:
            break
        cursor = {"cursor": page["next"]}
    equal(seen, pushed)
    equal(jids(server.api("jobs_list", {"state": "queued", "contains": '"args":[7]', "queue": "pages"})), [pushed[7]])
    equal(jids(server.api("jobs_list", {"state": "queued", "jid": pushed[3]})), [pushed[3]])
    equal(server.api("jobs_queue_remove", {"queue": "pages"}), {"count": 25})
    eventually(lambda: server.api("jobs_list", {"state": "queued", "queue": "pages"})["jobs"] == [], "they are gone")


def test_states(server):
    queued = server.push(queue="states")
    scheduled = server.push(queue="states", at="2099-01-01T00:00:00Z")
    for state, jid in [("queued", queued), ("scheduled", scheduled)]:
        [job] = server.api("jobs_list", {"state": state, "queue": "states"})["jobs"]
        equal((job["jid"], job["state"], job["queue"], job["job"]["jid"]), (jid, state, "states", jid))
    server.fetch(queues=["states"], worker="looker")
    [job] = server.api("jobs_list", {"state": "working", "queue": "states"})["jobs"]
    equal((job["jid"], job["worker"]), (queued, "looker"))
    server.api("jobs_kill", {"jid": scheduled})
    equal(jids(server.api("jobs_list", {"state": "dead", "queue": "states"})), [scheduled])
    equal(server.api("jobs_discard", {"state": "dead", "queue": "states"}), {"count": 1})
    equal(server.state(scheduled), "unknown")
    server.api("jobs_ack", {"jid": queued})


def cases_refused(server):
    for method, params, code, words in [
        ("jobs_list", {}, 107, '"state" is missing'),
        ("jobs_list", {"state": "ded"}, 107, "one of queued"),
        ("jobs_list", {"state": "dead", "limit": 0}, 107, '"limit" must be 1 to 1000'),
        ("jobs_list", {"state": "dead", "typ": "x"}, 107, 'unknown field "typ"'),
        ("jobs_list", {"state": "working", "cursor": "x"}, 107, '"cursor" must be'),
        ("jobs_list", {"state": "dead", "cursor": "x"}, 107, "cursor"),
        ("jobs_get", {"jid": "nobodys-job"}, 104, "Job not found"),
        ("jobs_retry", {"jid": "nobodys-job"}, 104, ""),
        ("jobs_cancel", {"jid": "nobodys-job"}, 104, ""),
        ("jobs_kill", {"jid": "nobodys-job"}, 104, ""),
        ("jobs_redrive", {}, 107, '"all":true'),
        ("jobs_redrive", {"all": True, "queue": "a"}, 107, '"all" stands alone'),
        ("jobs_discard", {"queue": "a"}, 107, '"state" must be one of dead, retry, scheduled'),
        ("jobs_discard", {"state": "dead"}, 107, '"all":true'),
        ("jobs_discard", {"state": "dead", "jids": ["x"] * 10_001}, 106, "10000"),
        ("jobs_queue_pause", {"queue": "a b"}, 107, '"queue" must be'),
        ("jobs_queue_pause", {}, 107, '"queue" is missing'),
    ]:
        def case(method=method, params=params, code=code, words=words):
            got = server.refused(method, params)
            check(got[0] == code and words in got[1], got)
        yield f"{method} {params}"[:80], case


def test_redrive_by_filter(server):
    mail, sms = die(server, 3, jobtype="mail", queue="redrive"), die(server, 2, jobtype="sms", queue="redrive")
    equal(set(jids(server.api("jobs_list", {"state": "dead", "queue": "redrive"}))), set(mail + sms))
    equal(server.api("jobs_redrive", {"jobtype": "mail", "queue": "redrive"}), {"count": 3})
    equal(server.api("jobs_redrive", {"jids": [sms[0]]}), {"count": 1})
    equal({job["jid"] for job in server.fetch(queues=["redrive"], count=10, wait=5)}, {*mail, sms[0]})
    equal(server.api("jobs_discard", {"state": "dead", "queue": "redrive"}), {"count": 1})


def test_pause_and_resume(server):
    jid = server.push(queue="paused")
    equal(server.api("jobs_queue_pause", {"queue": "paused"}), {})
    [queue] = [each for each in server.api("jobs_queues", {})["queues"] if each["name"] == "paused"]
    equal((queue["ready"], queue["paused"]), (1, True))
    equal(server.fetch(queues=["paused"], wait=0.2), [])
    equal(server.api("jobs_queue_resume", {"queue": "paused"}), {})
    equal([job["jid"] for job in server.fetch(queues=["paused"], wait=30)], [jid])
    server.api("jobs_ack", {"jid": jid})


def test_counts(binary, folder):
    with JobServer(binary, folder) as server:
        server.push(queue="a"), server.push(queue="b"), server.push(at="2099-01-01T00:00:00Z")
        die(server, 1, jobtype="t", queue="c")
        server.fetch(queues=["a"])
        equal(server.api("jobs_counts", {}), {"enqueued": 1, "scheduled": 1, "retries": 0, "working": 1, "dead": 1,
                                              "workers": 0, "processed": 1, "failures": 1})


def test_without_jobs_there_are_no_such_methods(binary):
    from server import Server
    with Server(binary, "--http_api.key=secret") as server:
        equal(server.request("POST", "/api/jobs_counts", b"{}", {"X-API-Key": "secret"})[0], 404)
