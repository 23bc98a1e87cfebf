"""Files: what comes in, where it lies, who gets it, and what becomes of what nobody needs."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import socket
import struct
import threading
import time
import urllib.parse
import zlib

from assertions import WAIT_SECONDS, check, equal, eventually
from chat import GENEROUS, Person, Refused, refused, serving, storages
from postgres_server import free_port

LIMIT = 300_000
OPTIONS = (*GENEROUS, f"--chat.uploads.file_bytes_max={LIMIT}")


def png(width=8, height=4, behind=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x20\x80\xd0" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"") + behind)


def upload_path(room, name):
    return f"/rooms/{room['id']}/files?" + urllib.parse.urlencode({"name": name})


def upload(person, room, body, name="a.bin", headers=None):
    """The attachment; raises what refuses it."""
    sent = {"Authorization": f"Bearer {person.token}", **(headers or {})}
    status, answer = person.request("POST", upload_path(room, name), body, sent)
    if status >= 400:
        raise Refused(status, answer["error"])
    equal(status, 201)
    return answer["attachment"]


def fetch(person, url, method="GET", **headers):
    """Status, headers in lower case, bytes; on a connection of its own."""
    connection = http.client.HTTPConnection(person._address, timeout=WAIT_SECONDS)
    connection.request(method, url, headers={"Authorization": f"Bearer {person.token}", **headers})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def attach(person, room, *attachments):
    return person.send(room, attachment_ids=[each["id"] for each in attachments])


def files_of(folder):
    """Every file below, without its folder."""
    return sorted(path.relative_to(folder).as_posix() for path in pathlib.Path(folder).rglob("*") if path.is_file())


class Raw:
    """A connection of which the test says every byte."""

    def __init__(self, server, person, room, length, more=""):
        host, port = server.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=WAIT_SECONDS)
        self._file = self.socket.makefile("rb")
        framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        self.say(f"POST /chat/v1{upload_path(room, 'raw.bin')} HTTP/1.1\r\nHost: {server.address}\r\n"
                 f"Authorization: Bearer {person.token}\r\n{framing}\r\n{more}\r\n")

    def say(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def answer(self):
        """Status and body of the next response."""
        status = int(self._file.readline().split()[1])
        headers = dict(iter(lambda: self._file.readline().decode().strip().partition(": ")[::2], ("", "")))
        return status, self._file.read(int(headers.get("Content-Length", 0)))

    def close(self):
        self.socket.close()


def for_each_database(name, *options):
    """A test that gets the server and the folder of its files."""
    def decorate(test):
        def cases(binary, folder):
            with storages(folder) as both:
                for database, storage in both.items():
                    place = f"{folder}/{name}-{database}"

                    def run(storage=storage, place=place):
                        with serving(binary, storage, *OPTIONS, f"--chat.uploads.folder={place}", *options) as server:
                            test(server, place)
                    yield database, run
        cases.__doc__, cases.__name__ = test.__doc__, "cases_" + name
        return cases
    return decorate


@for_each_database("corpus")
def cases_corpus(server, place):
    """each file of a corpus is what its bytes are, and is shown only where it can do nothing"""
    ada = Person(server).here()
    room = ada.make_room()
    html = b"<!doctype html><script>alert(1)</script>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
    corpus = (
        # name, what is declared, bytes, its type, whether a page may show it
        ("photo.png", "image/png", png(), "image/png", True),
        ("photo.html", "text/html", png(), "image/png", True),
        ("page.png", "image/png", html, "text/plain", False),
        ("page.html", "text/html", html, "text/plain", False),
        ("drawing.svg", "image/svg+xml", svg, "text/plain", False),
        ("drawing.svg", "image/svg+xml", b'<?xml version="1.0"?>' + svg, "text/plain", False),
        ("both.png", "text/html", png(behind=html), "image/png", True),
        ("script.gif", "text/javascript", b"GIF89a=1;alert(1)//", "application/octet-stream", False),
        ("script.js", "text/javascript", b"alert(1)", "text/plain", False),
        ("bomb.png", "image/png", png()[:16] + struct.pack(">II", 60_000, 60_000) + png()[24:], "application/octet-stream", False),
        ("cut.png", "image/png", png()[:12], "application/octet-stream", False),
        ("mail.pdf", "image/png", b"%PDF-1.7\n<script>", "application/pdf", False),
        ("a.zip", "image/png", b"PK\x03\x04" + bytes(100), "application/zip", False),
        ("clip.mp4", "image/png", b"\0\0\0\x18ftypmp42" + bytes(100), "video/mp4", False),
        ("noise", "image/png", bytes(range(256)), "application/octet-stream", False),
        ("x.html\r\nSet-Cookie: a=b", "text/html", b"\xef\xbb\xbf<html>", "text/plain", False),
    )
    kept = []
    for name, declared, data, wanted, shown in corpus:
        attachment = upload(ada, room, data, name, {"Content-Type": declared})
        equal((name, attachment["type"], attachment["size"]), (name, wanted, len(data)))
        equal((name, "width" in attachment), (name, shown))
        kept.append(attachment)
        status, headers, body = fetch(ada, attachment["url"])
        equal((name, status, body), (name, 200, data))
        equal(headers["content-type"].split(";")[0], wanted)
        equal((name, headers["content-disposition"].split(";")[0]), (name, "inline" if shown else "attachment"))
        equal(headers["x-content-type-options"], "nosniff")
        equal(headers["content-security-policy"], "sandbox; default-src 'none'")
        equal(headers["cache-control"], "private, no-cache")
        check("set-cookie" not in headers, headers)
    for at in range(0, len(kept), 10):
        message = attach(ada, room, *kept[at:at + 10])
        equal([each["id"] for each in message["attachments"]], [each["id"] for each in kept[at:at + 10]])
    equal(len(files_of(place)), len(corpus))


@for_each_database("names")
def cases_names(server, place):
    """no name leads out of the folder, turns around, or is longer than it may be"""
    ada = Person(server).here()
    room = ada.make_room()
    for given, wanted in (("../../../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), ("/etc/shadow", "shadow"), ("..", "file"),
                          ("a\0b.txt", "ab.txt"), ("photo\u202egpj.exe", "photogpj.exe"), ("שלום.pdf", "שלום.pdf"), ("отчёт 1.txt", "отчёт 1.txt"),
                          ("a" * 300 + ".pdf", "a" * 251 + ".pdf"), ("\u20ac" * 300, "\u20ac" * 85), ('q"u\\o;t.txt', "o;t.txt"), ("100%.txt", "100%.txt")):
        attachment = upload(ada, room, b"text", given)
        equal(attachment["name"], wanted)
        status, headers, _ = fetch(ada, attachment["url"])
        equal(status, 200)
        encoded = headers["content-disposition"].split("filename*=UTF-8''")[1]
        equal(urllib.parse.unquote(encoded), wanted)
    for each in files_of(place):
        check(len(each) == 35 and set(each.replace("/", "")) <= set("0123456789abcdef"), each)
    for path in ("/chat/v1/files/..%2f..%2fetc%2fpasswd/x", "/chat/v1/files/../../etc/passwd", "/chat/v1/files/0/x", "/chat/v1/files/-1/x",
                 "/chat/v1/files/99999999999999999999/x", "/chat/v1/files/%00/x"):
        equal((path, fetch(ada, path)[0]), (path, 404))


@for_each_database("lengths")
def cases_lengths(server, place):
    """of the right length, of the wrong one, of none, over the limit by one byte, in chunks, cut in the middle"""
    ada = Person(server).here()
    room = ada.make_room()
    equal(upload(ada, room, b"x" * LIMIT)["size"], LIMIT)
    equal(refused(lambda: upload(ada, room, b"x" * (LIMIT + 1)), 413, "too_long")["field"], "body")
    refused(lambda: upload(ada, room, b""), 400, "invalid", "body", "empty")
    equal(ada.get("/sync")["limits"]["upload_bytes_max"], LIMIT)

    def chunked(data):
        raw = Raw(server, ada, room, None)
        for at in range(0, len(data), 100_000):
            piece = data[at:at + 100_000]
            raw.say(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        raw.say("0\r\n\r\n")
        return raw
    raw = chunked(b"y" * LIMIT)
    equal(raw.answer()[0], 201)
    # The connection serves on.
    raw.say(f"GET /chat/v1/sync HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {ada.token}\r\n\r\n")
    equal(raw.answer()[0], 200)
    raw.close()
    raw = chunked(b"y" * (LIMIT + 1))
    status, body = raw.answer()
    equal((status, json.loads(body)["error"]["code"]), (413, "too_long"))
    raw.close()
    raw = Raw(server, ada, room, None)
    raw.say("5\r\nabcdeXX")
    equal(raw.answer()[0], 400)
    raw.close()

    # More than was said is another request, and no good one.
    raw = Raw(server, ada, room, 3)
    raw.say(b"abc\0def")
    equal(raw.answer()[0], 201)
    equal(raw.answer()[0], 400)
    raw.close()
    equal(len(files_of(place)), 3)
    raw = Raw(server, ada, room, 1000)
    raw.say("abc")
    eventually(lambda: len(files_of(f"{place}/drafts")) == 1, "it is being written")
    raw.close()
    eventually(lambda: files_of(f"{place}/drafts") == [], "what was cut is gone")
    equal(len(files_of(place)), 3)


@for_each_database("slow", "--http_server.body_timeout=5s", "--chat.uploads.concurrent_max=60", "--chat.uploads.concurrent_per_user_max=2")
def cases_slow(server, place):
    """a hundred slow uploads hold up nobody else, and end"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    people = [Person(server).here() for _ in range(50)]
    ada.post(f"/rooms/{room['id']}/members", {"user_ids": [each.id for each in people]})
    slow = [Raw(server, people[number % 50], room, LIMIT) for number in range(100)]
    for each in slow:
        each.say("a")
    eventually(lambda: len(files_of(f"{place}/drafts")) == 60, "sixty are let in")
    memory = server.rss_bytes()
    longest = 0.0
    for number in range(30):
        began = time.monotonic()
        ada.send(room, f"beside {number}")
        equal(bob.get(f"/rooms/{room['id']}/messages", limit=1)["messages"][0]["text"], f"beside {number}")
        longest = max(longest, time.monotonic() - began)
        for each in slow[:5]:
            try:
                each.say("a")
            except OSError:
                pass
    check(longest < 4, f"a message took {longest:.1f} s")
    check(server.rss_bytes() - memory < 50 << 20, "memory")
    statuses = [each.answer()[0] for each in slow]
    check(statuses.count(408) >= 60 and statuses.count(408) + statuses.count(503) == 100, statuses)
    for each in slow:
        each.close()
    eventually(lambda: files_of(f"{place}/drafts") == [], "all are gone")
    equal(upload(ada, room, b"afterwards")["size"], 10)


