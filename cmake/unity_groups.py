#!/usr/bin/env python3
"""Which sources can be compiled as one: unity_groups.py FILES_MAX SOURCE... prints "GROUP SOURCE" for each.

What a source of a group defines for itself, in an unnamed namespace, is a word that no other source of the group has.
So a new function in one file never breaks, or changes, what is compiled together with it.
"""
import pathlib
import re
import sys
from dataclasses import dataclass

TYPE = re.compile(r"^(?:template <.*> *)?(?:struct|class|enum class|enum|union|concept) (\w+)|^using (\w+) =")
FUNCTION = re.compile(r"^[^=({]*?(?:\b|\*|&)(\w+)\(")
VARIABLE = re.compile(r"^[^=({;]*?(\w+)(?:\[\w*\])* *[={;]")
NOT_NAMES = {"operator", "requires", "alignas", "decltype", "static_assert", "TEST", "TEST_F", "TEST_P",
             "INSTANTIATE_TEST_SUITE_P"}
# With a header of a testing/ folder, `testing::` means our namespace of that name, and no longer GoogleTest's.
OUR_TESTING = "namespace testing"


def local_names(text):
    """What is defined, unindented, inside an unnamed namespace or static."""
    names, inside = set(), False
    for line in text.splitlines():
        if line.startswith("namespace {"):
            inside = True
        elif line.startswith("}  // namespace") and not line[15:].strip():
            inside = False
        elif line.startswith("using ") and "=" not in line:
            continue  # the same in two sources is no clash
        elif line[:1].isalpha() and (inside or line.startswith(("static ", "#define "))):
            for pattern in (TYPE, FUNCTION, VARIABLE):
                found = pattern.match(line)
                if found:
                    names.add(found[1] or found[found.lastindex])
                    break
        elif line.startswith("#define "):
            names.add(re.match(r"#define (\w+)", line)[1])
    return names - NOT_NAMES


def unqualified_words(text):
    """The words that could be meant for a local name: none of comments, text, members, or named scopes."""
    code = re.sub(r'//.*|"(?:[^"\\\n]|\\.)*"', "", text)
    return set(re.findall(r"(?<![\w.:>])(?<!->)[A-Za-z_]\w*", code))


@dataclass
class Group:
    sources: list
    names: set  # local ones
    words: set  # all there are

    def takes(self, names, words):
        return not self.names & words and not names & self.words


def groups(sources, files_max):
    """Lists of sources, as few as come easily."""
    made = []
    for source in sources:
        text = pathlib.Path(source).read_text(encoding="utf-8")
        names, words = local_names(text), unqualified_words(text)
        if re.search(r'^#include "[^"]*testing/', text, re.MULTILINE):
            names.add(OUR_TESTING)
        elif "testing" in words:
            words.add(OUR_TESTING)
        for group in made:
            if len(group.sources) < files_max and group.takes(names, words):
                group.sources.append(source)
                group.names |= names
                group.words |= words
                break
        else:
            made.append(Group([source], names, words))
    return [group.sources for group in made]


def main():
    for number, members in enumerate(groups(sys.argv[2:], int(sys.argv[1]))):
        for source in members:
            print(number, source)


if __name__ == "__main__":
    main()
