"""Workers over HTTP: jobs_fetch, jobs_ack, jobs_fail, jobs_give_back, jobs_progress, jobs_beat."""
import time

from assertions import check, equal, eventually
from job_server import JobServer, result_in
from runner import note

POLLS = 1000


def begin(server, queue):
    """A queue that only workers wait for is not listed: one that has had a job is."""
    server.push(queue=queue)
    [job] = server.fetch(queues=[queue])
    server.api("jobs_ack", {"jid": job["jid"]})


def waiting(server, queue):
    return sum(each["waiting_fetches"] for each in server.api("jobs_queues", {})["queues"] if each["name"] == queue)


def test_a_job_goes_to_whoever_waits(server):
    begin(server, "wait")
    poll = server.begin("jobs_fetch", {"queues": ["wait"], "wait": 50})
    eventually(lambda: waiting(server, "wait") == 1, "it waits")
    jid = server.push(queue="wait")
    [fetched] = result_in(poll)["jobs"]
    equal((fetched["job"]["jid"], fetched["attempt"]), (jid, 1))
    check(fetched["reserved_until"] > time.strftime("%Y-%m-%dT%H"), fetched)
    equal(server.state(jid), "working")
    equal(server.api("jobs_ack", {"jid": jid, "result": {"n": 1}}), {})
    seen = server.api("jobs_get", {"jid": jid})
    equal((seen["state"], seen["result"]), ("done", {"n": 1}))
    equal(server.refused("jobs_ack", {"jid": jid})[0], 104)


def test_nothing_to_do_is_an_empty_list(server):
    begun = time.monotonic()
    equal(server.api("jobs_fetch", {"queues": ["empty"]}), {"jobs": []})
    equal(server.api("jobs_fetch", {"queues": ["empty"], "wait": 0.3}), {"jobs": []})
    check(time.monotonic() - begun >= 0.3, "it did not wait")


def test_the_first_queue_that_has_a_job_gives_it(server):
    low, high = server.push(queue="low"), server.push(queue="high")
    equal([job["jid"] for job in server.fetch(queues=["high", "low"], count=10)], [high, low])
    for jid in (low, high):
        server.api("jobs_ack", {"jid": jid})


def test_a_failure_waits_for_its_retry(server):
    jid = server.push("f", queue="fail")
    server.fetch(queues=["fail"])
    equal(server.api("jobs_fail", {"jid": jid, "errtype": "Oops", "message": "no", "backtrace": ["a:1"]}), {})
    seen = server.api("jobs_get", {"jid": jid})
    failure = seen["job"]["failure"]
    equal((seen["state"], failure["errtype"], failure["message"], failure["backtrace"]), ("retry", "Oops", "no", ["a:1"]))
    server.api("jobs_retry", {"jid": jid})
    [again] = server.api("jobs_fetch", {"queues": ["fail"], "wait": 30})["jobs"]
    equal((again["job"]["jid"], again["attempt"]), (jid, 2))
    server.api("jobs_ack", {"jid": jid})


def test_give_back_counts_no_failure(server):
    first, _ = server.push(queue="back"), server.push(queue="back")
    server.fetch(queues=["back"])
    equal(server.api("jobs_give_back", {"jid": first}), {})
    [again] = server.api("jobs_fetch", {"queues": ["back"], "wait": 30})["jobs"]
    equal((again["job"]["jid"], again["attempt"]), (first, 1))
    equal(server.refused("jobs_give_back", {"jid": "nobodys-job"})[0], 104)


def test_progress_and_cancel(server):
    jid = server.push(queue="progress", custom={"track": 1})
    server.fetch(queues=["progress"])
    equal(server.api("jobs_progress", {"jid": jid, "percent": 40, "desc": "page 4", "log": ["one", "two"],
                                       "checkpoint": {"page": 4}}), {})
    seen = server.api("jobs_get", {"jid": jid})
    equal((seen["percent"], seen["desc"], seen["log"], seen["checkpoint"]), (40, "page 4", ["one", "two"], {"page": 4}))
    server.api("jobs_fail", {"jid": jid, "message": "again"})
    server.api("jobs_retry", {"jid": jid})
    [again] = server.fetch(queues=["progress"], wait=30)
    equal(again["custom"]["checkpoint"], {"page": 4})
    equal(server.api("jobs_cancel", {"jid": jid}), {"was": "working"})
    equal(server.api("jobs_progress", {"jid": jid, "percent": 50}), {"cancelled": True})
    server.api("jobs_ack", {"jid": jid})


def test_reserve_for_prolongs(server):
    jid = server.push(queue="reserve")
    [fetched] = server.api("jobs_fetch", {"queues": ["reserve"]})["jobs"]
    server.api("jobs_progress", {"jid": jid, "reserve_for": 7200})
    check(server.api("jobs_get", {"jid": jid})["reserved_until"] > fetched["reserved_until"], "it is not longer")
    server.api("jobs_ack", {"jid": jid})


