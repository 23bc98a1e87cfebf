"""What the benchmarks make of what was measured."""
import compare_report
import contenders
import loops
import measures
import neighbour_report
import report
import run
import sql_conformance
import sql_report
from assertions import check, equal
from comparisons import COMPARISONS

COMPARISON = {comparison.name: comparison for comparison in COMPARISONS}


def results_of(comparison, **by_contender):
    """Results with one run of each contender."""
    runs = [{"comparison": comparison, "contender": name, "round": 0, **figures} for name, figures in by_contender.items()]
    return {"contenders": {name: {"title": name} for name in by_contender}, "runs": runs, "quick": False}


def goal_about(results, words):
    found = [(found, met) for _, wanted, found, met, _ in compare_report.goals(results) if words in wanted and met]
    check(len(found) == 1, f"goals with '{words}' that were measured: {found}")
    return found[0]


def test_cost_at_a_full_core():
    """CPU per delivery is left out where the core is full: it would be 1.00 × for everybody."""
    full = {"cpu_us_per_delivery": 0.333, "deliveries_per_cpu_second": 3e6, "server_cpu_share": 99.9}
    spare = {"cpu_us_per_delivery": 5.0, "deliveries_per_cpu_second": 2e5, "server_cpu_share": 10.0}
    results = results_of("room_1k", tidemill=full, go=spare)
    compared = COMPARISON["room_1k"]
    equal(compare_report.values(results, compared, "tidemill", "cpu_us_per_delivery"), {})
    equal(compare_report.values(results, compared, "go", "cpu_us_per_delivery"), {0: 5.0})
    equal(compare_report.ratio(results, compared, "cpu_us_per_delivery", "go", "tidemill"), None)
    _, rows = compare_report.table(results, compared)
    equal([row[1] for row in rows], ["core full", "5 µs"])


def test_goals_at_a_rate_can_fail():
    """A server that does not reach the rate misses the goal, whatever its core does."""
    def reached(tidemill, floor):
        def at(percent):
            return {"rate_reached": percent, "server_cpu_share": 99.9}
        return goal_about(results_of("rate_3000", tidemill=at(tidemill), floor=at(floor)), "at least 0.98")
    equal(reached(99.9, 99.9), ("1.00 ×", "met"))
    equal(reached(60.0, 99.9), ("0.60 ×", "**not met**"))


def test_goals_beside_the_floor_can_fail():
    """The same for the rates beside the kernel floor, and for their latency."""
    def verdicts(reached, p99):
        def run_of(target, rate_reached, delivery_p99_us):
            return {"measure": "rate_3000", "target": target, "round": 0, "rate_reached": rate_reached,
                    "delivery_p50_us": 100, "delivery_p99_us": delivery_p99_us, "spare_cpu": 0}
        runs = [run_of("tidemill", reached, p99), run_of("floor", 100.0, 5000)]
        (_, rows), = report.rows({"runs": runs})
        return {what: met for what, _, _, _, _, met in rows if met}
    fast = verdicts(99.0, 5500)
    equal(set(fast.values()), {"met"})
    slow = verdicts(90.0, 9000)
    equal(slow["of the deliveries that were due, came in time"], "**not met**")
    equal(slow["due to receive, p99"], "**not met**")


def test_rate_reached():
    """It is what came by what was due; what did not keep up has no latency."""
    found = run.with_shares({"rate_per_s": 100, "receivers": 10, "seconds": 2, "deliveries": 1500, "kept_up": 0,
                             "server_cpu_share": 0.75, "delivery_p99_us": 3})
    equal(found["rate_reached"], 75.0)
    equal(found["spare_cpu"], 25.0)
    check("delivery_p99_us" not in found, "latency of what never came")


def test_equal_treatment():
    """No contender has options of the load generator of its own, and all forms have the same history."""
    fields = {field.name for field in contenders.dataclasses.fields(contenders.Contender)}
    check("load" not in fields, "a contender may be counted in another way than the others")
    by_name = {contender.name: contender for contender in contenders.CONTENDERS}
    equal(by_name["tidemill_history"].settings, by_name["centrifugo_history"].settings)
    for comparison in COMPARISONS:
        check("incumbent" not in comparison.contenders, comparison.name)
        known = set(comparison.contenders) <= set(by_name)
        check(known, f"{comparison.name}: a contender that does not exist")


def test_closed_loop_percentiles_are_service_times():
    """Where the next message or request waits for the last, the figure says so."""
    closed = [f for m in measures.MEASURES if m.scenario in ("fanout", "publish") for f in m.figures]
    closed += [f for c in COMPARISONS if c.scenario in ("fanout", "publish") for f in c.figures]
    times = [figure.title for figure in closed if ", p" in figure.title]
    check(times, "there are none")
    equal([title for title in times if not title.startswith("service time")], [])


