"""The Debian package: what is in it, and what dpkg does with it."""
import hashlib
import json
import os
import re
import socket
import stat
import tarfile
import time

from assertions import check, equal, eventually
from packages import make_deb
from systems import Bare, Copy, run

CONFIG = "/etc/tidemill/tidemill.toml"
GLIBC_MINOR_MAX = 36  # of Debian 12
WANTED = "/etc/systemd/system/multi-user.target.wants/tidemill.service"


def test_contents(made):
    """it holds what an administrator expects, for root, and no secret; lintian finds nothing"""
    files = run("dpkg-deb", "--contents", made["old"])
    for path in ("usr/bin/tidemill", "lib/systemd/system/tidemill.service", "usr/share/man/man1/tidemill.1.gz",
                 "usr/share/bash-completion/completions/tidemill", "usr/share/zsh/vendor-completions/_tidemill",
                 "usr/share/fish/vendor_completions.d/tidemill.fish", "usr/share/doc/tidemill/copyright"):
        check(re.search(rf" root/root .*\./{re.escape(path)}$", files, re.MULTILINE), f"{path} in {files}")
    check("tidemill.toml" not in files, files)
    found = run("lintian", "--allow-root", "--fail-on", "error,warning",
                "--suppress-tags", "bogus-mail-host,bogus-mail-host-in-debian-changelog", made["old"])
    equal([line for line in found.splitlines() if not line.startswith("N:")], [])


def test_same_bytes(binary, made, folder):
    """the same binary gives the same bytes"""
    time.sleep(1)  # no time of today is in it
    digests = [hashlib.sha256(path.read_bytes()).hexdigest()
               for path in (made["old"], make_deb(binary, folder, "0.0.1"))]
    equal(digests[0], digests[1])


def left(system):
    """What is there of the package beyond dpkg's own records."""
    return [path for path in map(str, system.written.rglob("*tidemill*")) if "/var/lib/dpkg/" not in path]


def start(system):
    """The service as the unit starts it, without what systemd adds."""
    server = system.start("/usr/bin/tidemill", "serve", "--config", CONFIG, user="tidemill:tidemill")
    for line in server.stdout:
        if "server.listening" in line:
            return server
    raise AssertionError(f"the server ended with {server.wait()}")


def test_life(made, folder):
    """it installs, serves, upgrades, is removed, comes back and is purged, and the configuration is the machine's own"""
    with Copy(folder) as system:
        system.run("dpkg", "--install", made["old"])
        config = system.path(CONFIG)
        text = config.read_text(encoding="utf-8")
        facts = config.stat()
        user = system.run("getent", "passwd", "tidemill").split(":")
        equal((stat.S_IMODE(facts.st_mode), facts.st_uid, facts.st_gid), (0o640, 0, int(user[3])))
        equal(user[5:], ["/nonexistent", "/usr/sbin/nologin\n"])
        check(os.path.islink(system.path(WANTED)), "the service is enabled")

        server = start(system)
        try:
            made_token = system.run("tidemill", "token", "create", "--user", "42", "--config", CONFIG).strip()
            check("good" in system.run("tidemill", "token", "check", made_token, "--config", CONFIG), made_token)
            check("published" in system.run("tidemill", "publish", "chat:one", "1", "--config", CONFIG), "publish")
            table = system.run("tidemill", "history", "chat:one", "--config", CONFIG)
            check("\n     1" in table, table)
        finally:
            server.terminate()
        equal(server.wait(20), 0)

        config.write_text(text + "# mine\n", encoding="utf-8")
        system.run("dpkg", "--install", made["new"])
        equal((config.read_text(encoding="utf-8"), config.stat().st_mode), (text + "# mine\n", facts.st_mode))
        equal(system.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", "tidemill"), "ii 0.0.2")

        system.run("dpkg", "--remove", "tidemill")
        check(config.exists() and not system.path("/usr/bin/tidemill").exists(), "the configuration alone is left")
        system.run("dpkg", "--install", made["new"])
        equal(config.read_text(encoding="utf-8"), text + "# mine\n")
        check(os.path.islink(system.path(WANTED)), "the service is enabled again")

        system.run("dpkg", "--purge", "tidemill")
        system.run("getent", "passwd", "tidemill", code=2)
        equal([path for path in left(system) if os.path.lexists(path) and not is_whiteout(path)], [])


def is_whiteout(path):
    """How an overlay says that something is gone."""
    return stat.S_ISCHR(os.lstat(path).st_mode)


def test_secrets(made, folder):
    """two machines have different secrets; a configuration that the administrator removed stays away"""
    texts = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        with Copy(folder / name) as system:
            system.run("dpkg", "--install", made["old"])
            texts.append(system.path(CONFIG).read_text(encoding="utf-8"))
            system.path(CONFIG).unlink()
            system.run("dpkg", "--install", made["new"])
            check(not system.path(CONFIG).exists(), "it is there again")
    secrets = [re.findall(r'^(?:hmac_secret_key|key) = .*"(\w{32,})"', text, re.MULTILINE) for text in texts]
    equal([len(found) for found in secrets], [2, 2])
    check(not set(secrets[0]) & set(secrets[1]), "they share a secret")


def listens(port=8001):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_tarball(binary, made, folder):
    """the tarball's binary runs where there is nothing but its libraries; of a release, that is glibc alone"""
    with tarfile.open(made["tarball"]) as tar:
        names = tar.getnames()
        top = names[0]
        for name in ("tidemill", "LICENSE", "tidemill.service", "share/man/man1/tidemill.1"):
            check(f"{top}/{name}" in names, names)
        equal({(member.uid, member.gid) for member in tar.getmembers()}, {(0, 0)})
        tar.extractall(folder / "unpacked")
    (folder / "bare").mkdir()
    bare = Bare(folder / "bare", folder / "unpacked" / top / "tidemill")
    facts = json.loads(bare.run("/tidemill", "version", "--json"))
    equal(facts, json.loads(run(binary, "version", "--json")))
    if facts["build"] == "release":
        equal(set(bare.libraries) - {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}, set())
        asked = re.findall(r"GLIBC_2\.(\d+)", run("readelf", "-V", binary))
        check(max(map(int, asked)) <= GLIBC_MINOR_MAX, f"it asks for glibc 2.{max(map(int, asked))}")
    server = bare.start("/tidemill", "serve", "--http_server.listen", "127.0.0.1:8001", "--http_api.key", "k",
                        user="65532:65532")
    try:
        eventually(listens, "it serves")
        call = ("/tidemill", "publish", "news", "1", "--key", "k", "--url", "http://127.0.0.1:8001")
        equal(bare.run(*call), "published\n")
    finally:
        server.terminate()
    equal(server.wait(20), 0)