@for_each_database("per_user", "--chat.uploads.concurrent_per_user_max=2")
def cases_per_user(server, place):
    """one user has so many uploads under way, and another is not held up by them"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    held = [Raw(server, ada, room, 100) for _ in range(2)]
    for each in held:
        each.say("a")
    eventually(lambda: len(files_of(f"{place}/drafts")) == 2, "two are under way")
    check(refused(lambda: upload(ada, room, b"x"), 429, "rate_limited")["retry_after_ms"] > 0, "when to try again")
    upload(bob, room, b"x")
    held[0].say("a" * 99)
    equal(held[0].answer()[0], 201)
    upload(ada, room, b"x")
    for each in held:
        each.close()


@for_each_database("permission")
def cases_permission(server, place):
    """who may not post may not upload, and a room's files are not there for others"""
    ada, bob, eve, guest = Person(server).here(), Person(server).here(), Person(server).here(), Person(server, role="guest").here()
    private = ada.make_room(bob, private=True)
    ada.patch(f"/rooms/{private['id']}/members/{bob.id}", {"role": "readonly"})
    refused(lambda: upload(bob, private, b"x"), 403, "forbidden")
    refused(lambda: upload(eve, private, b"x"), 404, "not_found")
    refused(lambda: upload(guest, private, b"x"), 404, "not_found")
    refused(lambda: upload(ada, {"id": "123"}, b"x"), 404, "not_found")
    refused(lambda: upload(ada, {"id": "abc"}, b"x"), 400, "invalid", "room_id")
    refused(lambda: upload(ada, private, b"x", ""), 400, "invalid", "name")
    # Nothing of a body is taken before: who may not is answered on the head.
    raw = Raw(server, eve, private, LIMIT)
    equal(raw.answer()[0], 404)
    raw.close()
    equal(files_of(f"{place}/drafts"), [])
    status, answer = ada.request("POST", upload_path(private, "a"), b"x", {})
    equal((status, answer["error"]["code"]), (401, "unauthenticated"))

    attachment = upload(ada, private, png(), "secret.png")
    url = attachment["url"]
    equal(fetch(ada, url)[0], 200)
    equal(fetch(bob, url)[0], 404)  # it is in no message yet
    for other in (bob, eve):
        refused(lambda other=other: other.send(private if other is bob else other.make_room(), attachment_ids=[attachment["id"]]),
                403 if other is bob else 404, "forbidden" if other is bob else "not_found")
    elsewhere = ada.make_room()
    refused(lambda: attach(ada, elsewhere, attachment), 404, "not_found", "attachment_ids")
    message = attach(ada, private, attachment)
    refused(lambda: attach(ada, private, attachment), 409, "conflict", "attachment_ids")
    equal([fetch(each, url)[0] for each in (ada, bob, eve, guest)], [200, 200, 404, 404])
    equal(fetch(eve, url, **{"If-None-Match": f'"{attachment["id"]}"'})[0], 404)
    equal(fetch(ada, url, "HEAD", Authorization="Bearer nonsense")[0], 401)
    refused(lambda: ada.delete(f"/files/{attachment['id']}"), 404, "not_found")  # it is in a message
    ada.delete(f"/rooms/{private['id']}/members/{bob.id}")
    equal(fetch(bob, url)[0], 404)
    ada.delete(f"/messages/{message['id']}")
    equal(fetch(ada, url)[0], 404)

    unwanted = upload(ada, elsewhere, b"unwanted")
    refused(lambda: bob.delete(f"/files/{unwanted['id']}"), 404, "not_found")
    before = len(files_of(place))
    ada.delete(f"/files/{unwanted['id']}")
    equal(len(files_of(place)), before - 1)
    refused(lambda: attach(ada, elsewhere, unwanted), 404, "not_found")


