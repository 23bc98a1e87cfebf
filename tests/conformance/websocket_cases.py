"""RFC 6455, groups 1 to 7, 9 and 10; the numbering follows the Autobahn test suite's.

A case is (id, title, function of a connected Client). The function returns when the server did right.
"""

from scripted_client import close_payload, fragments
from websocket import BINARY, CLOSE, CONT, PING, PONG, TEXT, frame
from websocket_utf8 import GREEK, SECTIONS, is_utf8

HELLO = b"Hello, world!"
# How a script of frames is put on the wire: at once, frame by frame, byte by byte.
CHOPS = ("at once", "by frame", "by octet")


def play(client, frames, chop="at once"):
    if chop == "at once":
        client.send(b"".join(frames))
    else:
        for one in frames:
            client.send(one, chop=1 if chop == "by octet" else None)


def answers(frames, *events, chop="at once"):
    """A case in which nothing is wrong: these events come back, then the connection closes cleanly."""

    def run(client):
        play(client, frames, chop)
        client.expect(*events)
        client.close()

    return run


def fails(frames, code, *events, chop="at once"):
    """A case in which something is wrong: `events` first, then Close with `code` and the end."""

    def run(client):
        play(client, frames, chop)
        client.expect(*events)
        client.expect_failure(code)

    return run


def framing():
    sizes = (0, 125, 126, 127, 128, 65535, 65536)
    for section, opcode, byte in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for number, size in enumerate(sizes, 1):
            payload = byte * size
            yield f"1.{section}.{number}", f"{size} bytes", answers([frame(opcode, payload)], (opcode, payload))
        payload = byte * 65536

        def in_chops(client, opcode=opcode, payload=payload):
            client.send(frame(opcode, payload), chop=997)
            client.expect((opcode, payload))
            client.close()

        yield f"1.{section}.8", "65536 bytes in segments of 997", in_chops


def pings():
    payloads = [b"ping %d" % i for i in range(10)]
    ten = [frame(PING, payload) for payload in payloads]
    pongs = [(PONG, payload) for payload in payloads]
    raw = bytes([0, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0, 0xFF])
    full = b"\xfe" * 125
    yield "2.1", "ping without payload", answers([frame(PING)], (PONG, b""))
    yield "2.2", "ping with text", answers([frame(PING, HELLO)], (PONG, HELLO))
    yield "2.3", "ping with bytes that are no text", answers([frame(PING, raw)], (PONG, raw))
    yield "2.4", "ping of 125", answers([frame(PING, full)], (PONG, full))
    yield "2.5", "ping of 126", fails([frame(PING, full + b"\xfe")], 1002)
    yield "2.6", "ping of 125 by octet", answers([frame(PING, full)], (PONG, full), chop="by octet")
    yield "2.7", "pong without payload", answers([frame(PONG)])
    yield "2.8", "pong with payload", answers([frame(PONG, HELLO)])
    yield "2.9", "pong, then ping", answers([frame(PONG, HELLO), frame(PING, b"p")], (PONG, b"p"))
    yield "2.10", "ten pings", answers(ten, *pongs)
    yield "2.11", "ten pings by octet", answers(ten, *pongs, chop="by octet")


def reserved_bits():
    good, echo = frame(TEXT, HELLO), (TEXT, HELLO)
    yield "3.1", "RSV 1 on text", fails([frame(TEXT, HELLO, rsv=1)], 1002)
    for number, rsv, chop in ((2, 2, "at once"), (3, 3, "by frame"), (4, 4, "by octet")):
        bad = [good, frame(TEXT, HELLO, rsv=rsv), frame(PING)]
        yield f"3.{number}", f"text, then RSV {rsv}, {chop}", fails(bad, 1002, echo, chop=chop)
    yield "3.5", "RSV 5 on binary", fails([frame(BINARY, b"\xff" * 8, rsv=5)], 1002)
    yield "3.6", "RSV 6 on ping", fails([frame(PING, HELLO, rsv=6)], 1002)
    yield "3.7", "RSV 7 on close", fails([frame(CLOSE, close_payload(1000), rsv=7)], 1002)


def opcodes():
    good, echo = frame(TEXT, HELLO), (TEXT, HELLO)
    for section, first in ((1, 3), (2, 11)):
        for i in range(5):
            opcode = first + i
            payload = HELLO if i % 2 else b""
            bad = frame(opcode, payload)
            script = fails([bad], 1002) if i < 2 else fails(
                [good, bad, frame(PING)], 1002, echo, chop="by octet" if i == 4 else "at once")
            yield f"4.{section}.{i + 1}", f"reserved opcode {opcode}", script


