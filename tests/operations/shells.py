"""Completions and the manual page: what they print works in bash, zsh, fish, man and mandoc."""
import os
import pty
import re
import select
import subprocess
import time

from assertions import WAIT_SECONDS, check, equal
from node import run_command

# What is typed, and what the shell then runs.
TYPED = (
    ("tok\tcr\t--tt\t1h --inf\t42", "token create --ttl 1h --info 42"),
    ("comp\tzs\t", "completions zsh"),
    ("help tok\tch\t", "help token check"),
    ("serve --broker.ty\tre\t--d\t", "serve --broker.type redis --dev"),
    ("config check --conf\tall_sett\t", "config check --config all_settings.toml"),
    ("init all_s\t", "init all_settings.toml"),
    ("publish news --ap\tk --js\t", "publish news --api-key k --json"),
)


class Shell:
    """An interactive shell on a terminal of its own, where `tidemill` is a function that prints its arguments."""

    def __init__(self, command, start, folder):
        self._text = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
            os.execvpe(command[0], command, environment)
        self.type(start + "\necho rea''dy\n")
        self.wait("ready")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self._terminal)
        os.waitpid(self._pid, 0)

    def type(self, text):
        os.write(self._terminal, text.encode())

    def wait(self, pattern, seconds=WAIT_SECONDS):
        """Reads until the pattern has come; gives the match, and forgets what was before."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self._text)):
            ready = select.select([self._terminal], [], [], deadline - time.monotonic())[0]
            check(ready, f"{pattern} does not come: {self._text!r}")
            self._text += os.read(self._terminal, 4096).decode(errors="replace")
        self._text = self._text[found.end():]
        return found

    def settle(self, before):
        """Waits until something has come, and then nothing for a while."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self._text) == before or select.select([self._terminal], [], [], 0.15)[0]:
            check(select.select([self._terminal], [], [], deadline - time.monotonic())[0], f"stuck: {self._text!r}")
            self._text += os.read(self._terminal, 4096).decode(errors="replace")

    def run(self, typed):
        """Types as a person does, who waits for what TAB gives; gives the arguments that the command got."""
        for piece in re.split("(\t)", "tidemill " + typed):
            if piece:
                before = len(self._text)
                self.type(piece)
                self.settle(before)
        self.type("\n")
        return self.wait(r"got<([^>\r\n]*)>")[1].strip()


FUNCTION = "tidemill() { local all=\"$*\"; echo \"got\"\"<$all>\"; }"


def in_shell(binary, folder, shell, command, start):
    script = folder / f"completions.{shell}"
    code, out, error = run_command(binary, "completions", shell)
    equal((code, error), (0, ""))
    script.write_text(out, encoding="utf-8")
    (folder / "all_settings.toml").touch()
    with Shell(command, start.format(script=script) + "\n" + FUNCTION, folder) as terminal:
        for typed, wanted in TYPED:
            equal((shell, typed, terminal.run(typed).replace("=", " ")), (shell, typed, wanted))


def test_bash(binary, folder):
    """commands, options, settings, their values and files are completed in bash"""
    in_shell(binary, folder, "bash", ["bash", "--norc", "--noprofile", "-i"], "source {script}")


def test_zsh(binary, folder):
    """the same in zsh"""
    in_shell(binary, folder, "zsh", ["zsh", "-f", "-i"],
             "PS1='> '; autoload -Uz compinit; compinit -u -D; source {script}")


