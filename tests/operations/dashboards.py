"""The dashboard and the alert rules of deploy/ and of the guide ask for nothing that /metrics does not have."""
import json
import pathlib
import re

from assertions import check, equal, eventually
from observing import parse_metrics
from redis_server import RedisServer
from server import Server

ROOT = pathlib.Path(__file__).parents[2]
METRIC = re.compile(r"\b((?:tidemill|process)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
BY = re.compile(r"\bby \(([^)]*)\)")
# Given by Prometheus, or by the dashboard's own choices.
FOREIGN = {"job", "instance", "le"}


def dashboard_queries():
    board = json.loads((ROOT / "deploy/grafana/tidemill.json").read_text(encoding="utf-8"))
    return [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])]


def alert_queries(path):
    text = path.read_text(encoding="utf-8")
    return list(zip(re.findall(r"- alert: (\w+)", text), re.findall(r"\n\s+expr: (.*)", text), strict=True))


def labels_of(series, name):
    return [dict(labels) for found, labels in series if found == name]


def problems_of(title, query, series):
    """What of a query the server does not have."""
    problems, known = [], set()
    for name, matchers in METRIC.findall(query):
        rows = labels_of(series, name)
        if not rows:
            problems.append(f"{title}: there is no {name}")
            continue
        known.update(label for row in rows for label in row)
        for label, kind, value in MATCHER.findall(matchers):
            if label in FOREIGN:
                continue
            wanted = re.compile(value if "~" in kind else re.escape(value))
            if not any(wanted.fullmatch(row.get(label, "")) for row in rows):
                problems.append(f"{title}: no {name} has {label}{kind}{value}")
    for group in BY.findall(query):
        problems += [f"{title}: nothing of it has the label {label}" for label in re.split(r",\s*", group)
                     if label not in FOREIGN | known]
    check(METRIC.search(query) or query.startswith("up{"), f"{title}: asks for nothing of the server: {query}")
    return problems


def test_dashboard_and_alerts_ask_for_what_metrics_has(binary, folder):
    queries = folder / "queries"
    queries.mkdir()
    (queries / "one.get.sql").write_text("-- @auth none\nselect 1 as one", encoding="utf-8")
    with RedisServer() as redis, Server(
            binary, "--dev", "--http_api.key=secret", f"--broker.redis.address=redis://127.0.0.1:{redis.port}",
            f"--queries.folder={queries}", f"--storage.sqlite.path={folder / 'd.db'}", "--jobs.faktory.listen=127.0.0.1:0") as server:
        eventually(lambda: server.get("/rest/one")[0] == 200, "the endpoint is served")
        eventually(lambda: server.get("/ready")[0] == 200, "the server is ready")
        server.api("jobs_push", {"jobtype": "hello", "args": []})
        _, series = parse_metrics(server.get("/metrics")[2])
    asked = dashboard_queries()
    check(len(asked) > 30, "a dashboard of little")
    for source in ("deploy/prometheus/alerts.yml", "docs/guide/metrics.md"):
        alerts = alert_queries(ROOT / source)
        check(len(alerts) >= 5, f"{source}: few alerts")
        asked += alerts
    equal([problem for title, query in asked for problem in problems_of(title, query, series)], [])


def reference():
    """Kind and labels of each metric that the guide lists."""
    text = (ROOT / "docs/guide/metrics-reference.md").read_text(encoding="utf-8")
    return {name: (kind, set(re.findall(r"`(\w+)`", labels)))
            for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", text, re.MULTILINE)}


def missing_in(known, text):
    """What of /metrics the reference has not, or has otherwise."""
    kinds, series = parse_metrics(text)
    problems = [f"{name}: it is a {kind}" for name, kind in kinds.items() if name in known and known[name][0] != kind]
    problems += [f"{name}: it is not there" for name in kinds if name not in known]
    for name, labels in series:
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in kinds else name
        lacking = {label for label, _ in labels} - FOREIGN - {"overflow"} - known.get(family, ("", set()))[1]
        problems += [f"{family}: without the label {label}" for label in lacking if family in known]
    return sorted(set(problems))


def test_the_reference_has_all_that_metrics_has(binary, folder):
    """each metric that a server with everything switched on gives is in the reference, with its kind and labels"""
    queries = folder / "queries"
    queries.mkdir()
    (queries / "one.get.sql").write_text("-- @auth none\nselect 1 as one", encoding="utf-8")
    with RedisServer() as redis, Server(
            binary, "--dev", "--http_api.key=secret", f"--broker.redis.address=redis://127.0.0.1:{redis.port}",
            f"--queries.folder={queries}", f"--storage.sqlite.path={folder / 'd.db'}", "--jobs.faktory.listen=127.0.0.1:0",
            "--user_status.enabled=true", "--console.enabled=true") as server:
        eventually(lambda: server.get("/rest/one")[0] == 200, "the endpoint is served")
        server.until_ready()
        server.api("jobs_push", {"jobtype": "hello", "args": []})
        with_redis = server.get("/metrics")[2]
    with Server(binary, "--http_api.key=secret") as server:
        in_memory = server.get("/metrics")[2]
    known = reference()
    check(len(known) > 250, f"a short reference: {len(known)}")
    equal(missing_in(known, with_redis) + missing_in(known, in_memory), [])


def test_what_the_reference_lacks_is_found():
    text = ('# HELP tidemill_x X.\n# TYPE tidemill_x counter\ntidemill_x{a="1"} 1\n'
            '# HELP tidemill_y Y.\n# TYPE tidemill_y gauge\ntidemill_y 1\n'
            '# HELP tidemill_z Z.\n# TYPE tidemill_z histogram\ntidemill_z_bucket{b="1",le="+Inf"} 1\n'
            'tidemill_z_sum{b="1"} 1\ntidemill_z_count{b="1"} 1\n')
    equal(missing_in({"tidemill_x": ("gauge", set()), "tidemill_z": ("histogram", set())}, text),
          ["tidemill_x: it is a counter", "tidemill_x: without the label a", "tidemill_y: it is not there",
           "tidemill_z: without the label b"])


def test_a_query_for_what_is_not_there_is_found():
    series = [("tidemill_jobs", (("state", "dead"),))]
    equal(problems_of("t", 'sum by (state) (tidemill_jobs{state="dead", job="x"})', series), [])
    equal(len(problems_of("t", 'sum by (queue) (tidemill_jobs{state="done"}) + tidemill_job', series)), 3)
