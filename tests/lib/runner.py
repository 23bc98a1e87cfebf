#!/usr/bin/env python3
"""Runs a black-box suite: finds its tests, gives each what it asks for, times them, and counts.

    tests/lib/runner.py FOLDER BINARY [--jobs N] [--seed N] [WORD…]

A suite is a folder, and a test is a function of one of its modules whose name begins with `test_`. A function whose
name begins with `cases_` gives more of them: pairs of a name and a function without parameters, run as they come.
Nothing is listed anywhere: a module without tests is one that others import. Modules run in the order of their names,
tests in the order in which they are written.

The names of a test's parameters say what it gets:
- `binary`: the server's path;
- `folder`: a temporary folder of its own;
- `seed`: a number, printed, which `--seed` repeats;
- anything else: a @fixture of the suite, made when it is first asked for and kept until the suite ends.

WORD picks the tests that have it in their name, which is `module: first line of the docstring`. `--jobs N` runs N
tests at a time, for suites that mostly wait; cases then run whether their generator has gone on or not. The last line
is `N passed, N failed`.
"""
import argparse
import ast
import collections
import contextlib
import faulthandler
import importlib
import inspect
import pathlib
import random
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

SLOW_SECONDS = 5  # a test that takes longer is named at the end
SUITE_SECONDS_MAX = 900  # then the suite ends, and says where each of its threads was

_note = threading.local()


def fixture(function):
    """Marks a generator function that yields, once, what tests ask for by its name."""
    made = contextlib.contextmanager(function)
    made.is_fixture = True
    return made


def note(text):
    """A line about the running test that is printed although it passes."""
    _note.lines.append(text)


class Tally:
    """Any thread. Counts tests by module, and prints those that fail."""

    def __init__(self):
        self._lock = threading.Lock()
        self._modules = collections.defaultdict(lambda: [0, 0, 0.0])
        self._slow = []

    def record(self, module, name, problem, seconds, notes=()):
        with self._lock:
            counts = self._modules[module]
            counts[problem is not None] += 1
            counts[2] += seconds
            if seconds > SLOW_SECONDS:
                self._slow.append((seconds, name))
            for line in notes:
                print(f"     {name}: {line}", flush=True)
            if problem is not None:
                print(f"FAIL {name} ({seconds:.1f} s)\n     {problem}", flush=True)

    def close(self):
        """Prints the closing lines, and gives the exit code."""
        for seconds, name in sorted(self._slow, reverse=True)[:5]:
            print(f"slow: {name}, {seconds:.1f} s")
        for module, (passed, failed, seconds) in self._modules.items():
            print(f"module {module}: {passed} passed, {failed} failed, {seconds:.1f} s")
        passed, failed = (sum(counts[which] for counts in self._modules.values()) for which in (0, 1))
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed or not passed else 0


class Test:
    """A function that is to be run, and where it stands."""

    def __init__(self, module, function):
        self.module = module.__name__
        self.function = function
        self.gives_cases = function.__name__.startswith("cases_")
        words = function.__name__.removeprefix("test_").removeprefix("cases_").replace("_", " ")
        title = (inspect.getdoc(function) or words).splitlines()[0]
        self.name = f"{self.module}: {words if self.gives_cases else title}"


def load_modules(folder):
    """The suite's modules, by name. A function that is written twice would be run once: refused."""
    sys.path.insert(0, str(folder))
    modules = []
    for path in sorted(folder.glob("*.py")):
        names = [node.name for node in ast.parse(path.read_text(encoding="utf-8")).body
                 if isinstance(node, ast.FunctionDef)]
        twice = [name for name, count in collections.Counter(names).items() if count > 1]
        if twice:
            raise SystemExit(f"{path.name} has two functions named {twice[0]}")
        modules.append(importlib.import_module(path.stem))
    return modules


def own_functions(module):
    return [each for each in vars(module).values()
            if callable(each) and getattr(each, "__module__", None) == module.__name__ and hasattr(each, "__name__")]


def find_tests(modules):
    """All tests of the modules; a file whose name says that it has some must have some."""
    tests = []
    for module in modules:
        found = [Test(module, each) for each in own_functions(module)
                 if each.__name__.startswith(("test_", "cases_"))]
        named_so = module.__name__.startswith("test_") or module.__name__.endswith(("_test", "_cases"))
        if named_so and not found and not inspect.getdoc(module):
            raise SystemExit(f"{module.__name__}.py has no tests")
        tests += found
    return tests


class NotMade(Exception):
    """A fixture's failure, for each test that needs it."""