@for_each_database("ranges")
def cases_ranges(server, _place):
    """parts of a file, HEAD, and what a client has already"""
    ada = Person(server).here()
    room = ada.make_room()
    data = bytes(number * 7 % 251 for number in range(LIMIT))
    attachment = upload(ada, room, data, "long.bin")
    url, tag = attachment["url"], f'"{attachment["id"]}"'
    status, headers, body = fetch(ada, url, "HEAD")
    equal((status, headers["content-length"], headers["accept-ranges"], headers["etag"], body), (200, str(LIMIT), "bytes", tag, b""))
    for asked, first, end in (("0-0", 0, 1), ("5-9", 5, 10), ("299990-", 299_990, LIMIT), ("-10", 299_990, LIMIT), ("1000-999999", 1000, LIMIT),
                              ("131000-270000", 131_000, 270_001)):
        status, headers, body = fetch(ada, url, Range=f"bytes={asked}")
        equal((asked, status, body == data[first:end]), (asked, 206, True))
        equal(headers["content-range"], f"bytes {first}-{end - 1}/{LIMIT}")
        equal(headers["x-content-type-options"], "nosniff")
    status, headers, _ = fetch(ada, url, Range=f"bytes={LIMIT}-")
    equal((status, headers["content-range"]), (416, f"bytes */{LIMIT}"))
    for asked in ("bytes=0-1,5-6", "bytes=9-5", "lines=1-2"):
        equal(fetch(ada, url, Range=asked)[0], 200)
    equal(fetch(ada, url, **{"If-None-Match": tag})[::2], (304, b""))
    equal(fetch(ada, url, **{"If-None-Match": '"1"'})[0], 200)
    equal(fetch(ada, url, **{"If-Range": '"1"', "Range": "bytes=0-1"})[0], 200)
    equal(fetch(ada, url, **{"If-Range": tag, "Range": "bytes=0-1"})[0], 206)
    # A reader that goes in the middle, and one connection for many.
    raw = Raw(server, ada, room, 1)
    raw.say("x")
    equal(raw.answer()[0], 201)
    for _ in range(3):
        raw.say(f"GET {url} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {ada.token}\r\n\r\n")
        equal(raw.answer(), (200, data))
    raw.say(f"GET {url} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {ada.token}\r\n\r\n")
    raw.close()
    equal(fetch(ada, url)[2], data)


