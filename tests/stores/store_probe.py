"""The probe: our client of a database, asked line by line."""
import base64
import json
import pathlib
import subprocess

from assertions import check


def path_beside(binary):
    found = pathlib.Path(binary).resolve().parent / "store_probe"
    check(found.exists(), f"{found} is missing: the preset was built without tests")
    return str(found)


class Probe:
    """`inside`: the words of a command that runs it, such as nsenter."""

    def __init__(self, binary, dialect, where, inside=()):
        self.process = subprocess.Popen([*inside, path_beside(binary), dialect, where], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.killed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        code = self.process.wait(timeout=20)
        check(code == 0 or self.killed, f"the probe ended with {code}")

    def kill(self):
        """As kill -9 does."""
        self.killed = True
        self.process.kill()
        self.process.wait(timeout=20)

    def ask(self, sql, parameters=(), **more):
        """The answer as a text, with what it says of JSON."""
        self.process.stdin.write(json.dumps({"sql": sql, "parameters": list(parameters), **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        check(line, "the probe says nothing more")
        return line

    def run(self, sql, parameters=(), **more):
        answer = json.loads(self.ask(sql, parameters, **more))
        check("failure" not in answer, f"{sql}: {answer.get('failure')}")
        return answer

    def failure(self, sql, parameters=(), **more):
        answer = json.loads(self.ask(sql, parameters, **more))
        check("failure" in answer, f"{sql} has not failed")
        return answer["failure"]


def exact(text):
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_int=lambda digits: ("number", digits), parse_float=lambda digits: ("number", digits))


def bytes_parameter(value):
    return ["bytes", base64.b64encode(value).decode()]
