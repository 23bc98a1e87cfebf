#!/usr/bin/env python3
"""Runs the WebSocket cases against an echo endpoint.

    websocket_conformance.py ws://127.0.0.1:9001/echo --limited-url ws://127.0.0.1:9001/limited

The endpoint must take messages of 16 MiB and 65536 fragments. The limited one is the same with 64 KiB and 64.
Prints a line per failed case and per group, and ends with "N passed, N failed".
"""

import argparse
import collections
import sys
import time

import websocket_cases
import websocket_deflate_cases
import websocket_extra_cases as extra
from websocket_client import Client, Failed, Target

CORE_IDS = 517


def connected(target, function, extensions=None):
    def run():
        with Client(target, extensions=extensions) as client:
            function(client)

    return run


def all_cases(target, limited, quick):
    """(id, title, function without parameters)"""
    for case, title, function in websocket_cases.core_cases(quick):
        yield case, title, connected(target, function)
    for case, title, header, function in websocket_deflate_cases.deflate_cases(quick):
        yield case, title, connected(target, function, header)
    for case, title, request, wanted, look in extra.handshake(target):
        yield case, title, lambda r=request, w=wanted, k=look: extra.run_handshake(target, r, w, k)
    yield "H.98", "a request behind a refused upgrade", lambda: extra.rest_is_not_a_request(target)
    yield "H.99", "frames in one segment with the handshake", lambda: extra.frames_with_the_handshake(target)
    for case, title, function in extra.framing():
        yield case, title, connected(target, function)
    for case, title, header, accepted in extra.offers():
        yield case, title, lambda h=header, a=accepted: extra.run_offer(target, h, a)
    if limited is None:
        return
    for case, title, function in extra.limits():
        yield case, title, connected(limited, function)
    for case, title, function in extra.inflating():

        def run(client, function=function):
            client.use_deflate()
            function(client)

        yield case, title, connected(limited, run, "permessage-deflate")


def chosen(case, prefixes):
    return not prefixes or any(case == p or case.startswith(p + ".") for p in prefixes)


def run_case(case, title, function):
    try:
        function()
        return True
    except (Failed, OSError, ValueError) as problem:
        print(f"FAIL {case} ({title}): {problem}")
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--limited-url", help="endpoint with small limits: also runs groups L and D")
    parser.add_argument("--cases", default="", help="groups or ids, e.g. 1,6.4,9.1.3")
    parser.add_argument("--quick", action="store_true", help="fewer large cases, fewer messages in 12 and 13")
    arguments = parser.parse_args()
    prefixes = [p for p in arguments.cases.split(",") if p]
    target = Target(arguments.url)
    limited = Target(arguments.limited_url) if arguments.limited_url else None

    groups = collections.defaultdict(lambda: [0, 0, 0.0])
    ids = set()
    for case, title, function in all_cases(target, limited, arguments.quick):
        if case in ids:
            raise SystemExit(f"two cases are called {case}")
        ids.add(case)
        if not chosen(case, prefixes):
            continue
        begin = time.monotonic()
        passed = run_case(case, title, function)
        counts = groups[case.split(".")[0]]
        counts[0 if passed else 1] += 1
        counts[2] += time.monotonic() - begin
    core = sum(case[0].isdigit() for case in ids)
    if not arguments.quick and core != CORE_IDS:
        raise SystemExit(f"{core} numbered cases, there should be {CORE_IDS}")

    for group, (passed, failed, seconds) in groups.items():
        print(f"group {group:>2}: {passed:3d} passed, {failed} failed, {seconds:.1f} s")
    passed, failed = (sum(counts[i] for counts in groups.values()) for i in (0, 1))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
