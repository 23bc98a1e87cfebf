"""What the benchmark ran on, and what else ran there meanwhile. Linux."""
import datetime
import os
import pathlib
import platform
import resource
import subprocess

HERTZ = os.sysconf("SC_CLK_TCK")
ROOT = pathlib.Path(__file__).resolve().parents[1]


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        return done.stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def processor():
    """Its name; virtual machines often hide which one it is, so that family, model and clock are said too."""
    fields = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    if "model name" not in fields:
        return "unknown"
    more = [f"{word} {fields[name]}" for word, name in (("family", "cpu family"), ("model", "model")) if name in fields]
    clock = [f"{float(fields['cpu MHz']) / 1000:.1f} GHz"] if "cpu MHz" in fields else []
    return f"{fields['model name']} ({', '.join(more + clock)})"


def facts():
    memory_kib = int(pathlib.Path("/proc/meminfo").read_text().split()[1])
    congestion = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "memory": f"{memory_kib / 2**20:.1f} GiB",
        "kernel": platform.release(),
        "tcp": congestion.read_text().strip() if congestion.exists() else "unknown",
        "compiler": first_line("clang++-19", "--version"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
    }


def raise_file_limit(needed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        raise SystemExit(f"bench: {needed} open files are needed, the hard limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))


def cpu_of(pid):
    """Seconds of user and system time of a process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / HERTZ


def kernel_network_threads():
    named = pathlib.Path("/proc").glob("[0-9]*/comm")
    return [path.parent.name for path in named if reads(path).startswith("ksoftirqd/")]


def reads(path):
    try:
        return path.read_text()
    except OSError:
        return ""


class Neighbours:
    """How much CPU processes that are not part of the run took meanwhile."""

    def __init__(self, server_pids):
        self.ours = [*server_pids, *kernel_network_threads()]
        self.begun = self.now()

    def now(self):
        fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        user, nice, system, _idle, _iowait, irq, softirq, steal = (int(f) / HERTZ for f in fields)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = sum(cpu_of(pid) for pid in self.ours) + children.ru_utime + children.ru_stime
        uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
        return user + nice + system + irq + softirq + steal - ours, uptime

    def cores(self):
        """Cores' worth of CPU that others had since the start; call when the generator has ended."""
        busy, uptime = self.now()
        return max(0.0, (busy - self.begun[0]) / max(0.01, uptime - self.begun[1]))
