"""What is pushed again and again, and limits: of the configuration, over the API, and by `tidemill jobs cron`."""
import json
import pathlib
import re
import signal
import tempfile

from assertions import check, equal, eventually
from job_server import JobServer
from runner import fixture

# A part of it as Faktory's pages have it.
SETTINGS = """
[jobs]
schedules_max = 5
[[jobs.cron]]
name = "nightly"
schedule = "30 3 * * MON-FRI"
zone = "Europe/Berlin"
queue = "reports"
type = "report"
args = ["daily", {deep = [1, 2]}]
unique_for = "1h"
overlap = "skip"
[[jobs.cron]]
name = "tick"
schedule = "@every 1s"
queue = "ticks"
type = "tick"
[[jobs.queues]]
name = "narrow"
limits.concurrency = 1

[[cron]]
  schedule = "12 * * * *"
  [cron.job]
    type = "HourlyReport"
    retry = 3
[throttles]
  bulk = { worker = 2, timeout = 60 }
"""


class ConfiguredServer(JobServer):
    def __init__(self, binary, folder):
        self.file = pathlib.Path(folder) / "tidemill.toml"
        self.file.write_text(SETTINGS, encoding="utf-8")
        super().__init__(binary, folder, "--config", str(self.file))

    def reload(self, settings):
        before = len(self.log())
        self.file.write_text(settings, encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)
        eventually(lambda: re.search(r"server\.reload(ed|_refused)", self.log()[before:]), "it is reloaded")
        return self.log()[before:]

    def schedules(self):
        return {each["name"]: each for each in self.api("jobs_schedules", {})["schedules"]}


@fixture
def configured(binary):
    with tempfile.TemporaryDirectory() as folder, ConfiguredServer(binary, folder) as started:
        yield started


def test_schedules_of_the_configuration(configured):
    schedules = configured.schedules()
    equal(sorted(schedules), ["HourlyReport", "nightly", "tick"])
    nightly = schedules["nightly"]
    equal((nightly["configured"], nightly["enabled"], nightly["overlap"], nightly["in_words"]),
          (True, True, "skip", "at 03:30 on weekdays, Europe/Berlin"))
    equal(nightly["job"], {"jobtype": "report", "queue": "reports", "args": ["daily", {"deep": [1, 2]}], "retry": 25,
                           "reserve_for": 1800, "custom": {"unique_for": 3600, "unique_until": "success"}})
    equal(len(nightly["next"]), 3)
    equal((schedules["HourlyReport"]["job"]["retry"], schedules["HourlyReport"]["zone"]), (3, "UTC"))
    eventually(lambda: configured.fetch(queues=["ticks"]), "it fires")
    equal(configured.refused("jobs_schedule_remove", {"name": "nightly"}),
          (103, "permission denied: schedule nightly is of the configuration ([[jobs.cron]] or [[cron]]); change it "
                "there"))
    equal(configured.refused("jobs_schedule_set", {"name": "tick", "schedule": "@daily",
                                                   "job": {"jobtype": "x", "args": []}})[0], 103)


def test_a_reload_changes_schedules_and_limits(configured):
    configured.api("jobs_schedule_set", {"name": "mine", "schedule": "@daily", "job": {"jobtype": "x", "args": []}})
    check("server.reloaded" in configured.reload(
        SETTINGS.replace('name = "nightly"', 'name = "weekly"').replace("worker = 2", "worker = 1")
        .replace('"@every 1s"', '"@every 1h"')), "it is taken over")
    schedules = configured.schedules()
    equal(sorted(schedules), ["HourlyReport", "mine", "tick", "weekly"])
    equal((schedules["tick"]["schedule"], schedules["mine"]["configured"]), ("@every 1h", False))
    equal(configured.api("jobs_limits", {"queue": "bulk"})["limits"], {"worker_concurrency": 1, "hold_for_ms": 60000})
    said = configured.reload(SETTINGS.replace("12 * * * *", "12 * * *"))
    check("cron.HourlyReport.schedule" in said, said)
    check("server.reloaded" in configured.reload(SETTINGS), "as it was")
    equal(sorted(configured.schedules()), ["HourlyReport", "mine", "nightly", "tick"])
    configured.api("jobs_schedule_remove", {"name": "mine"})


def test_limits_of_the_configuration(configured):
    for queue in ("narrow", "bulk"):
        for _ in range(3):
            configured.push(queue=queue)
    equal(len(configured.fetch(queues=["narrow"], count=3)), 1)
    equal(len(configured.fetch(queues=["bulk"], count=3, worker="w-1")), 2)
    equal(len(configured.fetch(queues=["bulk"], count=3, worker="w-2")), 1)
    limits = configured.api("jobs_limits", {"queue": "narrow"})
    equal((limits["limits"], limits["configured"], limits["running"]), ({"concurrency": 1}, True, 1))
    equal(configured.fetch(queues=["narrow"]), [])
    for line in ('tidemill_jobs_limit_running{queue="narrow"} 1', 'tidemill_jobs_limit_parked{queue="narrow"} 0',
                 'tidemill_jobs_limit_held_back_total{queue="narrow",reason="concurrency"} ',
                 f"tidemill_jobs_schedules {len(configured.schedules())}"):
        eventually(lambda wanted=line: wanted in configured.get("/metrics")[2], line)
    for method, more in (("jobs_limits_set", {"limits": {"concurrency": 5}}), ("jobs_limits_reset", {})):
        equal(configured.refused(method, {"queue": "narrow", **more}),
              (103, "permission denied: the limits of queue narrow are of the configuration "
                    "(jobs.queues.narrow.limits or throttles.narrow); change them there"))
    configured.api("jobs_limits_set", {"queue": "free", "limits": {"concurrency": 5}})
    equal(configured.api("jobs_limits", {"queue": "free"})["configured"], False)