@for_each_database("quota", "--chat.uploads.user_bytes_max=20000", "--chat.uploads.total_bytes_max=35000")
def cases_quota(server, place):
    """a user's quota and that of all, with many uploads at once, and given back"""
    ada, bob = Person(server).here(), Person(server).here()
    room = ada.make_room(bob)
    small = [upload(ada, room, b"x") for _ in range(4)]
    refused(lambda: upload(ada, room, b"x"), 413, "quota_exceeded")  # each takes a block of the disk
    for each in small:
        ada.delete(f"/files/{each['id']}")
    first = upload(ada, room, b"x" * 12000)
    refused(lambda: upload(ada, room, b"x" * 8001), 413, "quota_exceeded")
    message = attach(ada, room, upload(ada, room, b"x" * 8000))
    refused(lambda: upload(ada, room, b"x"), 413, "quota_exceeded")
    upload(bob, room, b"x" * 15000)
    refused(lambda: upload(bob, room, b"x"), 507, "storage_full")
    ada.delete(f"/files/{first['id']}")
    equal(len(message["attachments"]), 1)

    # Four at once, which are there before any of them is kept: two fit beside the 8,000 bytes that are.
    held = [Raw(server, ada, room, 5000) for _ in range(4)]
    for each in held:
        each.say("a" * 4999)
    eventually(lambda: len(files_of(f"{place}/drafts")) == 2, "two are let in")
    statuses = []
    for each in held:
        each.say("a")
        statuses.append(each.answer()[0])
        each.close()
    equal(sorted(statuses), [201, 201, 413, 413])
    equal(len(files_of(place)), 4)


