"""The systemd unit and the container file."""
import os
import re
import socket
import subprocess
import urllib.request

from assertions import check, equal, eventually
from packages import PACKAGING
from seccomp import allowed_calls, confinement
from systems import run

UNIT = PACKAGING / "systemd/tidemill.service"
EXPOSURE_MAX = 15  # tenths; systemd calls up to 19 "OK" and below 10 "SAFE"


def settings(name):
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_unit(made, folder):
    """systemd takes the unit, and finds little exposed"""
    binary = folder / "usr/bin/tidemill"
    binary.parent.mkdir(parents=True)
    run("dpkg-deb", "--extract", made["old"], folder)
    checked = folder / "tidemill.service"
    checked.write_text(UNIT.read_text(encoding="utf-8").replace("/usr/bin/tidemill", str(binary)), encoding="utf-8")
    equal(run("systemd-analyze", "verify", "--man=no", checked), "")
    out = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", checked)
    check("Overall exposure level" in out, out)


def test_system_calls(binary, made, folder):
    """the server does all its work with the system calls that the unit allows, and the filter does refuse others"""
    confine = confinement(allowed_calls(settings("SystemCallFilter")))
    refused = subprocess.run(["chroot", "/", "true"], preexec_fn=confine, capture_output=True, text=True)
    check(refused.returncode != 0 and "Operation not permitted" in refused.stderr, refused)
    log = open(folder / "log", "w+", encoding="utf-8")
    address = "127.0.0.1:8002"
    server = subprocess.Popen([binary, "serve", "--dev", "--http_server.listen", address, "--log.level", "debug"],
                              preexec_fn=confine, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    try:
        url = ["--url", f"http://{address}"]
        eventually(lambda: subprocess.run([binary, "info", *url], capture_output=True).returncode == 0, "it serves")
        with subprocess.Popen([binary, "tail", "demo:chat", *url], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as tail:
            check("demo:chat" in tail.stderr.readline(), "tail follows")
            check("published" in run(binary, "publish", "demo:chat", '"hello"', *url), "publish")
            check("hello" in tail.stdout.readline(), "it came")
            tail.terminate()
        metrics = urllib.request.urlopen(f"http://{address}/metrics", timeout=10).read().decode()
        check("process_open_fds" in metrics, metrics[:200])
        server.send_signal(1)
        eventually(lambda: "server.reload" in (folder / "log").read_text(encoding="utf-8"), "it reloads")
    finally:
        server.terminate()
    equal(server.wait(20), 0)


def test_notifies(binary, folder):
    """the server tells systemd, as the unit has it, when it listens and when it stops"""
    equal(settings("Type"), ["notify"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "manager"))
        manager.settimeout(20)
        server = subprocess.Popen([binary, "serve", "--http_server.listen", "127.0.0.1:8003"], stderr=subprocess.DEVNULL,
                                  env={"NOTIFY_SOCKET": str(folder / "manager")})
        equal(manager.recv(100), b"READY=1")
        with socket.create_connection(("127.0.0.1", 8003), 5):
            server.terminate()
            equal(manager.recv(100), b"STOPPING=1")
        equal(server.wait(20), 0)


def test_reload_needs_no_package():
    """what the unit runs is the server's own or of every Debian"""
    for command in settings("Exec\\w+"):
        check(command.split()[0] in ("/usr/bin/tidemill", "/bin/sh"), command)


def test_exit_code_of_bad_settings(binary, folder):
    """the code that systemd is not to start again for is that of wrong settings"""
    bad = folder / "bad.toml"
    bad.write_text("nonsense = 1\n", encoding="utf-8")
    done = subprocess.run([binary, "serve", "--config", bad], capture_output=True, timeout=20)
    equal([str(done.returncode)], settings("RestartPreventExitStatus"))


def test_stop_timeout(binary):
    """systemd waits longer than the server takes to drain"""
    shown = run(binary, "config", "default")
    seconds = int(re.search(r'\[shutdown\][^\[]*?timeout = "(\d+)s"', shown, re.DOTALL)[1])
    check(int(settings("TimeoutStopSec")[0]) > seconds, f"shutdown.timeout is {seconds} s")


def test_container_file():
    """hadolint finds nothing in the container file, and it names what there is"""
    dockerfile = PACKAGING / "Dockerfile"
    run(os.environ["HADOLINT"], dockerfile)
    text = dockerfile.read_text(encoding="utf-8")
    for command in re.findall(r"^RUN \./dev (\w+)", text, re.MULTILINE):
        check(re.search(rf"^  {command} ", run(PACKAGING.parent / "dev", "help"), re.MULTILINE), command)