def test_a_worker_that_beats_is_known_and_told(server):
    equal(server.api("jobs_beat", {"worker": "w-1", "hostname": "h", "pid": 7, "labels": ["a"], "rss_kb": 2048}),
          {"state": "running"})
    [seen] = [each for each in server.api("jobs_workers", {})["workers"] if each["worker"] == "w-1"]
    equal((seen["hostname"], seen["pid"], seen["labels"], seen["rss_kb"]), ("h", 7, ["a"], 2048))
    server.push(queue="quiet")
    equal(server.api("jobs_worker_quiet", {"worker": "w-1"}), {"count": 1})
    equal(server.api("jobs_fetch", {"worker": "w-1", "queues": ["quiet"]}), {"jobs": [], "state": "quiet"})
    equal(server.api("jobs_beat", {"worker": "w-1"}), {"state": "quiet"})
    equal(server.api("jobs_worker_terminate", {"all": True})["count"] >= 1, True)
    equal(server.api("jobs_beat", {"worker": "w-1"}), {"state": "terminate"})
    equal(server.refused("jobs_worker_quiet", {"worker": "nobody"})[0], 104)
    equal(len(server.fetch(worker="w-2", queues=["quiet"])), 1)


def cases_refused(server):
    for method, params, words in [
        ("jobs_fetch", {"wait": 61}, '"wait" must be 0 to 60 seconds'),
        ("jobs_fetch", {"count": 101}, '"count" must be 1 to 100'),
        ("jobs_fetch", {"queues": ["a b"]}, '"queues" must be names'),
        ("jobs_fetch", {"queues": "a"}, '"queues" must be an array of strings'),
        ("jobs_fetch", {"queue": ["a"]}, 'did you mean "queues"?'),
        ("jobs_ack", {}, '"jid" is missing'),
        ("jobs_ack", {"jid": 5}, '"jid" must be a string'),
        ("jobs_progress", {"jid": "nobodys-job", "percent": 101}, '"percent" must be 0 to 100'),
        ("jobs_progress", {"jid": "nobodys-job", "log": ["x"] * 101}, '"log" must be at most 100 lines'),
        ("jobs_progress", {"jid": "nobodys-job", "reserve_for": 0}, '"reserve_for" must be'),
        ("jobs_beat", {"worker": "a b"}, '"worker" must be'),
        ("jobs_beat", {"worker": "w", "state": "running"}, '"state" must be quiet or terminate'),
        ("jobs_worker_quiet", {}, 'either "worker" or "all"'),
    ]:
        def case(method=method, params=params, words=words):
            code, message = server.refused(method, params)
            check(code == 107 and words in message, (code, message))
        yield f"{method} {params}"[:80], case


def test_a_result_that_is_too_large_is_refused_and_the_job_kept(server):
    jid = server.push(queue="large")
    server.fetch(queues=["large"])
    equal(server.refused("jobs_ack", {"jid": jid, "result": "x" * 70_000})[0], 106)
    equal(server.api("jobs_ack", {"jid": jid}), {})


def test_a_worker_that_hangs_up_while_it_waits_loses_no_job(server):
    begin(server, "hangs")
    for _ in range(20):
        poll = server.begin("jobs_fetch", {"queues": ["hangs"], "wait": 50})
        eventually(lambda: waiting(server, "hangs") == 1, "it waits")
        poll.close()
        jid = server.push(queue="hangs")
        [job] = server.fetch(queues=["hangs"], wait=30)
        equal(job["jid"], jid)
        server.api("jobs_ack", {"jid": jid})


def test_a_key_for_jobs(server):
    equal(server.answer("jobs_counts", {}, key="for-jobs").keys(), {"result"})
    equal(server.answer("publish", {"channel": "a", "data": 1}, key="for-jobs")[0], 401)
    equal(server.answer("jobs_counts", {}, key="wrong")[0], 401)
    replies = server.answer("batch", {"commands": [{"jobs_counts": {}}, {"info": {}}]}, key="for-jobs")["replies"]
    equal((replies[0].keys(), replies[1]["error"]["code"]), ({"jobs_counts"}, 103))


def test_a_thousand_wait_and_each_job_goes_to_one(server):
    """1,000 long polls: each gets one job, no job comes twice"""
    begin(server, "crowd")
    before = server.rss_bytes()
    polls = [server.begin("jobs_fetch", {"queues": ["crowd"], "wait": 55}) for _ in range(POLLS)]
    eventually(lambda: waiting(server, "crowd") == POLLS, "all wait")
    note(f"{(server.rss_bytes() - before) // POLLS} bytes for each that waits")
    cpu = server.cpu_seconds()
    time.sleep(1)
    check(server.cpu_seconds() - cpu < 0.5, "waiting costs CPU time")
    told = server.api("jobs_push_bulk", {"jobs": [{"jobtype": "t", "args": [], "queue": "crowd"}] * POLLS})["jobs"]
    got = [result_in(poll)["jobs"][0]["job"]["jid"] for poll in polls]
    equal(sorted(got), sorted(each["jid"] for each in told))
    for poll in polls:
        poll.close()
    server.api("batch", {"commands": [{"jobs_ack": {"jid": jid}} for jid in got]})


def test_a_server_that_stops_answers_those_who_wait(binary, folder):
    with JobServer(binary, folder) as server:
        begin(server, "stop")
        polls = [server.begin("jobs_fetch", {"queues": ["stop"], "wait": 60}) for _ in range(10)]
        eventually(lambda: waiting(server, "stop") == 10, "all wait")
        begun = time.monotonic()
        server.process.terminate()
        for poll in polls:
            equal(result_in(poll), {"jobs": []})
            poll.close()
        equal(server.stop(), 0)
        note(f"stopped in {time.monotonic() - begun:.1f} s")