def test_fish(binary, folder):
    """and in fish, with descriptions"""
    script = folder / "tidemill.fish"
    script.write_text(run_command(binary, "completions", "fish")[1], encoding="utf-8")

    def complete(line):
        done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C {line!r}"], cwd=folder,
                              env={"PATH": os.environ["PATH"], "HOME": str(folder)}, capture_output=True, text=True,
                              timeout=WAIT_SECONDS)
        equal((done.returncode, done.stderr), (0, ""))
        return dict((line.split("\t") + [""])[:2] for line in done.stdout.splitlines())
    (folder / "all_settings.toml").touch()
    equal(complete("tidemill tok"), {"token": "Makes and checks tokens of clients"})
    equal(sorted(complete("tidemill help token ")), ["check", "create"])
    equal(complete("tidemill token create --t"), {"--ttl": "Valid for so long; 0s: forever"})
    equal(sorted(complete("tidemill completions ")), ["bash", "fish", "zsh"])
    check("--broker.type" in complete("tidemill serve --broker.t"), "a setting")
    check("--broker.type" not in complete("tidemill serve --"), "no setting before its first letter")
    equal(sorted(complete("tidemill serve --broker.type ")), ["memory", "redis"])
    check("all_settings.toml" in complete("tidemill serve --config all"), "a file")


def test_manual(binary, folder):
    """the manual page has no warnings, and names each command and exit code"""
    page = folder / "tidemill.1"
    code, out, error = run_command(binary, "man")
    equal((code, error, out.isascii()), (0, "", True))
    page.write_text(out, encoding="ascii")
    for command in (["groff", "-ww", "-man", "-z", "-Tutf8"], ["mandoc", "-Tlint", "-Wwarning"]):
        done = subprocess.run([*command, str(page)], capture_output=True, text=True, timeout=WAIT_SECONDS)
        equal((command, done.returncode, done.stdout + done.stderr), (command, 0, ""))
    text = subprocess.run(["mandoc", "-Tutf8", str(page)], capture_output=True, text=True, check=True).stdout
    text = re.sub(".\b", "", text)
    for name in ("serve", "token create", "publish", "history", "config check", "completions"):
        check(re.search(rf"^ +{name}$", text, re.MULTILINE), name)
    check("--api-key, --key TEXT" in text, "an option with two names")
    words = " ".join(text.split())
    check(re.search(r"EXIT STATUS 0 Done.* 1 Failed.* 2 The command line is wrong", words), "exit codes")
    check("tidemill token create --user 42 --ttl 10m --info '{\"name\":\"Ada\"}'" in text, "an example, unharmed")


def test_exit_codes(binary, folder):
    """0, 1 and 2 mean what help and manual say"""
    help_text = run_command(binary, "--help")[1]
    check(re.search(r"Exit codes:\n  0  Done.*\n  1  Failed.*\n  2  The command line is wrong, or serve", help_text),
          help_text)
    bad = folder / "bad.toml"
    bad.write_text("[client]\nnonsense = 1\n", encoding="utf-8")
    wanted = {0: (["version"], ["config", "check"], ["help"]),
              1: (["config", "check", "--config", str(bad)], ["publish", "a", "1", "--config", str(bad)],
                  ["info", "--port", "1"], ["token", "check", "x", "--hmac-key", "k"], ["init", "/nowhere/x.toml"]),
              2: ([], ["nonsense"], ["publish"], ["info", "--nonsense"], ["serve", "--config", str(bad)],
                  ["history", "a", "--limit", "x"], ["publish", "a", "{"])}
    for code, commands in wanted.items():
        for arguments in commands:
            equal((arguments, run_command(binary, *arguments)[0]), (arguments, code))


def test_version(binary):
    """version says commit and build"""
    code, out, _ = run_command(binary, "version")
    equal(code, 0)
    check(re.fullmatch(r"tidemill \d+\.\d+\.\d+ \((unknown|[0-9a-f]{12}(-dirty)?), (debug|release).*\)\n", out), out)


def test_every_command_in_the_manual(binary):
    """whatever help lists, completions and manual know"""
    groups = {"": run_command(binary, "--help")[1]}
    names = re.findall(r"^  ([a-z]+) {2,}", groups[""].partition("Subcommands:")[2], re.MULTILINE)
    check(len(names) > 15, names)
    texts = [run_command(binary, "man")[1]] + [run_command(binary, "completions", shell)[1]
                                               for shell in ("bash", "zsh", "fish")]
    for name in names:
        for text in texts:
            check(name in text, name)