@for_each_database("unused", "--chat.uploads.unused_ttl=5s")
def cases_unused(server, place):
    """what is not sent goes after its time, what is sent stays, and what was deleted goes"""
    ada = Person(server).here()
    room, other = ada.make_room(), ada.make_room()
    sent, doomed = upload(ada, room, b"sent"), upload(ada, room, b"deleted")
    attach(ada, room, sent)
    message = attach(ada, room, doomed)
    of_room = upload(ada, other, b"of a room")
    attach(ada, other, of_room)
    unused = upload(ada, room, b"unused")
    equal(len(files_of(place)), 4)
    ada.delete(f"/messages/{message['id']}")
    eventually(lambda: len(files_of(place)) == 2, "the unused one and the deleted one are gone")
    refused(lambda: attach(ada, room, unused), 404, "not_found")
    equal(fetch(ada, sent["url"])[2], b"sent")
    equal(fetch(ada, of_room["url"])[2], b"of a room")
    equal(fetch(ada, unused["url"])[0], 404)
    ada.delete(f"/rooms/{other['id']}")
    equal(fetch(ada, of_room["url"])[0], 404)


def kill_and_look(binary, storage, place):
    address = f"127.0.0.1:{free_port()}"
    options = (f"--http_server.listen={address}", f"--chat.uploads.folder={place}", *OPTIONS, "--chat.uploads.concurrent_per_user_max=50")
    ada = Person(None, "ada", address=address)
    acknowledged, stop = {}, threading.Event()

    def uploading(number):
        person = Person(None, "ada", address=address)
        count = 0
        while not stop.is_set():
            count += 1
            data = f"{number}/{count} ".encode() * 5_000
            try:
                attachment = upload(person, room, data)
                acknowledged[attachment["url"]] = data
            except Refused as refusal:
                check(refusal.status in (429, 503), refusal)
            except (OSError, http.client.HTTPException):
                person.close()
                time.sleep(0.05)
        person.close()

    with serving(binary, storage, *options) as server:
        ada.here()
        room = ada.make_room()
        half = Raw(server, ada, room, 1000)
        half.say("half")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            tasks = [pool.submit(uploading, number) for number in range(6)]
            eventually(lambda: len(acknowledged) > 30, "some are acknowledged")
            server.kill()
            stop.set()
        for task in tasks:
            task.result()
        half.close()
        ada.close()
    drafts = files_of(f"{place}/drafts")
    check(drafts, "it was killed while something was written")
    with serving(binary, storage, *options):
        for url, data in acknowledged.items():
            equal(fetch(ada, url)[::2], (200, data))
        ids = [url.split("/")[4] for url in acknowledged]
        ada.send(room, attachment_ids=ids[:10])
        page = ada.get(f"/rooms/{room['id']}/messages", limit=100)["messages"]
        equal([len(each["attachments"]) for each in page if each["attachments"]], [10])
        # Those of another process: they go when they are old.
        equal(files_of(f"{place}/drafts"), drafts)
        for each in drafts:
            os.utime(f"{place}/drafts/{each}", (0, 0))
        ada.close()
    with serving(binary, storage, *options, "--chat.uploads.unused_ttl=2s"):
        eventually(lambda: files_of(f"{place}/drafts") == [], "what was cut is gone")
        eventually(lambda: len(files_of(place)) == 10, "and all that is in no message")
        for url in list(acknowledged)[:10]:
            equal(fetch(ada, url)[::2], (200, acknowledged[url]))
        ada.close()


