"""Servers with jobs, for the tests of this folder."""
import re

from assertions import eventually
from faktory_wire import Wire
from server import Server

LISTENING = re.compile(r"jobs\.listening.*?address\"?[=:]\"?([^\s\"]+)")


class JobServer(Server):
    """A server whose jobs are kept in `folder`, or in the database of `postgres`. `before`: in front of its command."""

    checks_ready = True  # before it counts as started; not where plain HTTP is not spoken

    def __init__(self, binary, folder, *arguments, postgres="", listen="127.0.0.1:0", before=()):
        storage = f"--storage.postgres.url={postgres}" if postgres else f"--storage.sqlite.path={folder}/jobs.db"
        super().__init__(binary, "--jobs.enabled=true", f"--jobs.faktory.listen={listen}", storage, *arguments)
        self._command = [*before, *self._command]

    def _started(self):
        """Jobs are served when /ready says so."""
        return super()._started() and (not self.checks_ready or self.get("/ready")[0] == 200)

    @property
    def faktory(self):
        """host:port"""
        return eventually(lambda: LISTENING.findall(self.log()), "jobs listen")[0]

    def url(self, password=""):
        return f"tcp://{':' + password + '@' if password else ''}{self.faktory}"

    def wire(self, **options):
        return Wire(self.faktory, **options)

    def worker(self, wid, **options):
        return Wire(self.faktory, hello={"wid": wid, "hostname": "test", "pid": 1, "labels": []}, **options)