def fragmentation():
    first, second = frame(TEXT, b"frag1", fin=False), frame(CONT, b"frag2")
    both, ping, pong = (TEXT, b"frag1frag2"), frame(PING, b"ping"), (PONG, b"ping")
    yield "5.1", "fragmented ping", fails([frame(PING, b"a", fin=False), frame(CONT, b"b")], 1002)
    yield "5.2", "fragmented pong", fails([frame(PONG, b"a", fin=False), frame(CONT, b"b")], 1002)
    for i, chop in enumerate(CHOPS):
        yield f"5.{3 + i}", f"two fragments, {chop}", answers([first, second], both, chop=chop)
        yield f"5.{6 + i}", f"ping between two, {chop}", answers([first, ping, second], pong, both, chop=chop)
        for number, fin in ((9, True), (12, False)):
            stray = [frame(CONT, b"stray", fin=fin), frame(TEXT, HELLO)]
            yield f"5.{number + i}", f"continuation of nothing, fin={fin}, {chop}", fails(stray, 1002, chop=chop)
    after = [first, second, frame(CONT, b"stray", fin=False), frame(TEXT, HELLO)]
    yield "5.15", "continuation after the end", fails(after, 1002, both)
    for number, fin in ((16, False), (17, True)):
        stray = [frame(CONT, b"stray", fin=fin), first, second] * 2
        yield f"5.{number}", f"stray continuation before a message, fin={fin}", fails(stray, 1002)
    yield "5.18", "second fragment is text", fails([first, frame(TEXT, b"frag2")], 1002)
    parts = [frame(TEXT if i == 0 else CONT, b"frag%d" % i, fin=i == 4) for i in range(5)]
    script = [parts[0], parts[1], frame(PING, b"one"), parts[2], parts[3], frame(PING, b"two"), parts[4]]
    whole = (TEXT, b"frag0frag1frag2frag3frag4")

    def pongs_at_once(client):
        play(client, script[:3])
        client.expect((PONG, b"one"))  # before the message goes on
        play(client, script[3:6])
        client.expect((PONG, b"two"))
        play(client, script[6:])
        client.expect(whole)
        client.close()

    yield "5.19", "pongs do not wait for the message's end", pongs_at_once
    yield "5.20", "pings between five fragments", answers(script, (PONG, b"one"), (PONG, b"two"), whole)


def fail_fast():
    """The server must not wait for more than the first wrong byte."""
    bad = GREEK + b"\xf4\x90\x80\x80" + b"edited"
    wrong_at = len(GREEK) + 1

    def by_fragment(cut):
        def run(client):
            client.send(frame(TEXT, bad[:cut], fin=False))
            if cut <= wrong_at:
                client.send(frame(CONT, bad[cut : cut + 3], fin=False))
            client.expect_failure(1007)

        return run

    def inside_a_frame(cut):
        def run(client):
            whole = frame(TEXT, bad)
            head = len(whole) - len(bad)
            client.send(whole[: head + len(GREEK)])
            client.send(whole[head + len(GREEK) : head + cut])
            client.expect_failure(1007)

        return run

    yield "6.4.1", "wrong byte in the second fragment", by_fragment(len(GREEK))
    yield "6.4.2", "second fragment begins with the wrong byte", by_fragment(wrong_at)
    yield "6.4.3", "wrong character whole, frame unfinished", inside_a_frame(wrong_at + 3)
    yield "6.4.4", "wrong byte last, frame unfinished", inside_a_frame(wrong_at + 1)


def utf8():
    text = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    cut = text.index("ß".encode())
    broken = GREEK + b"\xed\xa0\x80edited"
    yield "6.1.1", "empty text", answers([frame(TEXT)], (TEXT, b""))
    empties = [frame(TEXT, fin=False), frame(CONT, fin=False), frame(CONT)]
    yield "6.1.2", "three empty fragments", answers(empties, (TEXT, b""))
    middle = [empties[0], frame(CONT, b"middle", fin=False), empties[2]]
    yield "6.1.3", "two empty fragments around one", answers(middle, (TEXT, b"middle"))
    yield "6.2.1", "text of several lengths", answers([frame(TEXT, text)], (TEXT, text))
    two = [frame(TEXT, text[:cut], fin=False), frame(CONT, text[cut:])]
    yield "6.2.2", "cut between characters", answers(two, (TEXT, text))
    yield "6.2.3", "an octet per fragment", answers(fragments(TEXT, text, 1), (TEXT, text))
    yield "6.2.4", "Greek, an octet per fragment", answers(fragments(TEXT, GREEK, 1), (TEXT, GREEK))
    yield "6.3.1", "surrogate", fails([frame(TEXT, broken)], 1007)
    yield "6.3.2", "surrogate, an octet per fragment", fails(fragments(TEXT, broken, 1), 1007)
    yield from fail_fast()
    for section, (_, sequences) in SECTIONS.items():
        for number, sequence in enumerate(sequences, 1):
            script = [frame(TEXT, sequence)]
            run = answers(script, (TEXT, sequence)) if is_utf8(sequence) else fails(script, 1007)
            yield f"6.{section}.{number}", sequence.hex(" ")[:60], run


