"""The packages of the binary, made once."""
import pathlib
import tempfile

from network import bring_loopback_up
from runner import fixture
from systems import run

PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"


def make_deb(binary, folder, version):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "VERSION": version, "COMPRESSION": "-Zgzip -z1"}
    out = run(PACKAGING / "deb.sh", binary, folder, env=environment)
    return pathlib.Path(out.strip())


@fixture
def made(binary):
    """Paths by name: two versions of the Debian package, and the tarball."""
    bring_loopback_up()
    with tempfile.TemporaryDirectory(prefix="tidemill-package-") as folder:
        folder = pathlib.Path(folder)
        yield {"old": make_deb(binary, folder, "0.0.1"), "new": make_deb(binary, folder, "0.0.2"),
               "tarball": pathlib.Path(run(PACKAGING / "tarball.sh", binary, folder).strip())}