class Fixtures:
    """Any thread. What tests ask for; the suite's own are made once."""

    def __init__(self, modules, binary, seed, stack):
        self._made = {"binary": binary, "seed": seed}
        self._makers = {each.__name__: each for module in modules for each in own_functions(module)
                        if getattr(each, "is_fixture", False)}
        self._stack = stack
        self._lock = threading.RLock()

    def arguments(self, function, stack):
        """By name, for a call of the function; what is its own alone lives in `stack`."""
        return {name: self._get(name, stack) for name, parameter in inspect.signature(function).parameters.items()
                if parameter.default is inspect.Parameter.empty}

    def _get(self, name, stack):
        if name == "folder":
            return pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidemill-")))
        with self._lock:
            if name not in self._made:
                self._make(name)
            if isinstance(self._made[name], NotMade):
                raise self._made[name]
            return self._made[name]

    def _make(self, name):
        """One that cannot be made is not tried again for each test."""
        maker = self._makers[name]
        try:
            self._made[name] = self._stack.enter_context(maker(**self.arguments(maker, self._stack)))
        except Exception as error:
            self._made[name] = NotMade(f"{name} cannot be made: {error}")


def place_of(error, folder):
    """The innermost line of the suite that the error came through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if folder in pathlib.Path(frame.filename).parents]
    return f"{pathlib.Path(frames[-1].filename).name}:{frames[-1].lineno}: " if frames else ""


class Suite:
    def __init__(self, folder, tests, fixtures, words):
        self._folder, self._tests, self._fixtures, self._words = folder, tests, fixtures, words
        self._pool, self._pending = None, collections.deque()
        self.tally = Tally()

    def run(self, jobs):
        with ThreadPoolExecutor(jobs) as self._pool:
            at_once = jobs > 1
            for test in self._tests:
                self._submit(self._run_cases if test.gives_cases else self._run, test, at_once)
            while self._pending:
                self._pending.popleft().result()

    def _submit(self, *call):
        self._pending.append(self._pool.submit(*call))

    def _chosen(self, name):
        return not self._words or any(word in name for word in self._words)

    def _run(self, test, _):
        if self._chosen(test.name):
            self._record(test.module, test.name, lambda stack: test.function(**self._arguments(test, stack)))

    def _run_cases(self, test, at_once):
        """One case after the other, while the generator waits; several at once when tests are run so."""
        count, cases = 0, None

        def next_case():
            nonlocal cases
            cases = iter(test.function(**self._arguments(test, stack))) if cases is None else cases
            return next(cases, None)

        with contextlib.ExitStack() as stack:
            begun = time.monotonic()  # what a generator does before it gives a case is part of that case
            while case := self._attempt(test, next_case):
                name, function = f"{test.name}: {case[0]}", case[1]
                count += 1
                if self._chosen(name) and at_once:
                    self._submit(self._record, test.module, name, lambda _, function=function: function())
                elif self._chosen(name):
                    self._record(test.module, name, lambda _: function(), begun)
                begun = time.monotonic()
        if count == 0:
            self._record(test.module, test.name, _gives_no_case)

    def _attempt(self, test, next_case):
        """The next case; an error between cases fails the test that gives them."""
        try:
            return next_case()
        except Exception as error:  # of any kind: the other tests are to run
            self._record(test.module, test.name, lambda _, error=error: _raise(error))
            return None

    def _arguments(self, test, stack):
        return self._fixtures.arguments(test.function, stack)

    def _record(self, module, name, function, begun=None):
        begun, problem, _note.lines = begun or time.monotonic(), None, []
        try:
            with contextlib.ExitStack() as stack:
                function(stack)
        except AssertionError as error:
            problem = place_of(error, self._folder) + (str(error) or traceback.extract_tb(error.__traceback__)[-1].line)
        except Exception as error:  # of any kind: the other tests are to run
            problem = f"{place_of(error, self._folder)}{error!r}\n{traceback.format_exc()}"
        self.tally.record(module, name, problem, time.monotonic() - begun, _note.lines)


def _raise(error):
    raise error


def _gives_no_case(_):
    raise AssertionError("it gives no case")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_intermixed_args()
    faulthandler.dump_traceback_later(SUITE_SECONDS_MAX, exit=True)
    folder = arguments.folder.resolve()
    modules = load_modules(folder)
    tests = find_tests(modules)
    seed = random.randrange(1 << 30) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    stack = contextlib.ExitStack()
    suite = Suite(folder, tests, Fixtures(modules, str(arguments.binary.resolve()), seed, stack), arguments.words)
    try:
        with stack:
            suite.run(arguments.jobs)
    except Exception:  # a fixture's end, such as that of a server: it fails the suite as a test does
        suite.tally.record("fixtures", "the end of a fixture", traceback.format_exc(), 0)
    return suite.tally.close()


if __name__ == "__main__":
    sys.modules["runner"] = sys.modules["__main__"]  # for the suite's modules, which import it by this name
    sys.exit(main())