def ends_after_close(*later, before=(), events=()):
    def run(client):
        play(client, [*before, frame(CLOSE, close_payload(1000)), *later])
        client.expect(*events, (CLOSE, close_payload(1000)))
        client.expect_end()

    return run


def closes_with(payload, answer=None):
    def run(client):
        client.send(frame(CLOSE, payload))
        client.expect((CLOSE, payload[:2] if answer is None else answer))
        client.expect_end()

    return run


def closing():
    text, big = frame(TEXT, HELLO), b"*" * 262144
    yield "7.1.1", "message, then close", ends_after_close(before=[text], events=[(TEXT, HELLO)])
    yield "7.1.2", "two closes", ends_after_close(frame(CLOSE, close_payload(1000)))
    yield "7.1.3", "ping after close", ends_after_close(frame(PING))
    yield "7.1.4", "text after close", ends_after_close(text)
    yield "7.1.5", "close inside a message", ends_after_close(
        frame(CONT, b"b"), before=[frame(TEXT, b"a", fin=False)])
    yield "7.1.6", "256 KiB, close, ping", ends_after_close(
        frame(PING), before=[frame(TEXT, big)], events=[(TEXT, big)])
    yield "7.3.1", "close without payload", closes_with(b"")
    yield "7.3.2", "close of one byte", fails([frame(CLOSE, b"a")], 1002)
    yield "7.3.3", "close with a code", closes_with(close_payload(1000))
    yield "7.3.4", "close with a reason", closes_with(close_payload(1000, HELLO))
    yield "7.3.5", "longest reason", closes_with(close_payload(1000, b"*" * 123))
    yield "7.3.6", "reason too long", fails([frame(CLOSE, close_payload(1000, b"*" * 124))], 1002)
    yield "7.5.1", "reason is not UTF-8", fails([frame(CLOSE, close_payload(1000, GREEK + b"\xed\xa0\x80"))], 1007)
    allowed = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    refused = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
    for number, code in enumerate(allowed, 1):
        yield f"7.7.{number}", f"code {code}", closes_with(close_payload(code))
    for section, codes in ((9, refused), (13, (5000, 65535))):
        for number, code in enumerate(codes, 1):
            yield f"7.{section}.{number}", f"code {code}", fails([frame(CLOSE, close_payload(code))], 1002)


def large(opcode, size, fragment=None, segment=None):
    def run(client):
        payload = (b"Tidemill" if opcode == TEXT else b"\x00\xfe\xff\x80\x7f\x01\xc0\x10") * (size // 8)
        frames = fragments(opcode, payload, fragment) if fragment else [frame(opcode, payload)]
        client.send(b"".join(frames), chop=segment)
        client.expect((opcode, payload))
        client.close()

    return run


def round_trips(opcode, size):
    def run(client):
        payload = b"*" * size if opcode == TEXT else b"\xfe" * size
        data = frame(opcode, payload)
        for _ in range(1000):
            client.send(data)
            client.expect((opcode, payload))
        client.close()

    return run


def limits(quick):
    kib, mib = 1024, 1024 * 1024
    sizes = (64 * kib, 256 * kib, mib, 4 * mib, 8 * mib, 16 * mib)
    cuts = (64, 256, kib, 4 * kib, 16 * kib, 64 * kib, 256 * kib, mib, 4 * mib)
    for section, opcode in ((1, TEXT), (2, BINARY)):
        for number, size in enumerate(sizes, 1):
            if not quick or size <= mib:
                yield f"9.{section}.{number}", f"{size} bytes", large(opcode, size)
    for section, opcode in ((3, TEXT), (4, BINARY)):
        for number, cut in enumerate(cuts, 1):
            if not quick or cut in (kib, 64 * kib):
                yield f"9.{section}.{number}", f"4 MiB in frames of {cut}", large(opcode, 4 * mib, fragment=cut)
    for section, opcode in ((5, TEXT), (6, BINARY)):
        for number in range(1, 7):
            segment = 32 << number
            if not quick or number == 6:
                yield f"9.{section}.{number}", f"1 MiB in segments of {segment}", large(opcode, mib, segment=segment)
    for section, opcode in ((7, TEXT), (8, BINARY)):
        for number, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            if not quick or number == 3:
                yield f"9.{section}.{number}", f"1000 round trips of {size}", round_trips(opcode, size)


def core_cases(quick):
    for group in (framing, pings, reserved_bits, opcodes, fragmentation, utf8, closing):
        yield from group()
    yield from limits(quick)
    yield "10.1.1", "65536 bytes in frames of 1300", large(TEXT, 65536, fragment=1300)
