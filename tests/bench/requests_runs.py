"""The load generator's closed loop of HTTP requests: that it counts what it got, and refuses what was not expected."""
import json
import pathlib
import subprocess

from assertions import check, equal
from server import Server


def load(binary, server, folder, *words, status=200):
    """Half a second of two requests in turn over four connections: the exit code and the figures."""
    block, out = pathlib.Path(folder) / "requests", pathlib.Path(folder) / "out.json"
    block.write_bytes(b"".join(f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + b"\0" for path in words))
    done = subprocess.run(
        [str(pathlib.Path(binary).resolve().parents[1] / "bench/load"), "requests", "--port", server.address.rpartition(":")[2], "--pid",
         str(server.process.pid), "--block", str(block), "--status", str(status), "--connections", "4", "--seconds", "0.5",
         "--json-out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    check(done.returncode in (0, 3), done.stdout)
    return done.returncode, json.loads(out.read_text())


def test_requests(binary, folder):
    """Every answer is counted; one of another status makes the run void."""
    with Server(binary) as server:
        code, figures = load(binary, server, folder, "health", "health")
        equal((code, figures["refused"]), (0, 0))
        check(figures["requests"] > 10, figures)
        check(0 < figures["answer_p50_us"] <= figures["answer_p99_us"], figures)
        code, figures = load(binary, server, folder, "health", "is_not_there")
        equal((code, figures["void"]), (3, "answers with another status"))
        check(0.4 < figures["refused"] / figures["requests_with_warm_up"] < 0.6, figures)
        code, figures = load(binary, server, folder, "is_not_there", status=404)
        equal((code, figures["refused"]), (0, 0))
