"""Guessing passwords: slowed down, told nothing by the time it takes, and nobody else's trouble."""
import concurrent.futures
import http.client
import json
import statistics
import threading
import time

from assertions import check, equal
from people import PASSWORD, AccountsServer, unique
from runner import note

FLOOD = 10_000
# Of CPU time, of a server that is not optimized; one that is keeps to a quarter of it.
TURN_MS_MAX = 20


def test_an_account(binary, folder):
    """after so many wrong passwords an account is throttled, others are not, and a right one in time costs nothing"""
    with AccountsServer(binary, folder, "--accounts.logins_per_account=5") as server:
        server.set_up()
        person, other = server.invited(), server.invited()
        for _ in range(10):
            person.log_in()
        guesser = server.browser()
        guess = {"username": person.user["username"], "password": "a wrong password"}
        for _ in range(5):
            equal(guesser.refused("POST", "login", guess), (401, "wrong_credentials", None))
        status, answer = guesser.call("POST", "login", guess)
        equal((status, answer["error"]["code"]), (429, "rate_limited"))
        check(170_000 < answer["error"]["retry_after_ms"] <= 180_000, answer)
        equal(int(guesser.headers["retry-after"]), -(-answer["error"]["retry_after_ms"] // 1000))
        equal(person.refused("POST", "login", {**guess, "password": PASSWORD}), (429, "rate_limited", None))
        equal(person.refused("POST", "password", {"old": PASSWORD, "new": PASSWORD + "x"}), (429, "rate_limited", None))
        check(person.is_in(), "who is in stays in")
        other.log_in()
        for _ in range(5):
            equal(guesser.refused("POST", "login", {**guess, "username": "nobody"})[0], 401)
        equal(guesser.refused("POST", "login", {**guess, "username": "nobody"})[0], 429)
        check(server.metric("tidemill_accounts_logins_total", '{outcome="throttled"}') >= 4, "they are counted")


def test_an_address(binary, folder):
    """one address may try so many accounts, another address is not held back"""
    with AccountsServer(binary, folder, "--accounts.logins_per_address=5", "--accounts.logins_interval=1h",
                        "--http_server.trusted_proxies=127.0.0.1") as server:
        server.set_up()
        person = server.invited()

        def tries(address, password="a wrong password"):
            body = {"username": person.user["username"] if password == PASSWORD else unique("guess"), "password": password}
            return server.browser().call("POST", "login", body, headers={"X-Forwarded-For": address})[0]

        equal([tries("10.0.0.1") for _ in range(8)].count(429), 3)
        equal(tries("10.0.0.2", PASSWORD), 200)
        equal([tries(f"2001:db8::{number}") for number in range(1, 9)].count(429), 3)
        equal(tries("2001:db8:0:1::1", PASSWORD), 200)


def test_time_tells_nothing(binary, folder):
    """an unknown user takes as long as a wrong password"""
    with AccountsServer(binary, folder) as server:
        server.set_up()
        person = server.invited()

        def takes(username):
            begun = time.monotonic()
            equal(server.browser().refused("POST", "login", {"username": username, "password": "a wrong password"})[0], 401)
            return time.monotonic() - begun

        known, unknown, impossible = [], [], []
        for _ in range(15):
            known.append(takes(person.user["username"]))
            unknown.append(takes(unique("nobody")))
            impossible.append(takes("no such name at all"))
        medians = [statistics.median(each) * 1000 for each in (known, unknown, impossible)]
        noise = max(statistics.pstdev(known) * 1000, 5)
        note("known {:.0f} ms, unknown {:.0f} ms, impossible {:.0f} ms".format(*medians) + f", noise {noise:.1f} ms")
        check(max(medians) - min(medians) < 3 * noise, f"{medians}, noise {noise}")


class Witness(threading.Thread):
    """Asks something over its WebSocket all the time, and remembers how long each answer took."""

    def __init__(self, connection):
        super().__init__()
        self._connection, self._stops, self.took = connection, threading.Event(), []

    def run(self):
        while not self._stops.wait(0.01):
            self.took.append(self._connection.round_trip())

    def __exit__(self, *_):
        self._stops.set()
        self.join()

    def __enter__(self):
        self.start()
        return self


def flood(address, numbers):
    """Log-ins on one connection, as long as there are numbers left; how many had which status."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    statuses = {}
    for number in numbers:
        body = json.dumps({"username": f"guess{number}", "password": "a wrong password"})
        connection.request("POST", "/accounts/v1/login", body)
        answer = connection.getresponse()
        answer.read()
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
    connection.close()
    return statuses


def test_ten_thousand_attempts(binary, folder):
    """ten thousand log-ins delay no WebSocket: no turn is long, and what waits is bounded"""
    with AccountsServer(binary, folder) as server:
        server.set_up()
        connection = server.invited().connect()
        connection.round_trip()
        with Witness(connection) as witness, concurrent.futures.ThreadPoolExecutor(100) as pool:
            # Who is refused at once takes more of them: a list's iterator may be shared by threads.
            numbers = iter(range(FLOOD))
            answers = list(pool.map(lambda _: flood(server.address, numbers), range(100)))
        statuses = {}
        for each in answers:
            for status, count in each.items():
                statuses[status] = statuses.get(status, 0) + count
        equal(sum(statuses.values()), FLOOD)
        check(set(statuses) <= {401, 503}, statuses)
        check(statuses.get(503, 0) > 0, "more wait than may: some are refused, with a name for it")
        waits = sorted(witness.took)
        note(f"{statuses}; witness p50 {waits[len(waits) // 2] * 1000:.1f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.1f} ms")
        check(server.metric("tidemill_accounts_hashes_waiting") <= 33, "what waits is bounded")
        equal(server.metric("tidemill_accounts_hashes_refused_total"), statuses[503])
        server.stop()
        longest = int(server.log().rsplit("longest_turn_cpu_us", 1)[1].lstrip('"=:').split()[0].rstrip("}"))
        note(f"longest turn {longest / 1000:.1f} ms of CPU time")
        check(longest < TURN_MS_MAX * 1000, f"a turn took {longest / 1000:.1f} ms")
