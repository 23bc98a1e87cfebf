"""Replays the dialogues of golden/*.txt, recorded from a Centrifugo 6, against a server.

A dialogue begins with a comment line. Lines of it:

    C  what the client sends: one frame, commands separated by \\n      A  a call of the HTTP API: method, request
    S  what the server sends                                           R  its result
    O  the same as C from another connection; "O close" ends that      P  the server's ping, left unanswered
    S close CODE REASON

In what is sent, {"$jwt": claims} is a signed token, "$in:N" a time N seconds from now, "$x*N" N letters. In what is
expected, "$client", "$other" and "$epoch" stand for the same value throughout a dialogue, "$version" for any text,
"$about:N" for N or a little less. Replies come in their order and pushes in theirs; how the two interleave is free,
except that a subscription's reply comes before its publications.
"""
import json
import pathlib
import re
import time

import jwt
from websocket import Closed, WebSocket

GOLDEN = pathlib.Path(__file__).parent / "golden"
LINE = re.compile(r"([CSAROP])(?: (.*))?")
BOUND = ("$client", "$other", "$epoch")
FENCE = 999


def dialogues():
    """(name, steps) for each; a step is (letter, text)."""
    for path in sorted(GOLDEN.glob("*.txt")):
        name, steps = None, []
        for line in path.read_text(encoding="utf-8").splitlines():
            found = LINE.fullmatch(line)
            if found:
                steps.append((found[1], found[2] or ""))
            elif line.startswith("#") and steps:
                yield name, steps
                name, steps = f"{path.stem}: {line[2:]}", []
            elif line.startswith("#"):
                name = name or f"{path.stem}: {line[2:]}"
        yield name, steps


class Mismatch(AssertionError):
    pass


class Replay:
    def __init__(self, server):
        self._server = server
        self._bound = {}
        self._client = WebSocket(server.address)
        self._other = None
        self._expected = []
        self._ended = False

    def run(self, steps):
        try:
            for letter, text in steps:
                if letter == "S":
                    self._expected.append(text)
                    continue
                if letter != "R":
                    self._receive_expected()
                getattr(self, f"_step_{letter}")(text)
            self._receive_expected()
            if not self._ended:
                self._fence()
        finally:
            self._client.abort()
            if self._other:
                self._other.abort()

    def _step_C(self, text):
        self._client.send_text(self._outgoing(text))

    def _step_O(self, text):
        if text == "close":
            self._other.abort()
            return
        self._other = self._other or WebSocket(self._server.address)
        self._other.send_text(self._outgoing(text))

    def _step_A(self, text):
        method, request = text.split(" ", 1)
        self._result = self._server.api(method, json.loads(self._outgoing(request)))

    def _step_R(self, text):
        self._compare(self._result, json.loads(text))

    def _step_P(self, _):
        self._compare(json.loads(self._client.receive()), {})

    def _receive_expected(self):
        """Takes as many messages as are expected, and compares replies and pushes, each in their order."""
        messages = [t for t in self._expected if not t.startswith("close")]
        closes = [t for t in self._expected if t.startswith("close")]
        self._expected = []
        received = []
        while len(received) < len(messages):
            try:
                received += [json.loads(m) for m in self._client.receive().splitlines()]
            except (Closed, TimeoutError) as end:
                raise Mismatch(f"{end} after {received}, expected {messages}") from end
        expected = [json.loads(m) for m in messages]
        for is_push in (False, True):
            want = [m for m in expected if ("push" in m) == is_push]
            got = [m for m in received if ("push" in m) == is_push]
            if len(want) != len(got):
                raise Mismatch(f"received {received}, expected {expected}")
            for one, other in zip(got, want):
                self._compare(one, other)
        self._check_subscribe_first(received)
        if closes:
            self._expect_close(closes[0])

    def _check_subscribe_first(self, received):
        kinds = ["subscribe" if "subscribe" in m else "push" if "push" in m else "other" for m in received]
        if "subscribe" in kinds and "push" in kinds[: kinds.index("subscribe")]:
            raise Mismatch(f"a publication came before the reply to subscribe: {received}")

    def _expect_close(self, text):
        _, code, *reason = text.split(" ")
        try:
            extra = self._client.receive()
        except Closed as closed:
            self._ended = True
            wanted = (int(code), " ".join(reason))
            if closed.code != wanted[0] or (wanted[1] and closed.reason != wanted[1]):
                raise Mismatch(f"{closed}, expected {wanted}") from closed
            return
        raise Mismatch(f"received {extra!r}, expected {text}")

    def _fence(self):
        """Nothing more was sent than what was expected."""
        self._client.send_text(f'{{"id":{FENCE},"unsubscribe":{{"channel":"never"}}}}')
        self._compare(json.loads(self._client.receive()), {"id": FENCE, "unsubscribe": {}})

    def _outgoing(self, text):
        parts = []
        for part in text.split("\\n"):
            try:
                value = json.loads(part)
            except ValueError:
                parts.append(part)
                continue
            parts.append(json.dumps(self._filled(value), ensure_ascii=False, separators=(",", ":")))
        return "\n".join(parts)

    def _filled(self, value):
        if isinstance(value, dict):
            if "$jwt" in value:
                return jwt.sign(self._filled(value["$jwt"]))
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, str):
            if value in self._bound:
                return self._bound[value]
            if value.startswith("$in:"):
                return int(time.time()) + int(value[4:])
            if value.startswith("$x*"):
                return "x" * int(value[3:])
        return value

    def _compare(self, got, want):
        if not self._matches(got, want):
            shown = json.dumps(want)
            for name, value in self._bound.items():
                shown = shown.replace(name, value)
            raise Mismatch(f"received {json.dumps(got)}\n     expected {shown}")

    def _matches(self, got, want):
        if isinstance(want, dict):
            if not isinstance(got, dict):
                return False
            want = {self._bound.get(key, key): value for key, value in want.items()}
            return got.keys() == want.keys() and all(self._matches(got[k], v) for k, v in want.items())
        if isinstance(want, list):
            same = isinstance(got, list) and len(got) == len(want)
            return same and all(self._matches(g, w) for g, w in zip(got, want))
        if isinstance(want, str):
            if want == "$version":
                return isinstance(got, str) and got != ""
            if want in BOUND:
                return isinstance(got, str) and got != "" and self._bound.setdefault(want, got) == got
            if want.startswith("$about:"):
                return int(want[7:]) - 3 <= got <= int(want[7:])
        return type(got) is type(want) and got == want


def cases_golden(server):
    for name, steps in dialogues():
        yield name, lambda s=steps: Replay(server).run(s)
