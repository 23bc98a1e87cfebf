"""The WebSocket cases against the echo endpoints: all groups, by number.

QUICK=1 leaves out the largest.
"""
import collections
import os
import pathlib

import websocket_cases
import websocket_deflate_cases
import websocket_extra_cases as extra
from runner import fixture
from scripted_client import Client
from server import Server
from websocket import upgrade_request

QUICK = bool(os.environ.get("QUICK"))
CORE_IDS = 517


class EchoServer(Server):
    """The program beside the server's binary, of the same build."""

    checks_health = False

    def __init__(self, program):
        super().__init__(program)
        self._command = [program, str(extra.MESSAGE_BYTES_MAX), str(extra.FRAGMENTS_MAX)]


class Endpoint:
    def __init__(self, address, path):
        self.address, self.path = address, path

    def request(self, headers=None, **changes):
        """The bytes of a good handshake, changed as told."""
        return upgrade_request(self.address, self.path, headers, **changes)


@fixture
def server(binary):
    with EchoServer(pathlib.Path(binary).parent / "websocket_echo") as started:
        yield started


@fixture
def echo(server):
    """Takes messages of 16 MiB and 65536 fragments."""
    yield Endpoint(server.address, "/echo")


@fixture
def limited(server):
    """The same with the limits above."""
    yield Endpoint(server.address, "/limited")


def connected(endpoint, function, extensions=None):
    def run():
        with Client(endpoint, extensions) as client:
            function(client)

    return run


def unique(cases):
    """The cases, named by id and title; two with one id fail."""
    ids = collections.Counter()
    for case, title, function in cases:
        ids[case] += 1
        if ids[case] > 1:
            raise AssertionError(f"two cases are called {case}")
        yield f"{case} ({title})", function


def cases_numbered(echo):
    count = 0
    plain = ((case, title, connected(echo, function)) for case, title, function in websocket_cases.core_cases(QUICK))
    deflated = ((case, title, connected(echo, function, header))
                for case, title, header, function in websocket_deflate_cases.deflate_cases(QUICK))
    for case in unique([*plain, *deflated]):
        count += 1
        yield case
    if not QUICK and count != CORE_IDS:
        raise AssertionError(f"{count} numbered cases, there should be {CORE_IDS}")


def cases_handshake(echo):
    def asked():
        for case, title, request, wanted, look in extra.handshake(echo):
            yield case, title, lambda r=request, w=wanted, k=look: extra.run_handshake(echo, r, w, k)
        yield "H.98", "a request behind a refused upgrade", lambda: extra.rest_is_not_a_request(echo)
        yield "H.99", "frames in one segment with the handshake", lambda: extra.frames_with_the_handshake(echo)

    return unique(asked())


def cases_framing(echo):
    return unique((case, title, connected(echo, function)) for case, title, function in extra.framing())


def cases_offers(echo):
    return unique((case, title, lambda h=header, a=accepted: extra.run_offer(echo, h, a))
                  for case, title, header, accepted in extra.offers())


def cases_limits(limited):
    return unique((case, title, connected(limited, function)) for case, title, function in extra.limits())


def cases_inflating(limited):
    def compressed(function):
        def run(client):
            client.use_deflate()
            function(client)

        return connected(limited, run, "permessage-deflate")

    return unique((case, title, compressed(function)) for case, title, function in extra.inflating())