def test_processors_are_named():
    """Goals in microseconds name the processor they were set on."""
    goal = measures.Goal("cpu_us_per_connect", "CPU per connect", "us", at_most=12.5)
    wanted, met = report.verdict(goal, {0: 13.0}, None)
    equal((wanted, met), (f"≤ 12.5 µs ({measures.GOALS_PROCESSOR})", "**not met**"))


def test_witness_goals_can_fail():
    """A witness that waits longer than its goal allows is named."""
    def run_of(neighbour, p99):
        return {"neighbour": neighbour, "contender": "tidemill", "round": 0, "witness_p99_us": p99}
    results = {"contenders": {"tidemill": "Tidemill"}, "runs": [run_of("quiet", 500), run_of("pongs", 172_000)]}
    equal([(n.name, found, met) for n, _, found, met in neighbour_report.goals(results)], [("pongs", "172 ms", False)])
    equal(neighbour_report.against_quiet(results, "pongs", "tidemill"), 344)


def test_cost_behind_a_full_generator():
    """Where the generator is full, neither rate nor cost is the server's: no ratio, no goal, and the table says it."""
    limited = {"cpu_us_per_delivery": 0.2, "deliveries_per_cpu_second": 5e6, "deliveries_per_s": 5e6,
               "server_cpu_share": 99.0, "generator_cpu_share": 99.0}
    results = results_of("maximum", tidemill=limited, floor=limited)
    compared = COMPARISON["maximum"]
    equal(compare_report.ratio(results, compared, "cpu_us_per_delivery", "tidemill", "floor"), None)
    equal([met for _, wanted, _, met, _ in compare_report.goals(results) if "floor" in wanted and met], [])
    _, rows = compare_report.table(results, compared)
    equal(rows[1][1], "generator full at 5.00 M/s")


def sql_results(**figures):
    """One run of each scenario, ours and Go's, with these figures by scenario."""
    runs = [{"scenario": scenario, "contender": contender, "round": 0, **found}
            for scenario, by_contender in figures.items() for contender, found in by_contender.items()]
    return {"contenders": {"tidemill": "Tidemill", "go": "Go"}, "runs": runs, "quick": False}


def test_goals_of_loops_can_fail():
    """What a second loop costs is the ratio of the medians; what has a goal says whether it is met, and what is missing that
    it is"""
    publish, connect = loops.MEASURES[0][0], loops.MEASURES[3][0]
    found = {(publish, 1): [(10, 100), (10, 200), (30, 100)], (publish, 2): [(15, 900), (14.5, 100), (10, 100)],
             (connect, 1): [(30, 4000)], (connect, 2): [(41, 5000)]}
    lines = {line[:50].strip(): line[50:].split() for line in loops.text(found).splitlines()}
    equal(lines[publish], ["10", "µs", "14.5", "µs", "1.45", "900", "µs", "over", "1.4"])
    equal(lines[connect], ["30", "µs", "41", "µs", "1.37", "5,000", "µs", "met"])
    equal(lines["close"], ["not", "measured"])


def test_sql_goals_can_fail():
    """Slower, dearer, or more than one query for a thousand callers: each misses its goal."""
    def verdicts(rate, cpu, queries):
        ours = {"requests_per_s": rate, "cpu_us_per_request": cpu, "server_cpu_share": 1.0}
        return {what: met for what, _, _, met in sql_report.goals(sql_results(
            lookup={"tidemill": ours, "go": {"requests_per_s": 1000, "cpu_us_per_request": 30}},
            misses={"tidemill": {"queries": queries}}))}
    equal(set(verdicts(1400, 9, 1).values()), {True})
    equal(set(verdicts(1200, 11, 2).values()), {False})
    equal(list(verdicts(1400, 9, 0).values()), [True, True, False])


def test_sql_warns_of_others():
    """Figures that were taken beside other programs are called provisional, and void runs are told."""
    ours = {"tidemill": {"requests_per_s": 1, "neighbour_cores": 0.5}, "go": {"void": "no answer", "neighbour_cores": 0.5}}
    found = sql_report.warnings(sql_results(lookup=ours))
    check(len(found) == 2 and found[0].startswith("Provisional: other programs took 0.5"), found)
    equal(found[1], "Void: lookup, Go: no answer")


def test_sql_servers_must_answer_alike():
    """Moments may be written in several ways; nothing else may."""
    def same(theirs):
        ours = {"/x": (200, "application/json", sql_conformance.normal({"at": "2026-01-01T00:00:00Z", "n": 1}))}
        try:
            sql_conformance.check_same({"ours": ours, "theirs": {"/x": (200, "application/json", sql_conformance.normal(theirs))}})
        except SystemExit:
            return False
        return True
    equal(same({"at": "2026-01-01T00:00:00.000+00:00", "n": 1}), True)
    equal(same({"at": "2026-01-01T00:00:00Z", "n": "1"}), False)
    equal(same({"at": "2026-01-01T00:00:01Z", "n": 1}), False)
