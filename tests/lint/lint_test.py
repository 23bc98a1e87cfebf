#!/usr/bin/env python3
"""Each rule of lint.py on text that it must refuse and on text that it must accept: a rule that cannot fail is none."""
import json
import pathlib
import sys
import tempfile

import compile_times
import lint

HEADER = lint.SRC / "net/example.h"
SOURCE = lint.SRC / "net/example.cc"  # neither exists


def found(rule, *arguments):
    """What the rule reports."""
    lint.findings = []
    rule(*arguments)
    return lint.findings


def lines(text):
    return text.strip("\n").splitlines()


# rule, file, refused, accepted
CASES = [
    ("too long a line", lint.check_shape, HEADER, "// x\n" + "x" * 111, "// x\n" + "x" * 110),
    ("too long a file", lint.check_shape, HEADER, "// x\n" * 601, "// x\n" * 600),
    ("unfinished", lint.check_shape, SOURCE, "int a;  // TODO" + " later", "int a;  // to do"),
    ("commented-out code", lint.check_shape, SOURCE, "// Call(x);", "// A sentence."),
    ("a header without purpose", lint.check_shape, HEADER, "#pragma once", "// Example: what it is.\n#pragma once"),
    ("too long a function", lint.check_functions, SOURCE, "int Do() {\n" + "  a;\n" * 70 + "}",
     "int Do() {\n" + "  a;\n" * 69 + "}"),
    ("a layer above", lambda path, text: lint.check_includes(path, text, lint.layers()), SOURCE,
     '#include "server/serve.h"', '#include "base/result.h"'),
    ("no layer", lambda path, text: lint.check_includes(path, text, lint.layers()), SOURCE, '#include "loop.h"',
     '#include "net/loop.h"'),
    ("a heavy header", lambda path, text: lint.check_includes(path, text, lint.layers()), HEADER, "#include <regex>",
     "#include <vector>"),
    ("a private header", lambda path, text: lint.check_includes(path, text, lint.layers()), HEADER,
     "#include <openssl/ssl.h>", "#include <string>"),
    ("own header not first", lint.check_own_header_first, lint.SRC / "net/loop.cc",
     '#include <vector>\n#include "net/loop.h"', '#include "net/loop.h"\n#include <vector>'),
    ("a scope that is not last", lint.check_task_scope_last, HEADER,
     "class A {\n  TaskScope scope_;\n  int count_ = 0;\n};", "class A {\n  int count_ = 0;\n  TaskScope scope_;\n};"),
    ("a scope before a container", lint.check_task_scope_last, HEADER,
     "class A {\n  net::TaskScope scope_;\n  std::vector<int> all_;\n};",
     "class A {\n  TaskScope checks_;\n  TaskScope scope_;  // last\n};\nclass B {\n  int b_;\n};"),
    ("a use without its include", lint.check_names_what_it_uses, SOURCE, "std::vector<int> all;", "// std::vector<int>"),
    ("another", lint.check_names_what_it_uses, SOURCE, "std::uint32_t x;", 'Log("std::string x");'),
]


def tables():
    for name, rule, path, refused, accepted in CASES:
        yield f"{name} is refused", lambda: found(rule, path, lines(refused)) != []
        yield f"without {name} it is accepted", lambda: found(rule, path, lines(accepted)) == []


def names():
    yield "a source without a header is refused", lambda: found(lint.check_named_like_header, SOURCE) != []
    yield "main.cc needs none", lambda: found(lint.check_named_like_header, lint.SRC / "server/main.cc") == []
    yield "a test needs none", lambda: found(lint.check_named_like_header, lint.SRC / "net/no_test.cc") == []
    yield "a source with one is accepted", lambda: found(lint.check_named_like_header, lint.SRC / "net/loop.cc") == []


def functions():
    with tempfile.TemporaryDirectory(dir=lint.ROOT / "tests") as folder:
        path = pathlib.Path(folder) / "some.py"
        path.write_text("def forgotten(server):\n    pass\n", encoding="utf-8")
        yield "a test that is never run is refused", lambda: found(lint.check_tests_are_found, [path]) != []
        path.write_text("def test_it(server):\n    used()\ndef used():\n    pass\n", encoding="utf-8")
        yield "tests and what they use are accepted", lambda: found(lint.check_tests_are_found, [path]) == []


def compile_times_rule():
    entry = {"file": "a.cc", "directory": "/", "command": "ccache clang++ -o a.cc.o -c a.cc"}
    with tempfile.TemporaryDirectory() as folder:
        build = pathlib.Path(folder)
        (build / "compile_commands.json").write_text(json.dumps([entry]), encoding="utf-8")
        (build / "compile-times.csv").write_text('"clang","a.cc.o",9,1000000,1\n"clang","a.cc.o",9,5000000,1\n',
                                                 encoding="utf-8")
        times = compile_times.reported(build)
        yield "the newest time counts", lambda: times == {"a.cc.o": 5.0}
        for seconds, reference, slow in [(4.0, 0.9, True), (2.0, 0.9, False), (4.0, 1.3, False), (4.5, 1.3, True)]:
            compile_times.cpu_seconds = lambda words, _, alone=(seconds, reference): (
                alone[str(compile_times.REFERENCE) in words])
            yield (f"{seconds} s alone, where the reference takes {reference} s",
                   lambda: bool(list(compile_times.slow_files(build, times))) == slow)
        yield "2 s are not measured again", lambda: not list(compile_times.slow_files(build, {"a.cc.o": 2.0}))


def main():
    passed, failed = 0, 0
    for group in (tables, names, functions, compile_times_rule):
        for name, holds in group():
            if holds():
                passed += 1
            else:
                failed += 1
                print(f"FAIL {name}: {lint.findings}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
