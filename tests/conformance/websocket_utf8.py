"""The sequences of group 6: which bytes are UTF-8 (RFC 3629) and which are not."""


def bytes_of(*hexes):
    return [bytes.fromhex(text) for text in hexes]


GREEK = bytes.fromhex("cebae1bdb9cf83cebcceb5")  # "kosme" with an accent: two- and three-byte letters
CONTINUATIONS = bytes(range(0x80, 0xC0))


def starts(first, last):
    return b"".join(bytes([lead, 0x20]) for lead in range(first, last + 1))


CUT = bytes_of(
    "c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"
)

# Section: (valid, sequences). The prefixes of 6.6 and the boundaries of 6.11 are valid in part.
SECTIONS = {
    5: (True, [b"plain", "µ@ßöäüàá".encode(), GREEK, "日本語".encode(), "🌊".encode()]),
    6: (None, [GREEK[:end] for end in range(1, len(GREEK) + 1)]),
    7: (True, bytes_of("00", "c280", "e0a080", "f0908080")),
    8: (False, bytes_of("f888808080", "fc8480808080")),
    9: (True, bytes_of("7f", "dfbf", "efbfbf", "f48fbfbf")),
    10: (False, bytes_of("f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf")),
    11: (None, bytes_of("ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080")),
    12: (False, [b"\x80", b"\xbf"]
         + [(b"\x80\xbf" * 4)[:count] for count in range(2, 7)] + [CONTINUATIONS]),
    13: (False, [starts(0xC0, 0xDF), starts(0xE0, 0xEF), starts(0xF0, 0xF7), starts(0xF8, 0xFB), starts(0xFC, 0xFD)]),
    14: (False, CUT),
    15: (False, [b"".join(CUT)]),
    16: (False, bytes_of("fe", "ff", "fefeffff")),
    17: (False, bytes_of("c0af", "e080af", "f08080af", "f8808080af", "fc80808080af")),
    18: (False, bytes_of("c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf")),
    19: (False, bytes_of("c080", "e08080", "f0808080", "f880808080", "fc8080808080")),
    20: (False, bytes_of("eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf")),
    21: (False, bytes_of("eda080edb080", "eda080edbfbf", "edadbfedb080", "edadbfedbfbf",
                         "edae80edb080", "edae80edbfbf", "edafbfedb080", "edafbfedbfbf")),
    22: (True, [chr(plane << 16 | low).encode() for plane in range(17) for low in (0xFFFE, 0xFFFF)]),
    23: (True, [chr(point).encode() for point in range(0xFFF9, 0x10000)]),
}


def is_utf8(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False