def test_as_many_as_there_may_be(configured):
    job = {"jobtype": "x", "args": []}
    for i in (1, 2):
        configured.api("jobs_schedule_set", {"name": f"more-{i}", "schedule": "@daily", "job": job})
    equal(configured.refused("jobs_schedule_set", {"name": "more-3", "schedule": "@daily", "job": job}),
          (106, "limit exceeded: at most 5 schedules (jobs.schedules_max)"))
    for i in (1, 2):
        configured.api("jobs_schedule_remove", {"name": f"more-{i}"})


def test_a_schedule_over_the_api(server):
    job = {"jobtype": "poll", "args": [7], "queue": "polls"}
    server.api("jobs_schedule_set", {"name": "poll", "schedule": "@every 1s", "job": job, "overlap": "skip"})
    [first] = eventually(lambda: server.fetch(queues=["polls"]), "it fires")
    equal((first["jobtype"], first["args"]), ("poll", [7]))
    equal(server.api("jobs_schedule", {"name": "poll"})["last_jid"], first["jid"])
    server.api("jobs_schedule_pause", {"name": "poll"})
    equal(server.api("jobs_schedule", {"name": "poll"})["next"], [])
    jid = server.api("jobs_schedule_run", {"name": "poll"})["jid"]
    [now] = server.fetch(queues=["polls"])
    equal(now["jid"], jid)
    server.api("jobs_schedule_resume", {"name": "poll"})
    server.api("jobs_schedule_remove", {"name": "poll"})
    equal(server.refused("jobs_schedule", {"name": "poll"}), (104, "not found: there is no schedule poll"))
    for wrong, part in (({"schedule": "* * *"}, "fields"), ({"zone": "Nowhere"}, "Nowhere"), ({"overlap": "x"}, "accepted are allow"),
                        ({"job": {"args": []}}, "jobtype"), ({"name": "a b"}, "letters")):
        code, message = server.refused("jobs_schedule_set", {"name": "w", "schedule": "@daily", "job": job, **wrong})
        check(code == 107 and part in message, (wrong, message))
    equal(server.api("jobs_schedule_next", {"schedule": "0 0 29 2 *", "count": 2})["next"][0][4:], "-02-29T00:00:00.000Z")
    equal(server.refused("jobs_schedule_next", {"schedule": "0 0 30 2 *"})[0], 107)


def test_pages_of_schedules(server):
    for i in range(7):
        server.api("jobs_schedule_set", {"name": f"page-{i}", "schedule": "@daily", "job": {"jobtype": "x", "args": []}})
    names, cursor = [], "page"
    while cursor is not None:
        page = server.api("jobs_schedules", {"cursor": cursor, "limit": 3, "next": 0})
        names += [each["name"] for each in page["schedules"]]
        cursor = page.get("next")
    equal(names, [f"page-{i}" for i in range(7)])
    for name in names:
        server.api("jobs_schedule_remove", {"name": name})


def test_the_commands(server):
    equal(server.run("cron", "add", "cli", "30 3 * * MON-FRI", "report", "daily", "7", "--zone", "Europe/Berlin",
                     "--queue", "cli", "--overlap", "replace", "--retry", "2"), "set cli\n")
    equal(server.api("jobs_schedule", {"name": "cli"})["job"],
          {"jobtype": "report", "args": ["daily", 7], "queue": "cli", "retry": 2})
    head, row = server.run("cron", "list").splitlines()
    equal(head.split(), ["NAME", "TYPE", "STATE", "NEXT", "FROM", "ZONE", "SCHEDULE"])
    equal((row.split()[:3], row.split()[-7:]),
          (["cli", "report", "on"], ["api", "Europe/Berlin", "30", "3", "*", "*", "MON-FRI"]))
    check("at 03:30 on weekdays, Europe/Berlin" in server.run("cron", "show", "cli"), "it is said in words")
    equal(server.run("cron", "pause", "cli"), "paused cli\n")
    check(server.run("cron", "list").splitlines()[1].split()[2:4] == ["paused", "-"], "it is paused")
    equal(server.run("cron", "resume", "cli"), "resumed cli\n")
    jid = server.run("cron", "run", "cli").removeprefix("pushed ").strip()
    equal(server.fetch(queues=["cli"])[0]["jid"], jid)
    equal(server.run("cron", "remove", "cli"), "removed cli\n")
    equal(server.run("cron", "list"), "no schedules\n")
    check("there is no schedule cli" in server.run("cron", "remove", "cli", code=1), "it is gone")
    lines = server.run("cron", "next", "@every 1h", "--count", "2").splitlines()
    equal((lines[0], len(lines)), ("every 1h", 3))
    equal(len(json.loads(server.run("cron", "next", "@daily", "--json"))["next"]), 10)
    check("refused with error 107" in server.run("cron", "next", "61 * * * *", code=1), "it is no schedule")
    check("--count" in server.run("cron", "next", "@daily", "--count", "0", code=2), "it is bounded")
