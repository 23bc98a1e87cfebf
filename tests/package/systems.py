"""Systems to install into: a copy of this one, and one that holds next to nothing."""
import os
import pathlib
import shutil
import subprocess

from assertions import check


def run(*command, code=0, **options):
    """Standard output of a command that ends with this code."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **options)
    check(done.returncode == code, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


class System:
    """A folder that is the root of what runs in it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def run(self, *command, code=0):
        return run("chroot", self.root, *command, code=code)

    def start(self, *command, user=None):
        """A program that goes on."""
        as_user = ["--userspec", user] if user else []
        return subprocess.Popen(["chroot", *as_user, str(self.root), *command], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={"PATH": os.environ["PATH"]})


class Copy(System):
    """This system, to be written to: what is written is in memory, and nobody else sees it."""

    def __init__(self, folder):
        layers = folder / "layers"
        layers.mkdir()
        run("mount", "-t", "tmpfs", "tmpfs", layers)
        for name in ("upper", "work", "root"):
            (layers / name).mkdir()
        self.written = layers / "upper"
        super().__init__(layers / "root")
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={self.written},workdir={layers}/work",
            self.root)
        run("mount", "-t", "proc", "proc", self.path("/proc"))
        run("mount", "--bind", "/dev", self.path("/dev"))
        # As in a container: no service is started or stopped.
        run("mount", "-t", "tmpfs", "tmpfs", self.path("/run"))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        run("umount", "--recursive", self.root)
        run("umount", self.written.parent)


class Bare(System):
    """A folder with a binary and the libraries that it needs."""

    def __init__(self, folder, binary):
        super().__init__(folder)
        shutil.copy(binary, self.path("/tidemill"))
        self.libraries = []
        for line in run("ldd", binary).splitlines():
            paths = [word for word in line.split() if word.startswith("/")]
            for path in paths:
                self.path(path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, self.path(path))
                self.libraries.append(os.path.basename(path))
