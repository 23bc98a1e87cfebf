"""A program in some language that does with its SDK what lines of JSON on its standard input ask for.

Each line has an `id`, and so has its answer, which may come after those of later lines:

    connect {as, url, token}                a client of that name; token "": an anonymous one
    name {endpoint, params, user}           {channel}
    live {as, of, endpoint, params, everybody}
    rows {as}                               {status, rows, objects, code}: objects[i] is a number for each different object
    room {as, of, room}                     follows a room, and keeps its texts by its events alone
    texts {as}                              {status, texts, pages, gaps, code}: gaps, of versions that did not follow
    send {as, text, client_msg_id}, edit {as, message, text}, delete {as, message}, react {as, message, emoji, on}
    end {as}                                a room or a query is followed no more
"""
import json
import subprocess
import threading
from concurrent.futures import Future

from assertions import WAIT_SECONDS


class Driver:
    def __init__(self, command, folder, environment=None):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
                                         env=environment)
        self._waiting = {}
        self._count = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def post(self, do, **more):
        """A future of the answer."""
        with self._lock:
            self._count += 1
            future = self._waiting[self._count] = Future()
            self._process.stdin.write(json.dumps({"id": self._count, "do": do, **more}) + "\n")
            self._process.stdin.flush()
        return future

    def ask(self, do, **more):
        return self.post(do, **more).result(WAIT_SECONDS)

    def _read(self):
        for line in self._process.stdout:
            answer = json.loads(line)
            self._waiting.pop(answer["id"]).set_result(answer)
        for future in list(self._waiting.values()):
            future.set_exception(AssertionError(f"the driver has ended: {self._process.args}"))
