"""A disk that is soon full: a tmpfs of some megabytes, mounted where no other process has it (unshare --mount), so that
the system itself says ENOSPC and EROFS."""
import contextlib
import os
import pathlib
import subprocess

from assertions import check

# Mounts, says so, and stays until its input ends.
HOLDER = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && cat >/dev/null'


@contextlib.contextmanager
def small_disk(folder, size):
    """The words in front of a command that runs where `folder`/disk is a small disk, its path there, and what is its
    root for us."""
    place = pathlib.Path(folder) / "disk"
    place.mkdir()
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    holder = subprocess.Popen(["unshare", *user, "--mount", "sh", "-c", HOLDER, "sh", str(size), str(place)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        check(holder.stdout.readline() == "mounted\n", "no tmpfs can be mounted: run as root, or allow user namespaces")
        inside = ["nsenter", f"--target={holder.pid}", *(["--user", "--preserve-credentials"] if user else []), "--mount"]
        yield inside, place, pathlib.Path(f"/proc/{holder.pid}/root{place}")
    finally:
        holder.stdin.close()
        holder.wait(timeout=20)


def free_bytes(root):
    about = os.statvfs(root)
    return about.f_bavail * about.f_frsize


def leave_free(root, wanted):
    """Fills the disk with a file, `ballast`, until so many bytes are free."""
    with open(root / "ballast", "wb", buffering=0) as file:
        while free_bytes(root) > wanted:
            file.write(b"\0" * min(65536, free_bytes(root) - wanted))
