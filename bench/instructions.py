"""Counts the user instructions of a connect with callgrind: a figure that a busy machine does not change.

    bench/instructions.py BINARY...     # release builds; each runs three times

A thousand WebSocket connections are opened, fifty at a time: TCP, upgrade, connect command, answer. A hundred come
before, uncounted. Clocks still run: timers that are due meanwhile are counted too, so that the last digit varies.
"""
import argparse
import pathlib
import re
import socket
import subprocess
import tempfile
import time

from run import QUIET_SETTINGS, SERVER_SETTINGS, free_port

PATIENT_SETTINGS = ("--client.stale_close_delay=1h",)  # valgrind may take long
COUNT, AT_ONCE, BEFORE, ROUNDS = 1000, 50, 100, 3
HANDSHAKE = (b"GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
CONNECT = b'\x81\x95\0\0\0\0{"id":1,"connect":{}}'  # masked by zeros


def hear(connection, what):
    heard = b""
    while what not in heard:
        more = connection.recv(4096)
        if not more:
            raise SystemExit(f"closed: {heard!r}")
        heard += more


def open_all(port, count):
    opened = []
    for _ in range(0, count, AT_ONCE):
        fresh = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(AT_ONCE)]
        for say, what in ((HANDSHAKE, b"\r\n\r\n"), (CONNECT, b'"connect"')):
            for connection in fresh:
                connection.sendall(say)
            for connection in fresh:
                hear(connection, what)
        opened += fresh
    return opened


def control(pid, *words):
    subprocess.run(["callgrind_control", *words, str(pid)], check=True, capture_output=True)


def listens(port, process):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit("instructions: the server did not start under valgrind")


def count(binary, out):
    port = free_port()
    process = subprocess.Popen(
        ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}", binary, "serve",
         f"--http_server.listen=127.0.0.1:{port}", *SERVER_SETTINGS, *QUIET_SETTINGS, *PATIENT_SETTINGS], stderr=subprocess.DEVNULL)
    try:
        listens(port, process)
        opened = open_all(port, BEFORE)
        control(process.pid, "-i", "on")
        opened += open_all(port, COUNT)
        control(process.pid, "-i", "off")
        for connection in opened:
            connection.close()
    finally:
        process.terminate()
        process.wait()
    return int(re.search(r"^totals: (\d+)", pathlib.Path(out).read_text(), re.MULTILINE)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binaries", nargs="+", metavar="BINARY")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="keep callgrind's files there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for number, binary in enumerate(arguments.binaries):
            place = arguments.keep or pathlib.Path(folder)
            stripped = f"{folder}/stripped"  # valgrind does not read clang's line tables
            subprocess.run(["strip", "-g", "-o", stripped, binary], check=True)
            found = [count(stripped, place / f"callgrind.{number}.{attempt}") / COUNT for attempt in range(ROUNDS)]
            print(f"{binary}: {sorted(found)[ROUNDS // 2]:,.0f} instructions per connect "
                  f"({min(found):,.0f} to {max(found):,.0f})", flush=True)


if __name__ == "__main__":
    main()
