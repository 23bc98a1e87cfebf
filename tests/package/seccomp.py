"""The filter of system calls that a unit asks systemd for, without systemd: through libseccomp."""
import ctypes
import errno

from assertions import check
from systems import run

ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def groups():
    """What stands in each "@group", as this machine's systemd has it."""
    found, name = {}, None
    for line in run("systemd-analyze", "syscall-filter").splitlines():
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if not line[0].isspace():
            name = word
            found[name] = set()
        else:
            found[name].add(word)
    return found


def expanded(words, known):
    calls = set()
    for word in words:
        calls |= expanded(known[word], known) if word.startswith("@") else {word}
    return calls


def allowed_calls(filters):
    """Of the values of SystemCallFilter=, the first of which allows; those that begin with "~" take away."""
    known, calls = groups(), set()
    for value in filters:
        if value.startswith("~"):
            calls -= expanded(value[1:].split(), known)
        else:
            calls |= expanded(value.split(), known)
    check(len(calls) > 100, calls)
    return calls


def confinement(calls):
    """A function for the child that is to be confined. Names that this machine does not have are none of its calls."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(REFUSE))
    for name in calls:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            check(library.seccomp_rule_add(context, ALLOW, number, 0) == 0, name)

    def confine():
        if library.seccomp_load(context) != 0:
            raise OSError("the filter could not be loaded")
    return confine
