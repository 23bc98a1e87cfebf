"""A project: a folder of .sql files, and the commands for it."""
import json
import os
import pathlib
import subprocess

from assertions import check


class Project:
    """`options` are settings that each command gets."""

    def __init__(self, binary, folder, *options):
        self._binary = binary
        self.folder = pathlib.Path(folder)
        self.queries = self.folder / "queries"
        self._options = options
        self.queries.mkdir(parents=True, exist_ok=True)

    def write(self, name, text):
        path = self.queries / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def remove(self, name):
        (self.queries / name).unlink()

    def start(self, *words):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEMILL_")}
        return subprocess.Popen([self._binary, *words, *self._options], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
                                env=environment)

    def run(self, *words):
        """What it prints, of a command that must succeed."""
        process = self.start(*words)
        out, errors = process.communicate(timeout=120)
        check(process.returncode == 0, f"{' '.join(words)}: {process.returncode}\n{out}{errors}")
        return out

    def fails(self, *words):
        """What it says on standard error, of a command that must fail."""
        process = self.start(*words)
        out, errors = process.communicate(timeout=120)
        check(process.returncode == 1, f"{' '.join(words)}: {process.returncode}\n{out}{errors}")
        return errors

    def migrations(self):
        process = self.start("migrate", "status", "--json")
        out, errors = process.communicate(timeout=60)
        if process.returncode != 0 and "does not exist" in errors + out or "no such file" in errors.lower():
            return []
        check(process.returncode == 0, errors)
        return json.loads(out)["migrations"]