def cases_killed(binary, folder):
    """kill -9 in the middle: what was acknowledged is there whole, and nothing else is left"""
    with storages(folder) as both:
        for name, storage in both.items():
            yield name, lambda storage=storage, name=name: kill_and_look(binary, storage, f"{folder}/killed-{name}")


def test_folders(binary, folder):
    """beside the database unless told otherwise; off when told so; a folder that cannot be had is named"""
    storage = (f"--storage.sqlite.path={folder}/chat.db",)
    with serving(binary, storage) as server:
        ada = Person(server).here()
        room = ada.make_room()
        upload(ada, room, b"beside")
        equal(len(files_of(f"{folder}/chat.db-uploads")), 1)
        equal(os.stat(f"{folder}/chat.db-uploads").st_mode & 0o777, 0o700)
        equal(ada.get("/sync")["limits"]["upload_bytes_max"], 25 << 20)
    with serving(binary, storage, *GENEROUS, "--chat.uploads.file_bytes_max=0") as server:
        ada = Person(server).here()
        equal(ada.get("/sync")["limits"]["upload_bytes_max"], 0)
        equal(fetch(ada, "/chat/v1/files/1/a")[0], 404)
    pathlib.Path(f"{folder}/plain").write_text("no folder", encoding="ascii")
    try:
        with serving(binary, storage, *GENEROUS, f"--chat.uploads.folder={folder}/plain"):
            raise AssertionError("it started")
    except RuntimeError as error:
        check("chat.uploads.folder" in str(error) and f"{folder}/plain" in str(error), error)


def test_cookies_need_own_page(binary, folder):
    """an upload that a browser's session speaks for comes from a page of our own"""
    with serving(binary, (f"--storage.sqlite.path={folder}/chat.db",), *GENEROUS, "--accounts.enabled=true") as server:
        host = server.address
        status, _, body = server.request("POST", "/chat/v1/rooms/1/files?name=a", b"x",
                                         {"Cookie": "tidemill_session=nonsense", "Origin": "https://evil.example", "Host": host})
        equal((status, json.loads(body)["error"]["code"]), (403, "forbidden"))
