"""permessage-deflate (RFC 7692): groups 12 (kinds of data) and 13 (what the client asks for).

Each case sends messages of one size, compressed by the client one by one, whole or in fragments, and inflates
what comes back with one inflater whose window is the one agreed on.
"""

import random
import zlib

from assertions import check
from scripted_client import fragments
from websocket import BINARY, TEXT, frame

SIZES = (16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)
SHAPES = [(size, None) for size in SIZES] + [
    (8192, 256), (16384, 256), (32768, 256), (65536, 256), (131072, 256),
    (131072, 1024), (131072, 4096), (131072, 32768),
]
# Group 13: (asks for server_no_context_takeover, asks for server_max_window_bits) of each offer, in order.
OFFERS = [
    [(False, 0)],
    [(True, 0)],
    [(False, 9)],
    [(False, 15)],
    [(True, 9)],
    [(True, 15)],
    [(True, 9), (True, 0), (False, 0)],
]


def build_data():
    """Five kinds of data of 256 KiB, the same in each run; text is str."""
    rng = random.Random(7692)
    size = 262144
    words = ["".join(rng.choices("abcdefghilmnoprstuvwz", k=rng.randint(2, 11))) for _ in range(800)]
    records = ",".join(
        '{"id":%d,"name":"%s","price":%.2f,"tags":["%s","%s"]}'
        % (i, rng.choice(words), rng.random() * 100, rng.choice(words), rng.choice(words))
        for i in range(4000))
    prose = " ".join(rng.choice(words) for _ in range(50000))
    html = "".join(
        f'<li class="{rng.choice(words)}"><a href="/{rng.choice(words)}">{rng.choice(words)} – ä</a></li>\n'
        for _ in range(6000))
    rows = [bytes((x * y + rng.randint(0, 3)) & 0xFF for x in range(512)) for y in range(512)]
    return [(TEXT, records[:size]), (BINARY, b"".join(rows)), (BINARY, prose.encode()[:size]), (TEXT, html[:size]),
            (BINARY, rng.randbytes(size))]


def deflate(payload, window_bits=15):
    compressor = zlib.compressobj(6, zlib.DEFLATED, -window_bits)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def parse_agreement(answer):
    """The parameters of the server's answer; the one extension must be permessage-deflate."""
    header = answer.header("Sec-WebSocket-Extensions")
    check(header is not None, "the server declined permessage-deflate")
    name, *parameters = [part.strip() for part in header.split(";")]
    check(name == "permessage-deflate", f"agreed on {name}")
    agreed = dict(part.partition("=")[::2] for part in parameters)
    check(len(agreed) == len(parameters), "a parameter is repeated")
    known = {"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits"}
    check(set(agreed) <= known, f"parameters that were not offered: {header}")
    return agreed


def agreed_window(agreed, offers):
    """The window the server must keep to; the answer must fit one of the offers."""
    bits = int(agreed.get("server_max_window_bits", 15))
    fits = any(
        ("server_no_context_takeover" in agreed or not takeover) and (8 <= bits <= wanted if wanted else bits == 15)
        for takeover, wanted in offers)
    check(fits, f"the answer {agreed} fits none of the offers {offers}")
    return bits


def header_of(offers):
    texts = []
    for no_takeover, bits in offers:
        text = "permessage-deflate; client_max_window_bits"
        text += "; server_no_context_takeover" if no_takeover else ""
        text += f"; server_max_window_bits={bits}" if bits else ""
        texts.append(text)
    return ", ".join(texts)


def slices(kind, data, size, count):
    step = max(1, (len(data) - size) // count)
    for i in range(count):
        piece = data[i * step : i * step + size]
        yield piece.encode() if kind == TEXT else piece


def exchange(offers, kind, data, shape, quick):
    size, fragment = shape
    count = 3 if quick else max(6, min(400, 1_000_000 // size))

    def run(client):
        client.use_deflate(agreed_window(parse_agreement(client.answer), offers))
        for payload in slices(kind, data, size, count):
            squeezed = deflate(payload)
            frames = fragments(kind, squeezed, fragment, rsv=4) if fragment else [frame(kind, squeezed, rsv=4)]
            client.send(b"".join(frames))
            client.expect((kind, payload))
        client.close()

    return run


def deflate_cases(quick):
    """(id, title, offers as a header, function of a connected Client)"""
    kinds = build_data()
    for section, (kind, data) in enumerate(kinds, 1):
        for number, shape in enumerate(SHAPES, 1):
            offers = [(False, 0)]
            title = f"data {section}, {shape[0]} bytes, frames of {shape[1] or 'one'}"
            yield f"12.{section}.{number}", title, header_of(offers), exchange(offers, kind, data, shape, quick)
    kind, data = kinds[0]
    for section, offers in enumerate(OFFERS, 1):
        for number, shape in enumerate(SHAPES, 1):
            title = f"offers {offers}, {shape[0]} bytes, frames of {shape[1] or 'one'}"
            yield f"13.{section}.{number}", title, header_of(offers), exchange(offers, kind, data, shape, quick)
